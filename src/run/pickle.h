// SPDX-License-Identifier: MIT
#pragma once
// A restricted reader of the pickles in PyTorch's weight files (protocol 2). A pickle is a program for a
// stack machine; this machine has no call instruction. It knows the opcodes that PyTorch writes, and builds
// numbers, strings, tuples, lists, dicts, storages and tensors (as descriptions, without their bytes).
//
// A global is a name, never looked up or run:
//   known     OrderedDict, torch.Size, _rebuild_tensor_v2, _rebuild_parameter, storage and dtype names, ...:
//             "calling" one builds the description above from checked arguments
//   skipped   what checkpoints hold beside weights (configuration and numpy objects, run/pickle_globals.h):
//             a value "not read: module.Class", whatever is done to it; its arguments are dropped. It can
//             never become a tensor or a storage, nor a part of one
//   others    an error that names them, unless skip_unknown asks to treat them as skipped
// All other opcodes are an error that names them. Limits: kMax... below; nesting is counted, nothing here
// recurses. Values live in one array and refer to each other by number, so shared and cyclic ones cost
// nothing. Strings are views of the pickle's bytes, which must outlive it.
// Errors: kData with `where` and the byte. Cost: one pass.

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "run/pickle_globals.h"

namespace inknav::run {

enum class PickleKind : std::uint8_t {
  kNone,
  kBool,     // integer
  kInt,      // integer; one beyond 64 bits is kSkipped
  kFloat,    // real
  kText,     // text
  kTuple,    // items
  kList,     // items
  kDict,     // items: key, value, key, value, ...
  kGlobal,   // a known name: global, type, text
  kStorage,  // type, text: name of the entry, integer: number of elements
  kTensor,   // items: storage, offset, tuple of sizes, tuple of strides
  kSkipped,  // text: what was not read
};

struct PickleValue {
  PickleKind kind = PickleKind::kNone;
  PickleGlobal global = PickleGlobal::kRefused;
  SpanType type = SpanType::kU8;
  std::uint16_t depth = 0;  // 1 + that of the deepest item
  std::int64_t integer = 0;
  double real = 0.0;
  std::string_view text;
  std::vector<std::uint32_t> items;
};

struct PickleOptions {
  bool skip_unknown = false;  // globals that are neither known nor expected are skipped, not refused
};

class Pickle {
 public:
  static constexpr std::size_t kMaxBytes = std::size_t{32} << 20;
  static constexpr std::size_t kMaxValues = 2000000;
  static constexpr std::size_t kMaxStack = 1000000;
  static constexpr std::size_t kMaxMemo = 4000000;
  static constexpr std::size_t kMaxMarks = 100;
  static constexpr std::size_t kMaxDepth = 100;

  Pickle(Pickle&&) = default;
  Pickle& operator=(Pickle&&) = default;

  /// `where` names file and entry in errors.
  static base::Result<Pickle> read(std::span<const std::uint8_t> bytes, const std::string& where,
                                   const PickleOptions& options);

  const PickleValue& root() const { return values_[root_]; }
  const PickleValue& operator[](std::uint32_t index) const { return values_[index]; }
  /// Value of a text key of a dict; nullptr where there is none. kData when the key is there twice.
  base::Result<const PickleValue*> find(const PickleValue& dict, std::string_view key) const;
  /// Names of the globals that were skipped, in the order of the file, each once.
  const std::deque<std::string>& skipped() const { return skipped_; }
  const std::string& where() const { return where_; }

 private:
  friend class PickleMachine;
  Pickle() = default;
  std::vector<PickleValue> values_;
  std::uint32_t root_ = 0;
  std::deque<std::string> skipped_;  // values view them: they must not move
  std::string where_;
};

/// What a value is, for an error: "a number", "a tensor", "os.system, not read".
std::string describe(const PickleValue& value);

}  // namespace inknav::run
