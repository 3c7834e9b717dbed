// SPDX-License-Identifier: MIT
#include "run/pickle_globals.h"

#include <algorithm>
#include <iterator>

namespace inknav::run {
namespace {

struct KnownName {
  std::string_view module, name;
  PickleGlobal global;
};
constexpr KnownName kKnown[] = {
    {"torch._utils", "_rebuild_tensor_v2", PickleGlobal::kRebuildTensor},
    {"torch._utils", "_rebuild_parameter", PickleGlobal::kRebuildParameter},
    {"torch._utils", "_rebuild_parameter_with_state", PickleGlobal::kRebuildParameterWithState},
    {"torch.jit._pickle", "restore_type_tag", PickleGlobal::kRestoreTypeTag},
    {"collections", "OrderedDict", PickleGlobal::kOrderedDict},
    {"torch", "Size", PickleGlobal::kSize},
};

struct StorageName {
  SpanType type;
  std::string_view name;
};
constexpr StorageName kStorages[] = {
    {SpanType::kF32, "FloatStorage"},     {SpanType::kF64, "DoubleStorage"}, {SpanType::kF16, "HalfStorage"},
    {SpanType::kBF16, "BFloat16Storage"}, {SpanType::kI64, "LongStorage"},   {SpanType::kI32, "IntStorage"},
    {SpanType::kI16, "ShortStorage"},     {SpanType::kI8, "CharStorage"},    {SpanType::kU8, "ByteStorage"},
    {SpanType::kBool, "BoolStorage"},
};

constexpr std::string_view kDtypes[] = {
    "float32", "float64", "float16", "bfloat16", "float", "double", "half",  "int64",     "int32",
    "int16",   "int8",    "uint8",   "bool",     "long",  "int",    "short", "complex64", "complex128"};

/// Whole packages whose objects are configuration; only their classes (upper-case names).
constexpr std::string_view kPackages[] = {"yacs", "omegaconf", "habitat", "habitat_baselines",
                                          "gym",  "gymnasium"};

struct SkippedNames {
  std::string_view module;
  std::string_view names;  // separated and surrounded by spaces
};
constexpr SkippedNames kSkippedNames[] = {
    {"numpy.core.multiarray", " scalar _reconstruct "},
    {"numpy._core.multiarray", " scalar _reconstruct "},
    {"numpy", " dtype ndarray float64 float32 float16 int64 int32 int16 int8 uint8 bool_ "},
    {"_codecs", " encode "},
    {"argparse", " Namespace "},
    {"pathlib", " PosixPath PurePosixPath Path "},
    {"collections", " defaultdict Counter deque "},
    {"typing", " Any Optional Union List Dict Tuple "},
    {"copy_reg", " _reconstructor "},
    {"copyreg", " _reconstructor "},
    {"__builtin__",
     " object dict list tuple set frozenset int long float bool str unicode bytes bytearray "
     "complex slice range "},
    {"builtins",
     " object dict list tuple set frozenset int float bool str bytes bytearray complex slice range "},
    {"torch",
     " device ComplexFloatStorage ComplexDoubleStorage ComplexHalfStorage QInt8Storage QUInt8Storage "
     "QInt32Storage "},
    {"torch.storage", " UntypedStorage TypedStorage _UntypedStorage _TypedStorage "},
    {"torch._tensor", " _rebuild_from_type_v2 Tensor "},
    {"torch._utils", " _rebuild_tensor_v3 _rebuild_qtensor _rebuild_sparse_tensor "},
    {"torch.nn.parameter", " Parameter Buffer "},
};

bool is_configuration_class(std::string_view module, std::string_view name) {
  const std::string_view package = module.substr(0, module.find('.'));
  return std::find(std::begin(kPackages), std::end(kPackages), package) != std::end(kPackages) &&
         !name.empty() && name.front() >= 'A' && name.front() <= 'Z';
}

bool is_skipped(std::string_view module, std::string_view name) {
  if (is_configuration_class(module, name)) return true;
  const std::string wanted = " " + std::string(name) + " ";
  if (name.find(' ') != std::string_view::npos) return false;
  return std::any_of(std::begin(kSkippedNames), std::end(kSkippedNames), [&](const SkippedNames& row) {
    return row.module == module && row.names.find(wanted) != std::string_view::npos;
  });
}

}  // namespace

PickleGlobalInfo classify_global(std::string_view module, std::string_view name) {
  for (const KnownName& known : kKnown) {
    if (known.module == module && known.name == name) return {known.global, SpanType::kU8};
  }
  if (module == "torch") {
    for (const StorageName& storage : kStorages) {
      if (storage.name == name) return {PickleGlobal::kStorage, storage.type};
    }
    if (std::find(std::begin(kDtypes), std::end(kDtypes), name) != std::end(kDtypes)) {
      return {PickleGlobal::kDtype, SpanType::kU8};
    }
  }
  if (is_skipped(module, name)) return {PickleGlobal::kSkipped, SpanType::kU8};
  return {};
}

std::string_view storage_name(SpanType type) {
  for (const StorageName& storage : kStorages) {
    if (storage.type == type) return storage.name;
  }
  return "ByteStorage";
}

}  // namespace inknav::run
