# SPDX-License-Identifier: MIT
"""tools/fetch_wheels.py against a package index of our own on the loopback interface, which breaks when told to."""

import contextlib
import hashlib
import http.server
import importlib.util
import io
import os
import random
import re
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import zipfile
from pathlib import Path
from unittest import mock

TOOLS = Path(__file__).resolve().parent
spec = importlib.util.spec_from_file_location("fetch_wheels", TOOLS / "fetch_wheels.py")
fetch_wheels = importlib.util.module_from_spec(spec)
spec.loader.exec_module(fetch_wheels)

PATTERNS = "inklib/data/*,*.dist-info/licenses/*"


def make_wheel(name, payload=3 << 20, extra=()):
    """The bytes of a small wheel whose payload does not compress."""
    out = io.BytesIO()
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("inklib/data/big.bin", random.Random(name).randbytes(payload))
        archive.writestr("inklib/code.py", "x = 1\n")
        for member in extra:
            archive.writestr(member, "text")
        archive.writestr(f"{info}/licenses/LICENSE", "free\n")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return out.getvalue()


class Index:
    """A package index: wheels by file name, what was asked for, and how its file answers misbehave."""

    def __init__(self):
        self.wheels = {}
        self.requests = []
        self.ranges = []  # first bytes of the Range headers that came
        self.sent = 0
        self.breaks = 0  # file answers to break off in their middle
        self.knows_range = True
        self.status = 200  # of file answers
        self.pause_s = 0.0  # after each 64 KiB
        index = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def setup(self):
                # Else the kernel takes megabytes that nobody reads, and `sent` says nothing of the client.
                self.request.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)
                super().setup()

            def log_message(self, *arguments):
                pass

            def do_GET(self):
                index.requests.append(self.path)
                if self.path.startswith("/simple/"):
                    self.answer_page(self.path.split("/")[2])
                elif index.status != 200:
                    self.send_error(index.status)
                else:
                    with contextlib.suppress(ConnectionError):
                        self.answer_file(index.wheels[self.path.split("/")[-1]])

            def answer_page(self, name):
                files = [file for file in index.wheels if file.split("-")[0] == name]
                page = "".join(f'<a href="/files/{file}">{file}</a>' for file in files).encode()
                self.send_response(200 if files else 404)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(page)))
                self.end_headers()
                self.wfile.write(page)

            def answer_file(self, body):
                found = re.match(r"bytes=(\d+)-", self.headers.get("Range", ""))
                if found:
                    index.ranges.append(int(found[1]))
                if found and int(found[1]) >= len(body):
                    self.send_error(416)
                    return
                start = int(found[1]) if found and index.knows_range else 0
                self.send_response(206 if found and index.knows_range else 200)
                self.send_header("Content-Type", "application/octet-stream")
                self.send_header("Content-Length", str(len(body) - start))
                self.send_header("ETag", '"fixed"')
                if found and index.knows_range:
                    self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
                self.end_headers()
                rest = body[start:]
                if index.breaks > 0:
                    index.breaks -= 1
                    rest = rest[: len(rest) // 2]
                    self.close_connection = True
                for begin in range(0, len(rest), 1 << 16):
                    block = rest[begin : begin + (1 << 16)]
                    self.wfile.write(block)
                    index.sent += len(block)
                    time.sleep(index.pause_s)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/simple/"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def add(self, name, **options):
        """Adds a wheel; returns its line for a list."""
        body = make_wheel(name, **options)
        file = f"{name}-1.0-py3-none-any.whl"
        self.wheels[file] = body
        return f"{name} 1.0 {len(body)} {hashlib.sha256(body).hexdigest()} {file} {PATTERNS}"


class FetchTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.deps = self.root / "deps"
        self.index = Index()
        self.addCleanup(self.index.close)
        environment = {key: value for key, value in os.environ.items()
                       if not key.startswith("PIP_") and not key.lower().endswith("_proxy")}
        environment |= {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": self.index.url, "PIP_NO_CACHE_DIR": "1",
                        "PIP_PROGRESS_BAR": "off", "PIP_QUIET": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        patch = mock.patch.dict(os.environ, environment, clear=True)
        patch.start()
        self.addCleanup(patch.stop)
        self.log = io.StringIO()

    def use_resuming_pip(self):
        """Gives the folder a pip that can resume, as set-up left it; skips where there is none."""
        version = fetch_wheels.pip_version(dict(os.environ))
        if version is not None and version >= fetch_wheels.RESUMING_PIP:
            return
        private = Path(os.environ.get("INKNAV_DEPS", TOOLS.parent / ".deps")) / "pip"
        if not (private / "pip").is_dir():
            self.skipTest("no pip of 25.1 or newer here, and ./inknav setup has not fetched one")
        self.deps.mkdir()
        (self.deps / "pip").symlink_to(private)

    def fetch(self, *lines):
        path = self.root / "list.txt"
        path.write_text("# a comment\n\n" + "\n".join(lines) + "\n")
        with contextlib.redirect_stdout(self.log):
            return fetch_wheels.fetch(path, self.deps)

    def file_requests(self):
        return [path for path in self.index.requests if path.startswith("/files/")]

    def test_unpacks_what_is_wanted_and_nothing_twice(self):
        self.use_resuming_pip()
        line = self.index.add("inkone")
        size = int(line.split()[2])
        self.assertEqual(self.fetch(line), size)
        self.assertTrue((self.deps / "inklib/data/big.bin").exists())
        self.assertTrue((self.deps / "inkone-1.0.dist-info/licenses/LICENSE").exists())
        self.assertFalse((self.deps / "inklib/code.py").exists())
        self.assertFalse((self.deps / "wheels").exists())
        requests = len(self.index.requests)
        self.assertEqual(self.fetch(line), 0)
        self.assertEqual(len(self.index.requests), requests)

    def test_a_broken_connection_is_resumed_where_it_broke(self):
        self.use_resuming_pip()
        line = self.index.add("inkone")
        self.index.breaks = 3
        self.assertEqual(self.fetch(line), int(line.split()[2]))
        self.assertEqual(len(self.index.ranges), 3)
        self.assertEqual(self.index.ranges, sorted(self.index.ranges))
        self.assertEqual(self.index.sent, int(line.split()[2]), "no byte was sent twice")

    def kill_half_way(self, line, least=1 << 20):
        """Runs the tool on one wheel as set-up does and kills it by force; returns the bytes that it left."""
        (self.root / "list.txt").write_text(line + "\n")
        self.index.pause_s = 0.05
        part = self.part_of(line)
        with subprocess.Popen([sys.executable, str(TOOLS / "fetch_wheels.py"), str(self.root / "list.txt"), str(self.deps)],
                              stdout=subprocess.DEVNULL) as tool:
            give_up = time.monotonic() + 60
            while (not part.exists() or part.stat().st_size < least) and time.monotonic() < give_up:
                time.sleep(0.01)
            tool.send_signal(signal.SIGKILL)
        self.index.pause_s = 0.0
        size = part.stat().st_size
        time.sleep(0.3)
        self.assertEqual(part.stat().st_size, size, "nobody writes on after the kill")
        self.assertGreaterEqual(size, least)
        self.assertLess(size, int(line.split()[2]))
        return size

    def part_of(self, line):
        return self.deps / "wheels" / (line.split()[4] + ".part")

    def test_after_a_kill_only_the_missing_bytes_are_fetched(self):
        self.use_resuming_pip()
        line = self.index.add("inkone")
        size = self.kill_half_way(line)
        self.index.sent = 0
        self.assertEqual(self.fetch(line), int(line.split()[2]) - size)
        self.assertEqual(self.index.ranges, [size])
        self.assertEqual(self.index.sent, int(line.split()[2]) - size)
        self.assertIn("going on after 1 MB of 3 MB", self.log.getvalue())
        self.assertTrue((self.deps / "inklib/data/big.bin").exists())
        self.assertFalse((self.deps / "wheels").exists())

    def test_a_part_that_is_whole_needs_no_network(self):
        self.use_resuming_pip()
        line = self.index.add("inkone")
        self.part_of(line).parent.mkdir(parents=True)
        self.part_of(line).write_bytes(self.index.wheels[line.split()[4]])
        self.assertEqual(self.fetch(line), 0)
        self.assertEqual(self.index.requests, [])

    def test_a_part_that_does_not_fit_is_fetched_once_more(self):
        self.use_resuming_pip()
        line = self.index.add("inkone")
        size = int(line.split()[2])
        for left in (b"of another file", b"x" * (size + 1), b"x" * size):
            self.part_of(line).parent.mkdir(parents=True, exist_ok=True)
            self.part_of(line).write_bytes(left)
            (self.deps / "unpacked.txt").unlink(missing_ok=True)
            self.assertGreaterEqual(self.fetch(line), size)
        self.assertIn("the pieces do not make the pinned file", self.log.getvalue())

    def test_a_file_that_changed_on_the_server_is_refused(self):
        self.use_resuming_pip()
        line = self.index.add("inkone")
        name = line.split()[4]
        size = self.kill_half_way(line)
        right = self.index.wheels[name]
        self.index.wheels[name] = right[:-1] + bytes([right[-1] ^ 1])
        with self.assertRaisesRegex(fetch_wheels.Fault, "not the pinned one .its sha256 differs"):
            self.fetch(line)
        self.assertEqual(self.index.ranges, [size], "the second try begins at the first byte")
        self.assertFalse(self.part_of(line).exists())
        for wrong, reason in ((right + b"x", f"it has {len(right) + 1} bytes there"), (right[:100], "it has 100 bytes")):
            self.index.wheels[name] = wrong
            self.index.sent = 0
            with self.assertRaisesRegex(fetch_wheels.Fault, f"not the pinned one .{reason}"):
                self.fetch(line)
            self.assertLess(self.index.sent, 1 << 20, "the length tells before the file is fetched")
        self.index.wheels[name] = right
        self.fetch(line)

    def test_a_server_without_ranges_sends_all_again(self):
        self.use_resuming_pip()
        line = self.index.add("inkone")
        self.kill_half_way(line)
        self.index.knows_range = False
        self.assertEqual(self.fetch(line), int(line.split()[2]))

    def test_what_came_stays_when_the_network_fails(self):
        self.use_resuming_pip()
        line = self.index.add("inkone")
        size = self.kill_half_way(line)
        self.index.status = 404
        with self.assertRaisesRegex(fetch_wheels.Fault, "the download of inkone 1.0"):
            self.fetch(line)
        self.assertEqual(self.part_of(line).stat().st_size, size)
        self.index.status = 500
        with self.assertRaisesRegex(fetch_wheels.Fault, r"could not be reached .*what was downloaded is kept"):
            self.fetch(line)
        self.assertEqual(self.part_of(line).stat().st_size, size)
        self.index.status = 200
        self.assertEqual(self.fetch(line), int(line.split()[2]) - size)

    def test_pip_downloads_where_its_modules_do_not_serve(self):
        self.use_resuming_pip()
        line = self.index.add("inkone")
        broken = self.root / "broken.py"
        broken.write_text("raise ImportError('pip has changed')\n")
        with mock.patch.object(fetch_wheels, "RESUME", broken):
            self.assertEqual(self.fetch(line), int(line.split()[2]))
        self.assertIn("pip downloads it (ImportError: pip has changed)", self.log.getvalue())

    def test_a_disk_that_fills_up_keeps_what_came(self):
        self.use_resuming_pip()
        line = self.index.add("inkone")
        (self.root / "list.txt").write_text(line + "\n")

        def small_disk():
            resource.setrlimit(resource.RLIMIT_FSIZE, (2 << 20, 2 << 20))

        run = subprocess.run([sys.executable, str(TOOLS / "fetch_wheels.py"), str(self.root / "list.txt"), str(self.deps)],
                             capture_output=True, text=True, preexec_fn=small_disk, check=False)
        self.assertEqual(run.returncode, 1)
        self.assertRegex(run.stderr, r"^inknav setup: the download of inkone 1\.0 .*: File too large; make room, then run")
        self.assertEqual(self.part_of(line).stat().st_size, 2 << 20)
        self.assertEqual(self.fetch(line), int(line.split()[2]) - (2 << 20))

    def test_a_second_setup_waits_for_the_first(self):
        self.deps.mkdir()
        with open(self.deps / ".lock", "w", encoding="ascii") as lock:
            fetch_wheels.fcntl.flock(lock, fetch_wheels.fcntl.LOCK_EX)
            waiting = threading.Timer(0.3, lambda: fetch_wheels.fcntl.flock(lock, fetch_wheels.fcntl.LOCK_UN))
            waiting.start()
            with contextlib.redirect_stdout(self.log), fetch_wheels.locked(self.deps):
                pass
        self.assertIn("waiting for it to end", self.log.getvalue())

    def test_complete_wheels_survive_a_failure_of_the_next(self):
        self.use_resuming_pip()
        one = self.index.add("inkone")
        two = self.index.add("inktwo")
        held_back = self.index.wheels.pop("inktwo-1.0-py3-none-any.whl")
        with self.assertRaisesRegex(fetch_wheels.Fault, r"inktwo 1\.0 .*does not have this file"):
            self.fetch(one, two)
        self.index.wheels["inktwo-1.0-py3-none-any.whl"] = held_back
        self.assertEqual(self.fetch(one, two), int(two.split()[2]))
        self.assertEqual(self.file_requests(), ["/files/inkone-1.0-py3-none-any.whl",
                                                "/files/inktwo-1.0-py3-none-any.whl"])

    def test_a_wheel_that_lies_there_is_checked_not_trusted(self):
        self.use_resuming_pip()
        line = self.index.add("inkone")
        wheels = self.deps / "wheels"
        wheels.mkdir(parents=True)
        body = bytearray(self.index.wheels["inkone-1.0-py3-none-any.whl"])
        body[1000] ^= 1
        (wheels / "inkone-1.0-py3-none-any.whl").write_bytes(body)
        self.assertEqual(self.fetch(line), len(body))

    def test_more_patterns_fetch_the_wheel_again_and_fewer_do_not(self):
        self.use_resuming_pip()
        line = self.index.add("inkone")
        self.fetch(line)
        self.assertGreater(self.fetch(line.replace("inklib/data/*", "inklib/*")), 0)
        self.assertTrue((self.deps / "inklib/code.py").exists())
        self.assertEqual(self.fetch(line), 0)

    def test_a_wrong_hash_is_refused(self):
        self.use_resuming_pip()
        line = self.index.add("inkone").split()
        line[3] = "0" * 64
        with self.assertRaisesRegex(fetch_wheels.Fault, "not the pinned one"):
            self.fetch(" ".join(line))
        self.assertFalse((self.deps / "inklib").exists())

    def test_no_network_is_one_sentence(self):
        self.use_resuming_pip()
        line = self.index.add("inkone")
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            os.environ["PIP_INDEX_URL"] = f"http://127.0.0.1:{closed.getsockname()[1]}/simple/"
            with self.assertRaises(fetch_wheels.Fault) as caught:
                self.fetch(line)
        self.assertIn("the package index could not be reached; check the network and pip's settings", str(caught.exception))
        self.assertNotIn("\n", str(caught.exception))

    def test_a_full_disk_is_told_before_the_download(self):
        line = self.index.add("inkone")
        with mock.patch.object(fetch_wheels.shutil, "disk_usage", return_value=mock.Mock(free=1000)):
            with self.assertRaisesRegex(fetch_wheels.Fault, "the disk is too full: .* are needed"):
                self.fetch(line)
        self.assertEqual(self.index.requests, [])

    def test_no_pip_is_told(self):
        line = self.index.add("inkone")
        with mock.patch.object(fetch_wheels, "pip_version", return_value=None):
            with self.assertRaisesRegex(fetch_wheels.Fault, "install the package python3-pip"):
                self.fetch(line)

    def test_members_that_would_leave_the_folder_are_refused(self):
        for member in ("../evil", "inklib/../../evil", "/evil"):
            path = self.root / "bad.whl"
            path.write_bytes(make_wheel("bad", payload=10, extra=[member]))
            with self.assertRaisesRegex(fetch_wheels.Fault, "would leave the folder"):
                fetch_wheels.unpack(path, self.deps, "*")
            self.assertFalse((self.root / "evil").exists())

    def test_a_pattern_that_matches_nothing_is_told(self):
        path = self.root / "a.whl"
        path.write_bytes(make_wheel("a", payload=10))
        with self.assertRaisesRegex(fetch_wheels.Fault, "nothing in it matches"):
            fetch_wheels.unpack(path, self.deps, "nothing/*")

    def test_a_damaged_list_names_its_line(self):
        for line in ("name 1.0 10", "name 1.0 ten " + "0" * 64 + " f *", "name 1.0 10 abc f *"):
            with self.assertRaisesRegex(fetch_wheels.Fault, r"list\.txt:3: .* wanted"):
                self.fetch(line)

    def test_the_shipped_lists_are_well_formed(self):
        lists = sorted(TOOLS.glob("wheels_*.txt"))
        self.assertIn(TOOLS / "wheels_cpu.txt", lists)
        for path in lists:
            wheels = fetch_wheels.read_list(path)
            self.assertTrue(wheels, path)
            for wheel in wheels:
                self.assertTrue(wheel.file.startswith(wheel.name.replace("-", "_") + "-" + wheel.version + "-"), wheel)


if __name__ == "__main__":
    unittest.main()
