// SPDX-License-Identifier: MIT
#include "learn/cuda/null_runtime/report.h"

#include <dlfcn.h>
#include <execinfo.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <mutex>
#include <vector>

namespace null_cuda {
namespace {

constexpr int kDeepest = 96;

struct Site {
  std::string what;
  bool is_fault = false;
  std::vector<void*> frames;
  auto operator<=>(const Site&) const = default;
};

struct Book {
  std::recursive_mutex mutex;
  std::map<std::string, std::int64_t> counts;
  std::map<Site, std::int64_t> sites;
};

/// Never destroyed: threads of libtorch outlive static objects.
Book& book() {
  static Book& only = *new Book;
  return only;
}

void note_site(const std::string& what, bool is_fault) {
  std::array<void*, kDeepest> frames{};
  const int depth = backtrace(frames.data(), kDeepest);
  const std::lock_guard lock(book().mutex);
  ++book().counts[what];
  ++book().sites[{what, is_fault, std::vector<void*>(frames.begin() + 1, frames.begin() + depth)}];
}

void write_frames(std::FILE* file, const std::vector<void*>& frames) {
  const char* comma = "";
  for (void* const frame : frames) {
    Dl_info info{};
    if (dladdr(frame, &info) == 0) continue;
    const auto offset =
        reinterpret_cast<std::uintptr_t>(frame) - reinterpret_cast<std::uintptr_t>(info.dli_fbase);
    std::fprintf(file, "%s[\"%s\", %zu, %zu, \"%s\"]", comma, info.dli_fname,
                 static_cast<std::size_t>(offset), reinterpret_cast<std::size_t>(frame),
                 info.dli_sname == nullptr ? "" : info.dli_sname);
    comma = ", ";
  }
}

[[maybe_unused]] const int kAtExit = std::atexit(write_report);

}  // namespace

bool is_late() {
  static const bool late = [] {
    const char* const word = std::getenv("NULL_CUDA_LATE");
    return word == nullptr || std::string(word) != "0";
  }();
  return late;
}

void count(const std::string& what, std::int64_t times) {
  const std::lock_guard lock(book().mutex);
  book().counts[what] += times;
}

void note(const std::string& what) { note_site(what, false); }

void fault(const std::string& what) { note_site(what, true); }

void write_report() {
  const char* const name = std::getenv("NULL_CUDA_REPORT");
  if (name == nullptr) return;
  const std::lock_guard lock(book().mutex);
  std::FILE* const file = std::fopen((std::string(name) + "." + std::to_string(getpid())).c_str(), "w");
  if (file == nullptr) return;
  std::fprintf(file, "{\"counts\": {");
  const char* comma = "";
  for (const auto& [what, times] : book().counts) {
    std::fprintf(file, "%s\n  \"%s\": %lld", comma, what.c_str(), static_cast<long long>(times));
    comma = ",";
  }
  std::fprintf(file, "},\n\"sites\": [");
  comma = "";
  for (const auto& [site, times] : book().sites) {
    std::fprintf(file, "%s\n  {\"what\": \"%s\", \"fault\": %s, \"times\": %lld, \"frames\": [", comma,
                 site.what.c_str(), site.is_fault ? "true" : "false", static_cast<long long>(times));
    write_frames(file, site.frames);
    std::fprintf(file, "]}");
    comma = ",";
  }
  std::fprintf(file, "]}\n");
  std::fclose(file);
}

}  // namespace null_cuda
