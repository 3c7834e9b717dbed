// SPDX-License-Identifier: MIT
#include "app/report/html_report.h"

#include <gtest/gtest.h>

#include "app/report/curve_svg.h"

namespace inknav::app {
namespace {

HtmlReport example() {
  HtmlReport report;
  report.title = "A <test> report";
  report.tracks.resize(2);
  report.tracks[0].name = "L1";
  report.tracks[0].episodes = 200;
  report.tracks[0].success = 0.9;
  report.tracks[0].success_low = 0.85;
  report.tracks[0].success_high = 0.93;
  report.tracks[0].spl = 0.8;
  report.tracks[0].failures = {{"lost_in_drawing", 12}, {"early_stop", 8}};
  report.tracks[1].name = "L1+wrong_drawing";
  report.tracks[1].episodes = 200;
  report.curves = {{"Success", "frames", {{0, 0.1}, {1000, 0.5}, {2000, 0.9}}}, {"Empty", "frames", {}}};
  report.episodes = {{"good one", "stopped", true, {{"a drawing", {1, 2, 3}}, {"a <map>", {4, 5}}}, {}, {}},
                     {"bad one", "lost", false, {{"a drawing", {1}}, {"a map", {2}}}, {9, 9}, {}}};
  report.legend = {{"#010203", "a <colour>"}};
  return report;
}

TEST(HtmlReport, IsSelfContainedAndEscapesText) {
  const std::string html = render_html(example());
  EXPECT_NE(html.find("A &lt;test&gt; report"), std::string::npos);
  EXPECT_EQ(html.find("http"), std::string::npos);
  EXPECT_EQ(html.find("<script"), std::string::npos);
  EXPECT_NE(html.find("data:image/png;base64,AQID"), std::string::npos);
  EXPECT_NE(html.find("data:video/mp4;base64,CQk="), std::string::npos);
}

TEST(HtmlReport, ShowsFailuresFirst) {
  const std::string html = render_html(example());
  EXPECT_LT(html.find("bad one"), html.find("good one"));
}

TEST(HtmlReport, MarksControlsAndPrintsIntervals) {
  const std::string html = render_html(example());
  EXPECT_NE(html.find("<tr class='control'><td>L1+wrong_drawing"), std::string::npos);
  EXPECT_NE(html.find("[0.85, 0.93]"), std::string::npos);
}

TEST(HtmlReport, SaysWhyEpisodesFailed) {
  const std::string html = render_html(example());
  EXPECT_NE(html.find("lost in the drawing"), std::string::npos);
  EXPECT_NE(html.find("<tr><td>L1</td><td>20</td><td>12</td><td>8</td></tr>"), std::string::npos);
}

TEST(HtmlReport, CaptionsAndLegendAreThoseThatItIsGiven) {
  const std::string html = render_html(example());
  EXPECT_NE(html.find("<figcaption>a drawing</figcaption>"), std::string::npos);
  EXPECT_NE(html.find("<figcaption>a &lt;map&gt;</figcaption>"), std::string::npos);
  EXPECT_NE(html.find("<i style='background:#010203'></i>a &lt;colour&gt;"), std::string::npos);
}

TEST(HtmlReport, HabitatsTasksSpeakOfNoDrawings) {
  HtmlReport report = example();
  report.drawings = false;
  report.measures = {"spl", "num_steps"};
  report.tracks.resize(1);
  report.tracks[0].failures = {{"lost_in_drawing", 0}, {"early_stop", 8}};
  report.tracks[0].more = {{"num_steps", 41.25}};
  const std::string html = render_html(report);
  for (const char* absent : {"lost in the drawing", "Belief", "STOP within 3 m", "Grey rows", "nDTW"})
    EXPECT_EQ(html.find(absent), std::string::npos) << absent;
  EXPECT_NE(html.find("<th>num_steps</th>"), std::string::npos);
  EXPECT_NE(html.find("<td>41.250</td>"), std::string::npos);
  EXPECT_NE(html.find("<tr><td>L1</td><td>8</td><td>8</td></tr>"), std::string::npos);
  report.tracks[0].failures[1].second = 0;
  EXPECT_EQ(render_html(report).find("Why it failed"), std::string::npos);
}

TEST(CurveSvg, HasRoundTicksAndSurvivesOddData) {
  const std::string svg = curve_svg({"Success", "frames", {{0, 0.0}, {4000, 1.0}}});
  EXPECT_NE(svg.find(">4k<"), std::string::npos);
  EXPECT_NE(svg.find(">0.5<"), std::string::npos);
  EXPECT_NE(curve_svg({"Empty", "frames", {}}).find("no data yet"), std::string::npos);
  EXPECT_EQ(curve_svg({"One", "frames", {{5, 5}}}).find("nan"), std::string::npos);
  const std::string constant = curve_svg({"Success", "frames", {{1000, 1.0}, {4000, 1.0}}});
  EXPECT_NE(constant.find(">0</text>"), std::string::npos) << "a success of 1 throughout is not the bottom";
  EXPECT_EQ(constant.find(">2</text>"), std::string::npos);
  EXPECT_EQ(curve_svg({"Bad", "frames", {{0, 1.0 / 0.0}, {1, 2}}}).find("inf"), std::string::npos);
}

}  // namespace
}  // namespace inknav::app
