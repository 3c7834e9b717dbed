// SPDX-License-Identifier: MIT
#include "run/processor.h"

#include <fstream>
#include <set>
#include <sstream>

namespace inknav::run {

Processor processor(const std::filesystem::path& file) {
  Processor found;
  std::ifstream stream(file);
  bool named = false, flagged = false;
  for (std::string line; (!named || !flagged) && std::getline(stream, line);) {
    const std::size_t colon = line.find(": ");
    if (colon == std::string::npos) continue;
    if (!named && line.starts_with("model name")) {
      found.model = line.substr(colon + 2);
      named = true;
    }
    if (!flagged && line.starts_with("flags")) {
      std::istringstream words(line.substr(colon + 2));
      std::set<std::string> flags;
      for (std::string word; words >> word;) flags.insert(word);
      found.avx2 = flags.contains("avx2");
      found.fma = flags.contains("fma");
      found.avx512 = flags.contains("avx512f") && flags.contains("avx512dq") && flags.contains("avx512bw") &&
                     flags.contains("avx512vl");
      flagged = true;
    }
  }
  return found;
}

}  // namespace inknav::run
