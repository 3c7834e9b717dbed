// SPDX-License-Identifier: MIT
#include "sim/choose_renderer.h"

#include <mutex>
#include <set>
#include <utility>

#include "base/log.h"

namespace inknav::sim {

base::Result<ChosenRenderer> choose_renderer(const SimulatorSettings& settings, base::ThreadPool& pool) {
  const render::CameraSpec& camera = settings.sensors.camera;
  auto wanted = render::make_renderer(settings.backend, camera, pool, {settings.gpu, settings.cache_dir});
  if (wanted.ok()) {
    ChosenRenderer chosen{std::move(wanted).value(), {}};
    if (chosen.renderer->name() == "egl_software") {
      chosen.warning =
          "rendering with OpenGL in software, as EGL offers no hardware (inknav doctor says what was tried); "
          "RENDERER cpu is many times faster";
    }
    return chosen;
  }
  if (!settings.replace_backend) return wanted.error();
  INKNAV_ASSIGN_OR_RETURN(auto renderer, render::make_renderer(render::Backend::kBundle, camera, pool,
                                                               {settings.gpu, settings.cache_dir}));
  return ChosenRenderer{std::move(renderer),
                        "rendering with ray tracing on the CPU instead: " + wanted.error().message};
}

void warn_once(const std::string& warning) {
  static std::mutex mutex;
  static std::set<std::string> said;
  const std::lock_guard lock(mutex);
  if (said.insert(warning).second) base::log_warning("{}", warning);
}

}  // namespace inknav::sim
