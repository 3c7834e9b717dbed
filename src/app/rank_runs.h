// SPDX-License-Identifier: MIT
#pragma once
// Tests only: whole runs of the program on several ranks, started in every way that there is.
//
//   RankRuns runs;                                   // a tiny experiment of 12 environments
//   Launched run = runs.self_launch("a", 3, {...});  // or torchrun, or by_hand with SLURM's variables
//   EXPECT_EQ(runs.finish(run), 0); EXPECT_EQ(runs.hash("a"), ...);
//
// Output of process k of run "a" goes to a.<k>.txt in the experiment's folder, its files to the model
// directory "a" there.

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "app/tiny_experiment.h"
#include "base/hash.h"
#include "run/checkpoint_store.h"
#include "run/launch.h"

namespace inknav::app::testing {

constexpr int kPeerLost = 7;

struct Launched {
  std::string name;
  std::vector<pid_t> processes;  // that the test started: the launcher, or each rank
};

class RankRuns {
 public:
  using Words = std::vector<std::string>;
  using Clock = std::chrono::steady_clock;

  const TinyExperiment& tiny() const { return tiny_; }

  /// `inknav train` that starts its ranks itself.
  Launched self_launch(const std::string& name, int world, const Words& overrides,
                       const Words& variables = {}) const {
    return start_all(name, {with_variables(variables, train(name, world, overrides))});
  }
  Launched torchrun(const std::string& name, int world, const Words& flags, const Words& overrides,
                    const Words& variables = {}) const {
    // Debian 12's torchrun (1.13 on Python 3.11) fails with its own defaults of the two, "0".
    Words words{
        kTorchrun, "--nproc_per_node", std::to_string(world), "--no_python", "--redirects", "1", "--tee",
        "1",       "--log_dir",        tiny_.path("torchrun")};
    words.insert(words.end(), flags.begin(), flags.end());
    const Words ranks = train(name, world, overrides);
    words.insert(words.end(), ranks.begin(), ranks.end());
    return start_all(name, {with_variables(variables, words)});
  }
  /// Each rank by hand, with the variables that srun would set on one node.
  Launched slurm(const std::string& name, int world, const Words& overrides,
                 const Words& variables = {}) const {
    static int job = static_cast<int>(::getpid());
    ++job;
    std::vector<Words> ranks;
    for (int rank = 0; rank < world; ++rank) {
      Words mine{"SLURM_PROCID=" + std::to_string(rank),
                 "SLURM_LOCALID=" + std::to_string(rank),
                 "SLURM_NTASKS=" + std::to_string(world),
                 "SLURM_JOB_ID=" + std::to_string(job),
                 "SLURM_NNODES=1",
                 "SLURM_NODELIST=no-host-of-this-name"};
      mine.insert(mine.end(), variables.begin(), variables.end());
      ranks.push_back(with_variables(mine, train(name, world, overrides)));
    }
    return start_all(name, ranks);
  }
  /// Any command lines, one a process.
  Launched start_all(const std::string& name, const std::vector<Words>& lines) const {
    Launched run{name, {}};
    for (const Words& line : lines) {
      run.processes.push_back(tiny_.start(line.front(), Words(line.begin() + 1, line.end()),
                                          log_name(name, run.processes.size())));
    }
    return run;
  }
  Words train(const std::string& name, int world, const Words& overrides) const {
    Words words{INKNAV_BINARY,    "train",         "--exp-config", tiny_.config(), "--model-dir",
                tiny_.path(name), "NUM_PROCESSES", "12",           "NUM_RANKS",    std::to_string(world)};
    words.insert(words.end(), overrides.begin(), overrides.end());
    return words;
  }
  static Words with_variables(const Words& variables, const Words& line) {
    Words words{"/usr/bin/env"};
    words.insert(words.end(), variables.begin(), variables.end());
    words.insert(words.end(), line.begin(), line.end());
    return words;
  }

  /// Exit codes of the processes, 128 + signal where one ended it.
  std::vector<int> finish(const Launched& run) const {
    std::vector<int> codes;
    for (const pid_t process : run.processes) {
      int status = 0;
      EXPECT_EQ(::waitpid(process, &status, 0), process);
      codes.push_back(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    }
    return codes;
  }
  void expect_done(const Launched& run) const {
    for (const int code : finish(run)) EXPECT_EQ(code, 0) << output(run);
  }

  /// What all its processes have said so far.
  std::string output(const Launched& run) const {
    std::string text;
    for (std::size_t k = 0; k < run.processes.size(); ++k) text += output(run, k);
    return text;
  }
  std::string output(const Launched& run, std::size_t process) const {
    return read_text(tiny_.path(log_name(run.name, process)));
  }
  std::string train_log(const std::string& name) const { return read_text(tiny_.path(name) + "/train.log"); }
  /// False when it was not said within a minute.
  bool wait_for_words(const Launched& run, const std::string& words) const {
    for (int i = 0; i < 6000; ++i) {
      if (output(run).find(words) != std::string::npos) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

  /// Of all tensors of the newest checkpoint.
  std::string hash(const std::string& name) const {
    const run::CheckpointStore store(std::filesystem::path(tiny_.path(name)) / "data");
    const auto newest = store.load_newest();
    if (!newest.ok() || !newest->has_value()) return "no checkpoint in " + name;
    base::Hasher hasher;
    for (const auto& [tensor, entry] : (**newest).file.entries()) {
      const auto span = (**newest).file.find(tensor);
      if (!span.ok()) return span.error().message;
      hasher.update(tensor.data(), tensor.size());
      hasher.update(span->bytes.data(), span->bytes.size());
    }
    return hasher.digest().hex();
  }

  static bool has_torchrun() { return std::filesystem::exists(kTorchrun); }

 private:
  static constexpr const char* kTorchrun = "/usr/bin/torchrun";

  static std::string log_name(const std::string& name, std::size_t process) {
    return name + "." + std::to_string(process) + ".txt";
  }

  TinyExperiment tiny_;
};

}  // namespace inknav::app::testing
