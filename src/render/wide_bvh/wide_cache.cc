// SPDX-License-Identifier: MIT
#include "render/wide_bvh/wide_cache.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"

namespace inknav::render {
namespace internal {
namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{32} << 30;

struct Head {
  std::array<char, 8> magic;
  std::uint32_t version;
  std::int32_t depth;
  base::Hash128 scene;
  std::uint64_t num_nodes;
  std::uint64_t num_triangles;
};
static_assert(sizeof(Head) == 48 && sizeof(base::Hash128) == 16);

constexpr std::array<char, 8> kMagic = {'I', 'N', 'K', 'N', 'A', 'V', 'W', 'B'};

std::span<const std::uint8_t> bytes_of(const void* data, std::size_t size) {
  return {static_cast<const std::uint8_t*>(data), size};
}

/// Walks a layout as the traversal would, without trusting it.
class LayoutCheck {
 public:
  LayoutCheck(const WideLayout& layout, std::size_t num_triangles)
      : layout_(layout), num_triangles_(num_triangles), seen_(layout.nodes.size(), 0) {}

  /// What is wrong, or null.
  const char* fault() {
    if (layout_.triangles.size() != num_triangles_) return "another number of triangles";
    std::vector<std::uint8_t> named(num_triangles_, 0);
    for (const std::uint32_t index : layout_.triangles) {
      if (index >= num_triangles_ || std::exchange(named[index], 1) != 0) return "a triangle named twice";
    }
    if (layout_.nodes.empty() || layout_.depth < 1 || layout_.depth > kMaxWideDepth) return "no depth";
    pending_ = {{0, 1}};
    while (!pending_.empty()) {
      const auto [index, level] = pending_.back();
      pending_.pop_back();
      if (index >= seen_.size() || std::exchange(seen_[index], 1) != 0 || level > layout_.depth)
        return "a node out of place";
      if (!visit(layout_.nodes[index], level)) return "a child out of place";
      ++reached_;
    }
    if (reached_ != seen_.size() || leaves_ != num_triangles_) return "nodes that nothing leads to";
    return nullptr;
  }

 private:
  bool visit(const WideNode& node, int level) {
    if (!std::isfinite(node.origin[0]) || !std::isfinite(node.origin[1]) || !std::isfinite(node.origin[2]))
      return false;
    std::uint64_t child = node.first_child;
    for (int slot = 0; slot < kWideChildren; ++slot) {
      const std::uint32_t meta = node.meta[slot / 4] >> (8 * (slot % 4)) & 0xFFu;
      const bool is_node = (node.exponents_mask >> (24 + slot) & 1u) != 0;
      if (is_node) {
        if (meta != (0x20u | (24u + static_cast<std::uint32_t>(slot)))) return false;
        pending_.push_back({child++, level + 1});
        continue;
      }
      if (meta == 0) continue;
      const std::uint32_t ones = meta >> 5, place = meta & 31u;
      if (ones != 1 && ones != 3 && ones != 7) return false;
      const auto count = static_cast<std::uint64_t>(std::popcount(ones));
      if (place + count > 24 || node.first_triangle + place + count > num_triangles_) return false;
      leaves_ += count;
    }
    return true;
  }

  const WideLayout& layout_;
  std::size_t num_triangles_;
  std::vector<std::uint8_t> seen_;
  std::vector<std::pair<std::uint64_t, int>> pending_;
  std::size_t reached_ = 0;
  std::uint64_t leaves_ = 0;
};

}  // namespace

std::string wide_cache_name(const base::Hash128& scene) { return scene.hex() + ".inkbvh"; }

base::Status write_wide_cache(const std::filesystem::path& path, const scene::Scene& scene,
                              const WideLayout& layout) {
  const Head head{kMagic,
                  kWideCacheVersion,
                  layout.depth,
                  scene.content_hash,
                  layout.nodes.size(),
                  layout.triangles.size()};
  const auto nodes = bytes_of(layout.nodes.data(), layout.nodes.size() * sizeof(WideNode));
  const auto order = bytes_of(layout.triangles.data(), layout.triangles.size() * sizeof(std::uint32_t));
  base::Hasher hasher;
  hasher.update_value(head);
  hasher.update(nodes.data(), nodes.size());
  hasher.update(order.data(), order.size());
  const base::Hash128 checksum = hasher.digest();
  const std::array<std::span<const std::uint8_t>, 4> parts = {bytes_of(&head, sizeof(head)), nodes, order,
                                                              bytes_of(&checksum, sizeof(checksum))};
  return base::write_file_atomic(path, parts);
}

base::Result<WideLayout> read_wide_cache(const std::filesystem::path& path, const scene::Scene& scene) {
  INKNAV_ASSIGN_OR_RETURN(const std::vector<std::uint8_t> bytes, base::read_file(path, kMaxFileBytes));
  const auto damaged = [&](const char* what) {
    return base::Error{base::ErrorCode::kData,
                       path.string() + ": a cached hierarchy was wanted, found " + what};
  };
  if (bytes.size() < sizeof(Head) + sizeof(base::Hash128)) return damaged("a file too short");
  const std::size_t body = bytes.size() - sizeof(base::Hash128);
  base::Hash128 checksum;
  std::memcpy(&checksum, bytes.data() + body, sizeof(checksum));
  if (base::xxh3_128(bytes.data(), body) != checksum) return damaged("a wrong checksum");
  Head head;
  std::memcpy(&head, bytes.data(), sizeof(head));
  if (head.magic != kMagic || head.version != kWideCacheVersion || head.scene != scene.content_hash)
    return damaged("another scene or version");
  const std::size_t content = body - sizeof(Head);
  if (head.num_triangles != scene.num_triangles() || head.num_nodes > content / sizeof(WideNode) ||
      content != head.num_nodes * sizeof(WideNode) + head.num_triangles * sizeof(std::uint32_t)) {
    return damaged("sizes that do not add up");
  }
  WideLayout layout;
  layout.depth = head.depth;
  layout.nodes.resize(head.num_nodes);
  layout.triangles.resize(head.num_triangles);
  const std::uint8_t* from = bytes.data() + sizeof(Head);
  std::memcpy(layout.nodes.data(), from, head.num_nodes * sizeof(WideNode));
  std::memcpy(layout.triangles.data(), from + head.num_nodes * sizeof(WideNode),
              head.num_triangles * sizeof(std::uint32_t));
  INKNAV_RETURN_IF_ERROR(check_layout(layout, scene.num_triangles(), path.string()));
  return layout;
}

base::Status check_layout(const WideLayout& layout, std::size_t num_triangles, std::string_view name) {
  const char* fault = LayoutCheck(layout, num_triangles).fault();
  if (fault == nullptr) return base::ok_status();
  return base::Error{base::ErrorCode::kData,
                     std::string(name) + ": a hierarchy of this scene was wanted, found " + fault};
}

}  // namespace internal

WideBvh cached_wide_bvh(const scene::Scene& scene, const std::filesystem::path& folder,
                        base::ThreadPool& pool) {
  const std::filesystem::path path = folder / internal::wide_cache_name(scene.content_hash);
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) {
    base::Result<WideLayout> layout = internal::read_wide_cache(path, scene);
    if (layout.ok()) return WideBvh(scene, std::move(layout).value());
    base::log_warning("{}; building the hierarchy again", layout.error().message);
  }
  WideLayout layout = wide_layout(scene, pool);
  std::filesystem::create_directories(folder, ignored);
  const base::Status written = internal::write_wide_cache(path, scene, layout);
  if (!written.ok())
    base::log_warning("{}: the hierarchy is not cached: {}", scene.name, written.error().message);
  return WideBvh(scene, std::move(layout));
}

}  // namespace inknav::render
