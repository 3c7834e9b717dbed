// SPDX-License-Identifier: MIT
#include "run/launch.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <thread>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "run/network.h"
#include "run/signals.h"
#include "run/train_log.h"

namespace inknav::run {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kPollInterval{50};
constexpr int kPreemptedExit = static_cast<int>(base::ErrorCode::kPreempted);
constexpr int kPeerExit = static_cast<int>(base::ErrorCode::kPeer);
constexpr std::chrono::milliseconds kCausePatience{1000};  // for the cause of an exit with 7 to be found

struct Child {
  pid_t pid = -1;
  bool running = false;
  int status = 0;
};

/// A program that cannot be loaded ends with this: the dynamic linker's way of telling.
constexpr int kNotLoadedExit = 127;

std::string own_program() {
  // The resolved name, so that a process list shows inknav and not "exe"; a program that was rebuilt
  // meanwhile has none any more.
  std::error_code problem;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", problem);
  if (problem || !std::filesystem::exists(program, problem)) return "/proc/self/exe";
  return program.string();
}

/// What a child tells its parent: errno of a failed exec, through a pipe that a successful one closes.
class ExecReport {
 public:
  ExecReport() : open_(pipe2(ends_, O_CLOEXEC) == 0) {}
  ~ExecReport() {
    close_end(0);
    close_end(1);
  }
  ExecReport(const ExecReport&) = delete;
  ExecReport& operator=(const ExecReport&) = delete;

  bool is_open() const { return open_; }
  void tell(int error) const {
    if (write(ends_[1], &error, sizeof(error)) != sizeof(error)) _exit(kNotLoadedExit);
  }
  /// In the parent: 0 once the child runs the program, else its errno.
  int wait() {
    close_end(1);
    int error = 0;
    ssize_t got = 0;
    do {
      got = read(ends_[0], &error, sizeof(error));
    } while (got < 0 && errno == EINTR);
    return got == sizeof(error) ? error : 0;
  }

 private:
  void close_end(int which) {
    if (open_ && ends_[which] >= 0) close(std::exchange(ends_[which], -1));
  }
  int ends_[2] = {-1, -1};
  bool open_;
};

/// 32 hexadecimal digits that no other process knows.
std::string random_token() {
  unsigned char bytes[16] = {};
  INKNAV_CHECK(getrandom(bytes, sizeof(bytes), 0) == sizeof(bytes), errno);
  std::string text;
  for (const unsigned char byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

class RankSupervisor {
 public:
  explicit RankSupervisor(const LaunchRequest& request)
      : request_(request),
        program_(request.program.empty() ? own_program() : request.program.string()),
        token_(random_token()) {}

  base::Status start() {
    INKNAV_ASSIGN_OR_RETURN(port_, free_loopback_port());
    for (int rank = 0; rank < request_.num_ranks; ++rank) {
      if (const base::Status started = start(rank); !started.ok()) {
        signal_all(SIGKILL);
        for (const Child& child : children_) waitpid(child.pid, nullptr, 0);
        return started;
      }
    }
    return base::ok_status();
  }

  int wait() {
    int running = request_.num_ranks;
    while (running > 0) {
      forward_stop();
      running -= reap();
      if (follower_ && (running == 0 || Clock::now() > follower_patience_))
        fail(std::exchange(follower_, {}));
      if (deadline_ && Clock::now() > *deadline_) {
        signal_all(SIGKILL);
        deadline_.reset();
      }
      std::this_thread::sleep_for(kPollInterval);
    }
    return exit_code_;
  }

 private:
  base::Status start(int rank) {
    const pid_t parent = getpid();
    ExecReport report;
    const pid_t pid = report.is_open() ? fork() : -1;
    if (pid == 0) become_rank(rank, parent, report);
    if (pid < 0) {
      return base::Error{base::ErrorCode::kPeer,
                         fmt::format("rank {} could not be started: {}; free memory or lower NUM_RANKS", rank,
                                     std::strerror(errno))};
    }
    children_.push_back({pid, true, 0});
    const int error = report.wait();
    if (error == 0) return base::ok_status();
    return base::Error{
        base::ErrorCode::kPeer,
        fmt::format("rank {} could not be started: {} cannot be run: {} (errno {}); {}", rank, program_,
                    std::strerror(error), error,
                    error == E2BIG ? "give fewer or shorter arguments" : "build again with ./inknav setup")};
  }

  /// The child: these variables are added to the parent's own environment.
  [[noreturn]] void become_rank(int rank, pid_t parent, const ExecReport& report) const {
    // A process group of its own: the terminal's Ctrl-C reaches the parent only, which forwards it once.
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) _exit(static_cast<int>(base::ErrorCode::kPeer));
    setenv("RANK", std::to_string(rank).c_str(), 1);
    setenv("LOCAL_RANK", std::to_string(rank).c_str(), 1);
    setenv("WORLD_SIZE", std::to_string(request_.num_ranks).c_str(), 1);
    setenv("LOCAL_WORLD_SIZE", std::to_string(request_.num_ranks).c_str(), 1);
    setenv("INKNAV_RUN_TOKEN", token_.c_str(), 1);
    unsetenv("TORCHELASTIC_USE_AGENT_STORE");
    setenv("MASTER_ADDR", "127.0.0.1", 1);
    setenv("MASTER_PORT", std::to_string(port_).c_str(), 1);
    std::vector<char*> argv;
    for (const std::string& argument : request_.arguments)
      argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    execv(program_.c_str(), argv.data());
    report.tell(errno);
    _exit(kNotLoadedExit);
  }

  void forward_stop() {
    const StopRequest request = stop_request();
    if (request == forwarded_) return;
    forwarded_ = request;
    signal_all(request == StopRequest::kPreempt ? SIGTERM : SIGINT);
    set_deadline(request_.grace_s);
  }

  int reap() {
    int ended = 0;
    for (std::size_t rank = 0; rank < children_.size(); ++rank) {
      Child& child = children_[rank];
      if (!child.running || waitpid(child.pid, &child.status, WNOHANG) != child.pid) continue;
      child.running = false;
      ++ended;
      note_exit(static_cast<int>(rank), child.status);
    }
    return ended;
  }

  /// The first failure decides the run's exit code and ends the others.
  void note_exit(int rank, int status) {
    if (WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == kPreemptedExit)) {
      if (!failed_ && !follower_) exit_code_ = std::max(exit_code_, WEXITSTATUS(status));
      return;
    }
    if (failed_) return;
    if (WIFEXITED(status) && WEXITSTATUS(status) == kPeerExit) {
      if (!follower_) follower_patience_ = Clock::now() + kCausePatience;
      if (!follower_) follower_ = {rank, status};
      return;
    }
    fail(Exit{rank, status});
  }

  struct Exit {
    int rank = 0;
    int status = 0;
  };

  void fail(const std::optional<Exit>& exit) {
    failed_ = true;
    follower_.reset();
    exit_code_ = kPeerExit;
    const auto [rank, status] = *exit;
    if (WIFSIGNALED(status)) {
      const int number = WTERMSIG(status);
      tell(fmt::format(
          "rank {} was ended by signal {} ({}); the other ranks are stopped; go on from the newest "
          "checkpoint with --resume-from",
          rank, number, strsignal(number)));
    } else if (WEXITSTATUS(status) == kNotLoadedExit) {
      tell(
          fmt::format("rank {} ended with exit code {}: {} could not be loaded, the lines above name the "
                      "library that is missing; build again with ./inknav setup; the other ranks are stopped",
                      rank, kNotLoadedExit, program_));
    } else {
      exit_code_ = WEXITSTATUS(status);
      tell(fmt::format("rank {} ended with exit code {}; the other ranks are stopped", rank, exit_code_));
    }
    signal_all(SIGTERM);
    set_deadline(request_.loss_grace_s);
  }

  /// To the terminal, and to the log of rank 0, which may not be there to write it.
  void tell(const std::string& failure) const {
    std::error_code ignored;
    std::optional<TrainLog> log;
    if (!request_.log_file.empty() && std::filesystem::exists(request_.log_file, ignored)) {
      if (auto opened = TrainLog::open(request_.log_file, /*debug=*/false); opened.ok())
        log.emplace(std::move(opened).value());
    }
    base::log_error("{}", failure);
  }

  void signal_all(int number) {
    for (const Child& child : children_) {
      if (child.running) kill(child.pid, number);
    }
  }

  void set_deadline(double seconds) {
    deadline_ =
        Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  }

  const LaunchRequest& request_;
  const std::string program_;
  const std::string token_;
  int port_ = 0;
  std::vector<Child> children_;
  StopRequest forwarded_ = StopRequest::kNone;
  std::optional<Clock::time_point> deadline_;
  std::optional<Exit> follower_;  // the first rank that saw another one go
  Clock::time_point follower_patience_;
  bool failed_ = false;
  int exit_code_ = 0;
};

}  // namespace

base::Result<int> free_loopback_port() {
  INKNAV_ASSIGN_OR_RETURN(const Socket listener, listen_on("127.0.0.1", 0));
  return port_of(listener);
}

base::Result<int> launch_ranks(const LaunchRequest& request) {
  INKNAV_CHECK(request.num_ranks >= 1 && !request.arguments.empty(), request.num_ranks);
  RankSupervisor supervisor(request);
  INKNAV_RETURN_IF_ERROR(supervisor.start());
  return supervisor.wait();
}

}  // namespace inknav::run
