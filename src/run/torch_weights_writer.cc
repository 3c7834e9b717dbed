// SPDX-License-Identifier: MIT
// The writing half of run/torch_weights.h: the pickle that torch.save would write, put together by hand.
#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/file.h"
#include "run/pickle_globals.h"
#include "run/stored_zip.h"
#include "run/torch_weights.h"

namespace inknav::run {
namespace {

constexpr std::string_view kFolder = "archive/";

/// Opcodes by their effect; pickle protocol 2.
class PickleWriter {
 public:
  PickleWriter() { raw("\x80\x02"); }

  void raw(std::string_view bytes) { out_.insert(out_.end(), bytes.begin(), bytes.end()); }
  void number(std::uint64_t value, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) out_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }
  void text(std::string_view value) {
    raw("X");
    number(value.size(), 4);
    raw(value);
  }
  void integer(std::int64_t value) {
    if (value >= 0 && value < 256) {
      raw("K");
      number(static_cast<std::uint64_t>(value), 1);
    } else if (value >= 0 && value < (std::int64_t{1} << 31)) {
      raw("J");
      number(static_cast<std::uint64_t>(value), 4);
    } else {
      raw("\x8a\x08");
      number(static_cast<std::uint64_t>(value), 8);
    }
  }
  void integers(const std::vector<std::int64_t>& values) {
    raw("(");
    for (const std::int64_t value : values) integer(value);
    raw("t");
  }
  void global(std::string_view module, std::string_view name) {
    raw("c");
    raw(module);
    raw("\n");
    raw(name);
    raw("\n");
  }
  void ordered_dict() {
    global("collections", "OrderedDict");
    raw(")R");
  }

  /// A packed tensor on storage `index`.
  void tensor(const NamedSpan& tensor, std::size_t index) {
    std::vector<std::int64_t> strides(tensor.shape.size());
    std::int64_t elements = 1;
    for (std::size_t k = strides.size(); k-- > 0;) {
      strides[k] = elements;
      elements *= std::max<std::int64_t>(tensor.shape[k], 1);
    }
    global("torch._utils", "_rebuild_tensor_v2");
    raw("((");
    text("storage");
    global("torch", storage_name(tensor.type));
    text(std::to_string(index));
    text("cpu");
    integer(static_cast<std::int64_t>(tensor.bytes.size() / size_of(tensor.type)));
    raw("tQ");
    integer(0);
    integers(tensor.shape);
    integers(strides);
    raw("\x89");
    ordered_dict();
    raw("tR");
  }

  std::vector<std::uint8_t> take() {
    raw(".");
    return std::move(out_);
  }

 private:
  std::vector<std::uint8_t> out_;
};

std::vector<std::uint8_t> pickled(std::span<const NamedSpan> tensors, const Metadata& metadata) {
  PickleWriter pickle;
  pickle.raw("}(");
  pickle.text("state_dict");
  pickle.ordered_dict();
  pickle.raw("(");
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    pickle.text(tensors[i].name);
    pickle.tensor(tensors[i], i);
  }
  pickle.raw("u");
  pickle.text("inknav");
  pickle.raw("}(");
  for (const auto& [key, value] : metadata) {
    pickle.text(key);
    pickle.text(value);
  }
  pickle.raw("uu");
  return pickle.take();
}

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

base::Status write_torch_weights(const std::filesystem::path& path, std::span<const NamedSpan> tensors,
                                 const Metadata& metadata) {
  std::set<std::string_view> names;
  for (const NamedSpan& tensor : tensors) {
    INKNAV_CHECK(names.insert(tensor.name).second, tensor.name);
  }
  const std::vector<std::uint8_t> pickle = pickled(tensors, metadata);
  const std::string folder(kFolder);
  std::vector<ZipEntry> entries = {{folder + "data.pkl", pickle}, {folder + "byteorder", bytes_of("little")}};
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    entries.push_back({folder + "data/" + std::to_string(i), tensors[i].bytes});
  }
  entries.push_back({folder + "version", bytes_of("3\n")});
  INKNAV_ASSIGN_OR_RETURN(const auto framing, stored_zip_framing(entries));
  std::vector<std::span<const std::uint8_t>> parts;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    parts.push_back(framing[i]);
    parts.push_back(entries[i].bytes);
  }
  parts.push_back(framing.back());
  return base::write_file_atomic(path, parts);
}

}  // namespace inknav::run
