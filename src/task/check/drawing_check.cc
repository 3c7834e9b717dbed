// SPDX-License-Identifier: MIT
#include "task/check/drawing_check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <system_error>
#include <vector>

#include "scene/image.h"
#include "sketch/drawing_file.h"
#include "sketch/raster.h"
#include "sketch/read_problems.h"
#include "task/drawing_store.h"

namespace inknav::task {
namespace {

namespace fs = std::filesystem;

constexpr int kReadSize = 128;       // pixels a side of the planes, as most policies read them
constexpr float kMarkSlack = 0.15f;  // paper units between a mark and where the truth has it

base::Vec2 plane(const base::Vec3& p) { return {p.x, p.z}; }

float distance(const base::Vec2& a, const base::Vec2& b) { return glm::length(a - b); }

std::string describe(const sketch::ReadPlanes& read) {
  std::string text;
  const auto add_mark = [&](const char* name, const sketch::Mark& mark) {
    if (!mark.present) return;
    text += fmt::format("{} at {:.0f} % of the width, {:.0f} % of the height", name, 100.0f * mark.position.x,
                        100.0f * mark.position.y);
    if (mark.has_heading) {
      text += fmt::format(", heading {:.0f} degrees left of up", mark.heading * 180.0f / base::kPi);
    }
    text += "; ";
  };
  add_mark("start", read.start);
  add_mark("goal", read.goal);
  text += read.route_planned       ? "route not drawn; planned over the drawing"
          : read.route.size() >= 2 ? "route traced on its ink"
                                   : "no route";
  return text;
}

class Checker {
 public:
  Checker(const fs::path& picture, const Episode* episode, const std::string& where)
      : picture_(picture), episode_(episode), where_(where) {}

  DrawingCheck run() {
    std::error_code code;
    if (!fs::exists(picture_, code)) {
      add(CheckCode::kDrawingMissing, picture_, "the drawing of the episode was wanted, it is not there");
      return std::move(check_);
    }
    const base::Status whole = check_picture(picture_);
    const auto image =
        whole.ok() ? scene::load_image(picture_, 3) : base::Result<scene::Image>(whole.error());
    if (!image.ok()) {
      add(CheckCode::kDrawingUnreadable, picture_, image.error().message);
      return std::move(check_);
    }
    read_ = sketch::read_picture(sketch::normalize_picture(*image), kReadSize);
    check_.read = true;
    check_.start = read_.start.present;
    check_.goal = read_.goal.present;
    check_.route = read_.route.size() >= 2 && !read_.route_planned;
    check_.summary = describe(read_);
    const std::vector<std::string> problems = sketch::reading_problems(read_);
    if (sketch::is_blank(read_)) {
      add(CheckCode::kDrawingBlank, picture_, problems.front());
    } else if (!problems.empty()) {
      add(CheckCode::kDrawingMarks, picture_, fmt::format("{}", fmt::join(problems, "; ")));
    }
    check_truth();
    return std::move(check_);
  }

 private:
  void add(CheckCode code, const fs::path& file, const std::string& what) {
    check_.findings.push_back({code, file, where_, without_path(what, file)});
  }

  void check_truth() {
    std::error_code code;
    const fs::path path = truth_path(picture_);
    if (!fs::exists(path, code)) return;
    const auto file = sketch::load_drawing_file(path);
    if (!file.ok()) {
      add(CheckCode::kDrawingTruthUnreadable, path, file.error().message);
      return;
    }
    if (file->correspondence.empty()) return;
    check_.truth = true;
    if (episode_ != nullptr && !of_episode(*file)) {
      add(CheckCode::kDrawingTruthOther, path,
          "marks of the episode's start and goal were wanted, the drawing has them elsewhere");
    } else if (!of_picture(file->drawing)) {
      add(CheckCode::kDrawingTruthOther, path,
          "the marks of the picture beside it were wanted, this truth has both elsewhere");
    }
  }

  /// Whether the drawing's own marks are where its correspondence puts start and goal.
  bool of_episode(const sketch::DrawingFile& file) const {
    const sketch::Drawing& drawing = file.drawing;
    if (drawing.start.present) {
      const base::Vec2 meant = file.correspondence.to_paper(plane(episode_->start.position));
      if (!(distance(drawing.start.position, meant) <= kMarkSlack)) return false;
    }
    if (!drawing.goal.present) return true;
    return std::any_of(episode_->goals.begin(), episode_->goals.end(), [&](const Goal& goal) {
      return distance(drawing.goal.position, file.correspondence.to_paper(plane(goal.position))) <=
             kMarkSlack;
    });
  }

  /// One mark may be misread; two that lie elsewhere are of another picture.
  bool of_picture(const sketch::Drawing& drawing) const {
    if (!read_.start.present || !read_.goal.present || !drawing.start.present || !drawing.goal.present) {
      return true;
    }
    return distance(read_.start.position, drawing.start.position) <= kMarkSlack ||
           distance(read_.goal.position, drawing.goal.position) <= kMarkSlack;
  }

  const fs::path& picture_;
  const Episode* episode_;
  const std::string& where_;
  sketch::ReadPlanes read_;
  DrawingCheck check_;
};

}  // namespace

DrawingCheck check_drawing(const fs::path& picture, const Episode* episode, const std::string& where) {
  return Checker(picture, episode, where).run();
}

}  // namespace inknav::task
