// SPDX-License-Identifier: MIT
#include "scene/basis_texture.h"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "scene/basis_etc1s.h"
#include "scene/basis_uastc.h"
#include "scene/image_codec.h"

namespace inknav::scene::internal {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::array<std::uint8_t, 12> kKtx2Mark = {0xAB, 'K',  'T',  'X',  ' ',  '2',
                                                    '0',  0xBB, '\r', '\n', 0x1A, '\n'};

constexpr std::string_view kHowToConvert =
    "convert the file once ('npx @gltf-transform/cli ktxdecompress IN.glb OUT.glb', with KTX-Software beside "
    "it) or take the data set's copy with plain pictures";

/// Little-endian numbers at checked places; none beyond the end.
class Fields {
 public:
  explicit Fields(Bytes bytes) : bytes_(bytes) {}

  std::uint64_t number(std::size_t offset, std::size_t size) {
    std::uint64_t value = 0;
    if (offset > bytes_.size() || size > bytes_.size() - offset) {
      ok_ = false;
      return 0;
    }
    for (std::size_t i = 0; i < size; ++i) value |= static_cast<std::uint64_t>(bytes_[offset + i]) << (8 * i);
    return value;
  }
  std::uint32_t u8(std::size_t offset) { return static_cast<std::uint32_t>(number(offset, 1)); }
  std::uint32_t u16(std::size_t offset) { return static_cast<std::uint32_t>(number(offset, 2)); }
  std::uint32_t u24(std::size_t offset) { return static_cast<std::uint32_t>(number(offset, 3)); }
  std::uint32_t u32(std::size_t offset) { return static_cast<std::uint32_t>(number(offset, 4)); }
  Bytes part(std::uint64_t offset, std::uint64_t size) {
    if (offset > bytes_.size() || size > bytes_.size() - offset) {
      ok_ = false;
      return {};
    }
    return bytes_.subspan(offset, size);
  }
  bool ok() const { return ok_; }

 private:
  Bytes bytes_;
  bool ok_ = true;
};

struct Picture {
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  bool bottom_first = false;
  bool is_uastc = false;      // then `color` is its blocks
  Etc1sDecoder::Parts books;  // of ETC1S
  Bytes color;
  std::optional<Bytes> alpha;
};

base::Error texture_error(std::string_view name, std::string_view kind, std::string_view what) {
  return image_error(name, fmt::format("a {} texture: {}", kind, what));
}

base::Status decode_etc1s(const Picture& picture, Image& image) {
  INKNAV_ASSIGN_OR_RETURN(const Etc1sDecoder decoder, Etc1sDecoder::create(picture.books));
  INKNAV_RETURN_IF_ERROR(decoder.decode(picture.color, false, image));
  return picture.alpha ? decoder.decode(*picture.alpha, true, image) : base::ok_status();
}

base::Result<Image> decode_picture(const Picture& picture, std::string_view name, std::string_view kind) {
  INKNAV_RETURN_IF_ERROR(check_image_size(picture.width, picture.height, name));
  Image image;
  image.width = static_cast<int>(picture.width);
  image.height = static_cast<int>(picture.height);
  image.channels = 4;
  const std::size_t row = std::size_t{4} * picture.width;
  image.pixels.assign(row * picture.height, 255);
  const base::Status decoded =
      picture.is_uastc ? decode_uastc(picture.color, image) : decode_etc1s(picture, image);
  if (!decoded.ok()) return texture_error(name, kind, decoded.error().message);
  for (std::size_t y = 0; picture.bottom_first && y < picture.height / 2; ++y) {
    const auto upper = image.pixels.begin() + static_cast<std::ptrdiff_t>(y * row);
    const auto lower = image.pixels.begin() + static_cast<std::ptrdiff_t>((picture.height - 1 - y) * row);
    std::swap_ranges(upper, upper + static_cast<std::ptrdiff_t>(row), lower);
  }
  return image;
}

constexpr std::string_view kCutOff = "its offsets lead out of the file; it is cut off or damaged";

/// Whether the key-value data say that rows go up ("KTXorientation" "ru" or "lu").
bool is_bottom_first(Bytes pairs) {
  static constexpr std::string_view kKey = "KTXorientation";
  Fields fields(pairs);
  for (std::size_t at = 0; at + 4 <= pairs.size();) {
    const std::uint32_t length = fields.u32(at);
    const Bytes pair = fields.part(at + 4, length);
    if (!fields.ok()) return false;
    const std::string_view text(reinterpret_cast<const char*>(pair.data()), pair.size());
    if (text.starts_with(kKey) && text.size() >= kKey.size() + 3 && text[kKey.size()] == '\0')
      return text[kKey.size() + 2] == 'u';
    at += 4 + (std::size_t{length} + 3) / 4 * 4;
  }
  return false;
}

base::Result<Image> decode_uastc_level(Picture picture, Bytes level, bool is_packed, std::string_view name) {
  constexpr std::string_view kKind = "KTX2";
  INKNAV_RETURN_IF_ERROR(check_image_size(picture.width, picture.height, name));
  picture.is_uastc = true;
  picture.color = level;
  std::vector<std::uint8_t> unpacked;
  if (is_packed) {
    const std::size_t blocks = std::size_t{(picture.width + 3) / 4} * ((picture.height + 3) / 4);
    unpacked.resize(16 * blocks);
    const std::size_t size = ZSTD_decompress(unpacked.data(), unpacked.size(), level.data(), level.size());
    if (ZSTD_isError(size) != 0 || size != unpacked.size())
      return texture_error(name, kKind, "its Zstandard data are cut off or damaged");
    picture.color = unpacked;
  }
  return decode_picture(picture, name, kKind);
}

base::Result<Image> decode_ktx2(Bytes bytes, std::string_view name) {
  constexpr std::string_view kKind = "KTX2";
  constexpr std::uint32_t kEtc1s = 163;
  constexpr std::uint32_t kUastc = 166;
  constexpr std::uint32_t kBasisLz = 1;
  constexpr std::uint32_t kZstd = 2;
  constexpr std::size_t kHeadBytes = 80;
  Fields fields(bytes);
  const std::uint32_t format = fields.u32(12);
  const std::uint32_t depth = fields.u32(28);
  const std::uint32_t layers = std::max(fields.u32(32), 1u);
  const std::uint32_t faces = fields.u32(36);
  const std::uint32_t levels = std::max(fields.u32(40), 1u);
  const std::uint32_t scheme = fields.u32(44);
  const std::uint32_t described = fields.u32(48);
  const std::uint32_t model = fields.u8(std::size_t{described} + 12);
  if (!fields.ok()) return texture_error(name, kKind, kCutOff);
  const bool is_etc1s = model == kEtc1s && scheme == kBasisLz;
  const bool is_uastc = model == kUastc && (scheme == 0 || scheme == kZstd);
  if (format != 0 || (!is_etc1s && !is_uastc)) {
    return texture_error(
        name, kKind,
        fmt::format("ETC1S in BasisLZ or UASTC is read, this one is of Vulkan format {}, model {}, "
                    "scheme {}; {}",
                    format, model, scheme, kHowToConvert));
  }
  if (depth > 1 || faces != 1)
    return texture_error(name, kKind, "a flat picture is wanted, this is a volume or a cube");
  Picture picture;
  picture.width = fields.u32(20);
  picture.height = fields.u32(24);
  const std::uint64_t pairs = fields.u32(56);
  picture.bottom_first = is_bottom_first(fields.part(pairs, fields.u32(60)));
  const Bytes global = fields.part(fields.number(64, 8), fields.number(72, 8));
  const Bytes level = fields.part(fields.number(kHeadBytes, 8), fields.number(kHeadBytes + 8, 8));
  if (!fields.ok()) return texture_error(name, kKind, kCutOff);
  if (is_uastc) return decode_uastc_level(picture, level, scheme == kZstd, name);
  // Global data: counts and sizes, five numbers for each picture, then codebooks and code tables.
  Fields head(global);
  picture.books.num_endpoints = head.u16(0);
  picture.books.num_selectors = head.u16(2);
  const std::uint64_t first = 20 + std::uint64_t{20} * levels * layers;
  const std::uint64_t endpoint_bytes = head.u32(4);
  const std::uint64_t selector_bytes = head.u32(8);
  picture.books.endpoints = head.part(first, endpoint_bytes);
  picture.books.selectors = head.part(first + endpoint_bytes, selector_bytes);
  picture.books.tables = head.part(first + endpoint_bytes + selector_bytes, head.u32(12));
  const std::uint32_t alpha_bytes = head.u32(36);
  Fields data(level);
  picture.color = data.part(head.u32(24), head.u32(28));
  if (alpha_bytes > 0) picture.alpha = data.part(head.u32(32), alpha_bytes);
  if (!head.ok() || !data.ok()) return texture_error(name, kKind, kCutOff);
  return decode_picture(picture, name, kKind);
}

/// CRC-16 with polynomial 0x1021, as the container's specification has it.
std::uint32_t checksum(Bytes bytes) {
  std::uint32_t crc = 0xFFFF;
  for (const std::uint8_t byte : bytes) {
    crc ^= static_cast<std::uint32_t>(byte) << 8;
    for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000u) != 0 ? (crc << 1) ^ 0x1021u : crc << 1;
    crc &= 0xFFFFu;
  }
  return crc ^ 0xFFFFu;
}

base::Result<Image> decode_basis(Bytes bytes, std::string_view name) {
  constexpr std::string_view kKind = ".basis";
  constexpr std::size_t kHeadBytes = 77;
  constexpr std::size_t kSliceBytes = 23;
  constexpr std::uint32_t kYFlipped = 2;
  constexpr std::uint32_t kGlobalBooks = 8;
  constexpr std::uint32_t kIsAlpha = 1;
  Fields fields(bytes);
  const std::uint32_t data_bytes = fields.u32(8);
  const Bytes data = fields.part(kHeadBytes, data_bytes);
  if (!fields.ok()) return texture_error(name, kKind, "the file ends before its data; it is cut off");
  if (fields.u16(4) != kHeadBytes || checksum(bytes.subspan(8, kHeadBytes - 8)) != fields.u16(6) ||
      checksum(data) != fields.u16(12)) {
    return texture_error(name, kKind, "its checksums do not match; it is damaged");
  }
  const std::uint32_t format = fields.u8(20);
  if (format > 1) {
    return texture_error(
        name, kKind,
        fmt::format("ETC1S or UASTC is read, this one is of format {}; {}", format, kHowToConvert));
  }
  const std::uint32_t flags = fields.u16(21);
  if ((flags & kGlobalBooks) != 0)
    return texture_error(name, kKind, fmt::format("its codebooks are in another file; {}", kHowToConvert));
  Picture picture;
  picture.bottom_first = (flags & kYFlipped) != 0;
  picture.is_uastc = format == 1;
  if (!picture.is_uastc) {
    picture.books.num_endpoints = fields.u16(39);
    picture.books.endpoints = fields.part(fields.u32(41), fields.u24(45));
    picture.books.num_selectors = fields.u16(48);
    picture.books.selectors = fields.part(fields.u32(50), fields.u24(54));
    picture.books.tables = fields.part(fields.u32(57), fields.u32(61));
  }
  const std::uint32_t slices = fields.u24(14);
  const std::size_t first = fields.u32(65);
  bool found = false;
  for (std::uint32_t i = 0; i < slices && fields.ok(); ++i) {
    const std::size_t at = first + i * kSliceBytes;
    if (fields.u24(at) != 0 || fields.u8(at + 3) != 0) continue;  // another picture, a smaller level
    const Bytes slice = fields.part(fields.u32(at + 13), fields.u32(at + 17));
    // UASTC blocks hold their alpha; the flag there says only that they do.
    if ((fields.u8(at + 4) & kIsAlpha) != 0 && !picture.is_uastc) {
      picture.alpha = slice;
    } else {
      picture.width = fields.u16(at + 5);
      picture.height = fields.u16(at + 7);
      picture.color = slice;
      found = true;
    }
  }
  if (!fields.ok()) return texture_error(name, kKind, kCutOff);
  if (!found) return texture_error(name, kKind, "a picture is wanted, there is none");
  return decode_picture(picture, name, kKind);
}

}  // namespace

bool is_ktx2(Bytes bytes) {
  return bytes.size() >= kKtx2Mark.size() && std::equal(kKtx2Mark.begin(), kKtx2Mark.end(), bytes.begin());
}

bool is_basis(Bytes bytes) {
  // Signature, then a version of 0x10 to 0x1F: two letters alone would be found in many files.
  return bytes.size() >= 4 && bytes[0] == 's' && bytes[1] == 'B' && bytes[2] >= 0x10 && bytes[2] < 0x20 &&
         bytes[3] == 0;
}

base::Result<Image> decode_basis_texture(Bytes bytes, std::string_view name) {
  return is_ktx2(bytes) ? decode_ktx2(bytes, name) : decode_basis(bytes, name);
}

}  // namespace inknav::scene::internal
