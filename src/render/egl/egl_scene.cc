// SPDX-License-Identifier: MIT
#include "render/egl/egl_scene.h"

#include <algorithm>
#include <glm/geometric.hpp>
#include <string>
#include <utility>

#include "render/shading.h"

namespace inknav::render {
namespace {

base::Error limit_error(const scene::Scene& scene, const std::string& wanted, GLint limit) {
  return {base::ErrorCode::kUsage, "EGL renderer: scene " + scene.name + " wants " + wanted +
                                       ", the driver's limit is " + std::to_string(limit) +
                                       "; use a smaller scene, another driver or the CPU renderer"};
}

base::Status check_limits(const EglLimits& limits, const scene::Scene& scene, std::size_t vertices) {
  if (2 * vertices > static_cast<std::size_t>(limits.texture_buffer_texels)) {
    return limit_error(scene, std::to_string(2 * vertices) + " texels of a texture buffer",
                       limits.texture_buffer_texels);
  }
  for (const scene::Texture& texture : scene.textures) {
    const int side = std::max(texture.levels[0].width, texture.levels[0].height);
    if (side > limits.texture_size) {
      return limit_error(scene, "a texture of " + std::to_string(side) + " texels a side",
                         limits.texture_size);
    }
  }
  return base::ok_status();
}

template <typename T>
GlHandle make_buffer(const GlApi& gl, GLenum target, const std::vector<T>& values) {
  GlHandle buffer(gl.gen_buffers, gl.delete_buffers);
  gl.bind_buffer(target, buffer.name());
  gl.buffer_data(target, static_cast<GLsizeiptr>(values.size() * sizeof(T)), values.data(), GL_STATIC_DRAW);
  return buffer;
}

}  // namespace

EglLimits ask_limits(const GlApi& gl) {
  EglLimits limits;
  gl.get_integer(GL_MAX_TEXTURE_SIZE, &limits.texture_size);
  gl.get_integer(GL_MAX_ARRAY_TEXTURE_LAYERS, &limits.texture_layers);
  gl.get_integer(GL_MAX_TEXTURE_BUFFER_SIZE, &limits.texture_buffer_texels);
  gl.get_integer(GL_MAX_RENDERBUFFER_SIZE, &limits.renderbuffer_size);
  return limits;
}

base::Status check_gl(const GlApi& gl, const std::string& wanted) {
  const GLenum error = gl.get_error();
  if (error == GL_NO_ERROR) return base::ok_status();
  while (gl.get_error() != GL_NO_ERROR) continue;
  if (error == GL_OUT_OF_MEMORY) {
    return base::Error{base::ErrorCode::kDeviceMemory,
                       "EGL renderer: " + wanted +
                           " was wanted, the driver's memory is full; use smaller or fewer "
                           "scenes or images, or the CPU renderer"};
  }
  return base::Error{base::ErrorCode::kUsage,
                     "EGL renderer: " + wanted + " was wanted, the driver answered with OpenGL error " +
                         std::to_string(error) + "; use another driver or the CPU renderer"};
}

base::Result<std::unique_ptr<EglScene>> EglScene::create(const GlApi& gl, const EglLimits& limits,
                                                         const scene::Scene& scene, std::uint32_t cluster) {
  ClusteredTriangles clustered = cluster_triangles(scene, cluster);
  const bool exact = cluster > 0;
  ProvokingVertices vertices;
  if (exact) {
    vertices = assign_provoking_vertices(scene, clustered.order);
  } else {
    for (const std::uint32_t triangle : clustered.order)
      vertices.triangles.push_back(scene.triangles[triangle]);
  }
  INKNAV_RETURN_IF_ERROR(check_limits(limits, scene, scene.positions.size() + vertices.copies.size()));
  std::unique_ptr<EglScene> made(new EglScene(gl));
  made->cull_ = exact;
  made->upload_vertices(scene, vertices.copies);
  made->buffers_.push_back(make_buffer(gl, GL_ELEMENT_ARRAY_BUFFER, vertices.triangles));
  if (exact) made->upload_planes(scene, clustered.order, vertices);
  made->clusters_ = std::move(clustered.clusters);
  made->run_sizes_.reserve(made->clusters_.size());
  made->run_places_.reserve(made->clusters_.size());
  for (const scene::Texture& texture : scene.textures) made->upload_texture(texture);
  for (const scene::Material& material : scene.materials) {
    const bool textured = material.texture >= 0 && !scene.uvs.empty();
    made->materials_.push_back(
        {material.base_color,
         textured ? made->textures_[static_cast<std::size_t>(material.texture)].name() : 0});
  }
  INKNAV_RETURN_IF_ERROR(check_gl(
      gl, "memory for scene " + scene.name + " of " + std::to_string(scene.num_triangles()) + " triangles"));
  return made;
}

void EglScene::upload_vertices(const scene::Scene& scene, const std::vector<std::uint32_t>& copies) {
  vertex_array_ = GlHandle(gl_.gen_vertex_arrays, gl_.delete_vertex_arrays);
  gl_.bind_vertex_array(vertex_array_.name());
  const auto upload = [&](const auto& values, GLuint attribute, GLint components, GLenum type) {
    if (values.empty()) return;
    auto all = values;
    for (const std::uint32_t copy : copies) all.push_back(values[copy]);
    buffers_.push_back(make_buffer(gl_, GL_ARRAY_BUFFER, all));
    gl_.vertex_attrib_pointer(attribute, components, type, type == GL_UNSIGNED_BYTE ? GL_TRUE : GL_FALSE,
                              sizeof(values[0]), nullptr);
    gl_.enable_vertex_attrib_array(attribute);
  };
  upload(scene.positions, kPositionAttribute, 3, GL_FLOAT);
  upload(scene.uvs, kUvAttribute, 2, GL_FLOAT);
  upload(scene.colors, kColorAttribute, 4, GL_UNSIGNED_BYTE);
}

/// Two texels a vertex: of the triangle whose last one it is, the normal with the texel density, and a
/// corner.
void EglScene::upload_planes(const scene::Scene& scene, const std::vector<std::uint32_t>& order,
                             const ProvokingVertices& vertices) {
  const Shader shader(std::shared_ptr<const scene::Scene>(std::shared_ptr<void>(), &scene));
  std::vector<base::Vec4> planes(2 * (scene.positions.size() + vertices.copies.size()));
  for (std::size_t i = 0; i < order.size(); ++i) {
    const glm::u32vec3& corners = scene.triangles[order[i]];
    const glm::dvec3 a(scene.positions[corners.x]);
    const glm::dvec3 normal =
        glm::cross(glm::dvec3(scene.positions[corners.y]) - a, glm::dvec3(scene.positions[corners.z]) - a);
    const std::size_t last = vertices.triangles[i].z;
    planes[2 * last] = {base::Vec3(glm::normalize(normal)), shader.tables().texels_per_metre[order[i]]};
    planes[2 * last + 1] = {scene.positions[corners.x], 0.0f};
  }
  buffers_.push_back(make_buffer(gl_, GL_TEXTURE_BUFFER, planes));
  triangle_texture_ = GlHandle(gl_.gen_textures, gl_.delete_textures);
  gl_.bind_texture(GL_TEXTURE_BUFFER, triangle_texture_.name());
  gl_.tex_buffer(GL_TEXTURE_BUFFER, GL_RGBA32F, buffers_.back().name());
}

void EglScene::upload_texture(const scene::Texture& texture) {
  textures_.emplace_back(gl_.gen_textures, gl_.delete_textures);
  gl_.bind_texture(GL_TEXTURE_2D, textures_.back().name());
  for (std::size_t i = 0; i < texture.levels.size(); ++i) {
    const scene::TextureLevel& level = texture.levels[i];
    gl_.tex_image_2d(GL_TEXTURE_2D, static_cast<GLint>(i), GL_RGBA8, level.width, level.height, 0, GL_RGBA,
                     GL_UNSIGNED_BYTE, texture.rgba.data() + level.offset);
  }
  gl_.tex_parameter(GL_TEXTURE_2D, GL_TEXTURE_MAX_LEVEL, static_cast<GLint>(texture.levels.size()) - 1);
  gl_.tex_parameter(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_LINEAR_MIPMAP_LINEAR);
  gl_.tex_parameter(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_LINEAR);
  gl_.tex_parameter(GL_TEXTURE_2D, GL_TEXTURE_WRAP_S, GL_REPEAT);
  gl_.tex_parameter(GL_TEXTURE_2D, GL_TEXTURE_WRAP_T, GL_REPEAT);
}

void EglScene::draw(const EglProgram& program, const ViewFrustum& frustum, bool color) const {
  gl_.bind_vertex_array(vertex_array_.name());
  gl_.vertex_attrib_4f(kColorAttribute, 1.0f, 1.0f, 1.0f, 1.0f);  // where there is no array
  gl_.active_texture(GL_TEXTURE0 + kTriangleUnit);
  gl_.bind_texture(GL_TEXTURE_BUFFER, triangle_texture_.name());
  gl_.active_texture(GL_TEXTURE0 + kTextureUnit);
  const TriangleCluster* last = nullptr;  // of those that are drawn
  for (const TriangleCluster& cluster : clusters_) {
    if (cull_ && !frustum.may_see(cluster.box)) continue;
    const bool alike = last != nullptr && cluster.double_sided == last->double_sided &&
                       (!color || cluster.material == last->material);
    if (last != nullptr && !alike) draw_runs(program, *last, color);
    const auto size = static_cast<GLsizei>(3 * (cluster.end - cluster.begin));
    if (alike && cluster.begin == last->end) {
      run_sizes_.back() += size;
    } else {
      run_sizes_.push_back(size);
      run_places_.push_back(
          reinterpret_cast<const void*>(3 * sizeof(std::uint32_t) * std::size_t{cluster.begin}));
    }
    last = &cluster;
  }
  if (last != nullptr) draw_runs(program, *last, color);
}

/// Draws what has been gathered, all of it of one kind.
void EglScene::draw_runs(const EglProgram& program, const TriangleCluster& like, bool color) const {
  (like.double_sided ? gl_.disable : gl_.enable)(GL_CULL_FACE);
  if (color) {
    const Material& material = materials_[like.material];
    if (material.texture != 0) gl_.bind_texture(GL_TEXTURE_2D, material.texture);
    program.set_material(material.base_color, material.texture != 0);
  }
  gl_.multi_draw_elements(GL_TRIANGLES, run_sizes_.data(), GL_UNSIGNED_INT, run_places_.data(),
                          static_cast<GLsizei>(run_sizes_.size()));
  run_sizes_.clear();
  run_places_.clear();
}

}  // namespace inknav::render
