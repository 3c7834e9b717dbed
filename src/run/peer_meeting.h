// SPDX-License-Identifier: MIT
#pragma once
// How the ranks of a run find each other: rank 0 listens on the first of `ports` that is free, the others try
// these ports until one answers as rank 0 of the same run. Nothing else is needed than one address and one
// number that all know, and a port that another program holds does no harm.
//
// Ranks of another run, of another attempt, or of another number of ranks are turned away by the identity.
// It also keeps strangers out as far as it is secret (INKNAV_RUN_TOKEN); nothing is encrypted.
// A request to stop (run/signals.h) ends the meeting with kPreempted: there is nothing to save yet.
// Other errors are kPeer: not all ranks came in time (says which of how many), a rank was lost meanwhile, or
// two processes say that they are the same rank.

#include <string>
#include <vector>

#include "base/result.h"
#include "run/peer_link.h"

namespace inknav::run {

struct MeetingSettings {
  int rank = 0;
  int world_size = 1;
  std::string address = "127.0.0.1";  // rank 0 listens on it
  std::string from = {};              // others come from this address; "": any
  std::vector<int> ports = {};
  std::string identity = {};  // equal on all ranks of one attempt of one run
  std::string notice = {};    // of rank 0, for all
  double meeting_s = 120.0;   // within which all must have come
};

struct Meeting {
  std::vector<PeerLink> links;  // rank 0: to rank 1, 2, ...; others: one, to rank 0
  std::string own_address;      // by which this rank is reached
  std::string notice;
};
base::Result<Meeting> meet(const MeetingSettings& settings);

}  // namespace inknav::run
