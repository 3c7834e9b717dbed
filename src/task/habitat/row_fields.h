// SPDX-License-Identifier: MIT
#pragma once
// Parts of an episode's JSON that go into the tables of HabitatDataset. Internal to the reader. All errors
// are kData with the JSON path.

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "task/habitat/habitat_dataset.h"
#include "task/json_stream.h"
#include "task/json_value.h"

namespace inknav::task::habitat {

/// {instruction_text, instruction_tokens?, instruction_id?, language?, annotator_id?, edit_distance?}
base::Status read_instruction(const JsonElement& value, const JsonPlace& place, HabitatDataset& tables,
                              InstructionRow& row);
/// instruction_vocab {word_list, UNK_INDEX?, PAD_INDEX?, ...}; replaces what was there.
base::Status read_vocabulary(const JsonElement& value, const JsonPlace& place, Vocabulary& vocabulary);

/// [[{position, rotation, action}, ...], ...]; a step may be a bare action or null.
base::Status read_shortest_paths(const JsonElement& value, const JsonPlace& place, HabitatDataset& tables,
                                 Slice& row);

/// One goal of ObjectNav.
base::Status read_object_goal(const JsonElement& value, const JsonPlace& place, HabitatDataset& tables,
                              ObjectGoal& goal);
/// {category: number}
base::Status read_category_map(const JsonElement& value, const JsonPlace& place, CategoryMap& map);

/// A text, or null for "".
base::Status read_name(const JsonElement& value, const JsonPlace& place, NameTable& names, NameId& out);

}  // namespace inknav::task::habitat
