// SPDX-License-Identifier: MIT
#pragma once
// PeerLink: small messages over one TCP connection between two ranks (run/peers.h).
//
// A message is a fixed head and at most kMaxText bytes of text. Whatever else comes in (another program, a
// hostile peer) makes the link broken; it is never an allocation larger than one message. Sending never
// blocks: what the socket does not take at once waits in a buffer, and a link whose buffer is full is broken.
// Threads: one at a time.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "run/network.h"

namespace inknav::run {

enum class PeerWord : std::uint32_t {
  kHello = 1,  // rank, number = world size, text = token of the run
  kAccepted,   // rank 0 knows the sender of a hello
  kRefused,    // text = why
  kWelcome,    // all are there; text = the notice of rank 0
  kBeat,       // alive
  kDone,       // number: the sender has done so much
  kDoneCount,  // rank = how many have done number
  kBye,        // leaves in order
  kLost,       // rank is lost; text = the sentence that says so
};

struct PeerMessage {
  PeerWord word = PeerWord::kBeat;
  std::int32_t rank = -1;
  std::int64_t number = 0;
  std::string text = {};
};

class PeerLink {
 public:
  static constexpr std::size_t kMaxText = 1000;

  explicit PeerLink(Socket socket) : socket_(std::move(socket)) {}

  int fd() const { return socket_.fd(); }
  const Socket& socket() const { return socket_; }
  /// False once the other end has closed, or has sent what is no message.
  bool is_open() const { return open_; }
  bool has_unsent() const { return !unsent_.empty(); }
  /// A longer text is cut.
  void send(const PeerMessage& message);
  void flush();
  /// What has come in; also what came in just before the other end closed.
  std::vector<PeerMessage> receive();

 private:
  bool take_message(PeerMessage& message);

  Socket socket_;
  bool open_ = true;
  std::string unsent_;
  std::string received_;
};

}  // namespace inknav::run
