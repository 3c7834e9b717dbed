// SPDX-License-Identifier: MIT
#include "scene/home/home_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/philox.h"
#include "base/thread_pool.h"
#include "scene/home/home_check.h"
#include "scene/limits.h"
#include "scene/write_glb.h"

namespace inknav::scene {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr int kMaxCount = 100000;
constexpr const char* kIndexName = "homes.json";

struct Entry {  // of the index
  Json json;
  bool written = false;
  double floor_area = 0.0;
};

base::Error usage(std::string message) { return {base::ErrorCode::kUsage, std::move(message)}; }

base::Status check_options(const HomeSetOptions& o) {
  const auto where = [](const char* what) { return fmt::format("generate homes: {}", what); };
  if (o.count < 1 || o.count > kMaxCount) {
    return usage(
        fmt::format("{} is {}; 1 to {} are possible", where("the number of homes"), o.count, kMaxCount));
  }
  if (o.params.min_rooms < 1 || o.params.max_rooms > 16 || o.params.min_rooms > o.params.max_rooms) {
    return usage(fmt::format("{} are {} to {}; 1 to 16 are possible, the least first",
                             where("the rooms of a home"), o.params.min_rooms, o.params.max_rooms));
  }
  if (!(o.params.furniture_density >= 0.0f && o.params.furniture_density <= 2.0f)) {
    return usage(fmt::format("{} is {}; 0 (empty) to 2 is possible, 1 is lived in", where("furniture"),
                             o.params.furniture_density));
  }
  if (o.threads < 1) return usage(fmt::format("{} is {}; at least 1 is wanted", where("threads"), o.threads));
  return base::ok_status();
}

Json describe(const Home& home, int index, std::uint64_t seed, double area) {
  Json kinds = Json::object();
  int rooms = 0;
  for (const Room& room : home.plan.rooms) {
    const std::string kind = to_string(room.kind);
    kinds[kind] = kinds.value(kind, 0) + 1;
    rooms += room.kind == RoomKind::kCorridor ? 0 : 1;
  }
  return {{"file", home_file_name(index)},
          {"seed", seed},
          {"rooms", rooms},
          {"kinds", kinds},
          {"floor_area_m2", std::floor(area * 100.0 + 0.5) / 100.0},
          {"furniture", home.plan.furniture.size()},
          {"triangles", home.scene->num_triangles()},
          {"content_hash", home.scene->content_hash.hex()}};
}

base::Result<bool> same_bytes(const fs::path& a, const fs::path& b) {
  std::error_code error;
  if (fs::file_size(a, error) != fs::file_size(b, error)) return false;
  INKNAV_ASSIGN_OR_RETURN(const std::vector<std::uint8_t> p, base::read_file(a, kMaxBinaryBytes));
  INKNAV_ASSIGN_OR_RETURN(const std::vector<std::uint8_t> q, base::read_file(b, kMaxBinaryBytes));
  return p == q;
}

/// Whether the file was written; false when it was there with the same bytes.
base::Result<bool> write_home(const fs::path& path, const Scene& scene, bool overwrite) {
  std::error_code error;
  if (overwrite || !fs::exists(path, error)) {
    INKNAV_RETURN_IF_ERROR(write_glb(path, scene));
    return true;
  }
  const fs::path aside = path.parent_path() / (".compare-" + path.stem().string());
  fs::create_directory(aside, error);
  if (error) {
    return base::Error{
        base::ErrorCode::kDisk,
        fmt::format("{}: cannot be made: {}; check the folder's rights", aside.string(), error.message())};
  }
  const fs::path fresh = aside / path.filename();
  const base::Status status = write_glb(fresh, scene);
  const base::Result<bool> same = status.ok() ? same_bytes(fresh, path) : base::Result<bool>(status.error());
  fs::remove_all(aside, error);
  if (!same.ok()) return same.error();
  if (!same.value()) {
    return usage(fmt::format("{}: a file with other content is there; use --overwrite or another folder",
                             path.string()));
  }
  return false;
}

base::Result<Entry> make_home(const HomeSetOptions& options, int index) {
  const std::uint64_t seed = home_seed(options.seed, index);
  const Home home = generate_home(seed, options.params);
  const std::vector<std::string> faults = check_plan(home.plan);
  if (!faults.empty()) {
    return base::Error{base::ErrorCode::kData,
                       fmt::format("home {} of set {} (seed {}): {}; please report it, and use another seed",
                                   index, options.seed, seed, faults.front())};
  }
  Entry entry;
  entry.floor_area = static_cast<double>(floor_area(home.plan));
  entry.json = describe(home, index, seed, entry.floor_area);
  INKNAV_ASSIGN_OR_RETURN(entry.written,
                          write_home(options.folder / home_file_name(index), *home.scene, options.overwrite));
  return entry;
}

base::Status write_index(const HomeSetOptions& options, const std::vector<Entry>& entries) {
  Json index = {{"format", "inknav.homes"},
                {"version", 1},
                {"seed", options.seed},
                {"min_rooms", options.params.min_rooms},
                {"max_rooms", options.params.max_rooms},
                {"furniture", options.params.furniture_density},
                {"homes", Json::array()}};
  for (const Entry& entry : entries) index["homes"].push_back(entry.json);
  return base::write_text_atomic(options.folder / kIndexName, index.dump(1) + "\n");
}

}  // namespace

std::uint64_t home_seed(std::uint64_t set_seed, int index) {
  const base::PhiloxBlock block = base::philox4x32(
      {static_cast<std::uint32_t>(index), 0u, 0u, static_cast<std::uint32_t>(base::Purpose::kHomePlan)},
      {static_cast<std::uint32_t>(set_seed), static_cast<std::uint32_t>(set_seed >> 32)});
  return ((std::uint64_t{block[0]} << 32) | block[1]) >> 11;
}

std::string home_file_name(int index) { return fmt::format("home_{:05}.glb", index); }

base::Result<HomeSetSummary> write_home_set(const HomeSetOptions& options,
                                            const std::function<void(int done)>& progress) {
  INKNAV_RETURN_IF_ERROR(check_options(options));
  std::error_code error;
  fs::create_directories(options.folder, error);
  if (error) {
    return base::Error{base::ErrorCode::kDisk,
                       fmt::format("{}: the folder cannot be made: {}; name another --out",
                                   options.folder.string(), error.message())};
  }
  std::vector<Entry> entries(static_cast<std::size_t>(options.count));
  std::mutex mutex;
  int done = 0;
  std::optional<base::Error> first_error;
  int first_error_index = options.count;
  std::atomic<bool> stop{false};
  base::ThreadPool pool(std::min(options.threads, options.count));
  pool.parallel_for(options.count, 1, [&](std::int64_t begin, std::int64_t end, int) {
    for (int i = static_cast<int>(begin); i < static_cast<int>(end) && !stop; ++i) {
      base::Result<Entry> entry = make_home(options, i);
      const std::lock_guard lock(mutex);
      if (!entry.ok()) {
        stop = true;
        if (i < first_error_index) {
          first_error_index = i;
          first_error = entry.error();
        }
        continue;
      }
      entries[static_cast<std::size_t>(i)] = std::move(entry).value();
      ++done;
      if (progress) progress(done);
    }
  });
  if (first_error) return *first_error;
  INKNAV_RETURN_IF_ERROR(write_index(options, entries));
  HomeSetSummary summary;
  for (const Entry& entry : entries) {
    ++(entry.written ? summary.written : summary.unchanged);
    summary.floor_area += entry.floor_area;
  }
  return summary;
}

}  // namespace inknav::scene
