// SPDX-License-Identifier: MIT
#pragma once
// The renderer that a simulator asks for, or where it may be replaced and is not there, ray tracing on the
// CPU.

#include <memory>
#include <string>

#include "base/result.h"
#include "base/thread_pool.h"
#include "sim/simulator.h"

namespace inknav::sim {

struct ChosenRenderer {
  std::unique_ptr<render::Renderer> renderer;
  std::string warning;  // one sentence where it is slower than what was asked for, else empty
};

/// As render::make_renderer; errors are its own where SimulatorSettings::replace_backend is not set, and
/// where the CPU could not do it either.
base::Result<ChosenRenderer> choose_renderer(const SimulatorSettings& settings, base::ThreadPool& pool);

/// Logs a warning the first time that this process has it.
void warn_once(const std::string& warning);

}  // namespace inknav::sim
