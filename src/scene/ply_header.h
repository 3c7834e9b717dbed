// SPDX-License-Identifier: MIT
#pragma once
// The header of a PLY file and a cursor over its values. Internal to the module; scene/load_ply.cc makes a
// Scene of them. Errors: kData, naming the line or the element.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace inknav::scene::internal {

enum class PlyType : std::uint8_t { kI8, kU8, kI16, kU16, kI32, kU32, kF32, kF64 };
std::size_t size_of(PlyType type);

struct PlyProperty {
  std::string name;
  PlyType type = PlyType::kF32;
  bool is_list = false;
  PlyType count_type = PlyType::kU8;  // of a list
};

struct PlyElement {
  std::string name;
  std::size_t count = 0;
  std::vector<PlyProperty> properties;
  int find(std::string_view property) const;  // -1: not there
};

enum class PlyFormat : std::uint8_t { kAscii, kLittleEndian, kBigEndian };

struct PlyHeader {
  PlyFormat format = PlyFormat::kAscii;
  std::vector<PlyElement> elements;
  std::vector<std::string> textures;  // of "comment TextureFile <name>"
  std::size_t body = 0;               // first byte after the header
};

/// Every element's count is backed by bytes of the file: count * least size <= what is left.
base::Result<PlyHeader> read_ply_header(std::span<const std::uint8_t> bytes);

/// Values of the body one after another, in any of the three formats.
class PlyCursor {
 public:
  PlyCursor(std::span<const std::uint8_t> body, PlyFormat format) : body_(body), format_(format) {}

  /// The next value; false at the end of the file or when it is no number.
  bool next(PlyType type, double& out);
  /// Length of a list: a whole number that the rest of the file can hold.
  bool next_count(const PlyProperty& list, std::size_t& out);

 private:
  bool next_text(double& out);

  std::span<const std::uint8_t> body_;
  PlyFormat format_;
  std::size_t position_ = 0;
};

}  // namespace inknav::scene::internal
