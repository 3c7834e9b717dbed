// SPDX-License-Identifier: MIT
#include "run/progress.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "run/console_log.h"
#include "run/train_log.h"

namespace inknav::run {
namespace {

using Clock = std::chrono::steady_clock;
constexpr double kRedrawInterval_s = 0.1;
constexpr int kBarCells = 24;
constexpr int kDefaultColumns = 100;

int terminal_columns() {
  winsize size = {};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kDefaultColumns;
  return size.ws_col;
}

/// Length as a terminal shows it: UTF-8 continuation bytes take no column.
int shown_columns(std::string_view text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string cut_to_columns(std::string text, int columns) {
  while (shown_columns(text) > columns) {
    while (!text.empty() && (text.back() & 0xC0) == 0x80) text.pop_back();
    if (!text.empty()) text.pop_back();
  }
  return text;
}

std::string bar(double part) {
  const double cells = std::clamp(part, 0.0, 1.0) * kBarCells;
  std::string text;
  for (int i = 0; i < kBarCells; ++i) text += static_cast<double>(i) + 0.5 <= cells ? "█" : "░";
  return text;
}

std::string count_text(const ProgressState& state) {
  return state.total > 0 ? fmt::format("{}/{} {}", state.done, state.total, state.unit)
                         : fmt::format("{} {}", state.done, state.unit);
}

void write_stderr(const std::string& text) {
  // A closed or full stderr must not stop a run, so the result is looked at and dropped.
  if (::write(STDERR_FILENO, text.data(), text.size()) < 0) return;
}

}  // namespace

Progress::Progress(ProgressSettings settings, std::int64_t done)
    : settings_(std::move(settings)), first_(done), done_(done), start_(Clock::now()) {
  terminal_ = settings_.terminal.value_or(::isatty(STDERR_FILENO) == 1);
}

Progress::~Progress() {
  if (finished_ || !terminal_ || !drawn_ || settings_.quiet) return;
  internal::set_bar_on_terminal(false);
  write_stderr("\n");
}

void Progress::update(std::int64_t done, std::string_view facts) {
  done_ = done;
  if (finished_ || settings_.quiet) return;
  const double interval = terminal_ ? kRedrawInterval_s : settings_.plain_interval_s;
  const Clock::time_point last = drawn_.value_or(start_);
  const double waited = std::chrono::duration<double>(Clock::now() - last).count();
  if (waited >= interval || (terminal_ && !drawn_)) draw(facts, false);
}

void Progress::finish(std::string_view facts) {
  if (std::exchange(finished_, true) || settings_.quiet) return;
  draw(facts, true);
}

void Progress::draw(std::string_view facts, bool last) {
  const Clock::time_point now = Clock::now();
  drawn_ = now;
  ProgressState state{settings_.title, settings_.unit,    done_, settings_.total, 0.0,
                      std::nullopt,    std::string(facts)};
  state.elapsed_s = std::chrono::duration<double>(now - start_).count();
  if (!last && settings_.total > done_ && done_ > first_) {
    state.left_s =
        state.elapsed_s / static_cast<double>(done_ - first_) * static_cast<double>(settings_.total - done_);
  }
  if (terminal_) {
    write_stderr("\r" + progress_bar_line(state, terminal_columns()) + "\x1b[K" + (last ? "\n" : ""));
    internal::set_bar_on_terminal(!last);
  } else {
    write_stderr(progress_plain_line(state) + "\n");
  }
}

std::string progress_bar_line(const ProgressState& state, int columns) {
  std::string line = state.title + " ";
  if (state.total > 0) {
    const double part = static_cast<double>(state.done) / static_cast<double>(state.total);
    line += fmt::format("{} {:3.0f} %  ", bar(part), 100.0 * std::clamp(part, 0.0, 1.0));
  }
  line += count_text(state);
  if (!state.facts.empty()) line += "  " + state.facts;
  line += "  " + format_duration(state.elapsed_s);
  if (state.left_s) line += ", " + format_duration(*state.left_s) + " left";
  return cut_to_columns(std::move(line), std::max(1, columns - 1));
}

std::string progress_plain_line(const ProgressState& state) {
  std::string line = fmt::format("{}: {}", state.title, count_text(state));
  if (!state.facts.empty()) line += "  " + state.facts;
  line += "  " + format_duration(state.elapsed_s);
  if (state.left_s) line += ", " + format_duration(*state.left_s) + " left";
  return line;
}

}  // namespace inknav::run
