// SPDX-License-Identifier: MIT
#pragma once
// Fault injection for the file layer: a test makes the k-th system call of base/file.cc fail with a chosen
// errno and checks that nothing is lost. Off unless a test sets a hook; one relaxed load per call.

namespace inknav::base {

/// Gets the name of the call ("open", "write", "fsync", "rename", ...); returns 0 to let it happen or an
/// errno.
using IoFaultHook = int (*)(const char* call);

/// nullptr switches injection off. Tests only.
void set_io_fault_hook(IoFaultHook hook);

namespace internal {
/// 0, or the errno with which the call is to fail.
int injected_fault(const char* call);
}  // namespace internal

}  // namespace inknav::base
