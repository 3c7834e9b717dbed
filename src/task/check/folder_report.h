// SPDX-License-Identifier: MIT
#pragma once
// What a check of a folder found, for people and for programs.
//
// The text: one line of counts, a table of scenes (those with faults first, then those with warnings), a line
// a file, then faults and warnings grouped by code with what to do, and the verdict. At most `max_lines`
// scenes, files and findings of each sort; what is left out is counted. The JSON is stable: {"verdict",
// "interrupted", "passed_over": [...], "counts": {code: n}, "scenes": [...], "files": [...], "findings":
// [{"code", "sort", "file", "where", "episode", "what", "advice"}]}. Equal results give equal texts.

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "task/check/folder_check.h"

namespace inknav::task {

std::string_view name_of(Verdict verdict);

std::string format_report(const FolderCheck& check, const std::filesystem::path& path, std::size_t max_lines);
std::string report_json(const FolderCheck& check, const std::filesystem::path& path);

}  // namespace inknav::task
