// SPDX-License-Identifier: MIT
#include "run/nvidia_driver.h"

#include <fstream>
#include <sstream>

namespace inknav::run {
namespace {

/// Two or three numbers with points between them.
bool is_version(const std::string& word) {
  return word.find('.') != std::string::npos && word.find_first_not_of("0123456789.") == std::string::npos &&
         word.front() != '.' && word.back() != '.';
}

}  // namespace

std::optional<std::string> nvidia_driver_version(const std::filesystem::path& file) {
  std::ifstream stream(file);
  if (!stream) return std::nullopt;
  std::string line;
  std::getline(stream, line);
  std::istringstream words(line);
  for (std::string word; words >> word;) {
    if (is_version(word)) return word;
  }
  return std::string();
}

std::string why_no_gpu(const GpuList& list, const std::optional<std::string>& driver_version,
                       const std::optional<std::string>& visible_devices) {
  if (!driver_version && !list.library_found) return list.reason;
  if (!list.library_found) {
    return list.reason +
           ", though the kernel driver is loaded; in a container: start it with the GPUs (--gpus all), else "
           "install the driver's library";
  }
  if (!driver_version) {
    return list.reason +
           ": its library is here, but the kernel driver is not loaded; without an NVIDIA card "
           "this is as it should be, with one: install or load the driver";
  }
  if (visible_devices) return list.reason + "; CUDA_VISIBLE_DEVICES is \"" + *visible_devices + "\"";
  return list.reason + "; what nvidia-smi says may tell more";
}

}  // namespace inknav::run
