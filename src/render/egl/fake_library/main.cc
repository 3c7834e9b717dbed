// SPDX-License-Identifier: MIT
// A libEGL for the tests: passes everything on to the real one, but for what INKNAV_FAKE_EGL_FAULT names. The
// faults are those of egl_info_test.cc and egl_renderer_test.cc; without the variable it is the real library.
#include <dlfcn.h>

#include <cstdlib>
#include <string_view>
#include <utility>

#include "render/egl/egl_library.h"

namespace {

EGLint pending_error = EGL_SUCCESS;  // of EGL, made up
bool pending_out_of_memory = false;  // of OpenGL, made up

bool fault(std::string_view name) {
  const char* chosen = std::getenv("INKNAV_FAKE_EGL_FAULT");
  return chosen != nullptr && chosen == name;
}

template <typename Function>
Function real(const char* name) {
  static void* library = dlopen("libEGL.so.1", RTLD_NOW | RTLD_LOCAL);
  return reinterpret_cast<Function>(library == nullptr ? nullptr : dlsym(library, name));
}

template <typename Function>
Function real_function(const char* name) {
  return reinterpret_cast<Function>(real<PFNEGLGETPROCADDRESSPROC>("eglGetProcAddress")(name));
}

/// Fails with this error.
template <typename Answer>
Answer fail(EGLint error, Answer answer) {
  pending_error = error;
  return answer;
}

const GLubyte* get_string(GLenum name) {
  if (name == GL_RENDERER && fault("hardware")) return reinterpret_cast<const GLubyte*>("Imaginary GPU");
  return real_function<PFNGLGETSTRINGPROC>("glGetString")(name);
}

void get_integer(GLenum name, GLint* value) {
  real_function<PFNGLGETINTEGERVPROC>("glGetIntegerv")(name, value);
  if (name == GL_MAJOR_VERSION && fault("version")) *value = 3;
  if (name == GL_MINOR_VERSION && fault("version")) *value = 1;
  if (name == GL_MAX_TEXTURE_SIZE && fault("size")) *value = 32;
  if (name == GL_MAX_TEXTURE_BUFFER_SIZE && fault("texels")) *value = 100;
}

void buffer_data(GLenum target, GLsizeiptr size, const void* data, GLenum usage) {
  if (target == GL_ARRAY_BUFFER && fault("scene_memory")) pending_out_of_memory = true;
  real_function<PFNGLBUFFERDATAPROC>("glBufferData")(target, size, data, usage);
}

void tex_image_3d(GLenum target, GLint level, GLint internal, GLsizei width, GLsizei height, GLsizei depth,
                  GLint border, GLenum format, GLenum type, const void* pixels) {
  if (fault("image_memory")) pending_out_of_memory = true;
  real_function<PFNGLTEXIMAGE3DPROC>("glTexImage3D")(target, level, internal, width, height, depth, border,
                                                     format, type, pixels);
}

GLenum get_gl_error() {
  if (std::exchange(pending_out_of_memory, false)) return GL_OUT_OF_MEMORY;
  return real_function<PFNGLGETERRORPROC>("glGetError")();
}

GLenum check_framebuffer_status(GLenum target) {
  if (fault("framebuffer")) return GL_FRAMEBUFFER_UNSUPPORTED;
  return real_function<PFNGLCHECKFRAMEBUFFERSTATUSPROC>("glCheckFramebufferStatus")(target);
}

void get_shader(GLuint shader, GLenum name, GLint* value) {
  real_function<PFNGLGETSHADERIVPROC>("glGetShaderiv")(shader, name, value);
  if (name == GL_COMPILE_STATUS && fault("shader")) *value = GL_FALSE;
}

using Any = __eglMustCastToProperFunctionPointerType;

template <typename Function>
Any any(Function function) {
  return reinterpret_cast<Any>(function);
}

}  // namespace

extern "C" {

EGLAPI Any EGLAPIENTRY eglGetProcAddress(const char* name) {
  const std::string_view wanted = name;
  if (wanted == "glTexBuffer" && fault("function")) return nullptr;
  if (wanted == "glGetString") return any(get_string);
  if (wanted == "glGetIntegerv") return any(get_integer);
  if (wanted == "glBufferData") return any(buffer_data);
  if (wanted == "glTexImage3D") return any(tex_image_3d);
  if (wanted == "glGetError") return any(get_gl_error);
  if (wanted == "glCheckFramebufferStatus") return any(check_framebuffer_status);
  if (wanted == "glGetShaderiv") return any(get_shader);
  return real<PFNEGLGETPROCADDRESSPROC>("eglGetProcAddress")(name);
}

EGLAPI EGLint EGLAPIENTRY eglGetError() {
  if (pending_error != EGL_SUCCESS) return std::exchange(pending_error, EGL_SUCCESS);
  return real<PFNEGLGETERRORPROC>("eglGetError")();
}

EGLAPI const char* EGLAPIENTRY eglQueryString(EGLDisplay display, EGLint name) {
  if (display == EGL_NO_DISPLAY && fault("platforms")) return "EGL_EXT_client_extensions";
  if (display != EGL_NO_DISPLAY && fault("surfaceless")) return "EGL_KHR_create_context";
  return real<PFNEGLQUERYSTRINGPROC>("eglQueryString")(display, name);
}

EGLAPI EGLBoolean EGLAPIENTRY eglInitialize(EGLDisplay display, EGLint* major, EGLint* minor) {
  if (fault("initialize")) return fail(EGL_NOT_INITIALIZED, EGLBoolean{EGL_FALSE});
  return real<PFNEGLINITIALIZEPROC>("eglInitialize")(display, major, minor);
}

EGLAPI EGLBoolean EGLAPIENTRY eglTerminate(EGLDisplay display) {
  return real<PFNEGLTERMINATEPROC>("eglTerminate")(display);
}

EGLAPI EGLBoolean EGLAPIENTRY eglBindAPI(EGLenum api) {
  if (fault("opengl")) return fail(EGL_BAD_PARAMETER, EGLBoolean{EGL_FALSE});
  return real<PFNEGLBINDAPIPROC>("eglBindAPI")(api);
}

EGLAPI EGLBoolean EGLAPIENTRY eglChooseConfig(EGLDisplay display, const EGLint* wanted, EGLConfig* configs,
                                              EGLint size, EGLint* count) {
  const EGLBoolean done =
      real<PFNEGLCHOOSECONFIGPROC>("eglChooseConfig")(display, wanted, configs, size, count);
  if (fault("config")) *count = 0;
  return done;
}

EGLAPI EGLContext EGLAPIENTRY eglCreateContext(EGLDisplay display, EGLConfig config, EGLContext share,
                                               const EGLint* attributes) {
  if (fault("context")) return fail(EGL_BAD_MATCH, EGLContext{EGL_NO_CONTEXT});
  return real<PFNEGLCREATECONTEXTPROC>("eglCreateContext")(display, config, share, attributes);
}

EGLAPI EGLBoolean EGLAPIENTRY eglDestroyContext(EGLDisplay display, EGLContext context) {
  return real<PFNEGLDESTROYCONTEXTPROC>("eglDestroyContext")(display, context);
}

EGLAPI EGLBoolean EGLAPIENTRY eglMakeCurrent(EGLDisplay display, EGLSurface draw, EGLSurface read,
                                             EGLContext context) {
  if (fault("current")) return fail(EGL_BAD_ACCESS, EGLBoolean{EGL_FALSE});
  return real<PFNEGLMAKECURRENTPROC>("eglMakeCurrent")(display, draw, read, context);
}
}
