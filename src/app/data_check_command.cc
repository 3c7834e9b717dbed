// SPDX-License-Identifier: MIT
#include "app/data_check_command.h"

#include <spdlog/fmt/fmt.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "base/file.h"
#include "base/thread_pool.h"
#include "run/progress.h"
#include "run/signals.h"
#include "run/weights_check.h"
#include "task/check/folder_check.h"
#include "task/check/folder_report.h"

namespace inknav::app {

namespace fs = std::filesystem;

namespace {

constexpr int kBadData = static_cast<int>(base::ErrorCode::kData);
constexpr int kInterrupted = 130;  // as shells have it for a program that Ctrl-C ended

struct Options {
  std::string path;
  std::string scenes;
  std::string scene_dataset;
  std::string sketches;
  std::string json;
  bool no_drawings = false;
  bool strict = false;
  bool all = false;
  int max_lines = 50;
  int num_threads = 0;
  nav::NavSettings nav;
};

task::WeightsCheck check_weights(const fs::path& path) {
  const run::WeightsReport report = run::inspect_weights(path);
  task::WeightsCheck check;
  check.summary = run::summary_of(report);
  if (report.fault == run::WeightsFault::kNone) return check;
  const task::CheckCode code =
      report.fault == run::WeightsFault::kUnreadable  ? task::CheckCode::kWeightsUnreadable
      : report.fault == run::WeightsFault::kNotFinite ? task::CheckCode::kWeightsNotFinite
                                                      : task::CheckCode::kWeightsEmpty;
  check.findings.push_back({code, path, report.where, report.what});
  return check;
}

/// On a terminal one line that is redrawn, a new one for each stage; elsewhere a line every 10 seconds.
class Display {
 public:
  void update(std::string_view stage, std::int64_t done, std::int64_t total) {
    if (stage != stage_ || done <= done_) {  // two sets of demonstrations are two stages of one name
      finish();
      stage_ = stage;
      run::ProgressSettings settings;
      settings.title = fmt::format("checking {}", stage);
      settings.total = total;
      settings.unit = stage_;
      settings.terminal = terminal_;
      progress_.emplace(settings);
    }
    done_ = done;
    if (done == total && terminal_) {
      progress_->finish();
    } else {
      progress_->update(done);
    }
  }
  void finish() { progress_.reset(); }

 private:
  const bool terminal_ = ::isatty(STDERR_FILENO) == 1;
  std::string stage_;
  std::int64_t done_ = 0;
  std::optional<run::Progress> progress_;
};

base::Status write_json(const Options& options, const task::FolderCheck& check) {
  if (options.json.empty()) return base::ok_status();
  const std::string text = task::report_json(check, options.path);
  if (options.json != "-") return base::write_text_atomic(options.json, text);
  std::fwrite(text.data(), 1, text.size(), stdout);
  return base::ok_status();
}

int exit_code(const Options& options, const task::FolderCheck& check) {
  if (check.interrupted) return kInterrupted;
  if (check.verdict == task::Verdict::kSound) return 0;
  return check.verdict == task::Verdict::kUsable && !options.strict ? 0 : kBadData;
}

/// A check may take an hour; that its report has no place to go is told before.
base::Status check_place_of_json(const Options& options) {
  if (options.json.empty() || options.json == "-") return base::ok_status();
  std::error_code code;
  const fs::path folder = fs::absolute(options.json).parent_path();
  if (fs::is_directory(folder, code) && !fs::is_directory(options.json, code)) return base::ok_status();
  return base::Error{
      base::ErrorCode::kUsage,
      fmt::format("--json: a file in a folder that is there was wanted, found {}", options.json)};
}

base::Result<int> run(const Options& options) {
  INKNAV_RETURN_IF_ERROR(check_place_of_json(options));
  task::FolderCheckSettings settings;
  settings.path = options.path;
  if (!options.scenes.empty()) settings.scenes_dir = options.scenes;
  if (!options.sketches.empty()) settings.sketch_dir = options.sketches;
  settings.scene_dataset = options.scene_dataset;
  settings.with_drawings = !options.no_drawings;
  settings.nav = options.nav;
  settings.check_weights = check_weights;
  Display display;
  settings.progress = [&](std::string_view stage, std::int64_t done, std::int64_t total) {
    display.update(stage, done, total);
  };
  run::install_signal_handlers();
  settings.cancelled = [] { return run::stop_request() != run::StopRequest::kNone; };
  base::ThreadPool pool(options.num_threads > 0 ? options.num_threads : base::available_cores());
  INKNAV_ASSIGN_OR_RETURN(const task::FolderCheck check, task::check_folder(settings, pool));
  display.finish();
  if (options.json != "-") {
    const std::size_t max_lines =
        options.all ? std::numeric_limits<std::size_t>::max() : static_cast<std::size_t>(options.max_lines);
    const std::string text = task::format_report(check, options.path, max_lines);
    std::fwrite(text.data(), 1, text.size(), stdout);
  }
  INKNAV_RETURN_IF_ERROR(write_json(options, check));
  return exit_code(options, check);
}

}  // namespace

Action define_data_check(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option(
         "path", options->path,
         "a file (scene, .navmesh, list of episodes, drawing, checkpoint, .pth) or a folder with any of "
         "them and demonstrations")
      ->required();
  app.add_option("--scenes", options->scenes,
                 "root of the scene ids; default: looked for beside and above each list (scenes/, "
                 "scene_datasets/, homes/) and in the folder");
  app.add_option("--scene-dataset", options->scene_dataset,
                 ".scene_dataset_config.json for episodes that name none, as SIMULATOR.SCENE_DATASET");
  app.add_option("--sketches", options->sketches, "drawings; default: sketches/ beside each list");
  app.add_flag("--no-drawings", options->no_drawings, "check scenes and episodes only");
  app.add_option("--json", options->json,
                 "write the report as JSON to this file; - prints it instead of the text");
  app.add_option("--max-lines", options->max_lines, "scenes, files, faults and warnings printed")
      ->check(CLI::Range(0, 1'000'000))
      ->capture_default_str();
  app.add_flag("--all", options->all, "print all of them");
  app.add_flag("--strict", options->strict,
               "exit with 3 also where training would skip the bad episodes (at most 1 % of a list)");
  app.add_option("--num-threads", options->num_threads, "0: all cores; the report does not depend on it")
      ->check(CLI::Range(0, 1024))
      ->capture_default_str();
  app.add_option("--agent-radius", options->nav.agent_radius, "metres")->capture_default_str();
  app.add_option("--agent-height", options->nav.agent_height, "metres")->capture_default_str();
  app.footer(
      "Exit codes: 0 sound, 3 not (a night would be lost), 2 nothing to check, 130 stopped.\n"
      "What each code of a finding means is in docs/coming-from-habitat.md, \"Checking your data\".");
  return [options] { return run(*options); };
}

}  // namespace inknav::app
