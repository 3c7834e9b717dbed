// SPDX-License-Identifier: MIT
#pragma once
// Where the episodes of one list lie on one scene: start and goals on the mesh, joined, the distance as
// stated, the reference path; for a check of a folder. Where most starts are off the mesh and would be on it
// with y and z exchanged, that is said once instead of for each episode.
// An episode without goals, as test splits have them, is judged by its start alone.
// Pure functions of (mesh, episodes). Cost: a path search an episode.

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "nav/nav_mesh.h"
#include "task/check/check_findings.h"
#include "task/episode.h"

namespace inknav::task {

struct PlacedEpisode {
  const Episode* episode = nullptr;
  std::size_t number = 0;    // in its file
  bool has_distance = true;  // what its file says of the way's length is of these goals
  // Results:
  bool reachable = false;
  bool start_off = false;
  float geodesic = 0.0f;  // metres; 0 where it is not reachable
};

/// "episode 12 ('7')"
std::string episode_name(std::size_t number, const Episode& episode);

/// `episodes` are of the list `file` and stand on the scene of `query`. Appends to `findings`.
void check_places(nav::NavQuery& query, const std::filesystem::path& file, std::span<PlacedEpisode> episodes,
                  CheckFindings& findings);

/// Whether the episode says how long its way is, and it is so long on this mesh.
bool has_stated_distance(nav::NavQuery& query, const Episode& episode);

/// What can be said of an episode without its scene: a start that is tilted.
void check_start(const std::filesystem::path& file, std::size_t number, const Episode& episode,
                 CheckFindings& findings);

}  // namespace inknav::task
