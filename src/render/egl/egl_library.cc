// SPDX-License-Identifier: MIT
#include "render/egl/egl_library.h"

#include <dlfcn.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <mutex>

namespace inknav::render {
namespace {

constexpr const char* kLibrary = "libEGL.so.1";
constexpr const char* kRemedy =
    "; install libegl1 and a driver (Mesa's: libegl-mesa0 and libgl1-mesa-dri), name the library in "
    "INKNAV_EGL_LIBRARY, or use the CPU renderer";

base::Error unusable(const std::string& file, const std::string& found) {
  return {base::ErrorCode::kUsage, "EGL renderer: the library " + file + " was wanted, " + found + kRemedy};
}

/// Fills the table; the name of the first function that is missing, or nothing.
std::string load_egl(void* library, EglApi& egl) {
  std::string missing;
  const auto load = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::decay_t<decltype(function)>>(dlsym(library, name));
    if (function == nullptr && missing.empty()) missing = name;
  };
  load(egl.get_proc_address, "eglGetProcAddress");
  load(egl.get_error, "eglGetError");
  load(egl.query_string, "eglQueryString");
  load(egl.initialize, "eglInitialize");
  load(egl.terminate, "eglTerminate");
  load(egl.bind_api, "eglBindAPI");
  load(egl.choose_config, "eglChooseConfig");
  load(egl.create_context, "eglCreateContext");
  load(egl.destroy_context, "eglDestroyContext");
  load(egl.make_current, "eglMakeCurrent");
  if (!missing.empty()) return missing;
  const auto extension = [&egl](auto& function, const char* name) {
    function = reinterpret_cast<std::decay_t<decltype(function)>>(egl.get_proc_address(name));
  };
  extension(egl.get_platform_display, "eglGetPlatformDisplayEXT");
  extension(egl.query_devices, "eglQueryDevicesEXT");
  extension(egl.query_device_string, "eglQueryDeviceStringEXT");
  extension(egl.query_device_attribute, "eglQueryDeviceAttribEXT");
  return {};
}

}  // namespace

base::Result<const EglApi*> open_egl_library() {
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<EglApi>> opened;
  const char* named = std::getenv("INKNAV_EGL_LIBRARY");
  const std::string file = named == nullptr ? kLibrary : named;
  const std::lock_guard lock(mutex);
  std::unique_ptr<EglApi>& known = opened[file];
  if (known != nullptr) return known.get();
  void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const char* words = dlerror();
    return unusable(file,
                    std::string("it cannot be loaded (") + (words == nullptr ? "no reason" : words) + ")");
  }
  auto egl = std::make_unique<EglApi>();
  egl->file = file;
  if (const std::string missing = load_egl(library, *egl); !missing.empty()) {
    dlclose(library);
    return unusable(file, "it is a library without " + missing);
  }
  known = std::move(egl);
  return known.get();
}

std::string load_gl(const EglApi& egl, GlApi& gl) {
  std::string missing;
  const auto load = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::decay_t<decltype(function)>>(egl.get_proc_address(name));
    if (function == nullptr && missing.empty()) missing = name;
  };
  load(gl.active_texture, "glActiveTexture");
  load(gl.attach_shader, "glAttachShader");
  load(gl.bind_buffer, "glBindBuffer");
  load(gl.bind_framebuffer, "glBindFramebuffer");
  load(gl.bind_renderbuffer, "glBindRenderbuffer");
  load(gl.bind_texture, "glBindTexture");
  load(gl.bind_vertex_array, "glBindVertexArray");
  load(gl.buffer_data, "glBufferData");
  load(gl.check_framebuffer_status, "glCheckFramebufferStatus");
  load(gl.clear_buffer_fv, "glClearBufferfv");
  load(gl.clear_buffer_uiv, "glClearBufferuiv");
  load(gl.compile_shader, "glCompileShader");
  load(gl.create_program, "glCreateProgram");
  load(gl.create_shader, "glCreateShader");
  load(gl.cull_face, "glCullFace");
  load(gl.delete_buffers, "glDeleteBuffers");
  load(gl.delete_framebuffers, "glDeleteFramebuffers");
  load(gl.delete_program, "glDeleteProgram");
  load(gl.delete_renderbuffers, "glDeleteRenderbuffers");
  load(gl.delete_shader, "glDeleteShader");
  load(gl.delete_textures, "glDeleteTextures");
  load(gl.delete_vertex_arrays, "glDeleteVertexArrays");
  load(gl.depth_func, "glDepthFunc");
  load(gl.disable, "glDisable");
  load(gl.draw_buffers, "glDrawBuffers");
  load(gl.draw_elements, "glDrawElements");
  load(gl.enable, "glEnable");
  load(gl.enable_vertex_attrib_array, "glEnableVertexAttribArray");
  load(gl.flush, "glFlush");
  load(gl.framebuffer_renderbuffer, "glFramebufferRenderbuffer");
  load(gl.framebuffer_texture_layer, "glFramebufferTextureLayer");
  load(gl.front_face, "glFrontFace");
  load(gl.gen_buffers, "glGenBuffers");
  load(gl.gen_framebuffers, "glGenFramebuffers");
  load(gl.gen_renderbuffers, "glGenRenderbuffers");
  load(gl.gen_textures, "glGenTextures");
  load(gl.gen_vertex_arrays, "glGenVertexArrays");
  load(gl.get_error, "glGetError");
  load(gl.get_integer, "glGetIntegerv");
  load(gl.get_program_info_log, "glGetProgramInfoLog");
  load(gl.get_program, "glGetProgramiv");
  load(gl.get_shader_info_log, "glGetShaderInfoLog");
  load(gl.get_shader, "glGetShaderiv");
  load(gl.get_string, "glGetString");
  load(gl.get_tex_image, "glGetTexImage");
  load(gl.get_uniform_location, "glGetUniformLocation");
  load(gl.link_program, "glLinkProgram");
  load(gl.map_buffer_range, "glMapBufferRange");
  load(gl.pixel_store, "glPixelStorei");
  load(gl.renderbuffer_storage, "glRenderbufferStorage");
  load(gl.shader_source, "glShaderSource");
  load(gl.tex_buffer, "glTexBuffer");
  load(gl.tex_image_2d, "glTexImage2D");
  load(gl.tex_image_3d, "glTexImage3D");
  load(gl.tex_parameter, "glTexParameteri");
  load(gl.uniform_1i, "glUniform1i");
  load(gl.uniform_4fv, "glUniform4fv");
  load(gl.unmap_buffer, "glUnmapBuffer");
  load(gl.use_program, "glUseProgram");
  load(gl.vertex_attrib_4f, "glVertexAttrib4f");
  load(gl.vertex_attrib_pointer, "glVertexAttribPointer");
  load(gl.viewport, "glViewport");
  return missing;
}

std::string egl_error_name(EGLint error) {
  switch (error) {
    case EGL_SUCCESS:
      return "EGL_SUCCESS";
    case EGL_NOT_INITIALIZED:
      return "EGL_NOT_INITIALIZED";
    case EGL_BAD_ACCESS:
      return "EGL_BAD_ACCESS";
    case EGL_BAD_ALLOC:
      return "EGL_BAD_ALLOC";
    case EGL_BAD_ATTRIBUTE:
      return "EGL_BAD_ATTRIBUTE";
    case EGL_BAD_CONFIG:
      return "EGL_BAD_CONFIG";
    case EGL_BAD_CONTEXT:
      return "EGL_BAD_CONTEXT";
    case EGL_BAD_DISPLAY:
      return "EGL_BAD_DISPLAY";
    case EGL_BAD_MATCH:
      return "EGL_BAD_MATCH";
    case EGL_BAD_PARAMETER:
      return "EGL_BAD_PARAMETER";
    default:
      return "EGL error " + std::to_string(error);
  }
}

}  // namespace inknav::render
