// SPDX-License-Identifier: MIT
#include "app/unknown_flag.h"

#include <CLI/CLI.hpp>
#include <vector>

#include "base/edit_distance.h"

namespace inknav::app {

std::string unknown_flag(const CLI::App& command, const std::string& word) {
  if (!word.starts_with("--")) return {};
  const std::string name = word.substr(0, word.find('='));
  if (command.get_option_no_throw(name) != nullptr) return {};
  std::vector<std::string> known;
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& flag : option->get_lnames()) known.push_back("--" + flag);
  }
  std::string words = command.get_name();
  for (const CLI::App* above = command.get_parent(); above != nullptr && above->get_parent() != nullptr;
       above = above->get_parent()) {
    words.insert(0, above->get_name() + " ");
  }
  const std::string nearest = base::nearest_word(name, known);
  const std::string fault = "command line: " + name + " is not a flag of " + words;
  return fault + (nearest.empty() ? "; see inknav " + words + " --help" : "; did you mean " + nearest + "?");
}

}  // namespace inknav::app
