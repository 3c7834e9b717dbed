// SPDX-License-Identifier: MIT
#include "sketch/ink.h"

#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "base/philox.h"

namespace inknav::sketch {
namespace {

using base::Vec2;

constexpr float kThinnest = 0.35f;  // radius in pixels below which a line gets paler instead of thinner

/// Coverage of one stroke, kept sparse: only the touched pixels are visited and cleared again.
class Coverage {
 public:
  explicit Coverage(int size)
      : size_(size), cover_(static_cast<std::size_t>(size) * static_cast<std::size_t>(size), 0.0f) {}

  /// Disc swept from a to b (pixels), radius and strength interpolated; the greatest coverage of a pixel
  /// counts.
  void sweep(Vec2 a, Vec2 b, float radius_a, float radius_b, float strength_a, float strength_b) {
    const float reach = std::max(radius_a, radius_b) + 1.0f;
    const int x0 = std::max(0, static_cast<int>(std::floor(std::min(a.x, b.x) - reach)));
    const int x1 = std::min(size_ - 1, static_cast<int>(std::ceil(std::max(a.x, b.x) + reach)));
    const int y0 = std::max(0, static_cast<int>(std::floor(std::min(a.y, b.y) - reach)));
    const int y1 = std::min(size_ - 1, static_cast<int>(std::ceil(std::max(a.y, b.y) + reach)));
    const Vec2 d = b - a;
    const float length2 = glm::dot(d, d);
    const float inverse = length2 > 1e-12f ? 1.0f / length2 : 0.0f;
    for (int y = y0; y <= y1; ++y) {
      for (int x = x0; x <= x1; ++x) {
        const Vec2 p(static_cast<float>(x) + 0.5f - a.x, static_cast<float>(y) + 0.5f - a.y);
        const float t = std::clamp(glm::dot(p, d) * inverse, 0.0f, 1.0f);
        const float radius = radius_a + t * (radius_b - radius_a);
        const float distance2 = glm::dot(p - t * d, p - t * d);
        if (distance2 >= (radius + 0.5f) * (radius + 0.5f)) continue;
        const float covered = std::min(radius + 0.5f - std::sqrt(distance2), 1.0f);
        add(x, y, covered * (strength_a + t * (strength_b - strength_a)));
      }
    }
  }

  template <typename Visit>
  void drain(Visit&& visit) {
    for (const std::int32_t index : touched_) {
      visit(index, cover_[static_cast<std::size_t>(index)]);
      cover_[static_cast<std::size_t>(index)] = 0.0f;
    }
    touched_.clear();
  }

 private:
  void add(int x, int y, float cover) {
    const std::int32_t index = y * size_ + x;
    float& here = cover_[static_cast<std::size_t>(index)];
    if (cover <= here) return;
    if (here == 0.0f) touched_.push_back(index);
    here = cover;
  }

  int size_;
  std::vector<float> cover_;
  std::vector<std::int32_t> touched_;
};

/// Share of the covered pixel that takes ink, by the paper's relief there (0 valley .. 1 hill).
float uptake(Medium medium, float cover, float relief) {
  switch (medium) {
    case Medium::kPencil: {
      const float depth = 1.25f * cover - 0.75f * (1.0f - relief);
      return std::clamp(depth * 1.3f, 0.0f, 0.95f);
    }
    case Medium::kMarker:
      return cover * (0.88f + 0.08f * relief);
    case Medium::kPen:
      return std::min(1.0f, cover * (0.86f + 0.16f * relief));
  }
  return cover;
}

}  // namespace

cv::Mat paper_noise(std::uint64_t seed, std::uint32_t layer, int size, int cells) {
  const int grid = std::min(cells, size);
  cv::Mat coarse(grid, grid, CV_32F);
  base::PhiloxStream stream({seed, 0, 0, layer, base::Purpose::kPaper});
  for (auto it = coarse.begin<float>(); it != coarse.end<float>(); ++it) *it = stream.uniform();
  if (grid == size) return coarse;
  cv::Mat noise;
  cv::resize(coarse, noise, cv::Size(size, size), 0.0, 0.0, cv::INTER_LINEAR);
  return noise;
}

void lay_ink(const Drawing& drawing, const cv::Mat& tooth, cv::Mat& canvas) {
  const int size = canvas.rows;
  const auto scale = static_cast<float>(size);
  Coverage coverage(size);
  auto* pixels = canvas.ptr<cv::Vec3f>();
  const auto* relief = tooth.ptr<float>();
  std::uint32_t number = 0;
  for (const Stroke& stroke : drawing.strokes) {
    base::PhiloxStream stream({drawing.seed, 0, 0, number++, base::Purpose::kPen});
    const std::size_t n = stroke.points.size();
    const float half = 0.5f * stroke.width * scale;
    float flow = stream.uniform(0.85f, 1.0f);
    const bool pencil = stroke.medium == Medium::kPencil;
    float radius_before = 0.0f, strength_before = 0.0f;
    for (std::size_t i = 0; i < n; ++i) {
      flow = std::clamp(flow + 0.04f * (stream.uniform() - 0.5f), 0.8f, 1.0f);
      const float pressure = stroke.pressure[i];
      float radius =
          half * (stroke.medium == Medium::kMarker ? 0.85f + 0.15f * pressure : 0.55f + 0.45f * pressure);
      float strength = flow * (pencil ? 0.45f + 0.55f * pressure : 0.75f + 0.25f * pressure);
      if (radius < kThinnest) {
        strength *= radius / kThinnest;
        radius = kThinnest;
      }
      const Vec2 here = stroke.points[i] * scale;
      const Vec2 before = i > 0 ? stroke.points[i - 1] * scale : here;
      if (i == 0) radius_before = radius, strength_before = strength;
      if (i > 0 || n == 1) coverage.sweep(before, here, radius_before, radius, strength_before, strength);
      radius_before = radius;
      strength_before = strength;
    }
    const cv::Vec3f ink(static_cast<float>(stroke.color[0]) / 255.0f,
                        static_cast<float>(stroke.color[1]) / 255.0f,
                        static_cast<float>(stroke.color[2]) / 255.0f);
    // Saturated inks lie on top of what is there, a translucent film; black and grey darken.
    const bool film = stroke.kind != StrokeKind::kWall && stroke.kind != StrokeKind::kOther;
    coverage.drain([&](std::int32_t index, float cover) {
      const float taken = uptake(stroke.medium, cover, relief[index]);
      cv::Vec3f& pixel = pixels[index];
      for (int c = 0; c < 3; ++c) {
        const float under = film ? 0.25f * pixel[c] + 0.75f : pixel[c];
        pixel[c] = (1.0f - taken) * pixel[c] + taken * ink[c] * under;
      }
    });
  }
}

}  // namespace inknav::sketch
