// SPDX-License-Identifier: MIT
#include "render/cuda/device_scene.cuh"

namespace inknav::render {

CudaStatus SceneMemory::upload(const CudaScene& scene) {
  const SurfaceTables& tables = scene.surface;
  INKNAV_CUDA_PASS(nodes_.upload(scene.nodes, scene.num_nodes, "memory for the nodes of a scene"));
  INKNAV_CUDA_PASS(
      triangles_.upload(scene.triangles, scene.num_triangles, "memory for the triangles of a scene"));
  const char* what = "memory for the surfaces of a scene";
  INKNAV_CUDA_PASS(positions_.upload(tables.positions, tables.num_vertices, what));
  INKNAV_CUDA_PASS(uvs_.upload(tables.uvs, tables.num_vertices, what));
  INKNAV_CUDA_PASS(colors_.upload(tables.colors, tables.num_vertices, what));
  INKNAV_CUDA_PASS(corners_.upload(tables.triangles, tables.num_triangles, what));
  INKNAV_CUDA_PASS(triangle_material_.upload(tables.triangle_material, tables.num_triangles, what));
  INKNAV_CUDA_PASS(texels_per_metre_.upload(tables.texels_per_metre, tables.num_triangles, what));
  INKNAV_CUDA_PASS(materials_.upload(tables.materials, tables.num_materials, what));
  INKNAV_CUDA_PASS(levels_.upload(tables.levels, tables.num_levels, what));
  INKNAV_CUDA_PASS(upload_textures(tables));
  view_.bvh = {nodes_.data(), triangles_.data()};
  view_.surface = tables;
  view_.surface.positions = positions_.data();
  view_.surface.uvs = uvs_.data();
  view_.surface.colors = colors_.data();
  view_.surface.triangles = corners_.data();
  view_.surface.triangle_material = triangle_material_.data();
  view_.surface.texels_per_metre = texels_per_metre_.data();
  view_.surface.materials = materials_.data();
  view_.surface.textures = textures_.data();
  view_.surface.levels = levels_.data();
  return kCudaOk;
}

CudaStatus SceneMemory::upload_textures(const SurfaceTables& tables) {
  const char* what = "memory for the textures of a scene";
  std::vector<SurfaceTexture> textures;
  texels_.clear();
  for (std::uint64_t i = 0; i < tables.num_textures; ++i) {
    SurfaceTexture texture = tables.textures[i];
    texels_.emplace_back();
    INKNAV_CUDA_PASS(texels_.back().upload(texture.rgba, texture.num_bytes, what));
    texture.rgba = texels_.back().data();
    textures.push_back(texture);
  }
  return textures_.upload(textures.data(), textures.size(), what);
}

}  // namespace inknav::render
