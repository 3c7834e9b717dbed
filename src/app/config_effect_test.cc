// SPDX-License-Identifier: MIT
// Configuration keys whose effect is on files, metrics and videos, followed to it through whole commands on a
// tiny experiment. The typed settings that keys reach are in config_keys_test.cc.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "app/tiny_experiment.h"
#include "base/scoped_environment.h"
#include "run/checkpoint_store.h"
#include "run/metrics.h"

namespace inknav::app {
namespace {

namespace fs = std::filesystem;
using testing::Outcome;
using testing::TinyExperiment;

class ConfigEffect : public ::testing::Test {
 protected:
  fs::path model(const std::string& name = "") const { return fs::path(tiny_.model_dir()) / name; }

  void train(std::vector<std::string> overrides) const {
    overrides.insert(overrides.begin(), "--overwrite");
    const Outcome outcome = tiny_.train(overrides);
    ASSERT_EQ(outcome.code, 0) << outcome.text;
  }
  void eval(const std::vector<std::string>& overrides) const {
    const Outcome outcome = tiny_.eval(overrides);
    ASSERT_EQ(outcome.code, 0) << outcome.text;
  }
  std::vector<std::int64_t> checkpoints(const std::string& folder = "data") const {
    return run::CheckpointStore(model(folder)).indices();
  }
  /// Tags of the model directory's event files with the number of their points.
  std::map<std::string, int> tags() const {
    std::map<std::string, int> found;
    const auto scalars = run::read_scalars(model("tb"));
    EXPECT_TRUE(scalars.ok());
    for (const run::ScalarPoint& point : *scalars) ++found[point.tag];
    return found;
  }
  std::string event_bytes() const {
    std::string bytes;
    for (const auto& entry : fs::directory_iterator(model("tb"))) bytes += testing::read_text(entry.path());
    return bytes;
  }
  nlohmann::json stats(const std::string& folder = "eval") const {
    return nlohmann::json::parse(testing::read_text(model(folder) / "stats.json"));
  }
  std::size_t count_files(const fs::path& folder) const {
    std::error_code missing;
    const fs::directory_iterator files(folder, missing);
    return missing ? 0 : static_cast<std::size_t>(std::distance(begin(files), end(files)));
  }
  static int count_of(const std::string& text, const std::string& part) {
    int count = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
    return count;
  }

  TinyExperiment tiny_;
};

TEST_F(ConfigEffect, CheckpointsAndTheirFolder) {
  train({"NUM_UPDATES", "7", "CHECKPOINT_INTERVAL", "3"});
  EXPECT_EQ(checkpoints(), (std::vector<std::int64_t>{3, 6, 7}));
  // While the expert helps there is no best one, which would be kept too.
  train({"NUM_UPDATES", "6", "KEEP_LAST_CHECKPOINTS", "1", "KEEP_EVERY_CHECKPOINT", "4",
         "RL.PPO.imitation_updates", "6"});
  EXPECT_EQ(checkpoints(), (std::vector<std::int64_t>{4, 6}));
  train({"NUM_UPDATES", "1", "CHECKPOINT_FOLDER", model("kept").string()});
  EXPECT_EQ(checkpoints("kept"), (std::vector<std::int64_t>{1}));
  EXPECT_FALSE(fs::exists(model("data")));
}

TEST_F(ConfigEffect, LogAndMetrics) {
  train({"NUM_UPDATES", "4", "LOG_INTERVAL", "2"});
  const std::string plain = testing::read_text(model("train.log"));
  EXPECT_EQ(count_of(plain, " info update "), 2) << plain;
  EXPECT_EQ(plain.find(" debug "), std::string::npos);
  train({"NUM_UPDATES", "4", "LOG_INTERVAL", "4", "DEBUG", "True", "LOG_FILE", model("mine.log").string()});
  const std::string detailed = testing::read_text(model("mine.log"));
  EXPECT_EQ(count_of(detailed, " info update "), 1) << detailed;
  EXPECT_EQ(count_of(detailed, " debug update "), 4) << detailed;
  EXPECT_NE(detailed.find("debug NUM_UPDATES is set by command line"), std::string::npos);
  EXPECT_FALSE(fs::exists(model("train.log")));
  train({"TENSORBOARD_DIR", model("events").string(), "CACHE_DIR", model("cache").string()});
  EXPECT_EQ(count_files(model("events")), 1u);
  EXPECT_EQ(count_files(model("tb")), 0u);
  EXPECT_GT(count_files(model("cache")), 0u);
}

TEST_F(ConfigEffect, AResumedRunSaysWhatHasChanged) {
  train({"NUM_UPDATES", "1"});
  const std::string checkpoint = model("data/ckpt.1.safetensors").string();
  const auto resume = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"--resume-from", checkpoint});
    const Outcome outcome = tiny_.train(words);
    EXPECT_EQ(outcome.code, 0) << outcome.text;
    return outcome.text;
  };
  EXPECT_EQ(count_of(resume({"NUM_UPDATES", "1", "LOG_INTERVAL", "1"}), "the run goes on with "), 0);
  const std::string changed = resume({"NUM_UPDATES", "1", "RL.PPO.gamma", "0.9"});
  EXPECT_EQ(count_of(changed, "the run goes on with "), 1) << changed;
  EXPECT_NE(changed.find("the run goes on with RL.PPO.gamma = 0.9, was 0.99 in the checkpoint"),
            std::string::npos)
      << changed;
}

TEST_F(ConfigEffect, MeasurementsAreWhatIsReported) {
  const std::string list = "TASK_CONFIG.TASK.MEASUREMENTS";
  train({"NUM_UPDATES", "12", list, "[spl, stop_called]"});
  const auto trained = tags();
  for (const char* tag : {"Environment/Success", "Environment/SPL", "Environment/Stop_called"}) {
    EXPECT_TRUE(trained.contains(tag)) << tag;
  }
  EXPECT_FALSE(trained.contains("Environment/SoftSPL"));
  eval({list, "[ndtw, oracle_success]"});
  const nlohmann::json track = stats()["tracks"]["train"];
  EXPECT_TRUE(track.contains("success") && track.contains("ndtw") && track.contains("oracle_success"));
  EXPECT_FALSE(track.contains("spl"));
  EXPECT_TRUE(tags().contains("train/ndtw"));
  EXPECT_FALSE(tags().contains("train/spl"));
  const std::string page = testing::read_text(model("eval/report.html"));
  EXPECT_NE(page.find("<th>nDTW</th>"), std::string::npos);
  EXPECT_EQ(page.find("<th>SPL</th>"), std::string::npos);
}

TEST_F(ConfigEffect, EpisodesAreWalkedAtEachCheckpoint) {
  train({"NUM_UPDATES", "4", "CHECKPOINT_INTERVAL", "2"});
  EXPECT_FALSE(tags().contains("train/spl"));
  const std::string without = testing::read_text(model("data/final_model.safetensors"));
  train({"NUM_UPDATES", "4", "CHECKPOINT_INTERVAL", "2", "TEST_EPISODE_COUNT", "3"});
  EXPECT_EQ(tags()["train/spl"], 2);
  eval({"EVAL.SPLIT", "train", "EVAL.EPISODES", "2"});
  EXPECT_NE(testing::read_text(model("eval/report.html")).find("Success on train, walked alone"),
            std::string::npos);
  EXPECT_NE(testing::read_text(model("train.log")).find("update 4: 3 episodes of train: success"),
            std::string::npos);
  // The training is the same with and without; only the key itself differs in the file.
  const auto weights = [](const std::string& file) { return file.substr(file.size() - 20000); };
  EXPECT_EQ(weights(testing::read_text(model("data/final_model.safetensors"))), weights(without));
  // A split that is not there is said and does not stop the training.
  train({"TEST_EPISODE_COUNT", "3", "EVAL.SPLIT", "val"});
  const std::string log = testing::read_text(model("train.log"));
  EXPECT_NE(log.find("EVAL.SPLIT val: no evaluation at the checkpoints: "), std::string::npos) << log;
  EXPECT_NE(log.find("set TEST_EPISODE_COUNT 0"), std::string::npos);
}

TEST_F(ConfigEffect, TheDenoisersLossIsLoggedInTrainingAndOnEpisodesItDidNotSee) {
  const auto run_with = [&](const char* episodes) {
    train({"USE_DIFFUSION_POLICY", "True", "RL.DIFFUSION.hidden_size", "32", "RL.DIFFUSION.obs_dim", "16",
           "RL.DIFFUSION.num_train_timesteps", "20", "RL.DIFFUSION.num_inference_steps", "2", "NUM_UPDATES",
           "4", "CHECKPOINT_INTERVAL", "2", "TEST_EPISODE_COUNT", episodes});
  };
  run_with("0");
  EXPECT_EQ(tags()["Training/Loss"], 4);
  EXPECT_EQ(tags()["Validation/Loss"], 0);
  const auto weights = [&] {
    const std::string file = testing::read_text(model("data/final_model.safetensors"));
    return file.substr(file.size() - 20000);
  };
  const std::string without = weights();
  run_with("3");
  EXPECT_EQ(weights(), without);
  EXPECT_EQ(tags()["Validation/Loss"], 2);
  const auto scalars = run::read_scalars(model("tb"));
  ASSERT_TRUE(scalars.ok());
  double sum = 0.0;
  int count = 0;
  for (const run::ScalarPoint& point : *scalars) {
    if (point.tag == "Training/Loss") {
      sum += point.value;
      ++count;
    }
    // Means of all so far; the events hold single precision.
    if (point.tag == "Training/Avg_Loss" && point.step == 4) {
      EXPECT_NEAR(point.value, sum / count, 1e-5);
    }
    if (point.tag == "Validation/Loss") {
      EXPECT_GT(point.value, 0.0);
      EXPECT_LT(point.value, 10.0);
    }
  }
}

TEST_F(ConfigEffect, EvaluationKeys) {
  train({});
  tiny_.save_list("test");
  eval({"EVAL.SPLIT", "test", "EVAL.EPISODES", "4", "EVAL.CONTROLS", "[no_drawing, dead_reckoning]"});
  const nlohmann::json tracks = stats()["tracks"];
  EXPECT_EQ(tracks.size(), 3u);
  EXPECT_EQ(tracks["test"]["episodes"], 4);
  EXPECT_TRUE(tracks.contains("test+no_drawing") && tracks.contains("test+dead_reckoning"));
  eval({"EVAL.SPLIT", "test,train", "EVAL.EPISODES", "2", "EVAL.CONTROLS", "[no_drawing]",
        "EVAL.CONTROL_SPLITS", "train"});
  EXPECT_EQ(stats()["tracks"].size(), 3u);
  EXPECT_TRUE(stats()["tracks"].contains("train+no_drawing"));
  EXPECT_FALSE(stats()["tracks"].contains("test+no_drawing"));
  // The task is the checkpoint's, with the command line above it; the file's with USE_CKPT_CONFIG False.
  const auto near = [&](const std::vector<std::string>& overrides) {
    std::vector<std::string> words = {"TASK_CONFIG.TASK.MEASUREMENTS", "[oracle_success, distance_to_goal]"};
    words.insert(words.end(), overrides.begin(), overrides.end());
    eval(words);
    return stats()["tracks"]["train"]["oracle_success"].get<double>();
  };
  EXPECT_LT(near({}), 1.0);
  EXPECT_EQ(near({"TASK_CONFIG.TASK.SUCCESS_DISTANCE", "100"}), 1.0);
  const double distance = stats()["tracks"]["train"]["distance_to_goal"].get<double>();
  tiny_.write_config("USE_SYNC_VECENV: True\n", "SUCCESS_DISTANCE: 100, ");
  EXPECT_LT(near({}), 1.0);
  EXPECT_EQ(near({"EVAL.USE_CKPT_CONFIG", "False", "NUM_PROCESSES", "5"}), 1.0);
  EXPECT_EQ(stats()["tracks"]["train"]["distance_to_goal"].get<double>(), distance)
      << "the number of environments and threads changes nothing";
}

TEST_F(ConfigEffect, APolicyThatDoesNotFitTheTaskIsRefused) {
  train({});
  const auto refused = [&](const std::string& key, const std::string& value, const std::string& part) {
    const Outcome outcome = tiny_.eval({key, value});
    EXPECT_EQ(outcome.code, 2) << outcome.text;
    EXPECT_NE(outcome.refusal.find(part), std::string::npos) << outcome.text;
  };
  refused("TASK_CONFIG.TASK.DRAWING_SIZE", "64", "trained with 32, the configuration gives 64");
  refused("TASK_CONFIG.SIMULATOR.MAP_CELLS", "64", "trained with 96, the configuration gives 64");
  refused("TASK_CONFIG.SIMULATOR.GRID_SIZE", "0.2", "TASK_CONFIG.SIMULATOR.GRID_SIZE");
}

TEST_F(ConfigEffect, WhichCheckpointsAreEvaluated) {
  train({"NUM_UPDATES", "3"});
  eval({});
  EXPECT_NE(stats()["checkpoint"].get<std::string>().find("final_model"), std::string::npos);
  fs::create_directories(model("picked"));
  for (const char* name : {"ckpt.1.safetensors", "ckpt.3.safetensors"}) {
    fs::copy_file(model("data") / name, model("picked") / name);
  }
  eval({"EVAL_CKPT_PATH_DIR", model("picked").string()});
  EXPECT_TRUE(fs::exists(model("eval/ckpt.1/stats.json")) && fs::exists(model("eval/ckpt.3/stats.json")));
  fs::remove_all(model("eval"));
  eval({"EVAL_CKPT_PATH_DIR", model("picked").string(), "USE_LAST_CKPT", "True"});
  EXPECT_NE(stats()["checkpoint"].get<std::string>().find("ckpt.3"), std::string::npos);
  fs::remove_all(model("eval"));
  eval({"--eval-interval", "2"});
  EXPECT_TRUE(fs::exists(model("eval/ckpt.1/stats.json")) && fs::exists(model("eval/ckpt.3/stats.json")));
  EXPECT_FALSE(fs::exists(model("eval/ckpt.2")));
}

TEST_F(ConfigEffect, TheBestCheckpointIsKept) {
  // SPL is 0 throughout: the newest of equals is best; once marked, it outlives the last ones.
  train({"NUM_UPDATES", "12", "KEEP_LAST_CHECKPOINTS", "1"});
  const run::CheckpointStore store(model("data"));
  ASSERT_TRUE(store.best().has_value());
  EXPECT_TRUE(fs::exists(store.path_of(*store.best())));
  eval({"--eval-best"});
  EXPECT_NE(stats()["checkpoint"].get<std::string>().find("ckpt." + std::to_string(*store.best())),
            std::string::npos);
}

TEST_F(ConfigEffect, TheExpertShowsTheUpperBound) {
  eval({"USE_EXPERT_ACTIONS", "True", "TASK_CONFIG.ENVIRONMENT.MAX_EPISODE_STEPS", "300", "EVAL.CONTROLS",
        "[no_drawing]"});
  const nlohmann::json found = stats("eval/expert");
  EXPECT_EQ(found["checkpoint"], "expert");
  EXPECT_EQ(found["tracks"].size(), 1u) << "it does not look at drawings";
  EXPECT_EQ(found["tracks"]["train"]["success"], 1.0);
  const Outcome refused = tiny_.train({"USE_EXPERT_ACTIONS", "True"});
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.refusal.find("USE_EXPERT_ACTIONS = True belongs to inknav eval"), std::string::npos);
}

/// Width and height of the first GIF among these bytes.
std::pair<int, int> gif_size(const std::string& bytes) {
  const std::size_t at = bytes.find("GIF89a");
  if (at == std::string::npos || at + 10 > bytes.size()) return {0, 0};
  const auto byte = [&](std::size_t i) {
    return static_cast<int>(static_cast<unsigned char>(bytes[at + i]));
  };
  return {byte(6) + 256 * byte(7), byte(8) + 256 * byte(9)};
}

TEST_F(ConfigEffect, Videos) {
  train({});
  const auto film = [&](std::vector<std::string> overrides) {
    fs::remove_all(model("video_dir"));
    fs::remove_all(model("tb"));
    overrides.insert(overrides.end(), {"EVAL.EPISODES", "2"});
    eval(overrides);
  };
  film({"EVAL.VIDEO_EPISODES", "1", "DISPLAY_RESOLUTION", "64"});
  EXPECT_EQ(count_files(model("video_dir")), 1u) << "the default is disk and tensorboard";
  EXPECT_EQ(gif_size(event_bytes()), (std::pair{3 * 64 + 2 * 8, 64}));
  EXPECT_NE(event_bytes().find("Video/train_"), std::string::npos);
  EXPECT_NE(testing::read_text(model("eval/report.html")).find("<video"), std::string::npos);
  film({"EVAL.VIDEO_EPISODES", "2", "VIDEO_OPTION", "[disk]", "VIDEO_DIR", model("films").string()});
  EXPECT_EQ(count_files(model("films")), 2u);
  EXPECT_EQ(event_bytes().find("GIF89a"), std::string::npos);
  film({"EVAL.VIDEO_EPISODES", "1", "VIDEO_OPTION", "[tensorboard]", "VISUALIZATION_OPTION", "[]",
        "DISPLAY_RESOLUTION", "32"});
  EXPECT_EQ(count_files(model("video_dir")), 0u);
  EXPECT_EQ(gif_size(event_bytes()), (std::pair{2 * 32 + 8, 32}));
  EXPECT_EQ(testing::read_text(model("eval/report.html")).find("<video"), std::string::npos);
  film({"EVAL.VIDEO_EPISODES", "1", "VIDEO_OPTION", "[]"});
  EXPECT_EQ(count_files(model("video_dir")), 0u);
  film({"EVAL.VIDEO_EPISODES", "0"});
  EXPECT_EQ(count_files(model("video_dir")), 0u);
}

TEST_F(ConfigEffect, WhatThePolicyLooksAt) {
  const std::string goal = "TASK_CONFIG.TASK.GOAL_SENSOR_UUID";
  for (const std::vector<std::string>& overrides :
       {std::vector<std::string>{"USE_POINTNAV", "True"}, {goal, "pointgoal"}}) {
    train(overrides);
    eval({});
    EXPECT_EQ(stats()["tracks"]["train"]["belief_error"], -1.0) << "nothing is read, so nothing is believed";
  }
  train({"EXTRA_RGB", "True", "EXTRA_DEPTH", "True", "SENSORS", "[RGB_SENSOR, DEPTH_SENSOR]",
         "MODEL.BACKBONE", "small_cnn", "MODEL.BASE_PLANES", "4", "TASK_CONFIG.SIMULATOR.RGB_SENSOR",
         "{WIDTH: 12, HEIGHT: 8}"});
  eval({});
}

TEST_F(ConfigEffect, Renderer) {
  const std::string key = "TASK_CONFIG.SIMULATOR.RENDERER";
  const std::vector<std::string> seen = {"--overwrite",   "EXTRA_DEPTH",       "True", "MODEL.BACKBONE",
                                         "small_cnn",     "MODEL.BASE_PLANES", "4",    "SENSORS",
                                         "[DEPTH_SENSOR]"};
  const auto with = [&](const std::string& renderer) {
    std::vector<std::string> words = seen;
    words.insert(words.end(), {key, renderer});
    return words;
  };
  {
    const base::ScopedEnvironment library("INKNAV_EGL_LIBRARY", "/nowhere/libEGL.so");
    const Outcome replaced = tiny_.train(with("egl"));
    EXPECT_EQ(replaced.code, 0) << replaced.text;
    EXPECT_EQ(count_of(replaced.text, "rendering with ray tracing on the CPU instead: EGL renderer: "), 1)
        << replaced.text;
  }
  for (const char* renderer : {"egl", "cpu", "auto"}) {
    const Outcome trained = tiny_.train(with(renderer));
    EXPECT_EQ(trained.code, 0) << trained.text;
    EXPECT_EQ(trained.text.find("ray tracing on the CPU instead"), std::string::npos) << trained.text;
    eval({key, renderer});
  }
  const base::ScopedEnvironment plugin("INKNAV_CUDA_PLUGIN", "/nowhere/libinknav_cuda.so");
  for (const bool evaluate : {false, true}) {
    const Outcome refused = evaluate ? tiny_.eval({key, "cuda"}) : tiny_.train(with("cuda"));
    EXPECT_EQ(refused.code, 2);
    EXPECT_NE(refused.refusal.find(
                  key + " = cuda: CUDA renderer: the plug-in was wanted, none of these files is there: "
                        "/nowhere/libinknav_cuda.so"),
              std::string::npos)
        << refused.text;
  }
}

TEST_F(ConfigEffect, GenerationOfEpisodes) {
  tiny_.write_config("    DATA_GENERATION: {MAX_EPISODES: 5, SPLIT_RATIO: 1.0}\n");
  const std::vector<std::string> words = {"generate",     "episodes",        "--exp-config",
                                          tiny_.config(), "--scenes",        tiny_.path("scenes"),
                                          "--out",        tiny_.path("made")};
  const Outcome made = tiny_.run(words);
  ASSERT_EQ(made.code, 0) << made.text;
  const auto list = task::load_episodes(tiny_.path("made/train/train.json.gz"));
  ASSERT_TRUE(list.ok());
  EXPECT_EQ(list->size(), 5u);
  tiny_.write_config("    DATA_GENERATION: {MAX_EPISODES: 5, SPLIT_RATIO: 1.0e-6}\n");
  const Outcome kept = tiny_.run(words);
  EXPECT_EQ(kept.code, 2);
  EXPECT_NE(kept.text.find("made/train/train.json.gz exists and is kept"), std::string::npos) << kept.text;
  EXPECT_EQ(task::load_episodes(tiny_.path("made/train/train.json.gz"))->size(), 5u);
  std::vector<std::string> flagged = words;
  flagged.push_back("--overwrite");
  const Outcome none = tiny_.run(flagged);
  EXPECT_EQ(none.code, 2);
  EXPECT_NE(none.text.find("scene (.glb, .gltf, .ply, .obj) of split 'train' is wanted"), std::string::npos);
  flagged.insert(flagged.end(), {"--split-ratio", "1", "--count", "3"});
  ASSERT_EQ(tiny_.run(flagged).code, 0) << "flags win";
  EXPECT_EQ(task::load_episodes(tiny_.path("made/train/train.json.gz"))->size(), 3u);
}

TEST_F(ConfigEffect, ScenesAreChosenByName) {
  train({"TASK_CONFIG.DATASET.CONTENT_SCENES", "[twin]"});
  EXPECT_NE(testing::read_text(model("train.log")).find("episodes of train: 3"), std::string::npos);
  const Outcome none = tiny_.train({"--overwrite", "TASK_CONFIG.DATASET.CONTENT_SCENES", "[castle]"});
  EXPECT_EQ(none.code, 3);
  EXPECT_NE(none.refusal.find("CONTENT_SCENES"), std::string::npos);
  const Outcome elsewhere =
      tiny_.train({"--overwrite", "TASK_CONFIG.DATASET.SKETCH_DIR", tiny_.path("nowhere")});
  EXPECT_EQ(elsewhere.code, 3);
  EXPECT_NE(elsewhere.refusal.find("nowhere"), std::string::npos);
}

}  // namespace
}  // namespace inknav::app
