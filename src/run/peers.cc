// SPDX-License-Identifier: MIT
#include "run/peers.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"

namespace inknav::run {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr double kBeatSeconds = 1.0;
constexpr double kAwaySeconds = 3.0;  // a watch that comes back later than this was not running meanwhile
constexpr double kFarewellSeconds = 1.0;
constexpr double kReadingSeconds = 0.2;
constexpr int kTickMilliseconds = 100;
constexpr int kCountBits = 20;  // of a done count, which holds a number of ranks

double seconds_since(Clock::time_point time) { return Seconds(Clock::now() - time).count(); }

}  // namespace

class Peers::Watch {
 public:
  Watch(Meeting meeting, const MeetingSettings& settings, double silence_s_wanted, LossHandler on_loss)
      : rank(settings.rank),
        silence_s(silence_s_wanted),
        notice(std::move(meeting.notice)),
        own_address(std::move(meeting.own_address)),
        world_(settings.world_size),
        on_loss_(std::move(on_loss)),
        wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    INKNAV_CHECK(wake_.is_open() && world_ < (1 << kCountBits), world_);
    for (PeerLink& link : meeting.links) {
      const int other = rank == 0 ? static_cast<int>(peers_.size()) + 1 : 0;
      peers_.push_back({std::move(link), other, Clock::now()});
    }
    thread_ = std::thread([this] { run(); });
  }

  ~Watch() {
    tell({.word = PeerWord::kBye, .rank = rank}, /*last=*/true);
    thread_.join();
  }

  void tell(PeerMessage message, bool last) {
    std::unique_lock<std::mutex> lock(mutex_);
    outgoing_.push_back(std::move(message));
    ended_ = ended_ || last;
    const std::uint64_t one = 1;
    if (write(wake_.fd(), &one, sizeof(one)) < 0) return;
  }

  void fail(const std::string& message) {
    tell({.word = PeerWord::kLost,
          .rank = rank,
          .text = fmt::format("rank {} of {} ended: {}", rank, world_, message)},
         /*last=*/false);
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, Seconds(kFarewellSeconds), [this] { return outgoing_.empty() && sent_; });
  }

  void await_loss(double seconds) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, Seconds(seconds), [this] { return handled_; });
  }

  const int rank;
  const double silence_s;
  const std::string notice, own_address;
  std::atomic<const char*> section{"start"};
  std::atomic<double> limit_s{std::numeric_limits<double>::infinity()};
  std::atomic<std::uint64_t> beats{0};
  std::atomic<int> waiting{0};
  std::atomic<std::uint64_t> done{0};  // number and count

 private:
  struct Peer {
    PeerLink link;
    int rank;
    Clock::time_point heard;
    bool has_left = false;
  };

  void run() {
    Clock::time_point beaten = Clock::now();
    last_look_ = Clock::now();
    while (!loss_) {
      wait();
      forgive_absence();
      read_all();
      if (!loss_) look();
      if (seconds_since(beaten) > kBeatSeconds) {
        beaten = Clock::now();
        for (Peer& peer : peers_) {
          if (!peer.link.has_unsent()) peer.link.send({.word = PeerWord::kBeat, .rank = rank});
        }
      }
      if (!send_outgoing()) return;
    }
    if (!told_by_us_ && (rank == 0 || loss_->rank == rank))
      tell_all({PeerWord::kLost, loss_->rank, 0, loss_->sentence});
    let_it_be_read();
    if (!told_by_us_) on_loss_(*loss_);
    std::lock_guard<std::mutex> lock(mutex_);
    handled_ = true;
    changed_.notify_all();
  }

  void wait() {
    std::vector<pollfd> ready{{wake_.fd(), POLLIN, 0}};
    for (const Peer& peer : peers_) {
      if (!peer.has_left) ready.push_back({peer.link.fd(), POLLIN, 0});
    }
    poll(ready.data(), ready.size(), kTickMilliseconds);
    std::uint64_t count = 0;
    while (read(wake_.fd(), &count, sizeof(count)) > 0) {
    }
  }

  /// A stopped process or a suspended machine: the others had no chance to be heard.
  void forgive_absence() {
    const double away = seconds_since(last_look_);
    last_look_ = Clock::now();
    if (away < kAwaySeconds) return;
    const auto shift = std::chrono::duration_cast<Clock::duration>(Seconds(away));
    for (Peer& peer : peers_) peer.heard += shift;
    progressed_ += shift;
  }

  void read_all() {
    for (Peer& peer : peers_) {
      if (peer.has_left) continue;
      for (const PeerMessage& message : peer.link.receive()) {
        peer.heard = Clock::now();
        take(peer, message);
      }
      peer.link.flush();
    }
  }

  void take(Peer& peer, const PeerMessage& message) {
    if (message.word == PeerWord::kBye) peer.has_left = true;
    if (message.word == PeerWord::kLost && !loss_) loss_ = PeerLoss{message.rank, message.text};
    if (message.word == PeerWord::kDone && rank == 0) count_done(message.number);
    if (message.word == PeerWord::kDoneCount && rank != 0) note_done(message.number, message.rank);
  }

  void count_done(std::int64_t number) {
    if (number != counted_number_) counted_ = 0;
    counted_number_ = number;
    note_done(number, ++counted_);
    tell_all({PeerWord::kDoneCount, counted_, number, ""});
  }
  void note_done(std::int64_t number, int count) {
    done.store((static_cast<std::uint64_t>(number) << kCountBits) | static_cast<std::uint64_t>(count));
  }

  void look() {
    for (const Peer& peer : peers_) {
      if (peer.has_left || loss_) continue;
      if (!peer.link.is_open()) {
        lose(peer.rank, fmt::format("is gone: its connection closed without a word (killed, out of memory, "
                                    "or its machine went down), while rank {} was in {}",
                                    rank, section.load()));
      } else if (seconds_since(peer.heard) > silence_s) {
        lose(peer.rank, fmt::format("has not been heard of for {:g} s (stopped, or its machine or network "
                                    "is down), while rank {} was in {}",
                                    silence_s, rank, section.load()));
      }
    }
    const std::uint64_t now_beats = beats.load(std::memory_order_relaxed);
    if (waiting.load() > 0 || now_beats != seen_beats_) progressed_ = Clock::now();
    seen_beats_ = now_beats;
    const double limit = limit_s.load();
    if (loss_ || seconds_since(progressed_) <= limit) return;
    lose(rank, fmt::format("has made no progress for {:.0f} s in {}, {:.0f} s are allowed",
                           seconds_since(progressed_), section.load(), limit));
  }

  void lose(int lost, const std::string& what) {
    loss_ = PeerLoss{lost, fmt::format("rank {} of {} {}; all ranks stop; go on from the newest checkpoint "
                                       "with --resume-from",
                                       lost, world_, what)};
  }

  void tell_all(const PeerMessage& message) {
    for (Peer& peer : peers_) {
      if (!peer.has_left) peer.link.send(message);
    }
  }

  /// A connection that is closed with unread words in it may lose those on the way to the other end.
  void let_it_be_read() {
    const Clock::time_point start = Clock::now();
    while (seconds_since(start) < kReadingSeconds) {
      for (Peer& peer : peers_) {
        peer.link.flush();
        peer.link.receive();
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(kTickMilliseconds / 5));
    }
  }

  /// False once this rank has said good-bye.
  bool send_outgoing() {
    std::lock_guard<std::mutex> lock(mutex_);
    for (const PeerMessage& message : outgoing_) {
      if (message.word == PeerWord::kDone && rank == 0) {
        count_done(message.number);
      } else {
        tell_all(message);
      }
      if (message.word == PeerWord::kLost) told_by_us_ = true;
      if (message.word == PeerWord::kLost && !loss_) loss_ = PeerLoss{message.rank, message.text};
    }
    outgoing_.clear();
    sent_ = true;
    changed_.notify_all();
    return !ended_;
  }

  const int world_;
  const LossHandler on_loss_;
  Socket wake_;  // an event, not a socket, but closed like one
  std::vector<Peer> peers_;
  std::optional<PeerLoss> loss_;
  bool told_by_us_ = false;  // this rank's own error, which it reports itself
  Clock::time_point progressed_ = Clock::now(), last_look_ = Clock::now();
  std::uint64_t seen_beats_ = 0;
  std::int64_t counted_number_ = -1;
  int counted_ = 0;

  std::mutex mutex_;  // of what follows
  std::condition_variable changed_;
  std::vector<PeerMessage> outgoing_;
  bool ended_ = false, sent_ = false, handled_ = false;
  std::thread thread_;
};

Peers::Peers(std::unique_ptr<Watch> watch) : watch_(std::move(watch)) {}
Peers::~Peers() = default;

base::Result<std::unique_ptr<Peers>> Peers::meet(const MeetingSettings& settings, double silence_s,
                                                 LossHandler on_loss) {
  INKNAV_ASSIGN_OR_RETURN(Meeting meeting, run::meet(settings));
  auto watch = std::make_unique<Watch>(std::move(meeting), settings, silence_s, std::move(on_loss));
  return std::unique_ptr<Peers>(new Peers(std::move(watch)));
}

const std::string& Peers::own_address() const { return watch_->own_address; }
const std::string& Peers::notice() const { return watch_->notice; }
double Peers::silence_s() const { return watch_->silence_s; }

void Peers::enter(const char* section, double limit_s) {
  watch_->section.store(section);
  watch_->limit_s.store(limit_s);
  beat();
}
void Peers::beat() { watch_->beats.fetch_add(1, std::memory_order_relaxed); }

Peers::Waiting::Waiting(Peers& peers) : peers_(peers) { peers_.watch_->waiting.fetch_add(1); }
Peers::Waiting::~Waiting() {
  peers_.beat();
  peers_.watch_->waiting.fetch_sub(1);
}

void Peers::announce(std::int64_t number) {
  watch_->tell({.word = PeerWord::kDone, .rank = watch_->rank, .number = number}, /*last=*/false);
}
int Peers::announced(std::int64_t number) const {
  const std::uint64_t packed = watch_->done.load(std::memory_order_relaxed);
  if (static_cast<std::int64_t>(packed >> kCountBits) != number) return 0;
  return static_cast<int>(packed & ((std::uint64_t{1} << kCountBits) - 1));
}

void Peers::fail(const std::string& message) { watch_->fail(message); }
void Peers::await_loss(double seconds) { watch_->await_loss(seconds); }

}  // namespace inknav::run
