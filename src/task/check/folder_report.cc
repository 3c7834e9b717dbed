// SPDX-License-Identifier: MIT
#include "task/check/folder_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "base/counted.h"

namespace inknav::task {
namespace {

using base::counted;

namespace fs = std::filesystem;

constexpr std::size_t kNameWidth = 36;
constexpr std::size_t kLeastOfGroup = 3;  // findings of each code that are shown, if only so many fit

std::string_view name_of(CheckSort sort) {
  switch (sort) {
    case CheckSort::kFault:
      return "fault";
    case CheckSort::kEpisodeFault:
      return "episode-fault";
    case CheckSort::kWarning:
      return "warning";
  }
  return "";
}

std::string_view name_of(MeshOrigin origin) {
  switch (origin) {
    case MeshOrigin::kNone:
      return "none";
    case MeshOrigin::kFile:
      return "file";
    case MeshOrigin::kBuilt:
      return "built";
  }
  return "";
}

/// Beneath `root` without it; the end of a long name.
std::string short_name(const fs::path& file, const fs::path& root, std::size_t width) {
  const fs::path relative = file.lexically_relative(root);
  const bool beneath = !relative.empty() && *relative.begin() != ".." && relative != ".";
  std::string name = beneath ? relative.string() : file.string();
  if (name.size() > width) name.replace(0, name.size() - width + 3, "...");
  return name;
}

std::string counted_files(std::size_t number, FileKind kind) {
  if (kind == FileKind::kList) return counted(number, "list");
  if (kind == FileKind::kDrawing) return counted(number, "drawing");
  if (kind == FileKind::kNavmesh && number != 1) return fmt::format("{} navmeshes", number);
  if (kind == FileKind::kDemonstrations) return counted(number, "set") + " of demonstrations";
  if (kind == FileKind::kWeights) return counted(number, "file") + " of weights";
  return fmt::format("{} {}", number, name_of(kind));
}

std::string faults_text(int faults, int warnings) {
  return counted(static_cast<std::size_t>(faults), "fault") + ", " +
         counted(static_cast<std::size_t>(warnings), "warning");
}

std::string bytes_text(std::uint64_t bytes) {
  return bytes == 0 ? "" : fmt::format(" ({:.1f} MB)", static_cast<double>(bytes) / 1e6);
}

std::string scene_line(const SceneRow& row, const fs::path& root) {
  std::string line = fmt::format("{:<{}} ", short_name(row.file, root, kNameWidth), kNameWidth);
  if (!row.read) return line + fmt::format("{:>9}", "not read");
  const base::Vec3 size = row.bounds.size();
  line += fmt::format("{:>9} {:>13} {:>20}", row.triangles,
                      fmt::format("{}{}", row.textures, bytes_text(row.texture_bytes)),
                      fmt::format("{:.4g}x{:.4g}x{:.3g} m", size.x, size.z, size.y));
  if (row.mesh == MeshOrigin::kNone) {
    line += fmt::format(" {:>9} {:>10}", "-", "-");
  } else {
    line += fmt::format(" {:>6.1f} m2 {:>10}", row.area,
                        fmt::format("{} ({:.0f} %)", row.islands, 100.0f * row.largest_share));
  }
  line += fmt::format(" {:>9} {:>4}", fmt::format("{}/{}", row.reachable, row.episodes), row.starts_off);
  return line;
}

std::string scene_table(const FolderCheck& check, const fs::path& root, std::size_t max_lines) {
  std::vector<const SceneRow*> rows;
  for (const SceneRow& row : check.scenes) rows.push_back(&row);
  std::stable_sort(rows.begin(), rows.end(), [](const SceneRow* a, const SceneRow* b) {
    return std::pair(a->faults, a->warnings) > std::pair(b->faults, b->warnings);
  });
  std::string text =
      fmt::format("{:<{}} {:>9} {:>13} {:>20} {:>9} {:>10} {:>9} {:>4}  faults, warnings\n", "scene",
                  kNameWidth, "triangles", "textures", "size", "walkable", "islands", "reachable", "off");
  for (std::size_t i = 0; i < std::min(rows.size(), max_lines); ++i) {
    text += fmt::format("{}  {}, {}\n", scene_line(*rows[i], root), rows[i]->faults, rows[i]->warnings);
  }
  if (rows.size() <= max_lines) return text;
  const SceneRow& next = *rows[max_lines];
  return text + fmt::format("  and {} more{}\n", counted(rows.size() - max_lines, "scene"),
                            next.faults + next.warnings == 0 ? ", all sound" : " (--all shows them)");
}

std::string file_lines(const FolderCheck& check, const fs::path& root, std::size_t max_lines) {
  std::string text;
  for (std::size_t i = 0; i < std::min(check.files.size(), max_lines); ++i) {
    const FileRow& row = check.files[i];
    text += fmt::format("{} {}: {}", name_of(row.kind), short_name(row.file, root, 200),
                        row.summary.empty() ? "not read" : row.summary);
    if (row.faults + row.warnings > 0) text += "; " + faults_text(row.faults, row.warnings);
    text += "\n";
  }
  if (check.files.size() > max_lines)
    text += fmt::format("  and {} more\n", counted(check.files.size() - max_lines, "file"));
  return text;
}

using Group = std::vector<const CheckFinding*>;

/// Findings of one sort, by code.
std::string groups_text(const FolderCheck& check, bool warnings, const fs::path& root,
                        std::size_t max_lines) {
  std::map<CheckCode, Group> groups;
  std::size_t total = 0;
  for (const CheckFinding& finding : check.findings) {
    if ((info_of(finding.code).sort == CheckSort::kWarning) != warnings) continue;
    groups[finding.code].push_back(&finding);
    ++total;
  }
  if (groups.empty()) return {};
  std::string text = fmt::format("\n{} of {}\n", counted(total, warnings ? "warning" : "fault"),
                                 counted(groups.size(), "kind"));
  const std::size_t of_group = std::max(kLeastOfGroup, max_lines / groups.size());
  for (const auto& [code, group] : groups) {
    const CheckCodeInfo& info = info_of(code);
    text += fmt::format("{} ({}): {}\n", info.name, group.size(), info.title);
    const std::size_t shown = std::min(group.size(), std::min(of_group, max_lines));
    for (std::size_t i = 0; i < shown; ++i) {
      const CheckFinding& finding = *group[i];
      text += fmt::format("  {}{}{}: {}\n", short_name(finding.file, root, 200),
                          finding.where.empty() ? "" : ": ", finding.where, finding.what);
    }
    if (shown < group.size()) text += fmt::format("  and {} more\n", group.size() - shown);
    text += fmt::format("  -> {}\n", info.advice);
  }
  return text;
}

std::string head_line(const FolderCheck& check, const fs::path& path) {
  std::map<FileKind, std::size_t> files;
  std::size_t episodes = 0, bad = 0;
  for (const FileRow& row : check.files) {
    ++files[row.kind];
    episodes += static_cast<std::size_t>(row.episodes);
    bad += static_cast<std::size_t>(row.bad_episodes);
  }
  std::vector<std::string> parts;
  if (!check.scenes.empty()) parts.push_back(counted(check.scenes.size(), "scene"));
  for (const auto& [kind, number] : files) {
    parts.push_back(counted_files(number, kind));
    if (kind == FileKind::kList) {
      parts.back() += fmt::format(" with {} ({} cannot be run)", counted(episodes, "episode"), bad);
    }
  }
  if (parts.empty()) parts.emplace_back("no file that could be looked at");
  return fmt::format("{}: {}\n", path.string(), fmt::join(parts, ", "));
}

std::string verdict_text(const FolderCheck& check) {
  const std::string rest = check.interrupted ? " as far as it went: it was stopped before its end\n" : "\n";
  switch (check.verdict) {
    case Verdict::kSound:
      return "sound" + rest;
    case Verdict::kUsable:
      return "usable: at most 1 % of the episodes of each list are bad and will be skipped" + rest;
    case Verdict::kNotSound:
      return "not sound" + rest;
  }
  return rest;
}

/// Names of files and ids come from outside and need not be UTF-8.
std::string dump(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

/// "key": [a line each]; a list may have a million findings, of which never more than one is a tree.
template <typename Row, typename ToJson>
void append_list(std::string& text, const char* key, const std::vector<Row>& rows, const ToJson& to_json) {
  text.append("\"").append(key).append("\": [");
  const char* between = "\n";
  for (const Row& row : rows) {
    text.append(between).append(dump(to_json(row)));
    between = ",\n";
  }
  text.append("]");
}

nlohmann::ordered_json scene_json(const SceneRow& row) {
  nlohmann::ordered_json json = {{"file", row.file.string()}, {"read", row.read}};
  if (row.read) {
    const base::Aabb& b = row.bounds;
    json["triangles"] = row.triangles;
    json["vertices"] = row.vertices;
    json["degenerate"] = row.degenerate;
    json["textures"] = row.textures;
    json["texture_bytes"] = row.texture_bytes;
    json["bounds"] = {{b.min.x, b.min.y, b.min.z}, {b.max.x, b.max.y, b.max.z}};
    json["navmesh"] = name_of(row.mesh);
    json["walkable_m2"] = row.area;
    json["islands"] = row.islands;
    json["largest_share"] = row.largest_share;
    json["frame_suspected"] = row.frame_suspected;
    json["units_suspected"] = row.units_suspected;
  }
  json["episodes"] = row.episodes;
  json["reachable"] = row.reachable;
  json["starts_off_mesh"] = row.starts_off;
  json["faults"] = row.faults;
  json["warnings"] = row.warnings;
  return json;
}

nlohmann::ordered_json file_json(const FileRow& row) {
  nlohmann::ordered_json json = {{"kind", name_of(row.kind)}, {"file", row.file.string()}};
  json["summary"] = row.summary;
  if (row.kind == FileKind::kList) {
    json["episodes"] = row.episodes;
    json["bad_episodes"] = row.bad_episodes;
  }
  json["faults"] = row.faults;
  json["warnings"] = row.warnings;
  return json;
}

nlohmann::ordered_json finding_json(const CheckFinding& finding) {
  const CheckCodeInfo& info = info_of(finding.code);
  nlohmann::ordered_json json = {
      {"code", info.name}, {"sort", name_of(info.sort)}, {"file", finding.file.string()}};
  if (!finding.where.empty()) json["where"] = finding.where;
  if (finding.episode >= 0) json["episode"] = finding.episode;
  json["what"] = finding.what;
  json["advice"] = info.advice;
  return json;
}

}  // namespace

std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kSound:
      return "sound";
    case Verdict::kUsable:
      return "usable";
    case Verdict::kNotSound:
      return "not sound";
  }
  return "";
}

std::string format_report(const FolderCheck& check, const fs::path& path, std::size_t max_lines) {
  std::string text = head_line(check, path);
  if (!check.scenes.empty()) text.append("\n").append(scene_table(check, path, max_lines));
  if (!check.files.empty()) text.append("\n").append(file_lines(check, path, max_lines));
  const std::vector<std::string> others = passed_over_lines(check.passed_over, path);
  if (!others.empty()) text += fmt::format("\npassed over\n  {}\n", fmt::join(others, "\n  "));
  text += groups_text(check, true, path, max_lines);
  text += groups_text(check, false, path, max_lines);
  return text.append("\n").append(verdict_text(check));
}

std::string report_json(const FolderCheck& check, const fs::path& path) {
  nlohmann::ordered_json head = {{"format", "inknav-data-check"}, {"version", 1}, {"path", path.string()}};
  head["verdict"] = name_of(check.verdict);
  head["interrupted"] = check.interrupted;
  head["passed_over"] = nlohmann::ordered_json::array();
  std::size_t not_looked_at = 0;
  for (const auto& [sort, passed] : check.passed_over) {
    not_looked_at += passed.files;
    nlohmann::ordered_json first = nlohmann::ordered_json::array();
    for (const fs::path& file : passed.first) first.push_back(file.string());
    head["passed_over"].push_back(
        {{"sort", name_of(sort)}, {"files", passed.files}, {"first", std::move(first)}});
  }
  head["not_looked_at"] = not_looked_at;
  std::map<CheckCode, std::size_t> counts;
  for (const CheckFinding& finding : check.findings) ++counts[finding.code];
  head["counts"] = nlohmann::ordered_json::object();
  for (const auto& [code, number] : counts) head["counts"][std::string(info_of(code).name)] = number;
  std::string text = "{\n";
  for (const auto& [key, value] : head.items())
    text.append(1, '"').append(key).append("\": ").append(dump(value)).append(",\n");
  append_list(text, "scenes", check.scenes, scene_json);
  append_list(text.append(",\n"), "files", check.files, file_json);
  append_list(text.append(",\n"), "findings", check.findings, finding_json);
  return text.append("\n}\n");
}

}  // namespace inknav::task
