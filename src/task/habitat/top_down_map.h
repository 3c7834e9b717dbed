// SPDX-License-Identifier: MIT
#pragma once
// TopDownMap: Habitat's top_down_map measure as data (spec/habitat.md 6): the floor at the agent's height
// from above, with what an episode marks on it, the agent's trail, and what it has seen of the floor.
//
// Cells are metres_per_cell = min(|x span|, |z span|) / map_resolution; rows lie along z, columns along x,
// from the minimum corner of the mesh's bounds. A place falls into the cell that truncation gives. Marks are
// squares, lines have a thickness; the latter are all cells within half of it, where Habitat has OpenCV's
// line, so single cells at their rims differ. Cost: one projection a cell when the map is made; a step costs
// what it draws and, with fog of war, one ray a column of sight. Not thread-safe.

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/geometry.h"
#include "base/result.h"
#include "nav/nav_mesh.h"

namespace inknav::task::habitat {

/// Values of cells; from kTrail on, 245 shades of the agent's way.
enum MapValue : std::uint8_t {
  kInvalid = 0,
  kValid = 1,
  kBorder = 2,  // of the floor
  kSource = 4,
  kGoal = 6,
  kShortestPath = 7,
  kViewPoint = 8,
  kBox = 9,  // of a goal that is an object
  kTrail = 10,
};

struct TopDownMapSettings {
  int map_resolution = 1024;  // cells of the shorter side
  bool draw_border = true;
  bool fog_of_war = true;
  float fov_deg = 90.0f;
  float visibility = 5.0f;      // metres
  int max_episode_steps = 500;  // over which the trail takes all its shades
};

struct MapCell {
  int row = 0;
  int col = 0;
  bool operator==(const MapCell&) const = default;
};

class TopDownMap {
 public:
  /// At `height`, that of the agent. kUsage for a resolution that makes more than 2^26 cells.
  static base::Result<TopDownMap> create(nav::NavQuery& query, float height,
                                         const TopDownMapSettings& settings);

  int rows() const { return rows_; }
  int cols() const { return cols_; }
  float metres_per_cell() const { return cell_; }
  std::span<const std::uint8_t> values() const { return values_; }  // [rows, cols]
  std::span<const std::uint8_t> seen() const { return seen_; }      // [rows, cols], 1 seen; all without fog

  MapCell cell_of(const base::Vec3& position) const;
  /// Clockwise from the row's direction (+z) in the map, as Habitat draws the agent's arrow:
  /// atan2(-h.x, h.z) of h = R^-1 (0, 0, -1).
  static float agent_angle(const base::Quat& rotation);

  void mark(const base::Vec3& position, MapValue value);
  void draw_path(std::span<const base::Vec3> points);
  /// The outline of what it covers.
  void draw_box(const base::Aabb& box);
  /// The agent at its start; then after each step.
  void begin(const base::Pose& pose_world_agent);
  void step(const base::Pose& pose_world_agent, int step);

 private:
  void draw_lines(std::span<const base::Vec3> points, MapValue value);
  void draw_line(const MapCell& from, const MapCell& to, int thickness, std::uint8_t value);
  void reveal(const base::Pose& pose_world_agent);
  std::size_t index(int row, int col) const {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(cols_) + static_cast<std::size_t>(col);
  }

  TopDownMapSettings settings_;
  base::Vec3 corner_{0.0f};  // minimum of the mesh's bounds
  float cell_ = 0.0f;
  int rows_ = 0;
  int cols_ = 0;
  std::vector<std::uint8_t> floor_;  // before anything was marked: what blocks sight is not 1
  std::vector<std::uint8_t> values_;
  std::vector<std::uint8_t> seen_;
  MapCell last_;
};

}  // namespace inknav::task::habitat
