// SPDX-License-Identifier: MIT
#include "sketch/drawing.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "base/check.h"
#include "sketch/json_fields.h"

namespace inknav::sketch {
namespace {

using internal::Fields;
// Numbers are kept as float so that the shortest text that names the same float is written.
using FloatJson =
    nlohmann::basic_json<std::map, std::vector, std::string, bool, std::int64_t, std::uint64_t, float>;

constexpr std::array<const char*, 5> kKindNames{"wall", "route", "start", "goal", "other"};
constexpr std::array<const char*, 3> kMediumNames{"pen", "pencil", "marker"};
constexpr std::size_t kMaxStrokes = 20000;
constexpr std::size_t kMaxPoints = 20000;  // of one stroke
constexpr double kPaperLimit = 16.0;       // a stroke may leave the paper, but not by much

FloatJson flat(const std::vector<base::Vec2>& points) {
  FloatJson array = FloatJson::array();
  for (const base::Vec2& p : points) {
    array.push_back(p.x);
    array.push_back(p.y);
  }
  return array;
}

FloatJson mark_json(const Mark& mark) {
  FloatJson value;
  value["present"] = mark.present;
  value["position"] = flat({mark.position});
  value["has_heading"] = mark.has_heading;
  value["heading"] = mark.heading;
  return value;
}

std::vector<base::Vec2> points(const std::vector<double>& values) {
  std::vector<base::Vec2> result(values.size() / 2);
  for (std::size_t i = 0; i < result.size(); ++i) {
    result[i] = {static_cast<float>(values[2 * i]), static_cast<float>(values[2 * i + 1])};
  }
  return result;
}

base::Result<Mark> read_mark(const nlohmann::json& value, const std::string& where) {
  Fields fields(value, where);
  Mark mark;
  mark.present = fields.boolean("present");
  mark.position = fields.point("position", kPaperLimit);
  mark.has_heading = fields.boolean("has_heading");
  mark.heading = static_cast<float>(fields.number("heading", -7.0, 7.0));
  INKNAV_RETURN_IF_ERROR(fields.finish());
  return mark;
}

/// Index of the member's text in `names`; 0 and a fault when it is none of them.
template <std::size_t kCount>
std::size_t read_name(Fields& fields, const char* key, const std::array<const char*, kCount>& names) {
  const std::string found = fields.text(key, 16);
  for (std::size_t i = 0; i < kCount; ++i) {
    if (found == names[i]) return i;
  }
  fields.fail(key, fmt::format("one of {} is wanted, found \"{}\"", fmt::join(names, ", "), found));
  return 0;
}

base::Result<Stroke> read_stroke(const nlohmann::json& value, const std::string& where) {
  Fields fields(value, where);
  Stroke stroke;
  stroke.kind = static_cast<StrokeKind>(read_name(fields, "kind", kKindNames));
  stroke.medium = static_cast<Medium>(read_name(fields, "medium", kMediumNames));
  const auto color = fields.numbers("color", 3, 3, 255.0);
  if (color.size() != 3) fields.fail("color", "three numbers in [0, 255] are wanted");
  for (std::size_t i = 0; i < color.size(); ++i) {
    if (color[i] < 0.0 || color[i] != std::floor(color[i])) {
      fields.fail("color", fmt::format("whole numbers in [0, 255] are wanted, found {}", color[i]));
      continue;
    }
    stroke.color[i] = static_cast<std::uint8_t>(color[i]);
  }
  stroke.width = static_cast<float>(fields.number("width", 0.0, 1.0));
  stroke.points = points(fields.numbers("points", 2, 2 * kMaxPoints, kPaperLimit));
  for (const double p : fields.numbers("pressure", 1, kMaxPoints, 1.0)) {
    if (!(p > 0.0)) fields.fail("pressure", fmt::format("numbers in (0, 1] are wanted, found {}", p));
    stroke.pressure.push_back(static_cast<float>(p));
  }
  if (stroke.pressure.size() != stroke.points.size()) {
    fields.fail("pressure", fmt::format("one number a point ({}) is wanted, found {}", stroke.points.size(),
                                        stroke.pressure.size()));
  }
  INKNAV_RETURN_IF_ERROR(fields.finish());
  return stroke;
}

base::Result<Paper> read_paper(const nlohmann::json& value, const std::string& where) {
  Fields fields(value, where);
  Paper paper;
  paper.shade = static_cast<float>(fields.number("shade", 0.0, 1.0));
  paper.grain = static_cast<float>(fields.number("grain", 0.0, 1.0));
  paper.perspective = static_cast<float>(fields.number("perspective", 0.0, 0.4));
  paper.blur = static_cast<float>(fields.number("blur", 0.0, 0.1));
  paper.jpeg_quality = static_cast<int>(fields.integer("jpeg_quality", 0, 100));
  INKNAV_RETURN_IF_ERROR(fields.finish());
  return paper;
}

}  // namespace

std::string Drawing::to_json() const {
  FloatJson value;
  value["version"] = kVersion;
  value["seed"] = seed;
  FloatJson& list = value["strokes"] = FloatJson::array();
  for (const Stroke& stroke : strokes) {
    INKNAV_CHECK(stroke.points.size() == stroke.pressure.size(), stroke.points.size(),
                 stroke.pressure.size());
    FloatJson item;
    item["kind"] = kKindNames[static_cast<std::size_t>(stroke.kind)];
    item["medium"] = kMediumNames[static_cast<std::size_t>(stroke.medium)];
    item["color"] = stroke.color;
    item["width"] = stroke.width;
    item["points"] = flat(stroke.points);
    item["pressure"] = stroke.pressure;
    list.push_back(std::move(item));
  }
  value["paper"] = {{"shade", paper.shade},
                    {"grain", paper.grain},
                    {"perspective", paper.perspective},
                    {"blur", paper.blur},
                    {"jpeg_quality", paper.jpeg_quality}};
  value["start"] = mark_json(start);
  value["goal"] = mark_json(goal);
  value["route"] = flat(route);
  return value.dump();
}

base::Result<Drawing> Drawing::from_json(std::string_view text, std::string_view name) {
  INKNAV_ASSIGN_OR_RETURN(const nlohmann::json value, internal::parse_object(text, name));
  Fields fields(value, std::string(name));
  Drawing drawing;
  fields.integer("version", kVersion, kVersion);
  drawing.seed = fields.unsigned_integer("seed");
  const nlohmann::json& list = fields.array("strokes", kMaxStrokes);
  const nlohmann::json& paper = fields.member("paper");
  const nlohmann::json& start = fields.member("start");
  const nlohmann::json& goal = fields.member("goal");
  drawing.route = points(fields.numbers("route", 2, 2 * kMaxPoints, kPaperLimit));
  INKNAV_RETURN_IF_ERROR(fields.finish());
  drawing.strokes.reserve(list.size());
  for (const nlohmann::json& item : list) {
    INKNAV_ASSIGN_OR_RETURN(Stroke stroke,
                            read_stroke(item, fmt::format("{}.strokes[{}]", name, drawing.strokes.size())));
    drawing.strokes.push_back(std::move(stroke));
  }
  INKNAV_ASSIGN_OR_RETURN(drawing.paper, read_paper(paper, fmt::format("{}.paper", name)));
  INKNAV_ASSIGN_OR_RETURN(drawing.start, read_mark(start, fmt::format("{}.start", name)));
  INKNAV_ASSIGN_OR_RETURN(drawing.goal, read_mark(goal, fmt::format("{}.goal", name)));
  return drawing;
}

}  // namespace inknav::sketch
