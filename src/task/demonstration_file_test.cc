// SPDX-License-Identifier: MIT
#include "task/demonstration_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/philox.h"
#include "base/temporary_folder.h"
#include "task/demonstration_reader.h"

namespace inknav::task {
namespace {

namespace fs = std::filesystem;

class DemonstrationFileTest : public ::testing::Test {
 protected:
  static Demonstration walk(std::uint32_t number) {
    Demonstration demonstration;
    demonstration.width = 8;
    demonstration.height = 5;
    DemonstrationInfo& info = demonstration.info;
    info.run = number;
    info.episode_id = std::to_string(number);
    info.scene_id = "homes/home_1.glb";
    info.drawing = "home_1_epi" + info.episode_id + "_cut1.png";
    info.start = {{0.1f, 0.2f, 0.3f}, base::rotation_from_yaw(1.0f)};
    info.off_start = number % 2 == 1;
    info.num_steps = 12 + static_cast<int>(number);
    base::PhiloxStream stream({number, 0, 0, 0, base::Purpose::kTest});
    for (int t = 0; t < info.num_steps; ++t) {
      DemonstrationStep step;
      step.pose_world_agent = {{stream.uniform(), 0.2f, stream.uniform()},
                               base::rotation_from_yaw(stream.uniform(-3.0f, 3.0f))};
      step.remaining = t == 3 ? std::numeric_limits<float>::infinity() : stream.uniform();
      step.action = static_cast<std::uint8_t>(stream.uniform_int(4u));
      step.expert_action = static_cast<std::uint8_t>(stream.uniform_int(4u));
      step.collided = stream.bernoulli(0.5f);
      step.off_route = stream.bernoulli(0.5f);
      step.disturbed = stream.bernoulli(0.5f);
      step.by_student = stream.bernoulli(0.5f);
      for (std::int8_t& x : step.path) x = static_cast<std::int8_t>(stream.uniform_int(-127, 127));
      demonstration.steps.push_back(step);
      for (std::size_t p = 0; p < demonstration.frame_size(); ++p)
        demonstration.depth.push_back(static_cast<std::uint8_t>(stream.uniform_int(256u)));
    }
    return demonstration;
  }

  /// A set of one shard with three walks.
  void write_set(DepthStorage storage = DepthStorage::kStored) {
    DemonstrationManifest manifest;
    manifest.set = std::string(31, '0') + "a";
    manifest.split = "train";
    manifest.runs = 3;
    manifest.shards = 1;
    manifest.format.depth = storage;
    manifest.format.sensors.camera.width = 8;
    manifest.format.sensors.camera.height = 5;
    manifest.generation = "{\"seed\":1}";
    ASSERT_TRUE(write_manifest(folder_, manifest).ok());
    ShardHeader header{manifest.set, 0, manifest.format, {}};
    std::vector<std::vector<std::uint8_t>> chunks;
    for (std::uint32_t k = 0; k < 3; ++k) {
      const Demonstration demonstration = walk(k);
      header.chunks.push_back(ChunkEntry{demonstration.info, 0, 0, {}});
      chunks.push_back(encode_chunk(demonstration, storage));
    }
    ASSERT_TRUE(write_shard(shard(), header, chunks).ok());
  }

  fs::path shard() const { return shard_path(folder_, 0); }

  std::vector<std::uint8_t> shard_bytes() const { return *base::read_file(shard(), 1u << 24); }
  void write_shard_bytes(const std::vector<std::uint8_t>& bytes) const {
    std::ofstream file(shard(), std::ios::binary | std::ios::trunc);
    file.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }

  /// The error of opening the set and loading everything; empty when there is none.
  std::string fault_of_set() const {
    const auto set = DemonstrationSet::open(folder_);
    if (!set.ok()) return checked(set.error());
    for (std::size_t i = 0; i < set->size(); ++i) {
      const auto demonstration = set->load(i);
      if (!demonstration.ok()) return checked(demonstration.error());
    }
    return {};
  }
  static std::string checked(const base::Error& error) {
    EXPECT_EQ(error.code, base::ErrorCode::kData) << error.message;
    return error.message;
  }

  base::TemporaryFolder temporary_;
  const fs::path folder_ = temporary_.path();
};

void expect_equal(const Demonstration& a, const Demonstration& b) {
  ASSERT_EQ(a.steps.size(), b.steps.size());
  for (std::size_t t = 0; t < a.steps.size(); ++t) {
    const DemonstrationStep &x = a.steps[t], &y = b.steps[t];
    EXPECT_EQ(x.pose_world_agent.position, y.pose_world_agent.position);
    EXPECT_EQ(x.pose_world_agent.rotation, y.pose_world_agent.rotation);
    EXPECT_EQ(x.remaining, y.remaining);
    EXPECT_EQ(x.action, y.action);
    EXPECT_EQ(x.expert_action, y.expert_action);
    EXPECT_EQ(x.collided, y.collided);
    EXPECT_EQ(x.off_route, y.off_route);
    EXPECT_EQ(x.disturbed, y.disturbed);
    EXPECT_EQ(x.by_student, y.by_student);
    EXPECT_EQ(x.path, y.path);
  }
}

TEST_F(DemonstrationFileTest, ReadsBackWhatWasWritten) {
  for (const DepthStorage storage : {DepthStorage::kStored, DepthStorage::kRendered}) {
    write_set(storage);
    const auto set = DemonstrationSet::open(folder_);
    ASSERT_TRUE(set.ok()) << set.error().message;
    ASSERT_EQ(set->size(), 3u);
    EXPECT_EQ(set->num_steps(), 12 + 13 + 14);
    EXPECT_EQ(set->num_bytes(), fs::file_size(shard()));
    for (std::uint32_t k = 0; k < 3; ++k) {
      const auto read = set->load(k);
      ASSERT_TRUE(read.ok()) << read.error().message;
      const Demonstration written = walk(k);
      expect_equal(*read, written);
      EXPECT_EQ(read->info.scene_id, written.info.scene_id);
      EXPECT_EQ(read->info.drawing, written.info.drawing);
      EXPECT_EQ(read->info.start.position, written.info.start.position);
      EXPECT_EQ(read->info.start.rotation, written.info.start.rotation);
      EXPECT_EQ(read->info.off_start, written.info.off_start);
      EXPECT_EQ(read->depth, storage == DepthStorage::kStored ? written.depth : std::vector<std::uint8_t>());
    }
  }
}

TEST_F(DemonstrationFileTest, CutShort) {
  write_set();
  const std::vector<std::uint8_t> whole = shard_bytes();
  for (std::size_t size = 0; size < whole.size(); size += 1 + size / 7) {
    write_shard_bytes({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)});
    const std::string message = fault_of_set();
    EXPECT_NE(message.find("shard_00000.inkdemo: "), std::string::npos) << message;
    EXPECT_NE(message.find("it was cut short or grew"), std::string::npos) << size << ": " << message;
    EXPECT_NE(message.find("generate demos"), std::string::npos) << message;
  }
  std::vector<std::uint8_t> longer = whole;
  longer.push_back(0);
  write_shard_bytes(longer);
  EXPECT_NE(fault_of_set().find("it was cut short or grew"), std::string::npos);
}

TEST_F(DemonstrationFileTest, EveryFlippedBitIsFound) {
  write_set();
  const std::vector<std::uint8_t> whole = shard_bytes();
  for (std::size_t at = 0; at < whole.size(); at += 1 + whole.size() / 400) {
    std::vector<std::uint8_t> bytes = whole;
    bytes[at] ^= static_cast<std::uint8_t>(1u << (at % 8));
    write_shard_bytes(bytes);
    EXPECT_NE(fault_of_set(), "") << at;
  }
  std::vector<std::uint8_t> bytes = whole;
  bytes.at(bytes.size() - 1) ^= 0x10u;
  write_shard_bytes(bytes);
  const std::string message = fault_of_set();
  EXPECT_NE(
      message.find("demonstration 2 (episode '2' of scene 'homes/home_1.glb') differs from its checksum"),
      std::string::npos)
      << message;
}

TEST_F(DemonstrationFileTest, AnotherFormatVersion) {
  write_set();
  std::vector<std::uint8_t> bytes = shard_bytes();
  bytes[8] = 7;
  write_shard_bytes(bytes);
  EXPECT_NE(fault_of_set().find("demonstrations of format version 1 are wanted, found version 7; make them "
                                "again with `inknav generate demos`"),
            std::string::npos);
  write_set();
  std::string text = *base::read_text_file(manifest_path(folder_), 1u << 20);
  text.replace(text.find("\"version\": 1"), 12, "\"version\": 3");
  ASSERT_TRUE(base::write_text_atomic(manifest_path(folder_), text).ok());
  EXPECT_NE(fault_of_set().find("demos.json: demonstrations of format version 1 are wanted, found version 3"),
            std::string::npos);
}

TEST_F(DemonstrationFileTest, AnotherKindOfFile) {
  write_set();
  write_shard_bytes(std::vector<std::uint8_t>(100, 'x'));
  EXPECT_NE(fault_of_set().find("the file begins otherwise"), std::string::npos);
}

TEST_F(DemonstrationFileTest, AMissingShardAndAMissingSet) {
  write_set();
  fs::remove(shard());
  EXPECT_NE(fault_of_set().find("run `inknav generate demos` again, which makes what is missing"),
            std::string::npos);
  fs::remove(manifest_path(folder_));
  EXPECT_NE(fault_of_set().find("a folder of demonstrations (with demos.json) is wanted, there is none"),
            std::string::npos);
}

TEST_F(DemonstrationFileTest, AShardOfAnotherSet) {
  write_set();
  auto manifest = read_manifest(folder_);
  ASSERT_TRUE(manifest.ok());
  manifest->set = std::string(32, 'b');
  ASSERT_TRUE(write_manifest(folder_, *manifest).ok());
  EXPECT_NE(fault_of_set().find("shard 0 of set bbbb"), std::string::npos);
}

TEST_F(DemonstrationFileTest, AMissingDrawing) {
  write_set();
  const auto set = DemonstrationSet::open(folder_);
  ASSERT_TRUE(set.ok());
  for (const char* name : {"home_1_epi0_cut1.png", "home_1_epi2_cut1.png"})
    std::ofstream(folder_ / name) << "x";
  const base::Status status = set->check_drawings(folder_);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, base::ErrorCode::kData);
  EXPECT_NE(status.error().message.find("shard_00000.inkdemo: demonstration 1 (episode '1' of scene "
                                        "'homes/home_1.glb') is joined to the drawing home_1_epi1_cut1.png, "
                                        "which is missing in "),
            std::string::npos)
      << status.error().message;
  std::ofstream(folder_ / "home_1_epi1_cut1.png") << "x";
  EXPECT_TRUE(set->check_drawings(folder_).ok());
}

/// Replaces text in the shard's header and makes its hash right again: what a hostile writer would do.
TEST_F(DemonstrationFileTest, ContradictionsAreFoundAlsoWithTheRightChecksums) {
  struct Change {
    std::string from, to, message;
  };
  const std::vector<Change> changes = {
      {"\"steps\":12", "\"steps\":13", "records of 13 steps are wanted, they cannot be unpacked"},
      {"\"steps\":12", "\"steps\":-1", "\"steps\" must be an integer in [1, 1000000], found -1"},
      {"\"steps\":12", "\"steps\":1.5", "\"steps\" must be an integer"},
      {"\"width\":8", "\"width\":9", "depth images are wanted, they cannot be unpacked"},
      {"\"width\":8", "\"width\":99999", "\"width\" must be an integer in [1, 4096], found 99999"},
      {"home_1_epi0_cut1.png", "../h_1_epi0_cut1.png", "\"drawing\" must be a plain file name"},
      {"\"scene\"", "\"stage\"", "\"scene\" is wanted, it is missing"},
      {"\"run\":0", "\"run\":[", "JSON is wanted, it is damaged"},
      {"\"depth\":\"stored\"", "\"depth\":\"guess\"", "\"depth\" must be \"stored\" or \"rendered\""},
      {"\"off_start\":false", "\"off_start\":0", "\"off_start\" must be true or false"},
  };
  for (const Change& change : changes) {
    write_set();
    std::vector<std::uint8_t> bytes = shard_bytes();
    std::uint64_t size = 0;
    std::memcpy(&size, bytes.data() + 16, sizeof(size));
    std::string json(bytes.begin() + 40, bytes.begin() + 40 + static_cast<std::ptrdiff_t>(size));
    const std::size_t at = json.find(change.from);
    ASSERT_NE(at, std::string::npos) << change.from;
    json.replace(at, change.from.size(), change.to);
    const std::uint64_t new_size = json.size();
    const base::Hash128 hash = base::xxh3_128(json.data(), json.size());
    std::vector<std::uint8_t> changed(bytes.begin(), bytes.begin() + 40);
    std::memcpy(changed.data() + 16, &new_size, sizeof(new_size));
    std::memcpy(changed.data() + 24, &hash, sizeof(hash));
    changed.insert(changed.end(), json.begin(), json.end());
    changed.insert(changed.end(), bytes.begin() + 40 + static_cast<std::ptrdiff_t>(size), bytes.end());
    write_shard_bytes(changed);
    const std::string message = fault_of_set();
    EXPECT_NE(message.find(change.message), std::string::npos) << change.to << ": " << message;
  }
}

}  // namespace
}  // namespace inknav::task
