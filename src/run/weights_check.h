// SPDX-License-Identifier: MIT
#pragma once
// inspect_weights: whether a file of weights (.safetensors, .pth, .pt) is whole and finite, and what is in
// it.
//
// A .safetensors is verified as for a resume, with its checksums where it has them (foreign files have none);
// a .pth through the restricted reader (run/torch_weights.h), foreign objects beside the weights left out.
// Nothing is run and no network is needed. Not finite: a NaN or infinity in a tensor of f16, bf16, f32 or
// f64. Memory: the file. Pure; safe from any thread.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "run/safetensors.h"

namespace inknav::run {

enum class WeightsFault : std::uint8_t { kNone, kUnreadable, kNotFinite, kEmpty };

struct WeightsReport {
  WeightsFault fault = WeightsFault::kNone;
  std::string what;   // of the fault: what was wanted and found
  std::string where;  // of a fault in one tensor: its name
  std::size_t tensors = 0;
  std::uint64_t elements = 0;
  std::uint64_t bytes = 0;  // of the tensors
  bool verified = false;    // by checksums of ours
  Metadata metadata;
  std::map<std::string, std::size_t> by_prefix;  // tensors by the first part of their names
};

/// Number of elements that are not finite; 0 for types that cannot be otherwise.
std::size_t count_not_finite(const NamedSpan& span);

WeightsReport inspect_weights(const std::filesystem::path& path);

/// "34 tensors with 1,234,567 numbers (5.1 MB), checksums verified: value 20, adam_m 14"
std::string summary_of(const WeightsReport& report);

}  // namespace inknav::run
