// SPDX-License-Identifier: MIT
#pragma once
// Named state: tensors as named bytes, the way from the trainer to run/checkpoint_store and back, and the
// weights-only files that are exchanged with Python.
//
// Names in a checkpoint: "value/..." weights, "adam_m/...", "adam_v/...", "adam_step", "trainer/..."
// counters, "rank<r>/..." what belongs to one rank. The policy's settings are the metadata entry "policy"
// (JSON). Laws: unpack(pack(s)) == s; tensor_of(bytes_of(t)) == t. Errors: kData with the file's name and
// what is missing or wrong.

#include <torch/torch.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "learn/networks/flat_parameters.h"
#include "learn/trainer.h"

namespace inknav::learn {

NamedBytes bytes_of(const std::string& name, const torch::Tensor& tensor);
torch::Tensor tensor_of(const NamedBytes& entry);
const NamedBytes* find_entry(const std::vector<NamedBytes>& state, std::string_view name);

/// One block of bytes for the way between ranks.
std::vector<std::uint8_t> pack(const std::vector<NamedBytes>& state);
base::Result<std::vector<NamedBytes>> unpack(std::span<const std::uint8_t> bytes);

/// "value/..." entries of a state, for FlatParameters::assign_values.
FlatParameters::NamedTensors tensors_with_prefix(const std::vector<NamedBytes>& state,
                                                 std::string_view prefix);

}  // namespace inknav::learn
