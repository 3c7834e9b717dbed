# SPDX-License-Identifier: MIT
"""What tools/gpu_suite makes of test programs that end well, badly or not at all, and of benchmarks likewise."""

import contextlib
import importlib.machinery
import importlib.util
import io
import json
import os
import sys
import tempfile
import unittest
from pathlib import Path

TOOL = Path(__file__).with_name("gpu_suite")
loader = importlib.machinery.SourceFileLoader("gpu_suite", str(TOOL))
gpu_suite = importlib.util.module_from_spec(importlib.util.spec_from_loader("gpu_suite", loader))
sys.dont_write_bytecode = True
loader.exec_module(gpu_suite)

# Tests in the order of their names, as GoogleTest says them; those after "-" in the filter are left out.
PROGRAM = """#!/usr/bin/env python3
import os, sys, time
TESTS = {tests!r}
left_out = sys.argv[1].partition("=")[2].partition("-")[2].split(":")
bad = False
for name, what in TESTS.items():
    if name in left_out:
        continue
    print(f"[ RUN      ] {{name}}", flush=True)
    if what == "dies":
        print("CUDA error: an illegal memory access", flush=True)
        os.abort()
    if what == "hangs":
        time.sleep(60)
    if what == "FAILED":
        bad = True
        print("found 2, wanted 1")
    end = ", where GetParam() = 3" if what == "FAILED" else ""
    print(f"[{{what.rjust(9 if what == 'OK' else 8)}} ] {{name}}{{end}} (1 ms)", flush=True)
print("[  FAILED  ] 1 test, listed below:" if bad else "[  PASSED  ]")
sys.exit(1 if bad else 0)
"""


class GpuSuiteTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)

    def program(self, name, text):
        path = self.root / name
        path.write_text(text)
        path.chmod(0o755)
        return path

    def run_tests(self, tests, limit_s=30):
        program = self.program("some_test", PROGRAM.format(tests=tests))
        with contextlib.redirect_stdout(io.StringIO()):
            return gpu_suite.run_tests(program, "Gpu*", limit_s, dict(os.environ))

    def test_counts_what_a_program_says(self):
        result = self.run_tests({"GpuA.x": "OK", "GpuB.y/0": "FAILED", "GpuC.z": "SKIPPED", "GpuD.w": "OK"})
        self.assertEqual((result["passed"], result["failed"], result["skipped"]), (2, 1, 1))
        self.assertEqual(result["failures"][0]["name"], "GpuB.y/0")
        self.assertIn("found 2, wanted 1", result["failures"][0]["message"])
        self.assertEqual(result["skips"], ["GpuC.z"])
        self.assertEqual(result["exit"], 1)
        self.assertFalse(gpu_suite.is_good(result))
        self.assertTrue(gpu_suite.is_good(self.run_tests({"GpuA.x": "OK"})))

    def test_goes_on_after_a_test_that_ends_the_program(self):
        result = self.run_tests({"GpuA.x": "OK", "GpuB.y": "dies", "GpuC.z": "OK", "GpuD.w": "dies", "GpuE.v": "OK"})
        self.assertEqual((result["passed"], result["failed"]), (3, 2))
        self.assertIn("illegal memory access", result["failures"][0]["message"])
        self.assertIn("code -6", result["failures"][0]["message"])
        self.assertFalse(gpu_suite.is_good(result))

    def test_goes_on_after_a_test_that_hangs(self):
        gpu_suite.TEST_LIMIT_S, kept = 1, gpu_suite.TEST_LIMIT_S
        self.addCleanup(setattr, gpu_suite, "TEST_LIMIT_S", kept)
        result = self.run_tests({"GpuA.x": "hangs", "GpuB.y": "OK"})
        self.assertEqual((result["passed"], result["failed"]), (1, 1))
        self.assertIn("not finished in time", result["failures"][0]["message"])

    def test_ends_in_time_and_says_so(self):
        result = self.run_tests({"GpuA.x": "OK", "GpuB.y": "hangs", "GpuC.z": "OK"}, limit_s=1)
        self.assertEqual((result["passed"], result["failed"]), (1, 1))
        self.assertEqual(result["exit"], "not finished after 1 s")

    def test_a_program_that_cannot_start_is_no_endless_loop(self):
        program = self.program("some_test", "#!/bin/sh\necho a library is missing\nexit 127\n")
        with contextlib.redirect_stdout(io.StringIO()):
            result = gpu_suite.run_tests(program, "Gpu*", 30, dict(os.environ))
        self.assertEqual(result["passed"], 0)
        self.assertIn("a library is missing", result["exit"])

    def test_gives_a_packs_libraries_to_the_programs_alone(self):
        found = os.environ.get("LD_LIBRARY_PATH")
        os.environ["INKNAV_PACK_LIBRARIES"] = "/pack/lib:/torch/lib"
        self.addCleanup(os.environ.pop, "INKNAV_PACK_LIBRARIES")
        self.assertEqual(gpu_suite.plugin_environment(self.root)["LD_LIBRARY_PATH"], "/pack/lib:/torch/lib")
        self.assertEqual(os.environ.get("LD_LIBRARY_PATH"), found)

    def test_keeps_the_figures_of_a_benchmark_that_is_stopped(self):
        bench = self.program("bench", "#!/bin/sh\necho '{\"results\": [{\"name\": \"p1\"}]}' > \"$2\"\nexec sleep 60\n")
        found = gpu_suite.run_bench([bench], 1, dict(os.environ))
        self.assertEqual(found["results"], [{"name": "p1"}])
        self.assertEqual(found["exit"], "not finished after 1 s")

    def test_keeps_what_there_is_after_every_step(self):
        for name in ("inknav_render_test", "inknav_learn_test"):
            self.program(name, PROGRAM.format(tests={"GpuA.x": "OK"}))
        for name in ("inknav", "inknav_render_bench"):
            self.program(name, "#!/bin/sh\nexit 0\n")
        kept = []
        with contextlib.redirect_stdout(io.StringIO()):
            gpu_suite.run_suite(self.root, dict(os.environ), lambda result: kept.append(json.dumps(result)))
        self.assertEqual(len(kept), 6)
        self.assertIn("learn", kept[1])
        self.assertNotIn("infer", kept[2])
        self.assertLess(sum(gpu_suite.LIMITS.values()), 480)


if __name__ == "__main__":
    unittest.main()
