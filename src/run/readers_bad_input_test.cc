// SPDX-License-Identifier: MIT
// Every reader of this module through files (base/bad_input.h).
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/bad_input.h"
#include "base/temporary_folder.h"
#include "run/checkpoint_store.h"
#include "run/safetensors.h"
#include "run/torch_weights.h"
#include "run/weights_check.h"

namespace inknav::run {
namespace {

namespace fs = std::filesystem;
using namespace base::testing;  // NOLINT: test helpers

class RunReaders : public ::testing::Test {
 protected:
  NamedSpan span() const {
    return {"value/w", SpanType::kF32, {2, 3}, {reinterpret_cast<const std::uint8_t*>(numbers_.data()), 24}};
  }
  std::vector<float> numbers_ = {1, 2, 3, 4, 5, 6};
  base::TemporaryFolder folder_;
};

TEST_F(RunReaders, Safetensors) {
  const fs::path path = folder_ / "w.safetensors";
  const NamedSpan spans[] = {span()};
  ASSERT_TRUE(write_safetensors(path, spans, {{"policy", "{}"}}).ok());
  const std::string sound = bytes_of_file(path);
  expect_typed_errors({.file = path,
                       .read = [](const fs::path& p) { return status_of(read_safetensors(p)); },
                       .change_is_fault = true,  // checksums of header and data
                       .hostile = {{"2^64 bytes of header", with_value(sound, 0, ~std::uint64_t{0})},
                                   {"2^33 elements", replaced(sound, "[2,3]", "[8589934592,3]")}}});
}

TEST_F(RunReaders, TorchWeights) {
  const fs::path path = folder_ / "w.pth";
  const NamedSpan spans[] = {span()};
  ASSERT_TRUE(write_torch_weights(path, spans, {}).ok());
  expect_typed_errors(
      {.file = path, .read = [](const fs::path& p) { return status_of(read_torch_weights(p)); }});
}

TEST_F(RunReaders, InspectionOfWeightsNeverFailsOtherwise) {
  const fs::path path = folder_ / "w.safetensors";
  const NamedSpan spans[] = {span()};
  ASSERT_TRUE(write_safetensors(path, spans, {}).ok());
  const auto read = [](const fs::path& p) -> base::Status {
    const WeightsReport report = inspect_weights(p);
    if (report.fault != WeightsFault::kUnreadable) return base::ok_status();
    return base::Error{base::ErrorCode::kData, report.what};
  };
  expect_typed_errors({.file = path, .read = read, .named = false});
}

TEST_F(RunReaders, NoteOfTheBestCheckpoint) {
  CheckpointStore store(folder_.path());
  ASSERT_TRUE(store.save(1, std::vector{span()}, {}).ok());
  ASSERT_TRUE(store.mark_best(1, 0.5).ok());
  // What cannot be read there is no best, never an error.
  const auto read = [&](const fs::path&) {
    const auto best = store.best();
    EXPECT_TRUE(!best || store.best_score()) << *best;
    return base::ok_status();
  };
  const fs::path path = folder_ / "best.json";
  const std::string sound = bytes_of_file(path);
  ASSERT_FALSE(sound.empty());
  for (std::size_t length = 0; length < sound.size(); ++length) {
    put_bytes(path, sound.substr(0, length));
    ASSERT_TRUE(read(path).ok());
  }
  for (const char* text :
       {"", "[]", "{\"checkpoint\": 1e999, \"score\": 1}",
        "{\"checkpoint\": 99999999999999999999, \"score\": 1}", "{\"checkpoint\": \"1\", \"score\": 1}"}) {
    put_bytes(path, text);
    EXPECT_FALSE(store.best().has_value()) << text;
  }
  put_bytes(path, sound);
  EXPECT_EQ(store.best(), 1);
}

}  // namespace
}  // namespace inknav::run
