// SPDX-License-Identifier: MIT
#include "app/command_line.h"

#include <fmt/ranges.h>
#include <spdlog/fmt/fmt.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <new>

#include "app/unknown_flag.h"
#include "base/edit_distance.h"
#include "base/result.h"
#include "run/console_log.h"
#include "run/signals.h"

namespace inknav::app {
namespace {

constexpr int kUsageExit = static_cast<int>(base::ErrorCode::kUsage);
constexpr int kBugExit = 1;

std::vector<std::string>& stored_arguments() {
  static std::vector<std::string> arguments;
  return arguments;
}

int complain(const std::string& message, int code) {
  std::string line = message;
  for (char& c : line) {
    if (c == '\n') c = ' ';
  }
  std::fprintf(stderr, "inknav: %s\n", line.c_str());
  return code;
}

/// First and second word of a command's path.
std::pair<std::string, std::string> words_of(const Command& command) {
  const std::string path(command.path);
  const std::size_t space = path.find(' ');
  if (space == std::string::npos) return {path, ""};
  return {path.substr(0, space), path.substr(space + 1)};
}

std::string group_summary(const std::string& group, std::span<const Command> table) {
  std::string words;
  for (const Command& command : table) {
    const auto [first, second] = words_of(command);
    if (first == group) words += (words.empty() ? "" : ", ") + second;
  }
  return words;
}

class Parser {
 public:
  explicit Parser(std::span<const Command> table) : table_(table), app_(kAbout, "inknav") {
    app_.set_version_flag("--version", std::string("inknav ") + kVersion);
    app_.require_subcommand(0, 1);
    for (const Command& command : table_) add(command);
  }

  int run(const std::vector<std::string>& arguments) {
    if (arguments.size() < 2) {
      std::cout << app_.help() << std::flush;
      return kUsageExit;
    }
    if (const std::string fault = unknown_word(arguments); !fault.empty()) return complain(fault, kUsageExit);
    // CLI11 takes the arguments from the back.
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend() - 1);
    try {
      app_.parse(reversed);
    } catch (const CLI::Success& success) {
      return app_.exit(success);
    } catch (const CLI::ParseError& error) {
      // A misspelt flag first: what it was to set is missed, too, and only that would be said.
      for (std::size_t i = 2; i < arguments.size(); ++i) {
        const std::string fault = unknown_flag(*chosen(), arguments[i]);
        if (!fault.empty()) return complain(fault, kUsageExit);
      }
      return complain(std::string(error.what()) + "; see inknav " + chosen_words() + "--help", kUsageExit);
    }
    return act();
  }

 private:
  static constexpr const char* kAbout =
      "InkNav trains agents that find their way from a hand-drawn map.\n"
      "Exit codes: 0 done, 2 usage or config, 3 data, 4 diverged, 5 out of device memory, 6 disk,\n"
      "7 peer lost, 75 preempted after saving.";
  static constexpr const char* kVersion = "0.1.0";

  void add(const Command& command) {
    const auto [first, second] = words_of(command);
    CLI::App*& sub_of_first = firsts_[first];
    if (sub_of_first == nullptr) {
      sub_of_first = app_.add_subcommand(
          first, second.empty() ? std::string(command.summary) : group_summary(first, table_));
    }
    CLI::App* sub = sub_of_first;
    if (!second.empty()) {
      sub->require_subcommand(0, 1);
      sub = sub->add_subcommand(second, std::string(command.summary));
    }
    if (command.define != nullptr) {
      actions_[sub] = command.define(*sub);
    } else {
      sub->description(std::string(command.summary) + " (not in this version)");
      sub->allow_extras();
    }
    commands_[sub] = &command;
  }

  /// What is wrong with the first two words, naming the nearest command; "" when they are commands or flags.
  std::string unknown_word(const std::vector<std::string>& arguments) const {
    std::vector<std::string> first_words, second_words;
    for (const Command& command : table_) {
      const auto [first, second] = words_of(command);
      const bool is_new = std::find(first_words.begin(), first_words.end(), first) == first_words.end();
      if (is_new) first_words.push_back(first);
      if (first == arguments[1] && !second.empty()) second_words.push_back(second);
    }
    if (arguments[1].starts_with("-")) return {};
    if (!firsts_.contains(arguments[1])) return no_such("there is no command", arguments[1], first_words);
    if (second_words.empty() || arguments.size() < 3 || arguments[2].starts_with("-")) return {};
    if (std::find(second_words.begin(), second_words.end(), arguments[2]) != second_words.end()) return {};
    return no_such(arguments[1] + " has no", arguments[2], second_words);
  }

  static std::string no_such(const std::string& what, const std::string& word,
                             const std::vector<std::string>& known) {
    const std::string nearest = base::nearest_word(word, known);
    if (!nearest.empty()) return fmt::format("{} '{}'; did you mean '{}'?", what, word, nearest);
    return fmt::format("{} '{}'; there are {}", what, word, fmt::join(known, ", "));
  }

  const CLI::App* chosen() const {
    const CLI::App* current = &app_;
    while (!current->get_subcommands().empty()) current = current->get_subcommands().front();
    return current;
  }

  std::string chosen_words() const {
    std::string words;
    const CLI::App* current = &app_;
    while (!current->get_subcommands().empty()) {
      current = current->get_subcommands().front();
      words += current->get_name() + " ";
    }
    return words;
  }

  int act() {
    const CLI::App* sub = chosen();
    const auto action = actions_.find(sub);
    if (action != actions_.end()) {
      const base::Result<int> result = action->second();
      if (result.ok()) return *result;
      return complain(result.error().message, static_cast<int>(result.error().code));
    }
    const auto command = commands_.find(sub);
    if (command != commands_.end()) {
      return complain(std::string(command->second->path) + " is not in this version; it has " + available(),
                      kUsageExit);
    }
    return complain(chosen_words() + "wants one of: " + group_summary(sub->get_name(), table_), kUsageExit);
  }

  std::string available() const {
    std::string names;
    for (const Command& command : table_) {
      if (command.define != nullptr) names += (names.empty() ? "" : ", ") + std::string(command.path);
    }
    return names;
  }

  std::span<const Command> table_;
  CLI::App app_;
  std::map<std::string, CLI::App*> firsts_;  // by first word
  std::map<const CLI::App*, Action> actions_;
  std::map<const CLI::App*, const Command*> commands_;
};

}  // namespace

const std::vector<std::string>& program_arguments() { return stored_arguments(); }

int run_command_line(const std::vector<std::string>& arguments, std::span<const Command> table) {
  stored_arguments() = arguments;
  run::install_console_log();
  run::ignore_file_size_signal();
  try {
    return Parser(table).run(arguments);
  } catch (const std::bad_alloc&) {
    return complain("out of memory; lower NUM_PROCESSES or the image sizes",
                    static_cast<int>(base::ErrorCode::kDeviceMemory));
  } catch (const std::filesystem::filesystem_error& error) {
    return complain(error.what(), static_cast<int>(base::ErrorCode::kDisk));
  } catch (const std::exception& error) {
    return complain(std::string("internal error: ") + error.what(), kBugExit);
  }
}

}  // namespace inknav::app
