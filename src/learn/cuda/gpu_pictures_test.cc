// SPDX-License-Identifier: MIT
// The CUDA tracer's pictures in the learner's memory against those that it brings to the host; skipped with
// the reason where there is no GPU. tools/gpu_suite runs it.
#include <c10/core/StreamGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <memory>
#include <vector>

#include "learn/bound_pictures.h"
#include "learn/cuda/torch_cuda.h"
#include "learn/policy_runner.h"
#include "task/test_dataset.h"

namespace inknav::learn {
namespace {

using torch::Tensor;

constexpr int kEnvs = 5, kHeight = 8, kWidth = 12;

class GpuPictures : public ::testing::Test {
 protected:
  void SetUp() override {
    const base::Status opened = prepare_gpu(0);
    if (!opened.ok()) GTEST_SKIP() << opened.error().message;
  }
  base::Result<std::unique_ptr<task::NavigationEnv>> make_env(bool map) {
    task::NavigationEnvSettings settings = task::testing::small_env(kEnvs);
    settings.simulator.backend = render::Backend::kCuda;
    settings.simulator.mapper.enabled = map;
    settings.simulator.sensors.rgb = true;
    settings.max_episode_steps = 6;
    return task::NavigationEnv::create(settings, data_.dataset(), pool_);
  }
  task::testing::TestDataset data_{3};
  base::ThreadPool pool_{2};
};

/// [N, H, W, 4] as PolicyRunner makes it of the fields.
Tensor pictures_of(const task::VectorEnv& env) {
  const Tensor rgb =
      torch::from_blob(env.observation("rgb").data, {kEnvs, kHeight, kWidth, 3}, torch::kUInt8);
  const Tensor depth = torch::from_blob(env.observation("depth").data, {kEnvs, kHeight, kWidth, 1});
  return torch::cat({rgb.to(torch::kFloat32) * (1.0f / 255.0f), depth}, 3);
}

TEST_F(GpuPictures, AreThoseOfTheHostOnAnyStreamWithAMapAndWithout) {
  const Placement placement = placement_of({.gpu = 0});
  PolicySettings policy;
  policy.backbone = Backbone::kSmallCnn;
  policy.use_rgb = true;
  const std::vector<std::int32_t> forward(kEnvs, task::kForwardAction);
  const c10::impl::VirtualGuardImpl device(torch::kCUDA);
  for (const bool map : {false, true}) {
    auto bound = make_env(map), plain = make_env(map);
    if (!bound.ok()) GTEST_SKIP() << bound.error().message;
    complete_settings(policy, (*plain)->spec());
    const BoundPictures pictures(**bound, policy, placement);
    ASSERT_TRUE(pictures.image().defined());
    (*bound)->reset();
    (*plain)->reset();
    for (int step = 0; step < 20; ++step) {
      // The default stream and one of the pool, in turn, each idle when the other goes on.
      placement.wait();
      const c10::StreamGuard guard(step % 2 == 0 ? device.getDefaultStream(placement.device())
                                                 : device.getStreamFromGlobalPool(placement.device()));
      (*bound)->step(forward);
      (*plain)->step(forward);
      EXPECT_TRUE(pictures.image().to(torch::kCPU).equal(pictures_of(**plain))) << step;
      (*bound)->reset_done();
      (*plain)->reset_done();
      EXPECT_TRUE(pictures.image().to(torch::kCPU).equal(pictures_of(**plain))) << step;
    }
  }
}

}  // namespace
}  // namespace inknav::learn
