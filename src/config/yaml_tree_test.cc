// SPDX-License-Identifier: MIT
#include "config/yaml_tree.h"

#include <gtest/gtest.h>

#include "base/file.h"
#include "base/philox.h"

namespace inknav::config {
namespace {

std::string refusal(std::string_view text, const YamlLimits& limits = {}) {
  const auto tree = parse_yaml(text, "f", limits);
  if (tree.ok()) return "(accepted)";
  EXPECT_EQ(tree.error().code, base::ErrorCode::kUsage);
  return tree.error().message;
}

std::string repeated(std::string_view text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}

TEST(YamlTree, ReadsMapsListsScalarsWithPositions) {
  const auto tree = parse_yaml("a: 1\nb:\n  - x\n  - \"2\"\nc: {d: null, e: it's}\n", "f");
  ASSERT_TRUE(tree.ok()) << tree.error().message;
  ASSERT_EQ(tree->entries.size(), 3u);
  EXPECT_EQ(tree->find("a")->text, "1");
  EXPECT_FALSE(tree->find("a")->quoted);
  EXPECT_TRUE(tree->find("b")->items[1].quoted);
  EXPECT_EQ(tree->find("c")->find("d")->kind, YamlNode::Kind::kNull);
  EXPECT_EQ(tree->find("c")->find("e")->text, "it's");
  EXPECT_EQ(tree->entries[1].line, 2);
  EXPECT_EQ(tree->entries[1].column, 1);
  EXPECT_EQ(tree->find("b")->items[0].line, 3);
  EXPECT_TRUE(parse_yaml("", "f").ok());
  EXPECT_TRUE(parse_yaml("# only a comment [[[[\n", "f").ok());
}

TEST(YamlTree, RefusesWhatTheLimitsForbid) {
  EXPECT_EQ(refusal("a: &x 1\nb: *x\n"), "f:1:4: anchors (&name) are not read; write the value out");
  EXPECT_NE(refusal("b: *x\n").find("f:1:"), std::string::npos);
  EXPECT_EQ(refusal("a: !!python/object:os.system 1\n").substr(0, 27), "f:1:4: tags (tag:yaml.org,2");
  EXPECT_EQ(refusal("a: 1\nb: 2\na: 3\n"),
            "f:3:1: a stands here a second time (first in line 1); remove one");
  EXPECT_EQ(refusal("a: 1\n---\nb: 1\n").substr(0, 40), "f:2:1: one YAML document was wanted, fou");
  EXPECT_EQ(refusal("a: 1", {.bytes = 3}),
            "f: at most 3 bytes of YAML are read, found 4; is it a config file?");
  EXPECT_EQ(refusal(std::string("a: \0", 4)).substr(0, 44), "f:1:4: text was wanted, found the control ch");
  EXPECT_EQ(refusal("[a]: 1\n").substr(0, 24), "f:1:1: a key was wanted ");
  EXPECT_NE(refusal("a: [" + repeated("1, ", 12000) + "1]\n").find("at most 10000 values"),
            std::string::npos);
}

TEST(YamlTree, RefusesDeepNestingInEveryForm) {
  for (const std::string& deep : {repeated("[", 40), repeated("[", 200000), repeated("{a: ", 40),
                                  repeated("- ", 200000), repeated("? ", 5000), repeated("{", 100000),
                                  "a: " + repeated("[", 33) + repeated("]", 33), repeated("[:", 100000)}) {
    EXPECT_FALSE(parse_yaml(deep, "f").ok()) << deep.substr(0, 20);
  }
  std::string block;
  for (int i = 0; i < 100; ++i) block += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  EXPECT_NE(refusal(block).find("at most 32 levels"), std::string::npos);
  const std::string allowed = "a: " + repeated("[", 31) + repeated("]", 31) + "\n";
  EXPECT_TRUE(parse_yaml(allowed, "f").ok());
}

TEST(YamlTree, QuotedTextReadsBack) {
  for (const std::string text :
       {"", "a", "'", "\"", "\\", "a: b # c", "~", "null", "\n\t", "\x01\x1f\x7f", "0x10", "ä"}) {
    const auto tree = parse_yaml("k: " + yaml_quote(text) + "\n", "f");
    ASSERT_TRUE(tree.ok()) << tree.error().message;
    EXPECT_EQ(tree->find("k")->text, text);
    EXPECT_TRUE(tree->find("k")->quoted);
  }
}

/// Every truncation and many byte changes of a shipped file: an answer or a typed error with a position.
TEST(YamlTree, DamagedFilesNeverCrash) {
  const auto text = base::read_text_file("configs/train_hwnav.yaml", 1 << 20);
  ASSERT_TRUE(text.ok());
  const auto check = [](const std::string& damaged) {
    const auto tree = parse_yaml(damaged, "f");
    if (!tree.ok()) {
      EXPECT_EQ(tree.error().code, base::ErrorCode::kUsage);
      EXPECT_EQ(tree.error().message.substr(0, 2), "f:");
    }
  };
  for (std::size_t length = 0; length < text->size(); length += 3) check(text->substr(0, length));
  base::PhiloxStream random({.seed = 1});
  for (int i = 0; i < 1000; ++i) {
    std::string damaged = *text;
    damaged[random.uniform_int(static_cast<std::uint32_t>(damaged.size()))] ^=
        static_cast<char>(1u << random.uniform_int(8u));
    check(damaged);
  }
}

}  // namespace
}  // namespace inknav::config
