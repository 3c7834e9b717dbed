// SPDX-License-Identifier: MIT
#include "task/json_stream.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "base/temporary_folder.h"
#include "task/habitat/read_dataset.h"

namespace inknav::task {
namespace {

class Stream : public ::testing::Test {
 protected:
  JsonStream open(const std::string& text) {
    std::ofstream(folder_ / "a.json", std::ios::binary) << text;
    return std::move(JsonStream::open(folder_ / "a.json")).value();
  }
  base::TemporaryFolder folder_;
};

TEST_F(Stream, WalksAndParses) {
  JsonStream stream = open(R"( {"a" : [1, {"x": "]}\"\\"} , "t", true, null,-2.5e1], "b":{}, "c":[ ] } )");
  std::string key;
  ASSERT_TRUE(stream.begin_object("x").ok());
  ASSERT_TRUE(*stream.next_key(key));
  EXPECT_EQ(key, "a");
  ASSERT_TRUE(stream.begin_array("x").ok());
  std::string values;
  while (*stream.next_element()) values += simdjson::minify(*stream.value()) + " ";
  EXPECT_EQ(values, R"(1 {"x":"]}\"\\"} "t" true null -25.0 )");
  ASSERT_TRUE(*stream.next_key(key));
  ASSERT_TRUE(stream.begin_object("x").ok());
  EXPECT_FALSE(*stream.next_key(key));
  ASSERT_TRUE(*stream.next_key(key));
  ASSERT_TRUE(stream.begin_array("x").ok());
  EXPECT_FALSE(*stream.next_element());
  EXPECT_FALSE(*stream.next_key(key));
  EXPECT_TRUE(stream.finish().ok());
}

TEST_F(Stream, FaultsNameTheByte) {
  const auto fault = [&](const std::string& text) {
    JsonStream stream = open(text);
    std::string key;
    base::Status status = stream.begin_object("an object");
    while (status.ok()) {
      const auto more = stream.next_key(key);
      status = !more.ok() ? base::Status(more.error()) : *more ? stream.skip() : stream.finish();
      if (more.ok() && !*more) break;
    }
    return status.ok() ? std::string("sound") : status.error().message;
  };
  EXPECT_EQ(fault(R"({"a": 1, "b": [2]})"), "sound");
  EXPECT_NE(fault(R"({"a": 1 "b": 2})").find("at byte 8 found a fault (a comma"), std::string::npos);
  EXPECT_NE(fault(R"({"a" 1})").find("at byte 5 found a fault (a colon"), std::string::npos);
  EXPECT_NE(fault(R"({a: 1})").find("at byte 1 found a fault (a key in quotes"), std::string::npos);
  EXPECT_NE(fault(R"({"a": [1, 2)").find("the file ends inside"), std::string::npos);
  EXPECT_NE(fault(R"({"a": "b\)").find("the file ends inside"), std::string::npos);
  EXPECT_NE(fault(R"({"a": tru})").find("invalid literal"), std::string::npos);
  EXPECT_NE(fault(R"({"a": [1, 2}, "b": 3]})").find("found a fault"), std::string::npos);
  EXPECT_NE(fault(R"({"a": 1}})").find("the end of the file is wanted"), std::string::npos);
  EXPECT_NE(fault(R"([1])").find("an object, found a list"), std::string::npos);
}

// Values of every length up to beyond a block of the file, so that each part falls on a block's border
// somewhere.
TEST_F(Stream, BordersOfBlocksAreNowhereSeen) {
  std::string text = "[\n";
  for (int i = 0; i < 600; ++i) {
    if (i > 0) text += " , ";
    text += "{\"n\":" + std::to_string(i) + ",\"t\":\"" +
            std::string(static_cast<std::size_t>(i * 7 % 900), '\\') +
            std::string(static_cast<std::size_t>(i * 7 % 900), '\\') + "]\"}";
  }
  JsonStream stream = open(text + "]");
  ASSERT_TRUE(stream.begin_array("x").ok());
  for (std::int64_t i = 0; i < 600; ++i) {
    ASSERT_TRUE(*stream.next_element());
    const auto value = stream.value();
    ASSERT_TRUE(value.ok()) << value.error().message;
    EXPECT_EQ((*value)["n"].get_int64().value(), i);
    EXPECT_EQ((*value)["t"].get_string().value().size(), static_cast<std::size_t>(i * 7 % 900 + 1));
  }
  EXPECT_FALSE(*stream.next_element());
  EXPECT_TRUE(stream.finish().ok());
}

std::string long_r2r(int episodes) {
  std::string text = "{\"episodes\": [";
  for (int i = 0; i < episodes; ++i) {
    if (i > 0) text += ", ";
    text +=
        "{\"episode_id\": " + std::to_string(i) +
        R"(, "trajectory_id": 5, "scene_id": "mp3d/17DRP5sb8fy/17DRP5sb8fy.glb", "start_position": [1, 0, 2],
            "start_rotation": [0, 0, 0, 1], "goals": [{"position": [3, 0, 4], "radius": 3.0}], "instruction":
            {"instruction_text": ")" +
        std::string(160, 'w') + R"(", "instruction_tokens": [)";
    for (int k = 0; k < 200; ++k) text += k == 0 ? "9" : k < 30 ? ",1234" : ",0";
    text += "]}, \"reference_path\": [[1, 0, 2], [2, 0, 3], [3, 0, 4]]}";
  }
  return text + "]}";
}

// What a gigabyte costs follows from what an episode costs (docs/measurements, "Episodes").
TEST_F(Stream, MemoryIsBoundedByTheLongestValueAndTheTables) {
  constexpr std::size_t kEpisodes = 16384;  // a power of two: the tables' vectors are full
  const std::string text = long_r2r(kEpisodes);
  JsonStream stream = open(text);
  std::string key;
  ASSERT_TRUE(stream.begin_object("x").ok());
  ASSERT_TRUE(*stream.next_key(key));
  ASSERT_TRUE(stream.begin_array("x").ok());
  while (*stream.next_element()) ASSERT_TRUE(stream.value().ok());
  EXPECT_EQ(stream.bytes_read(), text.size() - 1);
  // Two blocks of 64 KiB, half as much again for growing, and the parser's tables for one episode of 1.3 KB.
  EXPECT_LE(stream.buffer_bytes(), (192u << 10) + 14 * 2048);
  const auto read =
      habitat::read_dataset({habitat::DatasetType::kR2rVln, {folder_ / "a.json"}, {"*"}, {"*"}});
  ASSERT_TRUE(read.ok()) << read.error().message;
  ASSERT_EQ(read->episodes.size(), kEpisodes);
  // 24 bytes for all, 36 for an instruction, 160 of text, 30 tokens of two bytes (170 zeros cost nothing); a
  // block of 1 MiB left over in each of two pools.
  EXPECT_LE(read->tables->num_bytes(), kEpisodes * (24 + 36 + 160 + 60) + (2u << 20) + 4096);
  EXPECT_LE(sizeof(Episode), 192u) << "300,000 of them are held";
}

}  // namespace
}  // namespace inknav::task
