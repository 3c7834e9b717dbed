// SPDX-License-Identifier: MIT
#include "config/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>

namespace inknav::config {
namespace {

/// Carries a refusal out of the library's parser.
struct Refusal {
  int line;
  int column;
  std::string text;
};

base::Error error_at(const std::string& name, int line, int column, const std::string& text) {
  return {base::ErrorCode::kUsage,
          name + ":" + std::to_string(line) + ":" + std::to_string(column) + ": " + text};
}

/// The checks that need no parser. Nesting is over-estimated from indentation and brackets at token starts;
/// the exact depth is checked by TreeBuilder.
class PreScan {
 public:
  PreScan(std::string_view text, const YamlLimits& limits) : text_(text), limits_(limits) {}

  /// Throws Refusal.
  void run() {
    for (position_ = 0; position_ < text_.size(); ++position_) {
      const char c = text_[position_];
      check_character(c);
      if (c == '\n') {
        ++line_;
        column_ = 1;
        line_start_ = true;
        if (quote_ == 0) token_start_ = true;
        continue;
      }
      if (quote_ != 0) {
        in_quote(c);
      } else {
        outside_quote(c);
      }
      ++column_;
    }
  }

 private:
  [[noreturn]] void refuse(std::string text) const { throw Refusal{line_, column_, std::move(text)}; }

  void check_character(char c) const {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte < 0x20 && c != '\n' && c != '\t' && c != '\r') || byte == 0x7f) {
      refuse("text was wanted, found the control character " + std::to_string(byte) +
             "; the file is damaged or not YAML");
    }
  }

  void in_quote(char c) {
    if (quote_ == '"' && c == '\\') {
      if (position_ + 1 < text_.size() && text_[position_ + 1] != '\n') {
        ++position_;
        ++column_;
      }
      return;
    }
    if (c == quote_) quote_ = 0;
  }

  void outside_quote(char c) {
    if (c == ' ' || c == '\t' || c == '\r') {
      after_space_ = true;
      return;
    }
    if (c == '#' && (line_start_ || after_space_)) {
      while (position_ + 1 < text_.size() && text_[position_ + 1] != '\n') {
        check_character(text_[++position_]);
      }
      return;
    }
    if (line_start_) enter_line();
    const bool indicator_end = position_ + 1 >= text_.size() || text_[position_ + 1] == ' ' ||
                               text_[position_ + 1] == '\n' || text_[position_ + 1] == '\t';
    if (token_start_ && (c == '"' || c == '\'')) {
      quote_ = c;
      token_start_ = false;
    } else if ((c == '[' || c == '{') && (token_start_ || flow_ > 0)) {
      if (++flow_ > limits_.depth) refuse(too_deep());
      token_start_ = true;
    } else if ((c == ']' || c == '}') && flow_ > 0) {
      --flow_;
      token_start_ = false;
    } else if (c == ',' && flow_ > 0) {
      token_start_ = true;
    } else if (c == ':' && (indicator_end || flow_ > 0)) {
      token_start_ = true;
    } else if (token_start_ && flow_ == 0 && (c == '-' || c == '?') && indicator_end) {
      push_column(column_ + 1);
    } else {
      token_start_ = false;
    }
    after_space_ = false;
  }

  void enter_line() {
    line_start_ = false;
    token_start_ = true;
    if (flow_ > 0) return;
    while (!columns_.empty() && columns_.back() >= column_) columns_.pop_back();
    push_column(column_);
  }

  void push_column(int column) {
    columns_.push_back(column);
    if (columns_.size() > 2 * static_cast<std::size_t>(limits_.depth)) refuse(too_deep());
  }

  std::string too_deep() const {
    return "at most " + std::to_string(limits_.depth) + " levels of nesting are read; flatten the file";
  }

  std::string_view text_;
  const YamlLimits& limits_;
  std::size_t position_ = 0;
  int line_ = 1;
  int column_ = 1;
  int flow_ = 0;
  char quote_ = 0;
  bool line_start_ = true;
  bool token_start_ = true;
  bool after_space_ = false;
  std::vector<int> columns_;
};

class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(const YamlLimits& limits) : limits_(limits) {}

  YamlNode take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) refuse(mark, "one YAML document was wanted, found a second; keep one a file");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    check_anchor(mark, anchor);
    add(make(mark, YamlNode::Kind::kNull));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    refuse(mark, "aliases (*name) are not read; write the value out");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check_anchor(mark, anchor);
    check_tag(mark, tag);
    YamlNode node = make(mark, YamlNode::Kind::kScalar);
    node.quoted = tag == "!";
    node.text = value;
    if (!node.quoted && (value == "~" || value == "null" || value == "Null" || value == "NULL")) {
      node.kind = YamlNode::Kind::kNull;
    }
    add(std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlNode::Kind::kSequence);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, anchor, YamlNode::Kind::kMap);
  }
  void OnMapEnd() override { close(); }
  void OnAnchor(const YAML::Mark& mark, const std::string&) override { check_anchor(mark, 1); }

 private:
  struct Open {
    YamlNode node;
    YamlNode key;
    bool have_key = false;
  };

  [[noreturn]] static void refuse(const YAML::Mark& mark, std::string text) {
    throw Refusal{mark.line + 1, mark.column + 1, std::move(text)};
  }

  static void check_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != 0) refuse(mark, "anchors (&name) are not read; write the value out");
  }

  static void check_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!") {
      refuse(mark, "tags (" + tag.substr(0, 40) + ") are not read; write a plain value");
    }
  }

  YamlNode make(const YAML::Mark& mark, YamlNode::Kind kind) {
    if (++nodes_ > limits_.nodes) {
      refuse(mark, "at most " + std::to_string(limits_.nodes) + " values are read from a file");
    }
    YamlNode node;
    node.kind = kind;
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    return node;
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, YamlNode::Kind kind) {
    check_anchor(mark, anchor);
    check_tag(mark, tag);
    if (static_cast<int>(open_.size()) >= limits_.depth) {
      refuse(mark,
             "at most " + std::to_string(limits_.depth) + " levels of nesting are read; flatten the file");
    }
    open_.push_back({make(mark, kind), {}, false});
  }

  void close() {
    YamlNode node = std::move(open_.back().node);
    open_.pop_back();
    add(std::move(node));
  }

  void add(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.kind == YamlNode::Kind::kSequence) {
      parent.node.items.push_back(std::move(node));
      return;
    }
    if (!parent.have_key) {
      check_key(parent.node, node);
      parent.key = std::move(node);
      parent.have_key = true;
      return;
    }
    parent.node.entries.push_back(
        {std::move(parent.key.text), parent.key.line, parent.key.column, std::move(node)});
    parent.have_key = false;
  }

  static void check_key(const YamlNode& map, const YamlNode& key) {
    if (key.kind != YamlNode::Kind::kScalar || key.text.empty()) {
      throw Refusal{key.line, key.column, "a key was wanted (KEY: value); check the line and the one before"};
    }
    for (const YamlNode::Entry& entry : map.entries) {
      if (entry.key == key.text) {
        throw Refusal{key.line, key.column,
                      key.text + " stands here a second time (first in line " + std::to_string(entry.line) +
                          "); remove one"};
      }
    }
  }

  const YamlLimits& limits_;
  int documents_ = 0;
  int nodes_ = 0;
  std::vector<Open> open_;
  YamlNode root_;
};

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
  const auto found =
      std::find_if(entries.begin(), entries.end(), [&](const Entry& e) { return e.key == key; });
  return found == entries.end() ? nullptr : &found->value;
}

base::Result<YamlNode> parse_yaml(std::string_view text, const std::string& name, const YamlLimits& limits) {
  if (text.size() > limits.bytes) {
    return base::Error{base::ErrorCode::kUsage, name + ": at most " + std::to_string(limits.bytes) +
                                                    " bytes of YAML are read, found " +
                                                    std::to_string(text.size()) + "; is it a config file?"};
  }
  TreeBuilder builder(limits);
  try {
    PreScan(text, limits).run();
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Refusal& refusal) {
    return error_at(name, refusal.line, refusal.column, refusal.text);
  } catch (const YAML::Exception& exception) {
    return error_at(name, std::max(exception.mark.line, 0) + 1, std::max(exception.mark.column, 0) + 1,
                    "not readable as YAML (" + exception.msg + "); the file is damaged or cut short here");
  }
  return builder.take();
}

std::string yaml_quote(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (c == '\t') {
      quoted += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      constexpr std::string_view kDigits = "0123456789abcdef";
      quoted += "\\x";
      quoted += kDigits[static_cast<unsigned char>(c) >> 4];
      quoted += kDigits[static_cast<unsigned char>(c) & 15];
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

}  // namespace inknav::config
