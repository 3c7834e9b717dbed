// SPDX-License-Identifier: MIT
#include "run/run_directory.h"

#include <fcntl.h>
#include <spdlog/fmt/chrono.h>
#include <spdlog/fmt/fmt.h>
#include <sys/file.h>
#include <unistd.h>

#include <cstring>
#include <ctime>
#include <utility>
#include <vector>

#include "base/log.h"
#include "run/checkpoint_store.h"

namespace inknav::run {
namespace {

namespace fs = std::filesystem;
constexpr const char* kLockName = "run.lock";
constexpr const char* kRunOutputs[] = {"train.log", "config.yaml", "tb", "data", "eval", "video_dir"};
constexpr std::size_t kMaxLockText = 4096;

base::Error disk(const fs::path& path, const std::string& step, const std::string& reason) {
  return {base::ErrorCode::kDisk, path.string() + ": " + step + " failed: " + reason +
                                      "; free some space or choose a writable --model-dir"};
}

std::string lock_text() {
  char host[256] = {};
  ::gethostname(host, sizeof(host) - 1);
  return fmt::format("pid {} on {} since {:%Y-%m-%d %H:%M:%S} UTC", ::getpid(), host,
                     fmt::gmtime(std::time(nullptr)));
}

std::string read_lock(int fd) {
  std::string text(kMaxLockText, '\0');
  const ssize_t count = ::pread(fd, text.data(), text.size(), 0);
  text.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\0')) text.pop_back();
  return text;
}

/// Holds the lock or says who does.
base::Result<int> take_lock(const fs::path& root) {
  const fs::path path = root / kLockName;
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return disk(path, "opening the lock", std::strerror(errno));
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    const std::string holder = read_lock(fd);
    ::close(fd);
    if (error != EWOULDBLOCK) return disk(path, "locking", std::strerror(error));
    return base::Error{base::ErrorCode::kUsage, root.string() + ": a run is already writing here (" +
                                                    (holder.empty() ? "starting" : holder) +
                                                    "); choose another --model-dir or stop that run"};
  }
  const std::string previous = read_lock(fd);
  if (!previous.empty())
    base::log_info("{}: took over the lock of {}, which is gone", root.string(), previous);
  const std::string text = lock_text() + "\n";
  const bool written = ::ftruncate(fd, 0) == 0 &&
                       ::pwrite(fd, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
  if (!written) {
    const std::string reason = std::strerror(errno);
    ::close(fd);
    return disk(path, "writing the lock", reason);
  }
  return fd;
}

std::vector<fs::path> contents(const fs::path& root) {
  std::vector<fs::path> found;
  std::error_code error;
  for (fs::directory_iterator it(root, error), end; !error && it != end; it.increment(error)) {
    if (it->path().filename() != kLockName) found.push_back(it->path());
  }
  return found;
}

/// Temporary files "<name>.tmp-<pid>..." of writers that were killed; their owner held the lock that is ours
/// now.
void sweep(const fs::path& root) {
  std::error_code error;
  std::vector<fs::path> stray;
  const auto options = fs::directory_options::skip_permission_denied;
  for (fs::recursive_directory_iterator it(root, options, error), end; !error && it != end;
       it.increment(error)) {
    if (it.depth() >= 2) it.disable_recursion_pending();
    const std::string name = it->path().filename().string();
    const std::size_t at = name.rfind(".tmp-");
    const bool temporary = at != std::string::npos && at > 0 &&
                           name.find_first_not_of("0123456789-", at + 5) == std::string::npos;
    if (temporary && it->is_regular_file(error)) stray.push_back(it->path());
  }
  for (const fs::path& path : stray) {
    if (fs::remove(path, error)) base::log_info("removed {}, left by a run that was killed", path.string());
  }
}

/// Sets aside what a run writes; anything else in the folder (a dataset, notes) is not ours to move.
base::Status move_old_run(const fs::path& root) {
  std::error_code error;
  std::vector<fs::path> entries;
  for (const char* name : kRunOutputs) {
    if (fs::exists(root / name, error)) entries.push_back(root / name);
  }
  if (entries.empty()) return base::ok_status();
  int number = 1;
  while (fs::exists(root / fmt::format("old-{}", number), error)) ++number;
  const fs::path old = root / fmt::format("old-{}", number);
  if (!fs::create_directory(old, error)) return disk(old, "making the folder", error.message());
  for (const fs::path& entry : entries) {
    fs::rename(entry, old / entry.filename(), error);
    if (error) return disk(entry, "moving it into " + old.filename().string(), error.message());
  }
  base::log_info("the former run is in {}", old.string());
  return base::ok_status();
}

}  // namespace

RunDirectory::RunDirectory(fs::path root, int lock_fd) : root_(std::move(root)), lock_fd_(lock_fd) {}

RunDirectory::RunDirectory(RunDirectory&& other) noexcept
    : root_(std::move(other.root_)), lock_fd_(std::exchange(other.lock_fd_, -1)) {}

RunDirectory::~RunDirectory() {
  if (lock_fd_ < 0) return;
  // An empty lock file tells the next run that this one ended in order.
  if (::ftruncate(lock_fd_, 0) != 0) base::log_warning("{}: the lock could not be cleared", root_.string());
  ::close(lock_fd_);
}

base::Status RunDirectory::check(const fs::path& model_dir, ExistingRun existing) {
  std::error_code error;
  if (fs::exists(model_dir, error) && !fs::is_directory(model_dir, error)) {
    return base::Error{
        base::ErrorCode::kUsage,
        model_dir.string() + ": a folder was wanted for --model-dir, found a file; choose another"};
  }
  if (existing != ExistingRun::kRefuse || contents(model_dir).empty()) return base::ok_status();
  const auto newest = newest_checkpoint(model_dir / "data");
  return base::Error{base::ErrorCode::kUsage,
                     model_dir.string() +
                         ": the model directory exists and is not empty; go on in it with "
                         "--resume-from" +
                         (newest ? " " + newest->string() : "") +
                         ", or set its content aside with --overwrite, or choose "
                         "another --model-dir"};
}

base::Result<RunDirectory> RunDirectory::open(const fs::path& model_dir, ExistingRun existing) {
  // Once before the lock, so that a refusal leaves nothing behind, and once under it.
  INKNAV_RETURN_IF_ERROR(check(model_dir, existing));
  std::error_code error;
  fs::create_directories(model_dir, error);
  if (error) return disk(model_dir, "making the folder", error.message());
  INKNAV_ASSIGN_OR_RETURN(const int fd, take_lock(model_dir));
  RunDirectory directory(model_dir, fd);
  INKNAV_RETURN_IF_ERROR(check(model_dir, existing));
  sweep(model_dir);
  if (existing == ExistingRun::kOverwrite) INKNAV_RETURN_IF_ERROR(move_old_run(model_dir));
  return directory;
}

RunPaths run_paths(const config::ExperimentConfig& config, const fs::path& model_dir) {
  const auto or_default = [&](const std::string& path, const char* name) {
    return path.empty() ? model_dir / name : fs::path(path);
  };
  return {or_default(config.checkpoint_folder, "data"), or_default(config.tensorboard_dir, "tb"),
          or_default(config.video_dir, "video_dir"), or_default(config.log_file, "train.log")};
}

}  // namespace inknav::run
