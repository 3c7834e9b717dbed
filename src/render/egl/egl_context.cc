// SPDX-License-Identifier: MIT
#include "render/egl/egl_context.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"

namespace inknav::render {
namespace {

// Users of each initialised display: eglInitialize does not count, eglTerminate ends the display for
// everybody.
std::mutex display_mutex;
std::map<EGLDisplay, int> display_users;

/// Nothing, or why the display cannot be used.
std::string open_display(const EglApi& egl, EGLDisplay display) {
  const std::lock_guard lock(display_mutex);
  int& users = display_users[display];
  if (users == 0 && egl.initialize(display, nullptr, nullptr) != EGL_TRUE) {
    return "eglInitialize failed (" + egl_error_name(egl.get_error()) + ")";
  }
  ++users;
  return {};
}

void close_display(const EglApi& egl, EGLDisplay display) {
  const std::lock_guard lock(display_mutex);
  if (--display_users[display] == 0) egl.terminate(display);
}

bool has_word(const char* words, std::string_view wanted) {
  std::string_view rest = words == nullptr ? std::string_view() : words;
  while (!rest.empty()) {
    const std::size_t space = std::min(rest.find(' '), rest.size());
    if (rest.substr(0, space) == wanted) return true;
    rest.remove_prefix(std::min(space + 1, rest.size()));
  }
  return false;
}

/// Mesa's rasterisers on the CPU, by the name that they give themselves.
bool is_software_name(std::string_view renderer) {
  for (const char* name : {"llvmpipe", "softpipe", "swrast", "Software Rasterizer"}) {
    if (renderer.find(name) != std::string_view::npos) return true;
  }
  return false;
}

EglDevice describe_device(const EglApi& egl, EGLDeviceEXT device, int number) {
  EglDevice described{"device " + std::to_string(number)};
  if (egl.query_device_string == nullptr) return described;
  const char* extensions = egl.query_device_string(device, EGL_EXTENSIONS);
  described.software = has_word(extensions, "EGL_MESA_device_software");
  const char* name = nullptr;
  if (has_word(extensions, "EGL_EXT_device_query_name"))
    name = egl.query_device_string(device, EGL_RENDERER_EXT);
  if (name == nullptr && has_word(extensions, "EGL_EXT_device_drm")) {
    name = egl.query_device_string(device, EGL_DRM_DEVICE_FILE_EXT);
  }
  if (name != nullptr) described.name += std::string(" ") + name;
  if (EGLAttrib cuda = -1; has_word(extensions, "EGL_NV_device_cuda") &&
                           egl.query_device_attribute != nullptr &&
                           egl.query_device_attribute(device, EGL_CUDA_DEVICE_NV, &cuda) == EGL_TRUE) {
    described.cuda_device = static_cast<int>(cuda);
    described.name += " CUDA " + std::to_string(cuda);
  }
  if (described.software) described.name += " (software)";
  return described;
}

struct Candidate {
  std::string name;
  EGLenum platform = 0;
  void* native = nullptr;
  bool software = false;
};

}  // namespace

/// The search for the best context; keeps the list of attempts.
class EglSearch {
 public:
  explicit EglSearch(const EglApi& egl) : egl_(egl) {}

  base::Result<std::unique_ptr<EglContext>> best() {
    std::unique_ptr<EglContext> chosen;
    for (const Candidate& candidate : candidates()) {
      // A second software context would be no better.
      if (chosen != nullptr && candidate.software) continue;
      std::unique_ptr<EglContext> made;
      const std::string failure = try_candidate(candidate, made);
      attempts_.push_back(candidate.name + ": " + (made == nullptr ? failure : made->info_.renderer));
      if (made == nullptr || (chosen != nullptr && !made->info_.hardware)) continue;
      chosen = std::move(made);
      if (chosen->info_.hardware) break;
    }
    if (chosen == nullptr) return refusal();
    chosen->info_.attempts = std::move(attempts_);
    chosen->info_.devices = std::move(devices_);
    return chosen;
  }

 private:
  std::vector<Candidate> candidates() {
    const char* extensions = egl_.query_string(EGL_NO_DISPLAY, EGL_EXTENSIONS);
    egl_.get_error();  // set where client extensions are unknown
    std::vector<Candidate> found, software;
    if (egl_.get_platform_display == nullptr) return found;
    const bool can_list = egl_.query_devices != nullptr && has_word(extensions, "EGL_EXT_platform_device");
    EGLint count = 0;
    if (can_list && egl_.query_devices(0, nullptr, &count) == EGL_TRUE && count > 0) {
      std::vector<EGLDeviceEXT> listed(static_cast<std::size_t>(count));
      if (egl_.query_devices(count, listed.data(), &count) != EGL_TRUE) count = 0;
      for (int i = 0; i < count; ++i) {
        devices_.push_back(describe_device(egl_, listed[static_cast<std::size_t>(i)], i));
        const EglDevice& device = devices_.back();
        (device.software ? software : found)
            .push_back(
                {device.name, EGL_PLATFORM_DEVICE_EXT, listed[static_cast<std::size_t>(i)], device.software});
      }
    }
    if (has_word(extensions, "EGL_MESA_platform_surfaceless")) {
      found.push_back({"Mesa without a surface", EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, false});
    }
    found.insert(found.end(), software.begin(), software.end());
    return found;
  }

  /// The context in `made`, or the reason why there is none.
  std::string try_candidate(const Candidate& candidate, std::unique_ptr<EglContext>& made) const {
    const EGLDisplay display = egl_.get_platform_display(candidate.platform, candidate.native, nullptr);
    if (display == EGL_NO_DISPLAY) return "no display (" + egl_error_name(egl_.get_error()) + ")";
    if (const std::string why = open_display(egl_, display); !why.empty()) return why;
    EGLContext context = EGL_NO_CONTEXT;
    if (const std::string why = create_context(display, context); !why.empty()) {
      close_display(egl_, display);
      return why;
    }
    std::unique_ptr<EglContext> created(new EglContext(egl_, display, context));
    if (const std::string why = look_at(*created); !why.empty()) return why;
    made = std::move(created);
    return {};
  }

  std::string create_context(EGLDisplay display, EGLContext& context) const {
    const char* extensions = egl_.query_string(display, EGL_EXTENSIONS);
    if (!has_word(extensions, "EGL_KHR_surfaceless_context")) return "EGL_KHR_surfaceless_context is missing";
    if (egl_.bind_api(EGL_OPENGL_API) != EGL_TRUE) return "it has no OpenGL, only OpenGL ES";
    const EGLint wanted[] = {EGL_SURFACE_TYPE, 0, EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT, EGL_NONE};
    EGLConfig config = nullptr;
    EGLint count = 0;
    if (egl_.choose_config(display, wanted, &config, 1, &count) != EGL_TRUE || count < 1) {
      return "no configuration for OpenGL (" + egl_error_name(egl_.get_error()) + ")";
    }
    const EGLint attributes[] = {EGL_CONTEXT_MAJOR_VERSION,
                                 3,
                                 EGL_CONTEXT_MINOR_VERSION,
                                 3,
                                 EGL_CONTEXT_OPENGL_PROFILE_MASK,
                                 EGL_CONTEXT_OPENGL_CORE_PROFILE_BIT,
                                 EGL_NONE};
    context = egl_.create_context(display, config, EGL_NO_CONTEXT, attributes);
    if (context == EGL_NO_CONTEXT) return "no OpenGL 3.3 core (" + egl_error_name(egl_.get_error()) + ")";
    return {};
  }

  /// Loads the functions and asks the driver who it is.
  std::string look_at(EglContext& made) const {
    if (egl_.make_current(made.display_, EGL_NO_SURFACE, EGL_NO_SURFACE, made.context_) != EGL_TRUE) {
      return "the context cannot be made current (" + egl_error_name(egl_.get_error()) + ")";
    }
    std::string why;
    if (const std::string missing = load_gl(egl_, made.gl_); !missing.empty()) {
      why = "the function " + missing + " is missing";
    } else {
      const auto text = [&made](GLenum name) {
        const auto* words = made.gl_.get_string(name);
        return words == nullptr ? std::string("unnamed") : reinterpret_cast<const char*>(words);
      };
      made.info_.vendor = text(GL_VENDOR);
      made.info_.renderer = text(GL_RENDERER);
      made.info_.version = text(GL_VERSION);
      made.info_.hardware = !is_software_name(made.info_.renderer);
      GLint major = 0, minor = 0;
      made.gl_.get_integer(GL_MAJOR_VERSION, &major);
      made.gl_.get_integer(GL_MINOR_VERSION, &minor);
      if (10 * major + minor < 33) {
        why = "OpenGL 3.3 was wanted, " + made.info_.renderer + " has " + std::to_string(major) + "." +
              std::to_string(minor);
      }
    }
    egl_.make_current(made.display_, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
    return why;
  }

  base::Error refusal() const {
    std::string tried;
    for (const std::string& attempt : attempts_) tried += (tried.empty() ? "" : "; ") + attempt;
    if (tried.empty()) tried = "neither EGL_EXT_platform_device nor EGL_MESA_platform_surfaceless is offered";
    return {base::ErrorCode::kUsage,
            "EGL renderer: OpenGL 3.3 core without a window was wanted from " + egl_.file + ", found none (" +
                tried +
                "); install a driver (Mesa's: libegl-mesa0 and libgl1-mesa-dri) or use the CPU renderer"};
  }

  const EglApi& egl_;
  std::vector<std::string> attempts_;
  std::vector<EglDevice> devices_;
};

base::Result<std::unique_ptr<EglContext>> EglContext::create() {
  INKNAV_ASSIGN_OR_RETURN(const EglApi* egl, open_egl_library());
  return EglSearch(*egl).best();
}

EglContext::~EglContext() {
  egl_.destroy_context(display_, context_);
  close_display(egl_, display_);
}

EglContext::Current::Current(const EglContext& context) : context_(context) {
  // The bound API belongs to the thread, and what is released below is that API's context.
  context.egl_.bind_api(EGL_OPENGL_API);
  const EGLBoolean done =
      context.egl_.make_current(context.display_, EGL_NO_SURFACE, EGL_NO_SURFACE, context.context_);
  INKNAV_CHECK(done == EGL_TRUE, egl_error_name(context.egl_.get_error()));
}

EglContext::Current::~Current() {
  context_.egl_.make_current(context_.display_, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
}

}  // namespace inknav::render
