// SPDX-License-Identifier: MIT
#include "learn/checkpoint.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace inknav::learn {
namespace {

struct TypeName {
  torch::ScalarType type;
  const char* name;
};
constexpr TypeName kTypes[] = {{torch::kFloat32, "F32"},
                               {torch::kFloat64, "F64"},
                               {torch::kInt64, "I64"},
                               {torch::kInt32, "I32"},
                               {torch::kUInt8, "U8"}};

void put_u64(std::vector<std::uint8_t>& out, std::uint64_t value) {
  for (int i = 0; i < 8; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

void put_text(std::vector<std::uint8_t>& out, const std::string& text) {
  put_u64(out, text.size());
  out.insert(out.end(), text.begin(), text.end());
}

/// Bounded reads; `ok` falls when the block ends too early.
struct Reader {
  std::span<const std::uint8_t> bytes;
  bool ok = true;

  std::span<const std::uint8_t> take(std::uint64_t count) {
    if (!ok || count > bytes.size()) {
      ok = false;
      return {};
    }
    const auto part = bytes.first(static_cast<std::size_t>(count));
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    return part;
  }
  std::uint64_t u64() {
    const auto part = take(8);
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < part.size(); ++i) value |= std::uint64_t{part[i]} << (8 * i);
    return value;
  }
  std::string text() {
    const auto part = take(u64());
    return std::string(part.begin(), part.end());
  }
};

}  // namespace

NamedBytes bytes_of(const std::string& name, const torch::Tensor& tensor) {
  const torch::Tensor flat = tensor.to(torch::kCPU).contiguous();
  const auto type = std::find_if(std::begin(kTypes), std::end(kTypes),
                                 [&](const TypeName& entry) { return entry.type == flat.scalar_type(); });
  INKNAV_CHECK(type != std::end(kTypes), name);
  const auto* data = static_cast<const std::uint8_t*>(flat.data_ptr());
  return {name, type->name, flat.sizes().vec(), std::vector<std::uint8_t>(data, data + flat.nbytes())};
}

torch::Tensor tensor_of(const NamedBytes& entry) {
  const auto type = std::find_if(std::begin(kTypes), std::end(kTypes),
                                 [&](const TypeName& candidate) { return entry.dtype == candidate.name; });
  INKNAV_CHECK(type != std::end(kTypes), entry.name, entry.dtype);
  torch::Tensor result = torch::empty(entry.shape, type->type);
  INKNAV_CHECK(result.nbytes() == entry.bytes.size(), entry.name, entry.bytes.size());
  if (!entry.bytes.empty()) std::memcpy(result.data_ptr(), entry.bytes.data(), entry.bytes.size());
  return result;
}

const NamedBytes* find_entry(const std::vector<NamedBytes>& state, std::string_view name) {
  const auto found =
      std::find_if(state.begin(), state.end(), [&](const NamedBytes& entry) { return entry.name == name; });
  return found == state.end() ? nullptr : &*found;
}

std::vector<std::uint8_t> pack(const std::vector<NamedBytes>& state) {
  std::vector<std::uint8_t> out;
  put_u64(out, state.size());
  for (const NamedBytes& entry : state) {
    put_text(out, entry.name);
    put_text(out, entry.dtype);
    put_u64(out, entry.shape.size());
    for (const std::int64_t extent : entry.shape) put_u64(out, static_cast<std::uint64_t>(extent));
    put_u64(out, entry.bytes.size());
    out.insert(out.end(), entry.bytes.begin(), entry.bytes.end());
  }
  return out;
}

base::Result<std::vector<NamedBytes>> unpack(std::span<const std::uint8_t> bytes) {
  Reader reader{bytes};
  std::vector<NamedBytes> state;
  const std::uint64_t count = reader.u64();
  for (std::uint64_t i = 0; reader.ok && i < count; ++i) {
    NamedBytes entry;
    entry.name = reader.text();
    entry.dtype = reader.text();
    const std::uint64_t rank = reader.u64();
    for (std::uint64_t k = 0; reader.ok && k < rank; ++k) {
      entry.shape.push_back(static_cast<std::int64_t>(reader.u64()));
    }
    const auto part = reader.take(reader.u64());
    entry.bytes.assign(part.begin(), part.end());
    state.push_back(std::move(entry));
  }
  if (!reader.ok || !reader.bytes.empty()) {
    return base::Error{base::ErrorCode::kData,
                       "state of a rank: wanted " + std::to_string(count) +
                           " named blocks, the bytes end elsewhere; use another checkpoint"};
  }
  return state;
}

FlatParameters::NamedTensors tensors_with_prefix(const std::vector<NamedBytes>& state,
                                                 std::string_view prefix) {
  FlatParameters::NamedTensors result;
  for (const NamedBytes& entry : state) {
    if (std::string_view(entry.name).substr(0, prefix.size()) == prefix) {
      result.emplace_back(entry.name, tensor_of(entry));
    }
  }
  return result;
}

}  // namespace inknav::learn
