// SPDX-License-Identifier: MIT
#pragma once
// Keys of the lineage (SoundSpaces, Habitat-Lab) that users' files hold and that have no meaning here.
// They are accepted and named once in the log with the reason. Internal to config.

#include <optional>
#include <string>
#include <string_view>

namespace inknav::config {

/// Why the dotted key (or the section that it opens) is ignored; nullopt: it is not such a key.
std::optional<std::string_view> ignored_reason(std::string_view dotted_key);

/// The key's name here, for a key of the lineage that has a meaning but moved.
std::optional<std::string_view> moved_to(std::string_view dotted_key);

}  // namespace inknav::config
