// SPDX-License-Identifier: MIT
#include "app/evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "app/evaluation_cards.h"
#include "base/contains.h"
#include "base/file.h"
#include "base/log.h"
#include "base/thread_pool.h"
#include "learn/agent.h"
#include "learn/evaluate.h"
#include "learn/habitat/pointnav_agent.h"
#include "run/metrics.h"
#include "run/progress.h"
#include "task/env_from_config.h"

namespace inknav::app {
namespace {

struct Control {
  std::string_view name;
  task::DrawingMode drawing_mode = task::DrawingMode::kOwn;
  learn::BeliefMode belief_mode = learn::BeliefMode::kCorrected;
};

/// EVAL.CONTROLS names; the empty name is the track itself.
constexpr std::array<Control, 5> kControls = {{
    {"", task::DrawingMode::kOwn, learn::BeliefMode::kCorrected},
    {"wrong_drawing", task::DrawingMode::kWrong, learn::BeliefMode::kCorrected},
    {"no_drawing", task::DrawingMode::kNone, learn::BeliefMode::kCorrected},
    {"dead_reckoning", task::DrawingMode::kOwn, learn::BeliefMode::kDeadReckoning},
    {"perfect_registration", task::DrawingMode::kOwn, learn::BeliefMode::kPerfect},
}};

base::Result<Control> find_control(const std::string& name) {
  for (const Control& control : kControls) {
    if (control.name == name) return control;
  }
  return base::Error{base::ErrorCode::kUsage,
                     "EVAL.CONTROLS: wrong_drawing, no_drawing, dead_reckoning or "
                     "perfect_registration was wanted, found \"" +
                         name + "\"; correct the list"};
}

using base::contains;

std::vector<std::string> split_list(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

constexpr int kAutoEnvs = 32;  // NUM_PROCESSES auto

struct Track {
  std::string name;
  std::string split;
  Control control;
};

/// The expert does not look at drawings: it has no controls.
base::Result<std::vector<Track>> list_tracks(const config::ExperimentConfig& config) {
  std::vector<Track> tracks;
  const std::vector<std::string> splits = split_list(config.eval.split);
  const std::vector<std::string> controlled =
      config.eval.control_splits.empty() ? splits : split_list(config.eval.control_splits);
  for (const std::string& split : controlled) {
    if (contains(splits, split)) continue;
    return base::Error{base::ErrorCode::kUsage, "EVAL.CONTROL_SPLITS: splits of EVAL.SPLIT " +
                                                    config.eval.split + " are wanted, found " + split};
  }
  for (const std::string& split : splits) {
    tracks.push_back({split, split, kControls.front()});
    if (config.use_expert_actions || !contains(controlled, split)) continue;
    for (const std::string& name : config.eval.controls) {
      INKNAV_ASSIGN_OR_RETURN(const Control control, find_control(name));
      tracks.push_back({split + "+" + name, split, control});
    }
  }
  return tracks;
}

base::Result<TrackRun> run_track(const EvaluationRequest& request, const Track& track,
                                 base::ThreadPool& pool) {
  TrackRun run;
  run.name = track.name;
  INKNAV_ASSIGN_OR_RETURN(run.dataset, task::load_dataset(request.config, track.split));
  const auto limit = static_cast<std::size_t>(request.config.eval.episodes);
  if (limit > 0 && run.dataset.episodes.size() > limit) run.dataset.episodes.resize(limit);
  const int wanted = request.config.num_processes.value_or(kAutoEnvs);
  const int count = std::min(wanted, static_cast<int>(run.dataset.episodes.size()));
  task::NavigationEnvSettings settings = task::env_settings(request.config, {0, count, count, request.gpu});
  settings.shuffle = false;
  settings.drawing_mode = track.control.drawing_mode;
  INKNAV_ASSIGN_OR_RETURN(auto env, task::NavigationEnv::create(settings, run.dataset, pool));
  run.dataset.episodes = env->episodes();
  const bool expert = request.config.use_expert_actions;
  std::unique_ptr<learn::Agent> agent;
  if (!expert) {
    learn::AgentOptions agent_options;
    agent_options.belief_mode = track.control.belief_mode;
    agent_options.seed = settings.seed;
    agent_options.gpu = request.gpu;
    INKNAV_ASSIGN_OR_RETURN(agent, learn::load_agent(request.checkpoint, agent_options, pool));
    INKNAV_RETURN_IF_ERROR(learn::check_agent_fits(*agent, *env));
    run.believes = agent->settings().reading.enabled;
  }
  run::ProgressSettings display;
  display.title = "evaluating " + track.name;
  display.total = static_cast<std::int64_t>(run.dataset.episodes.size());
  display.unit = "episodes";
  run::Progress progress(std::move(display));
  learn::EvaluationOptions options;
  options.record_traces = track.control.name.empty();
  options.on_progress = [&](std::int64_t finished, std::int64_t) {
    progress.update(finished);
    return true;
  };
  run.result = expert ? learn::evaluate_expert(*env, options) : learn::evaluate(*agent, *env, options);
  progress.finish(
      fmt::format("success {:.3f}  SPL {:.3f}", run.result.mean("success"), run.result.mean("spl")));
  return run;
}

/// <track>/<measure> in TensorBoard, at the checkpoint's update.
void write_scalars(const EvaluationRequest& request, const TrackRow& row, run::MetricsWriter& metrics) {
  metrics.scalar(row.name + "/success", row.success, request.update);
  for (const TrackMeasure& measure : track_measures()) {
    if (is_reported(measure.name, request.config.task_config.task.measurements)) {
      metrics.scalar(fmt::format("{}/{}", row.name, measure.name), row.*measure.value, request.update);
    }
  }
  for (const auto& [name, value] : row.more)
    metrics.scalar(fmt::format("{}/{}", row.name, name), value, request.update);
}

/// "val/success" -> "Success on val, walked alone"; empty for all else.
std::string evaluation_title(const std::string& tag) {
  if (tag.starts_with("Environment/")) return {};
  const std::size_t slash = tag.rfind('/');
  const std::string measure = slash == std::string::npos ? "" : tag.substr(slash + 1);
  if (measure != "success" && measure != "spl") return {};
  return fmt::format("{} on {}, walked alone", measure == "spl" ? "SPL" : "Success", tag.substr(0, slash));
}

/// What TEST_EPISODE_COUNT episodes gave at the checkpoints comes first: it is the agent's own, while during
/// imitation the expert has a share in the success of the training.
std::vector<Curve> training_curves(const std::filesystem::path& tensorboard_dir) {
  std::vector<Curve> curves;
  if (tensorboard_dir.empty()) return curves;
  const auto scalars = run::read_scalars(tensorboard_dir);
  if (!scalars.ok()) return curves;
  std::map<std::string, int, std::greater<>> evaluations;  // success before spl
  for (const run::ScalarPoint& point : *scalars) {
    if (!evaluation_title(point.tag).empty()) ++evaluations[point.tag];
  }
  std::vector<std::pair<std::string, std::string>> shown;
  for (const auto& [tag, points] : evaluations) {
    if (points > 1) shown.emplace_back(tag, evaluation_title(tag));  // one point is no curve
  }
  const std::initializer_list<std::pair<std::string, std::string>> training = {
      {"Environment/Success", "Success in training"},
      {"Environment/SPL", "SPL in training"},
      {"Environment/Reward", "Reward per episode"},
      {"Environment/Episode_length", "Episode length, steps"},
      {"Policy/Waypoint_Loss", "Waypoint loss"},
      {"Training/Loss", "Denoising loss"},
      {"Reading/Belief_Error", "Belief error, m"},
      {"Policy/Value_Loss", "Value loss"},
      {"Perf/fps", "Frames per second"},
  };
  shown.insert(shown.end(), training.begin(), training.end());
  for (const auto& [tag, title] : shown) {
    Curve curve{title, "updates", {}};
    for (const run::ScalarPoint& point : *scalars) {
      if (point.tag != tag) continue;
      const auto step = static_cast<double>(point.step);
      // The whole split, walked after the training, takes the place of the last checkpoint's few episodes.
      if (!curve.points.empty() && curve.points.back().first == step) curve.points.pop_back();
      curve.points.emplace_back(step, point.value);
    }
    // A loss that the policy does not have is zero throughout.
    const bool told = tag.find("Loss") == std::string::npos ||
                      std::any_of(curve.points.begin(), curve.points.end(),
                                  [](const auto& point) { return point.second != 0.0; });
    if (told && !curve.points.empty()) curves.push_back(std::move(curve));
  }
  return curves;
}

std::string summarize_in_words(const EvalStats& stats) {
  const TrackRow& row = stats.tracks.front();
  return fmt::format(
      "In {} episodes of \"{}\" the agent reached the goal and said STOP in {:.1f} % "
      "(95 % interval {:.1f} to {:.1f} %), with an SPL of {:.3f}.",
      row.episodes, row.name, 100.0 * row.success, 100.0 * row.success_low, 100.0 * row.success_high,
      row.spl);
}

base::Status make_folders(std::initializer_list<std::filesystem::path> folders) {
  for (const std::filesystem::path& folder : folders) {
    std::error_code problem;
    std::filesystem::create_directories(folder, problem);
    if (problem) {
      return base::Error{base::ErrorCode::kDisk,
                         folder.string() + ": a folder to write to was wanted, found: " + problem.message() +
                             "; choose another --model-dir"};
    }
  }
  return base::ok_status();
}

}  // namespace

base::Result<EvaluationOutput> run_evaluation(const EvaluationRequest& request) {
  INKNAV_RETURN_IF_ERROR(make_folders({request.output_dir, request.video_dir}));
  INKNAV_ASSIGN_OR_RETURN(const std::vector<Track> tracks, list_tracks(request.config));
  base::ThreadPool pool(
      task::step_threads(request.config, request.config.num_threads.value_or(base::available_cores())));
  std::unique_ptr<run::MetricsWriter> metrics;
  if (!request.tensorboard_dir.empty()) {
    INKNAV_ASSIGN_OR_RETURN(metrics, run::MetricsWriter::open(request.tensorboard_dir));
  }
  EvaluationOutput output;
  output.stats.checkpoint = request.config.use_expert_actions ? "expert" : request.checkpoint.string();
  output.stats.measures = request.config.task_config.task.measurements;
  output.stats.drawings = !request.config.is_habitat_task();
  output.report = request.output_dir / "report.html";
  HtmlReport report;
  report.title = request.title;
  for (const Track& track : tracks) {
    INKNAV_ASSIGN_OR_RETURN(const TrackRun run, run_track(request, track, pool));
    output.stats.tracks.push_back(summarize(track.name, run.result));
    if (metrics) write_scalars(request, output.stats.tracks.back(), *metrics);
    if (!track.control.name.empty()) continue;
    for (const learn::EpisodeOutcome* outcome :
         choose_shown(run.result, request.config.eval.video_episodes)) {
      INKNAV_ASSIGN_OR_RETURN(EpisodeCard card, show_episode(request, run, *outcome, metrics.get(), pool));
      report.episodes.push_back(std::move(card));
    }
  }
  INKNAV_RETURN_IF_ERROR(save_stats(request.output_dir / "stats.json", output.stats));
  report.summary = summarize_in_words(output.stats);
  report.facts = request.facts;
  report.tracks = output.stats.tracks;
  for (const auto& [name, stats] : request.others) {
    for (TrackRow row : stats.tracks) {
      row.name = name + ": " + row.name;
      report.tracks.push_back(std::move(row));
    }
  }
  report.measures = output.stats.measures;
  report.drawings = output.stats.drawings;
  report.legend = legend_of(request.config);
  report.curves = training_curves(request.tensorboard_dir);
  INKNAV_RETURN_IF_ERROR(base::write_text_atomic(output.report, render_html(report)));
  return output;
}

}  // namespace inknav::app
