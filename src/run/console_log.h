// SPDX-License-Identifier: MIT
#pragma once
// Console log: the stderr sink of base/log.h. A line first clears a progress bar that stands in the way, so
// that both can be read. Information is the bare message; warnings and errors begin with their level.

namespace inknav::run {

/// Replaces the default sink; call once, first thing in main. Rank > 0 shows warnings and errors only.
void install_console_log(bool main_rank = true);

namespace internal {
/// Set by Progress while its bar is the last thing on the terminal.
void set_bar_on_terminal(bool standing);
}  // namespace internal

}  // namespace inknav::run
