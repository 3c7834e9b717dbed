// SPDX-License-Identifier: MIT
#pragma once
// inknav data show SCENE -o PNG: the home from above, what an agent can walk of it, its walls with the route,
// and the drawing, side by side. With a list of episodes the route and the drawing are an episode's; without,
// a route is made up and drawn, so that a new scene and the drawers can be looked at at once.
// inknav data show FILE: what is inside, as text (app/data_contents.h).

#include <cstdint>
#include <string>

#include "app/command.h"
#include "scene/image.h"
#include "sketch/synthesis.h"

namespace inknav::app {

struct DataShowOptions {
  std::string scene;                         // .glb, .gltf, .ply, .obj
  std::string out;                           // PNG; empty: text on the standard output
  int max_lines = 10;                        // of the text, of each sort
  std::string episodes;                      // list (.json, .json.gz); empty: a made-up route
  std::string episode;                       // id in the list; empty: the first
  std::string sketches;                      // folder of the drawings; empty: "sketches" beside the list
  sketch::Level level = sketch::Level::kL2;  // of a made-up drawing
  sketch::DrawerSplit drawers = sketch::DrawerSplit::kTrain;
  std::uint32_t drawer = 0;
  std::uint64_t seed = 0;
  bool photo = false;
  bool ground_plane = false;
  int size = 512;  // pixels of a panel's side
};

/// The picture; kData when scene, list, episode or drawing is missing or broken, or nothing can be walked.
base::Result<scene::Image> show_data(const DataShowOptions& options);

Action define_data_show(CLI::App& app);

}  // namespace inknav::app
