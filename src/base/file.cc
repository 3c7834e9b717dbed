// SPDX-License-Identifier: MIT
#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/io_fault.h"

namespace inknav::base {
namespace {

std::atomic<IoFaultHook> fault_hook{nullptr};

std::string reason_of(int error) { return std::generic_category().message(error); }

/// Runs a system call, again after EINTR; -1 with errno set where a test injected a fault.
template <typename Call>
auto system_call(const char* name, Call&& call) -> decltype(call()) {
  for (;;) {
    if (const int fault = internal::injected_fault(name); fault != 0) {
      errno = fault;
      if (fault == EINTR) continue;
      return -1;
    }
    const auto result = call();
    if (result != -1 || errno != EINTR) return result;
  }
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  int close() {
    if (fd_ < 0) return 0;
    return system_call("close", [fd = std::exchange(fd_, -1)] { return ::close(fd); });
  }

 private:
  int fd_;
};

Error read_error(const std::filesystem::path& path, const std::string& what) {
  return {ErrorCode::kData, path.string() + ": a readable file was wanted, " + what + "; check the path"};
}

Error write_error(const std::filesystem::path& path, const char* step, int error) {
  return {ErrorCode::kDisk, path.string() + ": could not be written (" + step + ": " + reason_of(error) +
                                "); free space or choose a writable folder; the previous file is intact"};
}

/// 0, or the errno of the first write that failed.
int write_all(int fd, std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = system_call("write", [&] { return ::write(fd, bytes.data(), bytes.size()); });
    if (count < 0) return errno;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return 0;
}

Status sync_directory(const std::filesystem::path& target) {
  const std::filesystem::path parent = target.has_parent_path() ? target.parent_path() : ".";
  const Descriptor directory(
      system_call("open", [&] { return ::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (directory.get() < 0) return write_error(target, "open folder", errno);
  if (system_call("fsync", [&] { return ::fsync(directory.get()); }) != 0) {
    return write_error(target, "fsync folder", errno);
  }
  return ok_status();
}

Status write_temporary(const std::filesystem::path& path, const std::filesystem::path& temporary,
                       std::span<const std::span<const std::uint8_t>> parts) {
  Descriptor file(system_call(
      "open", [&] { return ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644); }));
  if (file.get() < 0) return write_error(path, "open", errno);
  for (const auto& part : parts) {
    if (const int error = write_all(file.get(), part); error != 0) return write_error(path, "write", error);
  }
  if (system_call("fsync", [&] { return ::fsync(file.get()); }) != 0)
    return write_error(path, "fsync", errno);
  if (file.close() != 0) return write_error(path, "close", errno);
  return ok_status();
}

}  // namespace

void set_io_fault_hook(IoFaultHook hook) { fault_hook.store(hook); }

namespace internal {
int injected_fault(const char* call) {
  const IoFaultHook hook = fault_hook.load(std::memory_order_relaxed);
  return hook == nullptr ? 0 : hook(call);
}
}  // namespace internal

Result<std::vector<std::uint8_t>> read_file(const std::filesystem::path& path, std::size_t max_bytes) {
  const Descriptor file(system_call("open", [&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); }));
  if (file.get() < 0) return read_error(path, "found: " + reason_of(errno));
  struct stat status = {};
  if (::fstat(file.get(), &status) != 0) return read_error(path, "found: " + reason_of(errno));
  if (!S_ISREG(status.st_mode)) return read_error(path, "found something that is not a plain file");
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size > max_bytes) {
    return read_error(path,
                      "of at most " + std::to_string(max_bytes) + " bytes, found " + std::to_string(size));
  }
  std::vector<std::uint8_t> bytes(size);
  std::size_t done = 0;
  while (done < size) {
    const ssize_t count =
        system_call("read", [&] { return ::read(file.get(), bytes.data() + done, size - done); });
    if (count < 0) return read_error(path, "found: " + reason_of(errno));
    if (count == 0) return read_error(path, "found that it shrank while it was read");
    done += static_cast<std::size_t>(count);
  }
  return bytes;
}

Result<std::string> read_text_file(const std::filesystem::path& path, std::size_t max_bytes) {
  INKNAV_ASSIGN_OR_RETURN(const std::vector<std::uint8_t> bytes, read_file(path, max_bytes));
  return std::string(bytes.begin(), bytes.end());
}

Status write_file_atomic(const std::filesystem::path& path,
                         std::span<const std::span<const std::uint8_t>> parts) {
  const std::filesystem::path temporary = path.string() + ".tmp-" + std::to_string(::getpid());
  Status written = write_temporary(path, temporary, parts);
  if (written.ok() && system_call("rename", [&] { return ::rename(temporary.c_str(), path.c_str()); }) != 0) {
    written = write_error(path, "rename", errno);
  }
  if (!written.ok()) {
    ::unlink(temporary.c_str());
    return written;
  }
  return sync_directory(path);
}

Status write_file_atomic(const std::filesystem::path& path, std::span<const std::uint8_t> bytes) {
  const std::span<const std::uint8_t> parts[] = {bytes};
  return write_file_atomic(path, parts);
}

Status write_text_atomic(const std::filesystem::path& path, std::string_view text) {
  return write_file_atomic(path,
                           std::as_bytes(std::span(text)).empty()
                               ? std::span<const std::uint8_t>()
                               : std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

}  // namespace inknav::base
