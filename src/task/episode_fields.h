// SPDX-License-Identifier: MIT
#pragma once
// What all episode files have in common: an object with the list "episodes", read one episode at a time, and
// the fields of task::Episode. Internal to the module.

#include <cstddef>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "task/episode.h"
#include "task/json_stream.h"
#include "task/json_value.h"

namespace inknav::task {

/// Receives the parts of an episode file in its order.
class EpisodeSink {
 public:
  virtual ~EpisodeSink() = default;
  virtual base::Status episode(const JsonElement& value, const JsonPlace& place) = 0;
  /// Any other key of the file; the value must be read (stream.skip() if it means nothing).
  virtual base::Status other(const std::string& key, JsonStream& stream) = 0;
};

/// Reads the whole file; kData when there is no list "episodes", or two.
base::Status read_episode_file(JsonStream& stream, EpisodeSink& sink);

/// Fills task::Episode field by field.
class EpisodeFields {
 public:
  /// False: it is no field of Episode.
  base::Result<bool> read(std::string_view key, const JsonElement& value, const JsonPlace& place);
  /// What must be there is. Without goals the last point of reference_path is the goal.
  base::Status finish(const JsonPlace& place);
  Episode& episode() { return episode_; }

 private:
  base::Status info(const JsonElement& value, const JsonPlace& place);
  base::Status reference_path(const JsonElement& value, const JsonPlace& place);
  base::Status goals(const JsonElement& value, const JsonPlace& place);

  Episode episode_;
  bool has_position_ = false;
  bool has_rotation_ = false;
};

/// {position, radius?, ...}
base::Status read_goal(const JsonElement& value, const JsonPlace& place, Goal& goal);

/// One warning for keys that have no meaning here.
void warn_unknown_keys(const std::string& file, const std::set<std::string>& keys);

}  // namespace inknav::task
