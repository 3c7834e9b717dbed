// SPDX-License-Identifier: MIT
#include "sketch/read_problems.h"

#include <fmt/format.h>

#include <numeric>
#include <string_view>

namespace inknav::sketch {
namespace {

constexpr double kBlank = 0.0008;  // part of the paper under ink; one mark alone is more
constexpr double kCrowded = 0.35;  // drawings of whole floors have up to a tenth

struct MarkWords {
  std::string_view name;    // "start mark"
  std::string_view colour;  // "blue"
  std::string_view where;   // "where the walk begins"
};

void check_mark(const Mark& mark, int count, const MarkWords& words, std::vector<std::string>& problems) {
  if (!mark.present) {
    problems.push_back(fmt::format("one {} {} is wanted, found none; draw it in {} ink {}", words.colour,
                                   words.name, words.colour, words.where));
  } else if (count > 1) {
    problems.push_back(
        fmt::format("one {} {} is wanted, found {}; the largest, at {:.0f} % of the width and {:.0f} % of "
                    "the height, is taken",
                    words.colour, words.name, count, 100.0f * mark.position.x, 100.0f * mark.position.y));
  }
}

double ink_part(const ReadPlanes& read) {
  const double ink = std::accumulate(read.planes.begin(), read.planes.end(), 0.0) / 255.0;
  return ink / (static_cast<double>(read.size) * read.size);
}

}  // namespace

bool is_blank(const ReadPlanes& read) { return ink_part(read) < kBlank; }

std::vector<std::string> reading_problems(const ReadPlanes& read) {
  const double part = ink_part(read);
  if (part < kBlank) {
    return {
        "dark walls, a blue start mark and a purple goal mark are wanted, the paper is blank; is this the "
        "right file, "
        "is the ink dark enough?"};
  }
  if (part > kCrowded) {
    return {fmt::format(
        "a drawing on light paper is wanted, {:.0f} % of the picture is ink; is this a photograph of "
        "something else?",
        100.0 * part)};
  }
  std::vector<std::string> problems;
  check_mark(read.start, read.start_marks, {"start mark", "blue", "where the walk begins"}, problems);
  check_mark(read.goal, read.goal_marks, {"goal mark", "purple", "where it ends"}, problems);
  return problems;
}

}  // namespace inknav::sketch
