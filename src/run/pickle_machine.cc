// SPDX-License-Identifier: MIT
#include "run/pickle_machine.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

#include "run/shown_text.h"

namespace inknav::run {
namespace {

constexpr std::uint32_t kNoValue = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t kMaxNameBytes = 200;
constexpr std::size_t kMaxSkippedNames = 1000;
// Of shared_: small numbers come first.
constexpr std::size_t kNoneSlot = 256, kTrueSlot = 257, kFalseSlot = 258;

/// Opcodes that are understood. Names and bytes are those of Python's pickletools.
enum Op : std::uint8_t {
  kMark = '(',
  kStop = '.',
  kBinFloat = 'G',
  kBinInt = 'J',
  kBinInt1 = 'K',
  kBinInt2 = 'M',
  kNone = 'N',
  kBinPersId = 'Q',
  kReduce = 'R',
  kBinUnicode = 'X',
  kEmptyList = ']',
  kAppend = 'a',
  kBuild = 'b',
  kGlobal = 'c',
  kAppends = 'e',
  kBinGet = 'h',
  kLongBinGet = 'j',
  kBinPut = 'q',
  kLongBinPut = 'r',
  kSetItem = 's',
  kTuple = 't',
  kSetItems = 'u',
  kEmptyDict = '}',
  kEmptyTuple = ')',
  kProto = 0x80,
  kNewObj = 0x81,
  kTuple1 = 0x85,
  kTuple2 = 0x86,
  kTuple3 = 0x87,
  kNewTrue = 0x88,
  kNewFalse = 0x89,
  kLong1 = 0x8a,
};

struct OpName {
  std::uint8_t opcode;
  const char* name;
};
/// Of those that are refused.
constexpr OpName kRefused[] = {
    {'0', "POP"},
    {'1', "POP_MARK"},
    {'2', "DUP"},
    {'F', "FLOAT"},
    {'I', "INT"},
    {'L', "LONG"},
    {'P', "PERSID"},
    {'S', "STRING"},
    {'T', "BINSTRING"},
    {'U', "SHORT_BINSTRING"},
    {'V', "UNICODE"},
    {'B', "BINBYTES"},
    {'C', "SHORT_BINBYTES"},
    {'d', "DICT"},
    {'g', "GET"},
    {'i', "INST"},
    {'l', "LIST"},
    {'o', "OBJ"},
    {'p', "PUT"},
    {0x82, "EXT1"},
    {0x83, "EXT2"},
    {0x84, "EXT4"},
    {0x8b, "LONG4"},
    {0x8c, "SHORT_BINUNICODE"},
    {0x8d, "BINUNICODE8"},
    {0x8e, "BINBYTES8"},
    {0x8f, "EMPTY_SET"},
    {0x90, "ADDITEMS"},
    {0x91, "FROZENSET"},
    {0x92, "NEWOBJ_EX"},
    {0x93, "STACK_GLOBAL"},
    {0x94, "MEMOIZE"},
    {0x95, "FRAME"},
    {0x96, "BYTEARRAY8"},
    {0x97, "NEXT_BUFFER"},
    {0x98, "READONLY_BUFFER"},
};

std::string name_of_opcode(std::uint8_t opcode) {
  for (const OpName& row : kRefused) {
    if (row.opcode == opcode) return row.name;
  }
  constexpr char kDigits[] = "0123456789abcdef";
  return std::string("0x") + kDigits[opcode >> 4] + kDigits[opcode & 15];
}

PickleValue simple(PickleKind kind, std::int64_t integer = 0) {
  PickleValue value;
  value.kind = kind;
  value.integer = integer;
  return value;
}

}  // namespace

PickleMachine::PickleMachine(std::span<const std::uint8_t> bytes, const PickleOptions& options, Pickle& out)
    : bytes_(bytes), options_(options), out_(out) {
  shared_.fill(kNoValue);
}

base::Error PickleMachine::bad(const std::string& found) const {
  return {base::ErrorCode::kData, out_.where() + ": weights as PyTorch pickles them were wanted, found " +
                                      found + " (byte " + std::to_string(op_at_) + "); nothing was run"};
}

base::Status PickleMachine::run() {
  if (bytes_.size() > Pickle::kMaxBytes) return bad("a pickle of more than 32 MiB");
  if (bytes_.size() < 2 || bytes_[0] != kProto) return bad("no pickle");
  if (bytes_[1] != 2) {
    return bad("pickle protocol " + std::to_string(bytes_[1]) +
               ", torch.save writes 2 unless told otherwise; save again without pickle_protocol");
  }
  at_ = 2;
  for (bool done = false; !done;) {
    op_at_ = at_;
    if (at_ >= bytes_.size()) return bad("an end without STOP; the file is cut off");
    const std::uint8_t opcode = bytes_[at_++];
    INKNAV_RETURN_IF_ERROR(step(opcode, done));
  }
  return stop();
}

base::Status PickleMachine::stop() {
  if (at_ != bytes_.size()) return bad("bytes behind STOP");
  if (stack_.size() != 1 || !marks_.empty()) return bad("STOP with unfinished values");
  out_.root_ = stack_.front();
  return base::ok_status();
}

base::Status PickleMachine::step(std::uint8_t opcode, bool& done) {
  switch (opcode) {
    case kStop:
      done = true;
      return base::ok_status();
    case kMark:
      if (marks_.size() >= Pickle::kMaxMarks) return bad("more than 100 open marks");
      marks_.push_back(stack_.size());
      return base::ok_status();
    case kBinGet:
    case kLongBinGet:
    case kBinPut:
    case kLongBinPut:
      return memo(opcode);
    case kGlobal:
      return push_global();
    case kBinPersId:
      return push_storage();
    case kReduce:
      return reduce(/*is_new_object=*/false);
    case kNewObj:
      return reduce(/*is_new_object=*/true);
    case kBuild:
      return build();
    case kTuple:
    case kTuple1:
    case kTuple2:
    case kTuple3:
    case kAppend:
    case kAppends:
    case kSetItem:
    case kSetItems:
      return collect(opcode);
    default:
      return constant(opcode);
  }
}

base::Status PickleMachine::constant(std::uint8_t opcode) {
  switch (opcode) {
    case kNone:
      return push_shared(simple(PickleKind::kNone), kNoneSlot);
    case kNewTrue:
    case kNewFalse:
      return push_shared(simple(PickleKind::kBool, opcode == kNewTrue),
                         opcode == kNewTrue ? kTrueSlot : kFalseSlot);
    case kEmptyList:
      return push(simple(PickleKind::kList));
    case kEmptyDict:
      return push(simple(PickleKind::kDict));
    case kEmptyTuple:
      return push(simple(PickleKind::kTuple));
    case kBinInt1:
    case kBinInt2:
    case kBinInt: {
      const std::size_t size = opcode == kBinInt1 ? 1 : opcode == kBinInt2 ? 2 : 4;
      INKNAV_ASSIGN_OR_RETURN(const std::uint64_t bits, operand(size));
      if (size == 1) return push_shared(simple(PickleKind::kInt, static_cast<std::int64_t>(bits)), bits);
      // Only the long form has a sign.
      return push(simple(PickleKind::kInt,
                         size == 4 ? static_cast<std::int32_t>(bits) : static_cast<std::int64_t>(bits)));
    }
    case kLong1:
      return push_long();
    case kBinFloat: {
      INKNAV_ASSIGN_OR_RETURN(const std::uint64_t bits, operand(8));
      PickleValue value = simple(PickleKind::kFloat);
      value.real = std::bit_cast<double>(__builtin_bswap64(bits));  // big-endian in the file
      return push(std::move(value));
    }
    case kBinUnicode:
      return push_text();
    default:
      return bad("the opcode " + name_of_opcode(opcode) + ", which PyTorch does not write");
  }
}

base::Status PickleMachine::memo(std::uint8_t opcode) {
  const bool is_long = opcode == kLongBinGet || opcode == kLongBinPut;
  INKNAV_ASSIGN_OR_RETURN(const std::uint64_t index, operand(is_long ? 4 : 1));
  return opcode == kBinGet || opcode == kLongBinGet ? get(index) : put(index);
}

base::Status PickleMachine::collect(std::uint8_t opcode) {
  const bool pairs = opcode == kSetItem || opcode == kSetItems;
  switch (opcode) {
    case kTuple1:
    case kTuple2:
    case kTuple3:
      return push_tuple(static_cast<std::size_t>(opcode - kTuple1) + 1);
    case kAppend:
      return add_items(1, pairs);
    case kSetItem:
      return add_items(2, pairs);
    default: {
      INKNAV_ASSIGN_OR_RETURN(const std::size_t count, pop_mark());
      return opcode == kTuple ? push_tuple(count) : add_items(count, pairs);
    }
  }
}

base::Status PickleMachine::push_long() {
  INKNAV_ASSIGN_OR_RETURN(const std::uint64_t size, operand(1));
  if (size > 8) {
    INKNAV_RETURN_IF_ERROR(operand_text(size));
    INKNAV_ASSIGN_OR_RETURN(const Ref ref, skip("a number beyond 64 bits"));
    return push_ref(ref);
  }
  INKNAV_ASSIGN_OR_RETURN(std::uint64_t bits, operand(size));
  const bool negative = size > 0 && (bits >> (8 * size - 1) & 1) != 0;
  if (negative && size < 8) bits |= ~std::uint64_t{0} << (8 * size);
  return push(simple(PickleKind::kInt, static_cast<std::int64_t>(bits)));
}

base::Status PickleMachine::push_text() {
  INKNAV_ASSIGN_OR_RETURN(const std::uint64_t size, operand(4));
  PickleValue value = simple(PickleKind::kText);
  INKNAV_ASSIGN_OR_RETURN(value.text, operand_text(size));
  return push(std::move(value));
}

base::Status PickleMachine::push_global() {
  INKNAV_ASSIGN_OR_RETURN(const std::string_view module, operand_line());
  INKNAV_ASSIGN_OR_RETURN(const std::string_view name, operand_line());
  PickleGlobalInfo info = classify_global(module, name);
  const std::string full = std::string(module) + "." + std::string(name);
  if (info.global == PickleGlobal::kRefused && options_.skip_unknown) info.global = PickleGlobal::kSkipped;
  if (info.global == PickleGlobal::kRefused) {
    return bad("the name " + shown_text(full) +
               ", which is none of PyTorch's weights nor of the objects that checkpoints are known to hold; "
               "if the file is to be trusted that far, --skip-unknown leaves such objects out");
  }
  if (info.global == PickleGlobal::kSkipped) {
    INKNAV_ASSIGN_OR_RETURN(const Ref ref, skip(full));
    return push_ref(ref);
  }
  PickleValue value = simple(PickleKind::kGlobal);
  value.global = info.global;
  value.type = info.type;
  value.text = name;  // in the pickle's bytes
  return push(std::move(value));
}

/// ('storage', torch.FloatStorage, '0', 'cpu', 12)
base::Status PickleMachine::push_storage() {
  INKNAV_RETURN_IF_ERROR(need(1));
  const PickleValue& id = top();
  if (id.kind != PickleKind::kTuple || id.items.size() != 5) return bad("a reference that is no storage");
  const PickleValue &word = value(id.items[0]), &type = value(id.items[1]), &key = value(id.items[2]),
                    &device = value(id.items[3]), &count = value(id.items[4]);
  const bool sound = word.kind == PickleKind::kText && word.text == "storage" &&
                     key.kind == PickleKind::kText && device.kind == PickleKind::kText &&
                     count.kind == PickleKind::kInt && count.integer >= 0;
  const bool skipped =
      type.kind == PickleKind::kSkipped && type.text.ends_with("Storage") && type.text.starts_with("torch.");
  const bool known = type.kind == PickleKind::kGlobal && type.global == PickleGlobal::kStorage;
  if (!sound || !(known || skipped)) return bad("a storage that is not described as one");
  if (skipped) {
    stack_.back() = id.items[1];
    return base::ok_status();
  }
  PickleValue storage = simple(PickleKind::kStorage, count.integer);
  storage.type = type.type;
  storage.text = key.text;
  stack_.pop_back();
  return push(std::move(storage));
}

base::Status PickleMachine::push_tuple(std::size_t count) {
  INKNAV_RETURN_IF_ERROR(need(count));
  PickleValue tuple = simple(PickleKind::kTuple);
  tuple.items.assign(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
  stack_.resize(stack_.size() - count);
  for (const Ref item : tuple.items) {
    tuple.depth = std::max<std::uint16_t>(tuple.depth, static_cast<std::uint16_t>(value(item).depth + 1));
  }
  if (tuple.depth > Pickle::kMaxDepth) return bad("values nested more than 100 deep");
  return push(std::move(tuple));
}

base::Status PickleMachine::put(std::uint64_t index) {
  INKNAV_RETURN_IF_ERROR(need(1));
  if (index >= Pickle::kMaxMemo) return bad("a memo number beyond 4000000");
  if (index >= memo_.size()) memo_.resize(index + 1, kNoValue);
  memo_[index] = stack_.back();
  return base::ok_status();
}

base::Status PickleMachine::get(std::uint64_t index) {
  if (index >= memo_.size() || memo_[index] == kNoValue)
    return bad("a memo number that nothing was put under");
  return push_ref(memo_[index]);
}

/// The `count` values on top go into the list or dict below them.
base::Status PickleMachine::add_items(std::size_t count, bool pairs) {
  INKNAV_RETURN_IF_ERROR(need(count + 1));
  if (pairs && count % 2 != 0) return bad("a key without a value");
  PickleValue& target = out_.values_[stack_[stack_.size() - 1 - count]];
  if (target.kind != PickleKind::kSkipped) {
    if (target.kind != (pairs ? PickleKind::kDict : PickleKind::kList)) {
      return bad("items for " + describe(target));
    }
    const std::size_t first = target.items.size();
    target.items.insert(target.items.end(), stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
    std::size_t depth = target.depth;
    for (std::size_t i = first; i < target.items.size(); ++i) {
      depth = std::max<std::size_t>(depth, value(target.items[i]).depth + 1u);
    }
    if (depth > Pickle::kMaxDepth) return bad("values nested more than 100 deep");
    target.depth = static_cast<std::uint16_t>(depth);
  }
  stack_.resize(stack_.size() - count);
  return base::ok_status();
}

/// Attributes: of a skipped object and of an OrderedDict (the versions of a module's parts) they are dropped.
base::Status PickleMachine::build() {
  INKNAV_RETURN_IF_ERROR(need(2));
  const PickleValue& target = top(1);
  const bool takes = target.kind == PickleKind::kSkipped ||
                     (target.kind == PickleKind::kDict && top().kind == PickleKind::kDict);
  if (!takes) return bad("attributes (BUILD) for " + describe(target));
  stack_.pop_back();
  return base::ok_status();
}

base::Status PickleMachine::reduce(bool is_new_object) {
  INKNAV_RETURN_IF_ERROR(need(2));
  if (top().kind != PickleKind::kTuple) return bad("a call without a tuple of arguments");
  const Ref callee = stack_[stack_.size() - 2];
  const bool plain = value(callee).kind == PickleKind::kGlobal && !is_new_object;
  if (value(callee).kind != PickleKind::kSkipped && !plain) {
    return bad("a call of " + describe(value(callee)));
  }
  // A skipped callee: its result is as little read as itself.
  Ref result = callee;
  if (plain) {
    const PickleValue global = value(callee);
    const std::vector<Ref> arguments = top().items;
    INKNAV_ASSIGN_OR_RETURN(result, call(global, arguments));
  }
  stack_.resize(stack_.size() - 2);
  return push_ref(result);
}

base::Result<std::uint32_t> PickleMachine::call(const PickleValue& global,
                                                const std::vector<Ref>& arguments) {
  switch (global.global) {
    case PickleGlobal::kRebuildTensor:
      return rebuild_tensor(arguments);
    case PickleGlobal::kRebuildParameter:
      return rebuild_parameter(arguments, 3);
    case PickleGlobal::kRebuildParameterWithState:
      return rebuild_parameter(arguments, 4);
    case PickleGlobal::kOrderedDict:
      if (!arguments.empty()) return bad("an OrderedDict with arguments");
      return make(simple(PickleKind::kDict));
    case PickleGlobal::kRestoreTypeTag:
    case PickleGlobal::kSize:
      return tag_or_size(global, arguments);
    default:
      return bad("a call of " + describe(global));
  }
}

/// storage, offset, sizes, strides, requires_grad, hooks [, metadata]
base::Result<std::uint32_t> PickleMachine::rebuild_tensor(const std::vector<Ref>& arguments) {
  if (arguments.size() < 6 || arguments.size() > 7) return bad("a tensor with a wrong number of arguments");
  const PickleValue& storage = value(arguments[0]);
  if (storage.kind == PickleKind::kSkipped && storage.text.starts_with("torch.")) return arguments[0];
  if (storage.kind != PickleKind::kStorage) return bad("a tensor on " + describe(storage));
  const bool sound = is_int(arguments[1]) && is_tuple_of_ints(arguments[2]) &&
                     is_tuple_of_ints(arguments[3]) && value(arguments[4]).kind == PickleKind::kBool &&
                     value(arguments[5]).kind == PickleKind::kDict;
  if (!sound) return bad("a tensor whose arguments are not those of one");
  if (arguments.size() == 7) {
    const PickleValue& metadata = value(arguments[6]);
    const bool none =
        metadata.kind == PickleKind::kNone || (metadata.kind == PickleKind::kDict && metadata.items.empty());
    if (!none) return bad("a conjugated or negated view; save it with .resolve_conj().resolve_neg()");
  }
  PickleValue tensor = simple(PickleKind::kTensor);
  tensor.items.assign(arguments.begin(), arguments.begin() + 4);
  return make(std::move(tensor));
}

/// data, requires_grad, hooks [, state]: the data.
base::Result<std::uint32_t> PickleMachine::rebuild_parameter(const std::vector<Ref>& arguments,
                                                             std::size_t count) {
  if (arguments.size() != count) return bad("a parameter with a wrong number of arguments");
  const PickleKind kind = value(arguments[0]).kind;
  if (kind != PickleKind::kTensor && kind != PickleKind::kSkipped) {
    return bad("a parameter on " + describe(value(arguments[0])));
  }
  return arguments[0];
}

base::Result<std::uint32_t> PickleMachine::tag_or_size(const PickleValue& global,
                                                       const std::vector<Ref>& arguments) {
  const bool is_size = global.global == PickleGlobal::kSize;
  if (is_size && arguments.size() == 1 && is_tuple_of_ints(arguments[0])) return arguments[0];
  if (!is_size && arguments.size() == 2 && value(arguments[1]).kind == PickleKind::kText) return arguments[0];
  return bad("a call of " + describe(global) + " with other arguments than PyTorch's");
}

bool PickleMachine::is_tuple_of_ints(Ref ref) const {
  const PickleValue& tuple = value(ref);
  return tuple.kind == PickleKind::kTuple &&
         std::all_of(tuple.items.begin(), tuple.items.end(), [&](Ref item) { return is_int(item); });
}

base::Status PickleMachine::need(std::size_t count) const {
  const std::size_t floor = marks_.empty() ? 0 : marks_.back();
  if (stack_.size() - floor < count) return bad("an opcode without its values");
  return base::ok_status();
}

base::Result<std::uint64_t> PickleMachine::operand(std::size_t num_bytes) {
  if (num_bytes > bytes_.size() - at_) return bad("an opcode that is cut off");
  std::uint64_t result = 0;
  for (std::size_t i = 0; i < num_bytes; ++i) result |= std::uint64_t{bytes_[at_++]} << (8 * i);
  return result;
}

base::Result<std::string_view> PickleMachine::operand_text(std::uint64_t num_bytes) {
  if (num_bytes > bytes_.size() - at_) {
    return bad("a text of " + std::to_string(num_bytes) + " bytes, more than there are");
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes_.data()) + at_, num_bytes);
  at_ += num_bytes;
  return text;
}

base::Result<std::string_view> PickleMachine::operand_line() {
  const std::size_t limit = std::min(bytes_.size() - at_, kMaxNameBytes + 1);
  const auto begin = bytes_.begin() + static_cast<std::ptrdiff_t>(at_);
  const auto end = std::find(begin, begin + static_cast<std::ptrdiff_t>(limit), std::uint8_t{'\n'});
  const auto size = static_cast<std::size_t>(end - begin);
  if (size == limit || size == 0) return bad("a name that is empty, cut off or too long");
  INKNAV_ASSIGN_OR_RETURN(const std::string_view line, operand_text(size));
  ++at_;
  return line;
}

base::Result<std::size_t> PickleMachine::pop_mark() {
  if (marks_.empty()) return bad("an opcode without its mark");
  const std::size_t height = marks_.back();
  marks_.pop_back();
  return stack_.size() - height;
}

base::Result<std::uint32_t> PickleMachine::make(PickleValue value) {
  if (out_.values_.size() >= Pickle::kMaxValues) return bad("more than 2000000 values");
  out_.values_.push_back(std::move(value));
  return static_cast<Ref>(out_.values_.size() - 1);
}

base::Status PickleMachine::push(PickleValue value) {
  INKNAV_ASSIGN_OR_RETURN(const Ref ref, make(std::move(value)));
  return push_ref(ref);
}

/// Constants are many and equal: one value each.
base::Status PickleMachine::push_shared(PickleValue value, std::size_t slot) {
  if (shared_[slot] == kNoValue) {
    INKNAV_ASSIGN_OR_RETURN(shared_[slot], make(std::move(value)));
  }
  return push_ref(shared_[slot]);
}

base::Status PickleMachine::push_ref(Ref ref) {
  if (stack_.size() >= Pickle::kMaxStack) return bad("more than 1000000 values on the stack");
  stack_.push_back(ref);
  return base::ok_status();
}

/// A value that stands for something not read; one for each name.
base::Result<std::uint32_t> PickleMachine::skip(std::string_view name) {
  const auto known = skipped_.find(name);
  if (known != skipped_.end()) return known->second;
  if (skipped_.size() >= kMaxSkippedNames) return bad("more than 1000 kinds of foreign objects");
  PickleValue value = simple(PickleKind::kSkipped);
  out_.skipped_.emplace_back(name);
  value.text = out_.skipped_.back();
  INKNAV_ASSIGN_OR_RETURN(const Ref ref, make(std::move(value)));
  skipped_.emplace(std::string(name), ref);
  return ref;
}

}  // namespace inknav::run
