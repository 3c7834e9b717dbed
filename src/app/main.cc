// SPDX-License-Identifier: MIT
#include <string>
#include <vector>

#include "app/command_line.h"

int main(int argc, char** argv) {
  return inknav::app::run_command_line(std::vector<std::string>(argv, argv + argc), inknav::app::commands());
}
