// SPDX-License-Identifier: MIT
#pragma once
// PyTorch's weight files (.pth, .pt: the zip form of torch >= 1.6), read and written without PyTorch.
//
// Reading runs no code (run/pickle.h) and trusts no number: entries of the archive do not overlap, a storage
// is as long as its entry, every element of a tensor lies inside its storage (overflow-checked), all tensors
// together are at most four times the file. Tensors come out packed in row-major order, whatever their
// strides were; two that share a storage are two copies.
// Taken are the tensors of one dict: `key` of the file, else "state_dict", else the file itself. Everything
// in it must be a tensor. What stands beside it (configuration, counters, optimiser) is not read;
// `not_read` names the foreign objects that were met.
//
// Writing gives a file that torch.load(weights_only=True) of 1.13 and 2.x reads:
//   {"state_dict": OrderedDict(name -> tensor), "inknav": {text: text}}
// "inknav" holds the metadata of a checkpoint, so that a file read back is one that can be evaluated.
// Equal weights give equal bytes. Errors: kData with the file and what is wrong where; kDisk for writing.

#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "run/safetensors.h"

namespace inknav::run {

struct TorchReadOptions {
  std::string key = {};       // "": as above
  bool skip_unknown = false;  // foreign objects of unexpected kinds are left out, not refused
};

/// A tensor with its bytes.
struct OwnedTensor {
  std::string name;
  SpanType type = SpanType::kU8;
  std::vector<std::int64_t> shape;
  std::vector<std::uint8_t> bytes;

  NamedSpan span() const { return {name, type, shape, bytes}; }
};

struct TorchWeights {
  std::string key;  // that was taken, "" for the file itself
  std::vector<OwnedTensor> tensors;
  Metadata metadata;
  std::vector<std::string> not_read;
};

base::Result<TorchWeights> parse_torch_weights(std::span<const std::uint8_t> bytes,
                                               const std::filesystem::path& path,
                                               const TorchReadOptions& options);
base::Result<TorchWeights> read_torch_weights(const std::filesystem::path& path,
                                              const TorchReadOptions& options = {});

/// Whether the name ends as PyTorch's weight files do.
bool is_torch_name(const std::filesystem::path& path);

/// Names are unique (a doubled one is a bug); the bytes are written in one piece (base/file.h).
base::Status write_torch_weights(const std::filesystem::path& path, std::span<const NamedSpan> tensors,
                                 const Metadata& metadata);

}  // namespace inknav::run
