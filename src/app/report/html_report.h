// SPDX-License-Identifier: MIT
#pragma once
// HtmlReport: one self-contained report.html (no script from elsewhere, pictures and videos inside) with
// learning curves, a table per track with 95 % intervals, and episodes, failures first.
// Plain data in, text out; app/eval_command and app/demo_command fill it.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace inknav::app {

struct Curve {
  std::string title;    // "Success"
  std::string x_label;  // "frames"
  std::vector<std::pair<double, double>> points;
};

struct TrackRow {
  std::string name;  // "L1", "L1+wrong_drawing"
  int episodes = 0;
  double success = 0.0;      // all in [0, 1]
  double success_low = 0.0;  // 95 % interval
  double success_high = 0.0;
  double spl = 0.0;
  double soft_spl = 0.0;
  double ndtw = 0.0;
  double collisions = 0.0;        // mean count
  double distance_to_goal = 0.0;  // metres, mean at the end
  double path_length = 0.0;       // metres, mean
  double success_3m = 0.0;        // said STOP within 3 m
  double belief_error = -1.0;     // metres, median at the end; -1 where the truth is not known
  double belief_along = -1.0;     // metres, median over episodes of the mean along the way, likewise
  double belief_of_home = -1.0;   // the same over the diagonal of the episode's home
  double oracle_success = 0.0;
  double stop_called = 0.0;
  std::vector<std::pair<std::string, int>> failures;   // name of each cause and how many failed by it
  std::vector<std::pair<std::string, double>> more{};  // means of measures that only Habitat's tasks have
};

/// What of a TrackRow can be left out of tables and files: all but episodes, success and the belief error.
struct TrackMeasure {
  std::string_view name;   // TASK_CONFIG.TASK.MEASUREMENTS
  std::string_view title;  // of a table's column, with the unit
  double TrackRow::*value;
  int decimals;
};
std::span<const TrackMeasure> track_measures();
/// Whether `measures` (empty: all) names it.
bool is_reported(std::string_view measure, const std::vector<std::string>& measures);

struct CardPicture {
  std::string caption;
  std::vector<std::uint8_t> png;
};

struct EpisodeCard {
  std::string title;
  std::string outcome;  // one line: why it succeeded or failed
  bool success = false;
  std::vector<CardPicture> pictures;    // side by side
  std::vector<std::uint8_t> video_mp4;  // may be empty
  std::vector<std::uint8_t> video_gif;  // for TensorBoard, not on the page; may be empty
};

struct Fact {
  std::string name;
  std::string value;
};

/// What a colour on the maps means.
struct LegendEntry {
  std::string background;  // CSS
  std::string text;
};

struct HtmlReport {
  std::string title;
  std::string summary;      // one or two sentences under the title
  std::vector<Fact> facts;  // checkpoint, training time, device, ...
  std::vector<TrackRow> tracks;
  std::vector<std::string> measures{};  // columns of the table; empty: all
  std::vector<Curve> curves;
  std::vector<EpisodeCard> episodes;  // rendered failures first, order otherwise kept
  std::vector<LegendEntry> legend{};  // of the maps of the episodes
  bool drawings = true;  // false: one of Habitat's tasks, without beliefs, controls and the wider STOP
};

std::string render_html(const HtmlReport& report);

}  // namespace inknav::app
