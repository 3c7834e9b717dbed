// SPDX-License-Identifier: MIT
// The schedule and its steps against double-precision figures computed independently (plain Python doubles).
#include "learn/diffusion/noise_schedule.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "learn/diffusion/flow.h"

namespace inknav::learn {
namespace {

using Settings = NoiseScheduleSettings;

Settings cosine(int size, bool clip = true) {
  Settings s;
  s.num_train_timesteps = size;
  s.beta_schedule = BetaSchedule::kSquaredCosine;
  s.clip_sample = clip;
  return s;
}

NoiseSchedule schedule(const Settings& settings) {
  auto made = NoiseSchedule::make(settings);
  EXPECT_TRUE(made.ok());
  return std::move(made).value();
}

void expect_near(double found, double wanted, double relative = 1e-12) {
  EXPECT_NEAR(found, wanted, relative * std::max(1.0, std::abs(wanted)));
}

struct Level {
  int t;
  double beta, kept;
};

void expect_levels(const NoiseSchedule& s, std::initializer_list<Level> levels) {
  for (const Level& level : levels) {
    SCOPED_TRACE(level.t);
    const auto t = static_cast<std::size_t>(level.t);
    EXPECT_NEAR(s.betas()[t] / level.beta, 1.0, 1e-12);
    EXPECT_NEAR(s.alpha_cumprod()[t] / level.kept, 1.0, 1e-12);
  }
}

TEST(NoiseSchedule, SquaredCosineTables) {
  expect_levels(schedule(cosine(10)), {{0, 0.027907262886030959, 0.97209273711396904},
                                       {1, 0.075493637296722427, 0.89870592059950893},
                                       {2, 0.12439598636904847, 0.78691051115082922},
                                       {3, 0.17718952540157384, 0.64747821114650395},
                                       {4, 0.23728153019052478, 0.4938435904406378},
                                       {5, 0.30988344010857216, 0.34080963975932416},
                                       {6, 0.40400314303967555, 0.20312147411833761},
                                       {7, 0.53699817764288538, 0.094045612676653803},
                                       {8, 0.743829366895427, 0.024091724140085861},
                                       {9, 0.999, 2.4091724140085884e-05}});
  expect_levels(schedule(cosine(100)), {{0, 0.00063128159834169306, 0.99936871840165831},
                                        {1, 0.0011169370373218523, 0.99825248646613463},
                                        {10, 0.0055303697149333697, 0.9667167048805273},
                                        {20, 0.010685132499150707, 0.88910312876013176},
                                        {30, 0.016398693153421018, 0.77400620713926493},
                                        {40, 0.023108826605763633, 0.63251574943410915},
                                        {50, 0.031546339360725817, 0.47826463294547811},
                                        {60, 0.043116124349427132, 0.32611524895197769},
                                        {70, 0.061017631945299966, 0.19072748277039811},
                                        {80, 0.094628625078509443, 0.085146205654395998},
                                        {90, 0.18875144486174278, 0.019544376399434123},
                                        {97, 0.55537561936335522, 0.00097119302987125572},
                                        {98, 0.74993928038466273, 0.00024285722793500596},
                                        {99, 0.999, 2.4285722793500615e-07}});
  expect_levels(schedule(cosine(1000)), {{0, 4.128422482196914e-05, 0.99995871577517803},
                                         {250, 0.0013272239542118092, 0.84588798649688324},
                                         {500, 0.0031556914415850068, 0.49228517244880304},
                                         {750, 0.0075791226547340385, 0.14317864642609812},
                                         {999, 0.999, 2.4287669070348567e-09}});
}

TEST(NoiseSchedule, TenLevelsAreEveryTenthOfAHundred) {
  const NoiseSchedule ten = schedule(cosine(10)), hundred = schedule(cosine(100));
  for (std::size_t i = 0; i < 9; ++i)
    expect_near(ten.alpha_cumprod()[i], hundred.alpha_cumprod()[10 * i + 9]);
}

TEST(NoiseSchedule, OtherCourses) {
  Settings s;
  const NoiseSchedule linear = schedule(s);
  expect_near(linear.alpha_cumprod()[0], 0.9999);
  expect_near(linear.alpha_cumprod()[499], 0.078587242881778208);
  expect_near(linear.alpha_cumprod()[500], 0.077796658365023863);
  EXPECT_NEAR(linear.alpha_cumprod()[999] / 4.0358297653756754e-05, 1.0, 1e-12);
  s.num_train_timesteps = 100;
  expect_near(schedule(s).alpha_cumprod()[50], 0.76929131230697545);
  expect_near(schedule(s).alpha_cumprod()[99], 0.36356324805549223);
  s.beta_schedule = BetaSchedule::kSigmoid;
  expect_near(schedule(s).betas()[50], 0.010351422894262842);
  expect_near(schedule(s).alpha_cumprod()[50], 0.87886521193836953);
  expect_near(schedule(s).alpha_cumprod()[99], 0.36295501352942106);
  s.num_train_timesteps = 1000;
  s.beta_schedule = BetaSchedule::kScaledLinear;
  s.beta_start = 0.00085;
  s.beta_end = 0.012;
  expect_near(schedule(s).alpha_cumprod()[500], 0.2763326838229746);
  expect_near(schedule(s).alpha_cumprod()[999], 0.004660098513077234);
}

TEST(NoiseSchedule, ZeroSignalToNoiseAtTheEnd) {
  Settings s = cosine(100);
  s.zero_snr = true;
  s.prediction_type = PredictionType::kV;
  const NoiseSchedule rescaled = schedule(s);
  expect_near(rescaled.alpha_cumprod()[0], 0.99936871840165842);
  expect_near(rescaled.alpha_cumprod()[50], 0.47805446833886217);
  EXPECT_NEAR(rescaled.alpha_cumprod()[98] / 0.00022796514592835632, 1.0, 1e-12);
  EXPECT_EQ(rescaled.alpha_cumprod()[99], 0.0);
  EXPECT_EQ(rescaled.betas()[99], 1.0);
  // The last level is usable: v there is -x0.
  expect_near(rescaled.x0_from_output(0.7, -0.4, 99), 0.4);
  EXPECT_TRUE(std::isfinite(rescaled.ddpm_step(0.7, -0.4, 99, 100, 0.1).x));
}

TEST(NoiseSchedule, TimestepTables) {
  Settings s = cosine(100);
  const auto steps = [&](TimestepSpacing spacing, int n) {
    s.spacing = spacing;
    return schedule(s).timesteps(n).value();
  };
  using V = std::vector<int>;
  EXPECT_EQ(steps(TimestepSpacing::kLeading, 8), (V{84, 72, 60, 48, 36, 24, 12, 0}));
  EXPECT_EQ(steps(TimestepSpacing::kLeading, 16),
            (V{90, 84, 78, 72, 66, 60, 54, 48, 42, 36, 30, 24, 18, 12, 6, 0}));
  EXPECT_EQ(steps(TimestepSpacing::kLeading, 10), (V{90, 80, 70, 60, 50, 40, 30, 20, 10, 0}));
  EXPECT_EQ(steps(TimestepSpacing::kTrailing, 10), (V{99, 89, 79, 69, 59, 49, 39, 29, 19, 9}));
  EXPECT_EQ(steps(TimestepSpacing::kTrailing, 8), (V{99, 87, 74, 61, 49, 37, 24, 11}));
  EXPECT_EQ(steps(TimestepSpacing::kTrailing, 1), (V{99}));
  EXPECT_EQ(steps(TimestepSpacing::kLinspace, 10), (V{99, 88, 77, 66, 55, 44, 33, 22, 11, 0}));
  EXPECT_EQ(steps(TimestepSpacing::kLinspace, 8), (V{99, 85, 71, 57, 42, 28, 14, 0}));
  s.steps_offset = 1;
  EXPECT_EQ(steps(TimestepSpacing::kLeading, 10), (V{91, 81, 71, 61, 51, 41, 31, 21, 11, 1}));
}

TEST(NoiseSchedule, EveryTimestepIsALevelAndTheyFall) {
  for (const int size : {1, 2, 7, 100, 1000}) {
    for (const TimestepSpacing spacing :
         {TimestepSpacing::kLeading, TimestepSpacing::kTrailing, TimestepSpacing::kLinspace}) {
      Settings s = cosine(size);
      s.spacing = spacing;
      const NoiseSchedule made = schedule(s);
      for (int n = std::min(2, size); n <= size; ++n) {
        const std::vector<int> steps = made.timesteps(n).value();
        ASSERT_EQ(steps.size(), static_cast<std::size_t>(n));
        for (std::size_t i = 0; i < steps.size(); ++i) {
          ASSERT_TRUE(steps[i] >= 0 && steps[i] < size) << size << " " << n;
          ASSERT_TRUE(i == 0 || steps[i] < steps[i - 1]) << size << " " << n;
        }
      }
    }
  }
}

TEST(NoiseSchedule, AddNoiseAndTargets) {
  const NoiseSchedule s = schedule(cosine(100));
  const std::pair<int, double> wanted[] = {{0, 0.4923045593226405},
                                           {1, 0.48702194904441926},
                                           {50, 0.12908964383273425},
                                           {90, -0.22715327590680667},
                                           {99, -0.29975356083810134}};
  for (const auto& [t, x] : wanted) expect_near(s.add_noise(0.5, -0.3, t), x);
  // Law: a model that says the target gives x0 back.
  for (const PredictionType type : {PredictionType::kEpsilon, PredictionType::kSample, PredictionType::kV}) {
    Settings settings = cosine(100);
    settings.prediction_type = type;
    const NoiseSchedule made = schedule(settings);
    for (const int t : {0, 1, 50, 90, 98}) {
      const double x = made.add_noise(0.5, -0.3, t);
      expect_near(made.x0_from_output(x, made.target(0.5, -0.3, t), t), 0.5, 1e-10);
    }
  }
}

TEST(NoiseSchedule, DdimStep) {
  const NoiseSchedule clip = schedule(cosine(100)), free = schedule(cosine(100, false));
  const auto expect_step = [](const StepResult& found, double x, double x0) {
    expect_near(found.x, x);
    expect_near(found.x0, x0);
  };
  expect_step(clip.ddim_step(.3, -.7, 90, 10), -0.37773770061783601, 1);
  expect_step(free.ddim_step(.3, -.7, 90, 10), 1.4033526928228288, 7.1038423976731213);
  expect_step(clip.ddim_step(.3, -.7, 50, 10), 0.37096523273516607, 1);
  expect_step(free.ddim_step(.3, -.7, 50, 10), 0.50212610786802703, 1.1649182181429287);
  for (const NoiseSchedule& s : {clip, free}) {
    expect_step(s.ddim_step(.3, -.7, 10, 10), 0.41728140355576065, 0.43500645352969858);
    expect_step(s.ddim_step(.3, -.7, 0, 10), 0.31768801364180277, 0.31768801364180277);
  }
  Settings s = cosine(100);
  s.set_alpha_to_one = false;
  expect_near(schedule(s).ddim_step(.3, -.7, 0, 10).x, 0.29999999999999999);
  s = cosine(100);
  s.use_clipped_model_output = true;
  expect_near(schedule(s).ddim_step(.3, -.7, 90, 10).x, 0.44654483129104833);
  s = cosine(100);
  s.eta = 1.0;
  expect_near(schedule(s).ddim_step(.3, -.7, 50, 10, .25).x, 0.58924340852638335);
  s = cosine(100);
  s.prediction_type = PredictionType::kSample;
  expect_step(schedule(s).ddim_step(.3, -.7, 50, 10), 0.1013415512216046, -0.7);
  s.prediction_type = PredictionType::kV;
  expect_step(schedule(s).ddim_step(.3, -.7, 50, 10), 0.40502466286978367, 0.71308879811618742);
}

TEST(NoiseSchedule, DdpmStep) {
  struct Case {
    int t;
    double x, x0;
  };
  for (const DdpmVariance variance : {DdpmVariance::kFixedSmall, DdpmVariance::kFixedSmallLog}) {
    Settings settings = cosine(100);
    settings.variance = variance;
    const NoiseSchedule s = schedule(settings);
    for (const Case& c : {Case{99, 0.27489748367990569, 1}, Case{50, 0.37264050647103236, 1},
                          Case{10, 0.33913566072643636, 0.43500645352969858},
                          Case{1, 0.32390311467453387, 0.32955036303324009},
                          Case{0, 0.31768801364180277, 0.31768801364180277}}) {
      SCOPED_TRACE(c.t);
      const StepResult found = s.ddpm_step(.3, -.7, c.t, 100, .25);
      expect_near(found.x, c.x);
      expect_near(found.x0, c.x0);
    }
    for (const auto& [t, wanted] :
         {std::pair{1, 0.00040348860509706016}, std::pair{10, 0.0046370853888590214},
          std::pair{50, 0.030604369329437383}, std::pair{99, 0.99875762818480185}}) {
      EXPECT_NEAR(s.ddpm_variance(t, 100) / wanted, 1.0, 1e-12);
    }
  }
  const NoiseSchedule ten = schedule(cosine(10));
  const double wanted[] = {0.42288074421105754, 0.52075080306439081, 0.58298619145739439, 0.64284556087122591,
                           0.6613231235126571,  0.6436667295482208,  0.63208037983701681, 0.61851699593591913,
                           0.58243868643235874, 0.41117174481579177};
  for (int t = 0; t < 10; ++t) expect_near(ten.ddpm_step(.3, -.7, t, 10, .25).x, wanted[t]);
  expect_near(ten.ddpm_step(.3, -.7, 3, 10, .25).x0, 0.88933778697560917);
}

using Model = std::function<double(double x, int t)>;

std::vector<double> ddim_loop(const NoiseSchedule& s, int n, double x, const Model& model) {
  std::vector<double> course;
  const std::vector<int> steps = s.timesteps(n).value();
  for (const int t : steps) course.push_back(x = s.ddim_step(x, model(x, t), t, n).x);
  return course;
}

/// The exact noise prediction for data N(mu, deviation^2).
Model gaussian_model(const NoiseSchedule& s, double mu, double deviation) {
  return [&s, mu, deviation](double x, int t) {
    const double a = s.alpha_cumprod()[static_cast<std::size_t>(t)];
    return (x - std::sqrt(a) * mu) * std::sqrt(1.0 - a) / (a * deviation * deviation + 1.0 - a);
  };
}

TEST(NoiseSchedule, WholeLoopOfSimpleModels) {
  const NoiseSchedule clip = schedule(cosine(100)), free = schedule(cosine(100, false));
  const Model constant = [](double, int) { return .1; };
  expect_near(ddim_loop(clip, 10, .3, constant).back(), 1.0);
  expect_near(ddim_loop(free, 10, .3, constant).back(), 1.4376274046765696);
  const Model half = [](double x, int) { return .5 * x; };
  expect_near(ddim_loop(clip, 10, 1.0, half).back(), 0.87000123509123339);
  expect_near(ddim_loop(free, 10, 1.0, half).back(), 2.0948411899557686);
}

TEST(NoiseSchedule, WholeLoopEndsAtAPointMass) {
  const NoiseSchedule s = schedule(cosine(100));
  const Model point = [&](double x, int t) {
    const double a = s.alpha_cumprod()[static_cast<std::size_t>(t)];
    return (x - std::sqrt(a) * .4) / std::sqrt(1.0 - a);
  };
  const double wanted[] = {
      1.5116511214234,  1.48666133149961,  1.4256349475558,   1.33004845676276,  1.20221348554024,
      1.04521718365397, 0.862834035989554, 0.659353571218556, 0.436516527997091, 0.4};
  const std::vector<double> course = ddim_loop(s, 10, 1.5, point);
  for (std::size_t i = 0; i < 10; ++i)
    expect_near(course[i], wanted[i], 1e-13);  // the figures have 15 digits
  EXPECT_NEAR(course.back(), 0.4, 1e-15);
}

TEST(NoiseSchedule, WholeLoopOfAGaussian) {
  Settings settings = cosine(100, false);
  const NoiseSchedule leading = schedule(settings);
  const double wanted[] = {1.48325600800065,  1.43408168142254,  1.35419744198838,  1.24650908818029,
                           1.11536729495157,  0.967196952815701, 0.812068790984657, 0.667540158526453,
                           0.564186462692313, 0.561825096102014};
  const std::vector<double> course = ddim_loop(leading, 10, 1.5, gaussian_model(leading, .2, .3));
  for (std::size_t i = 0; i < 10; ++i) expect_near(course[i], wanted[i], 1e-13);
  for (const auto& [n, end] : {std::pair{5, 0.494718289115659}, std::pair{20, 0.602471610645413},
                               std::pair{50, 0.629754067631514}, std::pair{100, 0.639394875722546}}) {
    expect_near(ddim_loop(leading, n, 1.5, gaussian_model(leading, .2, .3)).back(), end, 1e-13);
  }
  // One leading level returns the noise nearly unchanged, which is why timesteps(1) refuses it.
  expect_near(leading.ddim_step(1.5, gaussian_model(leading, .2, .3)(1.5, 0), 0, 1).x, 1.49140970596659,
              1e-13);
  // From level 99, 1 / sqrt(a) = 2029 magnifies rounding: 1e-12.
  settings.spacing = TimestepSpacing::kTrailing;
  const NoiseSchedule trailing = schedule(settings);
  for (const auto& [n, end] :
       {std::pair{1, 0.200066524381125}, std::pair{2, 0.322581049255202}, std::pair{4, 0.440603505833395},
        std::pair{5, 0.47495061175534}, std::pair{10, 0.554945257574247}, std::pair{20, 0.600071330562416}}) {
    expect_near(ddim_loop(trailing, n, 1.5, gaussian_model(trailing, .2, .3)).back(), end, 1e-12);
  }
}

struct Spread {
  double mean, deviation;
};

/// Mean and deviation of the outputs for x_T ~ N(0, 1): every step is affine in x and in its noise.
Spread spread(const NoiseSchedule& s, int n, bool ddpm, double mu, double deviation) {
  const Model model = gaussian_model(s, mu, deviation);
  Spread result{0.0, 1.0};
  const std::vector<int> steps = s.timesteps(n).value();
  for (const int t : steps) {
    const auto step = [&](double x, double z) {
      return ddpm ? s.ddpm_step(x, model(x, t), t, n, z).x : s.ddim_step(x, model(x, t), t, n, z).x;
    };
    const double at_zero = step(0, 0), gain = step(1, 0) - at_zero, noise = step(0, 1) - at_zero;
    result = {at_zero + gain * result.mean, std::hypot(gain * result.deviation, noise)};
  }
  return result;
}

TEST(NoiseSchedule, FewStepsUnderDisperse) {
  const NoiseSchedule s = schedule(cosine(100, false)), ten = schedule(cosine(10, false));
  const auto expect_spread = [](const Spread& found, double mean, double deviation) {
    expect_near(found.mean, mean, 1e-13);
    expect_near(found.deviation, deviation, 1e-13);
  };
  expect_spread(spread(s, 10, false, .2, .3), 0.193127416098741, 0.245798453335515);
  expect_near(spread(s, 20, false, .2, .3).deviation, 0.270561789686896, 1e-13);
  expect_near(spread(s, 50, false, .2, .3).deviation, 0.287099261037307, 1e-13);
  expect_spread(spread(s, 100, false, .2, .3), 0.199971126609903, 0.292949166075095);
  expect_spread(spread(s, 100, true, .2, .3), 0.199999995628569, 0.28425157532554);
  expect_spread(spread(s, 10, true, .2, .3), 0.199641831053081, 0.214112022018782);
  expect_spread(spread(ten, 10, true, .2, .3), 0.199999566339458, 0.214359541361866);
}

TEST(NoiseSchedule, GainOnUnitVarianceIsAProductOfCosines) {
  const auto gain = [](int size, TimestepSpacing spacing, int n) {
    Settings settings = cosine(size, false);
    settings.spacing = spacing;
    return spread(schedule(settings), n, false, 0.0, 1.0).deviation;
  };
  for (const auto& [n, wanted] :
       {std::pair{5, 0.819751629189082}, std::pair{10, 0.895387139330712}, std::pair{16, 0.935893378556025},
        std::pair{20, 0.943386975403418}, std::pair{100, 0.987700710299383}}) {
    expect_near(gain(100, TimestepSpacing::kLeading, n), wanted, 1e-13);
  }
  for (const auto& [n, wanted] : {std::pair{5, 0.778165547456318}, std::pair{10, 0.883495130508825},
                                  std::pair{20, 0.940095160484712}}) {
    expect_near(gain(100, TimestepSpacing::kTrailing, n), wanted, 1e-13);
  }
  expect_near(gain(10, TimestepSpacing::kLeading, 10), 0.884097486083264, 1e-13);
}

TEST(Flow, GaussianByEulerAndHeun) {
  const auto velocity = [](double x, double t) {
    const double mu = .2, deviation = .3;
    const double variance = (1 - t) * (1 - t) + t * t * deviation * deviation;
    return mu + (t * deviation * deviation - (1 - t)) / variance * (x - t * mu);
  };
  for (const auto& [n, wanted] :
       {std::pair{1, 0.2}, std::pair{2, 0.3238532110091743}, std::pair{4, 0.4658701143062758},
        std::pair{10, 0.5702982397148937}, std::pair{20, 0.6085568507801491}}) {
    expect_near(flow_euler(1.5, n, velocity), wanted);
  }
  for (const auto& [n, wanted] :
       {std::pair{1, 0.95}, std::pair{2, 0.7065230199478159}, std::pair{4, 0.6649429585914874},
        std::pair{5, 0.6623190406555678}, std::pair{10, 0.6546866375553918}}) {
    expect_near(flow_heun(1.5, n, velocity), wanted);
  }
  EXPECT_NEAR(flow_heun(1.5, 2000, velocity), 0.65, 1e-6);
  EXPECT_EQ(flow_point(2.0, 4.0, 0.25), 2.5);
  EXPECT_EQ(flow_velocity(2.0, 4.0), 2.0);
}

TEST(NoiseSchedule, ContradictionsAreRefused) {
  const auto expect_refused = [](const Settings& settings, const char* wanted) {
    const base::Status status = settings.validate();
    ASSERT_FALSE(status.ok()) << wanted;
    EXPECT_EQ(status.error().code, base::ErrorCode::kUsage);
    EXPECT_NE(status.error().message.find(wanted), std::string::npos) << status.error().message;
    EXPECT_FALSE(NoiseSchedule::make(settings).ok());
  };
  Settings s;
  s.num_train_timesteps = 0;
  expect_refused(s, "RL.DIFFUSION.num_train_timesteps = 0 is not within 1 and 100000");
  s = {};
  s.beta_start = 0.0;
  expect_refused(s, "RL.DIFFUSION.beta_start = 0 is not above 0");
  s = {};
  s.beta_end = s.beta_start;
  expect_refused(s, "RL.DIFFUSION.beta_end = 0.0001 is not above beta_start = 0.0001");
  s = {};
  s.beta_end = std::nan("");
  expect_refused(s, "RL.DIFFUSION.beta_end = nan");
  s = {};
  s.clip_sample_range = 0.0;
  expect_refused(s, "RL.DIFFUSION.clip_sample_range = 0 is not a positive number");
  s = {};
  s.eta = 1.5;
  expect_refused(s, "RL.DIFFUSION.eta = 1.5 is not within 0");
  s = {};
  s.steps_offset = 1000;
  expect_refused(s, "RL.DIFFUSION.steps_offset = 1000 is not within 0 and num_train_timesteps - 1 = 999");
  s = {};
  s.zero_snr = true;
  expect_refused(s, "RL.DIFFUSION.zero_snr = True contradicts prediction_type = epsilon");
}

TEST(NoiseSchedule, ImpossibleStepCountsAreRefused) {
  const auto expect_refused = [](const Settings& settings, int n, const char* wanted) {
    const auto steps = schedule(settings).timesteps(n);
    ASSERT_FALSE(steps.ok()) << wanted;
    EXPECT_EQ(steps.error().code, base::ErrorCode::kUsage);
    EXPECT_NE(steps.error().message.find(wanted), std::string::npos) << steps.error().message;
  };
  Settings s = cosine(100);
  expect_refused(s, 0, "RL.DIFFUSION.num_inference_steps = 0 is not within 1 and num_train_timesteps = 100");
  expect_refused(s, 101,
                 "RL.DIFFUSION.num_inference_steps = 101 is not within 1 and num_train_timesteps = 100");
  expect_refused(s, 1, "timestep_spacing = leading visits only the cleanest level and returns the noise");
  s.steps_offset = 10;
  expect_refused(s, 10,
                 "steps_offset = 10 puts the first of 10 levels at 100, beyond num_train_timesteps - 1 = 99; "
                 "use at most 9");
  s.steps_offset = 0;
  s.spacing = TimestepSpacing::kLinspace;
  expect_refused(s, 1, "timestep_spacing = linspace visits only the cleanest level");
}

}  // namespace
}  // namespace inknav::learn
