// SPDX-License-Identifier: MIT
#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace inknav::base::internal {

void check_failed(const char* condition, const char* file, int line, const std::string& values) {
  std::fprintf(stderr, "%s:%d: check failed, this is a bug in InkNav: %s%s\n", file, line, condition,
               values.c_str());
  std::fflush(stderr);
  std::abort();
}

}  // namespace inknav::base::internal
