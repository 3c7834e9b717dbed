// SPDX-License-Identifier: MIT
#pragma once
// inknav bench render | sim | train | infer: figures with spread, time per phase and ratios to the built-in
// baselines, as a table and, with --json, as a file.

#include "app/command.h"

namespace inknav::app {

Action define_bench_render(CLI::App& app);
Action define_bench_sim(CLI::App& app);
Action define_bench_train(CLI::App& app);
Action define_bench_infer(CLI::App& app);

}  // namespace inknav::app
