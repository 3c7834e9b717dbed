// SPDX-License-Identifier: MIT
#pragma once
// InflateBuffer: a std::streambuf over a plain or gzip file that never gives more than its limits allow, so
// that a parser can read an untrusted file as a stream (spec: 256 MiB in, 4 GiB out, ratio 200:1).
//
// Concatenated gzip members are read one after the other. At a fault the stream ends early and status() tells
// why; the reader must ask status() after it has parsed. Not thread-safe; memory is two buffers of 64 KiB.

#include <cstdint>
#include <filesystem>
#include <memory>
#include <streambuf>
#include <string>
#include <string_view>

#include "base/result.h"

namespace inknav::task {

struct InflateLimits {
  std::uint64_t max_bytes_in = 256ull << 20;
  std::uint64_t max_bytes_out = 4ull << 30;
  std::uint64_t max_ratio = 200;                // bytes out per byte in, tested beyond ratio_free_bytes
  std::uint64_t ratio_free_bytes = 1ull << 20;  // a short file may be as repetitive as it likes
  std::uint64_t max_token_bytes = 16ull << 20;  // bytes between two calls of token_done()
};

class InflateBuffer : public std::streambuf {
 public:
  static base::Result<std::unique_ptr<InflateBuffer>> open(const std::filesystem::path& path,
                                                           const InflateLimits& limits = {});
  ~InflateBuffer() override;
  InflateBuffer(const InflateBuffer&) = delete;
  InflateBuffer& operator=(const InflateBuffer&) = delete;

  /// kData when the file was cut, damaged or beyond a limit.
  base::Status status() const;
  /// The reader has finished a token: the measure of max_token_bytes begins anew.
  void token_done() { token_start_ = bytes_out_; }
  /// What has been unpacked and not yet read, at least one byte; empty at the end or a fault. It counts as
  /// read and is valid until the next call.
  std::string_view read_block();

 protected:
  int_type underflow() override;

 private:
  struct Impl;
  InflateBuffer();
  std::size_t fill();
  std::size_t inflate_some();
  bool read_more();
  void fail(const std::string& message);

  std::unique_ptr<Impl> impl_;
  std::uint64_t bytes_out_ = 0;
  std::uint64_t token_start_ = 0;
};

}  // namespace inknav::task
