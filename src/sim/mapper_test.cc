// SPDX-License-Identifier: MIT
#include "sim/mapper.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/philox.h"

namespace inknav::sim {
namespace {

constexpr double kSlack = 1e-3;  // cells or pixels within which rounding may decide either way

struct Bounds {  // what a cell must at least and may at most be
  int least = 0;
  int most = 0;
};

/// Every pixel and every cell by itself, in double precision, straight from the words of mapper.h.
class SlowMapper {
 public:
  SlowMapper(const MapperSettings& settings, const render::CameraSpec& camera, const base::Vec3& position)
      : settings_(settings), camera_(camera), position_(position) {
    focal_ = 0.5 * camera.width / std::tan(0.5 * camera.hfov_deg * 3.14159265358979323846 / 180.0);
  }

  std::vector<Bounds> map(const std::vector<float>& depth, const MapperPose& pose) const {
    const int size = settings_.grid_size;
    std::vector<Bounds> cells(static_cast<std::size_t>(size) * static_cast<std::size_t>(size));
    std::vector<double> limit(static_cast<std::size_t>(camera_.width));
    for (int u = 0; u < camera_.width; ++u)
      limit[static_cast<std::size_t>(u)] = column(depth, pose, u, cells);
    for (int u = 0; u < camera_.width; ++u) tall(depth, pose, u, cells);
    for (int row = 0; row < size; ++row) {
      for (int col = 0; col < size; ++col) free_cell(row, col, pose, limit, cells);
    }
    return cells;
  }

 private:
  double column(const std::vector<float>& depth, const MapperPose& pose, int u,
                std::vector<Bounds>& cells) const {
    double nearest = std::numeric_limits<double>::infinity(), farthest = 0.0;
    for (int v = 0; v < camera_.height; ++v) {
      const double d = static_cast<double>(depth[static_cast<std::size_t>(v * camera_.width + u)]);
      farthest = std::max(farthest, d);
      const double height = static_cast<double>(position_.y) + d * (0.5 * camera_.height - v - 0.5) / focal_;
      const double low = static_cast<double>(settings_.obstacle_min_height);
      const double high = static_cast<double>(settings_.obstacle_max_height);
      if (d <= 0.0 || d > static_cast<double>(settings_.max_range) || height < low || height > high) continue;
      nearest = std::min(nearest, d);
      const double right = d * (u + 0.5 - 0.5 * camera_.width) / focal_ + static_cast<double>(position_.x);
      const double forward = d - static_cast<double>(position_.z);
      visit(
          to_grid(pose, right, forward),
          [&](Bounds& cell, bool sure) {
            if (sure) cell.least = 2;
            cell.most = 2;
          },
          cells);
    }
    return std::min({nearest, farthest, static_cast<double>(settings_.max_range)});
  }

  /// The cell of a point, surely; or it and its neighbours, perhaps.
  template <typename Visit>
  void visit(const glm::dvec2& place, const Visit& act, std::vector<Bounds>& cells) const {
    const bool unsure = near_integer(place.x) || near_integer(place.y);
    for (int dr = -1; dr <= 1; ++dr) {
      for (int dc = -1; dc <= 1; ++dc) {
        if ((dr != 0 || dc != 0) && !unsure) continue;
        const int row = static_cast<int>(std::floor(place.y)) + dr,
                  col = static_cast<int>(std::floor(place.x)) + dc;
        if (row < 0 || col < 0 || row >= settings_.grid_size || col >= settings_.grid_size) continue;
        act(cells[static_cast<std::size_t>(row * settings_.grid_size + col)], !unsure);
      }
    }
  }

  void tall(const std::vector<float>& depth, const MapperPose& pose, int u,
            std::vector<Bounds>& cells) const {
    for (int v = 0; v < camera_.height; ++v) {
      const double d = static_cast<double>(depth[static_cast<std::size_t>(v * camera_.width + u)]);
      const double height = static_cast<double>(position_.y) + d * (0.5 * camera_.height - v - 0.5) / focal_;
      const double low = static_cast<double>(settings_.tall_min_height);
      const double high = static_cast<double>(settings_.tall_max_height);
      if (d <= 0.0 || d > static_cast<double>(settings_.max_range) || height < low || height > high) continue;
      const double right = d * (u + 0.5 - 0.5 * camera_.width) / focal_ + static_cast<double>(position_.x);
      visit(
          to_grid(pose, right, d - static_cast<double>(position_.z)),
          [](Bounds& cell, bool sure) {
            if (sure && cell.least >= 2) cell.least = 3;
            if (cell.most >= 2) cell.most = 3;
          },
          cells);
    }
  }

  void free_cell(int row, int col, const MapperPose& pose, const std::vector<double>& limit,
                 std::vector<Bounds>& cells) const {
    const double half = settings_.grid_size / 2;
    const double cell_size = static_cast<double>(settings_.cell_size);
    const double right = (col - half) * cell_size - static_cast<double>(pose.right);
    const double forward = (half - row) * cell_size - static_cast<double>(pose.forward);
    const double c = std::cos(static_cast<double>(pose.heading)),
                 s = std::sin(static_cast<double>(pose.heading));
    const double ahead = forward * c - right * s + static_cast<double>(position_.z);
    const double aside = forward * s + right * c - static_cast<double>(position_.x);
    if (ahead <= -kSlack) return;
    Bounds& cell = cells[static_cast<std::size_t>(row * settings_.grid_size + col)];
    const double u = 0.5 * camera_.width + focal_ * aside / std::max(ahead, 1e-9);
    bool all = ahead > kSlack, any = false;
    for (const double shift : {-kSlack, 0.0, kSlack}) {
      const double column = std::floor(u + shift);
      const bool inside = column >= 0 && column < camera_.width;
      const double end = inside ? limit[static_cast<std::size_t>(column)] / cell_size - 0.5 : -1.0;
      all = all && ahead / cell_size <= end - kSlack;
      any = any || ahead / cell_size <= end + kSlack;
    }
    if (all) cell.least = std::max(cell.least, 1);
    if (any) cell.most = std::max(cell.most, 1);
  }

  glm::dvec2 to_grid(const MapperPose& pose, double right, double forward) const {
    const double c = std::cos(static_cast<double>(pose.heading)),
                 s = std::sin(static_cast<double>(pose.heading));
    const double f = static_cast<double>(pose.forward) + forward * c + right * s;
    const double r = static_cast<double>(pose.right) - forward * s + right * c;
    const double cell_size = static_cast<double>(settings_.cell_size);
    return {settings_.grid_size / 2 + 0.5 + r / cell_size, settings_.grid_size / 2 + 0.5 - f / cell_size};
  }
  static bool near_integer(double x) { return std::abs(x - std::round(x)) < kSlack; }

  MapperSettings settings_;
  render::CameraSpec camera_;
  base::Vec3 position_;
  double focal_;
};

struct Case {
  MapperSettings settings;
  render::CameraSpec camera;
  base::Vec3 position{0.0f, 1.25f, 0.0f};
};

Case make_case(int grid, int width, int height, float hfov) {
  Case c;
  c.settings.grid_size = grid;
  c.camera.width = width;
  c.camera.height = height;
  c.camera.hfov_deg = hfov;
  return c;
}

TEST(Mapper, EqualsTheSlowMapper) {
  base::PhiloxStream stream({11, 0, 0, 0, base::Purpose::kTest});
  for (int round = 0; round < 60; ++round) {
    Case c = make_case(stream.uniform_int(20, 128), stream.uniform_int(1, 80), stream.uniform_int(1, 48),
                       stream.uniform(30.0f, 120.0f));
    if (round % 3 == 0) c.position = {0.1f, stream.uniform(0.3f, 1.6f), -0.2f};
    const Mapper mapper(c.settings, c.camera, c.position);
    MapperScratch scratch(c.camera.width);
    std::vector<float> depth(static_cast<std::size_t>(c.camera.width * c.camera.height));
    // Smooth pieces with jumps, misses (0) and far hits.
    float now = 2.0f;
    for (float& d : depth) {
      if (stream.bernoulli(0.05f)) now = stream.uniform(0.05f, 12.0f);
      d = stream.bernoulli(0.03f) ? 0.0f : now * stream.uniform(0.99f, 1.01f);
    }
    const MapperPose pose{stream.uniform(-3, 3), stream.uniform(-3, 3), stream.uniform(-3.1f, 3.1f)};
    std::vector<std::uint8_t> grid(static_cast<std::size_t>(c.settings.grid_size * c.settings.grid_size));
    DirtyBox dirty;
    mapper.integrate(depth.data(), pose, grid.data(), dirty, scratch);
    const auto wanted = SlowMapper(c.settings, c.camera, c.position).map(depth, pose);
    for (std::size_t i = 0; i < grid.size(); ++i) {
      ASSERT_GE(grid[i], wanted[i].least) << "round " << round << " cell " << i;
      ASSERT_LE(grid[i], wanted[i].most) << "round " << round << " cell " << i;
    }
    const std::vector<std::uint8_t> once = grid;
    mapper.integrate(depth.data(), pose, grid.data(), dirty, scratch);
    EXPECT_EQ(grid, once);  // law: mapping a frame twice equals mapping it once
    mapper.clear(grid.data(), dirty);
    EXPECT_TRUE(std::all_of(grid.begin(), grid.end(), [](std::uint8_t cell) { return cell == 0; }));
    EXPECT_TRUE(dirty.empty());
  }
}

TEST(Mapper, AWallAheadLandsWhereItStands) {
  const Case c = make_case(64, 33, 33, 90.0f);
  const Mapper mapper(c.settings, c.camera, c.position);
  MapperScratch scratch(c.camera.width);
  const std::vector<float> depth(33 * 33, 2.0f);
  std::vector<std::uint8_t> grid(64 * 64);
  DirtyBox dirty;
  mapper.integrate(depth.data(), MapperPose{}, grid.data(), dirty, scratch);
  EXPECT_EQ(grid[12 * 64 + 32], 3);  // 2 m ahead of (32, 32), from hip to above the head
  EXPECT_EQ(grid[13 * 64 + 32], 1);
  EXPECT_EQ(grid[31 * 64 + 32], 1);
  EXPECT_EQ(grid[11 * 64 + 32], 0);
  EXPECT_EQ(grid[33 * 64 + 32], 0);  // behind
  EXPECT_EQ(grid[12 * 64 + 20], 3);  // the wall is straight: depth is along the axis
}

TEST(Mapper, ATableIsNotTallAndALintelIsNoObstacle) {
  const Case c = make_case(64, 33, 33, 90.0f);
  const Mapper mapper(c.settings, c.camera, c.position);
  MapperScratch scratch(c.camera.width);
  for (const bool table : {true, false}) {
    std::vector<float> depth(33 * 33, 4.5f);
    for (int v = 0; v < 33; ++v) {
      const float height = c.position.y + 2.0f * (16.0f - static_cast<float>(v)) / 16.5f;
      const bool hit = table ? height < 1.0f : height > 1.8f;
      for (int u = 0; u < 33 && hit; ++u) depth[static_cast<std::size_t>(v * 33 + u)] = 2.0f;
    }
    std::vector<std::uint8_t> grid(64 * 64);
    DirtyBox dirty;
    mapper.integrate(depth.data(), MapperPose{}, grid.data(), dirty, scratch);
    EXPECT_EQ(grid[12 * 64 + 32], table ? 2 : 1);
  }
}

TEST(Mapper, AGrazingRayNeverClearsAWall) {
  const Case c = make_case(64, 9, 9, 60.0f);
  const Mapper mapper(c.settings, c.camera, c.position);
  MapperScratch scratch(c.camera.width);
  std::vector<std::uint8_t> grid(64 * 64);
  DirtyBox dirty;
  mapper.integrate(std::vector<float>(81, 1.5f).data(), MapperPose{}, grid.data(), dirty, scratch);
  ASSERT_GE(grid[17 * 64 + 32], 2);
  mapper.integrate(std::vector<float>(81, 4.0f).data(), MapperPose{}, grid.data(), dirty, scratch);
  EXPECT_GE(grid[17 * 64 + 32], 2);
  EXPECT_EQ(grid[15 * 64 + 32], 1);
}

}  // namespace
}  // namespace inknav::sim
