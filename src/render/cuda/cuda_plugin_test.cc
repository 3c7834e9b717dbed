// SPDX-License-Identifier: MIT
#include "render/cuda/cuda_plugin.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <string>

#include "base/scoped_environment.h"
#include "render/clutter_scene.h"
#include "render/cuda/cuda_scene.h"
#include "render/cuda/fake_plugin/fake_calls.h"
#include "render/renderer.h"

namespace inknav::render {
namespace {

class FakePlugin : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(INKNAV_FAKE_CUDA))
      GTEST_SKIP() << INKNAV_FAKE_CUDA << " is not on this machine";
  }
  static std::string refusal(const std::string& fault) {
    const base::ScopedEnvironment chosen("INKNAV_FAKE_CUDA_FAULT", fault.c_str());
    const auto api = open_cuda_plugin(INKNAV_FAKE_CUDA);
    EXPECT_EQ(api.ok(), fault.empty());
    return api.ok() ? std::string() : api.error().message;
  }
};

TEST(CudaPlugin, AMissingFileIsNamedWithWhatToDo) {
  const auto api = open_cuda_plugin("/nowhere/libinknav_cuda.so");
  ASSERT_FALSE(api.ok());
  EXPECT_EQ(api.error().code, base::ErrorCode::kUsage);
  EXPECT_EQ(
      api.error().message,
      "CUDA renderer: the plug-in was wanted at /nowhere/libinknav_cuda.so, no file is there; build the "
      "target inknav_cuda (nvcc must be in the PATH) or name the file in INKNAV_CUDA_PLUGIN");
}

TEST(CudaPlugin, AFileThatIsNoLibraryIsRefusedWithTheLoadersWords) {
  const std::filesystem::path file = std::filesystem::path(testing::TempDir()) / "no_library.so";
  std::ofstream(file) << "text";
  const auto api = open_cuda_plugin(file);
  std::filesystem::remove(file);
  ASSERT_FALSE(api.ok());
  EXPECT_NE(api.error().message.find("cannot be loaded ("), std::string::npos) << api.error().message;
  EXPECT_NE(api.error().message.find(file.string()), std::string::npos);
}

TEST(CudaPlugin, AnotherLibraryIsToldFromThePlugin) {
  const auto api = open_cuda_plugin("/lib/x86_64-linux-gnu/libc.so.6");
  ASSERT_FALSE(api.ok());
  EXPECT_TRUE(api.error().message.find("is a library without inknav_cuda_api") != std::string::npos ||
              api.error().message.find("no file is there") != std::string::npos)
      << api.error().message;
}

TEST_F(FakePlugin, AnotherVersionIsRefused) {
  EXPECT_EQ(refusal("version"), "CUDA renderer: version 2 of the plug-in was wanted, " +
                                    std::string(INKNAV_FAKE_CUDA) +
                                    " is version 3; build program and plug-in from the same sources");
}

TEST_F(FakePlugin, AnotherLayoutIsRefused) {
  EXPECT_EQ(refusal("size"), "CUDA renderer: a view of 64 bytes was wanted, found one of 72 in " +
                                 std::string(INKNAV_FAKE_CUDA) +
                                 "; build program and plug-in from the same sources with the same compiler");
}

TEST_F(FakePlugin, TheRightVersionOpensAndAMissingDeviceIsASentence) {
  EXPECT_EQ(refusal(""), "");
  const base::ScopedEnvironment named("INKNAV_CUDA_PLUGIN", INKNAV_FAKE_CUDA);
  base::ThreadPool pool(1);
  const auto renderer = make_renderer(Backend::kCuda, {8, 8, 90.0f}, pool);
  ASSERT_FALSE(renderer.ok());
  EXPECT_EQ(
      renderer.error().message,
      "CUDA renderer: a CUDA device was wanted, the fake plug-in has none; use the CPU renderer on this "
      "machine");
}

/// A renderer on the fake device; it fails as INKNAV_FAKE_CUDA_FAULT says at each call.
class FakeDevice : public FakePlugin {
 protected:
  void SetUp() override {
    FakePlugin::SetUp();
    if (IsSkipped()) return;
    const base::ScopedEnvironment works("INKNAV_FAKE_CUDA_FAULT", "none");
    auto made = make_renderer(Backend::kCuda, {8, 8, 90.0f}, pool_);
    ASSERT_TRUE(made.ok()) << made.error().message;
    renderer_ = std::move(made).value();
    ASSERT_TRUE(renderer_->add_scene(make_clutter_scene({5, 1, 20})).ok());
    views_.resize(3);
  }
  base::Status render() {
    depth_.assign(views_.size() * 64, 0.0f);
    return renderer_->render(views_, {depth_.data(), nullptr});
  }
  base::ScopedEnvironment named_{"INKNAV_CUDA_PLUGIN", INKNAV_FAKE_CUDA};
  base::ThreadPool pool_{1};
  std::unique_ptr<Renderer> renderer_;
  std::vector<View> views_;
  std::vector<float> depth_;
};

TEST_F(FakeDevice, TooLittleMemoryForImagesIsAnErrorWhereItIsTaken) {
  const base::ScopedEnvironment full("INKNAV_FAKE_CUDA_FAULT", "images");
  const base::Status reserved = renderer_->reserve(3, {});
  ASSERT_FALSE(reserved.ok());
  EXPECT_EQ(reserved.error().code, base::ErrorCode::kDeviceMemory);
  EXPECT_EQ(reserved.error().message,
            "CUDA renderer: device memory for images was wanted: memory for depth images: out of memory; use "
            "fewer or smaller scenes, images or environments");
  const base::Status rendered = render();
  ASSERT_FALSE(rendered.ok());
  EXPECT_EQ(rendered.error().code, base::ErrorCode::kDeviceMemory);
}

TEST_F(FakeDevice, AfterReserveRenderingTakesNoMemory) {
  {
    const base::ScopedEnvironment works("INKNAV_FAKE_CUDA_FAULT", "none");
    ASSERT_TRUE(renderer_->reserve(3, {}).ok());
  }
  const base::ScopedEnvironment full("INKNAV_FAKE_CUDA_FAULT", "images");
  ASSERT_TRUE(render().ok());
  EXPECT_EQ(depth_, std::vector<float>(3 * 64, 1.0f));
  EXPECT_TRUE(renderer_->reserve(2, {}).ok());
  EXPECT_FALSE(renderer_->reserve(4, {}).ok());
  // What was there before is given up for the attempt, and comes back when there is memory.
  EXPECT_FALSE(render().ok());
  const base::ScopedEnvironment works("INKNAV_FAKE_CUDA_FAULT", "none");
  EXPECT_TRUE(render().ok());
}

TEST_F(FakeDevice, ADeviceThatFailsWhileRenderingIsALostPeer) {
  const base::ScopedEnvironment lost("INKNAV_FAKE_CUDA_FAULT", "lost");
  const base::Status rendered = render();
  ASSERT_FALSE(rendered.ok());
  EXPECT_EQ(rendered.error().code, base::ErrorCode::kPeer);
  EXPECT_NE(
      rendered.error().message.find("the device has failed: raycast/primary: unspecified launch failure"),
      std::string::npos);
}

int stream_of_gpu_0 = 0;  // its address is a stream's handle
void* current_stream(std::int32_t gpu) { return gpu == 0 ? &stream_of_gpu_0 : nullptr; }

/// Pictures of the fake device, whose memory is the host's: 1 m and bytes of 9 everywhere.
class FakeDevicePictures : public FakeDevice {
 protected:
  void SetUp() override {
    FakeDevice::SetUp();
    if (IsSkipped()) return;
    void* const library = dlopen(INKNAV_FAKE_CUDA, RTLD_NOW | RTLD_NOLOAD);
    ASSERT_NE(library, nullptr);
    void* const symbol = dlsym(library, kFakeCalls);
    ASSERT_NE(symbol, nullptr);
    FakeCallsEntry entry = nullptr;
    std::memcpy(&entry, &symbol, sizeof(entry));
    dlclose(library);
    calls_ = entry();
    *calls_ = {};
    pictures_.depth = {.data = coded_.data(), .gpu = 0, .image_stride = 64, .current_stream = current_stream};
    pictures_.coding = depth_coding(0.5f, 4.5f, true);
    pictures_.rows = rows_;
  }
  base::ScopedEnvironment works_{"INKNAV_FAKE_CUDA_FAULT", "none"};
  FakeCalls* calls_ = nullptr;
  std::vector<float> coded_ = std::vector<float>(5 * 64, -1.0f);
  std::vector<std::uint32_t> rows_{4, 0, 3};
  DevicePictures pictures_;
};

TEST_F(FakeDevicePictures, ReachThePluginWithTheirCodingAndNobodyAsksForHostImages) {
  EXPECT_TRUE(renderer_->writes_to(pictures_.depth));
  EXPECT_FALSE(renderer_->writes_to({.data = coded_.data(), .gpu = 1})) << "another GPU's memory";
  EXPECT_FALSE(renderer_->writes_to({.data = coded_.data()})) << "the host's memory";
  ASSERT_TRUE(renderer_->render(views_, {.pictures = pictures_}).ok());
  EXPECT_EQ(calls_->images, 0) << "no memory for images on either side";
  EXPECT_EQ(calls_->to_host, 0);
  EXPECT_EQ(calls_->enqueued, 1);
  EXPECT_EQ(calls_->marked, 1);
  EXPECT_EQ(calls_->views, 3u);
  EXPECT_EQ(calls_->stream, &stream_of_gpu_0);
  EXPECT_EQ(calls_->targets.depth, nullptr);
  EXPECT_EQ(calls_->targets.rgb, nullptr);
  EXPECT_EQ(calls_->targets.pictures.depth.data, coded_.data());
  EXPECT_EQ(calls_->targets.pictures.coding.max_m, 4.5f);
  // (1 - 0.5) / (4.5 - 0.5)
  for (std::size_t i = 0; i < coded_.size(); ++i) {
    const bool meant = std::find(rows_.begin(), rows_.end(), i / 64) != rows_.end();
    ASSERT_EQ(coded_[i], meant ? 0.125f : -1.0f) << i;
  }
  EXPECT_EQ(renderer_->counters().bytes_down, 0);
  EXPECT_EQ(renderer_->counters().bytes_up, static_cast<std::int64_t>(3 * sizeof(CudaView)));
}

TEST_F(FakeDevicePictures, TheHostWaitsOnlyForViewsOfABatchLongAgo) {
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(renderer_->render(views_, {.pictures = pictures_}).ok());
  EXPECT_EQ(calls_->waited, 0) << "four batches may be on their way";
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(renderer_->render(views_, {.pictures = pictures_}).ok());
  EXPECT_EQ(calls_->enqueued, 8);
  EXPECT_EQ(calls_->waited, 4) << "each for the views of the fourth before it";
}

TEST_F(FakeDevicePictures, GoBesideTheHostsImagesWhereBothAreWanted) {
  std::vector<std::uint8_t> bytes(5 * 3 * 64, 1);
  pictures_.rgb = {.data = bytes.data(),
                   .value = base::PictureValue::kU8,
                   .gpu = 0,
                   .image_stride = 3 * 64,
                   .pixel_stride = 3,
                   .current_stream = current_stream};
  depth_.assign(3 * 64, 0.0f);
  ASSERT_TRUE(renderer_->render(views_, {depth_.data(), nullptr, pictures_}).ok());
  EXPECT_EQ(calls_->images, 1);
  EXPECT_EQ(calls_->to_host, 1);
  EXPECT_EQ(calls_->enqueued, 0);
  EXPECT_EQ(calls_->stream, &stream_of_gpu_0);
  EXPECT_EQ(depth_, std::vector<float>(3 * 64, 1.0f)) << "metres";
  EXPECT_EQ(coded_[4 * 64], 0.125f);
  EXPECT_EQ(bytes[4 * 3 * 64], 9);
  EXPECT_EQ(bytes[3 * 64], 1) << "row 1 is nobody's";
  EXPECT_EQ(renderer_->counters().bytes_down, 3 * 64 * 4) << "depth alone";
}

TEST_F(FakeDevicePictures, ADeviceThatFailsIsALostPeer) {
  const base::ScopedEnvironment lost("INKNAV_FAKE_CUDA_FAULT", "lost");
  const base::Status rendered = renderer_->render(views_, {.pictures = pictures_});
  ASSERT_FALSE(rendered.ok());
  EXPECT_EQ(rendered.error().code, base::ErrorCode::kPeer);
}

TEST(CudaPlugin, TheVariableIsTheOnlyCandidateAndElseThereAreFolders) {
  const base::ScopedEnvironment unnamed("INKNAV_CUDA_PLUGIN", nullptr);
  EXPECT_GE(cuda_plugin_candidates().size(), 2u);
  const base::ScopedEnvironment named("INKNAV_CUDA_PLUGIN", "/nowhere/at_all.so");
  ASSERT_EQ(cuda_plugin_candidates().size(), 1u);
  const auto api = find_cuda(0);
  ASSERT_FALSE(api.ok());
  EXPECT_NE(api.error().message.find("none of these files is there: /nowhere/at_all.so"), std::string::npos);
}

TEST(SceneOrder, ViewsOfOneSceneStandTogetherInTheirOrder) {
  std::vector<View> views;
  for (const int slot : {2, 0, 1, 2, 0, 0}) views.push_back({slot, base::Pose{}});
  SceneOrder order;
  const auto sorted = order.sort(views, 4);
  EXPECT_EQ(std::vector<std::uint32_t>(sorted.begin(), sorted.end()),
            (std::vector<std::uint32_t>{1, 4, 5, 2, 0, 3}));
  EXPECT_TRUE(order.sort({}, 0).empty());
}

}  // namespace
}  // namespace inknav::render
