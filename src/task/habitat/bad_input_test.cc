// SPDX-License-Identifier: MIT
// Damaged and hostile files of every format: a typed error that names the file, or a whole result; no crash
// and no endless loop.
#include <gtest/gtest.h>
#include <unistd.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/log.h"
#include "base/philox.h"
#include "task/habitat/test_files.h"
#include "task/json_stream.h"

namespace inknav::task::habitat {
namespace {

using enum DatasetType;

struct Sample {
  const char* name;
  DatasetType type;
  std::string text;
};

std::vector<Sample> samples() {
  const std::string point_nav = "{\"episodes\": [" + testing::point_nav_episode(0, "gibson/A.glb") + ", " +
                                testing::point_nav_episode(1, "gibson/B.glb") + "]}";
  return {{"pointnav", kPointNav, point_nav},
          {"objectnav", kObjectNav, testing::object_nav_file("S.glb")},
          {"r2r", kR2rVln, testing::r2r_file()},
          {"rxr", kRxrVln, testing::rxr_file()}};
}

const std::string kTruth =
    R"({"7": {"locations": [[0, 0, 0], [0, 0, -0.25]], "actions": [1, 2, 0], "forward_steps": 1}})";

class HabitatBadInput : public testing::Files {
 protected:
  // Thousands of files with a letter of a key flipped would each be named in a warning.
  HabitatBadInput() : level_(spdlog::get_level()) { spdlog::set_level(spdlog::level::err); }
  ~HabitatBadInput() override { spdlog::set_level(level_); }

  /// Whether it was read; otherwise the error is kData and names the file.
  static bool read_any(const Sample& sample, const std::filesystem::path& path) {
    std::optional<base::Error> error;
    if (sample.type == kHandWritingNav) {
      GroundTruth truth;
      const base::Status status = load_ground_truth(path, truth);
      if (!status.ok()) error = status.error();
    } else {
      const auto result = read_dataset({sample.type, {path}, {"*"}, {"*"}});
      if (!result.ok()) error = result.error();
    }
    if (!error) return true;
    EXPECT_EQ(error->code, base::ErrorCode::kData);
    EXPECT_NE(error->message.find(path.string()), std::string::npos) << error->message;
    EXPECT_LT(error->message.size(), path.string().size() + 600) << error->message;
    return false;
  }
  /// All formats, the ground truth as kHandWritingNav.
  static std::vector<Sample> all() {
    std::vector<Sample> list = samples();
    list.push_back({"gt", kHandWritingNav, kTruth});
    return list;
  }

 private:
  spdlog::level::level_enum level_;
};

TEST_F(HabitatBadInput, CutFilesAreRefused) {
  for (const Sample& sample : all()) {
    const auto packed = *base::read_file(write_gz("whole.json.gz", sample.text), 1 << 20);
    const std::string gz(packed.begin(), packed.end());
    ASSERT_TRUE(read_any(sample, folder_ / "whole.json.gz")) << sample.name;
    for (const bool plain : {true, false}) {
      const std::string& whole = plain ? sample.text : gz;
      for (std::size_t i = 0; i < 50; ++i) {
        const std::size_t size = whole.size() * i / 50;
        const auto path = write(plain ? "cut.json" : "cut.json.gz", whole.substr(0, size));
        EXPECT_FALSE(read_any(sample, path)) << sample.name << " cut at " << size;
      }
    }
  }
}

TEST_F(HabitatBadInput, FlippedBytesAreRefusedOrHarmless) {
  base::PhiloxStream stream({8, 0, 0, 0, base::Purpose::kTest});
  for (const Sample& sample : all()) {
    const auto packed = *base::read_file(write_gz("whole.json.gz", sample.text), 1 << 20);
    const std::string gz(packed.begin(), packed.end());
    int read = 0;
    for (int i = 0; i < 500; ++i) {
      for (const bool plain : {true, false}) {
        std::string damaged = plain ? sample.text : gz;
        damaged[stream.uniform_int(static_cast<std::uint32_t>(damaged.size()))] ^=
            static_cast<char>(1u << stream.uniform_int(8u));
        read += read_any(sample, write(plain ? "flip.json" : "flip.json.gz", damaged)) ? 1 : 0;
      }
    }
    EXPECT_LT(read, 1000) << "some flips must be seen";
  }
}

TEST_F(HabitatBadInput, WhatIsNoFile) {
  for (const Sample& sample : all()) {
    EXPECT_FALSE(read_any(sample, write("empty.json", "")));
    EXPECT_FALSE(read_any(sample, write("empty.json.gz", "")));
    EXPECT_FALSE(read_any(sample, write("space.json", " \n ")));
    EXPECT_FALSE(read_any(sample, folder_.path()));
    EXPECT_FALSE(read_any(sample, folder_ / "nowhere.json"));
    EXPECT_FALSE(read_any(sample, write("more.json", sample.text + "{}")));
    if (::geteuid() == 0) continue;  // root may read everything
    const auto path = write("locked.json", sample.text);
    std::filesystem::permissions(path, std::filesystem::perms::none);
    EXPECT_FALSE(read_any(sample, path));
  }
  expect_error(kPointNav, folder_.path(), "it is a folder");
  expect_error(kPointNav, folder_ / "nowhere.json", "cannot be opened: No such file");
}

TEST_F(HabitatBadInput, NumbersAndTextsThatAreNone) {
  constexpr std::string_view kGoal = "\"goals\": [{\"position\": [3, 0.25, 1]";
  const auto with = [&](std::string_view from, std::string_view to) {
    return write("bad.json",
                 testing::replaced("{\"episodes\": [" + testing::point_nav_episode(0, "gibson/A.glb") + "]}",
                                   from, to));
  };
  for (const char* number : {"NaN", "Infinity", "1e999", "-1e999", "0x10", "01", "1.", "--1"}) {
    expect_error(kPointNav, with("[1.5, 0.25, -2]", "[1.5, " + std::string(number) + ", -2]"),
                 "JSON is wanted, at byte");
  }
  expect_error(kPointNav, with(kGoal, "\"goals\": [{\"position\": [3, 1e30, 1]"),
               "episodes[0].goals[0].position must be 3 finite numbers of at most 1e5, found [3,1e+30,1]");
  expect_error(kPointNav, with(kGoal, "\"goals\": [{\"position\": [3, 0.25, 1, 4]"),
               "episodes[0].goals[0].position must be");
  expect_error(kPointNav, with(kGoal, "\"goals\": [{\"position\": \"here\""),
               "episodes[0].goals[0].position must be");
  expect_error(kPointNav, with("gibson/A.glb", "gibson/\xff.glb"), "JSON is wanted, at byte");
  expect_error(kPointNav, with("gibson/A.glb", "gibson/\\ud800.glb"), "JSON is wanted, at byte");
  expect_error(kPointNav, with("gibson/A.glb", "a\nb"), "JSON is wanted, at byte");
  expect_error(kPointNav, with("\"gibson/A.glb\"", "3.5"),
               "episodes[0].scene_id must be a string or an integer, found 3.5");
  expect_error(kPointNav, with("\"gibson/A.glb\"", "\"\""), "episodes[0].scene_id must not be empty");
  expect_error(kPointNav, with("\"info\": {", "\"info\": 3, \"x\": {"),
               "episodes[0].info must be an object, found 3");
  expect_error(kPointNav, with("[0, 0.6, 0, 0.8],\n", "[0, 0.6, 0, 0],\n"),
               "episodes[0].start_rotation must be a unit quaternion");
}

TEST_F(HabitatBadInput, DeepLongAndManyAreBounded) {
  std::string deep = "{\"episodes\": [{\"x\": ";
  for (int i = 0; i < 100'000; ++i) deep += '[';
  expect_error(kR2rVln, write("deep.json", deep), "nested deeper than 16");
  expect_error(kR2rVln, write("deep.json", "{\"a\": " + std::string(100'000, '[')), "nested deeper than 16");
  const std::string long_text(JsonStream::kMaxValueBytes + 1, 'a');
  expect_error(kR2rVln, write("long.json", "{\"episodes\": [{\"a\": \"" + long_text + "\"}]}"),
               "a value of more than");
  expect_error(kR2rVln, write("long.json", "{\"" + long_text + "\": 1}"), "a value of more than");
  expect_error(kR2rVln, write("long.json", "{\"a\": 1" + std::string(JsonStream::kMaxValueBytes, '0') + "}"),
               "a value of more than");
  std::string many = "{\"episodes\": [{\"a\": [0";
  for (int i = 0; i < 250'000; ++i) many += ",0";
  expect_error(kR2rVln, write("many.json", many + "]}]}"), "too many values");
  std::string tokens = "[0";
  for (int i = 0; i < 70'000; ++i) tokens += ",0";
  expect_error(kR2rVln,
               write("tokens.json", testing::replaced(testing::r2r_file(), "[5, 0, 7, 0, 0]", tokens + "]")),
               "instruction_tokens has more than 65535 tokens");
}

}  // namespace
}  // namespace inknav::task::habitat
