// SPDX-License-Identifier: MIT
#include "sketch/drawing_file.h"

#include <fmt/format.h>

#include <utility>

#include "base/file.h"
#include "sketch/json_fields.h"

namespace inknav::sketch {
namespace {

constexpr const char* kFormat = "inknav-drawing";

}  // namespace

std::string drawing_file_to_json(const DrawingFile& file) {
  return fmt::format("{{\"format\":\"{}\",\"version\":{},\n\"correspondence\":{},\n\"drawing\":{}}}\n",
                     kFormat, DrawingFile::kVersion,
                     file.correspondence.empty() ? std::string("null") : file.correspondence.to_json(),
                     file.drawing.to_json());
}

base::Result<DrawingFile> drawing_file_from_json(std::string_view text, std::string_view name) {
  INKNAV_ASSIGN_OR_RETURN(const nlohmann::json value, internal::parse_object(text, name));
  internal::Fields fields(value, std::string(name));
  const std::string format = fields.text("format", 64);
  if (format != kFormat)
    fields.fail("format", fmt::format("\"{}\" is wanted, found \"{}\"", kFormat, format));
  fields.integer("version", DrawingFile::kVersion, DrawingFile::kVersion);
  const nlohmann::json& drawing = fields.member("drawing");
  const nlohmann::json& correspondence = fields.member("correspondence");
  INKNAV_RETURN_IF_ERROR(fields.finish());
  DrawingFile file;
  INKNAV_ASSIGN_OR_RETURN(file.drawing, Drawing::from_json(drawing.dump(), fmt::format("{}.drawing", name)));
  if (!correspondence.is_null()) {
    INKNAV_ASSIGN_OR_RETURN(
        file.correspondence,
        Correspondence::from_json(correspondence.dump(), fmt::format("{}.correspondence", name)));
  }
  return file;
}

base::Status save_drawing_file(const std::filesystem::path& path, const DrawingFile& file) {
  return base::write_text_atomic(path, drawing_file_to_json(file));
}

base::Result<DrawingFile> load_drawing_file(const std::filesystem::path& path) {
  INKNAV_ASSIGN_OR_RETURN(const std::string text, base::read_text_file(path, internal::kMaxJsonBytes));
  return drawing_file_from_json(text, path.string());
}

}  // namespace inknav::sketch
