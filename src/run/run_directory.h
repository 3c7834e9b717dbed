// SPDX-License-Identifier: MIT
#pragma once
// RunDirectory: the layout of a model directory, and the lock that keeps a second run out of it.
//
//   <model-dir>/train.log  config.yaml  tb/  data/ckpt.<n>.safetensors  data/final_model.safetensors
//              eval/  video_dir/  run.lock
// The lock is held for the life of the object (flock on run.lock, which also names pid, host and start time);
// a lock whose process is gone is taken over with a line in the log. Opening sweeps stray "*.tmp*" files.

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/result.h"
#include "config/experiment.h"

namespace inknav::run {

enum class ExistingRun : std::uint8_t {
  kRefuse,     // an existing, non-empty directory is kUsage, naming --overwrite and --resume-from
  kOverwrite,  // what a former run wrote (the list above) is moved into <model-dir>/old-<n>/
  kResume,     // go on in it
};

class RunDirectory {
 public:
  /// The refusals of open() that need no lock, to be asked before long preparations; changes nothing.
  static base::Status check(const std::filesystem::path& model_dir, ExistingRun existing);
  static base::Result<RunDirectory> open(const std::filesystem::path& model_dir, ExistingRun existing);
  RunDirectory(RunDirectory&&) noexcept;
  RunDirectory& operator=(RunDirectory&&) = delete;
  ~RunDirectory();

  const std::filesystem::path& root() const { return root_; }
  std::filesystem::path config_file() const { return root_ / "config.yaml"; }

 private:
  RunDirectory(std::filesystem::path root, int lock_fd);
  std::filesystem::path root_;
  int lock_fd_ = -1;
};

/// The paths of a run as the config has them after loading (they may lie outside the model directory).
struct RunPaths {
  std::filesystem::path checkpoints;
  std::filesystem::path tensorboard;
  std::filesystem::path videos;
  std::filesystem::path log_file;
};
RunPaths run_paths(const config::ExperimentConfig& config, const std::filesystem::path& model_dir);

}  // namespace inknav::run
