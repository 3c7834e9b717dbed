// SPDX-License-Identifier: MIT
#include "task/repack_list.h"

#include <fmt/format.h>

#include <istream>
#include <string>

#include "task/episode.h"
#include "task/inflate_stream.h"
#include "task/json_text.h"

namespace inknav::task {
namespace {

constexpr std::uint64_t kMaxText = std::uint64_t{2} << 30;
constexpr std::size_t kPart = std::size_t{1} << 20;

base::Result<std::string> unpacked_text(const std::filesystem::path& path) {
  INKNAV_ASSIGN_OR_RETURN(const auto buffer, InflateBuffer::open(path));
  std::istream stream(buffer.get());
  std::string text;
  std::string part(kPart, '\0');
  while (stream) {
    stream.read(part.data(), static_cast<std::streamsize>(part.size()));
    text.append(part, 0, static_cast<std::size_t>(stream.gcount()));
    buffer->token_done();
    if (text.size() <= kMaxText) continue;
    return base::Error{base::ErrorCode::kData,
                       fmt::format("{}: at most 2 GiB of text are packed anew, this list has more; split it",
                                   path.string())};
  }
  INKNAV_RETURN_IF_ERROR(buffer->status());
  return text;
}

}  // namespace

base::Result<Repacked> repack_list(const std::filesystem::path& in, const std::filesystem::path& out) {
  INKNAV_ASSIGN_OR_RETURN(const std::vector<Episode> episodes, load_episodes(in));
  INKNAV_ASSIGN_OR_RETURN(const std::string text, unpacked_text(in));
  const Repacked repacked{episodes.size(), text.size()};
  INKNAV_RETURN_IF_ERROR(write_json_text(out, text));
  return repacked;
}

}  // namespace inknav::task
