// SPDX-License-Identifier: MIT
#include "run/torch_weights.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>

#include "base/file.h"
#include "base/philox.h"
#include "base/temporary_folder.h"
#include "run/torch_file_builder.h"
#include "run/torch_file_fixtures.h"

namespace inknav::run {
namespace {

using namespace testing_files;

base::Result<TorchWeights> parse(const std::string& file, const TorchReadOptions& options = {}) {
  const auto start = std::chrono::steady_clock::now();
  auto result = parse_torch_weights(to_bytes(file), "f", options);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
  return result;
}

std::string fault(const std::string& file, const TorchReadOptions& options = {}) {
  const auto weights = parse(file, options);
  if (weights.ok()) return "(accepted)";
  EXPECT_EQ(weights.error().code, base::ErrorCode::kData);
  EXPECT_EQ(weights.error().message.substr(0, 3), "f: ");
  return weights.error().message;
}

#define EXPECT_FAULT(file, part) EXPECT_NE(fault(file).find(part), std::string::npos) << fault(file)

template <typename T>
std::string raw(const std::vector<T>& values) {
  std::string out(values.size() * sizeof(T), '\0');
  std::memcpy(out.data(), values.data(), out.size());
  return out;
}

template <typename T>
std::vector<T> numbers(const OwnedTensor& tensor) {
  std::vector<T> out(tensor.bytes.size() / sizeof(T));
  std::memcpy(out.data(), tensor.bytes.data(), tensor.bytes.size());
  return out;
}

const std::string kSix = raw<float>({0, 1, 2, 3, 4, 5});

/// A file with one tensor on storage 0, which holds 0 to 5.
std::string one(const TensorText& t, const std::string& content = kSix) {
  return weight_file(checkpoint(text("w") + tensor(t)), {{"0", content}});
}

OwnedTensor only(const std::string& file) {
  const auto weights = parse(file);
  EXPECT_TRUE(weights.ok()) << weights.error().message;
  if (!weights.ok() || weights->tensors.size() != 1) return {};
  return weights->tensors[0];
}

TEST(TorchWeights, StridesOffsetsAndEmptyShapesAreReadRight) {
  EXPECT_EQ(numbers<float>(only(one({}))), (std::vector<float>{0, 1, 2, 3, 4, 5}));
  const OwnedTensor turned = only(one({.sizes = {3, 2}, .strides = {1, 3}}));
  EXPECT_EQ(turned.shape, (std::vector<std::int64_t>{3, 2}));
  EXPECT_EQ(numbers<float>(turned), (std::vector<float>{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(numbers<float>(only(one({.offset = 1, .sizes = {2, 2}, .strides = {3, 1}}))),
            (std::vector<float>{1, 2, 4, 5}));
  EXPECT_EQ(numbers<float>(only(one({.offset = 1, .sizes = {2, 1, 2}, .strides = {1, 9, 2}}))),
            (std::vector<float>{1, 3, 2, 4}));
  EXPECT_EQ(numbers<float>(only(one({.offset = 4, .sizes = {}, .strides = {}}))), (std::vector<float>{4}));
  EXPECT_EQ(numbers<float>(only(one({.sizes = {2, 2, 3}, .strides = {0, 3, 1}}))),
            (std::vector<float>{0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5}));
  const OwnedTensor empty = only(one({.offset = 6, .sizes = {0, 5}, .strides = {5, 1}}));
  EXPECT_EQ(empty.shape, (std::vector<std::int64_t>{0, 5}));
  EXPECT_TRUE(empty.bytes.empty());
}

/// Against every element's place by the definition of a stride.
TEST(TorchWeights, RandomStridesAgreeWithTheDefinition) {
  base::PhiloxStream stream({.seed = 3, .purpose = base::Purpose::kTest});
  std::vector<std::int16_t> storage(400);
  for (std::size_t i = 0; i < storage.size(); ++i) storage[i] = static_cast<std::int16_t>(i * 7);
  for (int trial = 0; trial < 200; ++trial) {
    TensorText t{.type = "ShortStorage", .elements = 400, .sizes = {}, .strides = {}};
    t.offset = stream.uniform_int(20u);
    for (std::uint32_t k = stream.uniform_int(5u); k > 0; --k) {
      t.sizes.push_back(1 + stream.uniform_int(4u));
      t.strides.push_back(stream.uniform_int(30u));
    }
    std::vector<std::int16_t> wanted = {};
    std::function<void(std::size_t, std::int64_t)> visit = [&](std::size_t k, std::int64_t at) {
      if (k == t.sizes.size()) return wanted.push_back(storage[static_cast<std::size_t>(at)]);
      for (std::int64_t i = 0; i < t.sizes[k]; ++i) visit(k + 1, at + i * t.strides[k]);
    };
    visit(0, t.offset);
    const OwnedTensor read = only(one(t, raw(storage)));
    EXPECT_EQ(read.type, SpanType::kI16);
    EXPECT_EQ(numbers<std::int16_t>(read), wanted) << trial;
  }
}

TEST(TorchWeights, EveryElementTypeIsRead) {
  const std::pair<const char*, SpanType> types[] = {
      {"FloatStorage", SpanType::kF32}, {"DoubleStorage", SpanType::kF64},
      {"HalfStorage", SpanType::kF16},  {"BFloat16Storage", SpanType::kBF16},
      {"LongStorage", SpanType::kI64},  {"IntStorage", SpanType::kI32},
      {"ShortStorage", SpanType::kI16}, {"CharStorage", SpanType::kI8},
      {"ByteStorage", SpanType::kU8},   {"BoolStorage", SpanType::kBool}};
  for (const auto& [name, type] : types) {
    std::string content(3 * size_of(type), '\0');
    for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i + 1);
    const TensorText t{.type = name, .elements = 3, .sizes = {3}, .strides = {1}};
    const OwnedTensor read = only(one(t, content));
    EXPECT_EQ(read.type, type) << name;
    EXPECT_EQ(read.bytes, to_bytes(content)) << name;
  }
}

TEST(TorchWeights, TensorsThatShareAStorageAreCopies) {
  const auto weights = parse(weight_file(
      checkpoint(text("a") + tensor({}) + text("b") + tensor({.offset = 3, .sizes = {3}, .strides = {1}})),
      {{"0", kSix}}));
  ASSERT_TRUE(weights.ok()) << weights.error().message;
  ASSERT_EQ(weights->tensors.size(), 2u);
  EXPECT_EQ(numbers<float>(weights->tensors[1]), (std::vector<float>{3, 4, 5}));
}

/// What both writers put down for the same four tensors.
void expect_sample(const TorchWeights& weights) {
  ASSERT_EQ(weights.tensors.size(), 4u);
  const OwnedTensor &weight = weights.tensors[0], &turned = weights.tensors[1], &bias = weights.tensors[2],
                    &steps = weights.tensors[3];
  EXPECT_EQ(weight.name, "net.weight");
  EXPECT_EQ(weight.shape, (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(numbers<float>(weight), (std::vector<float>{0, 1, 2, 3, 4, 5}));
  EXPECT_EQ(turned.shape, (std::vector<std::int64_t>{3, 2}));
  EXPECT_EQ(numbers<float>(turned), (std::vector<float>{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(numbers<double>(bias), (std::vector<double>{0.5, -1.0}));
  EXPECT_EQ(numbers<std::int64_t>(steps), (std::vector<std::int64_t>{7}));
  EXPECT_TRUE(steps.shape.empty());
}

TEST(TorchWeights, AFileOfTorchSaveOf113IsRead) {
  const auto weights = parse(std::string(kTorch113File));
  ASSERT_TRUE(weights.ok()) << weights.error().message;
  EXPECT_EQ(weights->key, "state_dict");
  expect_sample(*weights);
}

TEST(TorchWeights, AFileOfPickleSaveOf211IsRead) {
  const auto weights = parse(std::string(kTorch211File));
  ASSERT_TRUE(weights.ok()) << weights.error().message;
  EXPECT_EQ(weights->key, "");
  expect_sample(*weights);
}

/// A DD-PPO checkpoint of habitat-baselines in small: configuration and numpy numbers beside the weights.
TEST(TorchWeights, ACheckpointWithForeignObjectsBesideTheWeightsIsRead) {
  const std::string config = global("yacs.config", "CfgNode") + ")\x81q\x01(" + text("SEED") + "K\x64" +
                             text("NODE") + global("omegaconf.dictconfig", "DictConfig") + ")\x81}" +
                             text("_parent") + "h\x01sbu}b";
  const std::string wall_time = global("numpy.core.multiarray", "scalar") + "(" + global("numpy", "dtype") +
                                "(" + text("f8") + "\x89\x88tR" + global("_codecs", "encode") + "(" +
                                text("01234567") + text("latin1") + "tRtR";
  const std::string beside = text("config") + config + text("extra_state") + "}(" + text("step") + "K\x05" +
                             text("wall_time") + wall_time + "u";
  const auto weights =
      parse(weight_file(checkpoint(text("actor_critic.w") + tensor({}), beside), {{"0", kSix}}));
  ASSERT_TRUE(weights.ok()) << weights.error().message;
  ASSERT_EQ(weights->tensors.size(), 1u);
  EXPECT_EQ(weights->tensors[0].name, "actor_critic.w");
  EXPECT_EQ(weights->not_read,
            (std::vector<std::string>{"yacs.config.CfgNode", "omegaconf.dictconfig.DictConfig",
                                      "numpy.core.multiarray.scalar", "numpy.dtype", "_codecs.encode"}));
}

TEST(TorchWeights, ParametersAndMetadataOfModulesAreUnwrapped) {
  const std::string parameter =
      global("torch._utils", "_rebuild_parameter") + "(" + tensor({}) + "\x88" + kOrderedDict + "tR";
  const std::string versions = "}" + text("_metadata") + kOrderedDict + "sb";
  const std::string file =
      kBegin + "}" + text("state_dict") + kOrderedDict + "(" + text("w") + parameter + "u" + versions + "s.";
  EXPECT_EQ(only(weight_file(file, {{"0", kSix}})).shape, (std::vector<std::int64_t>{2, 3}));
}

TEST(TorchWeights, TheWantedDictIsTaken) {
  const std::string bare = kBegin + "}(" + text("w") + tensor({}) + "u.";
  EXPECT_EQ(only(weight_file(bare, {{"0", kSix}})).name, "w");
  const std::string other =
      kBegin + "}(" + text("epoch") + "K\x01" + text("model") + "}" + text("w") + tensor({}) + "su.";
  const std::string file = weight_file(other, {{"0", kSix}});
  EXPECT_FAULT(file, "name the dict of tensors with --key; the file has \"epoch\", \"model\"");
  const auto keyed = parse(file, {.key = "model"});
  ASSERT_TRUE(keyed.ok());
  EXPECT_EQ(keyed->key, "model");
  EXPECT_NE(fault(file, {.key = "net"}).find("no entry \"net\"; it has \"epoch\", \"model\""),
            std::string::npos);
  EXPECT_NE(fault(file, {.key = "epoch"}).find("\"epoch\" to be a number"), std::string::npos);
}

TEST(TorchWeights, WhatIsNoTensorIsAnErrorWhereOneIsWanted) {
  const auto with = [](const std::string& value) {
    return weight_file(checkpoint(text("w") + value), {{"0", kSix}});
  };
  EXPECT_FAULT(with("K\x01"), "\"w\" to be a number where a tensor was wanted");
  EXPECT_FAULT(with("}"), "to be a dict");
  EXPECT_FAULT(with(global("yacs.config", "CfgNode") + ")\x81"),
               "\"yacs.config.CfgNode\", which is not read");
  EXPECT_FAULT(with(tensor({.type = "ComplexFloatStorage"})),
               "\"torch.ComplexFloatStorage\", which is not read");
  EXPECT_FAULT(with(storage("FloatStorage", "0", 6)), "to be a storage");
  EXPECT_FAULT(with(global("torch", "float32")), "the name \"float32\"");
  EXPECT_FAULT(with(global("os", "system") + "(" + text("touch pwned") + "tR"), "\"os.system\"");
  const std::string skipped = with(global("os", "system") + "(" + text("touch pwned") + "tR");
  EXPECT_NE(fault(skipped, {.skip_unknown = true}).find("\"os.system\", which is not read"),
            std::string::npos);
  EXPECT_FAULT(weight_file(kBegin + "].", {}), "a list where a dict of tensors should be");
  EXPECT_FAULT(weight_file(checkpoint(""), {}), "no tensors");
  EXPECT_FAULT(weight_file(checkpoint("K\x01" + tensor({})), {{"0", kSix}}), "plain name");
  EXPECT_FAULT(weight_file(checkpoint(text("a\x1b") + tensor({})), {{"0", kSix}}), "plain name");
  EXPECT_FAULT(weight_file(checkpoint(text("a\xff") + tensor({})), {{"0", kSix}}), "plain name");
  EXPECT_FAULT(weight_file(checkpoint(text(std::string(513, 'a')) + tensor({})), {{"0", kSix}}),
               "plain name");
  EXPECT_FAULT(weight_file(checkpoint(text("w") + tensor({}) + text("w") + tensor({})), {{"0", kSix}}),
               "twice");
}

TEST(TorchWeights, NumbersThatLieAreErrors) {
  constexpr std::int64_t kHuge = std::int64_t{1} << 62;
  EXPECT_FAULT(one({.key = "1"}), "a storage \"1\" that is not there");
  EXPECT_FAULT(one({.key = "../version"}), "that is not there");
  EXPECT_FAULT(one({.elements = 7}), "a storage of 7 elements in 24 bytes");
  EXPECT_FAULT(one({.elements = kHuge}), "elements in 24 bytes");
  EXPECT_FAULT(one({.type = "DoubleStorage"}), "a storage of 6 elements in 24 bytes");
  EXPECT_FAULT(one({.offset = 1}), "outside its storage");
  EXPECT_FAULT(one({.offset = -1}), "outside its storage");
  EXPECT_FAULT(one({.offset = kHuge}), "outside its storage");
  EXPECT_FAULT(one({.sizes = {3, 3}}), "outside its storage");
  EXPECT_FAULT(one({.sizes = {-2, 3}}), "outside its storage");
  EXPECT_FAULT(one({.strides = {-3, 1}}), "outside its storage");
  EXPECT_FAULT(one({.strides = {4, 1}}), "outside its storage");
  EXPECT_FAULT(one({.strides = {kHuge, kHuge}}), "outside its storage");
  EXPECT_FAULT(one({.sizes = {kHuge, kHuge}, .strides = {0, 0}}), "outside its storage");
  EXPECT_FAULT(one({.sizes = {std::int64_t{1} << 33}, .strides = {0}}), "more than 4 times");
  EXPECT_FAULT(one({.sizes = {kHuge}, .strides = {0}}), "outside its storage");
  EXPECT_FAULT(one({.sizes = {2}}), "does not fit its strides");
  EXPECT_FAULT(one({.sizes = std::vector<std::int64_t>(17, 1), .strides = std::vector<std::int64_t>(17, 1)}),
               "more than 16 dimensions");
  EXPECT_FAULT(one({.offset = 7, .sizes = {0}, .strides = {1}}), "outside its storage");
  // Many tensors on one storage: together more than four times the file.
  std::string many;
  const std::string storage_text(std::size_t{1} << 20, 'x');
  for (int i = 0; i < 20; ++i) {
    many += text("w" + std::to_string(i)) +
            tensor({.type = "ByteStorage", .elements = 1 << 20, .sizes = {1 << 20}, .strides = {1}});
  }
  EXPECT_FAULT(weight_file(checkpoint(many), {{"0", storage_text}}), "more than 4 times");
}

TEST(TorchWeights, OtherFilesAreNamed) {
  EXPECT_FAULT("", "an empty file");
  EXPECT_FAULT("hello", "another kind of file");
  const std::string magic("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15);
  EXPECT_FAULT(magic, "before PyTorch 1.6");
  EXPECT_FAULT(magic, "weights_only=True");
  std::string tar(512, '\0');
  tar.replace(257, 5, "ustar");
  EXPECT_FAULT(tar, "before PyTorch 1.6");
  EXPECT_FAULT(std::string("\x02\0\0\0\0\0\0\0{}", 10), "name it .safetensors");
  EXPECT_FAULT(raw_zip({{.name = "w/other", .content = "x"}}), "without data.pkl");
  EXPECT_FAULT(raw_zip({{.name = "data.pkl", .content = "x"}}), "without data.pkl");
  EXPECT_FAULT(raw_zip({{.name = "a/data.pkl", .content = "x"}, {.name = "b/data.pkl", .content = "x"}}),
               "two pickles");
  EXPECT_FAULT(raw_zip({{.name = "a/data.pkl", .content = "x"}, {.name = "a/constants.pkl", .content = "x"}}),
               "TorchScript");
  EXPECT_FAULT(raw_zip({{.name = "a/data.pkl", .content = "x"}, {.name = "a/byteorder", .content = "big"}}),
               "byte order");
}

/// A damaged file is an error or means the same; it never takes long and never reads outside.
TEST(TorchWeights, TruncationsAndFlipsAreErrorsOrChangeNothing) {
  for (const std::string_view fixture : {kTorch113File, kTorch211File}) {
    const std::string whole(fixture);
    for (std::size_t i = 0; i < 50; ++i) {
      EXPECT_NE(fault(whole.substr(0, whole.size() * i / 50)), "(accepted)") << i;
    }
    const auto same = [](const TorchWeights& a, const TorchWeights& b) {
      if (a.tensors.size() != b.tensors.size()) return false;
      for (std::size_t i = 0; i < a.tensors.size(); ++i) {
        const OwnedTensor &x = a.tensors[i], &y = b.tensors[i];
        if (x.name != y.name || x.type != y.type || x.shape != y.shape || x.bytes != y.bytes) return false;
      }
      return true;
    };
    const auto sound = parse(whole);
    ASSERT_TRUE(sound.ok());
    base::PhiloxStream stream({.seed = 4, .purpose = base::Purpose::kTest});
    for (int i = 0; i < 500; ++i) {
      std::string damaged = whole;
      const std::size_t at = stream.uniform_int(static_cast<std::uint32_t>(whole.size()));
      damaged[at] = static_cast<char>(damaged[at] ^ static_cast<char>(1 + stream.uniform_int(255u)));
      const auto read = parse(damaged);
      EXPECT_TRUE(!read.ok() || same(*sound, *read)) << at;
    }
  }
}

/// The same with checksums left out, so that the flips reach the pickle.
TEST(TorchWeights, FlipsInThePickleNeverCrash) {
  const std::string pickle = checkpoint(
      text("w") + tensor({}) + text("v") + tensor({.sizes = {3, 2}, .strides = {1, 3}}), text("n") + "K\x01");
  int accepted = 0;
  for (std::size_t at = 0; at < pickle.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string damaged = pickle;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << bit));
      const auto read = parse(weight_file(damaged, {{"0", kSix}}));
      if (!read.ok()) continue;
      ++accepted;
      for (const OwnedTensor& tensor : read->tensors) EXPECT_LE(tensor.bytes.size(), 1u << 21);
    }
  }
  EXPECT_GT(accepted, 0);  // a letter of a name, a device
}

class TorchWeightsFile : public ::testing::Test {
 protected:
  /// Runs a Python that has PyTorch in the folder; false where there is none.
  bool has_torch() {
    for (const char* candidate : {"python3", "/usr/bin/python3"}) {
      const std::string probe = std::string(candidate) + " -c 'import torch' >/dev/null 2>&1";
      if (std::system(probe.c_str()) != 0) continue;
      python_ = candidate;
      return true;
    }
    return false;
  }
  int python(const std::string& script) {
    std::ofstream(folder_ / "script.py") << script;
    return std::system(("cd '" + folder_.string() + "' && " + python_ + " script.py").c_str());
  }

  base::TemporaryFolder temporary_;
  const std::filesystem::path folder_ = temporary_.path();
  std::string python_;
};

TEST_F(TorchWeightsFile, WhatIsWrittenIsReadBack) {
  const Bytes six = to_bytes(kSix), flags = {1, 0, 1};
  const std::vector<NamedSpan> spans = {{"net.weight", SpanType::kF32, {2, 3}, six},
                                        {"flags", SpanType::kBool, {3}, flags},
                                        {"scalar", SpanType::kU8, {}, std::span(flags).first(1)},
                                        {"empty", SpanType::kI64, {0, 4}, {}},
                                        {"ä", SpanType::kI16, {1, 3, 1, 4}, six}};
  const Metadata metadata = {{"policy", "{}"}, {"note", "line\nline"}};
  ASSERT_TRUE(write_torch_weights(folder_ / "w.pth", spans, metadata).ok());
  const auto weights = read_torch_weights(folder_ / "w.pth");
  ASSERT_TRUE(weights.ok()) << weights.error().message;
  EXPECT_EQ(weights->metadata, metadata);
  EXPECT_TRUE(weights->not_read.empty());
  ASSERT_EQ(weights->tensors.size(), spans.size());
  for (std::size_t i = 0; i < spans.size(); ++i) {
    const OwnedTensor& read = weights->tensors[i];
    EXPECT_EQ(read.name, spans[i].name);
    EXPECT_EQ(read.type, spans[i].type);
    EXPECT_EQ(read.shape, spans[i].shape);
    EXPECT_EQ(read.bytes, Bytes(spans[i].bytes.begin(), spans[i].bytes.end()));
  }
  ASSERT_TRUE(write_torch_weights(folder_ / "again.pth", spans, metadata).ok());
  EXPECT_EQ(*base::read_file(folder_ / "w.pth", 1 << 20), *base::read_file(folder_ / "again.pth", 1 << 20));
  EXPECT_EQ(write_torch_weights(folder_ / "none" / "w.pth", spans, metadata).error().code,
            base::ErrorCode::kDisk);
  EXPECT_EQ(read_torch_weights(folder_).error().code, base::ErrorCode::kData);
}

TEST_F(TorchWeightsFile, PyTorchReadsWhatIsWritten) {
  if (!has_torch()) GTEST_SKIP() << "no Python with PyTorch here (Debian: python3-torch)";
  const Bytes six = to_bytes(kSix), half = {0x00, 0x3c, 0x00, 0xc0};
  const std::vector<NamedSpan> spans = {{"net.weight", SpanType::kF32, {2, 3}, six},
                                        {"half", SpanType::kF16, {2}, half},
                                        {"brain", SpanType::kBF16, {2, 6}, six},
                                        {"empty", SpanType::kI64, {0, 4}, {}},
                                        {"big", SpanType::kU8, {24}, six}};
  ASSERT_TRUE(write_torch_weights(folder_ / "w.pth", spans, {{"policy", "x"}}).ok());
  EXPECT_EQ(python("import torch\n"
                   "f = torch.load('w.pth', weights_only=True)\n"
                   "s = f['state_dict']\n"
                   "assert list(s) == ['net.weight', 'half', 'brain', 'empty', 'big'], list(s)\n"
                   "assert torch.equal(s['net.weight'], torch.arange(6.).reshape(2, 3))\n"
                   "assert s['half'].dtype == torch.float16 and s['half'].tolist() == [1.0, -2.0]\n"
                   "assert s['brain'].dtype == torch.bfloat16 and s['brain'].shape == (2, 6)\n"
                   "assert s['empty'].shape == (0, 4) and s['big'].numel() == 24\n"
                   "assert f['inknav'] == {'policy': 'x'}\n"),
            0);
}

TEST_F(TorchWeightsFile, WhatPyTorchWritesIsRead) {
  if (!has_torch()) GTEST_SKIP() << "no Python with PyTorch here (Debian: python3-torch)";
  ASSERT_EQ(
      python(
          "import argparse, torch\n"
          "a = torch.arange(24.).reshape(2, 3, 4)\n"
          "m = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.BatchNorm2d(2))\n"
          "s = m.state_dict()\n"
          "s['permuted'] = a.permute(2, 0, 1)\n"
          "s['sliced'] = a[1:, ::2, 1:3]\n"
          "s['wide'] = torch.tensor([1.5]).expand(3)\n"
          "for t in 'float16 bfloat16 float64 int8 uint8 int16 int32 int64 bool'.split():\n"
          "    s[t] = torch.tensor([0, 1, 1]).to(getattr(torch, t))\n"
          "s['parameter'] = torch.nn.Parameter(a)\n"
          "for i in range(1500): s['n%d' % i] = torch.tensor(i)\n"
          "torch.save({'state_dict': s, 'model_args': argparse.Namespace(x=1), 'lr': 1e-3, 'size': a.shape,\n"
          "            'dtype': torch.float32, 'big': 1 << 80, 'device': torch.device('cpu'),\n"
          "            'optim_state': torch.optim.Adam(m.parameters()).state_dict()}, 'p.pth')\n"
          "torch.save(s, 'legacy.pth', _use_new_zipfile_serialization=False)\n"
          "torch.save(s, 'four.pth', pickle_protocol=4)\n"
          "torch.jit.script(m).save('script.pth')\n"),
      0);
  const auto weights = read_torch_weights(folder_ / "p.pth");
  ASSERT_TRUE(weights.ok()) << weights.error().message;
  const auto find = [&](const std::string& name) -> OwnedTensor {
    for (const OwnedTensor& tensor : weights->tensors) {
      if (tensor.name == name) return tensor;
    }
    ADD_FAILURE() << name;
    return {};
  };
  EXPECT_EQ(find("0.weight").shape, (std::vector<std::int64_t>{2, 1, 3, 3}));
  EXPECT_EQ(find("1.num_batches_tracked").type, SpanType::kI64);
  EXPECT_EQ(numbers<float>(find("sliced")), (std::vector<float>{13, 14, 21, 22}));
  EXPECT_EQ(numbers<float>(find("wide")), (std::vector<float>{1.5f, 1.5f, 1.5f}));
  const std::vector<float> permuted = numbers<float>(find("permuted"));
  ASSERT_EQ(permuted.size(), 24u);
  for (std::size_t k = 0; k < 24; ++k) {
    EXPECT_EQ(permuted[k], static_cast<float>((k / 3 % 2) * 12 + (k % 3) * 4 + k / 6)) << k;
  }
  EXPECT_EQ(numbers<double>(find("float64")), (std::vector<double>{0, 1, 1}));
  EXPECT_EQ(find("bool").bytes, (Bytes{0, 1, 1}));
  EXPECT_EQ(numbers<std::int64_t>(find("n1499")), (std::vector<std::int64_t>{1499}));
  for (const auto& [name, part] : {std::pair{"legacy.pth", "before PyTorch 1.6"},
                                   {"four.pth", "protocol 4"},
                                   {"script.pth", "TorchScript"}}) {
    const auto refused = read_torch_weights(folder_ / name);
    ASSERT_FALSE(refused.ok()) << name;
    EXPECT_NE(refused.error().message.find(part), std::string::npos) << refused.error().message;
  }
}

}  // namespace
}  // namespace inknav::run
