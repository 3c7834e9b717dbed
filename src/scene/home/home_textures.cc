// SPDX-License-Identifier: MIT
#include "scene/home/home_textures.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/philox.h"

namespace inknav::scene::internal {
namespace {

constexpr int kSide = 128;       // pixels
constexpr float kLevels = 4.0f;  // values are multiples of this, which halves the size of a PNG

class Canvas {
 public:
  explicit Canvas(base::PhiloxStream& stream) : stream_(stream), values_(kSide * kSide, 0.0f) {}

  float& at(int x, int y) {
    return values_[static_cast<std::size_t>((y & (kSide - 1)) * kSide + (x & (kSide - 1)))];
  }

  void fill(float value) { std::fill(values_.begin(), values_.end(), value); }

  /// Adds smooth noise that repeats: `cells_x` by `cells_y` random values, bilinear between them.
  void add_noise(int cells_x, int cells_y, float amplitude) {
    std::vector<float> grid(static_cast<std::size_t>(cells_x * cells_y));
    for (float& value : grid) value = stream_.uniform(-amplitude, amplitude);
    const auto cell = [&](int i, int j) {
      return grid[static_cast<std::size_t>((j % cells_y) * cells_x + i % cells_x)];
    };
    for (int y = 0; y < kSide; ++y) {
      const float v = static_cast<float>(y * cells_y) / static_cast<float>(kSide);
      const int j = static_cast<int>(v);
      const float fv = v - static_cast<float>(j);
      for (int x = 0; x < kSide; ++x) {
        const float u = static_cast<float>(x * cells_x) / static_cast<float>(kSide);
        const int i = static_cast<int>(u);
        const float fu = u - static_cast<float>(i);
        const float low = cell(i, j) + fu * (cell(i + 1, j) - cell(i, j));
        const float high = cell(i, j + 1) + fu * (cell(i + 1, j + 1) - cell(i, j + 1));
        at(x, y) += low + fv * (high - low);
      }
    }
  }

  /// Adds `value` to the pixels of [x0, x1) x [y0, y1).
  void add_rect(int x0, int y0, int x1, int y1, float value) {
    for (int y = y0; y < y1; ++y) {
      for (int x = x0; x < x1; ++x) at(x, y) += value;
    }
  }

  Texture texture() const {
    std::vector<std::uint8_t> rgba(values_.size() * 4, 255);
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const float stepped = kLevels * std::floor(values_[i] / kLevels + 0.5f);
      const auto byte = static_cast<std::uint8_t>(std::clamp(stepped, 0.0f, 255.0f));
      rgba[4 * i] = rgba[4 * i + 1] = rgba[4 * i + 2] = byte;
    }
    return make_texture(kSide, kSide, std::move(rgba));
  }

 private:
  base::PhiloxStream& stream_;
  std::vector<float> values_;
};

void parquet(Canvas& canvas, base::PhiloxStream& stream) {
  constexpr int kBoards = 8;
  constexpr int kBoard = kSide / kBoards;
  canvas.fill(225.0f);
  canvas.add_noise(4, 64, 12.0f);
  canvas.add_noise(16, 16, 5.0f);
  for (int board = 0; board < kBoards; ++board) {
    const int joint = static_cast<int>(stream.uniform_int(kSide));
    const int half = joint + kSide / 2;
    const int y0 = board * kBoard;
    canvas.add_rect(joint, y0, half, y0 + kBoard, stream.uniform(-16.0f, 12.0f));
    canvas.add_rect(half, y0, joint + kSide, y0 + kBoard, stream.uniform(-16.0f, 12.0f));
    canvas.add_rect(0, y0, kSide, y0 + 1, -55.0f);
    canvas.add_rect(joint, y0, joint + 1, y0 + kBoard, -55.0f);
    canvas.add_rect(half, y0, half + 1, y0 + kBoard, -55.0f);
  }
}

void tiles(Canvas& canvas, base::PhiloxStream& stream) {
  const int count = stream.bernoulli(0.5f) ? 2 : 4;
  const int tile = kSide / count;
  canvas.fill(232.0f);
  canvas.add_noise(32, 32, 5.0f);
  canvas.add_noise(5, 5, 7.0f);
  for (int j = 0; j < count; ++j) {
    for (int i = 0; i < count; ++i) {
      canvas.add_rect(i * tile, j * tile, (i + 1) * tile, (j + 1) * tile, stream.uniform(-9.0f, 9.0f));
    }
    canvas.add_rect(0, j * tile, kSide, j * tile + 2, -60.0f);
    canvas.add_rect(j * tile, 0, j * tile + 2, kSide, -60.0f);
  }
}

void carpet(Canvas& canvas, base::PhiloxStream&) {
  canvas.fill(222.0f);
  canvas.add_noise(64, 64, 16.0f);
  canvas.add_noise(9, 9, 8.0f);
}

void plaster(Canvas& canvas, base::PhiloxStream&) {
  canvas.fill(242.0f);
  canvas.add_noise(48, 48, 5.0f);
  canvas.add_noise(7, 7, 7.0f);
  canvas.add_noise(3, 3, 5.0f);
}

void grain(Canvas& canvas, base::PhiloxStream&) {
  canvas.fill(226.0f);
  canvas.add_noise(3, 64, 12.0f);
  canvas.add_noise(2, 17, 14.0f);
}

void cloth(Canvas& canvas, base::PhiloxStream& stream) {
  canvas.fill(228.0f);
  canvas.add_noise(32, 32, 8.0f);
  const float stripe = stream.bernoulli(0.5f) ? stream.uniform(8.0f, 24.0f) : 0.0f;
  for (int x = 0; x < kSide; x += 32) canvas.add_rect(x, 0, x + 12, kSide, -stripe);
}

}  // namespace

float surface_size(Surface surface) {
  switch (surface) {
    case Surface::kParquet:
      return 1.2f;
    case Surface::kTiles:
      return 1.2f;
    case Surface::kCarpet:
      return 0.9f;
    case Surface::kPlaster:
      return 2.0f;
    case Surface::kGrain:
      return 0.9f;
    case Surface::kCloth:
      return 0.8f;
    case Surface::kPlain:
      break;
  }
  return 1.0f;
}

HomeTextures make_home_textures(std::uint64_t seed) {
  using Painter = void (*)(Canvas&, base::PhiloxStream&);
  constexpr std::array<Painter, kNumSurfaces> kPainters{nullptr, parquet, tiles, carpet,
                                                        plaster, grain,   cloth};
  HomeTextures result;
  for (std::size_t i = 0; i < kNumSurfaces; ++i) {
    result.texture_of_surface[i] = -1;
    if (kPainters[i] == nullptr) continue;
    base::PhiloxStream stream({seed, 0, 0, static_cast<std::uint32_t>(i), base::Purpose::kHomeTexture});
    Canvas canvas(stream);
    kPainters[i](canvas, stream);
    result.texture_of_surface[i] = static_cast<std::int32_t>(result.textures.size());
    result.textures.push_back(canvas.texture());
  }
  return result;
}

}  // namespace inknav::scene::internal
