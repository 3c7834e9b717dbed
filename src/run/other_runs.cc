// SPDX-License-Identifier: MIT
#include "run/other_runs.h"

#include <unistd.h>

#include <charconv>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <set>

namespace inknav::run {
namespace {

struct Process {
  std::string name;  // the kernel's, at most 15 characters
  int parent = 0;
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

/// The arguments behind the program's name, with blanks between them.
std::string words_of(const std::filesystem::path& folder) {
  std::ifstream file(folder / "cmdline", std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const std::size_t first = text.find('\0');
  if (first == std::string::npos) return {};
  text.erase(0, first + 1);
  if (!text.empty() && text.back() == '\0') text.pop_back();
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
    if (auto process = read_process(entry.path())) processes[pid] = std::move(*process);
  }
  std::set<int> ours;  // we and those above us
  for (int pid = self; processes.contains(pid) && ours.insert(pid).second;) pid = processes.at(pid).parent;
  std::vector<OtherRun> runs;
  for (const auto& [pid, process] : processes) {
    if (process.name != "inknav" || ours.contains(pid)) continue;
    const auto parent = processes.find(process.parent);
    if (parent != processes.end() && parent->second.name == "inknav") continue;  // a rank of a run
    runs.push_back({pid, words_of(proc / std::to_string(pid)), process.parent == 1});
  }
  return runs;
}

}  // namespace inknav::run
