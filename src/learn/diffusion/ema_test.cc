// SPDX-License-Identifier: MIT
#include "learn/diffusion/ema.h"

#include <gtest/gtest.h>

#include <cmath>

namespace inknav::learn {
namespace {

TEST(Ema, DecayTable) {
  const EmaSettings usual;
  EXPECT_EQ(ema_decay(usual, 0), 0.0);
  EXPECT_EQ(ema_decay(usual, 1), 0.0);
  EXPECT_NEAR(ema_decay(usual, 2), 0.40539644249863949, 1e-12);
  EXPECT_NEAR(ema_decay(usual, 3), 0.56130866234916921, 1e-12);
  EXPECT_NEAR(ema_decay(usual, 10), 0.82217205899610768, 1e-12);
  EXPECT_NEAR(ema_decay(usual, 101), 0.96861233782452771, 1e-12);
  EXPECT_NEAR(ema_decay(usual, 1000), 0.99437658674809648, 1e-12);
  EXPECT_NEAR(ema_decay(usual, 10000), 0.999, 1e-12);
  EXPECT_EQ(ema_decay(usual, 215446), 0.9999);
  EXPECT_EQ(ema_decay(usual, 10'000'000), 0.9999);
  EmaSettings slow;
  slow.power = 2.0 / 3.0;
  EXPECT_NEAR(ema_decay(slow, 2), 0.3700394750525634, 1e-12);
  EXPECT_NEAR(ema_decay(slow, 10), 0.78455653099681166, 1e-12);
  EXPECT_NEAR(ema_decay(slow, 1000), 0.99, 1e-12);
  EXPECT_NEAR(ema_decay(slow, 10000), 0.99784556530996815, 1e-12);
  EmaSettings late;
  late.update_after = 50;
  EXPECT_EQ(ema_decay(late, 51), 0.0);
  EXPECT_EQ(ema_decay(late, 60), ema_decay(usual, 10));
  EmaSettings bounded;
  bounded.min_value = 0.5;
  EXPECT_EQ(ema_decay(bounded, 1), 0.0);  // the copying calls are not bounded
  EXPECT_EQ(ema_decay(bounded, 2), 0.5);
}

TEST(Ema, AveragesAndResumes) {
  const auto weights = [](int k) { return torch::arange(5, torch::kFloat32) + static_cast<float>(k * k); };
  Ema whole(weights(0), {});
  double wanted = 0.0;  // of the first element
  for (int k = 0; k < 20; ++k) {
    whole.update(weights(k));
    const double decay = ema_decay({}, k);
    wanted = decay * wanted + (1.0 - decay) * k * k;
    if (k < 2) {
      EXPECT_TRUE(torch::equal(whole.values(), weights(k)));
    }
  }
  EXPECT_NEAR(whole.values()[0].item<float>(), wanted, 1e-4);
  EXPECT_EQ(whole.calls(), 20);
  // Law: a resumed average continues bit for bit.
  Ema resumed(weights(99), {});
  resumed.restore(whole.values(), whole.calls());
  whole.update(weights(20));
  resumed.update(weights(20));
  EXPECT_TRUE(torch::equal(whole.values(), resumed.values()));
}

TEST(Ema, BadSettingsAreRefused) {
  const auto expect_refused = [](const EmaSettings& settings, const char* wanted) {
    const base::Status status = settings.validate();
    ASSERT_FALSE(status.ok()) << wanted;
    EXPECT_EQ(status.error().code, base::ErrorCode::kUsage);
    EXPECT_NE(status.error().message.find(wanted), std::string::npos) << status.error().message;
  };
  EXPECT_TRUE(EmaSettings().validate().ok());
  expect_refused({.power = 0.0}, "power = 0 is not above 0");
  expect_refused({.inv_gamma = -1.0}, "inv_gamma = -1 is not positive");
  expect_refused({.max_value = 1.0}, "max_value = 1 are not in");
  expect_refused({.min_value = 0.9, .max_value = 0.5}, "min_value = 0.9");
  expect_refused({.update_after = -1}, "update_after = -1 is negative");
}

}  // namespace
}  // namespace inknav::learn
