// SPDX-License-Identifier: MIT
#pragma once
// The lines that inknav doctor makes of a machine's facts, and what follows from them: whether a training can
// run here, and with which exit code doctor ends when it cannot.
//
// Exit code: 0 when a training can run, with or without problems; else that of the first row that stops it:
// 2 the machine does not let the program have what it needs (open files), 3 no renderer, 5 memory, 6 disk.
// Nothing is asked from the machine here.

#include <string>
#include <vector>

#include "app/doctor_facts.h"
#include "base/result.h"

namespace inknav::app {

enum class DoctorLevel : std::uint8_t {
  kFine,
  kProblem,  // worth a change; a training runs
  kStop,     // no training can run
};

struct DoctorRow {
  std::string key;   // stable, of --json: "memory", "gpu_0"
  std::string name;  // of the text; "" continues the row above
  std::string fact;
  DoctorLevel level = DoctorLevel::kFine;
  base::ErrorCode code = base::ErrorCode::kUsage;  // of a row that stops
};

std::vector<DoctorRow> doctor_rows(const MachineFacts& facts);

/// 0, or the code of the first row that stops.
int doctor_exit_code(const std::vector<DoctorRow>& rows);

/// The rows as text, problems marked with "!" and what stops with "x", and a last line that says what they
/// come to.
std::string doctor_text(const std::vector<DoctorRow>& rows);

namespace internal {
/// The rows of GPUs, plug-in, NCCL, EGL, renderer and learner (doctor_device_rows.cc).
void add_device_rows(const MachineFacts& facts, std::vector<DoctorRow>& rows);
}  // namespace internal

}  // namespace inknav::app
