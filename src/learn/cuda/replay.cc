// SPDX-License-Identifier: MIT
#include "learn/cuda/replay.h"

#include <exception>
#include <utility>

#include "base/log.h"
#include "learn/cuda/device_plugin.h"

namespace inknav::learn {
namespace {

/// Stands in for a graph where there is no GPU.
class RunAgain final : public DeviceGraph {
 public:
  void record(const std::function<void()>& work, int warm_up) override {
    for (int i = 0; i < warm_up; ++i) work();
    work_ = work;
  }
  void replay() override { work_(); }

 private:
  std::function<void()> work_;
};

base::Result<std::unique_ptr<DeviceGraph>> make_graph(const Placement& placement) {
  if (!placement.is_gpu()) return std::unique_ptr<DeviceGraph>(std::make_unique<RunAgain>());
  INKNAV_ASSIGN_OR_RETURN(const DeviceApi* api, find_device_plugin());
  return api->make_graph(placement.device().index());
}

}  // namespace

Replay::Replay() = default;
Replay::Replay(const Placement& placement, std::string name)
    : placement_(placement), wanted_(placement.graphs()), name_(std::move(name)) {}
Replay::~Replay() = default;
Replay::Replay(Replay&&) noexcept = default;
Replay& Replay::operator=(Replay&&) noexcept = default;

void Replay::forget() { graph_.reset(); }

void Replay::run(const std::function<void()>& work, int warm_up) {
  if (!wanted_) {
    work();
    return;
  }
  if (!graph_) {
    std::string why;
    auto graph = make_graph(placement_);
    if (graph.ok()) {
      try {
        (*graph)->record(work, warm_up);
        graph_ = std::move(graph).value();
      } catch (const std::exception& fault) {
        why = std::string(fault.what()).substr(0, 300);
      }
    } else {
      why = graph.error().message;
    }
    if (!graph_) {
      base::log_warning("{}: no CUDA graph, it runs step by step: {}", name_, why);
      wanted_ = false;
      work();
      return;
    }
  }
  graph_->replay();
}

}  // namespace inknav::learn
