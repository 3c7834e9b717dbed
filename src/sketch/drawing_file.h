// SPDX-License-Identifier: MIT
#pragma once
// The file beside a synthetic drawing's picture ("<scene>_epi<id>_cut1.json"): the drawing as vectors and its
// exact correspondence to the world.
//
// {"format": "inknav-drawing", "version": 1, "drawing": {...}, "correspondence": {...} or null}
// Reading is strict: an unknown key, another version, a number out of range or a map that folds is an error
// (kData) that names file and key. Writing is atomic. save then load gives back every number bit for bit.

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sketch/correspondence.h"
#include "sketch/drawing.h"

namespace inknav::sketch {

struct DrawingFile {
  static constexpr int kVersion = 1;
  Drawing drawing;
  Correspondence correspondence;  // empty() for a drawing whose home is not known
};

std::string drawing_file_to_json(const DrawingFile& file);
base::Result<DrawingFile> drawing_file_from_json(std::string_view text, std::string_view name);

base::Status save_drawing_file(const std::filesystem::path& path, const DrawingFile& file);
base::Result<DrawingFile> load_drawing_file(const std::filesystem::path& path);

}  // namespace inknav::sketch
