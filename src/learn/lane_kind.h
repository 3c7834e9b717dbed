// SPDX-License-Identifier: MIT
#pragma once
// LaneKind: how the device work of one half of the environments goes on beside the host (learn/lane.h). In a
// header without libtorch, because it is one of a trainer's settings: kOwnStream is what a run has, the two
// others are for tests, which show that nobody can tell the difference. Where there is no GPU, kOwnStream is
// kInTurn.

#include <cstdint>

namespace inknav::learn {

enum class LaneKind : std::uint8_t {
  kInTurn,     // done, or queued with all other work of the thread, when it has been asked for
  kOwnStream,  // on a stream of its own
  kLate,       // begins when it is waited for: as a device that is as slow as it can be; without a GPU
};

}  // namespace inknav::learn
