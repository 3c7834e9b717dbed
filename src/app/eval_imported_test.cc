// SPDX-License-Identifier: MIT
// `inknav eval` as somebody uses it who comes from Habitat: the shipped PointNav file, a list in Habitat's
// layout, and a checkpoint that PyTorch wrote (learn/habitat/testdata/README.md).
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "app/tiny_experiment.h"

namespace inknav::app {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPolicy = "src/learn/habitat/testdata/depth_lstm_torch_2_11.pth";
constexpr int kEpisodes = 4;

class EvalImported : public ::testing::Test {
 protected:
  void SetUp() override {
    const fs::path root = tiny_.folder() / "pointnav" / "val";
    fs::create_directories(root / "content");
    // Of each building one file, as in Gibson's list; packed by the command that users have for it.
    for (const std::string scene : {"rooms", "twin"}) {
      nlohmann::json episodes = nlohmann::json::array();
      for (const task::Episode& episode : tiny_.dataset().episodes) {
        if (episode.scene_id == scene + ".glb") episodes.push_back(habitat_episode(episode));
      }
      write(tiny_.path(scene + ".json"), {{"episodes", episodes}});
      const auto packed = tiny_.run({"data", "convert", tiny_.path(scene + ".json"),
                                     (root / "content" / (scene + ".json.gz")).string()});
      ASSERT_EQ(packed.code, 0) << packed.text;
    }
    write(root / "val.json", {{"episodes", nlohmann::json::array()}});
  }

  static nlohmann::json habitat_episode(const task::Episode& episode) {
    const auto list = [](const base::Vec3& p) { return nlohmann::json{p.x, p.y, p.z}; };
    const base::Quat& q = episode.start.rotation;
    return {{"episode_id", episode.episode_id},
            {"scene_id", episode.scene_id},
            {"start_position", list(episode.start.position)},
            {"start_rotation", {q.x, q.y, q.z, q.w}},
            {"info", {{"geodesic_distance", episode.geodesic_distance}, {"difficulty", "easy"}}},
            {"goals", {{{"position", list(episode.goals.front().position)}, {"radius", nullptr}}}},
            {"start_room", nullptr},
            {"shortest_paths", nullptr}};
  }
  static void write(const fs::path& path, const nlohmann::json& json) { std::ofstream(path) << json; }

  testing::Outcome eval(const std::vector<std::string>& more) const {
    const std::string camera = "TASK_CONFIG.SIMULATOR.";
    std::vector<std::string> words = {
        "eval", "--exp-config", "configs/habitat/pointnav_gibson.yaml", "--model-dir", tiny_.model_dir(),
        "NUM_PROCESSES", "2", "NUM_THREADS", "1", "CACHE_DIR",
        // Empty: nothing is kept.
        "", "EVAL_CKPT_PATH_DIR", kPolicy, "TASK_CONFIG.DATASET.SCENES_DIR", tiny_.path("scenes"),
        "TASK_CONFIG.DATASET.DATA_PATH", tiny_.path("pointnav/{split}/{split}.json"),
        "TASK_CONFIG.ENVIRONMENT.MAX_EPISODE_STEPS", "12"};
    for (const std::string sensor : {"RGB_SENSOR.", "DEPTH_SENSOR."}) {
      for (const char* extent : {"WIDTH", "HEIGHT"}) {
        words.push_back(camera + sensor + extent);
        words.push_back("128");
      }
    }
    words.insert(words.end(), more.begin(), more.end());
    return tiny_.run(words);
  }
  nlohmann::json track() const {
    return nlohmann::json::parse(testing::read_text(fs::path(tiny_.model_dir()) / "eval" / "stats.json"))
        .at("tracks")
        .at("val");
  }
  std::string report() const {
    return testing::read_text(fs::path(tiny_.model_dir()) / "eval" / "report.html");
  }
  std::size_t videos() const {
    std::size_t count = 0;
    for (const auto& entry : fs::directory_iterator(fs::path(tiny_.model_dir()) / "video_dir"))
      count += entry.path().extension() == ".mp4" && entry.file_size() > 1000;
    return count;
  }

  testing::TinyExperiment tiny_{kEpisodes / 2};
};

TEST_F(EvalImported, APyTorchFileIsEvaluatedOnHabitatsPointNav) {
  const testing::Outcome outcome =
      eval({"EVAL.VIDEO_EPISODES", "2", "VIDEO_OPTION", "[disk]", "DISPLAY_RESOLUTION", "64",
            "TASK_CONFIG.TASK.MEASUREMENTS",
            "[distance_to_goal, success, spl, soft_spl, collisions, num_steps, top_down_map, "
            "distance_to_goal_reward]"});
  ASSERT_EQ(outcome.code, 0) << outcome.text;
  EXPECT_NE(outcome.text.find("59 tensors read into"), std::string::npos) << outcome.text;
  const nlohmann::json stats = track();
  EXPECT_EQ(stats.at("episodes"), kEpisodes);
  for (const char* wanted : {"success", "spl", "soft_spl", "distance_to_goal", "collisions", "num_steps",
                             "collisions.is_collision", "distance_to_goal_reward"}) {
    EXPECT_TRUE(stats.contains(wanted)) << wanted;
  }
  for (const char* absent : {"belief_error", "ndtw", "success_3m", "top_down_map"})
    EXPECT_FALSE(stats.contains(absent)) << absent;
  EXPECT_GE(stats.at("num_steps").get<double>(), 1.0);
  EXPECT_LE(stats.at("num_steps").get<double>(), 12.0);
  EXPECT_GT(stats.at("distance_to_goal").get<double>(), 0.0);
  EXPECT_EQ(videos(), 2u);
  const std::string page = report();
  for (const char* wanted : {"The top-down map and what it walked", "<th>num_steps</th>", "shortest path"})
    EXPECT_NE(page.find(wanted), std::string::npos) << wanted;
  for (const char* absent : {"drawing", "Belief", "Grey rows"})
    EXPECT_EQ(page.find(absent), std::string::npos) << absent;
}

TEST_F(EvalImported, TheFiguresDoNotDependOnHowManyAreWalkedAtATime) {
  const std::vector<std::string> quiet = {"EVAL.VIDEO_EPISODES", "0"};
  ASSERT_EQ(eval(quiet).code, 0);
  const nlohmann::json together = track();
  std::vector<std::string> alone = quiet;
  alone.insert(alone.end(), {"NUM_PROCESSES", "1"});
  ASSERT_EQ(eval(alone).code, 0);
  EXPECT_EQ(track(), together);
}

TEST_F(EvalImported, AFolderOfHabitatsCheckpointsIsEvaluatedOneAfterTheOther) {
  const fs::path folder = tiny_.folder() / "checkpoints";
  fs::create_directories(folder);
  for (const char* name : {"ckpt.3.pth", "ckpt.10.pth", "latest.pth"}) fs::copy_file(kPolicy, folder / name);
  std::ofstream(folder / "ckpt.notes.pth") << "none";
  const std::vector<std::string> here = {
      "EVAL_CKPT_PATH_DIR", folder.string(), "EVAL.EPISODES",      "1", "EVAL.VIDEO_EPISODES", "1",
      "VIDEO_OPTION",       "[disk]",        "DISPLAY_RESOLUTION", "32"};
  const testing::Outcome outcome = eval(here);
  ASSERT_EQ(outcome.code, 0) << outcome.text;
  const fs::path model = tiny_.model_dir();
  std::set<std::string> stats, films;
  for (const auto& entry : fs::directory_iterator(model / "eval")) stats.insert(entry.path().filename());
  for (const auto& entry : fs::directory_iterator(model / "video_dir")) films.insert(entry.path().filename());
  EXPECT_EQ(stats, (std::set<std::string>{"ckpt.3", "ckpt.10"}));
  EXPECT_EQ(films, stats);
  EXPECT_TRUE(fs::exists(model / "eval" / "ckpt.10" / "stats.json"));
  const std::string page = testing::read_text(model / "eval" / "ckpt.10" / "report.html");
  EXPECT_NE(page.find("STOP within 0.2 m of the goal in 12 steps"), std::string::npos);
}

TEST_F(EvalImported, PicturesOfAnotherSizeAreRefusedWithTheSizeThatFits) {
  const testing::Outcome outcome = eval(
      {"TASK_CONFIG.SIMULATOR.RGB_SENSOR.WIDTH", "256", "TASK_CONFIG.SIMULATOR.DEPTH_SENSOR.WIDTH", "256"});
  EXPECT_EQ(outcome.code, 2) << outcome.text;
  for (const char* part : {"pictures that end in 12 numbers (128 x 128 do)", "256 x 128, which end in 24"})
    EXPECT_NE(outcome.refusal.find(part), std::string::npos) << outcome.refusal;
}

TEST_F(EvalImported, ItIsNotTrainedFurther) {
  tiny_.write_config("");
  const testing::Outcome outcome = tiny_.train({"--resume-from", kPolicy});
  EXPECT_EQ(outcome.code, 3) << outcome.text;
  for (const char* part :
       {"depth_lstm_torch_2_11.pth", "a PointNav policy of habitat-baselines", "inknav eval"})
    EXPECT_NE(outcome.refusal.find(part), std::string::npos) << outcome.refusal;
}

}  // namespace
}  // namespace inknav::app
