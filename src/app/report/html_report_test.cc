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
  report.episodes = {{"good one", "stopped", true, {1, 2, 3}, {4, 5}, {}, {}},
                     {"bad one", "lost", false, {1}, {2}, {9, 9}, {}}};
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

TEST(CurveSvg, HasRoundTicksAndSurvivesOddData) {
  const std::string svg = curve_svg({"Success", "frames", {{0, 0.0}, {4000, 1.0}}});
  EXPECT_NE(svg.find(">4k<"), std::string::npos);
  EXPECT_NE(svg.find(">0.5<"), std::string::npos);
  EXPECT_NE(curve_svg({"Empty", "frames", {}}).find("no data yet"), std::string::npos);
  EXPECT_EQ(curve_svg({"One", "frames", {{5, 5}}}).find("nan"), std::string::npos);
  EXPECT_EQ(curve_svg({"Bad", "frames", {{0, 1.0 / 0.0}, {1, 2}}}).find("inf"), std::string::npos);
}

}  // namespace
}  // namespace inknav::app
