// SPDX-License-Identifier: MIT
#pragma once
// Stop requests. A handler stores to one lock-free atomic and returns; training looks at update boundaries.
// SIGTERM, SIGUSR1: save, exit 75. SIGINT: save, exit 0; a second SIGINT ends the process at once (130).
// SIGHUP and SIGPIPE are ignored: a closed terminal or pipe must not end a night's run.

#include <cstdint>

namespace inknav::run {

enum class StopRequest : std::uint8_t { kNone = 0, kInterrupt = 1, kPreempt = 2 };

/// Installs the handlers; call once, early, on the main thread.
void install_signal_handlers();
/// A write beyond the file size limit of the shell (ulimit -f) then fails like one on a full disk, instead of
/// killing the program. For commands that install no handlers.
void ignore_file_size_signal();
/// The strongest request so far. All ranks must agree (reduce by max) before acting on it.
StopRequest stop_request();
/// For tests, and for the launcher's children that learn of a stop from their peers.
void request_stop(StopRequest request);
void clear_stop_request();

/// 0 after SIGINT, 75 after SIGTERM or SIGUSR1.
int exit_code_of(StopRequest request);

}  // namespace inknav::run
