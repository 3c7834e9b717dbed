// SPDX-License-Identifier: MIT
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/file.h"
#include "sim/sensor_noise.h"

namespace inknav::sim {

namespace {

constexpr std::size_t kMostBytes = std::size_t{16} << 20;
constexpr std::string_view kNpyMagic = "\x93NUMPY";
constexpr std::string_view kWhere =
    "; TASK_CONFIG.SIMULATOR.DEPTH_SENSOR.NOISE_MODEL_KWARGS.distortion_file names "
    "redwood-depth-dist-model.npy "
    "of a habitat-sim installation (habitat_sim/sensors/noise_models/data) or dist-model.txt of the Redwood "
    "indoor data set (redwood-data.org)";

base::Error bad(const std::filesystem::path& path, const std::string& what) {
  std::string message = path.string();
  message += ": ";
  message += what;
  message += kWhere;
  return base::Error{base::ErrorCode::kData, std::move(message)};
}

/// The value of `key` in a .npy header, up to `end`; empty: not there.
std::string_view header_value(std::string_view header, std::string_view key, char end) {
  const std::size_t at = header.find(key);
  if (at == std::string_view::npos) return {};
  const std::size_t begin = header.find_first_not_of(": ", at + key.size());
  const std::size_t stop = begin == std::string_view::npos ? begin : header.find(end, begin + 1);
  return stop == std::string_view::npos ? std::string_view{} : header.substr(begin, stop + 1 - begin);
}

/// Product of the numbers in "(80, 80, 5)"; 0: not such a list.
std::size_t shape_size(std::string_view shape) {
  std::size_t size = 1, count = 0;
  for (std::size_t i = 0; i < shape.size();) {
    if (shape[i] < '0' || shape[i] > '9') {
      ++i;
      continue;
    }
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(shape.data() + i, shape.data() + shape.size(), number);
    if (error != std::errc() || number > DistortionTable::kSize) return 0;
    i = static_cast<std::size_t>(end - shape.data());
    size *= number;
    if (++count > 4) return 0;
  }
  return count == 0 ? 0 : size;
}

template <typename T>
std::vector<float> values_of(std::span<const std::uint8_t> bytes) {
  std::vector<float> values(DistortionTable::kSize);
  for (std::size_t i = 0; i < values.size(); ++i) {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
    values[i] = static_cast<float>(value);
  }
  return values;
}

base::Result<std::vector<float>> read_npy(const std::filesystem::path& path,
                                          std::span<const std::uint8_t> bytes) {
  // Magic, version (2 bytes), length of the header (2 bytes, from version 2 on 4), header, values.
  const std::size_t prefix = bytes.size() > 6 && bytes[6] >= 2 ? 12 : 10;
  if (bytes.size() < prefix) return bad(path, "the .npy header is cut");
  std::size_t length = std::size_t{bytes[8]} | std::size_t{bytes[9]} << 8;
  if (prefix == 12) length |= std::size_t{bytes[10]} << 16 | std::size_t{bytes[11]} << 24;
  if (length > bytes.size() - prefix) return bad(path, "the .npy header is cut");
  const std::string_view header(reinterpret_cast<const char*>(bytes.data()) + prefix, length);
  const std::string_view type = header_value(header, "'descr'", '\'');
  const std::string_view order = header_value(header, "'fortran_order'", ',');
  const std::string_view shape = header_value(header, "'shape'", ')');
  const bool wide = type == "'<f8'";
  if (!wide && type != "'<f4'") {
    return bad(path, "float32 or float64 (little endian) is wanted, found " + std::string(type));
  }
  if (order != "False,") return bad(path, "rows one after the other (fortran_order False) are wanted");
  if (shape_size(shape) != DistortionTable::kSize) {
    return bad(path, "80 x 80 x 5 numbers are wanted, found the shape " + std::string(shape));
  }
  const std::span<const std::uint8_t> values = bytes.subspan(prefix + length);
  const std::size_t wanted = DistortionTable::kSize * (wide ? sizeof(double) : sizeof(float));
  if (values.size() != wanted) {
    return bad(path, std::to_string(wanted) + " bytes of numbers are wanted, found " +
                         std::to_string(values.size()));
  }
  return wide ? values_of<double>(values) : values_of<float>(values);
}

/// Numbers of a text whose first five lines and whose lines after '%' say what it is.
base::Result<std::vector<double>> read_numbers(const std::filesystem::path& path, std::string_view text) {
  std::vector<double> numbers;
  int line = 0;
  for (std::size_t begin = 0; begin < text.size(); ++line) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view rest = line < 5 ? std::string_view{} : text.substr(begin, end - begin);
    begin = end + 1;
    rest = rest.substr(0, rest.find('%'));
    for (;;) {
      const std::size_t at = rest.find_first_not_of(" \t\r");
      if (at == std::string_view::npos) break;
      rest.remove_prefix(at);
      double number = 0.0;
      const auto [stop, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
      if (error != std::errc()) {
        return bad(path, "line " + std::to_string(line + 1) + ": a number is wanted, found \"" +
                             std::string(rest.substr(0, 20)) + "\"");
      }
      numbers.push_back(number);
      rest.remove_prefix(static_cast<std::size_t>(stop - rest.data()));
    }
  }
  return numbers;
}

/// The Redwood project's text: 23 numbers a cell, of which [3, 8) count measurements and [18, 23) are the
/// factors; a cell with fewer than 8,000 measurements at every depth has none.
base::Result<std::vector<float>> read_text(const std::filesystem::path& path, std::string_view text) {
  constexpr std::size_t kOfCell = 23, kCounts = 3, kFactors = 18;
  constexpr double kEnough = 8000.0;
  constexpr std::size_t kCells = DistortionTable::kSize / DistortionTable::kDepths;
  INKNAV_ASSIGN_OR_RETURN(const std::vector<double> numbers, read_numbers(path, text));
  if (numbers.size() != kCells * kOfCell) {
    return bad(path, std::to_string(kCells * kOfCell) + " numbers are wanted, found " +
                         std::to_string(numbers.size()));
  }
  std::vector<float> factors;
  for (std::size_t cell = 0; cell < kCells; ++cell) {
    const double* of_cell = numbers.data() + cell * kOfCell;
    const bool known = std::any_of(of_cell + kCounts, of_cell + kCounts + DistortionTable::kDepths,
                                   [](double count) { return !(count < kEnough); });
    for (std::size_t d = 0; d < DistortionTable::kDepths; ++d)
      factors.push_back(known ? static_cast<float>(of_cell[kFactors + d]) : 0.0f);
  }
  return factors;
}

}  // namespace

DistortionTable::DistortionTable(std::vector<float> factors) : factors_(std::move(factors)) {
  INKNAV_CHECK(factors_.size() == kSize, factors_.size(), kSize);
}

base::Result<DistortionTablePtr> load_distortion(const std::filesystem::path& path) {
  if (path.empty()) {
    return base::Error{base::ErrorCode::kUsage,
                       std::string("RedwoodDepthNoiseModel needs its distortion table, and no file is named")
                           .append(kWhere)};
  }
  auto bytes = base::read_file(path, kMostBytes);
  if (!bytes.ok()) {
    return base::Error{bytes.error().code, std::string(bytes.error().message).append(kWhere)};
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  INKNAV_ASSIGN_OR_RETURN(std::vector<float> factors,
                          text.starts_with(kNpyMagic) ? read_npy(path, *bytes) : read_text(path, text));
  for (std::size_t i = 0; i < factors.size(); ++i) {
    if (std::isfinite(factors[i]) && factors[i] >= 0.0f) continue;
    return bad(path, "factor " + std::to_string(i) + ": a number of at least 0 is wanted, found " +
                         std::to_string(factors[i]));
  }
  return DistortionTablePtr(std::make_shared<const DistortionTable>(std::move(factors)));
}

}  // namespace inknav::sim
