// SPDX-License-Identifier: MIT
#include "task/check/folder_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

namespace inknav::task {
namespace {

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
  return text + fmt::format("  and {} scenes more{}\n", rows.size() - max_lines,
                            next.faults + next.warnings == 0 ? ", all sound" : " (--all shows them)");
}

std::string file_lines(const FolderCheck& check, const fs::path& root, std::size_t max_lines) {
  std::string text;
  for (std::size_t i = 0; i < std::min(check.files.size(), max_lines); ++i) {
    const FileRow& row = check.files[i];
    text += fmt::format("{} {}: {}", name_of(row.kind), short_name(row.file, root, 200),
                        row.summary.empty() ? "not read" : row.summary);
    if (row.faults + row.warnings > 0)
      text += fmt::format("; {} faults, {} warnings", row.faults, row.warnings);
    text += "\n";
  }
  if (check.files.size() > max_lines)
    text += fmt::format("  and {} files more\n", check.files.size() - max_lines);
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
  std::string text =
      fmt::format("\n{} {} of {} kinds\n", total, warnings ? "warnings" : "faults", groups.size());
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
  std::int64_t episodes = 0, bad = 0;
  for (const FileRow& row : check.files) {
    ++files[row.kind];
    episodes += row.episodes;
    bad += row.bad_episodes;
  }
  std::string text = fmt::format("{}: {} scenes", path.string(), check.scenes.size());
  for (const auto& [kind, number] : files) {
    if (kind == FileKind::kList) {
      text += fmt::format(", {} lists with {} episodes ({} cannot be run)", number, episodes, bad);
    } else {
      text += fmt::format(", {} {}", number, name_of(kind));
    }
  }
  if (check.not_looked_at > 0) text += fmt::format("; {} other files not looked at", check.not_looked_at);
  return text + "\n";
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
  text += groups_text(check, true, path, max_lines);
  text += groups_text(check, false, path, max_lines);
  return text.append("\n").append(verdict_text(check));
}

std::string report_json(const FolderCheck& check, const fs::path& path) {
  nlohmann::ordered_json json = {{"format", "inknav-data-check"}, {"version", 1}, {"path", path.string()}};
  json["verdict"] = name_of(check.verdict);
  json["interrupted"] = check.interrupted;
  json["not_looked_at"] = check.not_looked_at;
  std::map<CheckCode, std::size_t> counts;
  for (const CheckFinding& finding : check.findings) ++counts[finding.code];
  json["counts"] = nlohmann::ordered_json::object();
  for (const auto& [code, number] : counts) json["counts"][std::string(info_of(code).name)] = number;
  for (const char* list : {"scenes", "files", "findings"}) json[list] = nlohmann::ordered_json::array();
  for (const SceneRow& row : check.scenes) json["scenes"].push_back(scene_json(row));
  for (const FileRow& row : check.files) json["files"].push_back(file_json(row));
  for (const CheckFinding& finding : check.findings) json["findings"].push_back(finding_json(finding));
  // Names of files and ids come from outside and need not be UTF-8.
  return json.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace inknav::task
