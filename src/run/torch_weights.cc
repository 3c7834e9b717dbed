// SPDX-License-Identifier: MIT
#include "run/torch_weights.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "base/file.h"
#include "run/pickle.h"
#include "run/shown_text.h"
#include "run/stored_zip.h"

namespace inknav::run {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::size_t kMaxFileBytes = std::size_t{4} << 30;
constexpr std::size_t kMaxTensors = 100000;
constexpr std::size_t kMaxRank = 16;
constexpr std::size_t kMaxNameBytes = 512;
constexpr std::size_t kMaxGrowth = 4;  // bytes of all tensors to those of the file
constexpr std::size_t kSpareBytes = std::size_t{1} << 20;

base::Error bad_file(const std::filesystem::path& path, const std::string& found, const std::string& advice) {
  return {base::ErrorCode::kData,
          path.string() + ": PyTorch weights (.pth) were wanted, found " + found + "; " + advice};
}

/// What is no zip archive of weights but looks like something known.
std::optional<base::Error> known_stranger(Bytes bytes, const std::filesystem::path& path) {
  const auto begins = [&](std::size_t at, std::string_view text) {
    return bytes.size() >= at + text.size() && std::memcmp(bytes.data() + at, text.data(), text.size()) == 0;
  };
  if (begins(0, "PK\x03\x04")) return std::nullopt;
  if (begins(0, "\x80") || begins(257, "ustar")) {
    return bad_file(path, "the form of before PyTorch 1.6 (a bare pickle or a tar archive)",
                    "in a Python that may run it, load it with torch.load(f, map_location='cpu', "
                    "weights_only=True) and torch.save() it again");
  }
  if (bytes.size() > 9 && bytes[8] == '{') {
    return bad_file(path, "what looks like a .safetensors file", "name it .safetensors");
  }
  return bad_file(path, bytes.empty() ? "an empty file" : "another kind of file",
                  "give a file of torch.save");
}

/// One tensor as the pickle describes it, checked against its storage.
struct Layout {
  SpanType type = SpanType::kU8;
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;  // elements
  std::size_t offset = 0;             // elements
  std::size_t num_elements = 1;
  Bytes storage;
};

class WeightsReader {
 public:
  WeightsReader(Bytes file, const std::filesystem::path& path, const TorchReadOptions& options)
      : file_(file), path_(path), options_(options) {}

  base::Result<TorchWeights> read() {
    if (const auto stranger = known_stranger(file_, path_)) return *stranger;
    INKNAV_RETURN_IF_ERROR(open_archive());
    INKNAV_ASSIGN_OR_RETURN(const Pickle pickle, Pickle::read(entries_.at(prefix_ + "data.pkl"),
                                                              path_.string() + ": " + prefix_ + "data.pkl",
                                                              {options_.skip_unknown}));
    TorchWeights weights;
    INKNAV_ASSIGN_OR_RETURN(const PickleValue* const dict, choose_dict(pickle, weights.key));
    INKNAV_RETURN_IF_ERROR(take_tensors(pickle, *dict, weights));
    INKNAV_RETURN_IF_ERROR(take_metadata(pickle, weights.metadata));
    weights.not_read.assign(pickle.skipped().begin(), pickle.skipped().end());
    return weights;
  }

 private:
  base::Error bad(const std::string& found, const std::string& advice) const {
    return bad_file(path_, found, advice);
  }

  /// Everything lies in one folder of the archive, whose name is free.
  base::Status open_archive() {
    INKNAV_ASSIGN_OR_RETURN(const std::vector<ZipEntry> entries, parse_stored_zip(file_, path_));
    for (const ZipEntry& entry : entries) entries_.emplace(entry.name, entry.bytes);
    constexpr std::string_view kPickle = "/data.pkl";
    for (const auto& [name, bytes] : entries_) {
      if (!name.ends_with(kPickle) || name.find('/') + kPickle.size() != name.size()) continue;
      if (!prefix_.empty()) return bad("two pickles in one archive", "give a file of torch.save");
      prefix_ = name.substr(0, name.size() - kPickle.size() + 1);
    }
    if (prefix_.empty()) return bad("an archive without data.pkl", "give a file of torch.save");
    if (entries_.contains(prefix_ + "constants.pkl")) {
      return bad("a TorchScript program", "save the weights alone: torch.save(model.state_dict(), f)");
    }
    const auto order = entries_.find(prefix_ + "byteorder");
    const std::string_view little = "little";
    if (order != entries_.end() &&
        !std::equal(order->second.begin(), order->second.end(), little.begin(), little.end())) {
      return bad("numbers in another byte order", "save it on a little-endian machine");
    }
    return base::ok_status();
  }

  base::Result<const PickleValue*> choose_dict(const Pickle& pickle, std::string& key) const {
    const PickleValue& root = pickle.root();
    if (root.kind != PickleKind::kDict) {
      return bad(describe(root) + " where a dict of tensors should be", "save the state_dict() of the model");
    }
    const std::string wanted = options_.key.empty() ? "state_dict" : options_.key;
    INKNAV_ASSIGN_OR_RETURN(const PickleValue* const named, pickle.find(root, wanted));
    if (named == nullptr && options_.key.empty()) return &root;
    if (named == nullptr) {
      return bad("no entry " + shown_text(wanted), "it has " + keys_of(pickle, root));
    }
    if (named->kind != PickleKind::kDict) {
      return bad(shown_text(wanted) + " to be " + describe(*named), "a dict of tensors is wanted there");
    }
    key = wanted;
    return named;
  }

  static std::string keys_of(const Pickle& pickle, const PickleValue& dict) {
    constexpr std::size_t kShown = 12;
    std::string keys;
    for (std::size_t i = 0; i < dict.items.size() && i < 2 * kShown; i += 2) {
      const PickleValue& key = pickle[dict.items[i]];
      keys +=
          (keys.empty() ? "" : ", ") + (key.kind == PickleKind::kText ? shown_text(key.text) : describe(key));
    }
    return keys.empty() ? "no entries" : keys;
  }

  base::Status take_tensors(const Pickle& pickle, const PickleValue& dict, TorchWeights& weights) {
    if (dict.items.size() / 2 > kMaxTensors) return bad("more than 100000 tensors", "give a smaller file");
    if (dict.items.empty()) return bad("no tensors", "save the state_dict() of the model");
    std::set<std::string_view> names;
    std::size_t total = 0;
    for (std::size_t i = 0; i < dict.items.size(); i += 2) {
      const PickleValue& key = pickle[dict.items[i]];
      const PickleValue& value = pickle[dict.items[i + 1]];
      const bool named = key.kind == PickleKind::kText && !key.text.empty() &&
                         key.text.size() <= kMaxNameBytes && is_plain_text(key.text);
      if (!named) return bad("a tensor without a plain name", "names are texts of at most 512 bytes");
      if (!names.insert(key.text).second) return bad(shown_text(key.text) + " twice", "the file is damaged");
      if (value.kind != PickleKind::kTensor) {
        const bool whole = weights.key.empty() && options_.key.empty();
        return bad(shown_text(key.text) + " to be " + describe(value) + " where a tensor was wanted",
                   whole ? "name the dict of tensors with --key; the file has " + keys_of(pickle, dict)
                         : "save a state_dict(), which holds tensors only");
      }
      INKNAV_ASSIGN_OR_RETURN(const Layout layout, layout_of(pickle, value, std::string(key.text)));
      const std::size_t num_bytes = layout.num_elements * size_of(layout.type);
      if (num_bytes > kMaxGrowth * file_.size() + kSpareBytes - total) {
        return bad("tensors that repeat the file's bytes more than 4 times (at " + shown_text(key.text) + ")",
                   "save them with .contiguous()");
      }
      total += num_bytes;
      weights.tensors.push_back({std::string(key.text), layout.type, layout.shape, packed(layout)});
    }
    return base::ok_status();
  }

  base::Result<Layout> layout_of(const Pickle& pickle, const PickleValue& tensor, const std::string& name) {
    const auto wrong = [&](const std::string& what) {
      return bad(shown_text(name) + " with " + what, "the file is damaged");
    };
    const PickleValue& storage = pickle[tensor.items[0]];
    const PickleValue &sizes = pickle[tensor.items[2]], &strides = pickle[tensor.items[3]];
    Layout layout;
    layout.type = storage.type;
    const auto entry = entries_.find(prefix_ + "data/" + std::string(storage.text));
    if (entry == entries_.end()) return wrong("a storage " + shown_text(storage.text) + " that is not there");
    layout.storage = entry->second;
    std::size_t storage_bytes = 0;
    if (__builtin_mul_overflow(static_cast<std::size_t>(storage.integer), size_of(storage.type),
                               &storage_bytes) ||
        storage_bytes != layout.storage.size()) {
      return wrong("a storage of " + std::to_string(storage.integer) + " elements in " +
                   std::to_string(layout.storage.size()) + " bytes");
    }
    if (sizes.items.size() != strides.items.size() || sizes.items.size() > kMaxRank) {
      return wrong("a shape that does not fit its strides, or of more than 16 dimensions");
    }
    for (std::size_t k = 0; k < sizes.items.size(); ++k) {
      layout.shape.push_back(pickle[sizes.items[k]].integer);
      layout.strides.push_back(pickle[strides.items[k]].integer);
    }
    if (!fits(layout, pickle[tensor.items[1]].integer, static_cast<std::size_t>(storage.integer))) {
      return wrong("elements outside its storage");
    }
    return layout;
  }

  /// Whether every element lies in the storage; sets offset and number of elements.
  static bool fits(Layout& layout, std::int64_t offset, std::size_t storage_elements) {
    if (offset < 0) return false;
    layout.offset = static_cast<std::size_t>(offset);
    std::size_t last = layout.offset;
    bool empty = false;
    for (std::size_t k = 0; k < layout.shape.size(); ++k) {
      if (layout.shape[k] < 0 || layout.strides[k] < 0) return false;
      empty = empty || layout.shape[k] == 0;
    }
    if (empty) {
      layout.num_elements = 0;
      return layout.offset <= storage_elements;
    }
    for (std::size_t k = 0; k < layout.shape.size(); ++k) {
      const auto extent = static_cast<std::size_t>(layout.shape[k]);
      std::size_t reach = 0;
      if (__builtin_mul_overflow(layout.num_elements, extent, &layout.num_elements)) return false;
      if (__builtin_mul_overflow(extent - 1, static_cast<std::size_t>(layout.strides[k]), &reach))
        return false;
      if (__builtin_add_overflow(last, reach, &last)) return false;
    }
    // The byte count must not overflow either: it is compared with the file's.
    return last < storage_elements && layout.num_elements <= kMaxFileBytes * kMaxGrowth;
  }

  /// Elements in row-major order.
  static std::vector<std::uint8_t> packed(const Layout& layout) {
    const std::size_t width = size_of(layout.type);
    std::vector<std::uint8_t> out(layout.num_elements * width);
    if (out.empty()) return out;
    // Dimensions at the end that are packed already are copied as one block.
    std::size_t outer = layout.shape.size(), block = 1;
    while (outer > 0 &&
           (layout.shape[outer - 1] == 1 || layout.strides[outer - 1] == static_cast<std::int64_t>(block))) {
      block *= static_cast<std::size_t>(layout.shape[--outer]);
    }
    std::vector<std::int64_t> index(outer, 0);
    std::size_t from = layout.offset;
    for (std::size_t to = 0; to < out.size(); to += block * width) {
      std::memcpy(out.data() + to, layout.storage.data() + from * width, block * width);
      for (std::size_t k = outer; k-- > 0;) {
        const auto stride = static_cast<std::size_t>(layout.strides[k]);
        from += stride;
        if (++index[k] < layout.shape[k]) break;
        from -= stride * static_cast<std::size_t>(layout.shape[k]);
        index[k] = 0;
      }
    }
    return out;
  }

  base::Status take_metadata(const Pickle& pickle, Metadata& metadata) const {
    INKNAV_ASSIGN_OR_RETURN(const PickleValue* const dict, pickle.find(pickle.root(), "inknav"));
    if (dict == nullptr || dict->kind != PickleKind::kDict) return base::ok_status();
    for (std::size_t i = 0; i < dict->items.size(); i += 2) {
      const PickleValue &key = pickle[dict->items[i]], &text = pickle[dict->items[i + 1]];
      if (key.kind != PickleKind::kText || text.kind != PickleKind::kText) {
        return bad("metadata (\"inknav\") that is not text", "export the checkpoint again");
      }
      metadata[std::string(key.text)] = std::string(text.text);
    }
    return base::ok_status();
  }

  Bytes file_;
  std::filesystem::path path_;
  TorchReadOptions options_;
  std::map<std::string, Bytes, std::less<>> entries_;
  std::string prefix_;  // "archive/"
};

}  // namespace

base::Result<TorchWeights> parse_torch_weights(std::span<const std::uint8_t> bytes,
                                               const std::filesystem::path& path,
                                               const TorchReadOptions& options) {
  return WeightsReader(bytes, path, options).read();
}

base::Result<TorchWeights> read_torch_weights(const std::filesystem::path& path,
                                              const TorchReadOptions& options) {
  INKNAV_ASSIGN_OR_RETURN(const std::vector<std::uint8_t> bytes, base::read_file(path, kMaxFileBytes));
  return parse_torch_weights(bytes, path, options);
}

bool is_torch_name(const std::filesystem::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return ending == ".pth" || ending == ".pt";
}

}  // namespace inknav::run
