// SPDX-License-Identifier: MIT
#include "run/peer_link.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace inknav::run {
namespace {

constexpr std::uint32_t kMagic = 0x314b4e49;  // "INK1": ranks are of one version of the protocol
constexpr std::size_t kMaxUnsent = std::size_t{1} << 16;

struct Head {
  std::uint32_t magic = kMagic;
  std::uint32_t word = 0;
  std::int64_t number = 0;
  std::int32_t rank = 0;
  std::uint32_t text_size = 0;
};
static_assert(sizeof(Head) == 24, "the head has no padding");

bool is_word(std::uint32_t word) {
  return word >= static_cast<std::uint32_t>(PeerWord::kHello) &&
         word <= static_cast<std::uint32_t>(PeerWord::kLost);
}

}  // namespace

void PeerLink::send(const PeerMessage& message) {
  if (!open_) return;
  Head head;
  head.word = static_cast<std::uint32_t>(message.word);
  head.number = message.number;
  head.rank = message.rank;
  head.text_size = static_cast<std::uint32_t>(std::min(message.text.size(), kMaxText));
  unsent_.append(reinterpret_cast<const char*>(&head), sizeof(head));
  unsent_.append(message.text, 0, head.text_size);
  flush();
  if (unsent_.size() > kMaxUnsent) open_ = false;
}

void PeerLink::flush() {
  while (open_ && !unsent_.empty()) {
    const ssize_t sent = ::send(socket_.fd(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    // A closed link still holds what the other end said before: receive() finds out.
    if (sent < 0) return;
    unsent_.erase(0, static_cast<std::size_t>(sent));
  }
}

std::vector<PeerMessage> PeerLink::receive() {
  std::vector<PeerMessage> messages;
  PeerMessage message;
  while (open_) {
    char block[4096];
    const ssize_t got = ::recv(socket_.fd(), block, sizeof(block), MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    if (got <= 0) {
      open_ = false;
      break;
    }
    received_.append(block, static_cast<std::size_t>(got));
    while (take_message(message)) messages.push_back(std::move(message));
  }
  return messages;
}

bool PeerLink::take_message(PeerMessage& message) {
  Head head;
  if (!open_ || received_.size() < sizeof(head)) return false;
  std::memcpy(&head, received_.data(), sizeof(head));
  if (head.magic != kMagic || !is_word(head.word) || head.text_size > kMaxText) {
    open_ = false;
    return false;
  }
  if (received_.size() < sizeof(head) + head.text_size) return false;
  message.word = static_cast<PeerWord>(head.word);
  message.rank = head.rank;
  message.number = head.number;
  message.text = received_.substr(sizeof(head), head.text_size);
  received_.erase(0, sizeof(head) + head.text_size);
  return true;
}

}  // namespace inknav::run
