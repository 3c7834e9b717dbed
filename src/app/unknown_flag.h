// SPDX-License-Identifier: MIT
#pragma once
// unknown_flag: the sentence for a word of the command line that looks like a flag and is none of a
// command's. Threads: pure. Never fails.

#include <string>

namespace CLI {
class App;
}

namespace inknav::app {

/// What is wrong with `word` as a flag of `command`, naming the nearest flag; "" for its flags, and for all
/// words that are none (a key, a value).
std::string unknown_flag(const CLI::App& command, const std::string& word);

}  // namespace inknav::app
