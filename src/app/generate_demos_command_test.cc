// SPDX-License-Identifier: MIT
#include "app/generate_demos_command.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "app/data_check_command.h"
#include "app/generate_episodes_command.h"
#include "app/generate_homes_command.h"
#include "app/tiny_experiment.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/temporary_folder.h"
#include "task/demonstration_file.h"
#include "task/demonstration_reader.h"

namespace inknav::app {
namespace {

namespace fs = std::filesystem;

base::Result<int> run(Define define, std::vector<std::string> arguments) {
  CLI::App app;
  const Action action = define(app);
  std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
  app.parse(std::move(arguments));
  return action();
}

/// Two homes and four episodes, made as a person would.
class GenerateDemos : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    temporary_.emplace();
    folder_ = temporary_->path();
    const auto homes =
        run(define_generate_homes, {"--count", "2", "--max-rooms", "3", "--out", text_of("homes")});
    ASSERT_TRUE(homes.ok()) << homes.error().message;
    const auto episodes = run(define_generate_episodes,
                              {"--scenes", text_of("homes"), "--out", text_of("data"), "--count", "4"});
    ASSERT_TRUE(episodes.ok()) << episodes.error().message;
  }
  static void TearDownTestSuite() { temporary_.reset(); }
  static std::string text_of(const char* name) { return (folder_ / name).string(); }

  static base::Result<int> generate(std::vector<std::string> more) {
    std::vector<std::string> arguments = {"--scenes",      text_of("homes"),     "--episodes",
                                          text_of("data"), "--camera-size",      "16",
                                          "--out",         text_of("data/demos")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(define_generate_demos, arguments);
  }

  static inline std::optional<base::TemporaryFolder> temporary_;
  static fs::path folder_;
};
fs::path GenerateDemos::folder_;

TEST_F(GenerateDemos, WritesASetThatDataCheckPasses) {
  const auto made = generate({"--overwrite"});
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_EQ(*made, 0);
  const fs::path set = folder_ / "data/demos/train";
  EXPECT_TRUE(fs::exists(task::manifest_path(set)));
  for (const fs::path& path : {set, set.parent_path()}) {
    const auto checked = run(define_data_check, {path.string()});
    ASSERT_TRUE(checked.ok()) << checked.error().message;
    EXPECT_EQ(*checked, 0);
  }
}

TEST_F(GenerateDemos, DataCheckTellsDamageByItsExitCode) {
  ASSERT_TRUE(generate({"--seed", "3", "--overwrite"}).ok());
  const fs::path set = folder_ / "data/demos/train";
  auto bytes = *base::read_file(task::shard_path(set, 0), 1u << 28);
  bytes.at(bytes.size() - 1) ^= 4u;
  ASSERT_TRUE(base::write_file_atomic(task::shard_path(set, 0), bytes).ok());
  const auto damaged = run(define_data_check, {set.string()});
  ASSERT_TRUE(damaged.ok());
  EXPECT_EQ(*damaged, 3);
  fs::resize_file(task::shard_path(set, 0), bytes.size() / 2);
  const auto cut = run(define_data_check, {set.string()});
  ASSERT_TRUE(cut.ok());
  EXPECT_EQ(*cut, 3);
  ASSERT_TRUE(generate({"--seed", "3"}).ok());  // repairs it
  const auto undrawn = run(define_data_check, {set.string(), "--sketches", "/nowhere"});
  ASSERT_TRUE(undrawn.ok());
  EXPECT_EQ(*undrawn, 3);
}

TEST_F(GenerateDemos, AMissingListIsAUsageError) {
  const auto code = generate({"--split", "val"});
  ASSERT_FALSE(code.ok());
  EXPECT_EQ(code.error().code, base::ErrorCode::kUsage);
  EXPECT_NE(code.error().message.find("val/val.json.gz, is wanted, found none"), std::string::npos)
      << code.error().message;
}

using Words = std::vector<std::string>;

Words joined(Words first, const Words& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

std::map<std::string, std::vector<std::uint8_t>> files_of(const fs::path& folder) {
  std::map<std::string, std::vector<std::uint8_t>> files;
  for (const auto& entry : fs::directory_iterator(folder))
    files[entry.path().filename().string()] = *base::read_file(entry.path(), 1u << 28);
  return files;
}

/// A diffusion policy of some thousand weights with all that rounds otherwise in other batches: convolutions
/// on depth, maps and drawings, a recurrent core, attention, plans that begin at the last ones.
class GenerateDemosWithAStudent : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    experiment_ = std::make_unique<testing::TinyExperiment>(4);
    const testing::Outcome trained = train("model", "2", {});
    ASSERT_EQ(trained.code, 0) << trained.text;
  }
  static void TearDownTestSuite() { experiment_.reset(); }

  /// `from`: a checkpoint to go on from.
  static testing::Outcome train(const std::string& name, const std::string& updates, const Words& more,
                                const std::string& from = "") {
    const Words first = from.empty() ? Words{"train"} : Words{"train", "--resume-from", from};
    const Words words = {"--exp-config",
                         experiment_->config(),
                         "--model-dir",
                         experiment_->path(name),
                         "NUM_UPDATES",
                         updates,
                         "EXTRA_DEPTH",
                         "True",
                         "USE_DIFFUSION_POLICY",
                         "True",
                         "RL.DIFFUSION.horizon",
                         "8",
                         "RL.DIFFUSION.hidden_size",
                         "32",
                         "RL.DIFFUSION.obs_dim",
                         "16",
                         "RL.DIFFUSION.batch_size",
                         "8",
                         "RL.DIFFUSION.n_action_steps",
                         "2",
                         "RL.DIFFUSION.num_train_timesteps",
                         "20",
                         "RL.DIFFUSION.num_inference_steps",
                         "2",
                         "RL.DIFFUSION.num_candidates",
                         "2",
                         "RL.DIFFUSION.warm_start",
                         "0.5",
                         "RL.DIFFUSION.use_transformer_encoder",
                         "True",
                         "RL.DIFFUSION.context_size",
                         "3",
                         "RL.PPO.decode_waypoint",
                         "True",
                         "MODEL.BACKBONE",
                         "small_cnn",
                         "MODEL.BASE_PLANES",
                         "4"};
    return experiment_->run(joined(joined(first, words), more));
  }
  static std::string checkpoint(const std::string& model = "model") {
    return experiment_->path(model + "/data/final_model.safetensors");
  }
  /// Into the folder `name` of the experiment.
  static testing::Outcome generate(const std::string& name, const Words& more) {
    const Words words = {"generate",        "demos",
                         "--scenes",        experiment_->path("scenes"),
                         "--episodes",      experiment_->path("train.json.gz"),
                         "--sketches",      experiment_->path("sketches"),
                         "--out",           experiment_->path(name),
                         "--max-steps",     "20",
                         "--walks-a-shard", "5"};
    return experiment_->run(joined(words, more));
  }
  static testing::Outcome walk(const std::string& name, const Words& more) {
    return generate(name, joined({"--policy", checkpoint()}, more));
  }
  static fs::path set_of(const std::string& name) { return fs::path(experiment_->path(name)) / "train"; }

  static void expect_refusal(const testing::Outcome& outcome, int code, const std::string& part) {
    EXPECT_EQ(outcome.code, code) << outcome.text;
    EXPECT_NE(outcome.refusal.find(part), std::string::npos) << outcome.text;
  }

  static std::unique_ptr<testing::TinyExperiment> experiment_;
};
std::unique_ptr<testing::TinyExperiment> GenerateDemosWithAStudent::experiment_;

TEST_F(GenerateDemosWithAStudent, WritesASetThatNamesItAndThatATrainingLearnsFrom) {
  const testing::Outcome made = walk("first", {"--student-share", "0.75"});
  ASSERT_EQ(made.code, 0) << made.text;
  const auto set = task::DemonstrationSet::open(set_of("first"));
  ASSERT_TRUE(set.ok()) << set.error().message;
  const auto bytes = base::read_file(checkpoint(), 1u << 28);
  ASSERT_TRUE(bytes.ok());
  const auto told = nlohmann::json::parse(set->manifest().generation);
  EXPECT_EQ(told.at("student"), base::xxh3_128(bytes->data(), bytes->size()).hex());
  EXPECT_EQ(told.at("student_share"), 0.75);
  EXPECT_EQ(set->format().sensors.camera.width, 12);
  std::int64_t own = 0, otherwise = 0;
  for (std::size_t i = 0; i < set->size(); ++i) {
    const auto demonstration = set->load(i);
    ASSERT_TRUE(demonstration.ok());
    for (const task::DemonstrationStep& step : demonstration->steps) {
      own += step.by_student ? 1 : 0;
      otherwise += step.by_student && step.action != step.expert_action ? 1 : 0;
    }
  }
  EXPECT_GT(otherwise, 10);  // it has learned next to nothing
  EXPECT_NEAR(static_cast<double>(own) / static_cast<double>(set->num_steps()), 0.75, 0.2);
  EXPECT_EQ(
      experiment_
          ->run({"data", "check", set_of("first").string(), "--sketches", experiment_->path("sketches")})
          .code,
      0);
  // The next round learns from the expert's walks and the student's together.
  ASSERT_EQ(generate("expert", {"--exp-config", experiment_->config()}).code, 0);
  const std::string both = experiment_->path("expert") + "," + experiment_->path("first");
  const testing::Outcome trained =
      train("second", "2", {"DIFFUSION_DATA_DIR", both, "RL.DIFFUSION.demo_share", "1.0"});
  ASSERT_EQ(trained.code, 0) << trained.text;
  EXPECT_NE(trained.text.find("learn from 16 recorded walks"), std::string::npos) << trained.text;
  // It goes on from a round that knew none of them, or others.
  const testing::Outcome more = train("more", "4", {"DIFFUSION_DATA_DIR", both}, checkpoint());
  EXPECT_EQ(more.code, 0) << more.text;
  EXPECT_EQ(more.text.find("they begin anew"), std::string::npos) << more.text;
  const testing::Outcome others =
      train("others", "4", {"DIFFUSION_DATA_DIR", experiment_->path("first")}, checkpoint("second"));
  EXPECT_EQ(others.code, 0) << others.text;
  EXPECT_NE(others.text.find("others than the checkpoint's run learned from; they begin anew"),
            std::string::npos)
      << others.text;
  expect_refusal(train("comma", "2", {"DIFFUSION_DATA_DIR", both + ","}), 2,
                 "with an empty name; remove the comma");
  expect_refusal(train("nowhere", "2", {"DIFFUSION_DATA_DIR", experiment_->path("first") + ",/nowhere"}), 3,
                 "/nowhere: a folder of demonstrations");
}

TEST_F(GenerateDemosWithAStudent, TheSameBytesForAnyThreadsAndWalksAtOnceAndWhenResumed) {
  const testing::Outcome made = walk("one", {"--num-envs", "1", "--threads", "1"});
  ASSERT_EQ(made.code, 0) << made.text;
  const auto one = files_of(set_of("one"));
  EXPECT_EQ(one.size(), 3u);
  for (const Words& more : {Words{"--num-envs", "3", "--threads", "2"}, Words{"--num-envs", "5"},
                            Words{"--num-envs", "64", "--threads", "3"}}) {
    const testing::Outcome other = walk("other", joined(more, {"--overwrite"}));
    ASSERT_EQ(other.code, 0) << other.text;
    EXPECT_EQ(files_of(set_of("other")), one);
    fs::remove_all(set_of("other"));
  }
  fs::remove(task::shard_path(set_of("one"), 0));
  fs::resize_file(task::shard_path(set_of("one"), 1), 100);
  const testing::Outcome resumed = walk("one", {"--num-envs", "2"});
  ASSERT_EQ(resumed.code, 0) << resumed.text;
  EXPECT_EQ(files_of(set_of("one")), one);
}

TEST_F(GenerateDemosWithAStudent, AnotherCheckpointIsAnotherSet) {
  ASSERT_EQ(walk("named", {}).code, 0);
  ASSERT_EQ(train("longer", "3", {}).code, 0);
  const Words other = {"--policy", checkpoint("longer")};
  expect_refusal(generate("named", other), 2, "use --overwrite or another folder");
  expect_refusal(walk("named", {"--student-share", "0.5"}), 2, "use --overwrite or another folder");
  expect_refusal(generate("named", {"--exp-config", experiment_->config()}), 2,
                 "use --overwrite or another folder");
  EXPECT_EQ(walk("named", {}).code, 0);
  EXPECT_EQ(generate("named", joined(other, {"--overwrite"})).code, 0);
}

TEST_F(GenerateDemosWithAStudent, RefusesWhatIsNoStudent) {
  expect_refusal(
      generate("none", {"--policy", "/nowhere.safetensors"}), 2,
      "--policy /nowhere.safetensors: a checkpoint (<model-dir>/data/ckpt.<n>.safetensors) is wanted");
  auto bytes = *base::read_file(checkpoint(), 1u << 28);
  const std::string damaged = experiment_->path("damaged.safetensors");
  bytes.at(bytes.size() - 100) ^= 1u;
  ASSERT_TRUE(base::write_file_atomic(damaged, bytes).ok());
  expect_refusal(generate("none", {"--policy", damaged}), 3, damaged + ": ");
  bytes.resize(bytes.size() / 2);
  ASSERT_TRUE(base::write_file_atomic(damaged, bytes).ok());
  expect_refusal(generate("none", {"--policy", damaged}), 3, damaged + ": ");
  // An experiment with another camera or body than the policy has learned with.
  const std::string config = testing::read_text(experiment_->config());
  const std::size_t at = config.find("WIDTH: 12");
  ASSERT_NE(at, std::string::npos);
  const std::string wide = experiment_->path("wide.yaml");
  std::ofstream(wide) << std::string(config).replace(at, 9, "WIDTH: 16");
  expect_refusal(walk("none", {"--exp-config", wide}), 2,
                 "DEPTH_SENSOR.WIDTH: the policy " + checkpoint() + " was trained with 12, --exp-config " +
                     wide + " gives 16");
  EXPECT_EQ(walk("agrees", {"--exp-config", experiment_->config()}).code, 0);
  expect_refusal(walk("none", {"--student-share", "1.5"}), 2,
                 "--student-share must lie in [0, 1], found 1.5");
  expect_refusal(walk("none", {"--student-share", "-0.5"}), 2, "--student-share must lie in [0, 1]");
  expect_refusal(generate("none", {"--student-share", "0.5"}), 2, "--student-share requires --policy");
  expect_refusal(walk("none", {"--camera-size", "16"}), 2, "excludes");
  expect_refusal(walk("none", {"--no-drawings"}), 2, "--no-drawings: the student finds its way");
  EXPECT_FALSE(fs::exists(task::manifest_path(set_of("none"))));
}

}  // namespace
}  // namespace inknav::app
