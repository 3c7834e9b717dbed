# SPDX-License-Identifier: MIT
"""Every rule of tools/check_layers, broken on purpose in a tree made for it."""

import importlib.machinery
import importlib.util
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

TOOL = Path(__file__).with_name("check_layers")
loader = importlib.machinery.SourceFileLoader("check_layers", str(TOOL))
check_layers = importlib.util.module_from_spec(importlib.util.spec_from_loader("check_layers", loader))
sys.dont_write_bytecode = True
loader.exec_module(check_layers)

SPDX = "// SPDX-License-Identifier: MIT\n"
HEADER = SPDX + "#pragma once\n"


class CheckLayersTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        for module in check_layers.ALLOWED:
            self.write(f"{module}/{module}.h", HEADER)
        self.edges = self.root / "edges.txt"
        self.edges.write_text("")

    def write(self, name, text):
        path = self.root / "src" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def faults(self):
        return check_layers.check_tree(self.root, self.edges)

    def expect_one(self, *words):
        faults = self.faults()
        self.assertEqual(len(faults), 1, faults)
        for word in words:
            self.assertIn(word, faults[0])

    def test_a_clean_tree_has_no_faults(self):
        self.write("nav/a.cc", SPDX + '#include "nav/nav.h"\n#include "scene/scene.h"\n#include <vector>\n')
        self.edges.write_text("nav scene\n")
        self.assertEqual(self.faults(), [])

    def test_the_table_itself_has_no_cycle(self):
        self.assertIsNone(check_layers.find_cycle({m: set(t) for m, t in check_layers.ALLOWED.items()}))

    def test_an_include_upwards(self):
        self.write("base/a.cc", SPDX + '\n#include "learn/learn.h"\n')
        self.edges.write_text("")
        faults = self.faults()
        self.assertTrue(any("src/base/a.cc:3: base must not include learn" in fault for fault in faults), faults)

    def test_an_include_upwards_in_angle_brackets(self):
        self.write("base/a.cc", SPDX + "#include <learn/learn.h>\n")
        self.assertTrue(any("base must not include learn" in fault for fault in self.faults()))

    def test_an_include_sideways(self):
        self.write("render/a.h", HEADER + '#include "nav/nav.h"\n')
        self.assertTrue(any("render must not include nav" in fault for fault in self.faults()))

    def test_learn_may_not_reach_below_the_task(self):
        self.write("learn/a.cc", SPDX + '#include "sim/sim.h"\n')
        self.assertTrue(any("learn must not include sim" in fault for fault in self.faults()))

    def test_an_include_in_a_comment_is_none(self):
        self.write("base/a.cc", SPDX + '// #include "learn/learn.h"\n/*\n#include "task/task.h"\n*/\n')
        self.assertEqual(self.faults(), [])

    def test_slashes_in_a_string_are_no_comment(self):
        self.write("base/a.cc", SPDX + 'const char* kUrl = "http://x/*";\n#include "learn/learn.h"\n')
        self.assertTrue(any("base must not include learn" in fault for fault in self.faults()))

    def test_an_include_without_its_link_edge(self):
        self.write("nav/a.cc", SPDX + '#include "scene/scene.h"\n')
        self.expect_one("src/nav/CMakeLists.txt", "nav includes scene and must name it after DEPENDS")

    def test_a_forbidden_link_edge(self):
        self.edges.write_text("base config\n")
        self.expect_one("edges.txt:1", "base must not link config")

    def test_an_unknown_module_in_the_edges(self):
        self.edges.write_text("extra base\n")
        self.expect_one("extra must not link base")

    def test_cycles(self):
        self.assertEqual(check_layers.find_cycle({"a": {"b"}, "b": {"c"}, "c": {"a"}}), ["a", "b", "c", "a"])
        self.assertIsNone(check_layers.find_cycle({"a": {"b", "c"}, "b": {"c"}, "c": set()}))
        self.edges.write_text("base config\nconfig base\n")
        self.assertTrue(any("form a cycle: base -> config -> base" in fault for fault in self.faults()))

    def test_a_folder_that_is_no_module(self):
        self.write("extra/a.h", HEADER)
        self.expect_one("src/extra", "no module")

    def test_libtorch_outside_learn(self):
        for include in ("torch/torch.h", "ATen/ATen.h", "c10/core/Device.h"):
            self.write("app/a.cc", SPDX + f"#include <{include}>\n")
            self.expect_one("src/app/a.cc:2", "libtorch may be included in learn only")
        self.write("app/a.cc", SPDX)
        self.write("learn/a.cc", SPDX + "#include <torch/torch.h>\n")
        self.assertEqual(self.faults(), [])

    def test_libtorch_linked_outside_learn(self):
        self.write("app/CMakeLists.txt", "inknav_module(app LIBRARIES inknav::torch)\n")
        self.expect_one("src/app/CMakeLists.txt", "linked by learn only")

    def test_other_libraries_have_one_home(self):
        for include, name in (("embree3/rtcore.h", "Embree"), ("embree4/rtcore.h", "Embree"), ("EGL/egl.h", "OpenGL"),
                              ("DetourNavMesh.h", "Detour"), ("recastnavigation/Recast.h", "Recast")):
            self.write("sim/a.cc", SPDX + f"#include <{include}>\n")
            self.expect_one("src/sim/a.cc:2", name)

    def test_a_relative_include(self):
        self.write("nav/a.cc", SPDX + '#include "nav.h"\n')
        self.expect_one('"nav.h" is no file below src/')

    def test_an_include_of_a_missing_file(self):
        self.write("nav/a.cc", SPDX + '#include "nav/missing.h"\n')
        self.expect_one('"nav/missing.h" is no file below src/')

    def test_headers_that_protobuf_makes(self):
        self.write("run/a.cc", SPDX + '#include "run/event.pb.h"\n')
        self.expect_one('"run/event.pb.h" is no file below src/')
        self.write("run/event.proto", 'syntax = "proto3";\n')
        self.assertEqual(self.faults(), [])

    def test_a_long_header_and_a_long_source(self):
        self.write("nav/a.h", HEADER + "\n" * 248)
        self.write("nav/a.cc", SPDX + "\n" * 599)
        self.assertEqual(self.faults(), [])
        self.write("nav/a.h", HEADER + "\n" * 249)
        self.expect_one("src/nav/a.h:251: 251 lines, at most 250")
        self.write("nav/a.h", HEADER)
        self.write("nav/a.cc", SPDX + "\n" * 600)
        self.expect_one("src/nav/a.cc:601: 601 lines, at most 600")

    def test_form(self):
        self.write("nav/a.h", SPDX)
        self.expect_one("needs #pragma once")
        self.write("nav/a.h", "#pragma once\n")
        self.expect_one("the first line must be")
        self.write("nav/a.h", HEADER + "// " + "TO" + "DO: later\n")
        self.expect_one("src/nav/a.h:3")

    def test_strays(self):
        (self.root / "program").write_bytes(b"\x7fELF\x02\x01\x01\x00")
        (self.root / "lib.a").write_bytes(b"!<arch>\n")
        (self.root / "try.cc").write_text("int main() {}\n")
        (self.root / "README.md").write_text("text\n")
        names = ["program", "lib.a", "try.cc", "README.md", "src/base/base.h", "removed.cc"]
        faults = check_layers.check_strays(self.root, names)
        self.assertEqual(len(faults), 3, faults)
        self.assertIn("program: a compiled file", faults[0])
        self.assertIn("lib.a: a compiled file", faults[1])
        self.assertIn("try.cc: sources belong", faults[2])

    def test_readers_that_run_what_they_read(self):
        for call in ("torch::load(x, path)", "torch::jit::load(path)", "torch::pickle_load(bytes)",
                     "torch::serialize::InputArchive archive"):
            self.write("learn/a.cc", SPDX + f"void f() {{ {call}; }}\n")
            self.expect_one("src/learn/a.cc:2", "runs what it reads")
        self.write("learn/a.cc", SPDX + "// never torch::load\nvoid load_weights(); void torch_loader();\n")
        self.assertEqual(self.faults(), [])

    def test_the_command_line(self):
        run = [sys.executable, str(TOOL), str(self.root), "--edges", str(self.edges)]
        self.assertEqual(subprocess.run(run, check=False).returncode, 0)
        self.edges.write_text("base learn\n")
        failing = subprocess.run(run, check=False, capture_output=True, text=True)
        self.assertEqual(failing.returncode, 1)
        self.assertIn("base must not link learn", failing.stdout)
        missing = subprocess.run(run[:-1] + [str(self.root / "nowhere")], check=False, capture_output=True, text=True)
        self.assertEqual(missing.returncode, 1)
        self.assertIn("is not there; configure the build first", missing.stderr)


if __name__ == "__main__":
    unittest.main()
