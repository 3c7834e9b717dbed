// SPDX-License-Identifier: MIT
#include "task/check/episode_place_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "nav/distance_field.h"
#include "task/episode_truth.h"

namespace inknav::task {
namespace {

constexpr float kMaxTiltDeg = 5.0f;
constexpr float kDistanceSlack = 0.1f;  // metres
constexpr float kDistancePart = 0.01f;  // of the distance
constexpr std::size_t kFewStarts = 3;   // off the mesh, from which on the frame is in question
constexpr float kFitsTurned = 0.8f;     // of the starts off the mesh that another frame would put on it

std::string point_text(const base::Vec3& p) { return fmt::format("({:.2f}, {:.2f}, {:.2f})", p.x, p.y, p.z); }

base::Vec3 turned(const base::Vec3& p, float sign) { return {p.x, sign * p.z, -sign * p.y}; }

/// Detour's distance to the nearest goal.
float distance_to_goals(nav::NavQuery& query, const Episode& episode) {
  float least = std::numeric_limits<float>::infinity();
  for (const Goal& goal : episode.goals) {
    if (glm::length(goal.position - episode.start.position) >= least) continue;
    least = std::min(least, query.geodesic(episode.start.position, goal.position).length);
  }
  return least;
}

bool is_near(float stated, float measured) {
  return std::abs(stated - measured) <= std::max(kDistanceSlack, kDistancePart * measured);
}

class Places {
 public:
  Places(nav::NavQuery& query, const std::filesystem::path& file, CheckFindings& findings)
      : query_(query), file_(file), findings_(findings) {}

  void check(std::span<PlacedEpisode> episodes) {
    std::vector<EpisodePlace> places;
    places.reserve(episodes.size());
    for (PlacedEpisode& placed : episodes) {
      places.push_back(place_of(query_, *placed.episode));
      placed.start_off = places.back() == EpisodePlace::kStartOff;
      placed.reachable = places.back() == EpisodePlace::kGood;
    }
    if (another_frame(episodes)) return;
    for (std::size_t i = 0; i < episodes.size(); ++i) check_one(episodes[i], places[i]);
  }

 private:
  void add(CheckCode code, const PlacedEpisode& placed, const std::string& what) {
    findings_.push_back({code, file_, episode_name(placed.number, *placed.episode), what,
                         static_cast<std::int64_t>(placed.number)});
  }

  bool another_frame(std::span<const PlacedEpisode> episodes) {
    std::size_t off = 0, fits[2] = {0, 0};
    for (const PlacedEpisode& placed : episodes) {
      if (!placed.start_off) continue;
      ++off;
      const base::Vec3& p = placed.episode->start.position;
      for (int k = 0; k < 2; ++k) fits[k] += near_mesh(query_, turned(p, k == 0 ? 1.0f : -1.0f)) ? 1 : 0;
    }
    const std::size_t most = std::max(fits[0], fits[1]);
    if (off < kFewStarts || 2 * off <= episodes.size()) return false;
    if (static_cast<float>(most) < kFitsTurned * static_cast<float>(off)) return false;
    findings_.push_back(
        {CheckCode::kListFrame, file_, fmt::format("scene '{}'", episodes.front().episode->scene_id),
         fmt::format(
             "starts on the navmesh were wanted, {} of {} are off it; with (x, {}) for (x, y, z) {} of "
             "these would be on it",
             off, episodes.size(), fits[0] >= fits[1] ? "z, -y" : "-z, y", most)});
    return true;
  }

  void check_one(PlacedEpisode& placed, EpisodePlace place) {
    const Episode& episode = *placed.episode;
    if (place == EpisodePlace::kNoGoal) return;  // of a test split
    const base::Vec3& start = episode.start.position;
    const base::Vec3 goal = episode.goals.empty() ? start : episode.goals.front().position;
    if (place == EpisodePlace::kStartOff) {
      add(CheckCode::kEpisodeStartOff, placed,
          fmt::format("a start on the navmesh of '{}' was wanted, found {}", episode.scene_id,
                      point_text(start)));
    } else if (place == EpisodePlace::kGoalOff) {
      add(CheckCode::kEpisodeGoalOff, placed,
          fmt::format("a goal on the navmesh of '{}' was wanted, found {}", episode.scene_id,
                      point_text(goal)));
    } else if (place == EpisodePlace::kUnreachable) {
      add(CheckCode::kEpisodeUnreachable, placed,
          fmt::format("a way from {} to {} in '{}' was wanted, found none", point_text(start),
                      point_text(goal), episode.scene_id));
    } else {
      check_distance(placed);
      check_route(placed);
    }
  }

  void check_distance(PlacedEpisode& placed) {
    if (!placed.has_distance) return;
    const Episode& episode = *placed.episode;
    placed.geodesic = distance_to_goals(query_, episode);
    const float stated = episode.geodesic_distance;
    if (stated <= 0.0f || is_near(stated, placed.geodesic)) return;
    // Detour may take the longer side of an obstacle; whoever wrote the list may have measured better.
    std::vector<base::Vec3> goals;
    for (const Goal& goal : episode.goals) goals.push_back(goal.position);
    const float shortest = nav::DistanceField::compute(query_, goals)->at(episode.start.position);
    if (is_near(stated, shortest)) return;
    if (stated > shortest && stated < placed.geodesic) return;
    add(CheckCode::kEpisodeDistance, placed,
        fmt::format("info.geodesic_distance says {:.2f} m, on this mesh it is {:.2f} m", stated,
                    std::isfinite(placed.geodesic) ? placed.geodesic : shortest));
  }

  void check_route(const PlacedEpisode& placed) {
    const std::vector<base::Vec3>& route = placed.episode->reference_path;
    std::size_t off = 0;
    const base::Vec3* first = nullptr;
    for (const base::Vec3& p : route) {
      if (near_mesh(query_, p)) continue;
      if (first == nullptr) first = &p;
      ++off;
    }
    if (off == 0) return;
    const bool lost = 2 * (route.size() - off) < route.size();
    add(lost ? CheckCode::kEpisodeRouteOff : CheckCode::kEpisodeRouteLeaves, placed,
        fmt::format("{} points of the reference path on the navmesh were wanted, {} are off it, the first {}",
                    route.size(), off, point_text(*first)));
  }

  nav::NavQuery& query_;
  const std::filesystem::path& file_;
  CheckFindings& findings_;
};

}  // namespace

std::string episode_name(std::size_t number, const Episode& episode) {
  return fmt::format("episode {} ('{}')", number, episode.episode_id);
}

bool has_stated_distance(nav::NavQuery& query, const Episode& episode) {
  const float stated = episode.geodesic_distance;
  return stated > 0.0f && is_near(stated, distance_to_goals(query, episode));
}

void check_places(nav::NavQuery& query, const std::filesystem::path& file, std::span<PlacedEpisode> episodes,
                  CheckFindings& findings) {
  if (!episodes.empty()) Places(query, file, findings).check(episodes);
}

void check_start(const std::filesystem::path& file, std::size_t number, const Episode& episode,
                 CheckFindings& findings) {
  const base::Vec3 up = episode.start.rotation * base::Vec3(0.0f, 1.0f, 0.0f);
  const float tilt = std::acos(std::clamp(up.y, -1.0f, 1.0f)) * 180.0f / base::kPi;
  if (tilt <= kMaxTiltDeg) return;
  const base::Quat& q = episode.start.rotation;
  findings.push_back(
      {CheckCode::kEpisodeTilted, file, episode_name(number, episode),
       fmt::format(
           "a start_rotation [x, y, z, w] about y was wanted, found [{:.3f}, {:.3f}, {:.3f}, {:.3f}], "
           "tilted by {:.0f} degrees",
           q.x, q.y, q.z, q.w, tilt),
       static_cast<std::int64_t>(number)});
}

}  // namespace inknav::task
