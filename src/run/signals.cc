// SPDX-License-Identifier: MIT
#include "run/signals.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>

#include "base/check.h"

namespace inknav::run {
namespace {

std::atomic<int> strongest{0};
static_assert(std::atomic<int>::is_always_lock_free, "a signal handler may only touch a lock-free atomic");

constexpr int kSecondInterruptExit = 130;  // 128 + SIGINT, what a shell shows for an interrupted program

void raise_to(int level) {
  int seen = strongest.load();
  while (seen < level && !strongest.compare_exchange_weak(seen, level)) {
  }
}

void on_signal(int number) {
  if (number == SIGINT) {
    if (strongest.load() >= static_cast<int>(StopRequest::kInterrupt)) _exit(kSecondInterruptExit);
    raise_to(static_cast<int>(StopRequest::kInterrupt));
  } else {
    raise_to(static_cast<int>(StopRequest::kPreempt));
  }
}

void handle(int number, void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  INKNAV_CHECK(sigaction(number, &action, nullptr) == 0, number);
}

}  // namespace

void install_signal_handlers() {
  for (const int number : {SIGINT, SIGTERM, SIGUSR1}) handle(number, on_signal);
  for (const int number : {SIGHUP, SIGPIPE}) handle(number, SIG_IGN);
  ignore_file_size_signal();
}

void ignore_file_size_signal() { handle(SIGXFSZ, SIG_IGN); }

StopRequest stop_request() { return static_cast<StopRequest>(strongest.load(std::memory_order_relaxed)); }

void request_stop(StopRequest request) { raise_to(static_cast<int>(request)); }

void clear_stop_request() { strongest.store(0); }

int exit_code_of(StopRequest request) { return request == StopRequest::kPreempt ? 75 : 0; }

}  // namespace inknav::run
