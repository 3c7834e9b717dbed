// SPDX-License-Identifier: MIT
#include "app/report/curve_svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace inknav::app {
namespace {

constexpr double kWidth = 360.0, kHeight = 200.0;  // px
constexpr double kLeft = 48.0, kRight = 10.0, kTop = 12.0, kBottom = 34.0;

struct Axis {
  double low = 0.0;
  double high = 1.0;
  double step = 0.5;
};

/// Round ticks: a step of 1, 2 or 5 times a power of ten, about four of them. A constant stands against zero.
Axis make_axis(double low, double high) {
  if (!(high > low)) {
    high = low == 0.0 ? 1.0 : std::max(low, 0.0);
    low = std::min(low, 0.0);
  }
  const double raw = (high - low) / 4.0;
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  const double mantissa = raw / power;
  const double step = power * (mantissa <= 1.0 ? 1.0 : mantissa <= 2.0 ? 2.0 : mantissa <= 5.0 ? 5.0 : 10.0);
  return {step * std::floor(low / step), step * std::ceil(high / step), step};
}

std::string tick_label(double value) {
  const double size = std::fabs(value);
  if (size >= 1e6) return fmt::format("{:g}M", value / 1e6);
  if (size >= 1e3) return fmt::format("{:g}k", value / 1e3);
  return fmt::format("{:g}", std::fabs(value) < 1e-12 ? 0.0 : value);
}

std::string polyline(const std::vector<std::pair<double, double>>& points, const char* style) {
  std::string text = "<polyline fill='none' ";
  text += style;
  text += " points='";
  for (const auto& [x, y] : points) text += fmt::format("{:.1f},{:.1f} ", x, y);
  return text + "'/>";
}

std::vector<std::pair<double, double>> running_mean(const std::vector<std::pair<double, double>>& points) {
  const std::size_t window = std::max<std::size_t>(1, points.size() / 15);
  std::vector<std::pair<double, double>> smooth;
  double sum = 0.0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    sum += points[i].second;
    if (i >= window) sum -= points[i - window].second;
    smooth.emplace_back(points[i].first, sum / static_cast<double>(std::min(i + 1, window)));
  }
  return smooth;
}

}  // namespace

std::string escape_html(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string curve_svg(const Curve& curve) {
  std::vector<std::pair<double, double>> points;
  for (const auto& point : curve.points) {
    if (std::isfinite(point.first) && std::isfinite(point.second)) points.push_back(point);
  }
  std::string svg = fmt::format("<svg viewBox='0 0 {} {}' role='img' aria-label='{}'>", kWidth, kHeight,
                                escape_html(curve.title));
  if (points.empty()) {
    return svg + fmt::format("<text x='{}' y='{}' text-anchor='middle'>no data yet</text></svg>", kWidth / 2,
                             kHeight / 2);
  }
  const auto [x_low, x_high] = std::minmax_element(points.begin(), points.end());
  const auto by_value = [](const auto& a, const auto& b) { return a.second < b.second; };
  const auto [y_low, y_high] = std::minmax_element(points.begin(), points.end(), by_value);
  const Axis x = make_axis(x_low->first, x_high->first);
  const Axis y = make_axis(y_low->second, y_high->second);
  const auto to_x = [&](double value) {
    return kLeft + (value - x.low) / (x.high - x.low) * (kWidth - kLeft - kRight);
  };
  const auto to_y = [&](double value) {
    return kHeight - kBottom - (value - y.low) / (y.high - y.low) * (kHeight - kTop - kBottom);
  };
  for (double value = y.low; value <= y.high + 0.5 * y.step; value += y.step) {
    svg += fmt::format("<line class='grid' x1='{}' x2='{}' y1='{:.1f}' y2='{:.1f}'/>", kLeft, kWidth - kRight,
                       to_y(value), to_y(value));
    svg += fmt::format("<text x='{}' y='{:.1f}' text-anchor='end'>{}</text>", kLeft - 6, to_y(value) + 4,
                       tick_label(value));
  }
  for (double value = x.low; value <= x.high + 0.5 * x.step; value += x.step) {
    svg += fmt::format("<text x='{:.1f}' y='{}' text-anchor='middle'>{}</text>", to_x(value),
                       kHeight - kBottom + 16, tick_label(value));
  }
  svg += fmt::format("<text x='{}' y='{}' text-anchor='middle'>{}</text>", (kLeft + kWidth - kRight) / 2,
                     kHeight - 3, escape_html(curve.x_label));
  for (auto& [px, py] : points) {
    px = to_x(px);
    py = to_y(py);
  }
  svg += polyline(points, "class='raw'");
  svg += polyline(running_mean(points), "class='mean'");
  return svg + "</svg>";
}

}  // namespace inknav::app
