// SPDX-License-Identifier: MIT
#include "app/doctor_command.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "app/doctor_json.h"
#include "app/doctor_report.h"

namespace inknav::app {

Action define_doctor(CLI::App& app) {
  auto as_json = std::make_shared<bool>(false);
  app.add_flag("--json", *as_json, "the same as one JSON object; keys in docs/troubleshooting.md");
  app.footer(
      "Exit code: 0 a training can run; 2 too few open files, 3 no renderer, 5 too little memory, 6 the\n"
      "models' folder cannot be written or is full.");
  return [as_json]() -> base::Result<int> {
    INKNAV_ASSIGN_OR_RETURN(const MachineFacts facts, look_around());
    const std::vector<DoctorRow> rows = doctor_rows(facts);
    std::cout << (*as_json ? doctor_json(facts, rows) : doctor_text(rows)) << std::flush;
    return doctor_exit_code(rows);
  };
}

}  // namespace inknav::app
