// SPDX-License-Identifier: MIT
#include "run/stored_zip.h"

#include <gtest/gtest.h>

#include "run/torch_file_builder.h"

namespace inknav::run {
namespace {

using namespace testing_files;

std::string fault(const std::string& file) {
  const Bytes bytes = to_bytes(file);
  const auto entries = parse_stored_zip(bytes, "f");
  if (entries.ok()) return "(accepted)";
  EXPECT_EQ(entries.error().code, base::ErrorCode::kData);
  EXPECT_EQ(entries.error().message.substr(0, 3), "f: ");
  return entries.error().message;
}

#define EXPECT_FAULT(file, part) EXPECT_NE(fault(file).find(part), std::string::npos) << fault(file)

std::string local(const RawEntry& entry) { return raw_zip({entry}); }

TEST(StoredZip, EntriesComeOut) {
  for (const bool descriptor : {false, true}) {
    for (const bool zip64 : {false, true}) {
      const Bytes file = to_bytes(raw_zip({{.name = "a/b", .content = "xyz", .descriptor = descriptor},
                                           {.name = "a/empty", .descriptor = descriptor}},
                                          {.zip64 = zip64}));
      const auto entries = parse_stored_zip(file, "f");
      ASSERT_TRUE(entries.ok()) << entries.error().message;
      ASSERT_EQ(entries->size(), 2u);
      EXPECT_EQ((*entries)[0].name, "a/b");
      EXPECT_EQ(Bytes((*entries)[0].bytes.begin(), (*entries)[0].bytes.end()), to_bytes("xyz"));
      EXPECT_TRUE((*entries)[1].bytes.empty());
    }
  }
}

TEST(StoredZip, WhatIsFramedIsReadBackAtMultiplesOf64) {
  const Bytes a = to_bytes("first"), b = to_bytes(std::string(1000, 'b'));
  const std::vector<ZipEntry> written = {{"x/a", a}, {"x/b", b}, {"x/none", {}}};
  const auto framing = stored_zip_framing(written);
  ASSERT_TRUE(framing.ok());
  Bytes file;
  for (std::size_t i = 0; i < framing->size(); ++i) {
    file.insert(file.end(), (*framing)[i].begin(), (*framing)[i].end());
    if (i < written.size()) file.insert(file.end(), written[i].bytes.begin(), written[i].bytes.end());
  }
  const auto read = parse_stored_zip(file, "f");
  ASSERT_TRUE(read.ok()) << read.error().message;
  ASSERT_EQ(read->size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ((*read)[i].name, written[i].name);
    EXPECT_TRUE(std::equal((*read)[i].bytes.begin(), (*read)[i].bytes.end(), written[i].bytes.begin(),
                           written[i].bytes.end()));
    EXPECT_EQ(((*read)[i].bytes.data() - file.data()) % 64, 0);
  }
}

TEST(StoredZip, LiesOfOneEntryAreErrors) {
  EXPECT_EQ(fault(local({.name = "a", .content = "x"})), "(accepted)");
  EXPECT_FAULT(local({.name = "a", .content = "x", .local_name = "b"}), "under another name");
  EXPECT_FAULT(local({.name = "a", .content = "x", .method = 8}), "compressed (method 8)");
  EXPECT_FAULT(local({.name = "a", .content = "x", .flags = 1}), "encrypted");
  EXPECT_FAULT(local({.name = "a", .content = "x", .packed_size = 7}), "two sizes");
  EXPECT_FAULT(local({.name = "a", .content = "x", .size = 500}), "larger than the file");
  EXPECT_FAULT(local({.name = "a", .content = "x", .size = 0xFFFFFFFFu}), "two sizes");
  EXPECT_FAULT(local({.name = "a", .content = "x", .local_size = 0}), "differs from the directory");
  EXPECT_FAULT(local({.name = "a", .content = "x", .local_crc = 1}), "differs from the directory");
  EXPECT_FAULT(local({.name = "a", .content = "x", .local_flags = 0x800}), "differs from the directory");
  EXPECT_FAULT(local({.name = "a", .content = "x", .crc = 1}), "does not fit its checksum");
  EXPECT_EQ(fault(local({.name = "a", .content = "x", .crc = 0})), "(accepted)");
  EXPECT_FAULT(local({.name = "a", .content = "x", .offset = 5}), "without a local header");
  EXPECT_FAULT(local({.name = "a", .content = "x", .offset = 4000000000u}), "without a local header");
  EXPECT_FAULT(local({.name = "a", .content = "x", .descriptor_size = 2, .descriptor = true}), "descriptor");
  EXPECT_FAULT(local({.name = "a", .content = "x", .flags = 8}), "descriptor");
  const std::string zip64 = little(1, 2) + little(8, 2) + little(1, 8);
  EXPECT_FAULT(local({.name = "a", .content = "x", .extra = zip64}), "zip64 sizes");
  EXPECT_FAULT(local({.name = "a", .content = "x", .local_extra = zip64}), "zip64 sizes");
  EXPECT_FAULT(local({.name = "a", .content = "x", .extra = "FB\xff\xff"}), "extra field");
}

TEST(StoredZip, NamesThatLeaveTheFolderAreErrors) {
  for (const char* name :
       {"/etc/passwd", "../x", "a/../../x", "a//b", "a/", "./a", "a\\b", "c:a", "a\x1b[2J", ""}) {
    EXPECT_NE(fault(local({.name = name, .content = "x"})), "(accepted)") << name;
  }
  EXPECT_FAULT(local({.name = std::string(600, 'a'), .content = "x"}), "a long one");
  // What is shown cannot steer a terminal.
  EXPECT_FAULT(local({.name = "a\x1b[2J", .content = "x"}), "\\x1b[2J");
}

TEST(StoredZip, EntriesThatShareBytesOrNamesAreErrors) {
  const RawEntry a{.name = "a", .content = "xxxx"};
  EXPECT_FAULT(raw_zip({a, a}), "\"a\" twice");
  // Two directory entries for one local header, as archives that blow up have them.
  RawEntry again{.name = "a", .content = "xxxx", .offset = 0};
  EXPECT_FAULT(raw_zip({a, again}), "twice");
  // The second one begins inside the content of the first.
  const std::string inner = raw_zip({{.name = "b", .content = "y"}});
  const std::size_t local_size = 30 + 1 + 1;
  const RawEntry outer{.name = "a", .content = inner.substr(0, local_size)};
  EXPECT_FAULT(raw_zip({outer, {.name = "b", .content = "y", .offset = 31}}), "overlap");
}

TEST(StoredZip, AnEndThatLiesIsAnError) {
  const std::vector<RawEntry> one = {{.name = "a", .content = "x"}};
  EXPECT_FAULT(raw_zip(one, {.count = 2}), "damaged directory");
  EXPECT_FAULT(raw_zip(one, {.count = 0}), "another length");
  EXPECT_FAULT(raw_zip(one, {.count = 0xFFFF}), "zip64");
  EXPECT_FAULT(raw_zip(one, {.directory_size = 3}), "not where the end record says");
  EXPECT_FAULT(raw_zip(one, {.directory_size = 0xFFFFFFFFu}), "not where the end record says");
  EXPECT_FAULT(raw_zip(one, {.directory_offset = 0}), "not where the end record says");
  EXPECT_FAULT(raw_zip(one, {.directory_offset = 0xFFFFFFFFu}), "not where the end record says");
  EXPECT_FAULT(raw_zip(one, {.count64 = 2, .zip64 = true}), "zip64 end record");
  EXPECT_FAULT(raw_zip(one, {.size64 = 1ull << 40, .zip64 = true}), "zip64 end record");
  EXPECT_FAULT(raw_zip(one, {.offset64 = 1ull << 40, .zip64 = true}), "zip64 end record");
  EXPECT_FAULT(raw_zip(one, {.behind = "x"}), "no end record");
  EXPECT_FAULT("", "no end record");
  EXPECT_FAULT(raw_zip(one).substr(0, 40), "no end record");
  EXPECT_EQ(fault(raw_zip({})), "(accepted)");
}

TEST(StoredZip, EveryTruncationAndMostFlipsAreErrors) {
  const std::string whole =
      raw_zip({{.name = "a/b", .content = "content", .descriptor = true},
               {.name = "a/c", .content = "more", .local_extra = std::string("FB\x02\0zz", 6)}},
              {.zip64 = true});
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_NE(fault(whole.substr(0, size)), "(accepted)") << size;
  int accepted = 0;
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    accepted += fault(damaged) == "(accepted)" ? 1 : 0;
  }
  // Versions, dates and attributes mean nothing here.
  EXPECT_LT(accepted, static_cast<int>(whole.size()) * 8 / 4);
}

}  // namespace
}  // namespace inknav::run
