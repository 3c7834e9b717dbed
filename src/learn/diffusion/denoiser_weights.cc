// SPDX-License-Identifier: MIT
#include "learn/diffusion/denoiser_weights.h"

#include <map>
#include <memory>

#include "base/check.h"

namespace inknav::learn {

WeightSource weights_of(const ConditionalUnet1d& net) {
  auto copies = std::make_shared<std::map<std::string, torch::Tensor>>();
  for (const auto& item : net->named_parameters()) {
    (*copies)[item.key()] =
        item.value().detach().to(torch::kCPU, torch::kFloat32).clone(at::MemoryFormat::Contiguous);
  }
  return [copies](const std::string& name) {
    const auto found = copies->find(name);
    INKNAV_CHECK(found != copies->end(), name);
    return std::span<const float>(found->second.data_ptr<float>(),
                                  static_cast<std::size_t>(found->second.numel()));
  };
}

}  // namespace inknav::learn
