// SPDX-License-Identifier: MIT
#include "scene/pgm.h"

#include <fmt/format.h>

#include "scene/image_codec.h"

namespace inknav::scene::internal {
namespace {

bool is_blank(std::uint8_t c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f' || c == '\v';
}

class PgmReader {
 public:
  explicit PgmReader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  /// Next unsigned number in text, comments skipped; false at the end, on other text or above `most`.
  bool next_number(std::uint32_t most, std::uint32_t& out) {
    skip_blanks();
    std::uint32_t value = 0;
    bool any = false;
    for (; at_ < bytes_.size() && bytes_[at_] >= '0' && bytes_[at_] <= '9'; ++at_, any = true) {
      value = 10 * value + (bytes_[at_] - '0');
      if (value > most) return false;
    }
    out = value;
    return any;
  }

  void skip(std::size_t count) { at_ += count; }
  /// Exactly one blank stands between the header and binary samples.
  bool skip_one_blank() { return at_ < bytes_.size() && is_blank(bytes_[at_++]); }
  std::span<const std::uint8_t> rest() const { return bytes_.subspan(at_); }

 private:
  void skip_blanks() {
    while (at_ < bytes_.size()) {
      if (bytes_[at_] == '#') {
        while (at_ < bytes_.size() && bytes_[at_] != '\n') ++at_;
      } else if (is_blank(bytes_[at_])) {
        ++at_;
      } else {
        return;
      }
    }
  }
  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
};

std::uint8_t scaled(std::uint32_t value, std::uint32_t greatest) {
  return static_cast<std::uint8_t>((value * 255u + greatest / 2) / greatest);
}

}  // namespace

bool is_pgm(std::span<const std::uint8_t> bytes) {
  return bytes.size() >= 3 && bytes[0] == 'P' && (bytes[1] == '2' || bytes[1] == '5') && is_blank(bytes[2]);
}

base::Result<Image> decode_pgm(std::span<const std::uint8_t> bytes, std::string_view name) {
  PgmReader reader(bytes);
  reader.skip(2);
  std::uint32_t width = 0;
  std::uint32_t height = 0;
  std::uint32_t greatest = 0;
  if (!reader.next_number(1u << 24, width) || !reader.next_number(1u << 24, height) ||
      !reader.next_number(65535, greatest) || greatest == 0) {
    return image_error(name, "a PGM header (width, height, greatest value) is wanted; the file is damaged");
  }
  INKNAV_RETURN_IF_ERROR(check_image_size(width, height, name));
  const std::size_t count = std::size_t{width} * height;
  Image image;
  image.width = static_cast<int>(width);
  image.height = static_cast<int>(height);
  image.channels = 1;
  const auto cut_off = [&] {
    return image_error(name, fmt::format("{} grey values are wanted; the file is damaged or "
                                         "cut off",
                                         count));
  };
  if (bytes[1] == '2') {
    if (count > bytes.size()) return cut_off();
    image.pixels.resize(count);
    for (std::uint8_t& pixel : image.pixels) {
      std::uint32_t value = 0;
      if (!reader.next_number(greatest, value)) return cut_off();
      pixel = scaled(value, greatest);
    }
    return image;
  }
  const std::size_t sample = greatest > 255 ? 2 : 1;
  if (!reader.skip_one_blank() || reader.rest().size() < count * sample) return cut_off();
  const std::uint8_t* in = reader.rest().data();
  image.pixels.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t value = sample == 1 ? in[i] : 256u * in[2 * i] + in[2 * i + 1];
    image.pixels[i] = scaled(value < greatest ? value : greatest, greatest);
  }
  return image;
}

}  // namespace inknav::scene::internal
