// SPDX-License-Identifier: MIT
#include "scene/home/home_set.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "scene/home/home_check.h"
#include "scene/load.h"

namespace inknav::scene {
namespace {

namespace fs = std::filesystem;

class HomeSet : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("inknav_home_set_" + std::to_string(::getpid()));
    fs::remove_all(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  static std::string content(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  static std::map<std::string, std::string> files(const fs::path& folder) {
    std::map<std::string, std::string> result;
    for (const auto& entry : fs::directory_iterator(folder)) {
      result[entry.path().filename().string()] = content(entry.path());
    }
    return result;
  }
  HomeSetOptions options(const char* name, int count, int threads) const {
    HomeSetOptions o;
    o.folder = folder_ / name;
    o.count = count;
    o.seed = 5;
    o.params = {3, 6, 1.0f};
    o.threads = threads;
    return o;
  }

  fs::path folder_;
};

TEST_F(HomeSet, bytes_do_not_depend_on_threads) {
  ASSERT_TRUE(write_home_set(options("one", 6, 1)).ok());
  ASSERT_TRUE(write_home_set(options("four", 6, 4)).ok());
  EXPECT_EQ(files(folder_ / "one"), files(folder_ / "four"));
  EXPECT_EQ(files(folder_ / "one").size(), 13u);  // six homes, six stage configs, the index
}

TEST_F(HomeSet, a_larger_set_begins_with_the_smaller_one) {
  ASSERT_TRUE(write_home_set(options("set", 2, 1)).ok());
  const auto summary = write_home_set(options("set", 4, 2));
  ASSERT_TRUE(summary.ok()) << summary.error().message;
  EXPECT_EQ(summary->unchanged, 2);
  EXPECT_EQ(summary->written, 2);
}

TEST_F(HomeSet, a_file_with_other_content_is_not_replaced_without_overwrite) {
  HomeSetOptions o = options("set", 2, 1);
  ASSERT_TRUE(write_home_set(o).ok());
  const auto before = files(o.folder);
  o.seed = 6;
  const auto refused = write_home_set(o);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, base::ErrorCode::kUsage);
  EXPECT_NE(refused.error().message.find("home_00000.glb: a file with other content"), std::string::npos);
  EXPECT_EQ(files(o.folder), before);
  o.overwrite = true;
  EXPECT_TRUE(write_home_set(o).ok());
  EXPECT_NE(files(o.folder), before);
}

TEST_F(HomeSet, written_home_reads_back_as_generated) {
  const HomeSetOptions o = options("set", 1, 1);
  ASSERT_TRUE(write_home_set(o).ok());
  const Home home = generate_home(home_seed(o.seed, 0), o.params);
  const auto loaded = load_scene(o.folder / home_file_name(0));
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  EXPECT_EQ(loaded.value()->num_triangles(), home.scene->num_triangles());
  EXPECT_EQ(loaded.value()->bounds.max, home.scene->bounds.max);
  EXPECT_EQ(loaded.value()->bounds.min, home.scene->bounds.min);

  const auto index = nlohmann::json::parse(content(o.folder / "homes.json"));
  EXPECT_EQ(index["homes"].size(), 1u);
  EXPECT_EQ(index["homes"][0]["seed"], home_seed(o.seed, 0));
  EXPECT_EQ(index["homes"][0]["triangles"], home.scene->num_triangles());
  EXPECT_NEAR(index["homes"][0]["floor_area_m2"].get<double>(), static_cast<double>(floor_area(home.plan)),
              0.01);
}

TEST_F(HomeSet, sets_of_different_seeds_share_no_home) {
  std::set<std::uint64_t> seeds;
  for (std::uint64_t set = 0; set < 20; ++set) {
    for (int i = 0; i < 200; ++i) {
      const std::uint64_t seed = home_seed(set, i);
      EXPECT_LT(seed, std::uint64_t{1} << 53);
      EXPECT_TRUE(seeds.insert(seed).second);
    }
  }
}

TEST_F(HomeSet, wrong_options_are_refused_by_name) {
  const auto refused = [&](auto change, const char* text) {
    HomeSetOptions o = options("set", 2, 1);
    change(o);
    const auto result = write_home_set(o);
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().code, base::ErrorCode::kUsage);
    EXPECT_NE(result.error().message.find(text), std::string::npos) << result.error().message;
    EXPECT_FALSE(fs::exists(o.folder));
  };
  refused([](HomeSetOptions& o) { o.count = 0; }, "the number of homes is 0; 1 to 100000 are possible");
  refused([](HomeSetOptions& o) { o.params.min_rooms = 9; }, "the rooms of a home are 9 to 6");
  refused([](HomeSetOptions& o) { o.params.max_rooms = 17; }, "1 to 16 are possible");
  refused([](HomeSetOptions& o) { o.params.furniture_density = 3.0f; }, "furniture is 3; 0 (empty) to 2");
  refused([](HomeSetOptions& o) { o.threads = 0; }, "threads is 0");
}

TEST_F(HomeSet, a_folder_that_cannot_be_made_is_a_disk_error) {
  fs::create_directories(folder_);
  std::ofstream(folder_ / "file") << "x";
  const auto result = write_home_set(options("file/below", 1, 1));
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().code, base::ErrorCode::kDisk);
  EXPECT_NE(result.error().message.find("the folder cannot be made"), std::string::npos);
}

}  // namespace
}  // namespace inknav::scene
