// SPDX-License-Identifier: MIT
#include "run/weights_check.h"

#include <spdlog/fmt/fmt.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "run/torch_weights.h"

namespace inknav::run {
namespace {

template <typename T>
std::size_t count_floats(std::span<const std::uint8_t> bytes) {
  std::size_t count = 0;
  for (std::size_t at = 0; at + sizeof(T) <= bytes.size(); at += sizeof(T)) {
    T value;
    std::memcpy(&value, bytes.data() + at, sizeof(T));
    count += std::isfinite(value) ? 0 : 1;
  }
  return count;
}

/// Of 16-bit numbers whose exponent is `mask`: all its bits set is what is not finite.
std::size_t count_halves(std::span<const std::uint8_t> bytes, std::uint16_t mask) {
  std::size_t count = 0;
  for (std::size_t at = 0; at + 2 <= bytes.size(); at += 2) {
    std::uint16_t bits;
    std::memcpy(&bits, bytes.data() + at, 2);
    count += (bits & mask) == mask ? 1 : 0;
  }
  return count;
}

std::string without_path(const std::string& message, const std::filesystem::path& path) {
  const std::string start = path.string() + ": ";
  return message.starts_with(start) ? message.substr(start.size()) : message;
}

void add_tensor(const NamedSpan& span, WeightsReport& report) {
  ++report.tensors;
  report.bytes += span.bytes.size();
  report.elements += span.bytes.size() / size_of(span.type);
  const std::size_t end = span.name.find_first_of("/.");
  ++report.by_prefix[span.name.substr(0, end)];
  if (report.fault != WeightsFault::kNone) return;
  const std::size_t bad = count_not_finite(span);
  if (bad == 0) return;
  report.fault = WeightsFault::kNotFinite;
  report.where = fmt::format("tensor '{}'", span.name);
  report.what = fmt::format("finite numbers were wanted, {} of {} are not", bad,
                            span.bytes.size() / size_of(span.type));
}

void refuse(const std::string& message, const std::filesystem::path& path, WeightsReport& report) {
  report.fault = WeightsFault::kUnreadable;
  report.what = without_path(message, path);
}

}  // namespace

std::size_t count_not_finite(const NamedSpan& span) {
  switch (span.type) {
    case SpanType::kF16:
      return count_halves(span.bytes, 0x7C00);
    case SpanType::kBF16:
      return count_halves(span.bytes, 0x7F80);
    case SpanType::kF32:
      return count_floats<float>(span.bytes);
    case SpanType::kF64:
      return count_floats<double>(span.bytes);
    default:
      return 0;
  }
}

WeightsReport inspect_weights(const std::filesystem::path& path) {
  WeightsReport report;
  if (is_torch_name(path)) {
    const auto weights = read_torch_weights(path, {.key = {}, .skip_unknown = true});
    if (!weights.ok()) {
      refuse(weights.error().message, path, report);
      return report;
    }
    report.metadata = weights->metadata;
    for (const OwnedTensor& tensor : weights->tensors) add_tensor(tensor.span(), report);
  } else {
    const auto file = read_safetensors(path, Checksums::kWhereOurs);
    if (!file.ok()) {
      refuse(file.error().message, path, report);
      return report;
    }
    report.metadata = file->metadata();
    report.verified = file->verified();
    for (const auto& [name, entry] : file->entries()) add_tensor(*file->find(name), report);
  }
  if (report.tensors == 0) {
    report.fault = WeightsFault::kEmpty;
    report.what = "tensors were wanted, found none";
  }
  return report;
}

std::string summary_of(const WeightsReport& report) {
  if (report.fault == WeightsFault::kUnreadable) return {};
  std::string text =
      fmt::format("{} tensors with {} numbers ({:.1f} MB){}", report.tensors, report.elements,
                  static_cast<double>(report.bytes) / 1e6, report.verified ? ", checksums verified" : "");
  constexpr std::size_t kShown = 8;
  std::size_t shown = 0;
  std::string prefixes;
  for (const auto& [prefix, number] : report.by_prefix) {
    if (++shown > kShown) break;
    prefixes += fmt::format("{}{} {}", prefixes.empty() ? ": " : ", ", prefix, number);
  }
  if (report.by_prefix.size() > kShown) prefixes += ", ...";
  return text + prefixes;
}

}  // namespace inknav::run
