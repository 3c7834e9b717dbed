// SPDX-License-Identifier: MIT
#include "app/export_command.h"

#include <spdlog/fmt/fmt.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>

#include "learn/weights_exchange.h"
#include "run/torch_weights.h"
#include "scene/convert.h"

namespace inknav::app {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string in;
  std::string out;
  run::TorchReadOptions read;
  bool overwrite = false;
};

std::string ending_of(const fs::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return ending;
}

bool is_scene(const fs::path& path) {
  const std::string ending = ending_of(path);
  return ending == ".glb" || ending == ".gltf" || ending == ".ply" || ending == ".obj";
}

base::Error usage(const std::string& message) {
  return {base::ErrorCode::kUsage, "command line: " + message};
}

/// What must hold before a byte is read.
base::Status check_places(const Options& options) {
  std::error_code ignored;
  const fs::path in(options.in), out(options.out);
  if (!fs::exists(in, ignored)) return usage(options.in + " is not there");
  if (fs::equivalent(in, out, ignored)) {
    return usage(options.out + " is the file to read as well as the one to write; give another name");
  }
  if (fs::is_directory(out, ignored)) return usage(options.out + " is a folder; give the name of a file");
  if (fs::exists(fs::symlink_status(out, ignored)) && !options.overwrite) {
    return usage(options.out + " exists and is kept; give another name, or --overwrite");
  }
  return base::ok_status();
}

base::Status make_folder_of(const fs::path& out) {
  if (!out.has_parent_path()) return base::ok_status();
  std::error_code problem;
  fs::create_directories(out.parent_path(), problem);
  if (!problem) return base::ok_status();
  return base::Error{base::ErrorCode::kDisk, out.parent_path().string() +
                                                 ": a folder to write to was wanted, found: " +
                                                 problem.message() + "; choose another place"};
}

int report(const Options& options, const learn::ExchangeReport& done) {
  std::printf("%s: %zu tensors, %zu numbers\n", options.out.c_str(), done.tensors, done.elements);
  if (done.not_read.empty()) return 0;
  constexpr std::size_t kShown = 8;
  std::string names;
  for (std::size_t i = 0; i < std::min(done.not_read.size(), kShown); ++i) {
    names += (i > 0 ? ", " : "") + done.not_read[i];
  }
  if (done.not_read.size() > kShown) names += fmt::format(" and {} more", done.not_read.size() - kShown);
  std::printf("  not read, and nothing of it was run: %s\n", names.c_str());
  return 0;
}

base::Result<int> export_scene(const Options& options) {
  INKNAV_ASSIGN_OR_RETURN(const scene::Converted converted,
                          scene::convert_scene(options.in, options.out, {}));
  std::printf("%s: %zu triangles\n", options.out.c_str(), converted.scene->num_triangles());
  return 0;
}

base::Result<int> run(const Options& options) {
  const fs::path in(options.in), out(options.out);
  const bool to_torch = ending_of(in) == ".safetensors" && run::is_torch_name(out);
  const bool from_torch = run::is_torch_name(in) && ending_of(out) == ".safetensors";
  const bool scene = is_scene(in) && ending_of(out) == ".glb";
  if (!to_torch && !from_torch && !scene) {
    return usage(
        "export turns .safetensors into .pth, .pth into .safetensors, and a scene (.glb, .gltf, .ply, .obj) "
        "into .glb; found " +
        options.in + " and " + options.out);
  }
  if (!from_torch && (!options.read.key.empty() || options.read.skip_unknown)) {
    return usage("--key and --skip-unknown are for reading a .pth; leave them out");
  }
  INKNAV_RETURN_IF_ERROR(check_places(options));
  INKNAV_RETURN_IF_ERROR(make_folder_of(out));
  if (scene) return export_scene(options);
  if (to_torch) {
    INKNAV_ASSIGN_OR_RETURN(const learn::ExchangeReport done, learn::checkpoint_to_torch(in, out));
    return report(options, done);
  }
  INKNAV_ASSIGN_OR_RETURN(const learn::ExchangeReport done,
                          learn::torch_to_checkpoint(in, out, options.read));
  return report(options, done);
}

}  // namespace

Action define_export(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("in", options->in, "checkpoint (.safetensors), weights (.pth, .pt) or scene")->required();
  app.add_option("out", options->out, ".pth for a checkpoint, .safetensors for weights, .glb for a scene")
      ->required();
  app.add_option("--key", options->read.key,
                 "of a .pth: the entry that holds the tensors (default state_dict, else the whole file)");
  app.add_flag(
      "--skip-unknown", options->read.skip_unknown,
      "of a .pth: leave out objects of unexpected kinds beside the weights; they are not run either");
  app.add_flag("--overwrite", options->overwrite, "replace OUT when it is there");
  app.footer(
      "Nothing in a .pth is run: tensors, dicts, lists, numbers and texts are read, other objects are not.");
  return [options] { return run(*options); };
}

}  // namespace inknav::app
