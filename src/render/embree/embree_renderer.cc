// SPDX-License-Identifier: MIT
#include "render/embree/embree_renderer.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <string>
#include <utility>

#include "render/batch_renderer.h"
#include "render/embree/embree_api.h"

namespace inknav::render {
namespace {

constexpr unsigned kAllRays = 0xFFFFFFFFu;
constexpr int kPacketWidth = 4;
constexpr int kPacketHeight = 2;

base::Error embree_error(RTCDevice device, const std::string& what) {
  return {base::ErrorCode::kData, "renderer: " + what + " was wanted, Embree answered with error " +
                                      std::to_string(static_cast<int>(rtcGetDeviceError(device))) +
                                      "; check that memory is free and that the CPU has AVX2"};
}

/// Rejects hits on the back of a triangle. Embree's normal is that of counter-clockwise corners, so a
/// ray that runs along it leaves through the back.
void cull_back_faces(const RTCFilterFunctionNArguments* arguments) {
  for (unsigned i = 0; i < arguments->N; ++i) {
    if (arguments->valid[i] == 0) continue;
    const float facing =
        RTCHitN_Ng_x(arguments->hit, arguments->N, i) * RTCRayN_dir_x(arguments->ray, arguments->N, i) +
        RTCHitN_Ng_y(arguments->hit, arguments->N, i) * RTCRayN_dir_y(arguments->ray, arguments->N, i) +
        RTCHitN_Ng_z(arguments->hit, arguments->N, i) * RTCRayN_dir_z(arguments->ray, arguments->N, i);
    if (facing >= 0.0f) arguments->valid[i] = 0;
  }
}

/// A BVH over a Scene. Geometry 0 holds the single-sided triangles, geometry 1 the double-sided ones;
/// `triangle_of[geometry][primitive]` is the index into Scene::triangles.
class EmbreeScene final : public TracedScene {
 public:
  EmbreeScene(const scene::ScenePtr& scene, RTCDevice device)
      : TracedScene(scene), bvh_(rtcNewScene(device)) {
    rtcSetSceneFlags(bvh_.get(), RTC_SCENE_FLAG_ROBUST);  // no light leaks between neighbouring triangles
    rtcSetSceneBuildQuality(bvh_.get(), RTC_BUILD_QUALITY_MEDIUM);
    for (std::uint32_t i = 0; i < scene->num_triangles(); ++i) {
      triangle_of_[scene->materials[scene->triangle_material[i]].double_sided ? 1 : 0].push_back(i);
    }
    for (unsigned side = 0; side < 2; ++side) {
      if (!triangle_of_[side].empty()) attach(device, side);
    }
    rtcCommitScene(bvh_.get());
  }

  RTCScene bvh() const { return bvh_.get(); }
  std::uint32_t triangle(unsigned geometry, unsigned primitive) const {
    return triangle_of_[geometry][primitive];
  }

 private:
  void attach(RTCDevice device, unsigned side) {
    RTCGeometry geometry = rtcNewGeometry(device, RTC_GEOMETRY_TYPE_TRIANGLE);
    const scene::Scene& source = scene();
    void* vertices = rtcSetNewGeometryBuffer(geometry, RTC_BUFFER_TYPE_VERTEX, 0, RTC_FORMAT_FLOAT3,
                                             sizeof(base::Vec3), source.positions.size());
    auto* indices = static_cast<glm::u32vec3*>(rtcSetNewGeometryBuffer(geometry, RTC_BUFFER_TYPE_INDEX, 0,
                                                                       RTC_FORMAT_UINT3, sizeof(glm::u32vec3),
                                                                       triangle_of_[side].size()));
    if (vertices != nullptr && indices != nullptr) {
      std::memcpy(vertices, source.positions.data(), source.positions.size() * sizeof(base::Vec3));
      for (const std::uint32_t i : triangle_of_[side]) *indices++ = source.triangles[i];
    }
    if (side == 0) rtcSetGeometryIntersectFilterFunction(geometry, cull_back_faces);
    rtcCommitGeometry(geometry);
    rtcAttachGeometryByID(bvh_.get(), geometry, side);
    rtcReleaseGeometry(geometry);
  }

  SceneHandle bvh_;
  std::vector<std::uint32_t> triangle_of_[2];
};

class EmbreeRenderer final : public BatchRenderer {
 public:
  EmbreeRenderer(const CameraSpec& camera, base::ThreadPool& pool, DeviceHandle device)
      : BatchRenderer(camera, pool), device_(std::move(device)) {}
  std::string_view name() const override { return "embree"; }

 private:
  base::Result<std::unique_ptr<TracedScene>> prepare(const scene::ScenePtr& scene) override {
    auto traced = std::make_unique<EmbreeScene>(scene, device_.get());
    const RTCError error = rtcGetDeviceError(device_.get());
    if (error != RTC_ERROR_NONE) return embree_error(device_.get(), "a BVH for scene " + scene->name);
    return std::unique_ptr<TracedScene>(std::move(traced));
  }

  void trace(const Band& band) const override {
    for (int y = band.row_begin; y < band.row_end; y += kPacketHeight) {
      for (int x = 0; x < camera().width; x += kPacketWidth) trace_packet(band, x, y);
    }
  }

  void trace_packet(const Band& band, int x0, int y0) const {
    const auto& scene = static_cast<const EmbreeScene&>(*band.scene);
    const CameraFrame& frame = band.frame;
    alignas(32) int valid[8];
    alignas(32) RTCRayHit8 packet;
    for (int lane = 0; lane < 8; ++lane) {
      const int x = x0 + lane % kPacketWidth, y = y0 + lane / kPacketWidth;
      valid[lane] = x < camera().width && y < band.row_end ? -1 : 0;
      // CameraFrame::direction by components, so that eight lanes are one instruction.
      const float right = rays().right(x), up = rays().up(y);
      packet.ray.dir_x[lane] = frame.forward.x + right * frame.right.x + up * frame.up.x;
      packet.ray.dir_y[lane] = frame.forward.y + right * frame.right.y + up * frame.up.y;
      packet.ray.dir_z[lane] = frame.forward.z + right * frame.right.z + up * frame.up.z;
    }
    const auto fill = [](auto& lanes, auto value) { std::fill(std::begin(lanes), std::end(lanes), value); };
    fill(packet.ray.org_x, frame.origin.x);
    fill(packet.ray.org_y, frame.origin.y);
    fill(packet.ray.org_z, frame.origin.z);
    fill(packet.ray.tnear, camera().near_m);
    fill(packet.ray.tfar, camera().far_m);
    fill(packet.ray.time, 0.0f);
    fill(packet.ray.mask, kAllRays);
    fill(packet.ray.id, 0u);
    fill(packet.ray.flags, 0u);
    fill(packet.hit.geomID, RTC_INVALID_GEOMETRY_ID);
    fill(packet.hit.instID[0], RTC_INVALID_GEOMETRY_ID);
    intersect8(valid, scene.bvh(), &packet);
    if (!band.wants_colour()) {
      write_packet_depth(band, x0, y0, packet);
      return;
    }
    for (int lane = 0; lane < 8; ++lane) {
      if (valid[lane] == 0) continue;
      const int x = x0 + lane % kPacketWidth, y = y0 + lane / kPacketWidth;
      if (packet.hit.geomID[lane] == RTC_INVALID_GEOMETRY_ID) {
        write_pixel(band, x, y, nullptr);
        continue;
      }
      const Hit hit{scene.triangle(packet.hit.geomID[lane], packet.hit.primID[lane]), packet.hit.u[lane],
                    packet.hit.v[lane], packet.ray.tfar[lane]};
      write_pixel(band, x, y, &hit);
    }
  }

  /// Depth alone needs no look at the triangle that was hit.
  void write_packet_depth(const Band& band, int x0, int y0, const RTCRayHit8& packet) const {
    const int columns = std::min(kPacketWidth, camera().width - x0);
    const int rows = std::min(kPacketHeight, band.row_end - y0);
    for (int row = 0; row < rows; ++row) {
      const std::int64_t first = std::int64_t{y0 + row} * camera().width + x0;
      std::array<float, kPacketWidth> metres;
      for (int column = 0; column < kPacketWidth; ++column) {
        const int lane = row * kPacketWidth + column;
        metres[static_cast<std::size_t>(column)] =
            packet.hit.geomID[lane] == RTC_INVALID_GEOMETRY_ID ? 0.0f : packet.ray.tfar[lane];
      }
      for (int column = 0; column < columns; ++column)
        write_depth(band, first + column, metres[static_cast<std::size_t>(column)]);
    }
  }

  DeviceHandle device_;
};

}  // namespace

base::Result<std::unique_ptr<Renderer>> make_embree_renderer(const CameraSpec& camera,
                                                             base::ThreadPool& pool) {
  DeviceHandle device(rtcNewDevice("isa=avx2,threads=1,start_threads=0"));
  if (device == nullptr) return embree_error(nullptr, "an Embree device");
  return std::unique_ptr<Renderer>(std::make_unique<EmbreeRenderer>(camera, pool, std::move(device)));
}

}  // namespace inknav::render
