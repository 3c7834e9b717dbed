// SPDX-License-Identifier: MIT
#include "task/inflate_stream.h"

#include <zlib.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>

namespace inknav::task {

namespace {
constexpr std::size_t kBufferBytes = 64 << 10;
constexpr int kGzipWindow = 15 + 16;  // zlib: 32 KiB window, gzip wrapping only
}  // namespace

struct InflateBuffer::Impl {
  std::FILE* file = nullptr;
  std::string name;
  InflateLimits limits;
  bool gzip = false;
  bool member_open = false;  // inside a gzip member
  z_stream zlib{};
  std::uint64_t bytes_in = 0;
  std::string error;
  std::array<std::uint8_t, kBufferBytes> input;
  std::array<char, kBufferBytes> output;

  ~Impl() {
    if (gzip) inflateEnd(&zlib);
    if (file != nullptr) std::fclose(file);
  }
};

InflateBuffer::InflateBuffer() : impl_(std::make_unique<Impl>()) {}
InflateBuffer::~InflateBuffer() = default;

base::Result<std::unique_ptr<InflateBuffer>> InflateBuffer::open(const std::filesystem::path& path,
                                                                 const InflateLimits& limits) {
  std::unique_ptr<InflateBuffer> buffer(new InflateBuffer());
  Impl& impl = *buffer->impl_;
  impl.name = path.string();
  impl.limits = limits;
  std::error_code none;
  if (std::filesystem::is_directory(path, none)) {
    return base::Error{base::ErrorCode::kData,
                       impl.name + ": an episode file is wanted, it is a folder; name the .json.gz in it"};
  }
  impl.file = std::fopen(path.c_str(), "rb");
  if (impl.file == nullptr) {
    return base::Error{
        base::ErrorCode::kData,
        impl.name + ": an episode file is wanted, it cannot be opened: " + std::strerror(errno) +
            "; make it with \"inknav generate episodes\", or check DATASET.DATA_PATH and DATASET.SPLIT"};
  }
  buffer->read_more();
  const bool gzip = impl.zlib.avail_in >= 2 && impl.input[0] == 0x1f && impl.input[1] == 0x8b;
  if (gzip) {
    impl.zlib.next_in = impl.input.data();
    INKNAV_CHECK(inflateInit2(&impl.zlib, kGzipWindow) == Z_OK);
    impl.gzip = true;
    impl.member_open = true;
  }
  return buffer;
}

base::Status InflateBuffer::status() const {
  if (impl_->error.empty()) return base::ok_status();
  return base::Error{base::ErrorCode::kData, impl_->error};
}

void InflateBuffer::fail(const std::string& message) {
  if (impl_->error.empty()) impl_->error = impl_->name + ": " + message;
}

bool InflateBuffer::read_more() {
  Impl& impl = *impl_;
  const std::size_t count = std::fread(impl.input.data(), 1, impl.input.size(), impl.file);
  if (count == 0 && std::ferror(impl.file) != 0) {
    fail(std::string("cannot be read: ") + std::strerror(errno) + "; check the disk");
  }
  impl.bytes_in += count;
  if (impl.bytes_in > impl.limits.max_bytes_in) {
    fail("at most " + std::to_string(impl.limits.max_bytes_in) +
         " bytes are read, the file is larger; split it");
    return false;
  }
  impl.zlib.next_in = impl.input.data();
  impl.zlib.avail_in = static_cast<uInt>(count);
  return count > 0 && impl.error.empty();
}

std::size_t InflateBuffer::inflate_some() {
  Impl& impl = *impl_;
  impl.zlib.next_out = reinterpret_cast<Bytef*>(impl.output.data());
  impl.zlib.avail_out = static_cast<uInt>(impl.output.size());
  while (impl.zlib.avail_out == impl.output.size() && impl.error.empty()) {
    if (impl.zlib.avail_in == 0 && !read_more()) {
      if (impl.member_open) {
        fail("a whole gzip stream is wanted, the file ends after " + std::to_string(impl.bytes_in) +
             " bytes in the middle of it; copy or download it again");
      }
      break;
    }
    if (!impl.member_open) {
      if (inflateReset(&impl.zlib) != Z_OK) break;
      impl.member_open = true;
    }
    const int code = inflate(&impl.zlib, Z_NO_FLUSH);
    if (code == Z_STREAM_END) {
      impl.member_open = false;
    } else if (code != Z_OK && code != Z_BUF_ERROR) {
      fail(std::string("a sound gzip stream is wanted, it is damaged: ") +
           (impl.zlib.msg != nullptr ? impl.zlib.msg : "unknown fault") + "; copy or download it again");
    }
  }
  return impl.output.size() - impl.zlib.avail_out;
}

std::size_t InflateBuffer::fill() {
  Impl& impl = *impl_;
  if (impl.gzip) return inflate_some();
  if (impl.zlib.avail_in == 0 && !read_more()) return 0;
  const std::size_t count = impl.zlib.avail_in;
  std::memcpy(impl.output.data(), impl.input.data(), count);
  impl.zlib.avail_in = 0;
  return count;
}

std::string_view InflateBuffer::read_block() {
  if (gptr() == egptr() && traits_type::eq_int_type(underflow(), traits_type::eof())) return {};
  const std::string_view block(gptr(), static_cast<std::size_t>(egptr() - gptr()));
  setg(eback(), egptr(), egptr());
  return block;
}

InflateBuffer::int_type InflateBuffer::underflow() {
  Impl& impl = *impl_;
  if (!impl.error.empty()) return traits_type::eof();
  const std::size_t count = fill();
  bytes_out_ += count;
  const InflateLimits& limits = impl.limits;
  if (bytes_out_ > limits.max_bytes_out) {
    fail("at most " + std::to_string(limits.max_bytes_out) +
         " bytes are unpacked, there are more; split the file");
  } else if (bytes_out_ > limits.ratio_free_bytes && bytes_out_ > limits.max_ratio * impl.bytes_in) {
    fail("packing of at most " + std::to_string(limits.max_ratio) +
         ":1 is believed, this file unpacks to more; it is no episode file");
  } else if (bytes_out_ - token_start_ > limits.max_token_bytes + kBufferBytes) {
    fail("a value of more than " + std::to_string(limits.max_token_bytes) + " bytes; it is no episode file");
  }
  if (count == 0 || !impl.error.empty()) return traits_type::eof();
  setg(impl.output.data(), impl.output.data(), impl.output.data() + count);
  return traits_type::to_int_type(*gptr());
}

}  // namespace inknav::task
