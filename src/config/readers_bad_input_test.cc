// SPDX-License-Identifier: MIT
// A configuration file through load_experiment (base/bad_input.h).
#include <gtest/gtest.h>

#include <string>

#include "base/bad_input.h"
#include "base/temporary_folder.h"
#include "config/load.h"

namespace inknav::config {
namespace {

namespace fs = std::filesystem;
using namespace base::testing;  // NOLINT: test helpers

TEST(ConfigReaders, Experiment) {
  const base::TemporaryFolder folder;
  const fs::path path = folder / "a.yaml";
  const std::string sound = "NUM_PROCESSES: 4\nRL:\n  PPO:\n    num_mini_batch: 2\n    lr: 2.5e-4\n";
  put_bytes(path, sound);
  const auto read = [](const fs::path& p) {
    LoadRequest request;
    request.files = {p};
    return status_of(load_experiment(request));
  };
  expect_typed_errors({.file = path,
                       .read = read,
                       .code = base::ErrorCode::kUsage,
                       .named = false,  // mini-batches that do not divide the environments of the defaults
                       .empty_is_fault = false,
                       .hostile = {{"not finite", replaced(sound, "2.5e-4", ".nan")},
                                   {"beyond 64 bits", replaced(sound, ": 4", ": 99999999999999999999")},
                                   {"too deep", std::string(100'000, '[')}}});
}

}  // namespace
}  // namespace inknav::config
