// SPDX-License-Identifier: MIT
#pragma once
// Peers: the other ranks of a run, watched. The first rank that is lost ends all, with its name and cause.
//
// Every rank keeps one connection to rank 0 (run/peer_meeting.h). A thread of each rank reads it, and sends a
// beat once a second. Lost is a rank
//   whose connection closes without a good-bye      (killed, crashed; seen at once),
//   that is not heard of for silence_s              (stopped, machine or network down),
//   that makes no progress for its section's limit  (hangs; it says so itself),
//   that says so with fail()                        (ended with an error of its own).
// Rank 0 tells all others the first loss it learns of; so all name the same cause. The handler is called once
// in every rank that remains, on the watching thread, and is expected to end the process: a rank that is in a
// collective, or in a long rollout, cannot be reached otherwise. Time during which this process itself was
// not running (a suspended machine) does not count as silence.
//
// Progress: beat() at every step; enter() names the section and its limit. While a rank waits for its peers
// (Waiting), no progress is expected of it.
// Threads: meet, enter, fail and the destructor from one; beat and the rest from any. A beat is one relaxed
// store.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "run/peer_meeting.h"

namespace inknav::run {

struct PeerLoss {
  int rank = -1;
  std::string sentence;
};
using LossHandler = std::function<void(const PeerLoss&)>;

class Peers {
 public:
  /// Returns when all ranks are there, and from then on watches. Errors: those of the meeting.
  static base::Result<std::unique_ptr<Peers>> meet(const MeetingSettings& settings, double silence_s,
                                                   LossHandler on_loss);
  /// Says good-bye: the others are not told of a loss.
  ~Peers();
  Peers(const Peers&) = delete;
  Peers& operator=(const Peers&) = delete;

  const std::string& own_address() const;
  /// What rank 0 told all at the meeting.
  const std::string& notice() const;
  double silence_s() const;

  /// From now on this rank is in `section` (a literal), in which each step takes at most limit_s.
  void enter(const char* section, double limit_s);
  void beat();
  class Waiting {
   public:
    explicit Waiting(Peers& peers);
    ~Waiting();
    Waiting(const Waiting&) = delete;
    Waiting& operator=(const Waiting&) = delete;

   private:
    Peers& peers_;
  };

  /// "I am done with `number`", for all; numbers only grow.
  void announce(std::int64_t number);
  /// How many ranks have announced `number`, as far as this rank knows; 0 once a larger one came.
  int announced(std::int64_t number) const;

  /// This rank ends with an error: tells the others before it does.
  void fail(const std::string& message);
  /// Waits so long for a loss to be handled; returns without one.
  void await_loss(double seconds);

 private:
  class Watch;
  explicit Peers(std::unique_ptr<Watch> watch);
  std::unique_ptr<Watch> watch_;
};

}  // namespace inknav::run
