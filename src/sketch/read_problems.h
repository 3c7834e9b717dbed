// SPDX-License-Identifier: MIT
#pragma once
// What is wrong with a drawing, for the person who made it.

#include <string>
#include <vector>

#include "sketch/raster.h"

namespace inknav::sketch {

/// One sentence a problem: what is wanted, what was found, what to do. Empty when everything is there. A
/// drawing with problems can be read all the same; the agent then has less to go by.
std::vector<std::string> reading_problems(const ReadPlanes& read);
/// Whether there is less ink than one mark alone would be.
bool is_blank(const ReadPlanes& read);

}  // namespace inknav::sketch
