// SPDX-License-Identifier: MIT
#include "run/peer_meeting.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>

#include "base/check.h"
#include "base/hash.h"
#include "run/signals.h"

namespace inknav::run {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr double kKnockSeconds = 1.0;      // for one port to take a connection ...
constexpr double kHelloSeconds = 2.0;      // ... and to say that it is rank 0, or a rank
constexpr double kVerdictSeconds = 5.0;    // rank 0 may end the meeting so much later than this rank would
constexpr std::size_t kMaxStrangers = 64;  // connections that have not said hello yet
constexpr std::chrono::milliseconds kPause{50};
constexpr std::int64_t kOfAnotherRun = 0, kForGood = 1;  // number of a refusal

Clock::time_point after(double seconds) {
  return Clock::now() + std::chrono::duration_cast<Clock::duration>(Seconds(seconds));
}

int milliseconds_until(Clock::time_point time) {
  const double left = Seconds(time - Clock::now()).count();
  return static_cast<int>(std::clamp(left * 1000.0, 0.0, 200.0)) + 1;
}

/// Not the identity itself goes over the wire, since it may be secret.
std::string token_of(const MeetingSettings& settings) {
  const std::string text = fmt::format("inknav ranks, {} of {}", settings.identity, settings.world_size);
  return base::sha256_hex(text.data(), text.size());
}

base::Error lost(const std::string& message) { return {base::ErrorCode::kPeer, message}; }

bool is_stopped() { return stop_request() != StopRequest::kNone; }
base::Error stopped(const MeetingSettings& settings) {
  return {base::ErrorCode::kPreempted,
          fmt::format("rank {} of {}: stopped by a signal while the ranks met; nothing was begun",
                      settings.rank, settings.world_size)};
}

std::string advice() {
  return "check that every rank was started, with the same MASTER_ADDR, MASTER_PORT and number of ranks";
}

class Host {
 public:
  explicit Host(const MeetingSettings& settings) : settings_(settings), token_(token_of(settings)) {
    seats_.resize(static_cast<std::size_t>(settings.world_size));
  }

  base::Result<Meeting> run() {
    INKNAV_RETURN_IF_ERROR(listen());
    const Clock::time_point deadline = after(settings_.meeting_s);
    while (missing_ranks().size() > 0) {
      wait(deadline);
      admit();
      greet();
      for (std::size_t rank = 1; rank < seats_.size(); ++rank) {
        if (seats_[rank]) seats_[rank]->receive();
        if (!seats_[rank] || seats_[rank]->is_open()) continue;
        // A signal to all ranks ends some before this one looks.
        if (is_stopped()) return stopped(settings_);
        return give_up(static_cast<int>(rank),
                       fmt::format("rank {} of {} was lost while the ranks met", rank, seats_.size()));
      }
      if (is_stopped()) return stopped(settings_);
      if (Clock::now() > deadline) return give_up(missing_ranks().front(), who_came());
    }
    Meeting meeting;
    meeting.own_address = address_of(listener_);
    meeting.notice = settings_.notice;
    for (std::size_t rank = 1; rank < seats_.size(); ++rank) {
      seats_[rank]->send({.word = PeerWord::kWelcome, .rank = 0, .text = settings_.notice});
      meeting.links.push_back(std::move(*seats_[rank]));
    }
    return meeting;
  }

 private:
  base::Status listen() {
    std::string problem = "no port";
    for (const int port : settings_.ports) {
      auto listener = listen_on(settings_.address, port);
      if (listener.ok()) {
        listener_ = std::move(listener).value();
        return base::ok_status();
      }
      problem = listener.error().message;
    }
    return lost(problem +
                "; set another MASTER_PORT, and MASTER_ADDR to an address of the machine of rank 0");
  }

  std::vector<int> missing_ranks() const {
    std::vector<int> missing;
    for (std::size_t rank = 1; rank < seats_.size(); ++rank) {
      if (!seats_[rank]) missing.push_back(static_cast<int>(rank));
    }
    return missing;
  }

  std::string who_came() const {
    const std::vector<int> missing = missing_ranks();
    return fmt::format("{} port {}: {} ranks were wanted, {} came within {:g} s, missing: rank {}; {}",
                       address_of(listener_), port_of(listener_), seats_.size(),
                       seats_.size() - missing.size(), settings_.meeting_s, fmt::join(missing, ", "),
                       advice());
  }

  void wait(Clock::time_point deadline) {
    std::vector<pollfd> ready{{listener_.fd(), POLLIN, 0}};
    for (const Stranger& stranger : strangers_) ready.push_back({stranger.link.fd(), POLLIN, 0});
    for (const auto& seat : seats_) {
      if (seat) ready.push_back({seat->fd(), POLLIN, 0});
    }
    poll(ready.data(), ready.size(), milliseconds_until(deadline));
  }

  void admit() {
    while (strangers_.size() < kMaxStrangers) {
      Socket socket(accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (!socket.is_open()) return;
      strangers_.push_back({PeerLink(std::move(socket)), after(kHelloSeconds)});
    }
  }

  void greet() {
    for (Stranger& stranger : strangers_) {
      for (const PeerMessage& message : stranger.link.receive()) seat(stranger, message);
    }
    std::erase_if(strangers_, [](const Stranger& stranger) {
      return stranger.settled || !stranger.link.is_open() || Clock::now() > stranger.patience;
    });
  }

  struct Stranger {
    PeerLink link;
    Clock::time_point patience;
    bool settled = false;
  };

  void seat(Stranger& stranger, const PeerMessage& hello) {
    if (stranger.settled || hello.word != PeerWord::kHello) return;
    stranger.settled = true;
    const auto refuse = [&](std::int64_t how, const std::string& why) {
      stranger.link.send({.word = PeerWord::kRefused, .rank = 0, .number = how, .text = why});
    };
    if (hello.text != token_) return refuse(kOfAnotherRun, "a rank of another run listens there");
    if (hello.rank < 1 || hello.rank >= settings_.world_size)
      return refuse(kForGood, fmt::format("there is no rank {}", hello.rank));
    std::optional<PeerLink>& place = seats_[static_cast<std::size_t>(hello.rank)];
    if (place) return refuse(kForGood, fmt::format("another process already is rank {}", hello.rank));
    stranger.link.send({.word = PeerWord::kAccepted, .rank = 0});
    place.emplace(std::move(stranger.link));
  }

  base::Error give_up(int rank, const std::string& why) {
    for (auto& seat : seats_) {
      if (seat) seat->send({.word = PeerWord::kLost, .rank = rank, .text = why});
    }
    return lost(why);
  }

  const MeetingSettings& settings_;
  const std::string token_;
  Socket listener_;
  std::vector<Stranger> strangers_;
  std::vector<std::optional<PeerLink>> seats_;  // by rank; the first stays empty
};

class Guest {
 public:
  explicit Guest(const MeetingSettings& settings) : settings_(settings), token_(token_of(settings)) {}

  base::Result<Meeting> run() {
    const Clock::time_point deadline = after(settings_.meeting_s);
    while (Clock::now() < deadline) {
      if (is_stopped()) return stopped(settings_);
      for (const int port : settings_.ports) {
        std::optional<PeerLink> link = knock(port);
        if (refusal_) return lost(*refusal_);
        if (link) return wait_for_all(std::move(*link), deadline);
      }
      std::this_thread::sleep_for(kPause);
    }
    return lost(fmt::format("rank {} of {}: rank 0 was wanted at {} port {} within {:g} s, found: {}; {}",
                            settings_.rank, settings_.world_size, settings_.address,
                            fmt::join(settings_.ports, ", "), settings_.meeting_s, problem_, advice()));
  }

 private:
  /// A link to rank 0 of this run, if it is there.
  std::optional<PeerLink> knock(int port) {
    auto socket = connect_to(settings_.address, port, settings_.from, kKnockSeconds);
    if (!socket.ok()) {
      // What another program answered says more than that nobody listens on the next port.
      if (problem_.empty() || settings_.ports.front() == port) problem_ = socket.error().message;
      return std::nullopt;
    }
    PeerLink link(std::move(socket).value());
    link.send(
        {.word = PeerWord::kHello, .rank = settings_.rank, .number = settings_.world_size, .text = token_});
    const Clock::time_point patience = after(kHelloSeconds);
    while (link.is_open() && Clock::now() < patience) {
      pollfd ready{link.fd(), POLLIN, 0};
      poll(&ready, 1, milliseconds_until(patience));
      for (PeerMessage& message : link.receive()) {
        if (message.word == PeerWord::kAccepted || !early_.empty()) early_.push_back(std::move(message));
        if (message.word == PeerWord::kRefused) return refused(message);
      }
      if (!early_.empty()) return link;
    }
    problem_ = fmt::format("port {} is held by something that is not rank 0 of this run", port);
    return std::nullopt;
  }

  std::optional<PeerLink> refused(const PeerMessage& message) {
    problem_ = message.text;
    if (message.number == kForGood) {
      refusal_ = fmt::format("rank {} of {}: rank 0 refused it: {}; {}", settings_.rank, settings_.world_size,
                             message.text, advice());
    }
    return std::nullopt;
  }

  base::Result<Meeting> wait_for_all(PeerLink link, Clock::time_point deadline) {
    const Clock::time_point verdict =
        deadline + std::chrono::duration_cast<Clock::duration>(Seconds(kVerdictSeconds));
    std::vector<PeerMessage> messages = std::move(early_);
    while (true) {
      for (PeerMessage& message : messages) {
        if (message.word == PeerWord::kLost) return is_stopped() ? stopped(settings_) : lost(message.text);
        if (message.word != PeerWord::kWelcome) continue;
        Meeting meeting;
        meeting.own_address = address_of(link.socket());
        meeting.notice = std::move(message.text);
        meeting.links.push_back(std::move(link));
        return meeting;
      }
      if (is_stopped()) return stopped(settings_);
      if (!link.is_open() || Clock::now() > verdict) {
        return lost(fmt::format("rank {} of {}: rank 0 was lost while the ranks met; see its log",
                                settings_.rank, settings_.world_size));
      }
      pollfd ready{link.fd(), POLLIN, 0};
      poll(&ready, 1, milliseconds_until(verdict));
      messages = link.receive();
    }
  }

  const MeetingSettings& settings_;
  const std::string token_;
  std::string problem_;
  std::optional<std::string> refusal_;
  std::vector<PeerMessage> early_;  // what rank 0 said together with its first word
};

}  // namespace

base::Result<Meeting> meet(const MeetingSettings& settings) {
  INKNAV_CHECK(settings.rank >= 0 && settings.rank < settings.world_size && !settings.ports.empty(),
               settings.rank, settings.world_size);
  if (settings.rank == 0) return Host(settings).run();
  return Guest(settings).run();
}

}  // namespace inknav::run
