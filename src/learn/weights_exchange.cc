// SPDX-License-Identifier: MIT
#include "learn/weights_exchange.h"

#include <torch/torch.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <map>
#include <optional>
#include <utility>

#include "learn/checkpoint.h"
#include "learn/habitat/pointnav_settings.h"
#include "learn/networks/policy_network.h"
#include "run/safetensors.h"

namespace inknav::learn {
namespace {

constexpr std::string_view kLive = "value/", kAveraged = "ema/";
constexpr const char* kPolicyKey = "policy";
constexpr const char* kPriorKey = "prior_log_scale";

std::size_t elements_of(const run::NamedSpan& span) { return span.bytes.size() / run::size_of(span.type); }

run::Metadata without_own_keys(const run::Metadata& metadata) {
  run::Metadata kept;
  for (const auto& [key, text] : metadata) {
    if (!key.starts_with("inknav.")) kept[key] = text;
  }
  return kept;
}

/// "" when everything is to be taken.
std::string_view prefix_of_weights(const run::SafetensorsFile& file) {
  if (!file.metadata().contains(kPolicyKey)) return {};
  const bool averaged = std::any_of(file.entries().begin(), file.entries().end(),
                                    [](const auto& entry) { return entry.first.starts_with(kAveraged); });
  return averaged ? kAveraged : kLive;
}

std::optional<torch::ScalarType> float_type(run::SpanType type) {
  switch (type) {
    case run::SpanType::kF16:
      return torch::kFloat16;
    case run::SpanType::kBF16:
      return torch::kBFloat16;
    case run::SpanType::kF32:
      return torch::kFloat32;
    case run::SpanType::kF64:
      return torch::kFloat64;
    default:
      return std::nullopt;
  }
}

std::string shape_text(at::IntArrayRef shape) {
  std::string text = "[";
  for (const std::int64_t extent : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(extent);
  return text + "]";
}

/// The first few of a list, and how many more there are.
std::string first_few(const std::vector<std::string>& list) {
  constexpr std::size_t kShown = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(list.size(), kShown); ++i) text += (i > 0 ? ", " : "") + list[i];
  if (list.size() > kShown) text += " and " + std::to_string(list.size() - kShown) + " more";
  return text;
}

/// What does not fit, in words; "" when all does.
std::string misfits(const PolicyNetwork& network,
                    const std::map<std::string, const run::OwnedTensor*>& given) {
  std::vector<std::string> missing, other, spare;
  std::map<std::string, bool> wanted;
  for (const auto& item : network.named_parameters()) {
    wanted[item.key()] = true;
    const auto found = given.find(item.key());
    if (found == given.end()) {
      missing.push_back(item.key());
    } else if (at::IntArrayRef(found->second->shape) != item.value().sizes()) {
      other.push_back(item.key() + " " + shape_text(found->second->shape) + " for " +
                      shape_text(item.value().sizes()));
    } else if (!float_type(found->second->type)) {
      other.push_back(item.key() + " of type " + std::string(run::name_of(found->second->type)));
    }
  }
  for (const auto& [name, tensor] : given) {
    if (!wanted.contains(name)) spare.push_back(name);
  }
  std::string text;
  const auto say = [&](const char* what, const std::vector<std::string>& list) {
    if (!list.empty()) text += (text.empty() ? "" : "; ") + std::string(what) + first_few(list);
  };
  say("not there: ", missing);
  say("of another shape: ", other);
  say("not known to the network: ", spare);
  return text;
}

torch::Tensor as_float(const run::OwnedTensor& tensor) {
  torch::Tensor typed = torch::empty(tensor.shape, *float_type(tensor.type));
  if (!tensor.bytes.empty()) std::memcpy(typed.data_ptr(), tensor.bytes.data(), tensor.bytes.size());
  return typed.to(torch::kFloat32);
}

}  // namespace

base::Result<ExchangeReport> checkpoint_to_torch(const std::filesystem::path& checkpoint,
                                                 const std::filesystem::path& out) {
  INKNAV_ASSIGN_OR_RETURN(const run::SafetensorsFile file,
                          run::read_safetensors(checkpoint, run::Checksums::kWhereOurs));
  const std::string_view prefix = prefix_of_weights(file);
  ExchangeReport report;
  std::vector<run::NamedSpan> spans;
  for (const auto& [name, entry] : file.entries()) {
    if (!name.starts_with(prefix)) continue;
    INKNAV_ASSIGN_OR_RETURN(run::NamedSpan span, file.find(name));
    span.name = name.substr(prefix.size());
    report.elements += elements_of(span);
    spans.push_back(std::move(span));
  }
  report.tensors = spans.size();
  if (spans.empty()) {
    return base::Error{base::ErrorCode::kData,
                       checkpoint.string() + ": weights were wanted, found none; use another checkpoint"};
  }
  INKNAV_RETURN_IF_ERROR(run::write_torch_weights(out, spans, without_own_keys(file.metadata())));
  return report;
}

base::Result<ExchangeReport> torch_to_checkpoint(const std::filesystem::path& weights,
                                                 const std::filesystem::path& out,
                                                 const run::TorchReadOptions& options) {
  INKNAV_ASSIGN_OR_RETURN(const run::TorchWeights file, run::read_torch_weights(weights, options));
  const bool ours = file.metadata.contains(kPolicyKey);
  ExchangeReport report;
  report.not_read = file.not_read;
  std::vector<run::NamedSpan> spans;
  for (const run::OwnedTensor& tensor : file.tensors) {
    spans.push_back(tensor.span());
    if (ours) spans.back().name.insert(0, kLive);
    report.elements += elements_of(spans.back());
  }
  report.tensors = spans.size();
  run::Metadata metadata = without_own_keys(file.metadata);
  if (!ours) metadata["format"] = "pt";
  INKNAV_RETURN_IF_ERROR(run::write_safetensors(out, spans, metadata));
  return report;
}

base::Result<std::vector<NamedBytes>> weights_to_start_from(const std::filesystem::path& weights,
                                                            const PolicyNetwork& network) {
  INKNAV_ASSIGN_OR_RETURN(const run::TorchWeights file, run::read_torch_weights(weights));
  std::map<std::string, const run::OwnedTensor*> given;
  TensorShapes shapes;
  for (const run::OwnedTensor& tensor : file.tensors) {
    given[tensor.name] = &tensor;
    shapes[tensor.name] = tensor.shape;
  }
  if (is_pointnav_policy(shapes)) {
    return base::Error{base::ErrorCode::kData,
                       weights.string() +
                           ": the weights of this network were wanted, found a PointNav policy of "
                           "habitat-baselines, which acts here but is not trained further; evaluate it: "
                           "inknav eval EVAL_CKPT_PATH_DIR FILE"};
  }
  const std::string misfit = misfits(network, given);
  if (!misfit.empty()) {
    return base::Error{base::ErrorCode::kData,
                       weights.string() + ": the weights of this network were wanted, found others (" +
                           misfit + "); use the network settings the weights were trained with"};
  }
  std::vector<NamedBytes> state;
  for (const auto& [name, tensor] : given) {
    const torch::Tensor values = as_float(*tensor);
    if (!values.isfinite().all().item<bool>()) {
      return base::Error{base::ErrorCode::kData, weights.string() + ": finite weights were wanted, found " +
                                                     name + " with others; use another file"};
    }
    state.push_back(bytes_of(std::string(kLive) + name, values));
  }
  const auto prior = file.metadata.find(kPriorKey);
  if (prior != file.metadata.end()) {
    const std::string& text = prior->second;
    float value = 0.0f;
    if (std::from_chars(text.data(), text.data() + text.size(), value).ec != std::errc()) {
      return base::Error{base::ErrorCode::kData, weights.string() + ": a number was wanted as " +
                                                     std::string(kPriorKey) +
                                                     ", found another text; export it again"};
    }
    torch::Tensor numbers = torch::zeros({4}, torch::kFloat64);  // as the trainer lays them out
    numbers[3] = static_cast<double>(value);
    state.push_back(bytes_of("trainer/numbers", numbers));
  }
  return state;
}

}  // namespace inknav::learn
