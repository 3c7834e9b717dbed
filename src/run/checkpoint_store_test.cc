// SPDX-License-Identifier: MIT
#include "run/checkpoint_store.h"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>

#include "base/file.h"
#include "base/io_fault.h"
#include "base/philox.h"

namespace inknav::run {
namespace {

namespace fs = std::filesystem;

std::atomic<int> calls_until_fault{-1};  // -1: no fault
std::atomic<int> fault_errno{0};
std::atomic<bool> fault_stays{false};

int fault_hook(const char*) {
  if (calls_until_fault.load() < 0) return 0;
  if (calls_until_fault.load() > 0) {
    --calls_until_fault;
    return 0;
  }
  if (!fault_stays) calls_until_fault = -1;
  return fault_errno.load();
}

class CheckpointStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("inknav_store_" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    base::set_io_fault_hook(fault_hook);
  }
  void TearDown() override {
    calls_until_fault = -1;
    base::set_io_fault_hook(nullptr);
    fs::remove_all(folder_);
  }

  static CheckpointSettings quick() {
    CheckpointSettings settings;
    settings.retry_pause_s = 0.0;
    return settings;
  }

  /// A checkpoint whose content tells its index.
  base::Result<SaveOutcome> save(CheckpointStore& store, std::int64_t index, float value = 1.0f) {
    content_.assign(1000, value);
    content_[0] = static_cast<float>(index);
    const NamedSpan span{"model.weights",
                         SpanType::kF32,
                         {1000},
                         {reinterpret_cast<const std::uint8_t*>(content_.data()), content_.size() * 4}};
    return store.save(index, std::span(&span, 1), {{"update", std::to_string(index)}});
  }

  static float first_value(const SafetensorsFile& file) {
    float value = 0.0f;
    std::memcpy(&value, file.find("model.weights")->bytes.data(), 4);
    return value;
  }

  int stray_files() const {
    int count = 0;
    for (const auto& entry : fs::directory_iterator(folder_)) {
      count += entry.path().filename().string().find(".tmp") != std::string::npos ? 1 : 0;
    }
    return count;
  }

  fs::path folder_;
  std::vector<float> content_;
};

TEST_F(CheckpointStoreTest, NewestWinsAndOldOnesGo) {
  CheckpointSettings settings = quick();
  settings.keep_every = 40;
  CheckpointStore store(folder_, settings);
  EXPECT_FALSE(store.load_newest()->has_value());
  for (std::int64_t index = 10; index <= 80; index += 10) {
    ASSERT_EQ(*save(store, index), SaveOutcome::kSaved);
    if (index == 20) {
      ASSERT_TRUE(store.mark_best(20, 0.5).ok());
    }
  }
  EXPECT_EQ(store.indices(), (std::vector<std::int64_t>{20, 40, 60, 70, 80}));
  const auto newest = store.load_newest();
  ASSERT_TRUE(newest.ok() && newest->has_value());
  EXPECT_EQ((*newest)->index, 80);
  EXPECT_EQ(first_value((*newest)->file), 80.0f);
  EXPECT_EQ(store.best(), 20);
}

TEST_F(CheckpointStoreTest, DamagedNewestFallsBackAndIsNeverLoaded) {
  CheckpointStore store(folder_, quick());
  for (const std::int64_t index : {1, 2}) ASSERT_TRUE(save(store, index).ok());
  const auto whole = base::read_file(store.path_of(2), 1 << 20);
  ASSERT_TRUE(whole.ok());
  base::PhiloxStream random({.seed = 5});
  const auto write = [&](const std::vector<std::uint8_t>& bytes) {
    std::ofstream(store.path_of(2), std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  };
  const auto expect_fallback = [&] {
    const auto newest = store.load_newest();
    ASSERT_TRUE(newest.ok() && newest->has_value());
    EXPECT_EQ((*newest)->index, 1);
    const auto direct = read_safetensors(store.path_of(2));
    ASSERT_FALSE(direct.ok());
    EXPECT_EQ(direct.error().code, base::ErrorCode::kData);
    EXPECT_NE(direct.error().message.find("ckpt.2.safetensors"), std::string::npos);
  };
  for (int i = 0; i < 200; ++i) {
    std::vector<std::uint8_t> damaged = *whole;
    damaged[random.uniform_int(static_cast<std::uint32_t>(damaged.size()))] ^=
        static_cast<std::uint8_t>(1u << random.uniform_int(8u));
    write(damaged);
    expect_fallback();
  }
  for (int i = 0; i < 200; ++i) {
    std::vector<std::uint8_t> damaged = *whole;
    damaged.resize(random.uniform_int(static_cast<std::uint32_t>(damaged.size())));
    write(damaged);
    expect_fallback();
  }
  fs::remove(store.path_of(1));
  EXPECT_EQ(store.load_newest().error().code, base::ErrorCode::kData);
}

TEST_F(CheckpointStoreTest, FaultAtEveryCallLeavesAValidCheckpoint) {
  for (const int error : {ENOSPC, EIO}) {
    for (int k = 0; k < 100; ++k) {
      fs::remove_all(folder_);
      CheckpointSettings settings = quick();
      settings.retries = 0;
      CheckpointStore store(folder_, settings);
      ASSERT_TRUE(save(store, 1).ok());
      fault_errno = error;
      fault_stays = false;
      calls_until_fault = k;
      const auto outcome = save(store, 2);
      const bool reached = calls_until_fault.exchange(-1) < 0;
      ASSERT_TRUE(outcome.ok()) << outcome.error().message;
      const auto newest = store.load_newest();
      ASSERT_TRUE(newest.ok() && newest->has_value());
      EXPECT_GE((*newest)->index, *outcome == SaveOutcome::kSaved ? 2 : 1);
      EXPECT_EQ(stray_files(), 0) << k;
      if (!reached) break;
      ASSERT_LT(k, 99) << "more system calls than expected";
    }
  }
}

TEST_F(CheckpointStoreTest, RetriesThenMissesThenDiskErrorWithOldCheckpointsIntact) {
  CheckpointStore store(folder_, quick());
  ASSERT_TRUE(save(store, 1).ok());
  fault_errno = ENOSPC;
  fault_stays = true;
  calls_until_fault = 0;
  EXPECT_EQ(*save(store, 2), SaveOutcome::kMissed);
  EXPECT_EQ(*save(store, 3), SaveOutcome::kMissed);
  const auto third = save(store, 4);
  ASSERT_FALSE(third.ok());
  EXPECT_EQ(third.error().code, base::ErrorCode::kDisk);
  EXPECT_EQ(static_cast<int>(third.error().code), 6);
  EXPECT_NE(third.error().message.find("No space left on device"), std::string::npos)
      << third.error().message;
  EXPECT_NE(third.error().message.find("older ones are intact"), std::string::npos);
  calls_until_fault = -1;
  EXPECT_EQ((*store.load_newest())->index, 1);
  // Space is free again: saving resumes by itself.
  EXPECT_EQ(*save(store, 5), SaveOutcome::kSaved);
  EXPECT_EQ(store.missed(), 0);
}

TEST_F(CheckpointStoreTest, ReallyFullDisk) {
  fs::create_directories(folder_);
  if (::geteuid() != 0 || ::mount("none", folder_.c_str(), "tmpfs", 0, "size=16k") != 0) {
    GTEST_SKIP() << "a tmpfs cannot be mounted here (not root, or no permission)";
  }
  CheckpointStore store(folder_, quick());
  const auto first = save(store, 1);
  std::ofstream(folder_ / "filler") << std::string(12000, 'x');
  const auto second = save(store, 2);
  const auto newest = store.load_newest();
  fs::remove(folder_ / "filler");
  const auto third = save(store, 3);
  ::umount(folder_.c_str());
  ASSERT_TRUE(first.ok() && second.ok() && third.ok());
  EXPECT_EQ(*first, SaveOutcome::kSaved);
  EXPECT_EQ(*second, SaveOutcome::kMissed);
  EXPECT_EQ((*newest)->index, 1);
  EXPECT_EQ(*third, SaveOutcome::kSaved);
}

TEST_F(CheckpointStoreTest, NumbersThatAreNotFiniteAreRefused) {
  CheckpointStore store(folder_, quick());
  ASSERT_TRUE(save(store, 1).ok());
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    const auto refused = save(store, 2, bad);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, base::ErrorCode::kDiverged);
    EXPECT_NE(refused.error().message.find("model.weights"), std::string::npos);
  }
  EXPECT_EQ(store.indices(), (std::vector<std::int64_t>{1}));
}

}  // namespace
}  // namespace inknav::run
