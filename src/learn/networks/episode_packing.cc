// SPDX-License-Identifier: MIT
#include "learn/networks/episode_packing.h"

#include <algorithm>
#include <vector>

namespace inknav::learn {
namespace {

using torch::Tensor;

struct Sequence {
  std::int64_t environment = 0, begin = 0, length = 0;
  bool carried = false;
};

std::vector<Sequence> sequences_of(const Tensor& keep) {
  const std::int64_t steps = keep.size(0), rows = keep.size(1);
  const float* kept = keep.data_ptr<float>();
  std::vector<Sequence> sequences;
  for (std::int64_t n = 0; n < rows; ++n) {
    for (std::int64_t t = 0; t < steps; ++t) {
      const bool begins = kept[t * rows + n] == 0.0f;
      if (begins || t == 0) sequences.push_back({n, t, 0, !begins});
      ++sequences.back().length;
    }
  }
  std::stable_sort(sequences.begin(), sequences.end(),
                   [](const Sequence& a, const Sequence& b) { return a.length > b.length; });
  return sequences;
}

}  // namespace

EpisodePacking pack_episodes(const Tensor& keep, const Placement& placement) {
  const Tensor whole = keep.contiguous();
  const std::int64_t steps = whole.size(0), rows = whole.size(1);
  const std::vector<Sequence> sequences = sequences_of(whole);
  std::vector<std::int64_t> row_at, sizes, environments, last(static_cast<std::size_t>(rows), 0);
  std::vector<std::int64_t> place_of(static_cast<std::size_t>(steps * rows), 0);
  std::vector<float> carried;
  for (std::int64_t t = 0; t < sequences.front().length; ++t) {
    std::int64_t count = 0;
    while (count < std::ssize(sequences) && sequences[static_cast<std::size_t>(count)].length > t) {
      const Sequence& sequence = sequences[static_cast<std::size_t>(count++)];
      const std::int64_t row = (sequence.begin + t) * rows + sequence.environment;
      place_of[static_cast<std::size_t>(row)] = std::ssize(row_at);
      row_at.push_back(row);
    }
    sizes.push_back(count);
  }
  for (std::size_t i = 0; i < sequences.size(); ++i) {
    const Sequence& sequence = sequences[i];
    environments.push_back(sequence.environment);
    carried.push_back(sequence.carried ? 1.0f : 0.0f);
    if (sequence.begin + sequence.length == steps) {
      last[static_cast<std::size_t>(sequence.environment)] = static_cast<std::int64_t>(i);
    }
  }
  const auto up = [&](const auto& values) { return placement.up(torch::tensor(values)); };
  return {up(row_at), up(place_of), torch::tensor(sizes), up(environments), up(carried).unsqueeze(1),
          up(last)};
}

}  // namespace inknav::learn
