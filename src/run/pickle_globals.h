// SPDX-License-Identifier: MIT
#pragma once
// Which names a PyTorch weight file may hold, and what they mean here. None is ever looked up or run.

#include <cstdint>
#include <string>
#include <string_view>

#include "run/safetensors.h"

namespace inknav::run {

enum class PickleGlobal : std::uint8_t {
  kRebuildTensor,              // torch._utils._rebuild_tensor_v2
  kRebuildParameter,           // torch._utils._rebuild_parameter
  kRebuildParameterWithState,  // torch._utils._rebuild_parameter_with_state
  kRestoreTypeTag,             // torch.jit._pickle.restore_type_tag: how C++ writes a typed dict
  kOrderedDict,                // collections.OrderedDict
  kSize,                       // torch.Size
  kStorage,                    // torch.FloatStorage, ...
  kDtype,                      // torch.float32, ...: a value, not callable
  kSkipped,                    // known to stand in checkpoints beside weights; not read
  kRefused,                    // everything else
};

struct PickleGlobalInfo {
  PickleGlobal global = PickleGlobal::kRefused;
  SpanType type = SpanType::kU8;  // of kStorage
};

/// Skipped are: classes of yacs, omegaconf, habitat, habitat_baselines and gym(nasium); numpy's scalars and
/// arrays; argparse.Namespace, pathlib paths, containers and numbers of the language; torch's devices,
/// optimiser-free storages of other element types and tensor subclasses. The list keeps errors useful, it is
/// not what makes reading safe: a skipped name is not run either.
PickleGlobalInfo classify_global(std::string_view module, std::string_view name);

/// "torch.FloatStorage" of an element type, and back in classify_global.
std::string_view storage_name(SpanType type);

}  // namespace inknav::run
