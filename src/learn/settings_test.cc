// SPDX-License-Identifier: MIT
#include "learn/settings.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "base/member_count.h"

namespace inknav::learn {
namespace {

using base::member_count;
using nlohmann::json;

/// Keys with this prefix; "" counts those without any.
std::size_t keys_of(const json& stored, const std::string& prefix) {
  std::size_t count = 0;
  for (const auto& [key, value] : stored.items()) {
    const std::size_t dot = key.find('.');
    count += key.substr(0, dot == std::string::npos ? 0 : dot + 1) == prefix ? 1 : 0;
  }
  return count;
}

TEST(PolicySettings, EveryMemberIsStored) {
  const json stored = json::parse(PolicySettings().to_json());
  EXPECT_EQ(keys_of(stored, ""), member_count<PolicySettings>() - 2)
      << "reading and diffusion have their own";
  EXPECT_EQ(keys_of(stored, "reading."), member_count<ReadingSettings>());
  constexpr std::size_t kOfNoise = 6;  // the others are never set
  EXPECT_EQ(keys_of(stored, "diffusion."),
            member_count<DiffusionSettings>() - 2 + member_count<SamplerSettings>() + kOfNoise);
}

/// The stored defaults with one value changed, or taken out.
std::string message_with(const std::string& key, const json& value) {
  json stored = json::parse(PolicySettings().to_json());
  if (value.is_null()) {
    stored.erase(key);
  } else {
    stored[key] = value;
  }
  const auto read = PolicySettings::from_json(stored.dump(), "x");
  return read.ok() ? std::string() : read.error().message;
}

TEST(PolicySettings, MembersThatCameLaterMayBeMissing) {
  int later = 0;
  const json stored = json::parse(PolicySettings().to_json());
  for (const auto& [key, value] : stored.items()) {
    const std::string message = message_with(key, json());
    if (message.empty()) {
      ++later;
      EXPECT_TRUE(key.starts_with("diffusion.") || key.starts_with("attention_") || key == "context_window" ||
                  key == "reading.hypotheses")
          << key;
    } else {
      EXPECT_EQ(message, "x: policy settings: " + key +
                             " wanted, not found; use a checkpoint that this program wrote");
    }
  }
  EXPECT_EQ(later, 18 + 3 + 1 + 1);
}

TEST(PolicySettings, NumbersOutsideTheirLimitsAreRefused) {
  EXPECT_EQ(message_with("hidden_size", 8192), "");
  for (const auto& [key, value] : {std::pair<const char*, json>{"hidden_size", 8193},
                                   {"hidden_size", 0},
                                   {"num_actions", 65},
                                   {"backbone", 4},
                                   {"recurrence", 5},
                                   {"reading.grid_size", 1 << 20},
                                   {"reading.hypotheses", -1},
                                   {"diffusion.sampler", 4},
                                   {"diffusion.horizon", 18},
                                   {"diffusion.point_size", 3},
                                   {"diffusion.width", 48},
                                   {"diffusion.warm_start", 1.0},
                                   {"diffusion.num_inference_steps", 1001},
                                   {"diffusion.goal_rays", 361}}) {
    EXPECT_NE(message_with(key, value).find("sizes within their limits wanted"), std::string::npos)
        << key << " = " << value;
  }
}

}  // namespace
}  // namespace inknav::learn
