// SPDX-License-Identifier: MIT
#pragma once
// inspect_episodes: load_episodes for a check. It goes on after an episode that cannot be read, so that all
// of them are told at once; the file itself must be whole (else an error, as load_episodes has it). Same
// limits and messages. Memory: as load_episodes.

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "task/episode.h"

namespace inknav::task {

enum class EpisodeFaultKind : std::uint8_t { kUnreadable, kRotation, kDuplicate };

struct EpisodeFault {
  std::size_t number = 0;  // of the episode in the file, from 0
  EpisodeFaultKind kind = EpisodeFaultKind::kUnreadable;
  std::string message;  // without the name of the file and the number: "goals[0].position must be ..."
};

struct EpisodeInspection {
  std::vector<Episode> episodes;     // that can be read; of those with one id the first
  std::vector<std::size_t> numbers;  // [episodes] in the file
  std::vector<EpisodeFault> faults;  // in the order of the file
  std::size_t size() const { return episodes.size() + faults.size(); }
};

base::Result<EpisodeInspection> inspect_episodes(const std::filesystem::path& path);

}  // namespace inknav::task
