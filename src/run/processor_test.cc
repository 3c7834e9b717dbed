// SPDX-License-Identifier: MIT
#include "run/processor.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace inknav::run {
namespace {

namespace fs = std::filesystem;

TEST(Processor, TheFirstCoreIsReadAndFlagsAreWholeWords) {
  const fs::path file = fs::temp_directory_path() / ("inknav_cpuinfo_" + std::to_string(::getpid()));
  const auto read = [&](const std::string& text) {
    std::ofstream(file) << text;
    return processor(file);
  };
  const Processor old = read("model name\t: Old One\nflags\t\t: fpu avx avx2x fmax\n");
  EXPECT_EQ(old.model, "Old One");
  EXPECT_FALSE(old.avx2 || old.fma || old.avx512);
  const Processor wide =
      read("model name\t: A\nflags\t\t: fma avx2 avx512f avx512dq avx512bw avx512vl\n\nmodel name\t: B\n");
  EXPECT_EQ(wide.model, "A");
  EXPECT_TRUE(wide.avx2 && wide.fma && wide.avx512);
  EXPECT_FALSE(read("flags\t\t: avx2 avx512f avx512dq avx512bw\n").avx512);
  for (const char* text : {"", "model name", "flags:\n", "\n: \n"})
    EXPECT_EQ(read(text).model, "unknown processor") << text;
  fs::remove(file);
  EXPECT_FALSE(processor(file).avx2);
}

TEST(Processor, ThisOneHasWhatThisProgramWasCompiledFor) {
  EXPECT_TRUE(processor().avx2);
  EXPECT_TRUE(processor().fma);
}

}  // namespace
}  // namespace inknav::run
