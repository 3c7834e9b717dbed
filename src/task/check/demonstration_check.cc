// SPDX-License-Identifier: MIT
#include "task/check/demonstration_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <mutex>

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

/// Tells the progress of a set, walk by walk, and asks whether to go on.
class Walks {
 public:
  Walks(const DemonstrationCheckSettings& settings, std::size_t total)
      : settings_(settings), total_(static_cast<std::int64_t>(total)) {}

  bool cancelled() const { return settings_.cancelled && settings_.cancelled(); }
  void add_one() {
    if (!settings_.progress) return;
    const std::lock_guard lock(mutex_);
    settings_.progress(++done_, total_);
  }

 private:
  const DemonstrationCheckSettings& settings_;
  const std::int64_t total_;
  std::mutex mutex_;
  std::int64_t done_ = 0;
};

void read_all(const DemonstrationSet& set, Walks& walks, base::ThreadPool& pool,
              std::vector<Finding>& findings) {
  pool.parallel_for(static_cast<std::int64_t>(set.size()), 1, [&](std::int64_t begin, std::int64_t end, int) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      if (walks.cancelled()) return;
      const auto demonstration = set.load(i);
      if (demonstration.ok()) {
        count(*demonstration, findings[i]);
      } else {
        findings[i].fault = demonstration.error().message;
      }
      walks.add_one();
    }
  });
}

/// The renderer uses the pool itself.
void render_all(const DemonstrationSet& set, Walks& walks, DemonstrationRenderer& renderer,
                std::vector<Finding>& findings) {
  for (std::size_t i = 0; i < set.size() && !walks.cancelled(); ++i) {
    auto demonstration = set.load(i);
    const base::Status status =
        demonstration.ok() ? renderer.render(*demonstration) : base::Status(demonstration.error());
    if (!status.ok()) findings[i].fault = status.error().message;
    if (demonstration.ok()) count(*demonstration, findings[i]);
    walks.add_one();
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
  Walks walks(settings, set.size());
  const bool rendered = set.format().depth == DepthStorage::kRendered;
  if (rendered && settings.scenes_dir) {
    Dataset places;
    places.scenes_dir = *settings.scenes_dir;
    INKNAV_ASSIGN_OR_RETURN(const auto renderer, DemonstrationRenderer::create(
                                                     set, places, settings.cache_dir, kViewsAtOnce, pool));
    render_all(set, walks, *renderer, findings);
  } else {
    read_all(set, walks, pool, findings);
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

CheckFindings check_demonstration_set(const DemonstrationCheckSettings& settings, base::ThreadPool& pool,
                                      std::string& summary) {
  const auto report = check_demonstrations(settings, pool);
  const std::filesystem::path& folder = settings.folder;
  if (!report.ok()) return {{CheckCode::kDemonstrationsUnreadable, folder, "", report.error().message}};
  summary = summary_of(*report);
  if (!settings.sketch_dir) summary += "; drawings not looked for";
  CheckFindings findings;
  for (std::size_t i = 0; i < report->faults.size(); ++i) {
    const bool undrawn = report->drawings_missing && i + 1 == report->faults.size();
    findings.push_back({undrawn ? CheckCode::kDemonstrationsNoDrawing : CheckCode::kDemonstrationsDamaged,
                        folder, "", report->faults[i]});
  }
  return findings;
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
