// SPDX-License-Identifier: MIT
#include "learn/cuda/null_runtime/memory.h"

#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <vector>

#include "learn/cuda/null_runtime/device.h"
#include "learn/cuda/null_runtime/report.h"

namespace null_cuda {
namespace {

using Address = std::uintptr_t;

constexpr std::size_t kDeviceBytes = std::size_t{80} << 30;

struct Use {
  Address begin = 0, end = 0;
  bool is_written = false;
  auto operator<=>(const Use&) const = default;
};

struct Block {
  Place place = Place::kDevice;
  std::size_t bytes = 0;
  std::byte* inside = nullptr;  // the device's own way to the bytes
  std::vector<Use> uses;        // of pinned memory, by kept copies
};

std::map<Address, Block>& blocks() {
  static auto& all = *new std::map<Address, Block>;
  return all;
}
std::size_t in_use = 0;

std::size_t page() { return static_cast<std::size_t>(sysconf(_SC_PAGESIZE)); }
std::size_t whole_pages(std::size_t bytes) {
  return (std::max<std::size_t>(bytes, 1) + page() - 1) / page() * page();
}
Address number_of(const void* address) { return reinterpret_cast<Address>(address); }

std::map<Address, Block>::iterator find(const void* address) {
  auto found = blocks().upper_bound(number_of(address));
  if (found == blocks().begin()) return blocks().end();
  --found;
  return number_of(address) < found->first + found->second.bytes ? found : blocks().end();
}

/// The pages of a block as its uses want them; the strictest wins.
void protect(Address begin, const Block& block) {
  if (block.inside != nullptr) return;
  const std::size_t bytes = whole_pages(block.bytes);
  mprotect(reinterpret_cast<void*>(begin), bytes, PROT_READ | PROT_WRITE);
  for (const bool is_written : {false, true}) {
    for (const Use& use : block.uses) {
      if (use.is_written != is_written) continue;
      const Address first = use.begin / page() * page();
      mprotect(reinterpret_cast<void*>(first), whole_pages(use.end - first),
               is_written ? PROT_NONE : PROT_READ);
    }
  }
}

void on_fault(int, siginfo_t* info, void* context) {
  const auto* where = static_cast<const ucontext_t*>(context);
  const bool is_write = (where->uc_mcontext.gregs[REG_ERR] & 2) != 0;
  if (allow_access(info->si_addr, is_write)) return;
  fault("segmentation fault");
  write_report();
  signal(SIGSEGV, SIG_DFL);
}

[[maybe_unused]] const bool kWatching = [] {
  struct sigaction action {};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  sigemptyset(&action.sa_mask);
  return sigaction(SIGSEGV, &action, nullptr) == 0;
}();

}  // namespace

std::size_t device_bytes_in_use() { return in_use; }
std::size_t device_bytes() { return kDeviceBytes; }

void* take_device_memory(std::size_t bytes) {
  if (in_use + bytes > kDeviceBytes) return nullptr;
  const std::size_t mapped = whole_pages(bytes);
  const int file = memfd_create("null_cuda", MFD_CLOEXEC);
  if (file < 0) return nullptr;
  void* outside = MAP_FAILED;
  void* inside = MAP_FAILED;
  if (ftruncate(file, static_cast<off_t>(mapped)) == 0) {
    outside = mmap(nullptr, mapped, PROT_NONE, MAP_SHARED, file, 0);
    inside = mmap(nullptr, mapped, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  }
  close(file);
  if (outside == MAP_FAILED || inside == MAP_FAILED) return nullptr;
  blocks()[number_of(outside)] = {Place::kDevice, bytes, static_cast<std::byte*>(inside), {}};
  in_use += bytes;
  return outside;
}

bool give_device_memory_back(void* address) {
  const auto found = blocks().find(number_of(address));
  if (found == blocks().end() || found->second.place != Place::kDevice) return false;
  munmap(address, whole_pages(found->second.bytes));
  munmap(found->second.inside, whole_pages(found->second.bytes));
  in_use -= found->second.bytes;
  blocks().erase(found);
  return true;
}

void* take_pinned_memory(std::size_t bytes) {
  void* const address =
      mmap(nullptr, whole_pages(bytes), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (address == MAP_FAILED) return nullptr;
  blocks()[number_of(address)] = {Place::kPinned, bytes, nullptr, {}};
  return address;
}

bool give_pinned_memory_back(void* address) {
  const auto found = blocks().find(number_of(address));
  if (found == blocks().end() || found->second.place != Place::kPinned) return false;
  if (!found->second.uses.empty()) fault("pinned memory goes while a copy uses it");
  munmap(address, whole_pages(found->second.bytes));
  blocks().erase(found);
  return true;
}

/// Not guarded: its pages are shared with other things.
void note_registered(void* address, std::size_t bytes) {
  blocks()[number_of(address)] = {Place::kPinned, bytes, static_cast<std::byte*>(address), {}};
}

void forget_registered(void* address) { blocks().erase(number_of(address)); }

Place place_of(const void* address) {
  const auto found = find(address);
  return found == blocks().end() ? Place::kPageable : found->second.place;
}

void* reachable(const void* address) {
  const auto found = find(address);
  if (found == blocks().end() || found->second.inside == nullptr) return const_cast<void*>(address);
  return found->second.inside + (number_of(address) - found->first);
}

void guard(const void* address, std::size_t bytes, bool is_written) {
  const auto found = find(address);
  if (found == blocks().end() || found->second.place != Place::kPinned || bytes == 0) return;
  found->second.uses.push_back({number_of(address), number_of(address) + bytes, is_written});
  protect(found->first, found->second);
}

void unguard(const void* address, std::size_t bytes, bool is_written) {
  const auto found = find(address);
  if (found == blocks().end() || found->second.place != Place::kPinned || bytes == 0) return;
  std::vector<Use>& uses = found->second.uses;
  const auto use =
      std::find(uses.begin(), uses.end(), Use{number_of(address), number_of(address) + bytes, is_written});
  if (use != uses.end()) uses.erase(use);
  protect(found->first, found->second);
}

bool allow_access(void* address, bool is_write) {
  const auto guard = lock();
  const auto found = find(address);
  if (found == blocks().end()) return false;
  Block& block = found->second;
  if (block.place == Place::kDevice) {
    fault("the host touches device memory");
    return false;
  }
  const Address at = number_of(address);
  for (const Use& use : block.uses) {
    if (at < use.begin || at >= use.end || (!use.is_written && !is_write)) continue;
    fault(use.is_written ? "the host touches pinned memory before a copy has filled it"
                         : "the host writes pinned memory before a copy has read it");
    break;
  }
  // A neighbour on a guarded page, or a fault that has been noted: the page is left alone from here on.
  mprotect(reinterpret_cast<void*>(at / page() * page()), page(), PROT_READ | PROT_WRITE);
  return true;
}

}  // namespace null_cuda
