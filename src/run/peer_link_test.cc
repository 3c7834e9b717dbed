// SPDX-License-Identifier: MIT
#include "run/peer_link.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <random>

namespace inknav::run {
namespace {

struct Pair {
  Pair() {
    int ends[2] = {-1, -1};
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    raw = Socket(ends[0]);
    link = std::make_unique<PeerLink>(Socket(ends[1]));
  }
  void write(const std::string& bytes) const {
    ASSERT_EQ(::send(raw.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  Socket raw;
  std::unique_ptr<PeerLink> link;
};

/// The bytes of a message, as a link sends them.
std::string bytes_of(const PeerMessage& message) {
  Pair pair;
  pair.link->send(message);
  char block[4096];
  const ssize_t got = ::recv(pair.raw.fd(), block, sizeof(block), 0);
  return got < 0 ? "" : std::string(block, static_cast<std::size_t>(got));
}

const PeerMessage kMessage{PeerWord::kLost, 3, std::int64_t{1} << 40, "rank 3 is gone"};

TEST(PeerLink, WhatIsSentIsReceivedHoweverItIsCut) {
  const std::string bytes = bytes_of(kMessage) + bytes_of({PeerWord::kBeat, 1, 0, ""});
  ASSERT_GT(bytes.size(), 48u);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    Pair pair;
    pair.write(bytes.substr(0, cut));
    std::vector<PeerMessage> got = pair.link->receive();
    pair.write(bytes.substr(cut));
    for (PeerMessage& message : pair.link->receive()) got.push_back(std::move(message));
    ASSERT_EQ(got.size(), 2u) << cut;
    EXPECT_EQ(got[0].word, kMessage.word);
    EXPECT_EQ(got[0].rank, kMessage.rank);
    EXPECT_EQ(got[0].number, kMessage.number);
    EXPECT_EQ(got[0].text, kMessage.text);
    EXPECT_EQ(got[1].word, PeerWord::kBeat);
    EXPECT_TRUE(pair.link->is_open());
  }
}

TEST(PeerLink, LastWordsAreHeardAfterTheOtherEndHasClosed) {
  Pair pair;
  pair.write(bytes_of(kMessage));
  pair.raw.reset();
  pair.link->send({PeerWord::kBeat, 1, 0, ""});
  const std::vector<PeerMessage> got = pair.link->receive();
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].text, kMessage.text);
  EXPECT_FALSE(pair.link->is_open());
}

TEST(PeerLink, StrangersBreakTheLinkAndNothingElse) {
  const std::string good = bytes_of(kMessage);
  std::string long_text = good, no_word = good;
  long_text[20] = '\x7f', long_text[21] = '\x7f';
  no_word[4] = 99;
  for (const std::string& bytes :
       {std::string("GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"), long_text, no_word}) {
    Pair pair;
    pair.write(bytes);
    EXPECT_TRUE(pair.link->receive().empty());
    EXPECT_FALSE(pair.link->is_open());
  }
  std::mt19937 random(7);
  for (int trial = 0; trial < 1000; ++trial) {
    std::string bytes = good + good;
    bytes[random() % bytes.size()] ^= static_cast<char>(1u << (random() % 8));
    Pair pair;
    pair.write(bytes.substr(0, random() % (bytes.size() + 1)));
    for (const PeerMessage& message : pair.link->receive())
      EXPECT_LE(message.text.size(), PeerLink::kMaxText);
  }
}

TEST(PeerLink, ALongTextIsCutAndAPeerThatReadsNothingBreaksTheLink) {
  Pair pair;
  pair.link->send({PeerWord::kLost, 0, 0, std::string(5000, 'x')});
  PeerLink other(std::move(pair.raw));
  const std::vector<PeerMessage> got = other.receive();
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].text, std::string(PeerLink::kMaxText, 'x'));
  for (int i = 0; i < 10000 && pair.link->is_open(); ++i) pair.link->send(kMessage);
  EXPECT_FALSE(pair.link->is_open());
}

}  // namespace
}  // namespace inknav::run
