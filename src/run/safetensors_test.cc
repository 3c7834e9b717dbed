// SPDX-License-Identifier: MIT
#include "run/safetensors.h"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <functional>
#include <optional>

#include "base/bad_input.h"
#include "base/file.h"
#include "base/philox.h"
#include "base/temporary_folder.h"

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

std::string fault(const Bytes& bytes, Checksums checksums = Checksums::kNeeded) {
  const auto file = parse_safetensors(bytes, "f", checksums);
  if (file.ok()) return "(accepted)";
  EXPECT_EQ(file.error().code, base::ErrorCode::kData);
  EXPECT_EQ(file.error().message.substr(0, 3), "f: ");
  return file.error().message;
}

TEST(Safetensors, RoundTripKeepsEverything) {
  const auto file = parse_safetensors(sample_file(), "f", Checksums::kNeeded);
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
  EXPECT_EQ(fault(file_with(f4 + "}", 4), Checksums::kNone), "(accepted)");
  EXPECT_NE(fault(file_with(f4 + "}", 4), Checksums::kNeeded).find("no checksums"), std::string::npos);
  EXPECT_NE(fault(file_with(f4 + "}", 8), Checksums::kNone).find("holes"), std::string::npos);
  EXPECT_NE(
      fault(file_with(f4 + R"(,"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 4), Checksums::kNone)
          .find("twice"),
      std::string::npos);
  EXPECT_NE(
      fault(file_with(f4 + R"(,"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 4), Checksums::kNone)
          .find("overlaps"),
      std::string::npos);
  EXPECT_NE(fault(file_with(f4 + R"(,"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}})", 12),
                  Checksums::kNone)
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
    EXPECT_NE(fault(file_with(one(body), 4), Checksums::kNone), "(accepted)") << body;
  }
  for (const char* json : {"[]", "7", "", "{", "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}",
                           "{\"__metadata__\":[]}", "{\"__metadata__\":{\"a\":1}}", "{\"a\":null}"}) {
    EXPECT_NE(fault(file_with(json, 0), Checksums::kNone), "(accepted)") << json;
  }
  Bytes long_header(8, 0);
  const std::uint64_t length = std::uint64_t{1} << 60;
  std::memcpy(long_header.data(), &length, 8);
  EXPECT_NE(fault(long_header, Checksums::kNone).find("header length"), std::string::npos);
  const std::uint64_t all_ones = ~std::uint64_t{0};
  std::memcpy(long_header.data(), &all_ones, 8);
  EXPECT_NE(fault(long_header, Checksums::kNone).find("header length"), std::string::npos);
}

TEST(Safetensors, RandomBytesNeverCrash) {
  base::PhiloxStream random({.seed = 3});
  for (int i = 0; i < 2000; ++i) {
    Bytes noise(random.uniform_int(200u));
    for (std::uint8_t& byte : noise) byte = static_cast<std::uint8_t>(random.next_u32());
    if (noise.size() > 8) std::fill(noise.begin() + 1, noise.begin() + 8, std::uint8_t{0});
    EXPECT_NE(fault(noise, Checksums::kNone), "") << i;
  }
}

/// Bytes that this process has read by system calls so far; nullopt where the kernel does not count.
std::optional<std::uint64_t> bytes_read() {
  std::ifstream counts("/proc/self/io");
  std::string name;
  std::uint64_t count = 0;
  while (counts >> name >> count) {
    if (name == "rchar:") return count;
  }
  return std::nullopt;
}

/// Files of 6 GB, which take no room on the disk, with one fault in the header each.
class LargeSafetensors : public ::testing::Test {
 protected:
  static constexpr std::uint64_t kFileBytes = std::uint64_t{6} << 30;

  void SetUp() override {
    if (!bytes_read()) GTEST_SKIP() << "this kernel does not count what a process reads";
  }
  /// "U8" data of this many bytes in one tensor.
  static std::string header(std::uint64_t data_bytes, const std::string& metadata = {}) {
    const std::string bytes = std::to_string(data_bytes);
    return "{" + metadata + R"("a":{"dtype":"U8","shape":[)" + bytes + R"(],"data_offsets":[0,)" + bytes +
           "]}}";
  }
  /// The message; what it cost is expected to be next to nothing.
  std::string refusal(const Bytes& start, Checksums checksums) {
    const std::filesystem::path path = folder_ / "large.safetensors";
    EXPECT_TRUE(base::write_file_atomic(path, start).ok());
    std::filesystem::resize_file(path, kFileBytes);
    const std::uint64_t before = *bytes_read();
    const auto file = read_safetensors(path, checksums);
    const std::uint64_t cost = *bytes_read() - before;
    EXPECT_LT(cost, 64u << 10);
    if (file.ok()) return "(accepted)";
    EXPECT_EQ(file.error().code, base::ErrorCode::kData);
    return file.error().message;
  }
  base::TemporaryFolder folder_;
};

TEST_F(LargeSafetensors, AreRefusedByTheirFirstBytes) {
  const auto says = [&](const std::string& json, Checksums checksums, const char* what) {
    const std::string message = refusal(file_with(json, 0), checksums);
    EXPECT_NE(message.find(what), std::string::npos) << message;
  };
  says("{}", Checksums::kNone, "holes");
  says("no JSON", Checksums::kNone, "not JSON");
  says(header(2 * kFileBytes), Checksums::kNone, "offsets outside the file");
  says(header(kFileBytes / 2), Checksums::kNone, "holes");
  const std::uint64_t rest = kFileBytes - 8 - header(kFileBytes).size();  // both have as many digits
  says(header(rest), Checksums::kNeeded, "no checksums");
  const std::string zeros(32, '0');
  const std::string own =
      R"("__metadata__":{"inknav.data_xxh3":")" + zeros + R"(","inknav.header_xxh3":")" + zeros + R"("},)";
  const std::uint64_t rest_of_own = kFileBytes - 8 - header(kFileBytes, own).size();
  for (const Checksums checksums : {Checksums::kNeeded, Checksums::kWhereOurs})
    says(header(rest_of_own, own), checksums, "does not fit its checksum");
  const std::uint64_t length = std::uint64_t{1} << 32;
  const std::string long_header = base::testing::with_value(std::string(8, '\0'), 0, length);
  EXPECT_NE(refusal({long_header.begin(), long_header.end()}, Checksums::kNone)
                .find("a header length of 4294967296 in a file of 6442450944 bytes"),
            std::string::npos);
}

TEST(Safetensors, ChecksumsAreAskedForWhereTheFileIsOurs) {
  Bytes ours = sample_file();
  EXPECT_TRUE(parse_safetensors(ours, "f", Checksums::kWhereOurs)->verified());
  EXPECT_FALSE(parse_safetensors(ours, "f", Checksums::kNone)->verified());
  ours.back() ^= 1;
  EXPECT_NE(fault(ours, Checksums::kWhereOurs).find("data that does not fit"), std::string::npos);
  EXPECT_EQ(fault(ours, Checksums::kNone), "(accepted)");
  const std::string foreign = R"({"__metadata__":{"format":"pt"},)"
                              R"("a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  const auto file = parse_safetensors(file_with(foreign, 4), "f", Checksums::kWhereOurs);
  ASSERT_TRUE(file.ok()) << file.error().message;
  EXPECT_FALSE(file->verified());
}

}  // namespace
}  // namespace inknav::run
