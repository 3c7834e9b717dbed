// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <cmath>
#include <memory>

#include "base/check.h"
#include "sketch/correspondence.h"
#include "sketch/correspondence_impl.h"
#include "sketch/json_fields.h"

namespace inknav::sketch {
namespace {

using internal::Fields;
using nlohmann::json;

constexpr int kVersion = 1;
constexpr double kWorldLimit = 1e5;  // metres, as scene::Scene
constexpr double kPaperLimit = 1e4;  // paper units; affine offsets of far-away scenes are large
constexpr int kMaxGrid = 128;
constexpr int kFoldSteps = 65;

json flat(const std::vector<glm::dvec2>& points) {
  json array = json::array();
  for (const glm::dvec2& p : points) {
    array.push_back(p.x);
    array.push_back(p.y);
  }
  return array;
}

std::vector<glm::dvec2> points(const std::vector<double>& flat_values) {
  std::vector<glm::dvec2> result(flat_values.size() / 2);
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = {flat_values[2 * i], flat_values[2 * i + 1]};
  return result;
}

}  // namespace

std::string Correspondence::to_json() const {
  INKNAV_CHECK(impl_ != nullptr);
  const Impl& m = *impl_;
  json value;
  value["version"] = kVersion;
  value["domain"] = {m.domain_min.x, m.domain_min.y, m.domain_max.x, m.domain_max.y};
  value["affine"] = {m.linear[0].x, m.linear[0].y, m.linear[1].x, m.linear[1].y, m.offset.x, m.offset.y};
  value["tps_centres"] = flat(m.tps_centres);
  value["tps_weights"] = flat(m.tps_weights);
  value["grid_x"] = m.grid_x;
  value["grid_z"] = m.grid_z;
  value["grid"] = flat(m.grid);
  value["tilt"] = {m.tilt.x, m.tilt.y};
  return value.dump();
}

base::Result<Correspondence> Correspondence::from_json(std::string_view text, std::string_view name) {
  INKNAV_ASSIGN_OR_RETURN(const json value, internal::parse_object(text, name));
  Fields fields(value, std::string(name));
  fields.integer("version", kVersion, kVersion);
  const auto domain = fields.numbers("domain", 4, 4, kWorldLimit);
  const auto affine = fields.numbers("affine", 6, 6, kWorldLimit * kPaperLimit);
  auto impl = std::make_shared<Impl>();
  impl->tps_centres = points(fields.numbers("tps_centres", 2, 2 * 1024, kPaperLimit));
  impl->tps_weights = points(fields.numbers("tps_weights", 2, 2 * 1024, kPaperLimit));
  impl->grid_x = static_cast<int>(fields.integer("grid_x", 0, kMaxGrid));
  impl->grid_z = static_cast<int>(fields.integer("grid_z", 0, kMaxGrid));
  impl->grid = points(fields.numbers("grid", 2, std::size_t{2} * kMaxGrid * kMaxGrid, kPaperLimit));
  const auto tilt = fields.numbers("tilt", 2, 2, 1.0);
  if (tilt.size() != 2) fields.fail("tilt", "two numbers are wanted");
  if (domain.size() != 4 || !(domain[0] < domain[2] && domain[1] < domain[3])) {
    fields.fail("domain", "x and z of two corners are wanted, the first below the second");
  }
  if (affine.size() != 6) fields.fail("affine", "six numbers are wanted");
  if (impl->tps_centres.size() != impl->tps_weights.size()) {
    fields.fail("tps_weights", fmt::format("as many as tps_centres ({}) are wanted, found {}",
                                           impl->tps_centres.size(), impl->tps_weights.size()));
  }
  const bool grid_sizes =
      (impl->grid_x == 0 && impl->grid_z == 0) || (impl->grid_x >= 4 && impl->grid_z >= 4);
  if (!grid_sizes ||
      impl->grid.size() != static_cast<std::size_t>(impl->grid_x) * static_cast<std::size_t>(impl->grid_z)) {
    fields.fail("grid",
                fmt::format("grid_x * grid_z points are wanted, both 0 or at least 4, found {} x {} and {}",
                            impl->grid_x, impl->grid_z, impl->grid.size()));
  }
  INKNAV_RETURN_IF_ERROR(fields.finish());
  impl->domain_min = {domain[0], domain[1]};
  impl->domain_max = {domain[2], domain[3]};
  impl->linear[0] = {affine[0], affine[1]};
  impl->linear[1] = {affine[2], affine[3]};
  impl->offset = {affine[4], affine[5]};
  impl->tilt = {tilt[0], tilt[1]};
  if (impl->has_fold(kFoldSteps, 0.0)) {
    return base::Error{
        base::ErrorCode::kData,
        fmt::format("{}: a map with an inverse is wanted, found one that folds over itself", name)};
  }
  return Correspondence(std::move(impl));
}

}  // namespace inknav::sketch
