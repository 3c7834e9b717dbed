// SPDX-License-Identifier: MIT
#include "app/bench_table.h"

#include <gtest/gtest.h>

namespace inknav::app {
namespace {

TEST(BenchTable, LongNamesKeepTheColumns) {
  base::BenchmarkResult brief, lengthy;
  brief.name = "sim/steps";
  lengthy.name = "infer/denoiser/64-128-256/batch1/eager_torch/ms";
  brief.unit = lengthy.unit = "ms";
  const base::BenchmarkResult results[] = {brief, lengthy};
  const std::string table = bench_table(results);
  const std::size_t second = table.find('\n') + 1, third = table.find('\n', second) + 1;
  EXPECT_EQ(table.find(" ms", second) - second, table.rfind(" ms ") - third) << table;
}

TEST(RatioTable, SetsAFigureAgainstOthersColumnByColumn) {
  const RatioRow rows[] = {
      {"render/depth/64", "CPU tracer", 8000.0, {{"EGL one by one", 80.0}, {"EGL batched", 125.0}}},
      {"render/depth/128", "CPU tracer", 2800.0, {{"EGL one by one", 80.0}, {"EGL batched", 0.0}}}};
  EXPECT_EQ(ratio_table(rows),
            "                       CPU tracer   EGL one by one    ratio      EGL batched    ratio\n"
            "render/depth/64              8000            80.00     100x              125   64.00x\n"
            "render/depth/128             2800            80.00   35.00x           0.0000        -\n");
  EXPECT_EQ(ratio_table({}), "");
}

}  // namespace
}  // namespace inknav::app
