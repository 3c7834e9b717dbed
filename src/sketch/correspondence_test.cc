// SPDX-License-Identifier: MIT
#include "sketch/correspondence.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "base/philox.h"
#include "sketch/test_util.h"

namespace inknav::sketch {
namespace {

using testing::random_warp;

glm::dvec2 random_point(base::PhiloxStream& stream, const Correspondence::Impl& impl, double margin) {
  const glm::dvec2 size = impl.domain_max - impl.domain_min;
  const glm::dvec2 s(stream.uniform(), stream.uniform());
  return impl.domain_min - margin * size + s * (1.0 + 2.0 * margin) * size;
}

TEST(Correspondence, ToWorldOfToPaperIsThePointToFloatPrecision) {
  float worst_ulps = 0.0f;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto impl = random_warp(seed);
    const Correspondence map(impl);
    base::PhiloxStream stream({seed, 1, 0, 0, base::Purpose::kTest});
    for (int i = 0; i < 500; ++i) {
      const glm::dvec2 p = random_point(stream, *impl, 0.2);
      // The inverse itself is exact to double precision ...
      EXPECT_LT(glm::length(impl->invert(impl->map(p, nullptr)) - p), 1e-10);
      // ... and in the float interface only the rounding of the paper coordinate is left.
      const base::Vec2 world(p);
      const base::Vec2 paper = map.to_paper(world);
      const base::Vec2 back = map.to_world(paper);
      glm::dmat2 jacobian(1.0);
      impl->map(glm::dvec2(world), &jacobian);
      const float ulp =
          std::numeric_limits<float>::epsilon() * std::max({1.0f, std::abs(paper.x), std::abs(paper.y)});
      const glm::dmat2 inverse = glm::inverse(jacobian);
      const float paper_rounding = ulp * static_cast<float>(std::abs(inverse[0].x) + std::abs(inverse[1].x) +
                                                            std::abs(inverse[0].y) + std::abs(inverse[1].y));
      const float rounding = paper_rounding + std::numeric_limits<float>::epsilon() * glm::length(world);
      worst_ulps = std::max(worst_ulps, glm::length(back - world) / rounding);
    }
  }
  EXPECT_LE(worst_ulps, 1.0f);
}

TEST(Correspondence, JacobianIsTheDerivativeOfToPaper) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto impl = random_warp(seed);
    base::PhiloxStream stream({seed, 2, 0, 0, base::Purpose::kTest});
    for (int i = 0; i < 100; ++i) {
      const glm::dvec2 p = random_point(stream, *impl, -0.01);
      glm::dmat2 analytic(1.0);
      impl->map(p, &analytic);
      const double h = 1e-6;
      for (int axis = 0; axis < 2; ++axis) {
        glm::dvec2 d(0.0);
        d[axis] = h;
        const glm::dvec2 numeric = (impl->map(p + d, nullptr) - impl->map(p - d, nullptr)) / (2.0 * h);
        EXPECT_LT(glm::length(numeric - analytic[axis]), 1e-8);
      }
    }
  }
}

TEST(Correspondence, IsContinuousAcrossTheBorderOfTheDomain) {
  const auto impl = random_warp(3);
  const glm::dvec2 on_border(impl->domain_max.x, 9.0);
  const glm::dvec2 step(1e-9, 0.0);
  EXPECT_LT(glm::length(impl->map(on_border + step, nullptr) - impl->map(on_border - step, nullptr)), 1e-8);
}

TEST(Correspondence, LocalSimilarityOfASimilarityIsItself) {
  // Paper is the world turned left by 0.3 rad and scaled by 0.05: on a plan with z down, a left turn maps +x
  // towards -z.
  const double turn = 0.3, scale = 0.05;
  auto impl = std::make_shared<Correspondence::Impl>();
  impl->linear[0] = scale * glm::dvec2(std::cos(turn), -std::sin(turn));
  impl->linear[1] = scale * glm::dvec2(std::sin(turn), std::cos(turn));
  impl->offset = {0.4, 0.6};
  const Correspondence map(impl);
  const base::Pose agent{base::Vec3(1.0f, 0.0f, 2.0f), base::rotation_from_yaw(0.7f)};
  const PaperPose pose = map.local_similarity({1.0f, 2.0f}, 0.7f);
  EXPECT_NEAR(pose.heading, 1.0f, 1e-6f);
  EXPECT_NEAR(pose.log_scale, std::log(0.05f), 1e-6f);
  for (const base::Vec2 body : {base::Vec2(1.0f, 0.0f), base::Vec2(0.0f, 1.0f), base::Vec2(-2.0f, 3.0f)}) {
    const base::Vec3 world = base::body_to_world(agent, body);
    const base::Vec2 want = map.to_paper({world.x, world.z});
    EXPECT_LT(glm::length(body_to_paper(pose, body) - want), 1e-6f);
  }
}

TEST(Correspondence, LocalSimilarityIsTheBestOne) {
  const auto impl = random_warp(5);
  const Correspondence map(impl);
  base::PhiloxStream stream({5, 3, 0, 0, base::Purpose::kTest});
  for (int i = 0; i < 50; ++i) {
    const base::Vec2 p(random_point(stream, *impl, 0.0));
    const glm::mat2 jacobian = map.jacobian(p);
    const auto misfit = [&](const PaperPose& pose) {
      float sum = 0.0f;
      for (int axis = 0; axis < 2; ++axis) {
        base::Vec2 body(0.0f);
        body[axis] = 1.0f;
        const base::Vec2 world = axis == 0 ? base::Vec2(1.0f, 0.0f) : base::Vec2(0.0f, -1.0f);
        const base::Vec2 difference = body_to_paper(pose, body) - pose.position - jacobian * world;
        sum += glm::dot(difference, difference);
      }
      return sum;
    };
    const PaperPose best = map.local_similarity(p, 0.0f);
    for (const float d : {-1e-2f, 1e-2f}) {
      PaperPose other = best;
      other.heading += d;
      EXPECT_GT(misfit(other), misfit(best));
      other = best;
      other.log_scale += d;
      EXPECT_GT(misfit(other), misfit(best));
    }
  }
}

TEST(Correspondence, JsonRoundTripIsExact) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const auto impl = random_warp(seed);
    const Correspondence map(impl);
    const std::string text = map.to_json();
    const auto again = Correspondence::from_json(text, "test");
    ASSERT_TRUE(again.ok()) << again.error().message;
    EXPECT_EQ(again->to_json(), text);
    base::PhiloxStream stream({seed, 4, 0, 0, base::Purpose::kTest});
    for (int i = 0; i < 50; ++i) {
      const base::Vec2 p(random_point(stream, *impl, 0.3));
      EXPECT_EQ(map.to_paper(p), again->to_paper(p));
    }
  }
}

TEST(Correspondence, AFoldIsFoundAndRefused) {
  auto impl = random_warp(1);
  EXPECT_FALSE(impl->has_fold(65, 0.0));
  for (auto& c : impl->grid) c *= 100.0;
  EXPECT_TRUE(impl->has_fold(65, 0.0));
  const auto read = Correspondence::from_json(Correspondence(impl).to_json(), "drawing.json");
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().code, base::ErrorCode::kData);
  EXPECT_EQ(read.error().message,
            "drawing.json: a map with an inverse is wanted, found one that folds over itself");
}

struct BadCase {
  const char* find;
  const char* replace;
  const char* message;
};

TEST(Correspondence, BadJsonIsRefusedByName) {
  const std::string good = Correspondence(random_warp(2)).to_json();
  const BadCase cases[] = {
      {"\"version\":1", "\"version\":2", "c.json.version: an integer in [1, 1] is wanted, found 2"},
      {"\"version\":1", "\"verso\":1", "c.json.version: is wanted and is not there"},
      {"\"version\":1", "\"version\":1,\"more\":0", "c.json.more: unknown key"},
      {"\"grid_x\":12", "\"grid_x\":11", "c.json.grid: grid_x * grid_z points are wanted"},
      {"\"grid_x\":12", "\"grid_x\":\"12\"", "c.json.grid_x: an integer in [0, 128] is wanted, found string"},
      {"\"domain\":[-3.0", "\"domain\":[1e999", "c.json: not valid JSON"},
      {"\"domain\":[-3.0", "\"domain\":[null", "c.json.domain[0]: a number within"},
      {"\"domain\":[-3.0", "\"domain\":[12.0", "c.json.domain: x and z of two corners are wanted"},
      {"\"domain\":[-3.0,", "\"domain\":[", "c.json.domain: a multiple of 4 numbers is wanted, found 3"},
  };
  for (const BadCase& bad : cases) {
    std::string text = good;
    const auto at = text.find(bad.find);
    ASSERT_NE(at, std::string::npos) << bad.find;
    text.replace(at, std::string(bad.find).size(), bad.replace);
    const auto read = Correspondence::from_json(text, "c.json");
    ASSERT_FALSE(read.ok()) << bad.replace;
    EXPECT_EQ(read.error().code, base::ErrorCode::kData);
    EXPECT_NE(read.error().message.find(bad.message), std::string::npos) << read.error().message;
  }
  for (std::size_t length = 0; length < good.size(); length += 97) {
    EXPECT_FALSE(Correspondence::from_json(good.substr(0, length), "cut").ok());
  }
  EXPECT_FALSE(Correspondence::from_json(std::string(100000, '['), "deep").ok());
}

}  // namespace
}  // namespace inknav::sketch
