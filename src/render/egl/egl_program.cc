// SPDX-License-Identifier: MIT
#include "render/egl/egl_program.h"

#include <string>

namespace inknav::render {
namespace {

// Both shaders begin with this. Lengths are metres, directions have length 1 along the optical axis
// (camera.h).
constexpr const char* kCommon = R"(#version 330 core
uniform vec4 view[5];
#define origin view[0].xyz
#define right view[1].xyz
#define up view[2].xyz
#define forward view[3].xyz
#define half_size vec2(view[0].w, view[1].w)
#define pixel_size view[2].w
#define near_m view[3].w
#define far_m view[4].w
)";

// Window coordinates count rows from the top, as images do; that turns triangles round, which glFrontFace
// undoes. Clip space has its near plane at half of near and none at far: the fragment shader bounds depth
// exactly.
constexpr const char* kVertexShader = R"(
layout(location = 0) in vec3 position;
#ifdef EXACT
flat out int triangle;
#endif
#ifdef COLOR
layout(location = 1) in vec2 uv_in;
layout(location = 2) in vec4 color_in;
out vec2 uv;
out vec4 color;
#endif
void main() {
  vec3 from_camera = position - origin;
  float depth = dot(from_camera, forward);
  gl_Position = vec4(dot(from_camera, right) * view[4].x, -dot(from_camera, up) * view[4].y, near_m - depth, depth);
#ifdef EXACT
  triangle = gl_VertexID;
#endif
#ifdef COLOR
  uv = uv_in;
  color = color_in;
#endif
}
)";

// Exact depth is where the pixel's ray meets the triangle's plane. near / depth goes to the depth buffer: its
// spacing relative to depth is the same near and far, and unlike a reversed clip space it needs no extension
// of OpenGL 3.3.
constexpr const char* kFragmentShader = R"(
layout(location = 0) out float metres;
#ifdef EXACT
uniform samplerBuffer triangles;
flat in int triangle;
#endif
#ifdef COLOR
uniform sampler2D image;
uniform vec4 base_color;
uniform int textured;
in vec2 uv;
in vec4 color;
layout(location = 1) out uvec4 rgba;
#endif
void main() {
#ifdef EXACT
  vec4 plane = texelFetch(triangles, 2 * triangle);
  vec3 corner = texelFetch(triangles, 2 * triangle + 1).xyz;
  vec2 pixel = (gl_FragCoord.xy - half_size) * pixel_size;
  vec3 direction = forward + pixel.x * right - pixel.y * up;
  float slope = dot(plane.xyz, direction);
  metres = dot(plane.xyz, corner - origin) / slope;
  gl_FragDepth = near_m / metres;
#else
  metres = 1.0 / gl_FragCoord.w;
#endif
  if (!(metres > near_m && metres < far_m)) discard;
#ifdef COLOR
  vec4 shade = base_color * color;
  if (textured != 0) {
#ifdef EXACT
    float cosine = abs(slope) / length(direction);
    float footprint = metres * pixel_size / max(cosine, 0.05);
    shade *= textureLod(image, uv - floor(uv), log2(max(footprint * plane.w, 1e-6)));
#else
    shade *= texture(image, uv);
#endif
  }
  rgba = uvec4(clamp(shade, 0.0, 1.0) * 255.0 + 0.5);
#endif
}
)";

/// What the driver says of a failure, never nothing.
std::string driver_words(GLuint object, PFNGLGETSHADERINFOLOGPROC log) {
  char words[1024] = "";
  log(object, sizeof(words), nullptr, words);
  return words[0] == '\0' ? "without a reason" : words;
}

/// Nothing, or the driver's words.
std::string compile(const GlApi& gl, GLuint program, GLenum kind, const std::string& source) {
  const GLuint shader = gl.create_shader(kind);
  const char* text = source.c_str();
  gl.shader_source(shader, 1, &text, nullptr);
  gl.compile_shader(shader);
  GLint done = GL_FALSE;
  gl.get_shader(shader, GL_COMPILE_STATUS, &done);
  std::string why = done == GL_TRUE ? std::string() : driver_words(shader, gl.get_shader_info_log);
  gl.attach_shader(program, shader);
  gl.delete_shader(shader);
  return why;
}

}  // namespace

base::Result<std::unique_ptr<EglProgram>> EglProgram::create(const GlApi& gl, EglDepth depth, bool color) {
  const std::string head = std::string(kCommon) + (depth == EglDepth::kExact ? "#define EXACT\n" : "") +
                           (color ? "#define COLOR\n" : "");
  const GLuint program = gl.create_program();
  std::string why = compile(gl, program, GL_VERTEX_SHADER, head + kVertexShader);
  if (why.empty()) why = compile(gl, program, GL_FRAGMENT_SHADER, head + kFragmentShader);
  if (why.empty()) {
    gl.link_program(program);
    GLint done = GL_FALSE;
    gl.get_program(program, GL_LINK_STATUS, &done);
    if (done != GL_TRUE) why = driver_words(program, gl.get_program_info_log);
  }
  if (why.empty()) return std::unique_ptr<EglProgram>(new EglProgram(gl, program, color));
  gl.delete_program(program);
  return base::Error{base::ErrorCode::kUsage,
                     "EGL renderer: the driver was wanted to take our shaders (GLSL 3.30), it refused (" +
                         why + "); use another driver or the CPU renderer"};
}

EglProgram::EglProgram(const GlApi& gl, GLuint program, bool color)
    : gl_(gl), program_(program), view_(gl.get_uniform_location(program, "view")) {
  gl.use_program(program);
  gl.uniform_1i(gl.get_uniform_location(program, "triangles"), kTriangleUnit);
  if (!color) return;
  base_color_ = gl.get_uniform_location(program, "base_color");
  textured_ = gl.get_uniform_location(program, "textured");
  gl.uniform_1i(gl.get_uniform_location(program, "image"), kTextureUnit);
}

EglProgram::~EglProgram() { gl_.delete_program(program_); }

void EglProgram::use() const { gl_.use_program(program_); }

void EglProgram::set_view(const CameraSpec& camera, const CameraFrame& frame) const {
  const float pixel_size = PixelRays(camera).pixel_size();
  const float half_width = 0.5f * static_cast<float>(camera.width);
  const float half_height = 0.5f * static_cast<float>(camera.height);
  const base::Vec4 view[5] = {
      {frame.origin, half_width},
      {frame.right, half_height},
      {frame.up, pixel_size},
      {frame.forward, camera.near_m},
      {1.0f / (half_width * pixel_size), 1.0f / (half_height * pixel_size), 0.0f, camera.far_m}};
  gl_.uniform_4fv(view_, 5, &view[0].x);
}

void EglProgram::set_material(const base::Vec4& base_color, bool textured) const {
  gl_.uniform_4fv(base_color_, 1, &base_color.x);
  gl_.uniform_1i(textured_, textured ? 1 : 0);
}

}  // namespace inknav::render
