// SPDX-License-Identifier: MIT
#pragma once
// StrokeBook: strokes that people drew, to be drawn again along the walls of a plan.
//
// Read from text files as the Omniglot data set has them, one drawing each: a line START, then
// "x,y,milliseconds" a line in a frame of 105 x 105 with y upwards, a line BREAK where the pen is lifted.
// Kept are strokes as one draws a wall: nearly straight (arc / chord below 1.11), at least 40 units long,
// within 20 degrees of an axis, the selection of the table in docs/drawings.md. Files "<any>_<NN>.txt" of one
// NN are by one person. Immutable.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/philox.h"
#include "base/result.h"

namespace inknav::sketch {

/// A stroke relative to its chord.
struct RecordedStroke {
  std::vector<double>
      across;          // deviation / length at even places along the chord, left positive, 0 at both ends
  double angle = 0.0;  // radians from the nearest axis, counter-clockwise on paper with y downwards
};

class StrokeBook {
 public:
  /// All .txt below `folder`, whatever the folders between. kData: no folder, no such file, a line that
  /// cannot be read (with its number), no stroke as above.
  static base::Result<StrokeBook> load(const std::filesystem::path& folder);
  /// Adds the strokes of one file; `name` for messages.
  base::Status add(std::string_view text, const std::string& name, const std::string& person);

  std::size_t num_persons() const { return persons_.size(); }
  std::size_t num_strokes() const;
  /// One stroke by the person with this number, modulo their count. The book has strokes.
  const RecordedStroke& pick(std::uint32_t person, base::PhiloxStream& stream) const;

 private:
  std::map<std::string, std::vector<RecordedStroke>> persons_;
};

/// The record's deviation at n even places of a line of this length, same unit as length.
std::vector<double> replayed(const RecordedStroke& stroke, std::size_t n, double length);

}  // namespace inknav::sketch
