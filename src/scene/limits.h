// SPDX-License-Identifier: MIT
#pragma once
// Hard limits on untrusted scene files (docs: reliability). They belong to the product, not to a test
// harness: whoever passes them gets an Error (kData), whatever the build. Bytes, pixels, metres, counts.

#include <cstddef>
#include <cstdint>

namespace inknav::scene {

inline constexpr int kMaxImageSide = 16'384;                          // px
inline constexpr std::int64_t kMaxImagePixels = 128ll * 1024 * 1024;  // px of one image
inline constexpr std::size_t kMaxImageFileBytes = 512ull << 20;       // encoded
inline constexpr std::uint64_t kMaxSceneTexelBytes = 16ull << 30;     // decoded, all textures of a scene

inline constexpr std::size_t kMaxJsonBytes = 64ull << 20;  // glTF JSON, text headers, MTL
inline constexpr int kMaxJsonDepth = 64;
inline constexpr std::size_t kMaxBinaryBytes = (4ull << 30) - 1;  // GLB, PLY, OBJ, glTF buffer
inline constexpr std::size_t kMaxStageConfigBytes = 1ull << 20;
inline constexpr std::size_t kMaxNodes = 1'000'000;
inline constexpr int kMaxNodeDepth = 256;
inline constexpr std::uint64_t kMaxTriangles = 200'000'000;
inline constexpr std::uint64_t kMaxVertices = 600'000'000;
inline constexpr std::size_t kMaxTextures = 65'536;
inline constexpr std::size_t kMaxMaterials = 1'000'000;
inline constexpr float kMaxCoordinate = 1.0e5f;  // |x|, |y|, |z|, metres

}  // namespace inknav::scene
