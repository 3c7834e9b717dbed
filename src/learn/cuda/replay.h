// SPDX-License-Identifier: MIT
#pragma once
// Replay: work of fixed shapes and addresses that is recorded once as a CUDA graph and then replayed; where
// it cannot be recorded, one line says so and it is simply run, now and ever after.
//
//   Replay replay(placement, "inference");            // records where placement.graphs() says so
//   replay.run([&] { out.copy_(network(in)); }, 2);   // the same work at every call
//
// The work is run `warm_up` times more before it is recorded, so that must do no harm; 0 where it would. It
// is kept: what it refers to must live as long.
// Without a GPU a stand-in runs the work at every replay: what a test can show then is that nothing the work
// needs is missing from its fixed inputs.

#include <functional>
#include <memory>
#include <string>

#include "learn/placement.h"

namespace inknav::learn {

class DeviceGraph;

class Replay {
 public:
  /// Never records.
  Replay();
  Replay(const Placement& placement, std::string name);
  ~Replay();
  Replay(Replay&&) noexcept;
  Replay& operator=(Replay&&) noexcept;

  /// Whether work is, or is going to be, recorded: then its inputs must stay where they are.
  bool records() const { return wanted_; }
  void run(const std::function<void()>& work, int warm_up);
  /// Records anew at the next run, after a shape or a constant of the work changed.
  void forget();

 private:
  Placement placement_;
  bool wanted_ = false;
  std::string name_;
  std::unique_ptr<DeviceGraph> graph_;  // null: nothing is recorded
};

}  // namespace inknav::learn
