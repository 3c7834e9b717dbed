// SPDX-License-Identifier: MIT
#pragma once
// DrawingReading: what an agent can read from an episode's picture, and the truth about it when the picture
// is synthetic (the ".json" beside it). Read when an episode begins, never at start-up (all drawings of a
// large set do not fit in memory) and never during a step.

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "sketch/correspondence.h"
#include "sketch/raster.h"
#include "task/episode.h"

namespace inknav::task {

struct DrawingReading {
  sketch::ReadPlanes planes;
  sketch::Correspondence correspondence;  // empty() when the picture has no truth
  std::size_t num_bytes() const;
};

/// The file with a synthetic picture's vectors and correspondence (sketch/drawing_file.h): the same name,
/// ".json".
std::filesystem::path truth_path(const std::filesystem::path& picture);

/// Decodes, normalises and reads the picture at `path` into planes of size x size. A damaged truth
/// file is logged and its truth unknown.
base::Result<std::shared_ptr<const DrawingReading>> load_drawing(const std::filesystem::path& path, int size);

/// White paper without marks.
std::shared_ptr<const DrawingReading> blank_drawing(int size);

/// Whether the picture is there and whole: PNG by its chunks' checksums, JPEG by its begin and end marks.
/// Reads the file, decodes nothing, about 0.1 ms.
base::Status check_picture(const std::filesystem::path& path);
base::Status check_picture_bytes(std::span<const std::uint8_t> bytes, const std::string& name);

/// For the wrong-drawing control: for each episode the index of one in another scene, by a fixed rule (philox
/// of the episode's index); of another episode of the same scene when there is one scene only. kData when
/// there is one episode only.
base::Result<std::vector<std::size_t>> wrong_drawing_of(const std::vector<Episode>& episodes);

}  // namespace inknav::task
