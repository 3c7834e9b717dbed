// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "base/fault.h"
#include "sim/batch_simulator.h"
#include "sim/odometry.h"

namespace inknav::sim {

namespace {
constexpr std::int64_t kPoseGrain = 8;
}  // namespace

void BatchSimulator::measure_pose(int agent) {
  const auto i = static_cast<std::size_t>(agent);
  const Odometry measured = odometry(start_poses_[i], poses_[i]);
  gps_[2 * i] = measured.forward;
  gps_[2 * i + 1] = measured.right;
  compass_[i] = measured.compass;
}

void BatchSimulator::add_noise(const NoiseKey& key, int worker, float* depth, std::uint8_t* rgb) {
  const SensorSettings& sensors = settings_.sensors;
  const int width = sensors.camera.width, height = sensors.camera.height;
  if (rgb != nullptr) add_colour_noise(sensors.rgb_noise, key, width, height, rgb);
  if (depth == nullptr || distortion_ == nullptr) return;
  const auto count = static_cast<std::size_t>(pixels());
  float* exact = noise_scratch_.data() + static_cast<std::size_t>(worker) * count;
  std::memcpy(exact, depth, count * sizeof(float));
  add_depth_noise(*distortion_, sensors.depth_noise.multiplier, {key, width, height, exact}, depth);
}

void BatchSimulator::limit_depth(float* depth) const {
  const render::DepthCoding coding = pictures_.coding;
  const std::int64_t count = pixels();
  for (std::int64_t p = 0; p < count; ++p) depth[p] = render::coded_depth(coding, depth[p]);
}

void BatchSimulator::finish_frame(int agent, int worker) {
  const auto i = static_cast<std::size_t>(agent);
  measure_pose(agent);
  if (!renders()) return;
  const auto frame = static_cast<std::size_t>(pixels());
  float* depth = hosts_depth() ? depth_.data() + i * frame : nullptr;
  const base::PhiloxKey key = noise_key(i, base::Purpose::kDepthNoise);
  add_noise({key.seed, key.environment, key.episode, key.step}, worker, depth,
            hosts_rgb() ? rgb_.data() + 3 * i * frame : nullptr);
  if (depth == nullptr) return;
  if (settings_.mapper.enabled) {
    const MapperPose pose{gps_[2 * i], gps_[2 * i + 1], compass_[i], camera_rotations_[i]};
    mapper_.integrate(depth, pose, grid(agent), dirty_[i], mapper_scratch_[static_cast<std::size_t>(worker)]);
  }
  if (pictures_.depth.data == nullptr) limit_depth(depth);
}

bool BatchSimulator::can_bind(bool depth, const base::DevicePicture& picture) const {
  const SensorSettings& sensors = settings_.sensors;
  if (depth) {
    return sensors.depth && distortion_ == nullptr && picture.value != base::PictureValue::kU8 &&
           renderer_->writes_to(picture);
  }
  return sensors.rgb && sensors.rgb_noise.model == ColourNoise::kNone && renderer_->writes_to(picture);
}

bool BatchSimulator::bind_picture(std::string_view field, const base::DevicePicture& picture) {
  const bool depth = field == "depth";
  if ((!depth && field != "rgb") || (picture.data != nullptr && !can_bind(depth, picture))) return false;
  base::DevicePicture& bound = depth ? pictures_.depth : pictures_.rgb;
  const base::DevicePicture& other = depth ? pictures_.rgb : pictures_.depth;
  INKNAV_CHECK(
      picture.data == nullptr || other.data == nullptr || other.current_stream == picture.current_stream,
      field);
  if (picture.data == nullptr && bound.data == nullptr) return true;
  bound = picture;
  // A frame that is mapped again changes nothing.
  observe({});
  return true;
}

void BatchSimulator::observe(std::span<const std::uint8_t> mask) {
  INKNAV_CHECK(mask.empty() || mask.size() == poses_.size(), mask.size(), poses_.size());
  listed_.clear();
  for (int agent = 0; agent < settings_.num_agents; ++agent) {
    const auto i = static_cast<std::size_t>(agent);
    if (world_ids_[i] >= 0 && (mask.empty() || mask[i] != 0)) listed_.push_back(agent);
  }
  if (listed_.empty()) return;
  if (renders()) render_listed();
  pool_.parallel_for(static_cast<std::int64_t>(listed_.size()), renders() ? 1 : kPoseGrain,
                     [&](std::int64_t begin, std::int64_t end, int worker) {
                       for (std::int64_t k = begin; k < end; ++k) {
                         finish_frame(listed_[static_cast<std::size_t>(k)], worker);
                       }
                     });
}

render::View BatchSimulator::view_of(int world_id, const base::Pose& body, const base::Quat& camera) const {
  render::View view;
  view.scene_slot = worlds_[static_cast<std::size_t>(world_id)].slot;
  view.pose_world_camera.position = body.position + body.rotation * settings_.sensors.camera_position;
  view.pose_world_camera.rotation = body.rotation * camera;
  return view;
}

void BatchSimulator::render_listed() {
  views_.clear();
  for (const int agent : listed_) {
    const auto i = static_cast<std::size_t>(agent);
    views_.push_back(view_of(world_ids_[i], poses_[i], camera_rotations_[i]));
  }
  // Agents beside each other need no copy.
  const auto first = static_cast<std::size_t>(listed_.front()),
             last = static_cast<std::size_t>(listed_.back());
  const bool adjacent = last - first + 1 == listed_.size();
  const auto frame = static_cast<std::size_t>(pixels());
  render::RenderTargets targets;
  if (hosts_depth()) targets.depth = adjacent ? depth_.data() + first * frame : depth_scratch_.data();
  if (hosts_rgb()) targets.rgb = adjacent ? rgb_.data() + 3 * first * frame : rgb_scratch_.data();
  if (pictures_.wanted()) {
    rows_.assign(listed_.begin(), listed_.end());
    targets.pictures = pictures_;
    targets.pictures.rows = rows_;
  }
  const base::Status rendered = renderer_->render(views_, targets);
  if (!rendered.ok()) throw base::Fault(rendered.error());
  if (!adjacent) scatter_scratch(targets);
}

/// Images of a partial observe() to their agents.
void BatchSimulator::scatter_scratch(const render::RenderTargets& scratch) {
  const auto frame = static_cast<std::size_t>(pixels());
  for (std::size_t k = 0; k < listed_.size(); ++k) {
    const auto i = static_cast<std::size_t>(listed_[k]);
    if (scratch.depth != nullptr) {
      std::memcpy(depth_.data() + i * frame, scratch.depth + k * frame, frame * sizeof(float));
    }
    if (scratch.rgb != nullptr)
      std::memcpy(rgb_.data() + i * frame * 3, scratch.rgb + k * frame * 3, frame * 3);
  }
}

void BatchSimulator::render_views(std::span<const BodyView> views, const render::RenderTargets& targets) {
  INKNAV_CHECK(targets.depth == nullptr || settings_.sensors.depth, "depth is not among the sensors");
  INKNAV_CHECK(targets.rgb == nullptr || settings_.sensors.rgb, "rgb is not among the sensors");
  if (targets.depth == nullptr && targets.rgb == nullptr) return;
  const auto frame = static_cast<std::size_t>(pixels());
  const auto most = static_cast<std::size_t>(settings_.num_agents);  // what was reserved
  for (std::size_t first = 0; first < views.size(); first += most) {
    const std::span<const BodyView> part = views.subspan(first, std::min(most, views.size() - first));
    render::RenderTargets out;
    if (targets.depth != nullptr) out.depth = targets.depth + first * frame;
    if (targets.rgb != nullptr) out.rgb = targets.rgb + 3 * first * frame;
    render_part(part, out);
  }
}

void BatchSimulator::render_part(std::span<const BodyView> views, const render::RenderTargets& targets) {
  // A view holds its scene as an agent does, lest the next view's scene take its place.
  std::size_t held = 0;
  const auto release = [&] {
    for (; held > 0; --held) --worlds_[static_cast<std::size_t>(views[held - 1].world_id)].users;
  };
  views_.clear();
  base::Status status = base::ok_status();
  for (const BodyView& body : views) {
    INKNAV_CHECK(body.world_id >= 0 && body.world_id < static_cast<int>(worlds_.size()), body.world_id);
    status = make_resident(body.world_id);
    if (!status.ok()) break;
    ++worlds_[static_cast<std::size_t>(body.world_id)].users;
    ++held;
    views_.push_back(view_of(body.world_id, body.pose_world_agent, camera_rotation_));
  }
  if (status.ok()) status = renderer_->render(views_, targets);
  release();
  if (!status.ok()) throw base::Fault(status.error());
  const auto frame = static_cast<std::size_t>(pixels());
  pool_.parallel_for(
      static_cast<std::int64_t>(views.size()), 1, [&](std::int64_t begin, std::int64_t end, int worker) {
        for (auto k = static_cast<std::size_t>(begin); k < static_cast<std::size_t>(end); ++k) {
          float* depth = targets.depth != nullptr ? targets.depth + k * frame : nullptr;
          std::uint8_t* rgb = targets.rgb != nullptr ? targets.rgb + 3 * k * frame : nullptr;
          NoiseKey key = views[k].noise;
          key.seed = settings_.seed;
          add_noise(key, worker, depth, rgb);
          if (depth != nullptr) limit_depth(depth);
        }
      });
}

}  // namespace inknav::sim
