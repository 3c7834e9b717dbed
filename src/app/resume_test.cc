// SPDX-License-Identifier: MIT
// Whole runs of the program on two ranks (the diffusion policy with recorded walks): n updates, resume and n
// more equal 2n, bit for bit, whatever ended the first part: its end, SIGTERM, or SIGKILL of a rank. Equal
// are all tensors of the checkpoint and the stream of metrics; figures of speed (Perf/) are not. The same run
// twice is the same, too.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "run/checkpoint_store.h"
#include "run/metrics.h"
#include "task/test_dataset.h"

namespace inknav::app {
namespace {

namespace fs = std::filesystem;

constexpr int kPeerLost = 7, kPreempted = 75;
constexpr std::int64_t kForever = 1000000;
constexpr auto kPoll = std::chrono::milliseconds(5);
constexpr int kMaxPolls = 12000;

using MetricPoint = std::tuple<std::int64_t, std::string, double>;

/// The parameter is USE_DIFFUSION_POLICY.
class TwoRankRuns : public ::testing::TestWithParam<bool> {
 protected:
  TwoRankRuns() : data_(3) {
    data_.draw_all();
    const base::Status saved =
        task::save_episodes(data_.folder() / "train.json.gz", data_.dataset().episodes);
    EXPECT_TRUE(saved.ok());
    std::ofstream(path("tiny.yaml"))
        << "BASE_TASK_CONFIG_PATH: \"\"\nNUM_PROCESSES: 4\nNUM_RANKS: 2\nNUM_THREADS: 1\n"
           "LOG_INTERVAL: 1000\nCHECKPOINT_INTERVAL: 1\nKEEP_LAST_CHECKPOINTS: 2\nCACHE_DIR: \"\"\n"
           "SENSORS: [DEPTH_SENSOR]\nEXTRA_DEPTH: True\nPREDICT_GOAL: True\n"
           "USE_DIFFUSION_POLICY: "
        << (GetParam() ? "True" : "False")
        << "\nRL:\n    DIFFUSION: {horizon: 8, hidden_size: 32, demo_share: 0.5, obs_dim: 16, batch_size: 8, "
           "n_action_steps: "
           "2, "
           "num_train_timesteps: 20, num_inference_steps: 2, use_transformer_encoder: True, context_size: 3, "
           "use_goal_predictor: True, use_linear_lr_decay: False}\n"
           "    PPO: {num_steps: 4, num_mini_batch: 2, ppo_epoch: 2, hidden_size: 8, rnn_type: GRU, "
           "use_linear_lr_decay: False, use_linear_clip_decay: False, decode_waypoint: True}\n"
           "MODEL: {BACKBONE: small_cnn, BASE_PLANES: 4, CROP_CELLS: 16, READING_CHANNELS: 8, "
           "DRAWING_EMBEDDING: 8}\n"
           "TASK_CONFIG:\n    TASK: {DRAWING_SIZE: 32}\n    ENVIRONMENT: {MAX_EPISODE_STEPS: 8}\n"
           "    SIMULATOR: {MAP_CELLS: 96, DEPTH_SENSOR: {WIDTH: 16, HEIGHT: 16}}\n    DATASET:\n"
        << "        SCENES_DIR: " << path("scenes") << "\n        SKETCH_DIR: " << path("sketches")
        << "\n        DATA_PATH: \"" << path("{split}.json.gz") << "\"\n";
    if (GetParam()) record_walks();
  }

  /// From now on every second update learns from recorded walks.
  void record_walks() const {
    const pid_t child =
        start_program("demos", {"generate", "demos", "--exp-config", path("tiny.yaml"), "--scenes",
                                path("scenes"), "--episodes", path("train.json.gz"), "--sketches",
                                path("sketches"), "--out", path("demos"), "--max-steps", "12"});
    EXPECT_EQ(finish(child), 0) << log_of("demos");
    std::ofstream(path("tiny.yaml"), std::ios::app) << "DIFFUSION_DATA_DIR: " << path("demos") << "\n";
  }

  std::string path(const std::string& name) const { return (data_.folder() / name).string(); }
  run::CheckpointStore store(const std::string& name) const {
    return run::CheckpointStore(fs::path(path(name)) / "data");
  }
  std::int64_t newest(const std::string& name) const {
    const std::vector<std::int64_t> indices = store(name).indices();
    return indices.empty() ? 0 : indices.back();
  }

  /// `inknav train` into folder `name` up to `updates`, from the newest checkpoint there if `resume`.
  pid_t start(const std::string& name, std::int64_t updates, bool resume) const {
    std::vector<std::string> words{"train",    "--exp-config", path("tiny.yaml"),      "--model-dir",
                                   path(name), "NUM_UPDATES",  std::to_string(updates)};
    if (resume) {
      const std::string from = store(name).path_of(newest(name)).string();
      words.insert(words.begin() + 1, {"--resume-from", from});
    }
    return start_program(name, words);
  }
  /// Its output goes to `name`.txt.
  pid_t start_program(const std::string& name, std::vector<std::string> words) const {
    words.insert(words.begin(), INKNAV_BINARY);
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const std::string log = path(name + ".txt");
    const pid_t child = ::fork();
    if (child != 0) return child;
    const int to = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (to < 0 || ::dup2(to, 1) < 0 || ::dup2(to, 2) < 0) ::_exit(126);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  int finish(pid_t child) const {
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  void train(const std::string& name, std::int64_t updates, bool resume) const {
    EXPECT_EQ(finish(start(name, updates, resume)), 0) << log_of(name);
    EXPECT_EQ(newest(name), updates) << log_of(name);
  }
  std::string log_of(const std::string& name) const {
    std::ifstream file(path(name + ".txt"));
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  void wait_for_update(const std::string& name, std::int64_t update) const {
    for (int i = 0; i < kMaxPolls && newest(name) < update; ++i) std::this_thread::sleep_for(kPoll);
    EXPECT_GE(newest(name), update) << log_of(name);
  }
  /// The rank processes of a running launcher.
  static std::vector<pid_t> ranks_of(pid_t launcher) {
    const std::string id = std::to_string(launcher);
    std::ifstream file("/proc/" + id + "/task/" + id + "/children");
    std::vector<pid_t> children;
    for (pid_t child = 0; file >> child;) children.push_back(child);
    return children;
  }

  std::vector<MetricPoint> metrics(const std::string& name) const {
    const auto points = run::read_scalars(fs::path(path(name)) / "tb");
    EXPECT_TRUE(points.ok());
    std::vector<MetricPoint> stream;
    for (const run::ScalarPoint& point : *points) {
      if (!point.tag.starts_with("Perf/")) stream.emplace_back(point.step, point.tag, point.value);
    }
    return stream;
  }

  void expect_equal(const std::string& one, const std::string& other) const {
    const auto a = store(one).load_newest(), b = store(other).load_newest();
    ASSERT_TRUE(a.ok() && a->has_value() && b.ok() && b->has_value());
    EXPECT_EQ((**a).index, (**b).index);
    ASSERT_EQ((**a).file.entries().size(), (**b).file.entries().size());
    for (const auto& [tensor, entry] : (**a).file.entries()) {
      const auto x = (**a).file.find(tensor), y = (**b).file.find(tensor);
      ASSERT_TRUE(x.ok() && y.ok()) << tensor;
      EXPECT_TRUE(std::equal(x->bytes.begin(), x->bytes.end(), y->bytes.begin(), y->bytes.end()))
          << tensor << " of " << other;
    }
    const std::vector<MetricPoint> whole = metrics(one);
    EXPECT_GT(whole.size(), 20u);
    EXPECT_EQ(whole, metrics(other)) << other;
  }

  task::testing::TestDataset data_;
};

TEST_P(TwoRankRuns, ResumeEqualsOneRunWhateverEndedTheFirstPart) {
  const pid_t preempted = start("preempted", kForever, false);
  wait_for_update("preempted", 2);
  EXPECT_EQ(::kill(preempted, SIGTERM), 0);
  EXPECT_EQ(finish(preempted), kPreempted) << log_of("preempted");

  const pid_t killed = start("killed", kForever, false);
  wait_for_update("killed", 2);
  const std::vector<pid_t> ranks = ranks_of(killed);
  EXPECT_EQ(ranks.size(), 2u);
  for (const pid_t rank : ranks) EXPECT_EQ(::kill(rank, SIGKILL), 0);
  EXPECT_EQ(finish(killed), kPeerLost) << log_of("killed");

  const std::int64_t half = std::max(newest("preempted"), newest("killed"));
  train("preempted", 2 * half, true);
  train("killed", 2 * half, true);
  train("parts", half, false);
  train("parts", 2 * half, true);
  train("whole", 2 * half, false);
  train("again", 2 * half, false);
  for (const char* name : {"again", "parts", "preempted", "killed"}) expect_equal("whole", name);
}

INSTANTIATE_TEST_SUITE_P(Policies, TwoRankRuns, ::testing::Bool(),
                         [](const auto& policy) { return std::string(policy.param ? "Diffusion" : "Ppo"); });

}  // namespace
}  // namespace inknav::app
