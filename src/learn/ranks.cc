// SPDX-License-Identifier: MIT
#include "learn/ranks.h"

#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "base/check.h"
#include "base/log.h"
#include "learn/cuda/device_plugin.h"
#include "run/network.h"

namespace inknav::learn {
namespace {

using torch::Tensor;

static_assert(Ranks::kMostMarks == DeviceSum::kMostMarks);

constexpr double kCausePatience = 2.0;  // for the watch to find out which rank went

std::chrono::milliseconds milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000.0));
}

void end_process(const run::PeerLoss& loss) {
  base::log_error("{}", loss.sentence);
  std::_Exit(static_cast<int>(base::ErrorCode::kPeer));
}

/// Where c10d keeps the addresses of the ranks: a store in rank 0, on the address of the meeting only. The
/// port is told at the meeting.
struct StoreServer {
  run::Socket listener;
  int port = 0;
};
base::Result<StoreServer> open_store(const std::string& address) {
  StoreServer server;
  INKNAV_ASSIGN_OR_RETURN(server.listener, run::listen_on(address, 0));
  server.port = run::port_of(server.listener);
  return server;
}

c10::intrusive_ptr<c10d::Store> join_store(const std::string& address, int port, run::Socket listener,
                                           double timeout_s) {
  c10d::TCPStoreOptions options;
  options.port = static_cast<std::uint16_t>(port);
  options.isServer = listener.is_open();
  if (listener.is_open()) options.masterListenFd = listener.release();
  options.waitWorkers = false;  // all are there
  options.timeout = milliseconds(timeout_s);
  return c10::make_intrusive<c10d::TCPStore>(address, options);
}

class GlooRanks : public Ranks {
 public:
  GlooRanks(std::unique_ptr<run::Peers> peers, c10::intrusive_ptr<c10d::Store> store,
            const run::RankInfo& info, const RankTransport& transport)
      : info_(info),
        answer_s_(transport.answer_s),
        nccl_sockets_(nccl_sockets(info, transport.interface)),
        peers_(std::move(peers)),
        store_(std::move(store)) {
    // The ranks meet within the time of the meeting; later calls may take longer.
    auto options = c10d::ProcessGroupGloo::Options::create();
    options->timeout = milliseconds(transport.meeting_s);
    options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname(peers_->own_address()));
    options->threads = 1;
    group_ =
        c10::make_intrusive<c10d::ProcessGroupGloo>(store_, info.rank, info.world_size, std::move(options));
    group_->setTimeout(milliseconds(transport.answer_s));
  }
  ~GlooRanks() override {
    // Gloo's thread ends with its sums, and these with the peers.
    if (is_summing_) peers_->fail("it gave up in the middle of a sum");
  }

  base::Status meet_on_device(int gpu) override {
    const auto api = find_device_plugin();
    if (!api.ok()) {
      base::log_warning("the sums of the ranks go over the host, not by NCCL: {}", api.error().message);
      return base::ok_status();
    }
    ::setenv("NCCL_SOCKET_IFNAME", nccl_sockets_.c_str(), /*overwrite=*/0);
    DeviceSumRequest request;
    request.store = c10::make_intrusive<c10d::PrefixStore>("nccl", store_);
    request.rank = info_.rank;
    request.world_size = info_.world_size;
    request.gpu = gpu;
    request.timeout_s = answer_s_;
    return guarded([&] { device_sum_ = (*api)->make_sum(request); });
  }
  bool sums_on_device() const override { return device_sum_ != nullptr; }
  void mark(int number) override {
    if (device_sum_) device_sum_->mark(number);
  }
  base::Status start_sum(const Tensor& values, int mark) override {
    INKNAV_CHECK(values.is_cpu() || device_sum_ != nullptr);
    // Whoever gives up from here on leaves peers that wait.
    is_summing_ = true;
    return guarded([&] {
      if (!values.is_cpu()) {
        device_sum_->start(values, mark);
        return;
      }
      // Gloo has one thread here, which does what it is given in that order.
      std::vector<Tensor> tensors{values};
      started_.push_back(group_->allreduce(tensors));
    });
  }
  base::Status finish_sums() override {
    const base::Status done = guarded([this] {
      for (const auto& sum : started_) sum->wait();
      if (device_sum_) device_sum_->finish();
    });
    if (!done.ok()) return done;
    started_.clear();
    is_summing_ = false;
    return done;
  }

  int rank() const override { return info_.rank; }
  int size() const override { return info_.world_size; }

  run::Peers& peers() override { return *peers_; }

  base::Status sum(std::span<float> values) override {
    return reduce(
        torch::from_blob(values.data(), {static_cast<std::int64_t>(values.size())}, torch::kFloat32),
        c10d::ReduceOp::SUM);
  }
  base::Status sum(std::span<double> values) override {
    return reduce(
        torch::from_blob(values.data(), {static_cast<std::int64_t>(values.size())}, torch::kFloat64),
        c10d::ReduceOp::SUM);
  }
  base::Result<std::int64_t> max(std::int64_t value) override {
    INKNAV_RETURN_IF_ERROR(reduce(torch::from_blob(&value, {1}, torch::kInt64), c10d::ReduceOp::MAX));
    return value;
  }

  base::Result<std::vector<std::vector<std::uint8_t>>> gather(std::span<const std::uint8_t> bytes) override {
    std::vector<double> sizes(static_cast<std::size_t>(size()), 0.0);
    sizes[static_cast<std::size_t>(rank())] = static_cast<double>(bytes.size());
    INKNAV_RETURN_IF_ERROR(sum(std::span<double>(sizes)));
    const auto largest = static_cast<std::int64_t>(*std::max_element(sizes.begin(), sizes.end()));
    Tensor mine = torch::zeros({largest}, torch::kUInt8);
    if (!bytes.empty()) std::memcpy(mine.data_ptr(), bytes.data(), bytes.size());
    std::vector<std::vector<Tensor>> outputs(1);
    for (int i = 0; i < size(); ++i) outputs[0].push_back(torch::empty({largest}, torch::kUInt8));
    std::vector<Tensor> inputs{mine};
    INKNAV_RETURN_IF_ERROR(
        wait([&] { return group_->allgather(outputs, inputs, c10d::AllgatherOptions()); }));
    std::vector<std::vector<std::uint8_t>> result;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      const std::uint8_t* data = outputs[0][i].data_ptr<std::uint8_t>();
      result.emplace_back(data, data + static_cast<std::ptrdiff_t>(sizes[i]));
    }
    return result;
  }

 private:
  base::Status reduce(Tensor values, c10d::ReduceOp operation) {
    std::vector<Tensor> tensors{std::move(values)};
    c10d::AllreduceOptions options;
    options.reduceOp = operation;
    return wait([&] { return group_->allreduce(tensors, options); });
  }

  template <typename Start>
  base::Status wait(Start&& start) {
    return guarded([&] { start()->wait(); });
  }

  template <typename Call>
  base::Status guarded(Call&& call) {
    std::string problem;
    try {
      const run::Peers::Waiting waiting(*peers_);
      call();
      return base::ok_status();
    } catch (const std::exception& fault) {
      problem = std::string(fault.what()).substr(0, 200);
    }
    peers_->await_loss(kCausePatience);
    return base::Error{base::ErrorCode::kPeer,
                       "rank " + std::to_string(rank()) + " of " + std::to_string(size()) +
                           ": wanted an answer of every rank within " +
                           std::to_string(static_cast<int>(answer_s_)) + " s, a peer is gone (" + problem +
                           "); see the log of the rank that ended first"};
  }

  run::RankInfo info_;
  double answer_s_;
  std::string nccl_sockets_;
  std::unique_ptr<run::Peers> peers_;
  c10::intrusive_ptr<c10d::Store> store_;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> group_;
  std::unique_ptr<DeviceSum> device_sum_;  // null: the GPUs have not met
  std::vector<c10::intrusive_ptr<c10d::Work>> started_;
  bool is_summing_ = false;
};

}  // namespace

std::string nccl_sockets(const run::RankInfo& info, const std::string& interface) {
  if (info.is_one_machine) return "=lo";
  const char* const named = std::getenv("GLOO_SOCKET_IFNAME");
  return "=" + (interface.empty() && named != nullptr ? std::string(named) : interface);
}

void Ranks::mark(int) {}

base::Status Ranks::start_sum(const Tensor& values, int) {
  INKNAV_CHECK(values.is_cpu() && values.is_contiguous());
  return sum(std::span<float>(values.data_ptr<float>(), static_cast<std::size_t>(values.numel())));
}

base::Status Ranks::finish_sums() { return base::ok_status(); }

base::Result<std::unique_ptr<Ranks>> Ranks::connect(const run::RankInfo& info,
                                                    const RankTransport& transport) {
  INKNAV_ASSIGN_OR_RETURN(run::MeetingSettings place, run::meeting_place(info, transport.interface));
  place.meeting_s = transport.meeting_s;
  StoreServer server;
  if (info.is_main()) {
    INKNAV_ASSIGN_OR_RETURN(server, open_store(place.address));
    place.notice = std::to_string(server.port);
  }
  INKNAV_ASSIGN_OR_RETURN(
      std::unique_ptr<run::Peers> peers,
      run::Peers::meet(place, transport.silence_s, transport.on_loss ? transport.on_loss : end_process));
  const int port = std::atoi(peers->notice().c_str());
  try {
    auto store = join_store(place.address, port, std::move(server.listener), transport.meeting_s);
    return std::unique_ptr<Ranks>(
        std::make_unique<GlooRanks>(std::move(peers), std::move(store), info, transport));
  } catch (const std::exception& fault) {
    return base::Error{base::ErrorCode::kPeer,
                       place.address + " port " + std::to_string(port) + ": a connection to every of " +
                           std::to_string(info.world_size) + " ranks was wanted, rank " +
                           std::to_string(info.rank) + " found: " + std::string(fault.what()).substr(0, 200) +
                           "; check that the machines of all ranks reach each other"};
  }
}

}  // namespace inknav::learn
