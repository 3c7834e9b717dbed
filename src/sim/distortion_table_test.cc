// SPDX-License-Identifier: MIT
// Files of the Redwood model's table: both kinds that are around, and damaged ones.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/temporary_folder.h"
#include "sim/sim_testing.h"

namespace inknav::sim {
namespace {

constexpr std::size_t kSize = DistortionTable::kSize;

/// Factor of entry i; no two neighbours are equal.
float factor(std::size_t i) { return 0.5f + static_cast<float>(i % 97) / 97.0f; }

template <typename T>
std::string numbers(std::size_t count) {
  std::string bytes(count * sizeof(T), '\0');
  for (std::size_t i = 0; i < count; ++i) {
    const T value = static_cast<T>(factor(i));
    std::memcpy(bytes.data() + i * sizeof(T), &value, sizeof(T));
  }
  return bytes;
}

std::string npy(const std::string& fields, const std::string& values, int version = 1) {
  std::string header = "{" + fields + ", }";
  const std::size_t prefix = version == 1 ? 10 : 12;
  header.resize((prefix + header.size() + 1 + 63) / 64 * 64 - prefix - 1, ' ');
  header += '\n';
  std::string bytes = "\x93NUMPY";
  bytes += static_cast<char>(version);
  bytes += '\0';
  for (std::size_t i = 0; i < (version == 1 ? 2u : 4u); ++i)
    bytes += static_cast<char>(header.size() >> (8 * i) & 0xff);
  return bytes + header + values;
}

const std::string kFloat = "'descr': '<f4', 'fortran_order': False, 'shape': (80, 80, 5)";

/// The Redwood project's text: five lines of words, then 23 numbers a cell.
std::string text_table(int cells = 80 * 80, double count = 9000.0) {
  std::string text = "% one\n% two\nthree\nfour\n1 2 3 4 5\n";
  for (int cell = 0; cell < cells; ++cell) {
    for (int k = 0; k < 23; ++k) {
      const bool is_count = k >= 3 && k < 8, is_factor = k >= 18;
      const auto at = static_cast<std::size_t>(cell * 5 + k - 18);
      text += is_factor ? std::to_string(factor(at)) : is_count ? std::to_string(count) : "-7.5";
      text += k == 22 ? " % of cell " + std::to_string(cell) + "\n" : "\n";
    }
  }
  return text;
}

class DistortionFile : public ::testing::Test {
 protected:
  base::Result<DistortionTablePtr> load(const std::string& bytes) {
    const auto path = folder_ / "table";
    INKNAV_CHECK(base::write_text_atomic(path, bytes).ok());
    return load_distortion(path);
  }
  void expect_table(const std::string& bytes, float bound) {
    const auto table = load(bytes);
    ASSERT_TRUE(table.ok()) << table.error().message;
    for (const auto& [row, column, depth] : {std::array{0, 0, 0}, {0, 0, 4}, {3, 7, 2}, {79, 79, 4}}) {
      const auto i = static_cast<std::size_t>((row * 80 + column) * 5 + depth);
      EXPECT_NEAR((*table)->at(row, column, depth), factor(i), bound) << i;
    }
  }
  void expect_refused(const std::string& bytes, const std::string& part) {
    const auto table = load(bytes);
    ASSERT_FALSE(table.ok()) << part;
    EXPECT_EQ(table.error().code, base::ErrorCode::kData);
    const std::string& message = table.error().message;
    EXPECT_NE(message.find(part), std::string::npos) << message;
    EXPECT_EQ(message.find((folder_ / "table").string()), 0u) << message;
    EXPECT_NE(message.find("redwood-depth-dist-model.npy of a habitat-sim"), std::string::npos) << message;
  }

  base::TemporaryFolder folder_;
};

TEST_F(DistortionFile, AsHabitatAndRedwoodHaveIt) {
  expect_table(npy(kFloat, numbers<float>(kSize)), 0.0f);
  expect_table(npy("'descr': '<f8', 'fortran_order': False, 'shape': (80, 400)", numbers<double>(kSize)),
               0.0f);
  expect_table(npy("'descr': '<f4', 'fortran_order': False, 'shape': (32000,)", numbers<float>(kSize), 2),
               0.0f);
  expect_table(text_table(), 1e-6f);  // six decimals
  const auto few = load(text_table(80 * 80, 7999.0));
  ASSERT_TRUE(few.ok()) << few.error().message;
  EXPECT_EQ((*few)->at(10, 10, 3), 0.0f) << "cells with too few measurements give nothing";
}

TEST_F(DistortionFile, DamagedArraysAreRefused) {
  const std::string values = numbers<float>(kSize), whole = npy(kFloat, values);
  for (const std::size_t size : {std::size_t{7}, std::size_t{9}, std::size_t{11}, std::size_t{60}})
    expect_refused(whole.substr(0, size), "the .npy header is cut");
  expect_refused(whole.substr(0, whole.size() - 1), "128000 bytes of numbers are wanted, found 127999");
  expect_refused(whole + "x", "found 128001");
  expect_refused(npy("'descr': '<i4', 'fortran_order': False, 'shape': (80, 80, 5)", values), "found '<i4'");
  expect_refused(npy("'descr': '>f4', 'fortran_order': False, 'shape': (80, 80, 5)", values), "float32");
  expect_refused(npy("'descr': '<f4', 'fortran_order': True, 'shape': (80, 80, 5)", values), "fortran_order");
  expect_refused(npy("'descr': '<f4', 'fortran_order': False, 'shape': (80, 80, 4)", values),
                 "80 x 80 x 5 numbers are wanted, found the shape (80, 80, 4)");
  expect_refused(npy("'descr': '<f4', 'fortran_order': False, 'shape': ()", values), "80 x 80 x 5");
  expect_refused(npy("'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)", values),
                 "80 x 80 x 5");
  expect_refused(npy("'descr': '<f4', 'fortran_order': False", values), "80 x 80 x 5");
  expect_refused(npy("", values), "float32");
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(), -1.0f}) {
    std::string damaged = values;
    std::memcpy(damaged.data() + 4 * 77, &bad, 4);
    expect_refused(npy(kFloat, damaged), "factor 77: a number of at least 0 is wanted");
  }
}

TEST_F(DistortionFile, DamagedTextsAreRefused) {
  expect_refused("", "147200 numbers are wanted, found 0");
  expect_refused(text_table(80 * 80 - 1), "147200 numbers are wanted, found 147177");
  std::string text = text_table();
  text.replace(text.find("9000"), 4, "many");
  expect_refused(text, "line 9: a number is wanted, found \"many");
  text = text_table();
  text.replace(text.find("0.500000"), 8, "nan     ");
  expect_refused(text, "factor 0: a number of at least 0 is wanted");
}

TEST_F(DistortionFile, AMissingOneIsSaidBeforeAnythingMoves) {
  base::ThreadPool pool(1);
  SimulatorSettings settings = testing::small_settings(1);
  settings.sensors.depth_noise.model = DepthNoise::kRedwood;
  const auto unnamed = Simulator::create(settings, pool);
  ASSERT_FALSE(unnamed.ok());
  EXPECT_EQ(unnamed.error().code, base::ErrorCode::kUsage);
  EXPECT_NE(unnamed.error().message.find("no file is named"), std::string::npos);
  settings.sensors.depth_noise.distortion_file = folder_ / "none.npy";
  const auto missing = Simulator::create(settings, pool);
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, base::ErrorCode::kData);
  EXPECT_NE(missing.error().message.find("none.npy"), std::string::npos) << missing.error().message;
  EXPECT_NE(missing.error().message.find("dist-model.txt"), std::string::npos);
}

TEST_F(DistortionFile, ASimulatorsDepthIsNoisyThenLimited) {
  const auto path = folder_ / "table.npy";
  std::string ones(kSize * 4, '\0');
  for (std::size_t i = 0; i < kSize; ++i) {
    const float one = 1.0f;
    std::memcpy(ones.data() + 4 * i, &one, 4);
  }
  ASSERT_TRUE(base::write_text_atomic(path, npy(kFloat, ones)).ok());
  base::ThreadPool pool(1);
  SimulatorSettings settings = testing::small_settings(1);
  settings.sensors.min_depth = 0.5f;
  settings.sensors.max_depth = 5.0f;
  const auto exact = testing::make(settings, pool, testing::rooms_world());
  settings.sensors.depth_noise = {DepthNoise::kRedwood, 0.0f, path};
  const auto noisy = testing::make(settings, pool, testing::rooms_world());
  for (Simulator* simulator : {exact.get(), noisy.get()}) {
    simulator->place(0, 0, testing::pose_at(2.0f, 4.0f, -90.0f, 0.2f));
    simulator->observe({});
  }
  const float* a = exact->depth().as<float>();
  const float* b = noisy->depth().as<float>();
  for (int row = 0; row < 12; ++row) {
    for (int column = 0; column < 16; ++column) {
      const float seen = a[(row - row % 2) * 16 + (column - column % 2)];
      if (seen == 1.0f || seen == 0.0f) continue;  // clipped
      const double metres = 0.5 + 4.5 * static_cast<double>(seen);
      const double steps = std::nearbyint(35.130 / metres * 8.0);
      // Where the steps are nearly halfway rounding may go either way: one step is then allowed.
      const double wanted = (281.04 / steps - 0.5) / 4.5;
      const double slack = std::abs(35.130 / metres * 8.0 - steps) > 0.499 ? 0.1 : 1e-5;
      EXPECT_NEAR(static_cast<double>(b[row * 16 + column]), std::min(wanted, 1.0), slack)
          << row << " " << column;
    }
  }
  // Farther than 10 m and no hit alike are nothing, which is clipped to the minimum and reads 0.
  for (int i = 0; i < 16 * 12; ++i) EXPECT_GE(b[i], 0.0f);
}

}  // namespace
}  // namespace inknav::sim
