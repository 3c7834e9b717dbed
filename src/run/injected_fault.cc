// SPDX-License-Identifier: MIT
#include "run/injected_fault.h"

#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <optional>
#include <regex>
#include <string>
#include <thread>

#include "base/log.h"

namespace inknav::run {
namespace {

constexpr const char* kVariable = "INKNAV_INJECT";
constexpr std::chrono::milliseconds kSlowness{20};

struct Order {
  std::string what;
  std::string phase;
  std::int64_t update = 0;
  int rank = 0;
};

std::optional<Order> read_order(const char* text) {
  static const std::regex form(
      "(kill|stop|hang|slow)@(start|rollout|update|save|evaluation)=([0-9]{1,9}),rank=([0-9]{1,6})");
  std::cmatch parts;
  if (text == nullptr || !std::regex_match(text, parts, form)) return std::nullopt;
  return Order{parts[1], parts[2], std::stoll(parts[3]), std::stoi(parts[4])};
}

}  // namespace

base::Status check_injected_fault() {
  const char* text = std::getenv(kVariable);
  if (text == nullptr || read_order(text)) return base::ok_status();
  return base::Error{base::ErrorCode::kUsage,
                     "environment: " + std::string(kVariable) + " = \"" + text +
                         "\", \"kill@rollout=3,rank=1\" was wanted; unset it for a run without faults"};
}

void injected_fault_point(const char* phase, std::int64_t update, int rank) {
  static const std::optional<Order> order = read_order(std::getenv(kVariable));
  if (!order || order->rank != rank || order->phase != phase || update < order->update) return;
  if (order->what == "slow") {
    std::this_thread::sleep_for(kSlowness);
    return;
  }
  base::log_warning("{}: {} of rank {} in {} of update {}", kVariable, order->what, rank, phase, update);
  if (order->what == "kill") raise(SIGKILL);
  if (order->what == "stop") raise(SIGSTOP);
  while (order->what == "hang") std::this_thread::sleep_for(std::chrono::seconds(1));
}

}  // namespace inknav::run
