// SPDX-License-Identifier: MIT
#include "task/check/demonstration_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace inknav::task {

namespace {

constexpr int kViewsAtOnce = 64;

struct Finding {
  std::string fault;
  std::int64_t disturbed = 0, by_student = 0, off_route = 0, collided = 0, stops = 0;
};

void count(const Demonstration& demonstration, Finding& finding) {
  for (const DemonstrationStep& step : demonstration.steps) {
    finding.disturbed += step.disturbed ? 1 : 0;
    finding.by_student += step.by_student ? 1 : 0;
    finding.off_route += step.off_route ? 1 : 0;
    finding.collided += step.collided ? 1 : 0;
    finding.stops += step.expert_action == static_cast<std::uint8_t>(nav::Action::kStop) ? 1 : 0;
  }
}

void read_all(const DemonstrationSet& set, base::ThreadPool& pool, std::vector<Finding>& findings) {
  pool.parallel_for(static_cast<std::int64_t>(set.size()), 1, [&](std::int64_t begin, std::int64_t end, int) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      const auto demonstration = set.load(i);
      if (demonstration.ok()) {
        count(*demonstration, findings[i]);
      } else {
        findings[i].fault = demonstration.error().message;
      }
    }
  });
}

/// The renderer uses the pool itself.
void render_all(const DemonstrationSet& set, DemonstrationRenderer& renderer,
                std::vector<Finding>& findings) {
  for (std::size_t i = 0; i < set.size(); ++i) {
    auto demonstration = set.load(i);
    const base::Status status =
        demonstration.ok() ? renderer.render(*demonstration) : base::Status(demonstration.error());
    if (!status.ok()) findings[i].fault = status.error().message;
    if (demonstration.ok()) count(*demonstration, findings[i]);
  }
}

}  // namespace

base::Result<DemonstrationCheckReport> check_demonstrations(const DemonstrationCheckSettings& settings,
                                                            base::ThreadPool& pool) {
  INKNAV_ASSIGN_OR_RETURN(const DemonstrationSet set, DemonstrationSet::open(settings.folder));
  DemonstrationCheckReport report;
  report.walks = static_cast<std::int64_t>(set.size());
  report.states = set.num_steps();
  report.bytes = set.num_bytes();
  std::vector<Finding> findings(set.size());
  const bool rendered = set.format().depth == DepthStorage::kRendered;
  if (rendered && settings.scenes_dir) {
    Dataset places;
    places.scenes_dir = *settings.scenes_dir;
    INKNAV_ASSIGN_OR_RETURN(const auto renderer, DemonstrationRenderer::create(
                                                     set, places, settings.cache_dir, kViewsAtOnce, pool));
    render_all(set, *renderer, findings);
  } else {
    read_all(set, pool, findings);
  }
  report.with_depth = !rendered || settings.scenes_dir.has_value();
  for (const Finding& finding : findings) {
    if (!finding.fault.empty()) report.faults.push_back(finding.fault);
    report.disturbed += finding.disturbed;
    report.by_student += finding.by_student;
    report.off_route += finding.off_route;
    report.collided += finding.collided;
    report.stops += finding.stops;
  }
  if (settings.sketch_dir) {
    const base::Status joined = set.check_drawings(*settings.sketch_dir);
    report.drawings_missing = !joined.ok();
    if (!joined.ok()) report.faults.push_back(joined.error().message);
  }
  return report;
}

std::string summary_of(const DemonstrationCheckReport& report) {
  const double states = static_cast<double>(std::max<std::int64_t>(report.states, 1));
  const auto percent = [&](std::int64_t number) { return 100.0 * static_cast<double>(number) / states; };
  return fmt::format(
      "{} walks, {} states, {:.0f} bytes a state; {}; {:.1f} % disturbed, {:.1f} % walked by a student, "
      "{:.1f} % "
      "off the route, {:.1f} % collisions, {:.1f} % where the expert stops",
      report.walks, report.states, static_cast<double>(report.bytes) / states,
      report.with_depth ? "with depth" : "without depth (--scenes renders it)", percent(report.disturbed),
      percent(report.by_student), percent(report.off_route), percent(report.collided), percent(report.stops));
}

}  // namespace inknav::task
