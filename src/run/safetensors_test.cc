// SPDX-License-Identifier: MIT
#include "run/safetensors.h"

#include <gtest/gtest.h>

#include <cstring>
#include <functional>

#include "base/philox.h"

namespace inknav::run {
namespace {

using Bytes = std::vector<std::uint8_t>;

NamedSpan span_of(const std::string& name, SpanType type, std::vector<std::int64_t> shape,
                  const Bytes& bytes) {
  return {name, type, std::move(shape), bytes};
}

/// A file with tensors of several widths, one empty, one scalar.
Bytes sample_file(const Metadata& metadata = {{"update", "7"}, {"note", "ä \"quoted\""}}) {
  static const Bytes weights(6 * 4, 0x11), counter(8, 0x22), flags(3, 0x01);
  const std::vector<NamedSpan> spans = {
      span_of("flags", SpanType::kBool, {3}, flags), span_of("weights", SpanType::kF32, {2, 3}, weights),
      span_of("empty", SpanType::kF32, {0, 5}, {}), span_of("counter", SpanType::kI64, {}, counter)};
  auto header = safetensors_header(spans, metadata);
  EXPECT_TRUE(header.ok());
  Bytes file = *header;
  for (const Bytes& part : {counter, weights, flags}) file.insert(file.end(), part.begin(), part.end());
  return file;
}

/// A file with this JSON as its header and `data_bytes` zeros behind it.
Bytes file_with(const std::string& json, std::size_t data_bytes) {
  Bytes file(8 + json.size() + data_bytes, 0);
  const std::uint64_t length = json.size();
  std::memcpy(file.data(), &length, 8);
  std::memcpy(file.data() + 8, json.data(), json.size());
  return file;
}

std::string fault(const Bytes& bytes, bool need_checksum = true) {
  const auto file = parse_safetensors(bytes, "f", need_checksum);
  if (file.ok()) return "(accepted)";
  EXPECT_EQ(file.error().code, base::ErrorCode::kData);
  EXPECT_EQ(file.error().message.substr(0, 3), "f: ");
  return file.error().message;
}

TEST(Safetensors, RoundTripKeepsEverything) {
  const auto file = parse_safetensors(sample_file(), "f", true);
  ASSERT_TRUE(file.ok()) << file.error().message;
  EXPECT_EQ(file->entries().size(), 4u);
  const auto weights = file->find("weights");
  ASSERT_TRUE(weights.ok());
  EXPECT_EQ(weights->type, SpanType::kF32);
  EXPECT_EQ(weights->shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(Bytes(weights->bytes.begin(), weights->bytes.end()), Bytes(24, 0x11));
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(file->find("counter")->bytes.data()) % 8,
            reinterpret_cast<std::uintptr_t>(file->find("counter")->bytes.data() + 8) % 8);
  EXPECT_TRUE(file->find("empty")->bytes.empty());
  EXPECT_TRUE(file->find("counter")->shape.empty());
  EXPECT_EQ(*file->meta("note"), "ä \"quoted\"");
  EXPECT_EQ(file->find("bias").error().code, base::ErrorCode::kData);
  EXPECT_EQ(file->meta("frames").error().code, base::ErrorCode::kData);
}

TEST(Safetensors, EveryTruncationIsDetected) {
  const Bytes whole = sample_file();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_NE(fault(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length))), "(accepted)")
        << length;
  }
}

TEST(Safetensors, EveryFlippedBitIsDetected) {
  const Bytes whole = sample_file();
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    Bytes damaged = whole;
    damaged[bit / 8] ^= static_cast<std::uint8_t>(1u << (bit % 8));
    EXPECT_NE(fault(damaged), "(accepted)") << bit;
  }
}

TEST(Safetensors, AppendedBytesAreDetected) {
  Bytes longer = sample_file();
  longer.push_back(0);
  EXPECT_NE(fault(longer).find("holes or overlaps"), std::string::npos);
}

TEST(Safetensors, HostileHeadersAreRefused) {
  const std::string f4 = R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]})";
  EXPECT_EQ(fault(file_with(f4 + "}", 4), false), "(accepted)");
  EXPECT_NE(fault(file_with(f4 + "}", 4), true).find("no checksums"), std::string::npos);
  EXPECT_NE(fault(file_with(f4 + "}", 8), false).find("holes"), std::string::npos);
  EXPECT_NE(fault(file_with(f4 + R"(,"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 4), false)
                .find("twice"),
            std::string::npos);
  EXPECT_NE(fault(file_with(f4 + R"(,"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 4), false)
                .find("overlaps"),
            std::string::npos);
  EXPECT_NE(fault(file_with(f4 + R"(,"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}})", 12), false)
                .find("holes"),
            std::string::npos);
  const auto one = [](const std::string& body) { return "{\"a\":{" + body + "}}"; };
  for (const char* body :
       {R"("dtype":"F32","shape":[2],"data_offsets":[0,4])",
        R"("dtype":"F99","shape":[1],"data_offsets":[0,4])",
        R"("dtype":"F32","shape":[-1],"data_offsets":[0,4])",
        R"("dtype":"F32","shape":[1.0],"data_offsets":[0,4])",
        R"("dtype":"F32","shape":[1],"data_offsets":[4,0])",
        R"("dtype":"F32","shape":[1],"data_offsets":[0,40])",
        R"("dtype":"F32","shape":[1],"data_offsets":[0])", R"("dtype":"F32","shape":[1])",
        R"("dtype":7,"shape":[1],"data_offsets":[0,4])", R"("dtype":"F32","shape":"1","data_offsets":[0,4])",
        R"("dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1)",
        R"("dtype":"F32","shape":[4294967296,4294967296,4294967296],"data_offsets":[0,4])",
        R"("dtype":"F32","shape":[281474976710656,281474976710656],"data_offsets":[0,0])",
        R"("dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,4])"}) {
    EXPECT_NE(fault(file_with(one(body), 4), false), "(accepted)") << body;
  }
  for (const char* json : {"[]", "7", "", "{", "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}",
                           "{\"__metadata__\":[]}", "{\"__metadata__\":{\"a\":1}}", "{\"a\":null}"}) {
    EXPECT_NE(fault(file_with(json, 0), false), "(accepted)") << json;
  }
  Bytes long_header(8, 0);
  const std::uint64_t length = std::uint64_t{1} << 60;
  std::memcpy(long_header.data(), &length, 8);
  EXPECT_NE(fault(long_header, false).find("header length"), std::string::npos);
  const std::uint64_t all_ones = ~std::uint64_t{0};
  std::memcpy(long_header.data(), &all_ones, 8);
  EXPECT_NE(fault(long_header, false).find("header length"), std::string::npos);
}

TEST(Safetensors, RandomBytesNeverCrash) {
  base::PhiloxStream random({.seed = 3});
  for (int i = 0; i < 2000; ++i) {
    Bytes noise(random.uniform_int(200u));
    for (std::uint8_t& byte : noise) byte = static_cast<std::uint8_t>(random.next_u32());
    if (noise.size() > 8) std::fill(noise.begin() + 1, noise.begin() + 8, std::uint8_t{0});
    EXPECT_NE(fault(noise, false), "") << i;
  }
}

}  // namespace
}  // namespace inknav::run
