// SPDX-License-Identifier: MIT
#include "run/launch.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <thread>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "run/signals.h"

namespace inknav::run {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kPollInterval{50};
constexpr int kPreemptedExit = static_cast<int>(base::ErrorCode::kPreempted);

std::optional<std::string> process_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

base::Result<int> parse_number(const char* name, const std::string& text, int low, int high) {
  int value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size() || value < low || value > high) {
    return base::Error{
        base::ErrorCode::kUsage,
        fmt::format("environment: {} = \"{}\", a whole number from {} to {} was wanted; start through "
                    "torchrun, srun or inknav train",
                    name, text, low, high)};
  }
  return value;
}

struct VariableNames {
  const char* rank;
  const char* world_size;
  const char* local_rank;
};
constexpr VariableNames kTorchrun{"RANK", "WORLD_SIZE", "LOCAL_RANK"};
constexpr VariableNames kSlurm{"SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID"};

base::Result<RankInfo> read_rank(const EnvironmentLookup& lookup, const VariableNames& names) {
  const auto number = [&](const char* name, int low, int high) -> base::Result<int> {
    const auto text = lookup(name);
    if (!text) {
      return base::Error{
          base::ErrorCode::kUsage,
          fmt::format("environment: {} is set, {} is not; both are wanted (torchrun and srun set them), "
                      "or neither",
                      names.rank, name)};
    }
    return parse_number(name, *text, low, high);
  };
  RankInfo info;
  INKNAV_ASSIGN_OR_RETURN(info.world_size, number(names.world_size, 1, 1 << 20));
  INKNAV_ASSIGN_OR_RETURN(info.rank, number(names.rank, 0, info.world_size - 1));
  info.local_rank = info.rank;
  if (lookup(names.local_rank)) {
    INKNAV_ASSIGN_OR_RETURN(info.local_rank, number(names.local_rank, 0, info.world_size - 1));
  }
  if (info.world_size == 1) return info;
  info.master_addr = lookup("MASTER_ADDR").value_or("127.0.0.1");
  INKNAV_ASSIGN_OR_RETURN(info.master_port, number("MASTER_PORT", 1, 65535));
  if (info.master_addr != "127.0.0.1" && info.master_addr != "localhost" && info.rank == 0) {
    base::log_warning(
        "ranks meet on {}: anyone who reaches that address can join; keep it on a trusted network",
        info.master_addr);
  }
  return info;
}

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

class RankSupervisor {
 public:
  explicit RankSupervisor(const LaunchRequest& request)
      : request_(request), program_(request.program.empty() ? own_program() : request.program.string()) {}

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
    set_deadline();
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
      if (!failed_) exit_code_ = std::max(exit_code_, WEXITSTATUS(status));
      return;
    }
    if (std::exchange(failed_, true)) return;
    if (WIFSIGNALED(status)) {
      const int number = WTERMSIG(status);
      base::log_error(
          "rank {} was ended by signal {} ({}); the other ranks are stopped; go on from the newest "
          "checkpoint with --resume-from",
          rank, number, strsignal(number));
      exit_code_ = static_cast<int>(base::ErrorCode::kPeer);
    } else if (WEXITSTATUS(status) == kNotLoadedExit) {
      base::log_error(
          "rank {} ended with exit code {}: {} could not be loaded, the lines above name the library that is "
          "missing; build again with ./inknav setup; the other ranks are stopped",
          rank, kNotLoadedExit, program_);
      exit_code_ = static_cast<int>(base::ErrorCode::kPeer);
    } else {
      exit_code_ = WEXITSTATUS(status);
      base::log_error("rank {} ended with exit code {}; the other ranks are stopped", rank, exit_code_);
    }
    signal_all(SIGTERM);
    set_deadline();
  }

  void signal_all(int number) {
    for (const Child& child : children_) {
      if (child.running) kill(child.pid, number);
    }
  }

  void set_deadline() {
    deadline_ = Clock::now() +
                std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(request_.grace_s));
  }

  const LaunchRequest& request_;
  const std::string program_;
  int port_ = 0;
  std::vector<Child> children_;
  StopRequest forwarded_ = StopRequest::kNone;
  std::optional<Clock::time_point> deadline_;
  bool failed_ = false;
  int exit_code_ = 0;
};

}  // namespace

base::Result<std::optional<RankInfo>> rank_from_environment(const EnvironmentLookup& lookup) {
  const EnvironmentLookup get = lookup ? lookup : EnvironmentLookup(process_environment);
  for (const VariableNames& names : {kTorchrun, kSlurm}) {
    // A SLURM allocation of one task is an ordinary shell; so is a stray RANK without a world.
    const auto world_size = get(names.world_size);
    if (!get(names.rank) || (names.rank == kSlurm.rank && world_size.value_or("1") == "1")) continue;
    INKNAV_ASSIGN_OR_RETURN(const RankInfo info, read_rank(get, names));
    return std::optional<RankInfo>(info);
  }
  if (get(kTorchrun.world_size) && get("LOCAL_RANK")) {
    return base::Error{base::ErrorCode::kUsage,
                       "environment: WORLD_SIZE and LOCAL_RANK are set, RANK is not; all three "
                       "are wanted (torchrun sets them), or none"};
  }
  return std::optional<RankInfo>();
}

base::Result<int> free_loopback_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof(address);
  const bool bound = fd >= 0 && bind(fd, reinterpret_cast<const sockaddr*>(&address), length) == 0 &&
                     getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length) == 0;
  const int error = errno;
  if (fd >= 0) close(fd);
  if (!bound) {
    return base::Error{base::ErrorCode::kPeer,
                       fmt::format("a free port on 127.0.0.1 was wanted for the ranks to meet, "
                                   "found: {}; check the loopback interface",
                                   std::strerror(error))};
  }
  return static_cast<int>(ntohs(address.sin_port));
}

base::Result<int> launch_ranks(const LaunchRequest& request) {
  INKNAV_CHECK(request.num_ranks >= 1 && !request.arguments.empty(), request.num_ranks);
  RankSupervisor supervisor(request);
  INKNAV_RETURN_IF_ERROR(supervisor.start());
  return supervisor.wait();
}

}  // namespace inknav::run
