// SPDX-License-Identifier: MIT
// Every reader of this module through files (base/bad_input.h).
#include <gtest/gtest.h>

#include <string>

#include "base/bad_input.h"
#include "base/temporary_folder.h"
#include "sketch/drawing_file.h"
#include "sketch/stroke_book.h"

namespace inknav::sketch {
namespace {

namespace fs = std::filesystem;
using namespace base::testing;  // NOLINT: test helpers

TEST(SketchReaders, DrawingFile) {
  const base::TemporaryFolder folder;
  DrawingFile file;
  for (const StrokeKind kind : {StrokeKind::kWall, StrokeKind::kRoute}) {
    Stroke stroke;
    stroke.kind = kind;
    stroke.points = {{0.125f, 0.25f}, {0.5f, 0.25f}, {0.75f, 0.875f}};
    stroke.pressure = {1.0f, 0.5f, 1.0f};
    file.drawing.strokes.push_back(stroke);
  }
  file.drawing.start = {true, {0.25f, 0.75f}, true, 1.5f};
  const fs::path path = folder / "d.json";
  ASSERT_TRUE(save_drawing_file(path, file).ok());
  const std::string sound = bytes_of_file(path);
  expect_typed_errors({.file = path,
                       .read = [](const fs::path& p) { return status_of(load_drawing_file(p)); },
                       .hostile = {{"another version", replaced(sound, "\"version\":1", "\"version\":2")},
                                   {"not finite", replaced(sound, "0.875", "1e999")},
                                   {"beyond the paper", replaced(sound, "0.875", "1e30")},
                                   {"too deep", std::string(100'000, '[')}}});
}

TEST(SketchReaders, StrokeBook) {
  const base::TemporaryFolder folder;
  std::string text = "START\n";
  for (int i = 0; i <= 30; ++i) {
    text.append(std::to_string(5 + 3 * i)).append(",-50,").append(std::to_string(20 * i)).append("\n");
  }
  const fs::path path = folder / "a_01.txt";
  put_bytes(path, text.append("BREAK\n"));
  // A folder without a usable stroke is named by the folder.
  expect_typed_errors({.file = path,
                       .read = [&](const fs::path&) { return status_of(StrokeBook::load(folder.path())); },
                       .named = false,
                       .hostile = {{"not finite", replaced(text, "5,-50", "nan,-50")},
                                   {"out of range", replaced(text, "5,-50", "1e400,-50")}}});
}

}  // namespace
}  // namespace inknav::sketch
