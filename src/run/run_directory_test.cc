// SPDX-License-Identifier: MIT
#include "run/run_directory.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "base/file.h"

namespace inknav::run {
namespace {

namespace fs = std::filesystem;

class RunDirectoryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() / ("inknav_run_" + std::to_string(::getpid()));
    fs::remove_all(root_);
  }
  void TearDown() override { fs::remove_all(root_); }
  void touch(const std::string& name) const {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << "x";
  }
  fs::path root_;
};

TEST_F(RunDirectoryTest, NewAndEmptyFoldersAreTaken) {
  { EXPECT_TRUE(RunDirectory::open(root_, ExistingRun::kRefuse).ok()); }
  EXPECT_TRUE(RunDirectory::open(root_, ExistingRun::kRefuse).ok()) << "the lock file alone is not content";
}

TEST_F(RunDirectoryTest, ExistingContentIsRefusedKeptOrSetAside) {
  touch("data/ckpt.1.safetensors");
  const auto refused = RunDirectory::open(root_, ExistingRun::kRefuse);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, base::ErrorCode::kUsage);
  EXPECT_EQ(refused.error().message,
            root_.string() +
                ": the model directory exists and is not empty; go on in it with --resume-from " +
                (root_ / "data/ckpt.1.safetensors").string() +
                ", or set its content aside with --overwrite, or choose another --model-dir");
  EXPECT_FALSE(fs::exists(root_ / "run.lock")) << "a refusal leaves nothing behind";
  { EXPECT_TRUE(RunDirectory::open(root_, ExistingRun::kResume).ok()); }
  EXPECT_TRUE(fs::exists(root_ / "data/ckpt.1.safetensors"));
  { EXPECT_TRUE(RunDirectory::open(root_, ExistingRun::kOverwrite).ok()); }
  EXPECT_FALSE(fs::exists(root_ / "data"));
  EXPECT_TRUE(fs::exists(root_ / "old-1/data/ckpt.1.safetensors"));
  touch("train.log");
  touch("homes/home_0.glb");
  { EXPECT_TRUE(RunDirectory::open(root_, ExistingRun::kOverwrite).ok()); }
  EXPECT_TRUE(fs::exists(root_ / "old-2/train.log"));
  EXPECT_TRUE(fs::exists(root_ / "homes/home_0.glb")) << "what no run wrote stays";
  { EXPECT_TRUE(RunDirectory::open(root_, ExistingRun::kOverwrite).ok()); }
  EXPECT_FALSE(fs::exists(root_ / "old-3")) << "nothing to set aside";
}

TEST_F(RunDirectoryTest, AFileIsNoFolder) {
  std::ofstream(root_) << "x";
  EXPECT_EQ(RunDirectory::open(root_, ExistingRun::kRefuse).error().code, base::ErrorCode::kUsage);
}

TEST_F(RunDirectoryTest, SecondRunIsRefusedAndNamesTheFirst) {
  const auto first = RunDirectory::open(root_, ExistingRun::kRefuse);
  ASSERT_TRUE(first.ok());
  const auto second = RunDirectory::open(root_, ExistingRun::kResume);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, base::ErrorCode::kUsage);
  EXPECT_NE(second.error().message.find("a run is already writing here (pid " + std::to_string(::getpid())),
            std::string::npos)
      << second.error().message;
}

TEST_F(RunDirectoryTest, LockOfAKilledRunIsTakenOverAndItsTemporariesSwept) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto held = RunDirectory::open(root_, ExistingRun::kRefuse);
    const char ok = held.ok() ? 'y' : 'n';
    if (::write(ready[1], &ok, 1) != 1) ::_exit(1);
    for (;;) ::pause();
  }
  char answer = 0;
  ASSERT_EQ(::read(ready[0], &answer, 1), 1);
  EXPECT_EQ(answer, 'y');
  EXPECT_FALSE(RunDirectory::open(root_, ExistingRun::kResume).ok());
  touch("data/ckpt.5.safetensors.tmp-" + std::to_string(child) + "-0");
  touch("data/ckpt.4.safetensors");
  touch("notes.tmp-backup");
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  const auto taken = RunDirectory::open(root_, ExistingRun::kResume);
  ASSERT_TRUE(taken.ok()) << taken.error().message;
  EXPECT_FALSE(fs::exists(root_ / ("data/ckpt.5.safetensors.tmp-" + std::to_string(child) + "-0")));
  EXPECT_TRUE(fs::exists(root_ / "data/ckpt.4.safetensors"));
  EXPECT_TRUE(fs::exists(root_ / "notes.tmp-backup")) << "not of our making";
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_F(RunDirectoryTest, OfManyAtOnceExactlyOneWins) {
  constexpr int kRivals = 16;
  int result[2];
  int hold[2];
  ASSERT_EQ(::pipe(result), 0);
  ASSERT_EQ(::pipe(hold), 0);
  for (int i = 0; i < kRivals; ++i) {
    if (::fork() != 0) continue;
    ::close(hold[1]);
    const auto held = RunDirectory::open(root_, ExistingRun::kResume);
    const char ok = held.ok() ? 'y' : 'n';
    if (::write(result[1], &ok, 1) != 1) ::_exit(1);
    char wait = 0;
    // Returns when the parent closes its end: the winner holds the lock until all have tried.
    if (::read(hold[0], &wait, 1) < 0) ::_exit(1);
    ::_exit(0);
  }
  int winners = 0;
  for (int i = 0; i < kRivals; ++i) {
    char answer = 0;
    ASSERT_EQ(::read(result[0], &answer, 1), 1);
    winners += answer == 'y' ? 1 : 0;
  }
  ::close(hold[1]);
  while (::wait(nullptr) > 0) {
  }
  EXPECT_EQ(winners, 1);
  for (const int fd : {result[0], result[1], hold[0]}) ::close(fd);
}

TEST_F(RunDirectoryTest, PathsComeFromTheConfigOrTheModelDirectory) {
  config::ExperimentConfig config;
  config.video_dir = "elsewhere";
  const RunPaths paths = run_paths(config, "m");
  EXPECT_EQ(paths.checkpoints, fs::path("m/data"));
  EXPECT_EQ(paths.tensorboard, fs::path("m/tb"));
  EXPECT_EQ(paths.videos, fs::path("elsewhere"));
  EXPECT_EQ(paths.log_file, fs::path("m/train.log"));
}

}  // namespace
}  // namespace inknav::run
