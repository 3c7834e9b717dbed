// SPDX-License-Identifier: MIT
#include "learn/ranks.h"

#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "base/check.h"
#include "base/log.h"
#include "learn/cuda/device_plugin.h"

namespace inknav::learn {
namespace {

using torch::Tensor;

class GlooRanks : public Ranks {
 public:
  GlooRanks(c10::intrusive_ptr<c10d::Store> store, const run::RankInfo& info, double timeout_s)
      : info_(info), timeout_s_(timeout_s), store_(std::move(store)) {
    auto options = c10d::ProcessGroupGloo::Options::create();
    const auto milliseconds = static_cast<std::int64_t>(timeout_s * 1000.0);
    options->timeout = std::chrono::milliseconds(milliseconds);
    options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname(info.master_addr));
    options->threads = 1;
    group_ =
        c10::make_intrusive<c10d::ProcessGroupGloo>(store_, info.rank, info.world_size, std::move(options));
  }

  base::Status meet_on_device(int gpu) override {
    const auto api = find_device_plugin();
    if (!api.ok()) {
      base::log_warning("the sums of the ranks go over the host, not by NCCL: {}", api.error().message);
      return base::ok_status();
    }
    DeviceSumRequest request;
    request.store = c10::make_intrusive<c10d::PrefixStore>("nccl", store_);
    request.rank = info_.rank;
    request.world_size = info_.world_size;
    request.gpu = gpu;
    request.timeout_s = timeout_s_;
    return guarded([&] { device_sum_ = (*api)->make_sum(request); });
  }
  bool sums_on_device() const override { return device_sum_ != nullptr; }
  base::Status sum_on_device(const base::TensorView& values) override {
    INKNAV_CHECK(device_sum_ != nullptr && values.device == base::DeviceKind::kCuda);
    const torch::Device device(torch::kCUDA, static_cast<c10::DeviceIndex>(values.device_index));
    Tensor tensor =
        torch::from_blob(values.data, {values.num_elements()}, torch::TensorOptions().device(device));
    return guarded([&] { device_sum_->sum(tensor); });
  }

  int rank() const override { return info_.rank; }
  int size() const override { return info_.world_size; }

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
    try {
      call();
    } catch (const std::exception& fault) {
      return base::Error{base::ErrorCode::kPeer,
                         "rank " + std::to_string(rank()) + " of " + std::to_string(size()) +
                             ": wanted an answer of every rank within " +
                             std::to_string(static_cast<int>(timeout_s_)) + " s, a peer is gone (" +
                             std::string(fault.what()).substr(0, 200) +
                             "); see the log of the rank that ended first"};
    }
    return base::ok_status();
  }

  run::RankInfo info_;
  double timeout_s_;
  c10::intrusive_ptr<c10d::Store> store_;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> group_;
  std::unique_ptr<DeviceSum> device_sum_;  // null: the GPUs have not met
};

}  // namespace

base::Result<std::unique_ptr<Ranks>> Ranks::connect(const run::RankInfo& info, double timeout_s) {
  try {
    c10d::TCPStoreOptions options;
    options.port = static_cast<std::uint16_t>(info.master_port);
    options.isServer = info.rank == 0;
    options.numWorkers = static_cast<std::size_t>(info.world_size);
    options.timeout = std::chrono::milliseconds(static_cast<std::int64_t>(timeout_s * 1000.0));
    auto store = c10::make_intrusive<c10d::TCPStore>(info.master_addr, options);
    return std::unique_ptr<Ranks>(std::make_unique<GlooRanks>(std::move(store), info, timeout_s));
  } catch (const std::exception& fault) {
    return base::Error{base::ErrorCode::kPeer,
                       "MASTER_ADDR " + info.master_addr + " port " + std::to_string(info.master_port) +
                           ": wanted " + std::to_string(info.world_size) + " ranks to meet, rank " +
                           std::to_string(info.rank) + " found: " + std::string(fault.what()).substr(0, 200) +
                           "; check that all ranks were started with the same address and port"};
  }
}

}  // namespace inknav::learn
