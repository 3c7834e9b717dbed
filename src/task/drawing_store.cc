// SPDX-License-Identifier: MIT
#include "task/drawing_store.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>
#include <string>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "base/log.h"
#include "base/philox.h"
#include "scene/image.h"
#include "sketch/drawing_file.h"

namespace inknav::task {

namespace {
constexpr std::size_t kMaxPictureBytes = 256u << 20;
constexpr std::array<std::uint8_t, 8> kPngSignature = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

base::Error damaged(const std::string& name, const std::string& what) {
  return base::Error{base::ErrorCode::kData,
                     name + ": a whole PNG or JPEG drawing is wanted, " + what + "; copy or draw it again"};
}

std::uint32_t big_endian(const std::uint8_t* bytes) {
  return (std::uint32_t{bytes[0]} << 24) | (std::uint32_t{bytes[1]} << 16) | (std::uint32_t{bytes[2]} << 8) |
         bytes[3];
}

base::Status check_png(std::span<const std::uint8_t> bytes, const std::string& name) {
  std::size_t at = kPngSignature.size();
  while (at + 12 <= bytes.size()) {
    const std::size_t length = big_endian(bytes.data() + at);
    if (length > bytes.size() - at - 12) break;
    const std::uint8_t* type = bytes.data() + at + 4;
    const auto sum = static_cast<std::uint32_t>(crc32(0, type, static_cast<uInt>(length + 4)));
    if (sum != big_endian(type + 4 + length)) {
      return damaged(name, "the checksum of a part at byte " + std::to_string(at) + " is wrong");
    }
    at += 12 + length;
    if (std::memcmp(type, "IEND", 4) == 0) return base::ok_status();
  }
  return damaged(name, "it is cut off after " + std::to_string(bytes.size()) + " bytes");
}
}  // namespace

std::size_t DrawingReading::num_bytes() const {
  constexpr std::size_t kCorrespondenceBytes = 8 << 10;
  return sizeof(DrawingReading) + planes.planes.size() + planes.route.size() * sizeof(base::Vec2) +
         (correspondence.empty() ? 0 : kCorrespondenceBytes);
}

base::Status check_picture_bytes(std::span<const std::uint8_t> bytes, const std::string& name) {
  if (bytes.size() >= kPngSignature.size() &&
      std::equal(kPngSignature.begin(), kPngSignature.end(), bytes.begin())) {
    return check_png(bytes, name);
  }
  if (bytes.size() >= 4 && bytes[0] == 0xff && bytes[1] == 0xd8) {
    std::size_t end = bytes.size();
    while (end > 4 && bytes[end - 1] == 0) --end;
    if (bytes[end - 2] == 0xff && bytes[end - 1] == 0xd9) return base::ok_status();
    return damaged(name, "the JPEG has no end mark");
  }
  return damaged(name, "found neither in its first bytes");
}

base::Status check_picture(const std::filesystem::path& path) {
  INKNAV_ASSIGN_OR_RETURN(const std::vector<std::uint8_t> bytes, base::read_file(path, kMaxPictureBytes));
  return check_picture_bytes(bytes, path.string());
}

std::filesystem::path truth_path(const std::filesystem::path& picture) {
  return std::filesystem::path(picture).replace_extension(".json");
}

base::Result<std::shared_ptr<const DrawingReading>> load_drawing(const std::filesystem::path& path,
                                                                 int size) {
  INKNAV_ASSIGN_OR_RETURN(const scene::Image picture, scene::load_image(path, 3));
  auto reading = std::make_shared<DrawingReading>();
  reading->planes = sketch::read_picture(sketch::normalize_picture(picture), size);
  const std::filesystem::path truth = truth_path(path);
  std::error_code none;
  if (std::filesystem::exists(truth, none)) {
    auto file = sketch::load_drawing_file(truth);
    if (file.ok()) {
      reading->correspondence = file->correspondence;
    } else {
      base::log_warning("{}; the drawing is used without its truth", file.error().message);
    }
  }
  return std::shared_ptr<const DrawingReading>(std::move(reading));
}

std::shared_ptr<const DrawingReading> blank_drawing(int size) {
  auto reading = std::make_shared<DrawingReading>();
  reading->planes.size = size;
  const auto side = static_cast<std::size_t>(size);
  reading->planes.planes.assign(sketch::ReadPlanes::kNumPlanes * side * side, 0);
  return reading;
}

base::Result<std::vector<std::size_t>> wrong_drawing_of(const std::vector<Episode>& episodes) {
  const std::size_t count = episodes.size();
  if (count < 2) {
    return base::Error{base::ErrorCode::kData,
                       "the wrong-drawing control: at least two episodes are wanted, found " +
                           std::to_string(count) + "; add episodes"};
  }
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return episodes[a].scene_id < episodes[b].scene_id; });
  std::vector<std::size_t> partner(count);
  for (std::size_t begin = 0; begin < count;) {
    std::size_t end = begin;
    while (end < count && episodes[order[end]].scene_id == episodes[order[begin]].scene_id) ++end;
    const bool only_scene = end - begin == count;
    for (std::size_t k = begin; k < end; ++k) {
      // The excluded block [low, high) is the scene, or the episode itself when there is no other scene.
      const std::size_t low = only_scene ? k : begin, high = only_scene ? k + 1 : end;
      base::PhiloxStream stream({0, static_cast<std::uint32_t>(order[k]), 0, 0, base::Purpose::kControl});
      std::size_t pick = stream.uniform_int(static_cast<std::uint32_t>(count - (high - low)));
      if (pick >= low) pick += high - low;
      partner[order[k]] = order[pick];
    }
    begin = end;
  }
  return partner;
}

}  // namespace inknav::task
