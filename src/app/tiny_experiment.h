// SPDX-License-Identifier: MIT
#pragma once
// TinyExperiment: a dataset of two small scenes and a policy of a few thousand weights, so that a test can
// run whole commands in well under a second: in this process, or as the program a user starts. Tests only;
// everything lies in a temporary folder that goes away with the object.

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "app/command.h"
#include "app/command_line.h"
#include "base/check.h"
#include "task/test_dataset.h"

namespace inknav::app::testing {

/// What a command left behind.
struct Outcome {
  int code = -1;
  std::string text;     // stderr: log lines and the sentence of the error
  std::string refusal;  // that sentence ("inknav: ..." without the first word), empty without an error
};

inline std::string read_text(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

inline std::string refusal_in(const std::string& text) {
  constexpr std::string_view kMark = "inknav: ";
  const std::size_t at = text.starts_with(kMark) ? 0 : text.rfind("\ninknav: ");
  if (at == std::string::npos) return {};
  const std::size_t begin = at + kMark.size() + (text[at] == '\n' ? 1 : 0);
  return text.substr(begin, text.find('\n', begin) - begin);
}

/// Redirects stderr and stdout of this process into files while it lives.
class CapturedOutput {
 public:
  explicit CapturedOutput(const std::filesystem::path& file) : file_(file) {
    for (const int fd : {1, 2}) {
      saved_[fd - 1] = ::dup(fd);
      const int to = ::open(fd == 2 ? file.c_str() : "/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0600);
      INKNAV_CHECK(saved_[fd - 1] >= 0 && to >= 0 && ::dup2(to, fd) == fd);
      ::close(to);
    }
  }
  ~CapturedOutput() { stop(); }
  CapturedOutput(const CapturedOutput&) = delete;
  CapturedOutput& operator=(const CapturedOutput&) = delete;

  std::string stop() {
    std::fflush(stdout);
    for (const int fd : {1, 2}) {
      if (saved_[fd - 1] < 0) continue;
      ::dup2(saved_[fd - 1], fd);
      ::close(saved_[fd - 1]);
      saved_[fd - 1] = -1;
    }
    return read_text(file_);
  }

 private:
  std::filesystem::path file_;
  int saved_[2] = {-1, -1};
};

class TinyExperiment {
 public:
  explicit TinyExperiment(int episodes_a_scene = 3) : data_(episodes_a_scene) {
    data_.draw_all();
    save_list("train");
    write_config("");
  }

  task::Dataset& dataset() { return data_.dataset(); }
  const std::filesystem::path& folder() const { return data_.folder(); }
  std::string path(const std::string& name) const { return (folder() / name).string(); }
  std::string config() const { return path("tiny.yaml"); }
  std::string model_dir() const { return path("model"); }

  /// Writes the episodes as they are now as the list of a split.
  void save_list(const std::string& split) {
    const base::Status saved = task::save_episodes(folder() / (split + ".json.gz"), data_.dataset().episodes);
    INKNAV_CHECK(saved.ok(), saved.error().message);
  }

  /// `more`: lines at the end; `task`: keys of TASK_CONFIG.TASK.
  void write_config(const std::string& more, const std::string& task = "") const {
    std::ofstream file(config());
    file << "BASE_TASK_CONFIG_PATH: \"\"\nNUM_PROCESSES: 2\nNUM_RANKS: 1\nNUM_THREADS: 1\nNUM_UPDATES: 1\n"
            "LOG_INTERVAL: 1\nCHECKPOINT_INTERVAL: 1\nCACHE_DIR: \"\"\nSENSORS: [DEPTH_SENSOR]\n"
            "EXTRA_DEPTH: False\nPREDICT_GOAL: False\nTEST_EPISODE_COUNT: 0\nEVAL: {SPLIT: train, CONTROLS: "
            "[], "
            "VIDEO_EPISODES: 0}\n"
            "RL:\n    PPO: {num_steps: 2, num_mini_batch: 1, ppo_epoch: 1, hidden_size: 8, rnn_type: none}\n"
            "MODEL: {BACKBONE: none, CROP_CELLS: 16, READING_CHANNELS: 8, DRAWING_EMBEDDING: 8}\n"
            "TASK_CONFIG:\n    TASK: {"
         << task
         << "DRAWING_SIZE: 32}\n    ENVIRONMENT: {MAX_EPISODE_STEPS: 8}\n"
            "    SIMULATOR: {MAP_CELLS: 96, DEPTH_SENSOR: {WIDTH: 12, HEIGHT: 8}}\n    DATASET:\n"
         << "        SCENES_DIR: " << path("scenes") << "\n        SKETCH_DIR: " << path("sketches")
         << "\n        DATA_PATH: \"" << path("{split}.json.gz") << "\"\n"
         << more;
  }

  /// "train" or "eval" with the tiny configuration, then `more` (flags first, overrides behind).
  std::vector<std::string> words(const std::string& command,
                                 const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words{command, "--exp-config", config(), "--model-dir", model_dir()};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  /// Runs `inknav <words>` in this process.
  Outcome run(std::vector<std::string> words) const {
    words.insert(words.begin(), "inknav");
    CapturedOutput output(folder() / "stderr.txt");
    Outcome outcome;
    outcome.code = run_command_line(words, commands());
    outcome.text = output.stop();
    outcome.refusal = refusal_in(outcome.text);
    return outcome;
  }
  Outcome train(const std::vector<std::string>& more = {}) const { return run(words("train", more)); }
  Outcome eval(const std::vector<std::string>& more = {}) const { return run(words("eval", more)); }

  /// Starts `program <words>` as a process of its own; its stderr goes to `name` in the folder. With
  /// `file_limit`, no file that it writes may grow beyond so many bytes.
  pid_t start(const std::string& program, std::vector<std::string> words, const std::string& name,
              std::optional<rlim_t> file_limit = std::nullopt) const {
    words.insert(words.begin(), program);
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const std::string file = path(name);
    const pid_t child = ::fork();
    if (child != 0) return child;
    const int to = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (to < 0 || ::dup2(to, 2) < 0 || ::dup2(to, 1) < 0) ::_exit(126);
    const rlimit limit{file_limit.value_or(0), file_limit.value_or(0)};
    if (file_limit && ::setrlimit(RLIMIT_FSIZE, &limit) != 0) ::_exit(126);
    ::execv(program.c_str(), arguments.data());
    ::_exit(127);
  }
  /// Waits for it; a process that a signal ended has the code 128 + signal.
  Outcome finish(pid_t child, const std::string& name) const {
    int status = 0;
    INKNAV_CHECK(::waitpid(child, &status, 0) == child, child);
    Outcome outcome;
    outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    outcome.text = read_text(path(name));
    outcome.refusal = refusal_in(outcome.text);
    return outcome;
  }

 private:
  task::testing::TestDataset data_;
};

}  // namespace inknav::app::testing
