// SPDX-License-Identifier: MIT
#include "run/pickle.h"

#include <gtest/gtest.h>

#include <functional>
#include <utility>

#include "run/torch_file_builder.h"

namespace inknav::run {
namespace {

using namespace testing_files;

base::Result<Pickle> read(const Bytes& bytes, bool skip_unknown = false) {
  return Pickle::read(bytes, "f", {skip_unknown});
}

/// The error of a pickle, or "(accepted)".
std::string fault(const std::string& pickle, bool skip_unknown = false) {
  const Bytes bytes = to_bytes(pickle);
  const auto result = read(bytes, skip_unknown);
  if (result.ok()) return "(accepted)";
  EXPECT_EQ(result.error().code, base::ErrorCode::kData);
  EXPECT_EQ(result.error().message.substr(0, 3), "f: ");
  EXPECT_NE(result.error().message.find("nothing was run"), std::string::npos);
  return result.error().message;
}

#define EXPECT_FAULT(pickle, part) EXPECT_NE(fault(pickle).find(part), std::string::npos) << fault(pickle)

TEST(Pickle, PlainValuesComeOut) {
  const Bytes bytes =
      to_bytes(kBegin + "(N\x88\x89K\x07M\x01\x02J\xff\xff\xff\xff" + std::string("\x8a\x00", 2) +
               "\x8a\x01\x80" + integer(-5) + "G" + std::string("\xbf\xf8\0\0\0\0\0\0", 8) + text("ä") +
               "]K\x01" + "a}" + text("k") + "K\x02st.");
  const auto pickle = read(bytes);
  ASSERT_TRUE(pickle.ok()) << pickle.error().message;
  const PickleValue& root = pickle->root();
  ASSERT_EQ(root.kind, PickleKind::kTuple);
  const auto item = [&](std::size_t i) -> const PickleValue& { return (*pickle)[root.items[i]]; };
  ASSERT_EQ(root.items.size(), 13u);
  EXPECT_EQ(item(0).kind, PickleKind::kNone);
  EXPECT_EQ(item(1).integer, 1);
  EXPECT_EQ(item(2).integer, 0);
  EXPECT_EQ(item(2).kind, PickleKind::kBool);
  const std::int64_t wanted[] = {7, 513, -1, 0, -128, -5};
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(item(3 + i).kind, PickleKind::kInt);
    EXPECT_EQ(item(3 + i).integer, wanted[i]) << i;
  }
  EXPECT_EQ(item(9).real, -1.5);
  EXPECT_EQ(item(10).text, "ä");
  EXPECT_EQ((*pickle)[item(11).items[0]].integer, 1);
  const auto found = pickle->find(item(12), "k");
  ASSERT_TRUE(found.ok());
  EXPECT_EQ((*found)->integer, 2);
  EXPECT_EQ(*pickle->find(item(12), "other"), nullptr);
  EXPECT_EQ(*pickle->find(item(11), "k"), nullptr);  // a list has no keys
}

TEST(Pickle, ANumberBeyond64BitsIsNotRead) {
  const Bytes bytes = to_bytes(kBegin + "\x8a\x09" + std::string(9, '\x7f') + ".");
  const auto pickle = read(bytes);
  ASSERT_TRUE(pickle.ok());
  EXPECT_EQ(pickle->root().kind, PickleKind::kSkipped);
}

TEST(Pickle, SharedAndCyclicValuesCostNothing) {
  // A list that holds itself, and 60 lists of which each holds the one before twice: 2^60 if unfolded.
  std::string chain = kBegin +
                      "]q\x01h\x01"
                      "a]q\x02";
  for (int i = 0; i < 60; ++i)
    chain +=
        "]q\x03h\x02"
        "ah\x02"
        "aq\x02";
  const Bytes bytes = to_bytes(chain + "\x86.");
  EXPECT_NE(fault(chain + "\x86."), "(accepted)");  // values are left on the stack
  std::string tidy = kBegin +
                     "]q\x01h\x01"
                     "a";
  for (int i = 0; i < 60; ++i) tidy += "q\x02h\x02\x86";
  EXPECT_EQ(fault(tidy + "."), "(accepted)");
}

TEST(Pickle, AKeyTwiceIsAnErrorWhereItIsLookedUp) {
  const Bytes bytes = to_bytes(kBegin + "}(" + text("k") + "N" + text("k") + "Nu.");
  const auto pickle = read(bytes);
  ASSERT_TRUE(pickle.ok());
  const auto found = pickle->find(pickle->root(), "k");
  ASSERT_FALSE(found.ok());
  EXPECT_NE(found.error().message.find("twice"), std::string::npos);
}

TEST(Pickle, LimitsAreTold) {
  const auto times = [](std::size_t count, const std::string& part) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += part;
    return out;
  };
  EXPECT_EQ(fault(kBegin + "]" + times(100, "\x85") + "."), "(accepted)");
  EXPECT_FAULT(kBegin + "]" + times(101, "\x85") + ".", "100 deep");
  EXPECT_FAULT(kBegin + ")" + times(100000, "\x85") + ".", "100 deep");
  EXPECT_FAULT(kBegin + times(200, "]") + times(199, "a") + ".", "100 deep");
  EXPECT_FAULT(kBegin + times(101, "("), "open marks");
  EXPECT_FAULT(kBegin + "Nr" + little(4000000, 4) + ".", "memo number");
  EXPECT_FAULT(kBegin + "Nr\xff\xff\xff\xff.", "memo number");
  EXPECT_FAULT(kBegin + "Nj" + little(3, 4) + ".", "nothing was put");
  EXPECT_FAULT(kBegin + "Nh\x05.", "nothing was put");
  EXPECT_FAULT(kBegin + times(1000001, "N") + ".", "on the stack");
  EXPECT_FAULT(kBegin + times(1100, "(" + times(2000, "]") + "t") + ".", "2000000 values");
  EXPECT_FAULT(kBegin + "X\xff\xff\xff\xff", "more than there are");
  EXPECT_FAULT(kBegin + std::string(std::size_t{33} << 20, 'N'), "32 MiB");
  EXPECT_FAULT(kBegin + "c" + std::string(300, 'a') + "\n", "too long");
  EXPECT_FAULT(kBegin + "c\nx\n", "empty");
  std::string kinds = kBegin;
  for (int i = 0; i < 1001; ++i) kinds += global("m", "C" + std::to_string(i));
  EXPECT_NE(fault(kinds + ".", true).find("1000 kinds"), std::string::npos);
}

TEST(Pickle, ABrokenFormIsAnError) {
  EXPECT_FAULT("", "no pickle");
  EXPECT_FAULT("\x80", "no pickle");
  EXPECT_FAULT("cos\nsystem\n.", "no pickle");
  EXPECT_FAULT("\x80\x04N.", "protocol 4");
  EXPECT_FAULT(kBegin, "without STOP");
  EXPECT_FAULT(kBegin + ".", "unfinished");
  EXPECT_FAULT(kBegin + "NN.", "unfinished");
  EXPECT_FAULT(kBegin + "(N.", "unfinished");
  EXPECT_FAULT(kBegin + "N.N", "behind STOP");
  EXPECT_FAULT(kBegin + kBegin + "N.", "opcode 0x80");
  EXPECT_FAULT(kBegin + "t.", "without its mark");
  EXPECT_FAULT(kBegin + "\x85.", "without its values");
  EXPECT_FAULT(kBegin + "N(\x85t.", "without its values");  // not across a mark
  EXPECT_FAULT(kBegin + "](NNua.", "items for a list");
  EXPECT_FAULT(kBegin + "}Na.", "items for a dict");
  EXPECT_FAULT(kBegin + "}(NNNu.", "without a value");
  EXPECT_FAULT(kBegin + ")}b.", "for a tuple");
  EXPECT_FAULT(kBegin + "NQ.", "no storage");
  EXPECT_FAULT(kBegin + "NNR.", "tuple of arguments");
  EXPECT_FAULT(kBegin + "N)R.", "call of None");
  EXPECT_FAULT(kBegin + "K", "cut off");
  EXPECT_FAULT(kBegin + "q\x01N.", "without its values");
}

TEST(Pickle, EveryOtherOpcodeIsRefusedByName) {
  const std::string known = "(.GJKMNQRX]abcehjqrstu})\x81\x85\x86\x87\x88\x89\x8a";
  int refused = 0;
  for (int opcode = 0; opcode < 256; ++opcode) {
    const auto byte = static_cast<char>(opcode);
    if (known.find(byte) != std::string::npos) continue;
    EXPECT_FAULT(kBegin + "NNN" + byte + std::string(16, '\0') + ".", "found the opcode ");
    ++refused;
  }
  EXPECT_EQ(refused, 256 - static_cast<int>(known.size()));
  for (const auto& [opcode, name] : {std::pair{"i", "INST"},
                                     {"o", "OBJ"},
                                     {"\x93", "STACK_GLOBAL"},
                                     {"P", "PERSID"},
                                     {"\x82", "EXT1"},
                                     {"0", "POP"},
                                     {"S", "STRING"}}) {
    EXPECT_FAULT(kBegin + opcode + ".", std::string("the opcode ") + name + ",");
  }
}

/// What attacks on pickles call, and a few that no list of dangers would have.
const std::vector<std::pair<std::string, std::string>>& dangers() {
  static const std::vector<std::pair<std::string, std::string>> list = {
      {"os", "system"},
      {"posix", "system"},
      {"nt", "system"},
      {"os", "popen"},
      {"os", "execv"},
      {"subprocess", "Popen"},
      {"subprocess", "check_output"},
      {"builtins", "eval"},
      {"builtins", "exec"},
      {"builtins", "getattr"},
      {"builtins", "__import__"},
      {"builtins", "compile"},
      {"builtins", "open"},
      {"__builtin__", "eval"},
      {"__builtin__", "apply"},
      {"importlib", "import_module"},
      {"runpy", "run_path"},
      {"socket", "create_connection"},
      {"shutil", "rmtree"},
      {"pty", "spawn"},
      {"ctypes", "CDLL"},
      {"pickle", "loads"},
      {"_pickle", "loads"},
      {"marshal", "loads"},
      {"types", "FunctionType"},
      {"types", "CodeType"},
      {"operator", "attrgetter"},
      {"operator", "methodcaller"},
      {"functools", "partial"},
      {"webbrowser", "open"},
      {"timeit", "timeit"},
      {"code", "interact"},
      {"platform", "popen"},
      {"asyncio", "create_subprocess_shell"},
      {"numpy.testing._private.utils", "runstring"},
      {"numpy", "load"},
      {"torch", "load"},
      {"torch.hub", "load"},
      {"torch.jit", "load"},
      {"torch.serialization", "load"},
      {"torch._utils", "_rebuild_device_tensor_from_numpy"},
      {"torch.storage", "_load_from_bytes"},
      {"omegaconf", "resolve_all"},
      {"habitat.core", "registry"},
      {"collections", "OrderedDict.__reduce__"},
      {"some.module", "Thing"}};
  return list;
}

struct Use {
  const char* name;
  std::function<std::string(const std::string& global)> pickle;
};
const std::vector<Use>& uses() {
  static const std::vector<Use> list = {
      {"call", [](const std::string& g) { return kBegin + g + "(" + text("touch pwned") + "tR."; }},
      {"object", [](const std::string& g) { return kBegin + g + ")\x81."; }},
      {"object with attributes",
       [](const std::string& g) { return kBegin + g + ")\x81}" + text("a") + "Nsb."; }},
      {"value", [](const std::string& g) { return kBegin + g + "."; }},
      {"weight", [](const std::string& g) { return checkpoint(text("w") + g + "(" + text("x") + "tR"); }},
      {"beside the weights",
       [](const std::string& g) {
         return checkpoint(text("w") + tensor({}), text("config") + g + "(" + text("x") + "tR");
       }},
      {"storage type",
       [](const std::string& g) {
         return kBegin + "(" + text("storage") + g + text("0") + text("cpu") + "K\x01tQ.";
       }},
      {"key", [](const std::string& g) { return kBegin + "}" + g + "Ns."; }},
      {"argument of a tensor",
       [](const std::string& g) {
         return kBegin + global("torch._utils", "_rebuild_tensor_v2") + "(" + g + ")RK\x01))\x89" +
                kOrderedDict + "tR.";
       }},
      {"argument of a dict",
       [](const std::string& g) { return kBegin + global("collections", "OrderedDict") + "(" + g + "tR."; }}};
  return list;
}

TEST(Pickle, HostilePicklesAreErrorsThatNameTheGlobal) {
  int count = 0;
  for (const auto& [module, name] : dangers()) {
    for (const Use& use : uses()) {
      const std::string message = fault(use.pickle(global(module, name)));
      EXPECT_NE(message.find("the name \"" + module + "." + name + "\""), std::string::npos)
          << use.name << ": " << message;
      ++count;
    }
  }
  EXPECT_GE(count, 200);
}

TEST(Pickle, WhatIsSkippedNeverBecomesATensor) {
  for (const auto& [module, name] : dangers()) {
    for (const Use& use : uses()) {
      const Bytes bytes = to_bytes(use.pickle(global(module, name)));
      const auto pickle = read(bytes, /*skip_unknown=*/true);
      if (!pickle.ok()) continue;
      ASSERT_FALSE(pickle->skipped().empty()) << use.name;
      EXPECT_EQ(pickle->skipped()[0], module + "." + name);
      const PickleValue& root = pickle->root();
      EXPECT_TRUE(root.kind == PickleKind::kSkipped || root.kind == PickleKind::kDict) << use.name;
    }
  }
}

TEST(Pickle, KnownNamesTakeOnlyTheirOwnArguments) {
  const std::string rebuild = global("torch._utils", "_rebuild_tensor_v2"),
                    good = storage("FloatStorage", "0", 6);
  const std::string numpy = global("numpy", "ndarray");
  const std::string rest = integers({2, 3}) + integers({3, 1}) + "\x89" + kOrderedDict;
  EXPECT_EQ(fault(kBegin + tensor({}) + "."), "(accepted)");
  EXPECT_FAULT(kBegin + rebuild + "(" + good + "tR.", "number of arguments");
  EXPECT_FAULT(kBegin + rebuild + "(" + good + "N" + rest + "tR.", "not those of one");
  EXPECT_FAULT(kBegin + rebuild + "(NK\x01" + rest + "tR.", "a tensor on None");
  EXPECT_FAULT(kBegin + rebuild + "(" + numpy + "K\x01" + rest + "tR.", "a tensor on \"numpy.ndarray\"");
  EXPECT_FAULT(kBegin + rebuild + "(" + good + "K\x01(Nt" + integers({1}) + "\x89" + kOrderedDict + "tR.",
               "not those of one");
  EXPECT_FAULT(kBegin + rebuild + "(" + good + "K\x01" + rest + "}" + text("conj") + "\x88stR.",
               "conjugated");
  EXPECT_FAULT(kBegin + rebuild + ")\x81.", "a call of the name");
  EXPECT_FAULT(kBegin + global("torch", "FloatStorage") + ")R.", "a call of the name");
  EXPECT_FAULT(kBegin + global("torch", "float32") + ")R.", "a call of the name");
  EXPECT_FAULT(kBegin + global("torch", "Size") + "(" + text("x") + "tR.", "other arguments");
  EXPECT_EQ(fault(kBegin + global("torch", "Size") + "(" + integers({2, 3}) + "tR."), "(accepted)");
  EXPECT_FAULT(kBegin + global("collections", "OrderedDict") + "(NtR.", "with arguments");
  EXPECT_FAULT(kBegin + global("torch.jit._pickle", "restore_type_tag") + "(NtR.", "other arguments");
  EXPECT_FAULT(kBegin + global("torch._utils", "_rebuild_parameter") + "(N\x88}tR.", "a parameter on None");
  EXPECT_FAULT(kBegin + tensor({}) + "}b.", "attributes (BUILD) for a tensor");
  EXPECT_FAULT(kBegin + kOrderedDict + "Nb.", "attributes (BUILD) for a dict");
  EXPECT_FAULT(kBegin + "(" + text("storage") + global("torch", "FloatStorage") + text("0") + text("cpu") +
                   integer(-1) + "tQ.",
               "not described as one");
  EXPECT_FAULT(kBegin + "(" + text("storage") + numpy + text("0") + text("cpu") + "K\x01tQ.",
               "not described as one");
}

/// A storage of an element type that is not read makes a tensor that is not read.
TEST(Pickle, AComplexTensorIsNotRead) {
  const Bytes bytes = to_bytes(kBegin + tensor({.type = "ComplexFloatStorage"}) + ".");
  const auto pickle = read(bytes);
  ASSERT_TRUE(pickle.ok()) << pickle.error().message;
  EXPECT_EQ(pickle->root().kind, PickleKind::kSkipped);
  EXPECT_EQ(pickle->root().text, "torch.ComplexFloatStorage");
}

}  // namespace
}  // namespace inknav::run
