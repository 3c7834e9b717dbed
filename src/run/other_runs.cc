// SPDX-License-Identifier: MIT
#include "run/other_runs.h"

#include <unistd.h>

#include <charconv>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace inknav::run {
namespace {

constexpr const char* kName = "inknav";

struct Process {
  std::string name;  // the kernel's, at most 15 characters
  int parent = 0;
  std::vector<std::string> words;  // of those that have our name
  bool is_ours = false;            // our program
};

/// "12 (inknav) S 1 ...": the name may hold anything, so its end is the last bracket.
std::optional<Process> read_process(const std::filesystem::path& folder) {
  std::ifstream file(folder / "stat");
  std::string line;
  if (!std::getline(file, line)) return std::nullopt;
  const std::size_t open = line.find('('), close = line.rfind(')');
  if (open == std::string::npos || close == std::string::npos || close < open || line.size() < close + 5)
    return std::nullopt;
  Process process;
  process.name = line.substr(open + 1, close - open - 1);
  const char* parent = line.data() + close + 4;
  std::from_chars(parent, line.data() + line.size(), process.parent);
  return process;
}

/// The words of a command line; none for a process that has ended or whose words are hidden.
std::vector<std::string> words_of(const std::filesystem::path& folder) {
  std::ifstream file(folder / "cmdline", std::ios::binary);
  std::vector<std::string> words;
  for (std::string word; std::getline(file, word, '\0');) words.push_back(std::move(word));
  return words;
}

/// Whether a process of our name runs our program: a script of that name (the front door, while it sets up or
/// tests) has its shell for the first word.
bool is_program(const std::vector<std::string>& words) {
  return !words.empty() && std::filesystem::path(words.front()).filename() == kName;
}

/// Behind the program's name, with blanks between them.
std::string arguments_of(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (i > 1) text += ' ';
    text += words[i];
  }
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  return text;
}

}  // namespace

std::vector<OtherRun> other_runs(const std::filesystem::path& proc, int self) {
  if (self == 0) self = static_cast<int>(::getpid());
  std::map<int, Process> processes;
  std::error_code problem;
  for (const auto& entry : std::filesystem::directory_iterator(proc, problem)) {
    const std::string number = entry.path().filename().string();
    int pid = 0;
    const auto [end, fault] = std::from_chars(number.data(), number.data() + number.size(), pid);
    if (fault != std::errc() || end != number.data() + number.size()) continue;
    auto process = read_process(entry.path());
    if (!process) continue;
    if (process->name == kName) process->words = words_of(entry.path());
    process->is_ours = is_program(process->words);
    processes[pid] = std::move(*process);
  }
  std::set<int> above;  // we and those above us
  for (int pid = self; processes.contains(pid) && above.insert(pid).second;) pid = processes.at(pid).parent;
  std::vector<OtherRun> runs;
  for (const auto& [pid, process] : processes) {
    if (!process.is_ours || above.contains(pid)) continue;
    const auto parent = processes.find(process.parent);
    if (parent != processes.end() && parent->second.is_ours) continue;  // a rank of a run
    runs.push_back({pid, arguments_of(process.words), process.parent == 1});
  }
  return runs;
}

}  // namespace inknav::run
