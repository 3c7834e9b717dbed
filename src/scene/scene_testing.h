// SPDX-License-Identifier: MIT
#pragma once
// Helpers of this module's tests: a temporary folder, small scenes, .glb files from JSON text. Tests only.

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/temporary_folder.h"
#include "scene/scene.h"

namespace inknav::scene::testing {

using base::TemporaryFolder;

inline void write_bytes(const std::filesystem::path& path, const std::vector<std::uint8_t>& bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

inline void write_text(const std::filesystem::path& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
}

inline std::vector<std::uint8_t> read_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

template <typename T>
void append(std::vector<std::uint8_t>& out, const std::vector<T>& values) {
  const std::size_t at = out.size();
  out.resize(at + values.size() * sizeof(T));
  std::memcpy(out.data() + at, values.data(), values.size() * sizeof(T));
}

/// A binary glTF file of this JSON and binary chunk.
inline std::vector<std::uint8_t> make_glb(std::string json, std::vector<std::uint8_t> binary) {
  json.resize((json.size() + 3) / 4 * 4, ' ');
  binary.resize((binary.size() + 3) / 4 * 4);
  std::vector<std::uint8_t> file;
  const auto total = static_cast<std::uint32_t>(28 + json.size() + binary.size());
  append<std::uint32_t>(file, {0x46546C67u, 2u, total, static_cast<std::uint32_t>(json.size()), 0x4E4F534Au});
  file.insert(file.end(), json.begin(), json.end());
  append<std::uint32_t>(file, {static_cast<std::uint32_t>(binary.size()), 0x004E4942u});
  file.insert(file.end(), binary.begin(), binary.end());
  return file;
}

/// Two materials (one textured), vertex colours, texture coordinates.
inline Scene small_scene() {
  Scene scene;
  scene.name = "small";
  scene.positions = {{0, 0, 0}, {2, 0, 0}, {2, 1, 0}, {0, 1, 0}, {0, 0, -1}, {0.5f, 0.25f, -3}};
  scene.uvs = {{0, 1}, {1, 1}, {1, 0}, {0, 0}, {0.5f, 0.25f}, {2, -1}};
  scene.colors = {{255, 0, 0, 255}, {0, 255, 0, 255}, {0, 0, 255, 128},
                  {9, 8, 7, 6},     {1, 2, 3, 4},     {255, 255, 255, 255}};
  scene.triangles = {{0, 1, 2}, {0, 2, 3}, {0, 4, 1}, {3, 5, 4}};
  scene.triangle_material = {0, 0, 1, 1};
  Material textured;
  textured.texture = 0;
  textured.double_sided = true;
  Material plain;
  plain.base_color = {0.25f, 0.5f, 0.75f, 1.0f};
  scene.materials = {textured, plain};
  std::vector<std::uint8_t> pixels;
  for (int i = 0; i < 4 * 5 * 3; ++i) pixels.push_back(static_cast<std::uint8_t>(7 * i));
  scene.textures.push_back(make_texture(5, 3, pixels));
  return scene;
}

/// The shared folder of public data, where there is one.
inline std::optional<std::filesystem::path> shared_data() {
  const char* given = std::getenv("INKNAV_SHARED_DATA");
  const std::filesystem::path path = given != nullptr ? given : "../shared/data";
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) return std::nullopt;
  return path;
}

}  // namespace inknav::scene::testing
