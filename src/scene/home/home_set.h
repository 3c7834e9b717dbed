// SPDX-License-Identifier: MIT
#pragma once
// A folder of generated homes: home_00000.glb, home_00000.stage_config.json, ... and homes.json, an index
// with seed, rooms, floor area, triangles and content hash of each.
//
// The bytes of every file depend on seed, index and parameters alone, not on count or threads: a larger set
// begins with the smaller one. Sets of different seeds share no home.
// Errors: kUsage when a file with other content is in the way and `overwrite` is off (nothing is replaced
// then), kDisk when a file cannot be written, kData when a plan breaks a law of check_plan.

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "base/result.h"
#include "scene/home/home.h"

namespace inknav::scene {

struct HomeSetOptions {
  std::filesystem::path folder;  // made when missing
  int count = 10;                // 1 to 100,000
  std::uint64_t seed = 0;
  HomeParams params;
  int threads = 1;
  bool overwrite = false;
};

struct HomeSetSummary {
  int written = 0;
  int unchanged = 0;        // were there with the same bytes
  double floor_area = 0.0;  // square metres, all homes
};

/// Seed of home `index` of the set, below 2^53 so that JSON keeps it.
std::uint64_t home_seed(std::uint64_t set_seed, int index);

/// "home_00042.glb"
std::string home_file_name(int index);

/// `progress` hears the number of homes done; it is called on one thread at a time.
base::Result<HomeSetSummary> write_home_set(const HomeSetOptions& options,
                                            const std::function<void(int done)>& progress = {});

}  // namespace inknav::scene
