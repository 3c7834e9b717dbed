// SPDX-License-Identifier: MIT
#include "task/repack_list.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/temporary_folder.h"
#include "task/episode.h"

namespace inknav::task {
namespace {

constexpr const char* kList =
    R"({"category_to_task_category_id": {"bed": 1}, "episodes": [{"episode_id": 3, "scene_id": "a.glb",
    "start_position": [0, 0, 0], "start_rotation": [0, 0, 0, 1], "goals": [{"position": [1, 0, 2]}],
    "instruction": {"text": "walk to the \u00e9tag\u00e8re"}}]})";

TEST(RepackList, KeepsEveryByteBothWays) {
  const base::TemporaryFolder folder;
  ASSERT_TRUE(base::write_text_atomic(folder / "a.json", kList).ok());
  const auto packed = repack_list(folder / "a.json", folder / "b.json.gz");
  ASSERT_TRUE(packed.ok()) << packed.error().message;
  EXPECT_EQ(packed->episodes, 1u);
  const auto bytes = base::read_file(folder / "b.json.gz", 1u << 20);
  ASSERT_TRUE(bytes.ok());
  EXPECT_EQ(bytes->at(0), 0x1f);  // gzip's magic
  EXPECT_EQ(bytes->at(1), 0x8b);
  ASSERT_TRUE(repack_list(folder / "b.json.gz", folder / "c.json").ok());
  EXPECT_EQ(*base::read_text_file(folder / "c.json", 1u << 20), kList);
  EXPECT_EQ(load_episodes(folder / "b.json.gz")->at(0).episode_id, "3");
}

TEST(RepackList, WhatIsNoListIsRefusedAndNothingIsWritten) {
  const base::TemporaryFolder folder;
  ASSERT_TRUE(base::write_text_atomic(folder / "a.json", "{\"homes\": []}").ok());
  const auto refused = repack_list(folder / "a.json", folder / "b.json.gz");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, base::ErrorCode::kData);
  EXPECT_NE(refused.error().message.find("a.json"), std::string::npos) << refused.error().message;
  EXPECT_FALSE(std::filesystem::exists(folder / "b.json.gz"));
}

}  // namespace
}  // namespace inknav::task
