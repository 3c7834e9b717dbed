#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the test programs of a build and the checks of tools/, and counts them.

usage: run_tests.py BUILD

Prints a line per program or check, what failed in full, and at last "N passed, N failed" (", N skipped" when some
were): GoogleTest cases, one per check, one per tool test. A program that dies counts as one failure. Exit code 1
when anything failed. The target all and header_check must be built.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
import unittest
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
TIME_LIMIT_S = 1200
FORMAT_VERSION = "14"  # other versions of clang-format lay out the same style differently


class Count(NamedTuple):
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def plus(self, other):
        return Count(*(a + b for a, b in zip(self, other)))


def report(name, count, seconds):
    skipped = f", {count.skipped} skipped" if count.skipped else ""
    print(f"{name:24} {count.passed:5} passed, {count.failed} failed{skipped}  {seconds:7.1f} s", flush=True)


def run_check(name, command, expected_skip=None):
    """A command whose exit code is the verdict."""
    started = time.monotonic()
    if expected_skip:
        count = Count(skipped=1)
        print(f"{name}: skipped, {expected_skip}")
    else:
        run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        count = Count(failed=1) if run.returncode else Count(passed=1)
        if run.returncode:
            print(run.stdout + run.stderr)
    report(name, count, time.monotonic() - started)
    return count


def sources():
    return sorted(str(path) for path in (ROOT / "src").rglob("*") if path.suffix in (".h", ".cc", ".cu", ".cuh"))


def check_format():
    for tool in (f"clang-format-{FORMAT_VERSION}", "clang-format"):
        if shutil.which(tool):
            version = subprocess.run([tool, "--version"], capture_output=True, text=True, check=False).stdout
            if re.search(rf"version {FORMAT_VERSION}\.", version):
                return run_check("clang-format", [tool, "--dry-run", "--Werror", *sources()])
    return run_check("clang-format", [], f"clang-format {FORMAT_VERSION} is not installed")


def run_tool_tests():
    started = time.monotonic()
    suite = unittest.defaultTestLoader.discover(str(ROOT / "tools"), pattern="*_test.py")
    with open(os.devnull, "w", encoding="ascii") as sink:
        result = unittest.TextTestRunner(stream=sink, verbosity=0).run(suite)
    broken = result.failures + result.errors
    for case, trace in broken:
        print(f"FAILED {case}\n{trace}")
    skipped = len(result.skipped)
    count = Count(result.testsRun - len(broken) - skipped, len(broken), skipped)
    report("tools", count, time.monotonic() - started)
    return count


def gtest_count(path):
    """The counts of a GoogleTest JSON report, or None when it is not one."""
    try:
        suites = json.loads(path.read_text())["testsuites"]
    except (OSError, ValueError, KeyError):
        return None
    count = Count()
    for suite in suites:
        for case in suite["testsuite"]:
            if case.get("failures"):
                count = count.plus(Count(failed=1))
            elif case.get("result") == "COMPLETED":
                count = count.plus(Count(passed=1))
            else:
                count = count.plus(Count(skipped=1))
    return count


def run_program(program, results):
    """One test program from the root folder; its output is shown when something in it failed."""
    started = time.monotonic()
    result_file = results / f"{program.name}.json"
    result_file.unlink(missing_ok=True)
    environment = {**os.environ, "GTEST_COLOR": "no"}
    log = results / f"{program.name}.log"
    with open(log, "wb") as out:
        try:
            code = subprocess.run([str(program), f"--gtest_output=json:{result_file}"], cwd=ROOT, stdout=out,
                                  stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=environment,
                                  timeout=TIME_LIMIT_S, check=False).returncode
        except subprocess.TimeoutExpired:
            code = f"more than {TIME_LIMIT_S} s"
    count = gtest_count(result_file) or Count()
    if code != 0 and count.failed == 0:
        count = count.plus(Count(failed=1))
    if code == 0 and sum(count) == 0:
        count = Count(failed=1)
        code = "no test ran"
    if count.failed:
        text = log.read_text(errors="replace").splitlines()
        kept = [line for line in text if not re.match(r"\[ *(RUN|OK|-+) *\]", line)]
        print("\n".join(kept[-150:]))
        print(f"{program.name} ended with {code}; its whole output is in {log}")
    report(program.name, count, time.monotonic() - started)
    return count


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    build = Path(sys.argv[1]).resolve()
    results = build / "test_results"
    results.mkdir(exist_ok=True)
    total = run_check("layers", [sys.executable, "tools/check_layers", "--edges", str(build / "edges.txt")])
    total = total.plus(run_check("headers", ["ninja", "-C", str(build), "header_check"]))
    total = total.plus(check_format())
    total = total.plus(run_tool_tests())
    programs = sorted(build.glob("src/*/inknav_*_test"))
    if not programs:
        print(f"no test program in {build}/src; build the target all first")
        total = total.plus(Count(failed=1))
    for program in programs:
        total = total.plus(run_program(program, results))
    skipped = f", {total.skipped} skipped" if total.skipped else ""
    print(f"{total.passed} passed, {total.failed} failed{skipped}")
    sys.exit(1 if total.failed else 0)


if __name__ == "__main__":
    main()
