// SPDX-License-Identifier: MIT
#pragma once
// The JSON parts of demonstration files (task/demonstration_file.h). Internal to the module.

#include <string>
#include <string_view>

#include "base/result.h"
#include "task/demonstration_file.h"

namespace inknav::task::internal {

inline constexpr std::uint32_t kDemonstrationVersion = 1;

/// Every field of the format, in a fixed order.
std::string format_text(const DemonstrationFormat& format);

std::string manifest_to_json(const DemonstrationManifest& manifest);
base::Result<DemonstrationManifest> manifest_from_json(std::string_view text, const std::string& name);

std::string shard_header_to_json(const ShardHeader& header);
/// Offsets are those after a header of `header_end` bytes; names and numbers are checked.
base::Result<ShardHeader> shard_header_from_json(std::string_view text, std::uint64_t header_end,
                                                 const std::string& name);

base::Error other_version(const std::string& name, std::uint64_t found);

}  // namespace inknav::task::internal
