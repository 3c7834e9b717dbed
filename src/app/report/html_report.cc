// SPDX-License-Identifier: MIT
#include "app/report/html_report.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstddef>

#include "app/report/curve_svg.h"
#include "app/report/failure_causes.h"

namespace inknav::app {
namespace {

constexpr const char* kStyle = R"css(
:root{--ink:#23262b;--soft:#6b7280;--line:#e4e2dc;--paper:#fbfaf7;--card:#fff;--good:#1f7a4d;--bad:#b3382c;--accent:#b23a48}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:1160px;margin:0 auto;padding:32px 20px 64px}h1{font-size:28px;margin:0 0 6px}h2{font-size:19px;margin:36px 0 12px}
p.summary{font-size:17px;color:var(--soft);margin:0 0 18px;max-width:70ch}
dl{display:flex;flex-wrap:wrap;gap:8px 28px;margin:0}dt{color:var(--soft);font-size:12px}dd{margin:0;font-weight:600}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;background:var(--card);border:1px solid var(--line);border-radius:8px}
th,td{padding:8px 9px;text-align:right;border-bottom:1px solid var(--line);font-variant-numeric:tabular-nums;white-space:nowrap}
th:first-child,td:first-child{text-align:left}th{white-space:normal;vertical-align:bottom;font-size:12px;color:var(--soft);font-weight:600}tr:last-child td{border-bottom:0}
tr.control td{color:var(--soft)}td .bar{display:inline-block;position:relative;width:72px;height:10px;background:#eeece6;border-radius:5px;margin-right:8px;vertical-align:middle}
td .bar i{position:absolute;left:0;top:0;bottom:0;background:#8fb89f;border-radius:5px}td .bar b{position:absolute;top:3px;height:4px;background:var(--ink);border-radius:2px}
tr.control td .bar i{background:#c9c4b8}.interval{color:var(--soft);font-size:12px}
.curves{display:grid;grid-template-columns:repeat(auto-fill,minmax(320px,1fr));gap:14px}
figure{margin:0;background:var(--card);border:1px solid var(--line);border-radius:8px;padding:10px 12px}figcaption{font-weight:600;font-size:13px}
svg{width:100%;height:auto;display:block}svg text{font:10px system-ui,sans-serif;fill:var(--soft)}
svg .grid{stroke:var(--line)}svg .raw{stroke:#d9a5ac;stroke-width:1}svg .mean{stroke:var(--accent);stroke-width:2}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(520px,1fr));gap:16px}
article{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px 14px;border-top:4px solid var(--bad)}
article.success{border-top-color:var(--good)}article h3{font-size:14px;margin:0}article p{margin:2px 0 8px;color:var(--soft);font-size:13px}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:10px}.pair figure{padding:0;border:0}.pair img,video{width:100%;border:1px solid var(--line);border-radius:4px;display:block;background:#fff}
.pair figcaption,.legend{font-size:12px;color:var(--soft);font-weight:400;margin-top:3px}video{margin-top:10px}
.legend i{display:inline-block;width:16px;height:6px;border-radius:2px;vertical-align:middle;margin:0 4px 0 12px}
@media(max-width:560px){.cards{grid-template-columns:1fr}}
)css";

std::string base64(const std::vector<std::uint8_t>& bytes) {
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes.data(),
                                     static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(length));
  return text;
}

bool is_control(const TrackRow& track) { return track.name.find('+') != std::string::npos; }

/// Names of the measures that are not in track_measures(), of all rows, in order.
std::vector<std::string> more_measures(const HtmlReport& report) {
  std::vector<std::string> names;
  for (const TrackRow& track : report.tracks) {
    for (const auto& [name, value] : track.more) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
  }
  return names;
}

std::string more_cell(const TrackRow& track, const std::string& name) {
  for (const auto& [measure, value] : track.more) {
    if (measure == name) return fmt::format("<td>{:.3f}</td>", value);
  }
  return "<td>–</td>";
}

std::string track_row(const TrackRow& track, const HtmlReport& report) {
  std::string text = fmt::format(
      "<tr{}><td>{}</td><td>{}</td><td><span class='bar'><i style='width:{:.1f}%'></i>"
      "<b style='left:{:.1f}%;width:{:.1f}%'></b></span>{:.3f} <span class='interval'>[{:.2f}, "
      "{:.2f}]</span></td>",
      is_control(track) ? " class='control'" : "", escape_html(track.name), track.episodes,
      100.0 * track.success, 100.0 * track.success_low,
      100.0 * std::max(0.0, track.success_high - track.success_low), track.success, track.success_low,
      track.success_high);
  for (const TrackMeasure& measure : track_measures()) {
    if (is_reported(measure.name, report.measures))
      text += fmt::format("<td>{:.{}f}</td>", track.*measure.value, measure.decimals);
  }
  for (const std::string& name : more_measures(report)) text += more_cell(track, name);
  if (!report.drawings) return text + "</tr>\n";
  text += fmt::format("<td>{:.3f}</td>", track.success_3m);
  return text + fmt::format("<td>{}</td></tr>\n", track.belief_error < 0.0
                                                      ? std::string("–")
                                                      : fmt::format("{:.2f} m, {:.1f} %", track.belief_error,
                                                                    100.0 * track.belief_of_home));
}

std::string track_table(const HtmlReport& report) {
  std::string text =
      "<div class='scroll'><table><thead><tr><th>Track</th><th>Episodes</th><th>Success, 95 % interval</th>";
  for (const TrackMeasure& measure : track_measures()) {
    if (is_reported(measure.name, report.measures)) text += fmt::format("<th>{}</th>", measure.title);
  }
  for (const std::string& name : more_measures(report)) text += fmt::format("<th>{}</th>", escape_html(name));
  if (report.drawings)
    text += "<th>STOP within 3 m</th><th>Belief error: at the end; along the way, of the home</th>";
  text += "</tr></thead><tbody>\n";
  for (const TrackRow& track : report.tracks) text += track_row(track, report);
  return text + "</tbody></table></div>";
}

/// Why each track's failures failed; controls fail as they should and are left out.
std::string failure_table(const HtmlReport& report) {
  // Without a drawing nobody is lost in one.
  const auto is_told = [&](std::string_view cause) {
    return report.drawings || cause != name_of(FailureCause::kLost);
  };
  std::string text =
      "<h2>Why it failed</h2><div class='scroll'><table><thead><tr><th>Track</th><th>Failed</th>";
  for (int i = 0; i < kNumFailureCauses; ++i) {
    const auto cause = static_cast<FailureCause>(i);
    if (is_told(name_of(cause))) text += fmt::format("<th>{}</th>", description_of(cause));
  }
  text += "</tr></thead><tbody>\n";
  bool any = false;
  for (const TrackRow& track : report.tracks) {
    if (is_control(track)) continue;
    int failed = 0;
    for (const auto& [cause, count] : track.failures) failed += count;
    if (failed == 0) continue;
    any = true;
    text += fmt::format("<tr><td>{}</td><td>{}</td>", escape_html(track.name), failed);
    for (const auto& [cause, count] : track.failures) {
      if (is_told(cause)) text += fmt::format("<td>{}</td>", count);
    }
    text += "</tr>\n";
  }
  return any ? text + "</tbody></table></div>" : std::string();
}

std::string picture(const CardPicture& shown) {
  const std::string caption = escape_html(shown.caption);
  return fmt::format(
      "<figure><img loading='lazy' alt='{}' src='data:image/png;base64,{}'><figcaption>{}</figcaption>"
      "</figure>",
      caption, base64(shown.png), caption);
}

std::string episode_card(const EpisodeCard& card) {
  std::string text =
      fmt::format("<article class='{}'><h3>{}</h3><p>{}</p><div class='pair'>",
                  card.success ? "success" : "failure", escape_html(card.title), escape_html(card.outcome));
  for (const CardPicture& shown : card.pictures) text += picture(shown);
  text += "</div>";
  if (!card.video_mp4.empty()) {
    text += fmt::format(
        "<video controls autoplay muted loop playsinline preload='metadata' "
        "src='data:video/mp4;base64,{}'></video>",
        base64(card.video_mp4));
  }
  return text + "</article>\n";
}

}  // namespace

std::span<const TrackMeasure> track_measures() {
  static constexpr TrackMeasure kMeasures[] = {
      {"spl", "SPL", &TrackRow::spl, 3},
      {"soft_spl", "SoftSPL", &TrackRow::soft_spl, 3},
      {"ndtw", "nDTW", &TrackRow::ndtw, 3},
      {"collisions", "Collisions", &TrackRow::collisions, 1},
      {"distance_to_goal", "Distance to goal, m", &TrackRow::distance_to_goal, 2},
      {"path_length", "Path, m", &TrackRow::path_length, 1},
      {"oracle_success", "Ever near the goal", &TrackRow::oracle_success, 3},
      {"stop_called", "Said STOP", &TrackRow::stop_called, 3},
  };
  return kMeasures;
}

bool is_reported(std::string_view measure, const std::vector<std::string>& measures) {
  return measures.empty() || std::find(measures.begin(), measures.end(), measure) != measures.end();
}

std::string render_html(const HtmlReport& report) {
  std::string html = fmt::format(
      "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
      "<meta name='viewport' "
      "content='width=device-width,initial-scale=1'><title>{}</title><style>{}</style></head>"
      "<body><main><h1>{}</h1><p class='summary'>{}</p><dl>",
      escape_html(report.title), kStyle, escape_html(report.title), escape_html(report.summary));
  for (const Fact& fact : report.facts) {
    html += fmt::format("<div><dt>{}</dt><dd>{}</dd></div>", escape_html(fact.name), escape_html(fact.value));
  }
  html += "</dl><h2>Evaluation</h2>" + track_table(report);
  if (std::any_of(report.tracks.begin(), report.tracks.end(), is_control)) {
    html +=
        "<p class='legend'>Grey rows are controls: an agent that does as well with a wrong drawing or none "
        "has not read the map.</p>";
  }
  html += failure_table(report);
  if (!report.curves.empty()) {
    html += "<h2>Training</h2><div class='curves'>";
    for (const Curve& curve : report.curves) {
      html += "<figure><figcaption>" + escape_html(curve.title) + "</figcaption>" + curve_svg(curve) +
              "</figure>";
    }
    html += "</div>";
  }
  if (!report.episodes.empty()) {
    html += "<h2>Episodes, failures first</h2><p class='legend'>On the map:";
    for (const LegendEntry& entry : report.legend) {
      html += fmt::format("<i style='background:{}'></i>{}", entry.background, escape_html(entry.text));
    }
    html += "</p><div class='cards'>";
    for (const bool success : {false, true}) {
      for (const EpisodeCard& card : report.episodes) {
        if (card.success == success) html += episode_card(card);
      }
    }
    html += "</div>";
  }
  return html + "</main></body></html>\n";
}

}  // namespace inknav::app
