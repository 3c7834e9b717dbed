// SPDX-License-Identifier: MIT
// inknav_render_bench [--scenes N] [--triangles N] [--repetitions N] [--sizes 64,128] [--no-embree]
//                     [--kernels] [--json FILE]
// The CUDA rendering benchmark as a program of its own, which needs no library but Embree and the scene
// readers'.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "base/thread_pool.h"
#include "render/cuda/cuda_benchmark.h"

namespace inknav::render {
namespace {

struct Options {
  CudaBenchmarkSettings settings;
  std::string json;
};

std::vector<int> split_sizes(const char* text) {
  std::vector<int> sizes;
  for (const char* at = text; at != nullptr; at = std::strchr(at, ',')) {
    if (*at == ',') ++at;
    sizes.push_back(std::atoi(at));
  }
  return sizes;
}

Options parse(int argc, char** argv) {
  Options options;
  options.settings.threads = base::available_cores();
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : "0";
    if (flag == "--no-embree") {
      options.settings.embree = false;
      continue;
    }
    if (flag == "--kernels") {
      options.settings.kernels = true;
      continue;
    }
    if (flag == "--scenes") options.settings.scenes = std::atoi(value);
    if (flag == "--triangles") options.settings.triangles = static_cast<std::size_t>(std::atoll(value));
    if (flag == "--repetitions") options.settings.repetitions = std::atoi(value);
    if (flag == "--sizes") options.settings.sizes = split_sizes(value);
    if (flag == "--json") options.json = value;
    ++i;
  }
  return options;
}

int run(int argc, char** argv) {
  const Options options = parse(argc, argv);
  const auto benchmark = run_cuda_benchmark(options.settings);
  if (!benchmark.ok()) {
    std::fprintf(stderr, "%s\n", benchmark.error().message.c_str());
    return static_cast<int>(benchmark.error().code);
  }
  std::printf("%s; %s\n", benchmark->device.c_str(), benchmark->facts.c_str());
  nlohmann::json json = {{"device", benchmark->device}, {"facts", benchmark->facts}};
  for (const base::BenchmarkResult& row : benchmark->results) {
    fmt::print("{:36} {:12.0f} {} ({:.0f} to {:.0f}){}\n", row.name, row.median, row.unit, row.min, row.max,
               row.ratio > 0.0 ? fmt::format("  {:.1f} x {}", row.ratio, row.baseline) : "");
    json["results"].push_back({{"name", row.name},
                               {"median", row.median},
                               {"min", row.min},
                               {"max", row.max},
                               {"unit", row.unit},
                               {"baseline", row.baseline},
                               {"ratio", row.ratio}});
  }
  if (!options.json.empty()) std::ofstream(options.json) << json.dump(2) << "\n";
  return 0;
}

}  // namespace
}  // namespace inknav::render

int main(int argc, char** argv) { return inknav::render::run(argc, argv); }
