// SPDX-License-Identifier: MIT
#include "scene/home/furniture_mesh.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

#include "base/check.h"

namespace inknav::scene::internal {
namespace {

constexpr float kRibPitch = 0.06f;  // metres
constexpr float kRibRise = 0.045f;  // metres, at least what ribs add to a height

/// One piece in its own frame: x in [-w, w], z in [-d, d] with the front at -d, y in [0, h].
struct Maker {
  const HomeStyle& style;
  MeshBuilder& mesh;
  LocalFrame frame;
  float w;
  float d;
  float h;
  float whim;

  void box(base::Vec3 min, base::Vec3 max, const Finish& finish, unsigned without = kNoBottom) const {
    mesh.box(frame, min, max, finish, without);
  }

  void legs(float top, float inset, float thickness, const Finish& finish) const {
    for (const float sx : {-1.0f, 1.0f}) {
      for (const float sz : {-1.0f, 1.0f}) {
        const float x = sx * (w - inset);
        const float z = sz * (d - inset);
        const float t = 0.5f * thickness;
        box({x - t, 0.0f, z - t}, {x + t, top, z + t}, finish, kNoTop | kNoBottom);
      }
    }
  }

  /// Closes the top of [x0, x1] x [z0, z1] at height y with ridges of 50 degrees along x: too steep to stand
  /// on.
  void ribs(const base::Vec2& min, const base::Vec2& max, float y, const Finish& finish) const {
    const float x0 = min.x;
    const float x1 = max.x;
    const int count = std::max(1, static_cast<int>((max.y - min.y) / kRibPitch));
    const float pitch = (max.y - min.y) / static_cast<float>(count);
    const float peak = y + 0.6f * pitch;
    const auto p = [&](float px, float py, float pz) { return frame.to_world({px, py, pz}); };
    for (int i = 0; i < count; ++i) {
      const float z0 = min.y + pitch * static_cast<float>(i);
      const float z1 = z0 + 0.5f * pitch;
      const float z2 = i + 1 == count ? max.y : z0 + pitch;
      mesh.quad({p(x0, y, z0), p(x0, peak, z1), p(x1, peak, z1), p(x1, y, z0)}, finish);
      mesh.quad({p(x0, peak, z1), p(x0, y, z2), p(x1, y, z2), p(x1, peak, z1)}, finish);
      mesh.triangle({p(x0, y, z0), p(x0, y, z2), p(x0, peak, z1)}, finish);
      mesh.triangle({p(x1, y, z2), p(x1, y, z0), p(x1, peak, z1)}, finish);
    }
  }

  /// Vertical seams and knobs on the front of a cabinet.
  void fronts(int columns, int rows, float low, float high, const Finish& finish) const {
    constexpr float kSeam = 0.012f;
    constexpr float kProud = 0.012f;
    const float dx = 2.0f * w / static_cast<float>(columns);
    const float dy = (high - low) / static_cast<float>(rows);
    for (int i = 0; i < columns; ++i) {
      for (int j = 0; j < rows; ++j) {
        const float x = -w + dx * static_cast<float>(i);
        const float y = low + dy * static_cast<float>(j);
        box({x + kSeam, y + kSeam, -d}, {x + dx - kSeam, y + dy - kSeam, -d + kProud}, finish, 0u);
        const float knob = rows > 1 ? x + 0.5f * dx : (i % 2 == 0 ? x + dx - 0.08f : x + 0.06f);
        const float knob_y = y + (rows > 1 ? 0.5f : 0.55f) * dy;
        box({knob - 0.012f, knob_y - 0.03f, -d - 0.0f}, {knob + 0.012f, knob_y + 0.03f, -d + 0.001f},
            style.metal, 0u);
      }
    }
  }
};

constexpr float kFrontInset =
    0.012f;  // cabinet bodies stand back by this, so that their fronts can stand proud

void make_bed(const Maker& m) {
  const float head = m.d - 0.06f;    // front of the headboard
  const float quilt = head - 0.52f;  // the quilt ends here, pillows beyond
  constexpr float kTop = 0.49f;
  m.box({-m.w, 0.0f, head}, {m.w, m.h, m.d}, m.style.wood);
  m.box({-m.w, 0.0f, -m.d}, {m.w, 0.30f, head}, m.style.wood, kNoTop | kNoBottom);
  m.box({-m.w + 0.02f, 0.30f, -m.d + 0.02f}, {m.w - 0.02f, kTop, quilt}, m.style.white, kNoTop | kNoBottom);
  m.box({-m.w + 0.02f, 0.30f, quilt}, {m.w - 0.02f, kTop, head}, m.style.white);
  const int pillows = m.w > 0.6f ? 2 : 1;
  const float span = 2.0f * m.w / static_cast<float>(pillows);
  for (int i = 0; i < pillows; ++i) {
    const float x = -m.w + span * (static_cast<float>(i) + 0.5f);
    const float half = std::min(0.36f, 0.5f * span - 0.06f);
    m.box({x - half, kTop, quilt + 0.06f}, {x + half, kTop + 0.11f, head - 0.06f}, m.style.white);
  }
  m.ribs({-m.w, -m.d}, {m.w, quilt}, kTop, m.style.bedding);
  const Finish& side = m.style.bedding;
  m.box({-m.w, 0.33f, -m.d}, {-m.w + 0.019f, kTop, quilt}, side, kNoTop);
  m.box({m.w - 0.019f, 0.33f, -m.d}, {m.w, kTop, quilt}, side, kNoTop);
  m.box({-m.w + 0.02f, 0.33f, -m.d}, {m.w - 0.02f, kTop, -m.d + 0.019f}, side, kNoTop);
}

void make_table(const Maker& m) {
  m.box({-m.w, m.h - 0.04f, -m.d}, {m.w, m.h, m.d}, m.style.wood, 0u);
  m.legs(m.h - 0.04f, 0.06f, 0.06f, m.style.wood);
}

void make_coffee_table(const Maker& m) {
  m.box({-m.w, m.h - 0.05f, -m.d}, {m.w, m.h, m.d}, m.style.dark_wood, 0u);
  m.box({-m.w + 0.1f, 0.0f, -m.d + 0.1f}, {m.w - 0.1f, m.h - 0.05f, m.d - 0.1f}, m.style.dark_wood,
        kNoTop | kNoBottom);
}

void make_chair(const Maker& m) {
  constexpr float kSeat = 0.44f;
  m.box({-m.w, kSeat - 0.04f, -m.d}, {m.w, kSeat, m.d}, m.style.wood, kNoTop);
  m.ribs({-m.w, -m.d}, {m.w, m.d - 0.04f}, kSeat, m.style.cloth);
  m.legs(kSeat - 0.04f, 0.03f, 0.04f, m.style.wood);
  m.box({-m.w, kSeat, m.d - 0.04f}, {m.w, m.h, m.d}, m.style.wood);
}

void make_sofa(const Maker& m) {
  constexpr float kSeat = 0.44f;
  constexpr float kArm = 0.58f;
  const float arm = std::min(0.2f, 0.2f * m.w);
  const float back = m.d - 0.24f;
  const float inner = m.w - arm;
  const Finish& f = m.style.cloth;
  const Finish cushion{f.color * 1.12f, f.surface};
  m.box({-inner, 0.0f, -m.d + 0.04f}, {inner, kSeat - 0.14f, back}, f, kNoTop | kNoBottom);
  m.box({-inner, kSeat - 0.14f, -m.d}, {inner, kSeat, back}, cushion, kNoTop);
  m.ribs({-inner, -m.d}, {inner, back}, kSeat, cushion);
  m.box({-inner, 0.0f, back}, {inner, m.h, m.d}, f);
  const int seats = m.w > 1.0f ? 3 : (m.w > 0.6f ? 2 : 1);
  const float span = 2.0f * inner / static_cast<float>(seats);
  for (int i = 0; i < seats; ++i) {
    const float x = -inner + span * static_cast<float>(i);
    m.box({x + 0.02f, kSeat + 0.04f, back - 0.03f}, {x + span - 0.02f, m.h - 0.05f, back}, cushion, 0u);
  }
  for (const float side : {-1.0f, 1.0f}) {
    const float x0 = side < 0.0f ? -m.w : inner;
    m.box({x0, 0.0f, -m.d + 0.02f}, {x0 + arm, kArm, m.d}, f, kNoTop | kNoBottom);
    m.ribs({x0, -m.d + 0.02f}, {x0 + arm, m.d}, kArm, f);
  }
}

void make_television(const Maker& m) {
  constexpr float kStand = 0.48f;
  m.box({-m.w, 0.0f, -m.d + kFrontInset}, {m.w, kStand, m.d}, m.style.dark_wood);
  m.fronts(2, 1, 0.04f, kStand - 0.02f, m.style.wood);
  const float half = std::min(m.w - 0.05f, 0.62f);
  m.box({-0.12f, kStand, 0.02f}, {0.12f, kStand + 0.06f, 0.14f}, m.style.metal);
  m.box({-half, kStand + 0.06f, 0.05f}, {half, m.h, 0.10f}, {{34.0f, 36.0f, 40.0f}, Surface::kPlain}, 0u);
}

void make_cabinet(const Maker& m, int columns, int rows, const Finish& body, const Finish& front) {
  m.box({-m.w, 0.0f, -m.d + kFrontInset}, {m.w, m.h, m.d}, body);
  m.fronts(columns, rows, 0.06f, m.h - 0.03f, front);
}

/// Open shelves with books or boxes.
void make_shelf(const Maker& m, bool books) {
  constexpr float kBoard = 0.025f;
  const Finish& f = m.style.wood;
  m.box({-m.w, 0.0f, -m.d}, {-m.w + kBoard, m.h, m.d}, f);
  m.box({m.w - kBoard, 0.0f, -m.d}, {m.w, m.h, m.d}, f);
  m.box({-m.w + kBoard, 0.0f, m.d - 0.02f}, {m.w - kBoard, m.h, m.d}, f);
  const int levels = std::max(2, static_cast<int>(m.h / 0.36f));
  const float rise = (m.h - kBoard) / static_cast<float>(levels);
  constexpr std::array<base::Vec3, 6> kSpines{base::Vec3(150, 62, 58), {58, 92, 128}, {196, 172, 116},
                                              {78, 116, 84},           {88, 72, 104}, {204, 200, 190}};
  for (int i = 0; i <= levels; ++i) {
    const float y = rise * static_cast<float>(i);
    m.box({-m.w + kBoard, y, -m.d}, {m.w - kBoard, y + kBoard, m.d - 0.02f}, f, i == 0 ? kNoBottom : 0u);
    if (i == levels) break;
    float x = -m.w + kBoard + 0.02f;
    int n = static_cast<int>(8.0f * m.whim) + 3 * i;
    while (x < m.w - 0.2f) {
      const float width = books ? 0.12f + 0.05f * static_cast<float>(n % 4) : 0.26f;
      const float height = rise * (books ? 0.62f + 0.07f * static_cast<float>((n / 2) % 4) : 0.6f);
      if (x + width > m.w - kBoard) break;
      const Finish spine{
          books ? kSpines[static_cast<std::size_t>(n % 6)] : base::Vec3(186.0f, 154.0f, 112.0f),
          Surface::kPlain};
      if (n % 5 != 4) {
        m.box({x, y + kBoard, -m.d + 0.05f}, {x + width - 0.006f, y + kBoard + height, m.d - 0.03f}, spine);
      }
      x += width;
      ++n;
    }
  }
}

/// Worktop of plain stretches, a sink with a draining board and a hob with a grate; the last two are ribbed
/// from front to back and keep the plain ones small.
void make_counter(const Maker& m) {
  constexpr float kTop = 0.04f;
  constexpr float kInsert = 0.56f;  // metres, width of sink or hob
  const float low = m.h - kTop - 0.02f;
  m.box({-m.w, 0.0f, -m.d + kFrontInset}, {m.w, low, m.d}, m.style.white, kNoTop | kNoBottom);
  m.fronts(std::max(1, static_cast<int>(m.w / 0.3f)), 1, 0.06f, low, m.style.white);
  const Finish stone{{92.0f, 88.0f, 86.0f}, Surface::kPlaster};
  const Finish grate{{48.0f, 48.0f, 52.0f}, Surface::kPlain};
  const bool both = m.w > 0.8f;
  const float reach = both ? 0.5f * m.w : 0.0f;  // centres of the inserts are at +- reach
  float x = -m.w;
  for (const float centre : {-reach, reach}) {
    const bool sink = (centre < 0.0f) == (m.whim < 0.5f);
    const float x0 = centre - 0.5f * kInsert;
    m.box({x, low, -m.d}, {x0, m.h, m.d}, stone);
    m.box({x0, low, -m.d}, {x0 + kInsert, m.h - kRibRise + 0.006f, m.d}, stone, kNoTop | kNoBottom);
    m.ribs({x0, -m.d}, {x0 + kInsert, m.d}, m.h - kRibRise + 0.006f, sink ? m.style.metal : grate);
    x = x0 + kInsert;
    if (!both) break;
  }
  m.box({x, low, -m.d}, {m.w, m.h, m.d}, stone);
}

void make_fridge(const Maker& m) {
  m.box({-m.w, 0.0f, -m.d + kFrontInset}, {m.w, m.h, m.d}, m.style.metal);
  m.fronts(1, 2, 0.04f, m.h - 0.02f, m.style.white);
}

void make_bathtub(const Maker& m) {
  constexpr float kRim = 0.08f;
  const Finish& f = m.style.white;
  m.box({-m.w, 0.0f, -m.d}, {m.w, m.h, -m.d + kRim}, f);
  m.box({-m.w, 0.0f, m.d - kRim}, {m.w, m.h, m.d}, f);
  m.box({-m.w, 0.0f, -m.d + kRim}, {-m.w + kRim, m.h, m.d - kRim}, f);
  m.box({m.w - kRim, 0.0f, -m.d + kRim}, {m.w, m.h, m.d - kRim}, f);
  m.box({-m.w + kRim, 0.0f, -m.d + kRim}, {m.w - kRim, 0.44f, m.d - kRim},
        {{198.0f, 220.0f, 232.0f}, Surface::kPlain});
}

void make_shower(const Maker& m) {
  const Finish glass{{190.0f, 214.0f, 222.0f}, Surface::kPlain};
  m.box({-m.w + 0.03f, 0.0f, -m.d + 0.03f}, {m.w - 0.03f, m.h - 0.04f, m.d - 0.03f}, glass,
        kNoTop | kNoBottom);
  m.box({-m.w, m.h - 0.04f, -m.d}, {m.w, m.h, m.d}, m.style.metal, 0u);
  m.box({-m.w, 0.0f, -m.d}, {m.w, 0.08f, m.d}, m.style.white, kNoTop | kNoBottom);
  m.legs(m.h - 0.04f, 0.015f, 0.03f, m.style.metal);
}

void make_toilet(const Maker& m) {
  constexpr float kSeat = 0.43f;
  m.box({-m.w, 0.0f, m.d - 0.18f}, {m.w, m.h, m.d}, m.style.white);
  const float radius = std::min(m.w, 0.5f * (2.0f * m.d - 0.18f));
  const float z = -m.d + radius;
  m.mesh.cylinder(m.frame, {{0.0f, z}, 0.0f, kSeat, 0.7f * radius, radius, 16}, m.style.white);
  m.box({-0.7f * radius, 0.0f, z}, {0.7f * radius, kSeat - 0.01f, m.d - 0.18f}, m.style.white);
}

void make_washbasin(const Maker& m) {
  m.box({-m.w + 0.02f, 0.0f, -m.d + 0.04f}, {m.w - 0.02f, m.h - 0.14f, m.d}, m.style.wood,
        kNoTop | kNoBottom);
  m.box({-m.w, m.h - 0.14f, -m.d}, {m.w, m.h - 0.02f, m.d}, m.style.white, 0u);
  m.box({-0.02f, m.h - 0.02f, m.d - 0.1f}, {0.02f, m.h, m.d - 0.04f}, m.style.metal);
}

void make_washing_machine(const Maker& m) {
  m.box({-m.w, 0.0f, -m.d + kFrontInset}, {m.w, m.h, m.d}, m.style.white);
  m.box({-0.17f, 0.26f, -m.d}, {0.17f, 0.60f, -m.d + kFrontInset}, {{70.0f, 76.0f, 84.0f}, Surface::kPlain},
        0u);
}

void make_plant(const Maker& m) {
  const float pot = std::max(0.43f, 0.35f * m.h);
  const Finish clay{{176.0f, 108.0f, 78.0f}, Surface::kPlaster};
  m.mesh.cylinder(m.frame, {{0.0f, 0.0f}, 0.0f, pot, 0.62f * m.w, 0.86f * m.w, 8}, clay);
  const float mid = pot + 0.45f * (m.h - pot);
  m.mesh.cylinder(m.frame, {{0.0f, 0.0f}, pot, mid, 0.4f * m.w, 0.99f * m.w, 8}, m.style.leaves);
  m.mesh.cylinder(m.frame, {{0.0f, 0.0f}, mid, m.h, 0.99f * m.w, 0.15f * m.w, 8}, m.style.leaves);
}

void make_desk(const Maker& m) {
  m.box({-m.w, m.h - 0.04f, -m.d}, {m.w, m.h, m.d}, m.style.wood, 0u);
  m.box({-m.w + 0.02f, 0.0f, -m.d + 0.05f}, {-m.w + 0.06f, m.h - 0.04f, m.d - 0.02f}, m.style.dark_wood,
        kNoTop | kNoBottom);
  m.box({m.w - 0.42f, 0.0f, -m.d + 0.05f}, {m.w - 0.02f, m.h - 0.04f, m.d - 0.02f}, m.style.dark_wood,
        kNoTop | kNoBottom);
}

}  // namespace

void add_furniture(const Furniture& piece, float whim, const HomeStyle& style, MeshBuilder& mesh) {
  const Maker m{style,
                mesh,
                LocalFrame::from_yaw(piece.centre, piece.yaw),
                0.5f * piece.size.x,
                0.5f * piece.size.y,
                piece.height,
                whim};
  const std::string_view kind = piece.kind;
  if (kind == "bed") return make_bed(m);
  if (kind == "dining_table") return make_table(m);
  if (kind == "coffee_table") return make_coffee_table(m);
  if (kind == "chair") return make_chair(m);
  if (kind == "sofa" || kind == "armchair") return make_sofa(m);
  if (kind == "tv") return make_television(m);
  if (kind == "bookshelf") return make_shelf(m, true);
  if (kind == "shelf") return make_shelf(m, false);
  if (kind == "counter") return make_counter(m);
  if (kind == "fridge") return make_fridge(m);
  if (kind == "bathtub") return make_bathtub(m);
  if (kind == "shower") return make_shower(m);
  if (kind == "toilet") return make_toilet(m);
  if (kind == "washbasin") return make_washbasin(m);
  if (kind == "washing_machine") return make_washing_machine(m);
  if (kind == "plant") return make_plant(m);
  if (kind == "desk") return make_desk(m);
  if (kind == "wardrobe") {
    return make_cabinet(m, std::max(2, static_cast<int>(m.w / 0.25f)), 1,
                        whim < 0.5f ? style.wood : style.white, whim < 0.5f ? style.wood : style.white);
  }
  if (kind == "nightstand") return make_cabinet(m, 1, 2, style.wood, style.wood);
  if (kind == "dresser") return make_cabinet(m, 2, 3, style.wood, style.wood);
  if (kind == "sideboard") return make_cabinet(m, 3, 1, style.dark_wood, style.wood);
  if (kind == "console") return make_cabinet(m, 2, 1, style.wood, style.wood);
  m.box({-m.w, 0.0f, -m.d}, {m.w, m.h, m.d}, style.wood);
}

}  // namespace inknav::scene::internal
