// SPDX-License-Identifier: MIT
#include "scene/basis_etc1s.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "base/check.h"

namespace inknav::scene::internal {
namespace {

base::Error part_error(std::string_view part) {
  std::string text = "its ETC1S ";
  text.append(part).append(" are cut off or damaged");
  return {base::ErrorCode::kData, std::move(text)};
}

/// What ETC1's eight tables add to a colour for the four selectors.
constexpr std::array<std::array<int, 4>, 8> kSteps{{{-8, -2, 2, 8},
                                                    {-17, -5, 5, 17},
                                                    {-29, -9, 9, 29},
                                                    {-42, -13, 13, 42},
                                                    {-60, -18, 18, 60},
                                                    {-80, -24, 24, 80},
                                                    {-106, -33, 33, 106},
                                                    {-183, -47, 47, 183}}};

/// Patterns used lately, those used often moving to the front.
class History {
 public:
  explicit History(std::uint32_t size) : values_(size, 0), next_(size / 2) {}
  std::size_t size() const { return values_.size(); }
  std::uint32_t use(std::uint32_t index) {
    const std::uint32_t value = values_[index];
    if (index != 0) std::swap(values_[index / 2], values_[index]);
    return value;
  }
  void add(std::uint32_t value) {
    if (values_.empty()) return;
    values_[next_++] = value;
    if (next_ == values_.size()) next_ = values_.size() / 2;
  }

 private:
  std::vector<std::uint32_t> values_;
  std::size_t next_;
};

}  // namespace

/// The two numbers of each block of a slice, one after another.
class Etc1sDecoder::Slice {
 public:
  Slice(const Etc1sDecoder& books, BitReader in, std::size_t blocks_x)
      : books_(books),
        in_(in),
        rows_{std::vector<Cell>(blocks_x + 1), std::vector<Cell>(blocks_x + 1)},
        history_(books.history_size_) {}

  /// Block (x, y), in raster order; false when the data is damaged.
  bool next(std::size_t x, std::size_t y, std::uint32_t& endpoint, std::uint32_t& selector) {
    return next_endpoint(x, y, endpoint) && next_selector(selector) && in_.ok() &&
           endpoint < books_.endpoints_.size() && selector < books_.selectors_.size();
  }

 private:
  struct Cell {
    std::uint32_t endpoint = 0;
    std::uint32_t predictions = 0;  // of two blocks, for the row below
  };

  /// One symbol tells for 2 x 2 blocks whose colours they take.
  void next_predictions(std::size_t x, std::size_t y) {
    constexpr std::uint32_t kRepeat = 256;
    if (y % 2 == 1) {
      predictions_ = rows_[1][x].predictions;
      return;
    }
    if (repeats_ > 0) {
      --repeats_;
      predictions_ = last_predictions_;
    } else {
      predictions_ = books_.predictions_.decode(in_);
      if (predictions_ == kRepeat) {
        repeats_ = std::uint64_t{in_.chunks(4)} + 2;  // 3 in all, this one among them
        predictions_ = last_predictions_;
      } else {
        last_predictions_ = predictions_;
      }
    }
    rows_[1][x].predictions = predictions_ >> 4;
  }

  bool next_endpoint(std::size_t x, std::size_t y, std::uint32_t& endpoint) {
    if (x % 2 == 0) next_predictions(x, y);
    const std::vector<Cell>& above = rows_[(y + 1) % 2];
    const std::uint32_t prediction = predictions_ & 3u;
    predictions_ >>= 2;
    if ((prediction == 0 && x == 0) || (prediction == 1 && y == 0) || (prediction == 2 && (x == 0 || y == 0)))
      return false;
    switch (prediction) {
      case 0:
        endpoint = last_endpoint_;
        break;
      case 1:
        endpoint = above[x].endpoint;
        break;
      case 2:
        endpoint = above[x - 1].endpoint;
        break;
      default:
        endpoint = last_endpoint_ + books_.endpoint_steps_.decode(in_);
        if (endpoint >= books_.endpoints_.size())
          endpoint -= static_cast<std::uint32_t>(books_.endpoints_.size());
    }
    rows_[y % 2][x].endpoint = endpoint;
    last_endpoint_ = endpoint;
    return true;
  }

  bool next_selector(std::uint32_t& selector) {
    const auto count = static_cast<std::uint32_t>(books_.selectors_.size());
    std::uint32_t symbol = count;  // in a run: the front of the history
    if (run_ > 0) {
      --run_;
    } else {
      symbol = books_.selector_codes_.decode(in_);
      if (symbol == count + history_.size()) {
        constexpr std::uint32_t kLongRun = 63;
        const std::uint32_t length = books_.run_lengths_.decode(in_);
        run_ =
            std::uint64_t{length == kLongRun ? in_.chunks(7) : length} + 2;  // 3 in all, this one among them
        symbol = count;
      }
    }
    if (symbol < count) {
      selector = symbol;
      history_.add(symbol);
      return true;
    }
    if (symbol - count >= history_.size()) return false;
    selector = history_.use(symbol - count);
    return true;
  }

  const Etc1sDecoder& books_;
  BitReader in_;
  std::array<std::vector<Cell>, 2> rows_;  // even and odd rows; [1] also keeps what even rows say of odd ones
  History history_;
  std::uint32_t predictions_ = 0;
  std::uint32_t last_predictions_ = 0;
  std::uint64_t repeats_ = 0;
  std::uint32_t last_endpoint_ = 0;
  std::uint64_t run_ = 0;
};

bool Etc1sDecoder::read_endpoints(BitReader in, std::uint32_t count) {
  std::array<HuffmanTable, 3> color_steps;  // by the colour before: dark, middle, bright
  HuffmanTable table_steps;
  for (HuffmanTable& table : color_steps) {
    if (!table.read(in)) return false;
  }
  if (!table_steps.read(in)) return false;
  const bool grey = in.bit() != 0;
  std::array<std::uint32_t, 3> color{16, 16, 16};  // 5 bits
  std::uint32_t step_table = 0;
  endpoints_.reserve(count);
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    step_table = (step_table + table_steps.decode(in)) & 7u;
    Endpoint endpoint{};
    endpoint.table = static_cast<std::uint8_t>(step_table);
    for (std::size_t c = 0; c < 3; ++c) {
      if (c == 0 || !grey) {
        const std::size_t model = color[c] <= 9 ? 0 : color[c] <= 21 ? 1 : 2;
        color[c] = (color[c] + color_steps[model].decode(in)) & 31u;
      } else {
        color[c] = color[0];
      }
      endpoint.color[c] = static_cast<std::uint8_t>((color[c] << 3) | (color[c] >> 2));
    }
    endpoints_.push_back(endpoint);
  }
  return in.ok();
}

bool Etc1sDecoder::read_selectors(BitReader in, std::uint32_t count) {
  if (in.bit() != 0 || in.bit() != 0) return false;  // codebooks outside the file, which were never published
  const bool raw = in.bit() != 0;
  HuffmanTable steps;
  if (!raw && !steps.read(in)) return false;
  Selector selector{};
  selectors_.reserve(count);
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    for (std::uint8_t& row : selector.rows) {
      if (raw || i == 0) {
        row = static_cast<std::uint8_t>(in.bits(8));
      } else {
        row = static_cast<std::uint8_t>(row ^ steps.decode(in));
      }
    }
    selectors_.push_back(selector);
  }
  return in.ok();
}

bool Etc1sDecoder::read_tables(BitReader in) {
  for (HuffmanTable* table : {&predictions_, &endpoint_steps_, &selector_codes_, &run_lengths_}) {
    if (!table->read(in)) return false;
  }
  history_size_ = in.bits(13);
  return in.ok();
}

base::Result<Etc1sDecoder> Etc1sDecoder::create(const Parts& parts) {
  Etc1sDecoder decoder;
  if (parts.num_endpoints == 0 || !decoder.read_endpoints(BitReader(parts.endpoints), parts.num_endpoints))
    return part_error("colours");
  if (parts.num_selectors == 0 || !decoder.read_selectors(BitReader(parts.selectors), parts.num_selectors))
    return part_error("patterns");
  if (!decoder.read_tables(BitReader(parts.tables))) return part_error("code tables");
  return decoder;
}

void Etc1sDecoder::paint(const Endpoint& endpoint, const Selector& selector, int block_x, int block_y,
                         bool is_alpha, Image& image) const {
  std::uint8_t shades[4][3];
  for (std::size_t s = 0; s < 4; ++s) {
    for (std::size_t c = 0; c < 3; ++c) {
      shades[s][c] = static_cast<std::uint8_t>(
          std::clamp(static_cast<int>(endpoint.color[c]) + kSteps[endpoint.table][s], 0, 255));
    }
  }
  const int width = std::min(4, image.width - 4 * block_x);
  const int height = std::min(4, image.height - 4 * block_y);
  for (int y = 0; y < height; ++y) {
    const std::size_t row = static_cast<std::size_t>(4 * block_y + y) * static_cast<std::size_t>(image.width);
    std::uint8_t* pixel = image.pixels.data() + 4 * (row + static_cast<std::size_t>(4 * block_x));
    for (int x = 0; x < width; ++x, pixel += 4) {
      const std::uint8_t* shade = shades[(selector.rows[y] >> (2 * x)) & 3];
      if (is_alpha) {
        pixel[3] = shade[1];
      } else {
        std::copy(shade, shade + 3, pixel);
      }
    }
  }
}

base::Status Etc1sDecoder::decode(std::span<const std::uint8_t> bytes, bool is_alpha, Image& image) const {
  INKNAV_CHECK(image.channels == 4, image.channels);
  const int blocks_x = (image.width + 3) / 4;
  const int blocks_y = (image.height + 3) / 4;
  Slice slice(*this, BitReader(bytes), static_cast<std::size_t>(blocks_x));
  for (int y = 0; y < blocks_y; ++y) {
    for (int x = 0; x < blocks_x; ++x) {
      std::uint32_t endpoint = 0;
      std::uint32_t selector = 0;
      if (!slice.next(static_cast<std::size_t>(x), static_cast<std::size_t>(y), endpoint, selector))
        return part_error(is_alpha ? "blocks of alpha" : "blocks");
      paint(endpoints_[endpoint], selectors_[selector], x, y, is_alpha, image);
    }
  }
  return base::ok_status();
}

}  // namespace inknav::scene::internal
