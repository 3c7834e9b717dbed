// SPDX-License-Identifier: MIT
#include "run/file_system.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <vector>

namespace inknav::run {
namespace {

struct Kind {
  std::uint32_t magic;  // statfs(2), f_type
  const char* name;
  bool network;
};
constexpr std::array<Kind, 16> kKinds = {{{0xef53, "ext4", false},
                                          {0x58465342, "xfs", false},
                                          {0x9123683e, "btrfs", false},
                                          {0x2fc12fc1, "zfs", false},
                                          {0xf2f52010, "f2fs", false},
                                          {0x01021994, "tmpfs", false},
                                          {0x794c7630, "overlayfs", false},
                                          {0x65735546, "fuse", true},
                                          {0x6969, "nfs", true},
                                          {0xff534d42, "cifs", true},
                                          {0xfe534d42, "smb2", true},
                                          {0x00c36400, "ceph", true},
                                          {0x0bd00bd0, "lustre", true},
                                          {0x47504653, "gpfs", true},
                                          {0x19830326, "beegfs", true},
                                          {0x01021997, "9p", true}}};

}  // namespace

std::optional<FileSystem> file_system_of(const std::filesystem::path& path) {
  struct statfs facts {};
  if (::statfs(path.c_str(), &facts) != 0) return std::nullopt;
  FileSystem found;
  const auto magic = static_cast<std::uint32_t>(facts.f_type);
  const auto known =
      std::find_if(kKinds.begin(), kKinds.end(), [&](const Kind& kind) { return kind.magic == magic; });
  found.kind = known == kKinds.end() ? fmt::format("0x{:x}", magic) : known->name;
  found.network = known != kKinds.end() && known->network;
  const auto block = static_cast<std::uint64_t>(facts.f_bsize);
  found.total_bytes = block * facts.f_blocks;
  found.free_bytes = block * facts.f_bavail;
  return found;
}

std::optional<double> sync_rate(const std::filesystem::path& folder) {
  const int file = ::open(folder.c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
  if (file < 0) return std::nullopt;
  const std::vector<char> bytes(kRateBytes, 'i');
  const auto begin = std::chrono::steady_clock::now();
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t written = ::write(file, bytes.data() + done, bytes.size() - done);
    if (written <= 0) break;
    done += static_cast<std::size_t>(written);
  }
  const bool durable = done == bytes.size() && ::fsync(file) == 0;
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  ::close(file);
  if (!durable || !(seconds > 0.0)) return std::nullopt;
  return static_cast<double>(kRateBytes) / seconds;
}

}  // namespace inknav::run
