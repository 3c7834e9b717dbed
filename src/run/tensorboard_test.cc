// SPDX-License-Identifier: MIT
// TensorBoard itself reads what MetricsWriter wrote. Needs tools/wheels_test.txt unpacked in .deps/python (or
// $INKNAV_DEPS/python) and NumPy; without them the test says so and is skipped.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "run/metrics.h"

namespace inknav::run {
namespace {

namespace fs = std::filesystem;
constexpr int kSkipCode = 77;

struct Answer {
  int exit_code = -1;
  std::string text;
};

Answer read_by_tensorboard(const fs::path& folder) {
  const char* deps = std::getenv("INKNAV_DEPS");
  const fs::path packages = fs::path(deps != nullptr ? deps : ".deps") / "python";
  // Debian's Python is the one that has Debian's NumPy.
  const std::string python = fs::exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3";
  const std::string command =
      python + " tools/read_events.py '" + folder.string() + "' '" + packages.string() + "' 2>/dev/null";
  Answer answer;
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) return answer;
  std::array<char, 4096> buffer;
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
    answer.text.append(buffer.data(), count);
  }
  const int status = ::pclose(pipe);
  if (WIFEXITED(status)) answer.exit_code = WEXITSTATUS(status);
  return answer;
}

TEST(TensorBoard, ReadsScalarsImagesAndTextsAcrossAResume) {
  const fs::path folder = fs::temp_directory_path() / ("inknav_tb_" + std::to_string(::getpid()));
  fs::remove_all(folder);
  // One white pixel.
  const std::vector<std::uint8_t> png = {
      0x89, 'P',  'N',  'G',  0x0D, 0x0A, 0x1A, 0x0A, 0,    0,    0,    13,   'I',  'H',  'D',  'R',  0,
      0,    0,    1,    0,    0,    0,    1,    8,    0,    0,    0,    0,    0x3A, 0x7E, 0x9B, 0x55, 0,
      0,    0,    10,   'I',  'D',  'A',  'T',  0x78, 0x9C, 0x63, 0xF8, 0x0F, 0,    1,    1,    1,    0,
      0x1B, 0xB6, 0xEE, 0x56, 0,    0,    0,    0,    'I',  'E',  'N',  'D',  0xAE, 0x42, 0x60, 0x82};
  {
    auto writer = MetricsWriter::open(folder).value();
    for (int step = 1; step <= 5; ++step) writer->scalar("Environment/SPL", 0.125 * step, step);
    writer->image("Video/frame", png, 1, 1, 2);
    writer->text("config", "# heading", 0);
  }
  {
    auto writer = MetricsWriter::open(folder, 4).value();
    for (int step = 4; step <= 6; ++step) writer->scalar("Environment/SPL", step, step);
  }
  const Answer answer = read_by_tensorboard(folder);
  fs::remove_all(folder);
  if (answer.exit_code == kSkipCode) GTEST_SKIP() << answer.text;
  ASSERT_EQ(answer.exit_code, 0) << answer.text;
  const auto wanted = nlohmann::json::parse(R"({
      "scalars": {"Environment/SPL": [[1, 0.125], [2, 0.25], [3, 0.375], [4, 4.0], [5, 5.0], [6, 6.0]]},
      "images": {"Video/frame": [[2, 1, 1, 67]]},
      "texts": {"config": [[0, "# heading"]]}})");
  EXPECT_EQ(nlohmann::json::parse(answer.text), wanted);
}

}  // namespace
}  // namespace inknav::run
