// SPDX-License-Identifier: MIT
#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>

#include "base/io_fault.h"

namespace inknav::base {
namespace {

namespace fs = std::filesystem;

std::atomic<IoFaultHook> fault_hook{nullptr};

/// Runs a system call that reports failure as a negative value; repeated on EINTR.
template <typename Call>
auto system_call(const char* name, Call&& call) -> decltype(call()) {
  for (;;) {
    if (const int fault = internal::injected_fault(name); fault != 0) {
      errno = fault;
    } else {
      const auto result = call();
      if (result >= 0) return result;
    }
    if (errno != EINTR) return -1;
  }
}

/// close() is never repeated: after EINTR the descriptor is gone on Linux.
int close_once(int descriptor) {
  int error = ::close(descriptor) < 0 ? errno : 0;
  if (const int fault = internal::injected_fault("close"); fault != 0) error = fault;
  errno = error;
  return error == 0 || error == EINTR ? 0 : -1;
}

class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  ~Descriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Descriptor(Descriptor&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;

  bool valid() const { return descriptor_ >= 0; }
  int get() const { return descriptor_; }
  int close() {
    const int result = close_once(descriptor_);
    descriptor_ = -1;
    return result;
  }

 private:
  int descriptor_;
};

std::string advice(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
      return "free some space or choose another disk";
    case EROFS:
    case EACCES:
    case EPERM:
      return "choose a folder that may be written";
    case ENOENT:
    case ENOTDIR:
      return "create the folder first";
    default:
      return "check the disk and its mount";
  }
}

Error write_error(const fs::path& path, const char* step, int error_number) {
  return {ErrorCode::kDisk, fmt::format("{}: could not be written, {} failed: {}; {}", path.string(), step,
                                        std::strerror(error_number), advice(error_number))};
}

Error read_error(const fs::path& path, int error_number) {
  return {ErrorCode::kData, fmt::format("{}: could not be read: {}; check the path and its permissions",
                                        path.string(), std::strerror(error_number))};
}

/// Writes all parts; returns 0 or the errno.
int write_all(int descriptor, std::span<const std::span<const std::uint8_t>> parts) {
  for (std::span<const std::uint8_t> part : parts) {
    while (!part.empty()) {
      const ssize_t written =
          system_call("write", [&] { return ::write(descriptor, part.data(), part.size()); });
      if (written < 0) return errno;
      if (written == 0) return ENOSPC;
      part = part.subspan(static_cast<std::size_t>(written));
    }
  }
  return 0;
}

/// Asks for the space before a byte is written, so that a full disk shows itself early. 0 or the errno.
int reserve_space(int descriptor, std::size_t num_bytes) {
  if (num_bytes == 0) return 0;
  struct statvfs disk {};
  if (system_call("fstatvfs", [&] { return ::fstatvfs(descriptor, &disk); }) == 0 && disk.f_blocks > 0) {
    const unsigned __int128 free_bytes = static_cast<unsigned __int128>(disk.f_bavail) * disk.f_frsize;
    if (free_bytes < num_bytes) return ENOSPC;
  }
  const auto reserve = [&] { return ::fallocate(descriptor, 0, 0, static_cast<off_t>(num_bytes)); };
  if (system_call("fallocate", reserve) == 0) return 0;
  // File systems without fallocate are asked by the writes themselves.
  return errno == EOPNOTSUPP || errno == ENOSYS ? 0 : errno;
}

struct Failure {
  const char* step;
  int error_number;
};

/// Fills the temporary file: afterwards its bytes are on the disk and it is closed.
std::optional<Failure> fill(Descriptor& file, std::span<const std::span<const std::uint8_t>> parts) {
  std::size_t num_bytes = 0;
  for (const auto& part : parts) num_bytes += part.size();
  if (const int error = reserve_space(file.get(), num_bytes)) return Failure{"reserving its space", error};
  if (const int error = write_all(file.get(), parts)) return Failure{"write", error};
  if (system_call("fsync", [&] { return ::fsync(file.get()); }) < 0) return Failure{"fsync", errno};
  if (file.close() < 0) return Failure{"close", errno};
  return std::nullopt;
}

fs::path temporary_path(const fs::path& path) {
  static std::atomic<unsigned> serial{0};
  fs::path temporary = path;
  temporary += fmt::format(".tmp-{}-{}", ::getpid(), serial.fetch_add(1));
  return temporary;
}

Error too_large(const fs::path& path, std::size_t max_bytes, std::size_t found) {
  return {ErrorCode::kData,
          fmt::format("{}: at most {} bytes are wanted, {} found; the file is not what it should be",
                      path.string(), max_bytes, found)};
}

struct OpenFile {
  Descriptor descriptor;
  std::size_t told = 0;  // bytes, says stat
};

/// A regular file that tells at most `max_bytes`.
Result<OpenFile> open_to_read(const fs::path& path, std::size_t max_bytes) {
  // O_NONBLOCK: a FIFO must be refused below, not waited for.
  Descriptor file(
      system_call("open", [&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK); }));
  if (!file.valid()) return read_error(path, errno);
  struct stat info {};
  if (system_call("fstat", [&] { return ::fstat(file.get(), &info); }) < 0) return read_error(path, errno);
  if (S_ISDIR(info.st_mode)) return read_error(path, EISDIR);
  if (!S_ISREG(info.st_mode)) {
    return Error{
        ErrorCode::kData,
        fmt::format("{}: a regular file is wanted, this is a device, pipe or socket", path.string())};
  }
  const auto told = static_cast<std::size_t>(info.st_size);
  if (told > max_bytes) return too_large(path, max_bytes, told);
  return OpenFile{std::move(file), told};
}

/// Reads until `bytes` is full or the file ends; gives how many bytes that were.
Result<std::size_t> fill_from(const fs::path& path, const Descriptor& file, std::span<char> bytes) {
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t got =
        system_call("read", [&] { return ::read(file.get(), bytes.data() + filled, bytes.size() - filled); });
    if (got < 0) return read_error(path, errno);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  return filled;
}

/// Reads until the end, growing as needed; the caller has bounded the size that stat told.
template <typename Container>
Status read_all(const fs::path& path, std::size_t max_bytes, Container& bytes) {
  INKNAV_ASSIGN_OR_RETURN(const OpenFile file, open_to_read(path, max_bytes));
  max_bytes = std::min(max_bytes, std::numeric_limits<std::size_t>::max() / 4);  // the sums below do not wrap
  // One byte more than told shows the end without another growth; files of /proc tell 0.
  bytes.resize(std::min(max_bytes, file.told) + 1);
  std::size_t filled = 0;
  for (;;) {
    const std::span<char> room(reinterpret_cast<char*>(bytes.data()) + filled, bytes.size() - filled);
    INKNAV_ASSIGN_OR_RETURN(const std::size_t got, fill_from(path, file.descriptor, room));
    filled += got;
    if (filled > max_bytes) return too_large(path, max_bytes, filled);
    if (got < room.size()) break;
    bytes.resize(std::min(max_bytes + 1, 2 * bytes.size()));
  }
  bytes.resize(filled);
  return ok_status();
}

}  // namespace

void set_io_fault_hook(IoFaultHook hook) { fault_hook.store(hook); }

int internal::injected_fault(const char* call) {
  const IoFaultHook hook = fault_hook.load(std::memory_order_relaxed);
  return hook == nullptr ? 0 : hook(call);
}

Result<std::vector<std::uint8_t>> read_file(const fs::path& path, std::size_t max_bytes) {
  std::vector<std::uint8_t> bytes;
  INKNAV_RETURN_IF_ERROR(read_all(path, max_bytes, bytes));
  return bytes;
}

Result<std::string> read_text_file(const fs::path& path, std::size_t max_bytes) {
  std::string text;
  INKNAV_RETURN_IF_ERROR(read_all(path, max_bytes, text));
  return text;
}

Result<FileStart> read_file_start(const fs::path& path, std::size_t count, std::size_t max_bytes) {
  INKNAV_ASSIGN_OR_RETURN(const OpenFile file, open_to_read(path, max_bytes));
  FileStart start{std::vector<std::uint8_t>(std::min(count, file.told)), file.told};
  const std::span<char> room(reinterpret_cast<char*>(start.bytes.data()), start.bytes.size());
  INKNAV_ASSIGN_OR_RETURN(const std::size_t got, fill_from(path, file.descriptor, room));
  start.bytes.resize(got);
  return start;
}

Status write_file_atomic(const fs::path& path, std::span<const std::span<const std::uint8_t>> parts) {
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  // The directory is opened first: once the file is renamed, only its fsync can still fail.
  Descriptor directory(
      system_call("open", [&] { return ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (!directory.valid()) return write_error(path, "opening its folder", errno);

  const fs::path temporary = temporary_path(path);
  ::unlink(temporary.c_str());  // of a crashed process that had our process id
  const int flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
  Descriptor file(system_call("open", [&] { return ::open(temporary.c_str(), flags, 0666); }));
  if (!file.valid()) return write_error(path, "creating a temporary file beside it", errno);

  std::optional<Failure> failure = fill(file, parts);
  if (!failure && system_call("rename", [&] { return ::rename(temporary.c_str(), path.c_str()); }) < 0) {
    failure = Failure{"rename", errno};
  }
  if (failure) {
    ::unlink(temporary.c_str());
    Error error = write_error(path, failure->step, failure->error_number);
    error.message += "; what was there before is intact";
    return error;
  }
  // EINVAL: a file system that knows no fsync of a directory.
  if (system_call("fsync", [&] { return ::fsync(directory.get()); }) < 0 && errno != EINVAL) {
    return write_error(path, "fsync of its folder", errno);
  }
  return ok_status();
}

Status write_file_atomic(const fs::path& path, std::span<const std::uint8_t> bytes) {
  return write_file_atomic(path, std::span<const std::span<const std::uint8_t>>(&bytes, 1));
}

Status write_text_atomic(const fs::path& path, std::string_view text) {
  return write_file_atomic(
      path, std::span<const std::uint8_t>(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

}  // namespace inknav::base
