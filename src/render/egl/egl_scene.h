// SPDX-License-Identifier: MIT
#pragma once
// EglScene: one scene in the driver's memory, and the calls that draw what a view sees of it.
//
// Memory: positions, texture coordinates and colours as in Scene, 12 bytes an index triple, 32 bytes a
// triangle for its plane and texel density, and up to one vertex a triangle more, textures with their own mip
// levels. The context must be current whenever a method runs. Only src/render/egl includes this.

#include <memory>
#include <vector>

#include "base/result.h"
#include "render/egl/egl_program.h"
#include "render/egl/gl_handle.h"
#include "render/egl/triangle_clusters.h"
#include "scene/scene.h"

namespace inknav::render {

/// What the driver allows.
struct EglLimits {
  GLint texture_size = 0;
  GLint texture_layers = 0;
  GLint texture_buffer_texels = 0;
  GLint renderbuffer_size = 0;
};

EglLimits ask_limits(const GlApi& gl);

/// The driver's first error since the last call: memory is kDeviceMemory, all else kUsage. `wanted`: "a
/// buffer ...".
base::Status check_gl(const GlApi& gl, const std::string& wanted);

class EglScene {
 public:
  /// `cluster`: triangles a cluster; 0: the whole scene is always drawn, and with interpolated depth.
  static base::Result<std::unique_ptr<EglScene>> create(const GlApi& gl, const EglLimits& limits,
                                                        const scene::Scene& scene, std::uint32_t cluster);
  EglScene(const EglScene&) = delete;
  EglScene& operator=(const EglScene&) = delete;

  /// Draws into the bound framebuffer with the program in use, whose view is set.
  void draw(const EglProgram& program, const ViewFrustum& frustum, bool color) const;

 private:
  explicit EglScene(const GlApi& gl) : gl_(gl) {}
  void upload_vertices(const scene::Scene& scene, const std::vector<std::uint32_t>& copies);
  void upload_planes(const scene::Scene& scene, const std::vector<std::uint32_t>& order,
                     const ProvokingVertices& vertices);
  void upload_texture(const scene::Texture& texture);
  void draw_runs(const EglProgram& program, const TriangleCluster& like, bool color) const;

  struct Material {
    base::Vec4 base_color;
    GLuint texture = 0;  // 0: none
  };

  const GlApi& gl_;
  bool cull_ = false;
  std::vector<TriangleCluster> clusters_;
  std::vector<Material> materials_;
  GlHandle vertex_array_;
  std::vector<GlHandle> buffers_;
  GlHandle triangle_texture_;
  std::vector<GlHandle> textures_;
  // Runs of triangles of one draw call: scratch of draw().
  mutable std::vector<GLsizei> run_sizes_;
  mutable std::vector<const void*> run_places_;
};

}  // namespace inknav::render
