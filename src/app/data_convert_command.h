// SPDX-License-Identifier: MIT
#pragma once
// inknav data convert IN OUT.glb: a mesh or a robot's map becomes a scene (scene/convert.h), and what an
// agent can walk of it is printed, so that a scene on its side or without a floor is noticed at once.
// Also IN.navmesh OUT.navmesh (version 1 or 2 to 2), and a list of episodes from .json to .json.gz or back,
// its text kept.

#include "app/command.h"

namespace inknav::app {

Action define_data_convert(CLI::App& app);

}  // namespace inknav::app
