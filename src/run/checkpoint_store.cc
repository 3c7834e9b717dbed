// SPDX-License-Identifier: MIT
#include "run/checkpoint_store.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <string_view>
#include <thread>

#include "base/file.h"
#include "base/log.h"

namespace inknav::run {
namespace {

constexpr std::string_view kPrefix = "ckpt.";
constexpr std::string_view kSuffix = ".safetensors";
constexpr const char* kBestName = "best.json";

std::optional<std::int64_t> index_of(const std::string& name) {
  if (!name.starts_with(kPrefix) || !name.ends_with(kSuffix)) return std::nullopt;
  const char* begin = name.data() + kPrefix.size();
  const char* end = name.data() + name.size() - kSuffix.size();
  std::int64_t index = 0;
  const auto [stop, error] = std::from_chars(begin, end, index);
  if (error != std::errc() || stop != end || begin == end || index < 0) return std::nullopt;
  return index;
}

template <typename Float>
bool all_finite(std::span<const std::uint8_t> bytes) {
  for (std::size_t at = 0; at + sizeof(Float) <= bytes.size(); at += sizeof(Float)) {
    Float value;
    std::memcpy(&value, bytes.data() + at, sizeof(Float));
    if (!std::isfinite(value)) return false;
  }
  return true;
}

struct Best {
  std::int64_t index = 0;
  double score = 0.0;
};

std::optional<Best> read_best(const std::filesystem::path& path) {
  const auto text = base::read_text_file(path, 1 << 16);
  if (!text.ok()) return std::nullopt;
  const nlohmann::json json = nlohmann::json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("checkpoint") || !json["checkpoint"].is_number_integer() ||
      !json.contains("score") || !json["score"].is_number()) {
    base::log_warning(
        "{}: a checkpoint number and its score were wanted, found something else; no best is kept",
        path.string());
    return std::nullopt;
  }
  return Best{json["checkpoint"].get<std::int64_t>(), json["score"].get<double>()};
}

base::Status create_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!error) return base::ok_status();
  return base::Error{base::ErrorCode::kDisk,
                     folder.string() + ": a folder for checkpoints was wanted, found: " + error.message()};
}

}  // namespace

base::Status check_finite(std::span<const NamedSpan> spans, std::span<const std::string> prefixes) {
  for (const NamedSpan& span : spans) {
    const bool watched =
        prefixes.empty() || std::any_of(prefixes.begin(), prefixes.end(), [&](const std::string& prefix) {
          return span.name.starts_with(prefix);
        });
    if (!watched) continue;
    const bool finite = span.type == SpanType::kF32   ? all_finite<float>(span.bytes)
                        : span.type == SpanType::kF64 ? all_finite<double>(span.bytes)
                                                      : true;
    if (!finite) {
      return base::Error{base::ErrorCode::kDiverged,
                         "checkpoint refused: " + span.name +
                             " holds a number that is not finite; the last checkpoint "
                             "stays, lower the learning rate"};
    }
  }
  return base::ok_status();
}

CheckpointStore::CheckpointStore(std::filesystem::path directory, CheckpointSettings settings)
    : directory_(std::move(directory)), settings_(std::move(settings)) {}

std::filesystem::path CheckpointStore::path_of(std::int64_t index) const {
  return directory_ / (std::string(kPrefix) + std::to_string(index) + std::string(kSuffix));
}

std::filesystem::path CheckpointStore::final_path() const { return directory_ / "final_model.safetensors"; }

base::Status CheckpointStore::publish(const std::filesystem::path& path, std::span<const NamedSpan> spans,
                                      const Metadata& metadata) const {
  INKNAV_RETURN_IF_ERROR(check_finite(spans, settings_.finite_prefixes));
  double pause = settings_.retry_pause_s;
  for (int attempt = 0;; ++attempt) {
    base::Status written = create_folder(directory_);
    if (written.ok()) written = write_safetensors(path, spans, metadata);
    if (written.ok()) {
      const auto verified = read_safetensors(path);
      if (verified.ok()) return base::ok_status();
      // What was published and does not read back must not be taken for the newest later on.
      std::error_code ignored;
      std::filesystem::remove(path, ignored);
      written = base::Error{base::ErrorCode::kDisk, "after writing, " + verified.error().message};
    }
    if (written.error().code != base::ErrorCode::kDisk || attempt >= settings_.retries) return written;
    base::log_warning("{}; try {} of {} in {:.1f} s", written.error().message, attempt + 1, settings_.retries,
                      pause);
    std::this_thread::sleep_for(std::chrono::duration<double>(pause));
    pause *= 2.0;
  }
}

base::Result<SaveOutcome> CheckpointStore::save(std::int64_t index, std::span<const NamedSpan> spans,
                                                const Metadata& metadata, SaveNeed need) {
  const base::Status published = publish(path_of(index), spans, metadata);
  if (published.ok()) {
    missed_ = 0;
    prune(index);
    return SaveOutcome::kSaved;
  }
  if (published.error().code != base::ErrorCode::kDisk) return published.error();
  ++missed_;
  if (need == SaveNeed::kMust || missed_ >= settings_.max_missed) {
    return base::Error{base::ErrorCode::kDisk,
                       published.error().message + "; " + std::to_string(missed_) +
                           (missed_ == 1 ? " checkpoint" : " checkpoints in a row") +
                           " could not be saved, older ones are intact; free some space, then go on with "
                           "--resume-from"};
  }
  base::log_error("{}; training goes on without this checkpoint ({} of {} missed)", published.error().message,
                  missed_, settings_.max_missed);
  return SaveOutcome::kMissed;
}

base::Status CheckpointStore::save_final(std::span<const NamedSpan> spans, const Metadata& metadata) {
  return publish(final_path(), spans, metadata);
}

base::Status CheckpointStore::mark_best(std::int64_t index, double score) {
  INKNAV_CHECK(std::isfinite(score), index, score);
  return base::write_text_atomic(directory_ / kBestName,
                                 nlohmann::json{{"checkpoint", index}, {"score", score}}.dump(1) + "\n");
}

std::optional<std::int64_t> CheckpointStore::best() const {
  const std::optional<Best> found = read_best(directory_ / kBestName);
  return found ? std::optional(found->index) : std::nullopt;
}

std::optional<double> CheckpointStore::best_score() const {
  const std::optional<Best> found = read_best(directory_ / kBestName);
  return found ? std::optional(found->score) : std::nullopt;
}

std::vector<std::int64_t> CheckpointStore::indices() const {
  std::vector<std::int64_t> found;
  std::error_code error;
  for (std::filesystem::directory_iterator it(directory_, error), end; !error && it != end;
       it.increment(error)) {
    if (const auto index = index_of(it->path().filename().string())) found.push_back(*index);
  }
  std::sort(found.begin(), found.end());
  return found;
}

base::Result<std::optional<LoadedCheckpoint>> CheckpointStore::load_newest() const {
  const std::vector<std::int64_t> present = indices();
  std::string first_fault;
  for (auto index = present.rbegin(); index != present.rend(); ++index) {
    auto file = read_safetensors(path_of(*index));
    if (file.ok()) return std::optional<LoadedCheckpoint>({*index, std::move(file).value()});
    base::log_warning("{}; trying the one before", file.error().message);
    if (first_fault.empty()) first_fault = file.error().message;
  }
  if (!first_fault.empty()) {
    return base::Error{base::ErrorCode::kData,
                       directory_.string() + ": no checkpoint there is whole; the newest: " + first_fault};
  }
  return std::optional<LoadedCheckpoint>();
}

void CheckpointStore::prune(std::int64_t newest) {
  std::vector<std::int64_t> present = indices();
  const std::optional<std::int64_t> kept_best = best();
  std::vector<std::int64_t> older;
  for (const std::int64_t index : present) {
    if (index < newest) older.push_back(index);
  }
  const auto keep = static_cast<std::size_t>(std::max(settings_.keep_last - 1, 0));
  if (older.size() <= keep) return;
  older.resize(older.size() - keep);
  for (const std::int64_t index : older) {
    const bool for_good = settings_.keep_every > 0 && index % settings_.keep_every == 0;
    if (for_good || index == kept_best) continue;
    std::error_code error;
    std::filesystem::remove(path_of(index), error);
    if (error) base::log_warning("{}: could not be removed: {}", path_of(index).string(), error.message());
  }
}

std::optional<std::filesystem::path> newest_checkpoint(const std::filesystem::path& folder) {
  const CheckpointStore store(folder);
  const std::vector<std::int64_t> indices = store.indices();
  if (indices.empty()) return std::nullopt;
  return store.path_of(indices.back());
}

}  // namespace inknav::run
