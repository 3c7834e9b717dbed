// SPDX-License-Identifier: MIT
#include "task/gzip.h"

#include <fmt/format.h>
#include <zlib.h>

#include <istream>
#include <span>
#include <string>

#include "base/check.h"
#include "base/file.h"
#include "task/episode.h"
#include "task/inflate_stream.h"

namespace inknav::task {
namespace {

constexpr int kGzipWindow = 15 + 16;  // zlib: 32 KiB window, gzip wrapping
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

std::vector<std::uint8_t> gzip(std::string_view text) {
  INKNAV_CHECK(text.size() <= kMaxText, text.size());
  z_stream zlib{};
  INKNAV_CHECK(deflateInit2(&zlib, 6, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::vector<std::uint8_t> out(deflateBound(&zlib, text.size()));
  std::string copy(text);  // zlib's next_in is not const
  zlib.next_in = reinterpret_cast<Bytef*>(copy.data());
  zlib.avail_in = static_cast<uInt>(copy.size());
  zlib.next_out = out.data();
  zlib.avail_out = static_cast<uInt>(out.size());
  const int code = deflate(&zlib, Z_FINISH);
  INKNAV_CHECK(code == Z_STREAM_END, code);
  out.resize(zlib.total_out);
  deflateEnd(&zlib);
  return out;
}

base::Result<Repacked> repack_list(const std::filesystem::path& in, const std::filesystem::path& out) {
  INKNAV_ASSIGN_OR_RETURN(const std::vector<Episode> episodes, load_episodes(in));
  INKNAV_ASSIGN_OR_RETURN(const std::string text, unpacked_text(in));
  const Repacked repacked{episodes.size(), text.size()};
  if (out.extension() == ".gz") {
    const std::vector<std::uint8_t> packed = gzip(text);
    INKNAV_RETURN_IF_ERROR(base::write_file_atomic(out, std::span<const std::uint8_t>(packed)));
  } else {
    INKNAV_RETURN_IF_ERROR(base::write_text_atomic(out, text));
  }
  return repacked;
}

}  // namespace inknav::task
