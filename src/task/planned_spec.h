// SPDX-License-Identifier: MIT
#pragma once
// The fields that a NavigationEnv of these settings will have, before there is one: what memory it will take
// and what a policy will see can be known before any scene is loaded.
// Law: planned_spec(settings) == NavigationEnv::create(settings, ...)->spec().

#include <cstdint>

#include "task/navigation_env.h"
#include "task/vector_env.h"

namespace inknav::task {

EnvSpec planned_spec(const NavigationEnvSettings& settings);

/// Of all values of a field, over all environments; 0: there is no such field.
std::uint64_t field_bytes(const EnvSpec& spec, std::string_view name);
/// Of all fields.
std::uint64_t field_bytes(const EnvSpec& spec);

}  // namespace inknav::task
