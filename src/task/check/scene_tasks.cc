// SPDX-License-Identifier: MIT
#include "task/check/scene_tasks.h"

#include <algorithm>
#include <set>
#include <system_error>
#include <utility>

namespace inknav::task {
namespace {

namespace fs = std::filesystem;

class Tasks {
 public:
  explicit Tasks(const Inventory& inventory) {
    for (const CheckFinding& finding : inventory.findings) {
      if (finding.code == CheckCode::kFilePlaceholder) placeholders_.insert(path_key(finding.file));
    }
    for (const fs::path& file : inventory.scenes) names_.emplace(path_key(file), file);
    // A stage config that was named outright is checked with its scene.
    for (const fs::path& config : inventory.stage_configs) {
      const auto scene = scene_beside(config, ".stage_config.json");
      if (!scene) continue;
      const std::string key = path_key(*scene);
      if (!placeholders_.contains(key)) names_.emplace(key, *scene);
    }
  }

  void add(std::size_t number, const CheckedList& list) {
    std::map<std::string, SceneTask*> known;  // by scene key; null: told already
    for (std::size_t i = 0; i < list.inspection.episodes.size(); ++i) {
      const std::string key = scene_key(list.folders, list.inspection.episodes[i]);
      const auto scene = list.scenes.find(key);
      if (scene == list.scenes.end()) continue;
      auto task = known.find(key);
      if (task == known.end()) task = known.emplace(key, task_of(scene->second, key)).first;
      if (task->second != nullptr) task->second->episodes[number].push_back(i);
    }
  }

  std::vector<SceneTask> take() {
    for (const auto& [key, file] : names_) {
      if (!of_lists_.contains(key)) tasks_[key].scene.file = file;
    }
    std::vector<SceneTask> tasks;
    for (auto& [key, task] : tasks_) {
      std::error_code code;
      task.bytes = fs::file_size(task.scene.file, code);
      if (code) task.bytes = 0;
      tasks.push_back(std::move(task));
    }
    std::stable_sort(tasks.begin(), tasks.end(),
                     [](const SceneTask& a, const SceneTask& b) { return a.scene.file < b.scene.file; });
    return tasks;
  }

 private:
  /// Of two configs each has a task of its own: the scene may stand differently.
  SceneTask* task_of(const SceneFile& scene, const std::string& scene_key) {
    const std::string file = path_key(scene.file);
    if (placeholders_.contains(file)) return nullptr;
    of_lists_.insert(file);
    const std::size_t config = scene.resolved ? scene_key.find('\n') : std::string::npos;
    SceneTask& task = tasks_[config == std::string::npos ? file : file + scene_key.substr(config)];
    task.scene = scene;
    const auto name = names_.find(file);
    if (name != names_.end()) task.scene.file = name->second;
    return &task;
  }

  std::set<std::string> placeholders_, of_lists_;  // by path_key
  std::map<std::string, fs::path> names_;          // path_key -> as the user has it
  std::map<std::string, SceneTask> tasks_;         // by path_key and config
};

}  // namespace

std::vector<SceneTask> list_scene_tasks(const Inventory& inventory, std::span<const CheckedList> lists) {
  Tasks tasks(inventory);
  for (std::size_t l = 0; l < lists.size(); ++l) tasks.add(l, lists[l]);
  return tasks.take();
}

std::optional<fs::path> scene_beside(const fs::path& file, std::string_view ending) {
  const std::string name = file.string();
  std::error_code code;
  for (const fs::path& scene : scenes_of_stem(name.substr(0, name.size() - ending.size()))) {
    if (fs::exists(scene, code)) return scene;
  }
  return std::nullopt;
}

std::string path_key(const fs::path& path) {
  std::error_code code;
  const fs::path canonical = fs::weakly_canonical(path, code);
  return (code ? path : canonical).string();
}

}  // namespace inknav::task
