// SPDX-License-Identifier: MIT
#include "sketch/stroke_book.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <glm/geometric.hpp>
#include <glm/vec2.hpp>
#include <iterator>
#include <optional>
#include <system_error>

#include "base/check.h"
#include "base/file.h"

namespace inknav::sketch {
namespace {

namespace fs = std::filesystem;
using Vec = glm::dvec2;

constexpr std::size_t kMaxFileBytes = std::size_t{4} << 20;
constexpr double kLeastChord = 40.0;  // of a frame of 105
constexpr double kMostBend = 1.11;    // arc / chord
constexpr double kMostLean = 20.0 * 3.14159265358979323846 / 180.0;
constexpr double kHalfTurn = 3.14159265358979323846;
constexpr std::size_t kPlaces = 33;
constexpr double kMostCoordinate = 1e4;

/// Angle to the nearest of both axes, in (-45, 45] degrees.
double lean_of(const Vec& chord) {
  const double quarter = 0.5 * kHalfTurn;
  const double angle = std::atan2(chord.y, chord.x);
  return angle - quarter * std::round(angle / quarter);
}

/// Deviations at even places along the chord: where the pen went back, the mean of what lies there.
std::vector<double> deviations(const std::vector<Vec>& points, const Vec& along, double length) {
  std::vector<double> sum(kPlaces, 0.0), weight(kPlaces, 0.0);
  const auto add = [&](const Vec& p, double share) {
    const Vec offset = p - points.front();
    const double place = glm::dot(offset, along) / length * static_cast<double>(kPlaces - 1);
    if (place < 0.0 || place > static_cast<double>(kPlaces - 1)) return;
    const auto i = static_cast<std::size_t>(std::lround(place));
    sum[i] += share * (along.x * offset.y - along.y * offset.x) / length;
    weight[i] += share;
  };
  for (std::size_t k = 1; k < points.size(); ++k) {
    constexpr int kPieces = 16;
    const double piece = glm::length(points[k] - points[k - 1]) / kPieces;
    for (int j = 0; j < kPieces; ++j) {
      const double t = (static_cast<double>(j) + 0.5) / kPieces;
      add(points[k - 1] + t * (points[k] - points[k - 1]), piece);
    }
  }
  for (std::size_t i = 0; i < kPlaces; ++i)
    sum[i] = weight[i] > 0.0 ? sum[i] / weight[i] : (i > 0 ? sum[i - 1] : 0.0);
  sum.front() = sum.back() = 0.0;
  return sum;
}

std::optional<RecordedStroke> as_wall(const std::vector<Vec>& points) {
  if (points.size() < 3) return std::nullopt;
  const Vec chord = points.back() - points.front();
  const double length = glm::length(chord);
  double arc = 0.0;
  for (std::size_t i = 1; i < points.size(); ++i) arc += glm::length(points[i] - points[i - 1]);
  if (length < kLeastChord || arc > kMostBend * length) return std::nullopt;
  const double lean = lean_of(chord);
  if (std::abs(lean) > kMostLean) return std::nullopt;
  return RecordedStroke{deviations(points, chord / length, length), lean};
}

/// "x,y,t" with y upwards; the time is not used.
std::optional<Vec> parse_point(std::string_view line) {
  double values[3] = {0.0, 0.0, 0.0};
  const char* at = line.data();
  const char* const end = line.data() + line.size();
  for (int i = 0; i < 3; ++i) {
    const auto [rest, code] = std::from_chars(at, end, values[i]);
    if (code != std::errc() || !std::isfinite(values[i]) || std::abs(values[i]) > 1e9) return std::nullopt;
    if (i < 2 && (rest == end || *rest != ',')) return std::nullopt;
    at = i < 2 ? rest + 1 : rest;
  }
  if (at != end || std::abs(values[0]) > kMostCoordinate || std::abs(values[1]) > kMostCoordinate)
    return std::nullopt;
  return Vec(values[0], -values[1]);
}

/// What follows the last "_" of the file's name: the number of the person.
std::string person_of(const fs::path& file) {
  const std::string stem = file.stem().string();
  const std::size_t at = stem.rfind('_');
  return at == std::string::npos ? std::string() : stem.substr(at + 1);
}

}  // namespace

base::Status StrokeBook::add(std::string_view text, const std::string& name, const std::string& person) {
  std::vector<Vec> points;
  std::vector<RecordedStroke> found;
  const auto lift = [&] {
    if (auto stroke = as_wall(points)) found.push_back(std::move(*stroke));
    points.clear();
  };
  int number = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
    if (line.empty() || line == "START") continue;
    if (line == "BREAK") {
      lift();
      continue;
    }
    const std::optional<Vec> point = parse_point(line);
    if (!point) {
      return base::Error{base::ErrorCode::kData,
                         name + ":" + std::to_string(number) +
                             ": START, BREAK or x,y,milliseconds is wanted, found \"" +
                             std::string(line.substr(0, 40)) + "\"; is this a file of pen strokes?"};
    }
    points.push_back(*point);
  }
  lift();
  if (found.empty()) return base::ok_status();
  std::vector<RecordedStroke>& book = persons_[person];
  book.insert(book.end(), std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
  return base::ok_status();
}

base::Result<StrokeBook> StrokeBook::load(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code code;
  for (auto it = fs::recursive_directory_iterator(folder, code);
       !code && it != fs::recursive_directory_iterator(); it.increment(code)) {
    // Names that begin with "._" are another system's notes on a file.
    if (it->path().extension() == ".txt" && !it->path().filename().string().starts_with("._"))
      files.push_back(it->path());
  }
  if (code || files.empty()) {
    return base::Error{base::ErrorCode::kData,
                       folder.string() + ": a folder with pen strokes as .txt files is wanted, found " +
                           (code ? code.message() : "none") +
                           "; unpack the stroke archive and name its folder"};
  }
  std::sort(files.begin(), files.end());
  StrokeBook book;
  for (const fs::path& file : files) {
    INKNAV_ASSIGN_OR_RETURN(const std::string text, base::read_text_file(file, kMaxFileBytes));
    INKNAV_RETURN_IF_ERROR(book.add(text, file.string(), person_of(file)));
  }
  if (book.num_strokes() == 0) {
    return base::Error{base::ErrorCode::kData,
                       folder.string() + ": strokes that could be walls are wanted, " +
                           std::to_string(files.size()) +
                           " files have none (nearly straight, 40 units long, within 20 degrees of an axis)"};
  }
  return book;
}

std::size_t StrokeBook::num_strokes() const {
  std::size_t count = 0;
  for (const auto& [person, strokes] : persons_) count += strokes.size();
  return count;
}

const RecordedStroke& StrokeBook::pick(std::uint32_t person, base::PhiloxStream& stream) const {
  INKNAV_CHECK(!persons_.empty());
  const auto which = std::next(persons_.begin(), static_cast<std::ptrdiff_t>(person % persons_.size()));
  const std::vector<RecordedStroke>& strokes = which->second;
  return strokes[stream.uniform_int(static_cast<std::uint32_t>(strokes.size()))];
}

std::vector<double> replayed(const RecordedStroke& stroke, std::size_t n, double length) {
  std::vector<double> offset(n, 0.0);
  const auto last = static_cast<double>(stroke.across.size() - 1);
  for (std::size_t i = 0; i + 1 < n; ++i) {
    const double place = last * static_cast<double>(i) / static_cast<double>(n - 1);
    const auto k = static_cast<std::size_t>(place);
    const double part = place - static_cast<double>(k);
    offset[i] = length * ((1.0 - part) * stroke.across[k] + part * stroke.across[k + 1]);
  }
  return offset;
}

}  // namespace inknav::sketch
