// SPDX-License-Identifier: MIT
#pragma once
// libEGL and OpenGL, opened at run time: the functions that the back end calls, as plain tables.
//
// Looked for: the file that the environment variable INKNAV_EGL_LIBRARY names, else libEGL.so.1. What is
// missing is one sentence of kind kUsage. An opened library stays loaded. Only src/render/egl includes this.

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <GL/glcorearb.h>

#include <string>

#include "base/result.h"

namespace inknav::render {

struct EglApi {
  std::string file;
  PFNEGLGETPROCADDRESSPROC get_proc_address = nullptr;
  PFNEGLGETERRORPROC get_error = nullptr;
  PFNEGLQUERYSTRINGPROC query_string = nullptr;
  PFNEGLINITIALIZEPROC initialize = nullptr;
  PFNEGLTERMINATEPROC terminate = nullptr;
  PFNEGLBINDAPIPROC bind_api = nullptr;
  PFNEGLCHOOSECONFIGPROC choose_config = nullptr;
  PFNEGLCREATECONTEXTPROC create_context = nullptr;
  PFNEGLDESTROYCONTEXTPROC destroy_context = nullptr;
  PFNEGLMAKECURRENTPROC make_current = nullptr;
  // Extensions, null where they are missing.
  PFNEGLGETPLATFORMDISPLAYEXTPROC get_platform_display = nullptr;
  PFNEGLQUERYDEVICESEXTPROC query_devices = nullptr;
  PFNEGLQUERYDEVICESTRINGEXTPROC query_device_string = nullptr;
  PFNEGLQUERYDEVICEATTRIBEXTPROC query_device_attribute = nullptr;
};

/// The library with all functions without which nothing goes.
base::Result<const EglApi*> open_egl_library();

/// What is called of OpenGL 3.3 core.
struct GlApi {
  PFNGLACTIVETEXTUREPROC active_texture = nullptr;
  PFNGLATTACHSHADERPROC attach_shader = nullptr;
  PFNGLBINDBUFFERPROC bind_buffer = nullptr;
  PFNGLBINDFRAMEBUFFERPROC bind_framebuffer = nullptr;
  PFNGLBINDRENDERBUFFERPROC bind_renderbuffer = nullptr;
  PFNGLBINDTEXTUREPROC bind_texture = nullptr;
  PFNGLBINDVERTEXARRAYPROC bind_vertex_array = nullptr;
  PFNGLBUFFERDATAPROC buffer_data = nullptr;
  PFNGLCHECKFRAMEBUFFERSTATUSPROC check_framebuffer_status = nullptr;
  PFNGLCLEARBUFFERFVPROC clear_buffer_fv = nullptr;
  PFNGLCLEARBUFFERUIVPROC clear_buffer_uiv = nullptr;
  PFNGLCOMPILESHADERPROC compile_shader = nullptr;
  PFNGLCREATEPROGRAMPROC create_program = nullptr;
  PFNGLCREATESHADERPROC create_shader = nullptr;
  PFNGLCULLFACEPROC cull_face = nullptr;
  PFNGLDELETEBUFFERSPROC delete_buffers = nullptr;
  PFNGLDELETEFRAMEBUFFERSPROC delete_framebuffers = nullptr;
  PFNGLDELETEPROGRAMPROC delete_program = nullptr;
  PFNGLDELETERENDERBUFFERSPROC delete_renderbuffers = nullptr;
  PFNGLDELETESHADERPROC delete_shader = nullptr;
  PFNGLDELETETEXTURESPROC delete_textures = nullptr;
  PFNGLDELETEVERTEXARRAYSPROC delete_vertex_arrays = nullptr;
  PFNGLDEPTHFUNCPROC depth_func = nullptr;
  PFNGLDISABLEPROC disable = nullptr;
  PFNGLDRAWBUFFERSPROC draw_buffers = nullptr;
  PFNGLDRAWELEMENTSPROC draw_elements = nullptr;
  PFNGLENABLEPROC enable = nullptr;
  PFNGLENABLEVERTEXATTRIBARRAYPROC enable_vertex_attrib_array = nullptr;
  PFNGLFLUSHPROC flush = nullptr;
  PFNGLFRAMEBUFFERRENDERBUFFERPROC framebuffer_renderbuffer = nullptr;
  PFNGLFRAMEBUFFERTEXTURELAYERPROC framebuffer_texture_layer = nullptr;
  PFNGLFRONTFACEPROC front_face = nullptr;
  PFNGLGENBUFFERSPROC gen_buffers = nullptr;
  PFNGLGENFRAMEBUFFERSPROC gen_framebuffers = nullptr;
  PFNGLGENRENDERBUFFERSPROC gen_renderbuffers = nullptr;
  PFNGLGENTEXTURESPROC gen_textures = nullptr;
  PFNGLGENVERTEXARRAYSPROC gen_vertex_arrays = nullptr;
  PFNGLGETERRORPROC get_error = nullptr;
  PFNGLGETINTEGERVPROC get_integer = nullptr;
  PFNGLGETPROGRAMINFOLOGPROC get_program_info_log = nullptr;
  PFNGLGETPROGRAMIVPROC get_program = nullptr;
  PFNGLGETSHADERINFOLOGPROC get_shader_info_log = nullptr;
  PFNGLGETSHADERIVPROC get_shader = nullptr;
  PFNGLGETSTRINGPROC get_string = nullptr;
  PFNGLGETTEXIMAGEPROC get_tex_image = nullptr;
  PFNGLGETUNIFORMLOCATIONPROC get_uniform_location = nullptr;
  PFNGLLINKPROGRAMPROC link_program = nullptr;
  PFNGLMAPBUFFERRANGEPROC map_buffer_range = nullptr;
  PFNGLPIXELSTOREIPROC pixel_store = nullptr;
  PFNGLRENDERBUFFERSTORAGEPROC renderbuffer_storage = nullptr;
  PFNGLSHADERSOURCEPROC shader_source = nullptr;
  PFNGLTEXBUFFERPROC tex_buffer = nullptr;
  PFNGLTEXIMAGE2DPROC tex_image_2d = nullptr;
  PFNGLTEXIMAGE3DPROC tex_image_3d = nullptr;
  PFNGLTEXPARAMETERIPROC tex_parameter = nullptr;
  PFNGLUNIFORM1IPROC uniform_1i = nullptr;
  PFNGLUNIFORM4FVPROC uniform_4fv = nullptr;
  PFNGLUNMAPBUFFERPROC unmap_buffer = nullptr;
  PFNGLUSEPROGRAMPROC use_program = nullptr;
  PFNGLVERTEXATTRIB4FPROC vertex_attrib_4f = nullptr;
  PFNGLVERTEXATTRIBPOINTERPROC vertex_attrib_pointer = nullptr;
  PFNGLVIEWPORTPROC viewport = nullptr;
};

/// The name of the first function that the driver lacks, or nothing. A context must be current.
std::string load_gl(const EglApi& egl, GlApi& gl);

/// "EGL_BAD_MATCH", or the number.
std::string egl_error_name(EGLint error);

}  // namespace inknav::render
