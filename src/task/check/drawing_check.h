// SPDX-License-Identifier: MIT
#pragma once
// check_drawing: one drawing as an agent would read it, and the truth beside it, for a check of a folder.
//
// It must be there, be a picture within limits, and have ink; marks that are missing or there twice are a
// warning, because an agent can do without. A truth must be that of this picture and, where the episode is
// known, of its start and goal (0.15 of the paper's side).
// Whatever is wrong is a finding. Pure; safe from any thread. Cost: about 20 ms.

#include <filesystem>
#include <string>

#include "task/check/check_findings.h"
#include "task/episode.h"

namespace inknav::task {

struct DrawingCheck {
  bool read = false;
  bool start = false;  // marks and traced route that were found on the paper
  bool goal = false;
  bool route = false;
  bool truth = false;   // with a correspondence to the world
  std::string summary;  // for people: where the marks are
  CheckFindings findings;
};

/// `episode` is null for a drawing by itself; `where` names the episode in findings.
DrawingCheck check_drawing(const std::filesystem::path& picture, const Episode* episode,
                           const std::string& where);

}  // namespace inknav::task
