// SPDX-License-Identifier: MIT
#include "learn/memory_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/control_group.h"
#include "learn/diffusion/goal_places.h"
#include "run/host_memory.h"
#include "task/planned_spec.h"

namespace inknav::learn {
namespace {

constexpr std::uint64_t kFloat = sizeof(float), kLong = sizeof(std::int64_t);
constexpr std::uint64_t kCropBytes = 6;   // planes of a crop
constexpr std::uint64_t kWideBytes = 57;  // a triangle in a hierarchy (render/wide_bvh/wide_bvh.h)
// A distance field keeps 8 bytes where a navigation mesh keeps 16 and its polygons.
constexpr std::uint64_t kFieldDivisor = 2;
constexpr std::uint64_t kDrawingBytes = 12 << 10;  // a cached drawing beside its planes
constexpr std::uint64_t kStepBytes = 88;           // a recorded step without its picture
// What a process holds on a device before it computes anything: context, kernels, libraries' workspaces.
constexpr std::uint64_t kContextBytes = std::uint64_t{600} << 20;
// What is not halved any more when less memory is wanted.
constexpr int kSmallestCamera = 32, kFewestPlanes = 16, kSmallestMap = 128;

std::uint64_t u(std::int64_t value) { return static_cast<std::uint64_t>(value); }
std::uint64_t u(int value) { return static_cast<std::uint64_t>(value); }

/// Adds rows to one side or the other.
class Rows {
 public:
  Rows(MemoryPlan& plan, bool on_device) : plan_(plan), on_device_(on_device) {}
  /// Lies where the learner computes.
  void learner(const char* part, std::uint64_t bytes, bool is_estimate = false) {
    add({part, on_device_ ? 0 : bytes, on_device_ ? bytes : 0, is_estimate});
  }
  void host(const char* part, std::uint64_t bytes, bool is_estimate = false) {
    add({part, bytes, 0, is_estimate});
  }
  void both(const char* part, std::uint64_t host, std::uint64_t device, bool is_estimate = false) {
    add({part, host, on_device_ ? device : 0, is_estimate});
  }

 private:
  void add(MemoryRow row) {
    if (row.host_bytes + row.device_bytes > 0) plan_.rows.push_back(std::move(row));
  }
  MemoryPlan& plan_;
  bool on_device_;
};

void add_learner(const TrainerSettings& t, const NetworkMemory& network, int num_envs, Rows& rows) {
  const std::uint64_t weights = network.parameters * kFloat;
  const std::uint64_t n = u(num_envs), steps = u(t.ppo.num_steps);
  rows.learner("weights", weights);
  rows.learner("gradients", weights);
  rows.learner("optimiser", 2 * weights);
  rows.learner("copy for a rollback", 3 * weights);
  if (t.policy.diffusion.enabled) rows.learner("averaged weights", weights);
  rows.learner("rollout", rollout_bytes(t.policy, t.ppo.num_steps, num_envs));
  const std::uint64_t minibatch = steps * n / u(std::max(t.ppo.num_mini_batch, 1));
  rows.learner("computing an update", network.bytes_of_step + minibatch * network.bytes_a_row, true);
}

void add_environments(const MemoryQuestion& q, Rows& rows) {
  const task::NavigationEnvSettings& env = q.env;
  const PolicySettings& policy = q.trainer.policy;
  const std::uint64_t n = u(env.num_envs), recorded = q.recorded_envs;
  const task::EnvSpec spec = task::planned_spec(env);
  const std::uint64_t frames = task::field_bytes(spec, "depth") + task::field_bytes(spec, "rgb");
  const std::uint64_t maps = task::field_bytes(spec, "occupancy");
  const std::uint64_t planes = task::field_bytes(spec, "drawing_planes");
  rows.host("occupancy maps", maps);
  // The simulator's frames and those of a partial observation; on a device the tracer's own and the
  // network's.
  const std::uint64_t bound =
      policy.backbone == Backbone::kNone
          ? 0
          : n * u(policy.image_height) * u(policy.image_width) * u(policy.image_channels) * kFloat;
  rows.both("frame buffers", 2 * frames, frames + bound);
  std::uint64_t drawings = planes;
  if (policy.reading.enabled) {
    const std::uint64_t side = u(policy.reading.drawing_size);
    const std::uint64_t walls = policy.reading.hypotheses > 0 ? 2 * (side + 2) * (side + 2) : 0;
    drawings += n * (4 * side * side + walls + u(policy.reading.drawing_features) * kFloat);
  }
  rows.host("drawings and feature maps", drawings);
  if (recorded == 0) return;
  // Twice the walks that are shown: the next ones are read ahead.
  const std::uint64_t frame = u(env.simulator.sensors.camera.width) * u(env.simulator.sensors.camera.height);
  const std::uint64_t walks = 2 * recorded * u(env.max_episode_steps) * (kStepBytes + frame);
  rows.host("recorded demonstrations", task::field_bytes(spec) + frames + drawings - planes + walks, true);
}

void add_worlds(const MemoryQuestion& q, Rows& rows) {
  const task::WorldMemory& worlds = q.worlds;
  const bool guessed = worlds.is_estimate;
  const std::uint64_t resident = std::min(worlds.triangles, u(q.env.simulator.resident_triangles));
  rows.host("scenes", worlds.scene_bytes, guessed);
  // The tracer's structures are built on the host and lie on the device.
  rows.both("ray tracing structures", resident * kWideBytes, resident * kWideBytes, true);
  rows.host("navigation meshes", worlds.nav_bytes, guessed);
  const std::uint64_t scenes = std::max<std::uint64_t>(worlds.scenes, 1);
  const std::uint64_t field = worlds.nav_bytes / scenes / kFieldDivisor;
  const std::uint64_t side = u(q.env.drawing_size);
  const std::uint64_t drawing = q.env.with_drawings ? 4 * side * side + kDrawingBytes : 0;
  const auto cached = [&](std::uint64_t each, std::int64_t most) {
    return std::min(each * q.num_episodes, std::max(u(most), each * u(q.env.num_envs)));
  };
  rows.host("distance fields", cached(field, q.env.truth_cache_bytes), true);
  rows.host("cached drawings", cached(drawing, q.env.drawing_cache_bytes), true);
}

std::string size_text(std::uint64_t bytes) {
  const auto value = static_cast<double>(bytes);
  if (bytes >= (std::uint64_t{1} << 30)) return fmt::format("{:.2f} GiB", value / (1024.0 * 1024.0 * 1024.0));
  if (bytes >= (std::uint64_t{1} << 20)) return fmt::format("{:.1f} MiB", value / (1024.0 * 1024.0));
  return fmt::format("{:.1f} KiB", value / 1024.0);
}

struct Need {
  std::uint64_t host = 0;    // of all ranks of this machine
  std::uint64_t device = 0;  // of one
};
Need need_of(const MemoryPlan& plan) { return {plan.host_bytes() * u(plan.num_ranks), plan.device_bytes()}; }

bool fits(const MemoryPlan& plan, const MemoryThere& there) {
  const Need need = need_of(plan);
  return (!there.host_bytes || need.host <= *there.host_bytes) &&
         (!there.device_bytes || need.device <= *there.device_bytes);
}

/// A setting as it might be instead.
struct Change {
  Change(std::string its_setting, MemoryQuestion its_question, bool is_other_network = false)
      : setting(std::move(its_setting)), question(std::move(its_question)), other_network(is_other_network) {}
  std::string setting;
  MemoryQuestion question;
  bool other_network = false;  // to be counted anew
};

/// Fewer environments, ranks, steps, or smaller minibatches, where they still divide evenly.
std::vector<Change> changes_of_batches(const MemoryQuestion& question) {
  std::vector<Change> changes;
  const int envs = question.env.num_envs, ranks = question.num_ranks;
  const PpoSettings& ppo = question.trainer.ppo;
  if (envs % 2 == 0 && (envs / 2) % ppo.num_mini_batch == 0) {
    MemoryQuestion& q =
        changes.emplace_back(fmt::format("NUM_PROCESSES {}", ranks * envs / 2), question).question;
    q.env.num_envs /= 2;
    q.recorded_envs /= 2;
  }
  if (ranks % 2 == 0) {
    MemoryQuestion& q = changes.emplace_back(fmt::format("NUM_RANKS {}", ranks / 2), question).question;
    q.num_ranks /= 2;
    q.env.num_envs *= 2;
    q.recorded_envs *= 2;
  }
  if (ppo.num_steps >= 2) {
    const int half = ppo.num_steps / 2;
    changes.emplace_back(fmt::format("RL.PPO.num_steps {}", half), question).question.trainer.ppo.num_steps =
        half;
  }
  if (envs % (2 * ppo.num_mini_batch) == 0) {
    const int twice = 2 * ppo.num_mini_batch;
    changes.emplace_back(fmt::format("RL.PPO.num_mini_batch {}", twice), question)
        .question.trainer.ppo.num_mini_batch = twice;
  }
  return changes;
}

/// Smaller images, maps and networks that look at them.
std::vector<Change> changes_of_pictures(const MemoryQuestion& question) {
  std::vector<Change> changes;
  const auto& camera = question.env.simulator.sensors.camera;
  const PolicySettings& policy = question.trainer.policy;
  const bool looks = policy.backbone != Backbone::kNone;
  if (camera.width >= kSmallestCamera && camera.height >= kSmallestCamera) {
    const std::string setting = fmt::format("TASK_CONFIG.SIMULATOR.DEPTH_SENSOR.WIDTH {} and HEIGHT {}",
                                            camera.width / 2, camera.height / 2);
    MemoryQuestion& q = changes.emplace_back(setting, question, looks).question;
    q.env.simulator.sensors.camera.width /= 2;
    q.env.simulator.sensors.camera.height /= 2;
    q.trainer.policy.image_width /= 2;
    q.trainer.policy.image_height /= 2;
  }
  if (looks && policy.base_planes >= kFewestPlanes) {
    const int half = policy.base_planes / 2;
    changes.emplace_back(fmt::format("MODEL.BASE_PLANES {}", half), question, true)
        .question.trainer.policy.base_planes = half;
  }
  const int cells = question.env.simulator.mapper.grid_size;
  if (cells >= kSmallestMap) {
    changes.emplace_back(fmt::format("TASK_CONFIG.SIMULATOR.MAP_CELLS {}", cells / 2), question)
        .question.env.simulator.mapper.grid_size = cells / 2;
  }
  return changes;
}

}  // namespace

std::uint64_t learner_bytes(const TrainerSettings& settings, const NetworkMemory& network, int num_envs) {
  MemoryPlan plan;
  Rows rows(plan, /*on_device=*/false);
  add_learner(settings, network, num_envs, rows);
  return plan.host_bytes();
}

std::uint64_t rollout_bytes(const PolicySettings& settings, std::int64_t num_steps, std::int64_t num_envs) {
  const std::uint64_t rows = u(num_steps * num_envs), rows1 = u((num_steps + 1) * num_envs), n = u(num_envs);
  std::uint64_t bytes = 0;
  if (settings.backbone != Backbone::kNone) {
    bytes += rows1 * u(settings.image_height) * u(settings.image_width) * u(settings.image_channels) * kFloat;
  }
  if (settings.reading.enabled) {
    const std::uint64_t cells = u(settings.reading.crop_cells), side = u(settings.reading.drawing_size);
    bytes += rows1 * cells * cells * kCropBytes + 2 * n * 4 * side * side + rows * kLong;
  }
  bytes += rows1 * (u(settings.vector_size) * kFloat + kLong);
  // keep, log_prob, rewards, done, bootstrap, returns, advantages; actions; values.
  bytes += rows * (7 * kFloat + kLong) + rows1 * kFloat;
  // Labels: action; waypoint, its weight, remaining, correction, its weight, scale, goal.
  bytes += rows * (kLong + (2 + 1 + 1 + 6 + 1 + 1 + 2) * kFloat);
  if (settings.diffusion.enabled) {
    bytes += rows * u(settings.diffusion.horizon) * u(settings.diffusion.point_size) * kFloat;
    if (goal_places(settings.diffusion) > 0) bytes += rows * kLong;
  }
  return bytes;
}

std::uint64_t MemoryPlan::host_bytes() const {
  return std::accumulate(rows.begin(), rows.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const MemoryRow& row) { return sum + row.host_bytes; });
}

std::uint64_t MemoryPlan::device_bytes() const {
  return std::accumulate(rows.begin(), rows.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const MemoryRow& row) { return sum + row.device_bytes; });
}

MemoryPlan plan_memory(const MemoryQuestion& question) {
  MemoryPlan plan;
  plan.num_ranks = question.num_ranks;
  Rows rows(plan, question.on_device);
  add_learner(question.trainer, question.network, question.env.num_envs, rows);
  add_environments(question, rows);
  add_worlds(question, rows);
  rows.both("CUDA context and libraries", 0, kContextBytes, true);
  return plan;
}

MemoryThere memory_there() {
  const run::MemoryBound bound = run::available_memory(run::host_memory(), base::control_group_limits());
  MemoryThere there;
  if (bound.bytes > 0) there.host_bytes = bound.bytes;
  there.host_from = bound.from;
  return there;
}

std::vector<std::string> memory_table(const MemoryPlan& plan, const MemoryThere& there) {
  const bool device = plan.device_bytes() > 0;
  std::vector<std::string> lines;
  const auto line = [&](const std::string& part, const std::string& host, const std::string& all,
                        const std::string& on_device, const std::string& rest = {}) {
    std::string text = fmt::format("  {:<28}{:>12}{:>14}", part, host, all);
    if (device) text += fmt::format("{:>14}", on_device);
    lines.push_back(text + rest);
  };
  line("memory", "a rank", fmt::format("{} rank(s)", plan.num_ranks), "on its device");
  for (const MemoryRow& row : plan.rows) {
    line((row.is_estimate ? "~ " : "  ") + row.part, size_text(row.host_bytes),
         size_text(row.host_bytes * u(plan.num_ranks)), size_text(row.device_bytes));
  }
  const Need need = need_of(plan);
  line("  in all", size_text(plan.host_bytes()), size_text(need.host), size_text(need.device));
  line("  there now", "", there.host_bytes ? size_text(*there.host_bytes) : "unknown",
       there.device_bytes ? size_text(*there.device_bytes) : "unknown",
       there.host_from.empty() ? "" : "  by " + there.host_from);
  lines.emplace_back("  ~: an estimate; the other figures are counted");
  return lines;
}

std::vector<MemoryKnob> memory_knobs(const MemoryQuestion& question) {
  const Need before = need_of(plan_memory(question));
  const auto saved = [](std::uint64_t was, std::uint64_t is) { return was > is ? was - is : 0; };
  std::vector<Change> changes = changes_of_batches(question);
  for (Change& change : changes_of_pictures(question)) changes.push_back(std::move(change));
  std::vector<MemoryKnob> knobs;
  for (Change& change : changes) {
    if (change.other_network) change.question.network = count_network(change.question.trainer);
    const Need after = need_of(plan_memory(change.question));
    MemoryKnob knob{change.setting, saved(before.host, after.host), saved(before.device, after.device)};
    if (knob.host_bytes + knob.device_bytes > 0) knobs.push_back(std::move(knob));
  }
  std::stable_sort(knobs.begin(), knobs.end(), [](const MemoryKnob& a, const MemoryKnob& b) {
    return a.host_bytes + a.device_bytes > b.host_bytes + b.device_bytes;
  });
  return knobs;
}

base::Status check_memory(const MemoryQuestion& question, const MemoryThere& there) {
  const MemoryPlan plan = plan_memory(question);
  if (fits(plan, there)) return base::ok_status();
  const Need need = need_of(plan);
  const bool on_host = there.host_bytes && need.host > *there.host_bytes;
  const std::string wanted =
      on_host ? fmt::format("{} for {} rank(s) were wanted, {} are there ({})", size_text(need.host),
                            plan.num_ranks, size_text(*there.host_bytes), there.host_from)
              : fmt::format("{} on each device were wanted, {} are free", size_text(need.device),
                            size_text(*there.device_bytes));
  std::string knobs;
  for (const MemoryKnob& knob : memory_knobs(question)) {
    const std::uint64_t saved = on_host ? knob.host_bytes : knob.device_bytes;
    if (saved > 0)
      knobs += fmt::format("{}{} saves {}", knobs.empty() ? "" : ", ", knob.setting, size_text(saved));
  }
  return base::Error{
      base::ErrorCode::kDeviceMemory,
      "memory: " + wanted + (knobs.empty() ? "; end other programs or take a larger machine" : "; " + knobs)};
}

}  // namespace inknav::learn
