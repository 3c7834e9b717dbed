#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Brings the pinned wheels of a list into a folder and unpacks the parts that the build needs.

usage: fetch_wheels.py LIST FOLDER [--bytes FILE] [--pip FOLDER]

LIST has one wheel a line: name, version, bytes, sha256, file name, patterns of the members to unpack
(comma-separated, shell style). Downloads go through pip's own modules (resume_download.py), so the index, proxy,
certificates and credentials are the ones pip is configured with on this machine. They grow in FOLDER/wheels/*.part:
whatever ended a run (a dropped connection, a kill, a loss of power), the next one asks only for the bytes that are
missing. Every wheel is checked against its sha256; one that was pieced together and does not match is fetched once
more from its first byte. Where pip's modules do not serve, `pip download` does the work and resumes only within its
own run (pip 25.1 or newer; with an older one the pinned pip of PIP_LIST is fetched first, into FOLDER/pip if not
told otherwise). What is unpacked is noted in FOLDER/unpacked.txt, so a second run does nothing. FILE gets the number
of bytes that were downloaded. Exit code 0, or 1 after one sentence that says what is wrong.
Needs Python 3.9 and its standard library.
"""

import argparse
import contextlib
import fcntl
import fnmatch
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath
from typing import NamedTuple

PIP_LIST = Path(__file__).with_name("wheels_pip.txt")
RESUME = Path(__file__).with_name("resume_download.py")
RESUMING_PIP = (25, 1)  # the first with --resume-retries
# pip expands none of these by itself; every tag that a pinned wheel carries must be told.
PLATFORMS = [f"manylinux_2_{minor}_x86_64" for minor in range(28, 4, -1)] + ["manylinux2014_x86_64", "any"]
# Which wheels are acceptable, and how pip behaves; for pip itself and for resume_download.py.
PIP_OPTIONS = ["--disable-pip-version-check", "--no-input", "--no-deps", "--only-binary", ":all:", "--retries", "3",
               "--implementation", "cp", "--python-version", "3.12", "--abi", "cp312", "--abi", "abi3", "--abi", "none"]
PIP_OPTIONS += [word for platform in PLATFORMS for word in ("--platform", platform)]
NOTE = "unpacked.txt"
KEPT = "(what was downloaded is kept)"


class Fault(Exception):
    """Something outside this program is wrong; the text is the sentence for the user."""


class Wheel(NamedTuple):
    name: str
    version: str
    size: int
    sha256: str
    file: str
    patterns: str

    def note(self):
        return f"{self.sha256} {self.patterns}"


def read_list(path):
    wheels = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        line = line.split("#")[0].strip()
        if not line:
            continue
        fields = line.split()
        if len(fields) != 6 or not re.fullmatch(r"[0-9a-f]{64}", fields[3]) or not fields[2].isdigit():
            raise Fault(f"{path}:{number}: name, version, bytes, sha256, file and patterns were wanted, "
                        f"'{line[:80]}' found")
        wheels.append(Wheel(fields[0], fields[1], int(fields[2]), fields[3], fields[4], fields[5]))
    return wheels


def is_unpacked(wheel, notes):
    """Whether a noted unpacking of the same file covers every pattern that is wanted now."""
    for note in notes:
        sha256, _, patterns = note.partition(" ")
        if sha256 == wheel.sha256 and all(any(fnmatch.fnmatchcase(wanted, had) for had in patterns.split(","))
                                          for wanted in wheel.patterns.split(",")):
            return True
    return False


def megabytes(size):
    return f"{size / 1e6:.0f} MB"


def say(text):
    print(text, flush=True)


def sha256_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def need_space(folder, size, purpose):
    free = shutil.disk_usage(folder).free
    if free < size:
        raise Fault(f"the disk is too full: {megabytes(size)} are needed in {folder} {purpose}, "
                    f"{megabytes(free)} are free; make room and run ./inknav setup again")


def pip_version(environment):
    try:
        run = subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, text=True,
                             env=environment, check=False)
    except OSError:
        return None
    found = re.match(r"pip (\d+)\.(\d+)", run.stdout)
    return (int(found[1]), int(found[2])) if run.returncode == 0 and found else None


def what_failed(wheel):
    return f"the download of {wheel.name} {wheel.version} ({megabytes(wheel.size)}) failed"


def not_pinned(wheel, how):
    return Fault(f"{what_failed(wheel)}: the file that the package index serves is not the pinned one ({how}); "
                 "do not use that index")


def unreachable(wheel, reason=""):
    return Fault(f"{what_failed(wheel)}: the package index could not be reached{reason}; check the network and pip's "
                 f"settings (pip config list), then run ./inknav setup again {KEPT}")


def disk_full(wheel, reason="the disk is full"):
    return Fault(f"{what_failed(wheel)}: {reason}; make room, then run ./inknav setup again {KEPT}")


def pip_fault(wheel, log):
    """The Fault for a failed pip run, from what pip wrote to stderr."""
    if "DO NOT MATCH THE HASHES" in log:
        return not_pinned(wheel, "its sha256 differs")
    if "No space left" in log or "Errno 28" in log:
        return disk_full(wheel)
    network = ("Retrying", "connection", "Connection", "timed out", "Temporary failure", "ProxyError", "SSLError",
               "resume", "HTTP error", "IncompleteRead")
    if any(word in log for word in network):
        return unreachable(wheel)
    if "No matching distribution" in log or "Could not find a version" in log:
        return Fault(f"{what_failed(wheel)}: the package index that pip is set to does not have this file; "
                     f"point pip to one that does (pip config list), then run ./inknav setup again {KEPT}")
    tail = " | ".join(line for line in log.splitlines()[-3:] if line.strip())
    return Fault(f"{what_failed(wheel)}: {tail or 'pip gave no reason'}")


def run_pip(wheel, folder, environment, options):
    """pip download of one pinned wheel into `folder`; pip's progress goes to our output."""
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{wheel.name}=={wheel.version} --hash=sha256:{wheel.sha256}\n")
    command = [sys.executable, "-m", "pip", "download", "--require-hashes", "-d", str(folder), "-r", str(requirements),
               *PIP_OPTIONS, *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        log = []
        for line in process.stderr:
            log.append(line)
            if "resume" in line or "interrupted" in line:
                say(line.strip())
        process.wait()
    if process.returncode != 0:
        raise pip_fault(wheel, "".join(log))


def run_resume(wheel, part, environment, options):
    """Lets `part` grow to the whole wheel; returns what resume_download.py reports."""
    command = [sys.executable, str(RESUME), str(part), str(wheel.size), wheel.sha256, wheel.name, wheel.file,
               *PIP_OPTIONS, *options]
    run = subprocess.run(command, stderr=subprocess.PIPE, text=True, env=environment, check=False)
    lines = run.stderr.strip().splitlines() or [f"exit code {run.returncode}"]
    try:
        report = json.loads(lines[-1])
        return {key: report[key] for key in ("outcome", "received", "reason")}
    except (ValueError, KeyError, TypeError):
        return {"outcome": "unsuitable", "received": 0, "reason": lines[-1]}


class Downloader:
    """Wheels into FOLDER/wheels, each checked; remembers how many bytes came over the network."""

    def __init__(self, folder, private_pip):
        self.folder = folder
        self.private_pip = private_pip
        self.wheels = folder / "wheels"
        self.downloaded = 0
        self.environment = None
        self.resuming = False  # whether this pip knows --resume-retries
        self.options = []  # more of pip's

    def prepare_pip(self):
        """Chooses the pip to use, once and only when something must be downloaded."""
        if self.environment is not None:
            return
        scratch = self.folder / "tmp"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)
        # pip's own temporary files belong to the disk whose space was checked.
        self.environment = {**os.environ, "TMPDIR": str(scratch)}
        version = pip_version(self.environment)
        if version is None:
            raise Fault("python3 has no pip; install the package python3-pip")
        if version < RESUMING_PIP:
            pip = read_list(PIP_LIST)[0]
            if not (self.private_pip / "pip").is_dir():
                unpack(self.obtain(pip), self.private_pip, pip.patterns)
            self.environment["PYTHONPATH"] = str(self.private_pip)
        self.resuming = True

    def obtain(self, wheel):
        """The wheel's path in the folder, downloaded when it is not there yet."""
        path = self.wheels / wheel.file
        if path.exists() and path.stat().st_size == wheel.size and sha256_of(path) == wheel.sha256:
            return path
        path.unlink(missing_ok=True)
        self.prepare_pip()
        part = part_of(path)
        if not self.resume(wheel, part):
            run_pip(wheel, self.wheels, self.environment, ["--resume-retries", "50"] if self.resuming else [])
            if not path.exists() or sha256_of(path) != wheel.sha256:
                raise Fault(f"pip downloaded {wheel.name} {wheel.version}, but not as {wheel.file} with the pinned "
                            f"sha256; remove {self.wheels} and run ./inknav setup again")
            self.downloaded += path.stat().st_size
            part.unlink(missing_ok=True)
        return path

    def resume(self, wheel, part):
        """Completes `part` and gives it the wheel's name; False when pip itself must download."""
        there = part.stat().st_size if part.exists() else 0
        if there > wheel.size:
            part.unlink()
            there = 0
        if there:
            say(f"  {wheel.name} {wheel.version}: going on after {megabytes(there)} of {megabytes(wheel.size)}")
        report = {"outcome": "complete", "received": 0}
        if there < wheel.size:
            report = run_resume(wheel, part, self.environment, self.options)
            self.downloaded += report["received"]
        if report["outcome"] == "unsuitable":
            say(f"  {wheel.name} {wheel.version}: pip downloads it ({report['reason']})")
            return False
        if report["outcome"] == "network":
            raise unreachable(wheel, f" ({report['reason']})")
        if report["outcome"] == "disk":
            raise disk_full(wheel, f"{self.wheels}: {report['reason']}")
        if report["outcome"] == "complete" and sha256_of(part) == wheel.sha256:
            part.replace(self.wheels / wheel.file)
            return True
        part.unlink()
        if there:
            say(f"  {wheel.name} {wheel.version}: the pieces do not make the pinned file; once more from the first byte")
            return self.resume(wheel, part)
        raise not_pinned(wheel, report.get("reason") or "its sha256 differs")


def part_of(path):
    return path.with_name(path.name + ".part")


def safe_member(name):
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\\" not in name


def unpack(wheel_path, folder, patterns):
    """Unpacks the members that match; a file is complete or absent under its name."""
    chosen = patterns.split(",")
    with zipfile.ZipFile(wheel_path) as archive:
        members = [info for info in archive.infolist() if not info.is_dir()
                   and any(fnmatch.fnmatchcase(info.filename, pattern) for pattern in chosen)]
        if not members:
            raise Fault(f"{wheel_path}: nothing in it matches {patterns}")
        total = sum(info.file_size for info in members)
        folder.mkdir(parents=True, exist_ok=True)
        need_space(folder, total + (1 << 26), f"to unpack {wheel_path.name}")
        for info in members:
            if not safe_member(info.filename):
                raise Fault(f"{wheel_path}: the member {info.filename!r} would leave the folder")
            target = folder / info.filename
            target.parent.mkdir(parents=True, exist_ok=True)
            part = target.with_name(target.name + ".part")
            with archive.open(info) as source, open(part, "wb") as out:
                shutil.copyfileobj(source, out, 1 << 20)
            part.replace(target)
    return total


@contextlib.contextmanager
def locked(folder):
    """One set-up at a time in a folder; a second one waits and says so."""
    with open(folder / ".lock", "w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"Another ./inknav setup is at work in {folder}; waiting for it to end ...")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def bytes_there(wheels, wheel):
    """What an earlier run left of a wheel."""
    path = wheels / wheel.file
    return sum(min(file.stat().st_size, wheel.size) for file in (path, part_of(path)) if file.exists())


def download_and_unpack(downloader, list_name, missing):
    """Yields each wheel when it is unpacked and safe on the disk."""
    left = sum(max(0, wheel.size - bytes_there(downloader.wheels, wheel)) for wheel in missing)
    total = sum(wheel.size for wheel in missing)
    # One wheel lies packed and unpacked at the same time; packed it is at least a third.
    need = max(wheel.size for wheel in missing) + total + left
    need_space(downloader.folder, need, "for the libraries")
    if shutil.disk_usage(downloader.folder).free < need + 2 * total:
        downloader.options.append("--no-cache-dir")  # pip's cache would hold everything a second time
    if left:
        kept = f" (the other {megabytes(total - left)} are here already)" if left < total else ""
        say(f"Downloading {megabytes(left)} for {len(missing)} wheel(s) of {list_name}{kept}:")
    for wheel in missing:
        path = downloader.obtain(wheel)
        size = unpack(path, downloader.folder, wheel.patterns)
        say(f"  {wheel.name} {wheel.version}: checked, {megabytes(size)} unpacked")
        os.sync()  # what is noted as unpacked must be there after a loss of power
        yield wheel
        path.unlink()


def fetch(list_path, folder, private_pip=None):
    """Returns the number of bytes downloaded."""
    folder.mkdir(parents=True, exist_ok=True)
    note = folder / NOTE
    with locked(folder):
        done = note.read_text().splitlines() if note.exists() else []
        missing = [wheel for wheel in read_list(list_path) if not is_unpacked(wheel, done)]
        if not missing:
            return 0
        downloader = Downloader(folder, private_pip or folder / "pip")
        downloader.wheels.mkdir(exist_ok=True)
        for wheel in download_and_unpack(downloader, list_path.name, missing):
            done.append(wheel.note())
            part = note.with_name(NOTE + ".part")
            part.write_text("\n".join(done) + "\n")
            part.replace(note)
        for scratch in ("tmp", "wheels"):
            shutil.rmtree(folder / scratch, ignore_errors=True)
        return downloader.downloaded


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("list", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--bytes", type=Path)
    parser.add_argument("--pip", type=Path)
    arguments = parser.parse_args()
    try:
        private_pip = arguments.pip.absolute() if arguments.pip else None
        downloaded = fetch(arguments.list, arguments.folder.absolute(), private_pip)
        if arguments.bytes:
            arguments.bytes.write_text(f"{downloaded}\n")
    except Fault as fault:
        sys.exit(f"inknav setup: {fault}")
    except OSError as error:
        sys.exit(f"inknav setup: {error}; check the disk and the permissions of {arguments.folder}")
    except KeyboardInterrupt:
        sys.exit(f"\ninknav setup: interrupted; run ./inknav setup again {KEPT}")


if __name__ == "__main__":
    main()
