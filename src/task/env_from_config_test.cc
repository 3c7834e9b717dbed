// SPDX-License-Identifier: MIT
#include "task/env_from_config.h"

#include <gtest/gtest.h>

namespace inknav::task {
namespace {

using config::RendererChoice;
using render::Backend;

TEST(ChooseBackend, TheCpuIsAskedForByNameOrWhereNothingIsComputedOnADevice) {
  const struct {
    RendererChoice wanted;
    bool on_device;
    Backend backend;
    bool replaced;
  } cases[] = {{RendererChoice::kAuto, false, Backend::kEmbree, true},
               {RendererChoice::kAuto, true, Backend::kCuda, true},
               {RendererChoice::kCpu, false, Backend::kEmbree, false},
               {RendererChoice::kCpu, true, Backend::kEmbree, false},
               {RendererChoice::kCuda, false, Backend::kCuda, false},
               {RendererChoice::kCuda, true, Backend::kCuda, false},
               {RendererChoice::kEgl, false, Backend::kEgl, true},
               {RendererChoice::kEgl, true, Backend::kEgl, true}};
  for (const auto& expected : cases) {
    sim::SimulatorSettings simulator;
    choose_backend(expected.wanted, expected.on_device, simulator);
    EXPECT_EQ(simulator.backend, expected.backend) << static_cast<int>(expected.wanted) << expected.on_device;
    EXPECT_EQ(simulator.replace_backend, expected.replaced) << static_cast<int>(expected.wanted);
  }
}

}  // namespace
}  // namespace inknav::task
