# SPDX-License-Identifier: MIT
"""The script ./inknav on machines that lack something, played by small stand-ins for the commands that it calls."""

import os
import re
import shutil
import stat
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Packages that "are installed" stand in $STATE/installed, one a line; every call is noted in $STATE/calls.
STAND_INS = {
    "dpkg-query": 'for p in "$@"; do case $p in -*) ;; *) if grep -qx "$p" "$STATE/installed"; then echo "$p installed";'
                  " fi ;; esac; done",
    "apt-get": """echo "apt-get $*" >>"$STATE/calls"
        case " $* " in
          *" update "*) if [ -e "$STATE/no_network" ]; then echo "W: Failed to fetch the list"; fi
            if [ -e "$STATE/bad_source" ]; then echo "E: The repository 'x' has no Release file."; echo "N: more"; exit 100; fi ;;
          *" --assume-no "*) echo "Need to get 12.5 MB of archives."
            echo "After this operation, 40.0 MB of additional disk space will be used."; exit 1 ;;
          *" install "*) if [ -e "$STATE/apt_breaks" ]; then echo "E: broken"; exit 100; fi
            for p in "$@"; do echo "$p" >>"$STATE/installed"; done ;;
        esac""",
    "apt-cache": 'shift; ! grep -qx "$1" "$STATE/unknown" 2>/dev/null',
    "id": 'echo "${FAKE_UID:-0}"',
    "sudo": 'echo "sudo $*" >>"$STATE/calls"; [ ! -e "$STATE/sudo_refuses" ] || exit 1; [ "$1" != -n ] || shift; exec "$@"',
    "uname": 'echo "${FAKE_ARCH:-x86_64}"',
    "cmake": """echo "cmake $*" >>"$STATE/calls"
        mkdir -p build/release; : >build/release/build.ninja
        for a in "$@"; do case $a in -DINKNAV_DEPS=*) echo "INKNAV_DEPS:PATH=${a#*=}" >build/release/CMakeCache.txt ;; esac; done
        if [ -e "$STATE/cmake_breaks" ]; then rm build/release/build.ninja; echo "CMake Error: this and that"; exit 1; fi""",
    "ninja": """echo "ninja $*" >>"$STATE/calls"
        if [ -e "$STATE/ninja_breaks" ]; then echo "error: expected ;"; exit 1; fi
        printf '#!/bin/sh\\necho "program got: $*"\\nexit "${FAKE_EXIT:-0}"\\n' >"$2/inknav"; chmod +x "$2/inknav" """,
    "python3": """echo "python3 $*" >>"$STATE/calls"
        [ "$1 $2" != "-m pip" ] || exit 1
        if [ -e "$STATE/wheels_break" ]; then echo "inknav setup: no wheel" >&2; exit 1; fi
        while [ $# -gt 0 ]; do if [ "$1" = --bytes ]; then echo 545000000 >"$2"; fi; shift; done""",
    "ldconfig": 'cat "$STATE/ldconfig" 2>/dev/null || true',
    "df": 'printf "Filesystem 1024-blocks Used Available Capacity Mounted on\\n//a server/x 9 8 %s 5%% /my disk\\n"'
          ' "${FAKE_FREE_KB:-90000000}"',
    "nproc": 'echo "${FAKE_CORES:-4}"',
    "cat": """case ${1:-} in
          /proc/self/cgroup) echo "0::/inner" ;;
          /sys/fs/cgroup/*) [ -e "$STATE/${1#/sys/fs/}" ] && exec /bin/cat "$STATE/${1#/sys/fs/}" ;;
          *) exec /bin/cat "$@" ;;
        esac""",
}


class FrontDoorTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name) / "a clone"
        self.state = Path(folder.name) / "state"
        commands = Path(folder.name) / "bin"
        for path in (self.root / "tools", self.root / "src/app", self.root / "cmake", self.state, commands):
            path.mkdir(parents=True)
        shutil.copy(ROOT / "inknav", self.root)
        shutil.copy(ROOT / "src/app/commands.cc", self.root / "src/app")
        (self.root / "CMakeLists.txt").write_text("")
        (self.root / "tools/packages.txt").write_text(
            "# comment\n\nccache  # optional: faster\ncmake  # the build\nlibone-dev | libone4-dev  # either\n"
            "python3-pip  # wheels\n")
        for name in ("cpu", "cuda"):
            (self.root / f"tools/wheels_{name}.txt").write_text("")
        for name, body in STAND_INS.items():
            path = commands / name
            path.write_text(f"#!/bin/sh\n{body}\n")
            path.chmod(path.stat().st_mode | stat.S_IXUSR)
        self.environment = {"PATH": f"{commands}:/usr/bin:/bin", "STATE": str(self.state), "HOME": folder.name,
                            "TMPDIR": folder.name, "LC_ALL": "C"}
        self.install("ccache", "cmake", "libone-dev", "python3-pip")

    def install(self, *packages):
        (self.state / "installed").write_text("".join(f"{name}\n" for name in packages))

    def flag(self, name, text=""):
        (self.state / name).write_text(text)

    def calls(self):
        path = self.state / "calls"
        return path.read_text() if path.exists() else ""

    def run_script(self, *arguments, **environment):
        return subprocess.run([str(self.root / "inknav"), *arguments], env={**self.environment, **environment},
                              capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False, timeout=60)

    def expect_fault(self, result, *words, code=1, start="inknav setup: "):
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        sentences = [line for line in result.stderr.splitlines() if line.startswith(start)]
        self.assertEqual(len(sentences), 1, result.stderr)
        for word in words:
            self.assertIn(word, sentences[0])

    def expect_usage(self, result, *words):
        self.expect_fault(result, *words, code=2, start="inknav: ")
        self.assertEqual(self.calls(), "", "nothing is installed or built for a wrong word")

    def test_no_word_prints_the_help_and_touches_nothing(self):
        for word in ([], ["help"], ["--help"]):
            result = self.run_script(*word)
            self.assertEqual(result.returncode, 0)
            self.assertIn("./inknav demo", result.stdout)
        self.assertEqual(self.calls(), "")

    def test_setup_builds_and_says_what_it_cost(self):
        result = self.run_script("setup")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stdout, r"Ready: 545 MB downloaded, set-up \d+ s, build \d+ s\.")
        self.assertNotIn("apt-get", self.calls())
        self.assertIn("wheels_cpu.txt", self.calls())
        self.assertTrue((self.root / "build/release/inknav").exists())

    def test_a_second_setup_does_not_configure_again(self):
        self.run_script("setup")
        (self.state / "calls").unlink()
        self.assertEqual(self.run_script("setup").returncode, 0)
        self.assertNotIn("cmake", self.calls().replace("/cmake", ""))

    def test_missing_packages_are_named_sized_and_installed(self):
        self.install("ccache", "libone4-dev")
        result = self.run_script("setup")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("Missing Debian packages: cmake python3-pip", result.stdout)
        self.assertIn("12.5 MB to download, 40.0 MB on the disk", result.stdout)
        self.assertIn("Ready: 557 MB downloaded", result.stdout)
        self.assertIn("install -y -q --no-install-recommends cmake python3-pip\n", self.calls())

    def test_the_first_known_alternative_is_installed(self):
        self.install("ccache", "cmake", "python3-pip")
        self.flag("unknown", "libone-dev\n")
        self.assertEqual(self.run_script("setup").returncode, 0)
        self.assertIn("--no-install-recommends libone4-dev\n", self.calls())

    def test_a_package_that_no_list_has(self):
        self.install("ccache", "cmake", "python3-pip")
        self.flag("unknown", "libone-dev\nlibone4-dev\n")
        self.expect_fault(self.run_script("setup"), "libone-dev | libone4-dev is not in this distribution's lists")

    def test_without_root_all_there_works(self):
        self.flag("sudo_refuses")
        self.assertEqual(self.run_script("setup", FAKE_UID="1000").returncode, 0)
        self.assertNotIn("sudo", self.calls())

    def test_without_root_the_missing_packages_are_named(self):
        self.install("ccache", "cmake")
        self.flag("sudo_refuses")
        self.expect_fault(self.run_script("setup", FAKE_UID="1000"), "only root can install them",
                          "apt-get install --no-install-recommends libone-dev")

    def test_with_sudo_they_are_installed(self):
        self.install("ccache", "cmake", "libone-dev")
        self.assertEqual(self.run_script("setup", FAKE_UID="1000").returncode, 0)
        self.assertIn("sudo env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -o DPkg::Lock::Timeout=600 install -y",
                      self.calls())
        self.assertIn("LC_ALL=C apt-get install --no-install-recommends --assume-no python3-pip", self.calls())

    def test_sudo_passes_the_proxies_on(self):
        self.install("ccache", "cmake", "libone-dev")
        result = self.run_script("setup", FAKE_UID="1000", http_proxy="http://proxy:1", https_proxy="http://proxy:2")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("LC_ALL=C http_proxy=http://proxy:1 https_proxy=http://proxy:2 apt-get update", self.calls())

    def test_optional_packages_are_nobodys_obstacle(self):
        self.install("cmake", "libone-dev", "python3-pip")
        result = self.run_script("setup", FAKE_UID="1000")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("Not installed, as only root can, and not needed: ccache", result.stdout)
        self.assertNotIn("sudo", self.calls())
        self.assertEqual(self.run_script("setup").returncode, 0)
        self.assertIn("--no-install-recommends ccache\n", self.calls())

    def test_no_network_for_the_package_lists(self):
        self.install("ccache", "cmake")
        self.flag("no_network")
        self.flag("unknown", "python3-pip\n")
        self.expect_fault(self.run_script("setup"), "the package lists could not be read (W: Failed to fetch the list)",
                          "python3-pip is not in those that are there; check the network")

    def test_a_broken_source_of_the_users_does_not_stand_in_the_way(self):
        self.install("ccache", "cmake")
        self.flag("bad_source")
        result = self.run_script("setup")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("Not all package lists could be read (E: The repository 'x' has no Release file.)", result.stdout)

    def test_apt_that_breaks(self):
        self.install("ccache", "cmake")
        self.flag("apt_breaks")
        self.expect_fault(self.run_script("setup"), "apt-get could not install the packages")

    def test_wheels_that_cannot_be_had(self):
        self.flag("wheels_break")
        self.expect_fault(self.run_script("setup"), "no wheel")
        self.assertNotIn("ninja", self.calls())

    def test_the_cuda_set_where_a_driver_is(self):
        self.flag("ldconfig", "\tlibcuda.so.1 (libc6,x86-64) => /lib/libcuda.so.1\n")
        self.assertEqual(self.run_script("setup").returncode, 0)
        self.assertIn("wheels_cuda.txt", self.calls())
        self.assertEqual(self.run_script("setup", INKNAV_WHEELS="cpu").returncode, 0)
        self.assertIn("wheels_cpu.txt", self.calls())

    def test_the_cuda_set_builds_the_plug_ins_too(self):
        self.run_script("setup", INKNAV_WHEELS="cpu")
        self.assertNotIn("inknav_plugins", self.calls())
        self.run_script("setup", INKNAV_WHEELS="cuda")
        self.assertIn(" inknav inknav_plugins\n", self.calls())

    def test_new_wheels_configure_anew(self):
        self.run_script("setup")
        note = self.root / ".deps/unpacked.txt"
        note.parent.mkdir(exist_ok=True)
        note.write_text("")
        later = time.time() + 5
        os.utime(note, (later, later))
        (self.state / "calls").unlink()
        self.run_script("setup")
        self.assertIn("cmake", self.calls())

    def test_variables_that_make_no_sense(self):
        self.expect_usage(self.run_script("setup", INKNAV_WHEELS="tpu"), "INKNAV_WHEELS is 'tpu'; use cpu or cuda")
        for number in ("many", "0", "-1", "1.5"):
            self.expect_usage(self.run_script("setup", INKNAV_JOBS=number), f"INKNAV_JOBS is '{number}'; a number")

    def test_a_folder_of_ones_own_with_libtorch(self):
        own = self.root / "own deps"
        (own / "torch/lib").mkdir(parents=True)
        (own / "torch/lib/libtorch_cpu.so").write_text("")
        self.assertEqual(self.run_script("setup", INKNAV_DEPS=str(own)).returncode, 0)
        self.assertNotIn("fetch_wheels", self.calls())
        self.assertIn(f"-DINKNAV_DEPS={own}", self.calls())

    def test_machines_that_are_not_supported(self):
        self.expect_fault(self.run_script("setup", FAKE_ARCH="aarch64"), "an x86-64 machine is needed", "aarch64")

    def test_a_full_disk(self):
        (self.root / "tools/wheels_cpu.txt").write_text("# name\na 1 400000000 x f *\nb 1 100000000 x f *\n")
        self.install()
        self.expect_fault(self.run_script("setup", FAKE_FREE_KB="2000000"), "the disk is too full: 2.9 GB are needed",
                          "(1.5 GB for the build, 1.4 GB for libtorch), 2.0 GB are free")
        self.assertEqual(self.calls(), "", "told before the first download")
        (self.root / ".deps").mkdir()
        (self.root / ".deps/unpacked.txt").write_text("")
        self.assertEqual(self.run_script("setup", FAKE_FREE_KB="2000000").returncode, 0)

    def test_a_build_that_cannot_be_configured_or_compiled(self):
        self.flag("cmake_breaks")
        result = self.run_script("setup")
        self.expect_fault(result, "could not be configured; the reason is above")
        self.assertIn("CMake Error: this and that", result.stderr)
        (self.state / "cmake_breaks").unlink()
        self.flag("ninja_breaks")
        self.expect_fault(self.run_script("setup"), "the build failed; the reason is above")

    def test_every_other_word_goes_to_the_program(self):
        result = self.run_script("train", "--model-dir", "a b", FAKE_EXIT="3")
        self.assertEqual(result.returncode, 3)
        self.assertEqual(result.stdout, "program got: train --model-dir a b\n")
        (self.state / "calls").unlink()
        started = time.monotonic()
        self.assertEqual(self.run_script("demo").stdout, "program got: demo\n")
        self.assertLess(time.monotonic() - started, 2.0)
        self.assertEqual(self.calls(), "")

    def test_a_newer_source_is_built_first(self):
        self.run_script("setup")
        (self.state / "calls").unlink()
        source = self.root / "src/a.cc"
        source.write_text("")
        later = time.time() + 5
        os.utime(source, (later, later))
        self.assertEqual(self.run_script("eval").stdout, "program got: eval\n")
        self.assertIn("ninja", self.calls())

    def test_nothing_is_left_in_the_temporary_folder(self):
        self.run_script("setup")
        self.run_script("train")
        self.assertEqual(list(Path(self.environment["TMPDIR"]).glob("inknav-setup.*")), [])

    def test_words_too_many(self):
        self.expect_usage(self.run_script("setup", "now"), "setup takes no arguments, 'now' found")
        self.expect_usage(self.run_script("test", "now"), "test takes no arguments, 'now' found")

    def test_unknown_words_name_the_nearest_command(self):
        for word, nearest in (("trian", "train"), ("Train", "train"), ("evla", "eval"), ("setpu", "setup"), ("dmo", "demo"),
                              ("doctro", "doctor"), ("tests", "test")):
            self.expect_usage(self.run_script(word), f"there is no command '{word}'; did you mean '{nearest}'?")
        for word in ("frobnicate", "x", "a b", "$(id)", "*", "draw"):
            self.expect_usage(self.run_script(word), f"there is no command '{word}'; there are setup, test, train, eval")

    def test_the_help_advertises_what_the_program_has(self):
        table = re.findall(r'\{"(\w+)[^"]*",\s*"[^"]*",\s*(\w+)\}', (ROOT / "src/app/commands.cc").read_text())
        there = list(dict.fromkeys(word for word, define in table if define != "nullptr"))
        absent = {word for word, _ in table} - set(there)
        self.assertIn("train", there)
        named = re.search(r"any command of the program: (.*)", self.run_script().stdout)[1].split(", ")
        self.assertEqual(named, [word for word in there if word != "demo"])
        for readme in ("README.md", "README.zh-CN.md"):
            used = set(re.findall(r"\./inknav ([a-z]+)", (ROOT / readme).read_text()))
            self.assertEqual(used - {"setup", "test"} - set(there), set(), readme)
            self.assertFalse(used & absent, readme)

    def test_a_container_builds_with_its_own_share(self):
        group = self.state / "cgroup"
        (group / "inner").mkdir(parents=True)
        for name, limits, jobs in (("cpu.max", ("max 100000", "150000 100000"), "2"), ("cpu.max", ("50000 100000", "max"), "1"),
                                   ("memory.max", ("max", "4000000000"), "2"), ("memory.max", ("100", "max"), "1")):
            for folder, limit in zip((group, group / "inner"), limits):
                (folder / name).write_text(limit + "\n")
            self.assertEqual(self.run_script("setup", FAKE_CORES="64").returncode, 0)
            self.assertIn(f" -j {jobs} inknav\n", self.calls())
            (self.state / "calls").unlink()
            for folder in (group, group / "inner"):
                (folder / name).unlink()

    def test_a_clone_that_moved_is_built_anew(self):
        self.run_script("setup")
        cache = self.root / "build/release/CMakeCache.txt"
        old = self.root / "build/release/old.o"
        cache.write_text(cache.read_text() + "CMAKE_HOME_DIRECTORY:INTERNAL=/elsewhere/a clone\n")
        old.write_text("")
        result = self.run_script("setup")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("This clone was built as /elsewhere/a clone; building anew", result.stdout)
        self.assertFalse(old.exists())

    def test_through_a_link_and_from_another_folder(self):
        link = Path(self.environment["TMPDIR"]) / "ink"
        link.symlink_to(self.root / "inknav")
        result = subprocess.run([str(link), "eval"], env=self.environment, capture_output=True, text=True, check=False,
                                stdin=subprocess.DEVNULL, cwd="/", timeout=60)
        self.assertEqual(result.stdout, "program got: eval\n", result.stderr)

    def test_a_relative_folder_for_the_wheels(self):
        result = subprocess.run([str(self.root / "inknav"), "setup"], env={**self.environment, "INKNAV_DEPS": "my deps"},
                                capture_output=True, text=True, check=False, cwd=self.environment["TMPDIR"], timeout=60)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn(f"-DINKNAV_DEPS={self.environment['TMPDIR']}/my deps\n", self.calls())

    @unittest.skipIf(os.getuid() == 0, "root may write everywhere")
    def test_a_clone_that_is_not_ours_to_write(self):
        (self.root / "build").mkdir(mode=0o555)
        self.expect_fault(self.run_script("setup"), "build cannot be written by", "give it back: sudo chown -R")


if __name__ == "__main__":
    unittest.main()
