// SPDX-License-Identifier: MIT
// Bad input as a user meets it: whole commands, one sentence on stderr, and the exit code. The readers' own
// tests try every truncation and flipped bit; here each fault is followed to the end once.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <functional>
#include <thread>

#include "app/tiny_experiment.h"
#include "base/philox.h"
#include "nav/nav_mesh.h"
#include "run/run_directory.h"
#include "scene/load.h"
#include "scene/scene_testing.h"
#include "task/drawing_store.h"

namespace inknav::app {
namespace {

namespace fs = std::filesystem;
using scene::testing::make_glb;
using scene::testing::read_bytes;
using scene::testing::write_bytes;
using testing::Outcome;
using testing::TinyExperiment;
using Bytes = std::vector<std::uint8_t>;

constexpr int kUsage = 2;
constexpr int kData = 3;
constexpr int kDisk = 6;
constexpr int kPreempted = 75;

/// The code, one sentence, and these parts in it.
void expect_refusal(const Outcome& outcome, int code, const std::vector<std::string>& parts) {
  EXPECT_EQ(outcome.code, code) << outcome.text;
  for (const std::string& part : parts) {
    EXPECT_NE(outcome.refusal.find(part), std::string::npos) << part << "\nis not in\n" << outcome.text;
  }
  EXPECT_LT(outcome.refusal.size(), 900u) << outcome.refusal;
}

Bytes cut(const Bytes& whole, std::size_t size) {
  return {whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)};
}

Bytes flipped(Bytes bytes, std::size_t bit) {
  bytes[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
  return bytes;
}

/// Calls `check` with `count` truncations and as many single flipped bits of `whole`, spread over the file.
void for_each_damage(const Bytes& whole, std::uint32_t count,
                     const std::function<void(const Bytes&)>& check) {
  base::PhiloxStream random({.seed = 11});
  const auto size = static_cast<std::uint32_t>(whole.size());
  for (std::uint32_t i = 0; i < count; ++i) {
    check(cut(whole, random.uniform_int(size)));
    check(flipped(whole, 8 * std::size_t{random.uniform_int(size)} + random.uniform_int(8u)));
  }
}

class BadInput : public ::testing::Test {
 protected:
  /// `rooms.glb`, the scene of half of the episodes.
  fs::path scene() const { return tiny_.folder() / "scenes/rooms.glb"; }
  /// A checkpoint of one update.
  fs::path trained() const {
    const Outcome outcome = tiny_.train();
    EXPECT_EQ(outcome.code, 0) << outcome.text;
    return fs::path(tiny_.model_dir()) / "data/ckpt.1.safetensors";
  }
  TinyExperiment tiny_;
};

TEST_F(BadInput, TheSoundExperimentTrainsAndEvaluates) {
  const Outcome trained = tiny_.train();
  EXPECT_EQ(trained.code, 0) << trained.text;
  const Outcome evaluated = tiny_.eval();
  EXPECT_EQ(evaluated.code, 0) << evaluated.text;
  EXPECT_TRUE(fs::exists(fs::path(tiny_.model_dir()) / "eval/stats.json"));
}

TEST_F(BadInput, KeysAndValues) {
  const auto override_refused = [&](const std::string& key, const std::string& value,
                                    const std::vector<std::string>& parts) {
    expect_refusal(tiny_.train({key, value}), kUsage, parts);
    EXPECT_FALSE(fs::exists(tiny_.model_dir())) << "a refusal leaves nothing behind";
  };
  override_refused("RL.PPO.clip_parm", "0.1",
                   {"command line: RL.PPO.clip_parm is not a known key", "did you mean RL.PPO.clip_param?"});
  override_refused("NUM_UPDATES", "many", {"command line: NUM_UPDATES = many", "whole number"});
  override_refused("SENSORS", "7", {"command line: SENSORS"});
  override_refused("RL.PPO.gamma", "1.5", {"command line: RL.PPO.gamma = 1.5", "0 to 1"});
  override_refused("TASK_CONFIG.SIMULATOR.DEPTH_SENSOR.HFOV", ".nan", {"HFOV = .nan"});
  override_refused("RL.PPO.num_mini_batch", "3",
                   {"RL.PPO.num_mini_batch = 3 does not divide 2 environments; use 1 or 2"});
  tiny_.write_config("NUM_UPDATS: 3\n");
  const Outcome misspelt = tiny_.train();
  expect_refusal(misspelt, kUsage,
                 {tiny_.config() + ":", ":1: NUM_UPDATS is not a known key", "did you mean NUM_UPDATES?"});
}

TEST_F(BadInput, FlagsOfTheOtherCommand) {
  const Outcome printed = tiny_.run(tiny_.words("eval", {"--print-config"}));
  EXPECT_EQ(printed.code, 0) << "nothing was trained, and nothing is evaluated: " << printed.text;
  const std::string checkpoint = trained().string();
  expect_refusal(tiny_.run(tiny_.words("eval", {"--resume-from", checkpoint})), kUsage,
                 {"--resume-from " + checkpoint, "EVAL_CKPT_PATH_DIR"});
}

TEST_F(BadInput, DamagedYaml) {
  const Bytes whole = read_bytes(tiny_.config());
  int refused = 0;
  for_each_damage(whole, 60, [&](const Bytes& damaged) {
    write_bytes(tiny_.config(), damaged);
    const Outcome outcome = tiny_.run(tiny_.words("train", {"--print-config"}));
    if (outcome.code == 0) return;
    ++refused;
    expect_refusal(outcome, kUsage, {tiny_.config() + ":"});
  });
  EXPECT_GT(refused, 30);
}

TEST_F(BadInput, MissingFiles) {
  expect_refusal(tiny_.train({"TASK_CONFIG.DATASET.SPLIT", "nowhere"}), kData,
                 {tiny_.path("nowhere.json.gz"), "generate episodes"});
  fs::remove(task::drawing_path(tiny_.dataset(), tiny_.dataset().episodes[0]));
  expect_refusal(tiny_.train(), kData, {"1 of 6", "rooms_epi0_cut1.png", "data check"});
  fs::remove(scene());
  expect_refusal(tiny_.train(), kData, {"3 of 6", "scene 'rooms.glb'", scene().string(), "not there"});
  expect_refusal(tiny_.train({"TASK_CONFIG.DATASET.SCENES_DIR", tiny_.path("no_scenes")}), kData,
                 {"6 of 6", "no_scenes"});
  expect_refusal(
      tiny_.train({"TASK_CONFIG.SIMULATOR.SCENE_DATASET", tiny_.path("no.scene_dataset_config.json")}), kData,
      {"6 of 6", "no.scene_dataset_config.json"});
  expect_refusal(tiny_.train({"--resume-from", tiny_.path("no.safetensors")}), kUsage,
                 {"--resume-from", "no.safetensors is not there"});
  expect_refusal(tiny_.eval(), kData, {"a checkpoint (ckpt.<n>.safetensors or .pth) was wanted, found none"});
}

TEST_F(BadInput, ASceneWithoutItsNavmeshGetsOneAndWithoutAFloorIsRefused) {
  // Nothing lies beside the scenes, and there is no cache: the navigation mesh is built.
  EXPECT_EQ(tiny_.train().code, 0);
  nav::testing::SceneBuilder walls;
  const scene::ScenePtr bare = walls.wall(0, 0, 5, 0.1f).finish("rooms");
  ASSERT_TRUE(scene::write_glb(scene(), *bare).ok());
  expect_refusal(tiny_.train({"--overwrite"}), kData, {"3 of 6", "scene 'rooms.glb'"});
}

TEST_F(BadInput, TheNavmeshBesideAScene) {
  const auto loaded = scene::load_scene(scene());
  ASSERT_TRUE(loaded.ok());
  const fs::path beside = tiny_.folder() / "scenes/rooms.navmesh";
  ASSERT_TRUE((*nav::NavMesh::build(**loaded, {}))->save(beside).ok());
  const Outcome used = tiny_.train();
  EXPECT_EQ(used.code, 0) << used.text;
  EXPECT_NE(used.text.find("scene 'rooms.glb': rooms.navmesh beside the scene is used"), std::string::npos)
      << used.text;
  const Outcome other = tiny_.train({"--overwrite", "TASK_CONFIG.SIMULATOR.AGENT_0.HEIGHT", "1.2"});
  EXPECT_EQ(other.code, 0) << other.text;
  EXPECT_NE(other.text.find("rooms.navmesh beside the scene is for another agent: agent_height 1.2, not 1.5"),
            std::string::npos)
      << other.text;
  // A mesh for nobody: damaged, it is neither used nor replaced.
  const Bytes whole = read_bytes(beside);
  write_bytes(beside, cut(whole, whole.size() - 1));
  const std::vector<std::string> parts = {"3 of 6", "scene 'rooms.glb'", beside.string(), "at byte 100"};
  expect_refusal(tiny_.train({"--overwrite"}), kData, parts);
  expect_refusal(tiny_.train({"--overwrite", "TASK_CONFIG.SIMULATOR.AGENT_0.HEIGHT", "1.2"}), kData, parts);
  EXPECT_EQ(tiny_.run({"data", "check", tiny_.path("train.json.gz")}).code, kData);
  const fs::path report = tiny_.folder() / "report.json";
  EXPECT_EQ(tiny_.run({"data", "check", beside.string(), "--json", report.string()}).code, kData);
  const std::string said = testing::read_text(report);
  for (const char* part :
       {"navmesh.unreadable", "rooms.navmesh", "at byte 100", "remove it to have the navmesh built"}) {
    EXPECT_NE(said.find(part), std::string::npos) << part << "\nis not in\n" << said;
  }
  write_bytes(beside, whole);
  EXPECT_EQ(tiny_.run({"data", "check", beside.string()}).code, 0);
}

TEST_F(BadInput, DamagedEpisodeList) {
  const fs::path list = tiny_.path("train.json.gz");
  const Bytes whole = read_bytes(list);
  write_bytes(list, cut(whole, whole.size() / 2));
  expect_refusal(tiny_.train(), kData, {list.string(), "ends after"});
  write_bytes(list, flipped(whole, 8 * (whole.size() / 2) + 3));
  expect_refusal(tiny_.train(), kData, {list.string()});
  scene::testing::write_text(list, "this is no list");
  expect_refusal(tiny_.train(), kData, {list.string()});
  write_bytes(list, {});
  expect_refusal(tiny_.train(), kData, {list.string()});
}

TEST_F(BadInput, DamagedScenes) {
  const Bytes whole = read_bytes(scene());
  for_each_damage(whole, 15, [&](const Bytes& damaged) {
    write_bytes(scene(), damaged);
    const Outcome outcome = tiny_.run({"data", "check", tiny_.path("train.json.gz")});
    // A flipped bit of a coordinate or colour is another sound scene, on which episodes may not be sound.
    EXPECT_TRUE(outcome.code == 0 || outcome.code == kData) << outcome.code << outcome.text;
  });
  write_bytes(scene(), cut(whole, whole.size() - 5));
  expect_refusal(tiny_.train(), kData, {"3 of 6", "scene 'rooms.glb'", scene().string()});
}

TEST_F(BadInput, DamagedDrawings) {
  const fs::path drawing = task::drawing_path(tiny_.dataset(), tiny_.dataset().episodes[1]);
  const Bytes whole = read_bytes(drawing);
  for_each_damage(whole, 4, [&](const Bytes& damaged) {
    write_bytes(drawing, damaged);
    expect_refusal(tiny_.train(), kData, {"1 of 6", "rooms_epi1_cut1.png"});
  });
}

/// JSON of a scene of one triangle whose buffer is in the binary chunk.
std::string triangle(const std::string& accessor, const std::string& nodes,
                     const std::string& buffer = R"("byteLength":36)") {
  return R"({"asset":{"version":"2.0"},"buffers":[{)" + buffer +
         R"(}],"bufferViews":[{"buffer":0,"byteLength":36}],"accessors":[{"bufferView":0,)"
         R"("componentType":5126,"type":"VEC3",)" +
         accessor + R"(}],"meshes":[{"primitives":[{"attributes":{"POSITION":0}}]}],)" + nodes + "}";
}

TEST_F(BadInput, HostileScenes) {
  const std::string nodes = R"("nodes":[{"mesh":0}],"scenes":[{"nodes":[0]}])";
  Bytes binary;
  scene::testing::append<float>(binary, {0, 0, 0, 1, 0, 0, 0, 0, 1});
  Bytes poisoned;
  scene::testing::append<float>(poisoned, {0, 0, 0, std::nanf(""), 0, 0, 0, 0, 1});
  struct Case {
    const char* what;
    Bytes file;
    std::vector<std::string> parts;
  };
  const std::vector<Case> cases = {
      {"NaN vertex", make_glb(triangle(R"("count":3)", nodes), poisoned), {"vertex 1 is"}},
      {"zero triangles",
       make_glb(triangle(R"("count":3)", R"("nodes":[],"scenes":[{"nodes":[]}])"), binary),
       {"at least one triangle"}},
      {"node cycle",
       make_glb(triangle(R"("count":3)",
                         R"("nodes":[{"children":[1]},{"children":[0],"mesh":0}],"scenes":[{"nodes":[0]}])"),
                binary),
       {"cycle"}},
      {"accessor of 2 GB", make_glb(triangle(R"("count":178956971)", nodes), binary), {"the view has 36"}},
      {"../ in a URI",
       make_glb(triangle(R"("count":3)", nodes, R"("byteLength":36,"uri":"../secret.bin")"), binary),
       {"'..'"}},
  };
  for (const Case& bad : cases) {
    SCOPED_TRACE(bad.what);
    write_bytes(scene(), bad.file);
    std::vector<std::string> parts = bad.parts;
    parts.push_back(scene().string());
    expect_refusal(tiny_.run({"data", "convert", scene().string(), tiny_.path("out.glb")}), kData, parts);
    parts.insert(parts.end(), {"3 of 6", "scene 'rooms.glb'"});
    expect_refusal(tiny_.train(), kData, parts);
    EXPECT_FALSE(fs::exists(tiny_.path("out.glb")));
  }
  EXPECT_FALSE(fs::exists(tiny_.model_dir()));
}

TEST_F(BadInput, EpisodesThatCannotBeWalked) {
  std::vector<task::Episode>& episodes = tiny_.dataset().episodes;
  const task::Episode sample = episodes[0];
  episodes.assign(200, sample);
  for (std::size_t i = 0; i < episodes.size(); ++i) episodes[i].episode_id = std::to_string(i);
  for (const task::Episode& episode : episodes) {
    const fs::path drawing = task::drawing_path(tiny_.dataset(), episode);
    if (!fs::exists(drawing)) fs::copy_file(task::drawing_path(tiny_.dataset(), sample), drawing);
  }
  // One percent is skipped and reported, on the terminal and in train.log.
  episodes[7].start.position = {100.0f, 0.0f, 100.0f};
  episodes[11].goals[0].position = {3.5f, 0.0f, 40.0f};
  tiny_.save_list("train");
  const Outcome few = tiny_.train();
  EXPECT_EQ(few.code, 0) << few.text;
  for (const char* part :
       {"warning: skipped episode '7' of scene 'rooms.glb': the start (100.000",
        "warning: skipped episode '11'", "warning: 2 of 200 episodes cannot be run and are skipped"}) {
    EXPECT_NE(few.text.find(part), std::string::npos) << part << few.text;
  }
  EXPECT_NE(testing::read_text(fs::path(tiny_.model_dir()) / "train.log").find("198 (2 skipped)"),
            std::string::npos);
  // More is an error.
  episodes[8].start.position = {100.0f, 0.0f, 100.0f};
  tiny_.save_list("train");
  expect_refusal(tiny_.train({"--overwrite"}), kData,
                 {"at most 1 % of the episodes may be bad, 3 of 200 are", "data check", "episode '7'"});
}

TEST_F(BadInput, AGoalOnAnotherIsland) {
  // The two halves of the floor do not meet.
  nav::testing::SceneBuilder halves;
  ASSERT_TRUE(scene::write_glb(scene(), *halves.floor(0, 0, 5, 8).floor(7, 0, 12, 8).finish("rooms")).ok());
  for (std::size_t i = 0; i < 3; ++i) {
    task::Episode& episode = tiny_.dataset().episodes[i];
    episode.start.position = {2.0f, 0.0f, 4.0f};
    episode.goals[0].position = {10.0f, 0.0f, 4.0f};
    episode.reference_path = {episode.start.position, episode.goals[0].position};
  }
  tiny_.save_list("train");
  expect_refusal(tiny_.train(), kData, {"3 of 6", "episode '0' of scene 'rooms.glb'", "island"});
}

TEST_F(BadInput, DamagedCheckpoints) {
  const Bytes whole = read_bytes(trained());
  const std::string damaged = tiny_.path("damaged.safetensors");
  for_each_damage(whole, 3, [&](const Bytes& bytes) {
    write_bytes(damaged, bytes);
    expect_refusal(tiny_.train({"--resume-from", damaged}), kData, {damaged});
    expect_refusal(tiny_.eval({"EVAL_CKPT_PATH_DIR", damaged}), kData, {damaged});
  });
  // A sound one of another network.
  write_bytes(damaged, whole);
  expect_refusal(tiny_.train({"--resume-from", damaged, "NUM_UPDATES", "2", "RL.PPO.hidden_size", "16"}),
                 kData, {"trunk"});
}

TEST_F(BadInput, AModelDirectoryThatExists) {
  const fs::path checkpoint = trained();
  const Bytes before = read_bytes(checkpoint);
  expect_refusal(tiny_.train(), kUsage,
                 {tiny_.model_dir() + ": the model directory exists and is not empty", "--resume-from",
                  "--overwrite", "another --model-dir"});
  EXPECT_EQ(read_bytes(checkpoint), before);
  std::ofstream(tiny_.path("file")) << "x";
  expect_refusal(tiny_.run({"train", "--exp-config", tiny_.config(), "--model-dir", tiny_.path("file")}),
                 kUsage, {"a folder was wanted for --model-dir, found a file"});
}

TEST_F(BadInput, TwoRunsInOneDirectory) {
  trained();
  const auto held = run::RunDirectory::open(tiny_.model_dir(), run::ExistingRun::kResume);
  ASSERT_TRUE(held.ok());
  const std::string checkpoint = tiny_.model_dir() + "/data/ckpt.1.safetensors";
  for (const std::vector<std::string>& flags :
       {std::vector<std::string>{"--resume-from", checkpoint}, {"--overwrite"}}) {
    expect_refusal(tiny_.train(flags), kUsage,
                   {"a run is already writing here (pid " + std::to_string(::getpid()), "--model-dir"});
  }
  EXPECT_TRUE(fs::exists(checkpoint));
}

/// The same by two programs: the second is refused, the first goes on and obeys SIGTERM.
TEST_F(BadInput, TwoProgramsInOneDirectory) {
  const pid_t first =
      tiny_.start(INKNAV_BINARY, tiny_.words("train", {"NUM_UPDATES", "1000000"}), "first.txt");
  const fs::path checkpoint = fs::path(tiny_.model_dir()) / "data/ckpt.3.safetensors";
  for (int i = 0; i < 600 && !fs::exists(checkpoint); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  const pid_t second = tiny_.start(INKNAV_BINARY, tiny_.words("train", {"--overwrite"}), "second.txt");
  expect_refusal(tiny_.finish(second, "second.txt"), kUsage,
                 {"a run is already writing here (pid " + std::to_string(first)});
  EXPECT_EQ(::kill(first, SIGTERM), 0);
  const Outcome stopped = tiny_.finish(first, "first.txt");
  EXPECT_EQ(stopped.code, kPreempted) << stopped.text;
}

int count_temporaries(const fs::path& folder) {
  int count = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    count += entry.path().filename().string().find(".tmp") != std::string::npos ? 1 : 0;
  }
  return count;
}

TEST_F(BadInput, NoSpaceForTheLastCheckpoint) {
  const fs::path checkpoint = trained();
  const Bytes before = read_bytes(checkpoint);
  constexpr rlim_t kLimit = 32768;
  ASSERT_GT(before.size(), kLimit);
  const pid_t child = tiny_.start(
      INKNAV_BINARY, tiny_.words("train", {"--resume-from", checkpoint.string(), "NUM_UPDATES", "2"}),
      "full.txt", kLimit);
  expect_refusal(tiny_.finish(child, "full.txt"), kDisk,
                 {"ckpt.2.safetensors", "File too large", "older ones are intact", "--resume-from"});
  EXPECT_EQ(read_bytes(checkpoint), before);
  EXPECT_EQ(count_temporaries(tiny_.model_dir()), 0);
  // With space again it goes on from there.
  const Outcome resumed = tiny_.train({"--resume-from", checkpoint.string(), "NUM_UPDATES", "2"});
  EXPECT_EQ(resumed.code, 0) << resumed.text;
  EXPECT_TRUE(fs::exists(checkpoint.parent_path() / "ckpt.2.safetensors"));
}

TEST_F(BadInput, AReallyFullDisk) {
  const fs::path disk = tiny_.folder() / "disk";
  fs::create_directories(disk);
  if (::geteuid() != 0 || ::mount("none", disk.c_str(), "tmpfs", 0, "size=4m") != 0) {
    GTEST_SKIP() << "a tmpfs cannot be mounted here (not root, or no permission)";
  }
  const std::string model = (disk / "model").string();
  const fs::path checkpoint = fs::path(model) / "data/ckpt.1.safetensors";
  EXPECT_EQ(tiny_.run({"train", "--exp-config", tiny_.config(), "--model-dir", model}).code, 0);
  const Bytes before = read_bytes(checkpoint);
  {
    std::ofstream filler(disk / "filler", std::ios::binary);
    for (int i = 0; i < 16384 && filler.flush(); ++i) filler << std::string(256, 'x');
  }
  const Outcome full = tiny_.run({"train", "--exp-config", tiny_.config(), "--model-dir", model,
                                  "--resume-from", checkpoint.string(), "NUM_UPDATES", "2"});
  const Bytes after = read_bytes(checkpoint);
  ::umount2(disk.c_str(), MNT_DETACH);
  expect_refusal(full, kDisk, {"No space left on device"});
  EXPECT_EQ(after, before);
}

}  // namespace
}  // namespace inknav::app
