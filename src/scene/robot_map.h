// SPDX-License-Identifier: MIT
#pragma once
// A robot's own map (ROS map_server: YAML with PGM, PNG or JPEG) and the scene made from it.
//
// Frames: pixel (column u, row v from the top) covers map x in [u, u+1) * resolution and map y in
// [height-1-v, height-v) * resolution, turned by origin_yaw about, and shifted to, the origin: the pose of
// the picture's lower left corner. World = (map x, 0, -map y): metres are kept exactly, +x stays +x.
//
// Cells (map_server's rule): p = (255 - grey) / 255, or grey / 255 with `negate`. trinary: occupied above
// occupied_thresh, free below free_thresh, unknown between. scale: between them the cell is p-proportional
// and counts as occupied from 65 of 100. raw: the grey value itself is the percentage, above 100 is unknown.
// Transparent pixels are unknown. Errors: kData, naming file and key.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/geometry.h"
#include "base/result.h"
#include "scene/scene.h"

namespace inknav::scene {

enum class MapCell : std::uint8_t { kFree = 0, kOccupied = 1, kUnknown = 2 };

struct RobotMap {
  std::string name;
  int width = 0;             // cells
  int height = 0;            // cells
  double resolution = 0.05;  // metres a cell
  double origin_x = 0.0;     // metres, map frame
  double origin_y = 0.0;
  double origin_yaw = 0.0;     // radians
  std::vector<MapCell> cells;  // [height, width], top row first

  MapCell at(int column, int row) const {
    return cells[static_cast<std::size_t>(row) * static_cast<std::size_t>(width) +
                 static_cast<std::size_t>(column)];
  }
  /// World position (y = 0) of a point of the picture, in cells from its upper left corner.
  base::Vec3 world_from_cells(double column, double row) const;
};

base::Result<RobotMap> load_robot_map(const std::filesystem::path& yaml_path);

struct RobotMapOptions {
  float wall_height = 2.5f;       // metres
  float furniture_height = 1.1f;  // metres; 0: as high as the walls. See is_furniture in the source
  bool ceiling = true;            // seen from below only, so plans drawn from above stay open
  double close_gaps = 0.1;        // metres; half the width of the widest gap in a wall that is closed
  double min_obstacle = 0.01;     // square metres; smaller dots are noise and become free
  double min_unseen = 0.1;        // square metres; the same for dots of the unknown in which nothing was hit
  double min_room = 1.0;          // square metres; smaller free patches (rays through windows) are dropped
  double simplify = 0.04;         // metres that a wall may move to become straight; at least 3/4 cell
};

/// Walls along every border of the free space (facing it), floor under it and a little under the walls. What
/// stands free and is as small as a chair or as narrow as a row of tables is furniture: the map knows only
/// the plane of the scan, so its height is a guess, but nobody takes it for a wall or draws it. Error (kData)
/// if no free patch is large enough.
base::Result<ScenePtr> make_robot_map_scene(const RobotMap& map, const RobotMapOptions& options = {});

}  // namespace inknav::scene
