#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Brings the pinned wheels of a list into a folder and unpacks the parts that the build needs.

usage: fetch_wheels.py LIST FOLDER [--bytes FILE] [--pip FOLDER]

LIST has one wheel a line: name, version, bytes, sha256, file name, patterns of the members to unpack
(comma-separated, shell style). pip does the downloads, so the index, proxy and certificates are the ones pip is
configured with on this machine. A dropped connection is resumed where it broke (pip 25.1 or newer; with an older
one the pinned pip of PIP_LIST is fetched first, into FOLDER/pip if not told otherwise). After a stop by force the
wheels that were complete are kept. What is unpacked is noted in FOLDER/unpacked.txt, so a second run does nothing.
FILE gets the number of bytes that were downloaded. Exit code 0, or 1 after one sentence that says what is wrong.
Needs Python 3.9 and its standard library.
"""

import argparse
import fcntl
import fnmatch
import hashlib
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath
from typing import NamedTuple

PIP_LIST = Path(__file__).with_name("wheels_pip.txt")
RESUMING_PIP = (25, 1)  # the first with --resume-retries
# pip expands none of these by itself; every tag that a pinned wheel carries must be told.
PLATFORMS = [f"manylinux_2_{minor}_x86_64" for minor in range(28, 4, -1)] + ["manylinux2014_x86_64", "any"]
NOTE = "unpacked.txt"


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


def download_fault(wheel, log):
    """The sentence for a failed pip run, from what pip wrote to stderr."""
    what = f"the download of {wheel.name} {wheel.version} ({megabytes(wheel.size)}) failed"
    again = "then run ./inknav setup again (downloads that were complete are kept)"
    if "DO NOT MATCH THE HASHES" in log:
        return (f"{what}: the file that the package index serves is not the pinned one (its sha256 differs); "
                "do not use that index")
    if "No space left" in log or "Errno 28" in log:
        return f"{what}: the disk is full; make room, {again}"
    network = ("Retrying", "connection", "Connection", "timed out", "Temporary failure", "ProxyError", "SSLError",
               "resume", "HTTP error", "IncompleteRead")
    if any(word in log for word in network):
        return (f"{what}: the package index could not be reached; check the network and pip's settings "
                f"(pip config list), {again}")
    if "No matching distribution" in log or "Could not find a version" in log:
        return (f"{what}: the package index that pip is set to does not have this file; "
                f"point pip to one that does (pip config list), {again}")
    tail = " | ".join(line for line in log.splitlines()[-3:] if line.strip())
    return f"{what}: {tail or 'pip gave no reason'}"


def run_pip(wheel, folder, environment, options):
    """pip download of one pinned wheel into `folder`; pip's progress goes to our output."""
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{wheel.name}=={wheel.version} --hash=sha256:{wheel.sha256}\n")
    command = [sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--no-input", "--no-deps",
               "--require-hashes", "--only-binary", ":all:", "--retries", "3", "--implementation", "cp",
               "--python-version", "3.12", "--abi", "cp312", "--abi", "abi3", "--abi", "none", "-d", str(folder),
               "-r", str(requirements)] + options
    for platform in PLATFORMS:
        command += ["--platform", platform]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        log = []
        for line in process.stderr:
            log.append(line)
            if "resume" in line or "interrupted" in line:
                say(line.strip())
        process.wait()
    if process.returncode != 0:
        raise Fault(download_fault(wheel, "".join(log)))


class Downloader:
    """Wheels into FOLDER/wheels, each checked; remembers how many bytes came over the network."""

    def __init__(self, folder, private_pip):
        self.folder = folder
        self.private_pip = private_pip
        self.wheels = folder / "wheels"
        self.downloaded = 0
        self.environment = None
        self.options = []

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
        self.options = ["--resume-retries", "50"]

    def obtain(self, wheel):
        """The wheel's path in the folder, downloaded when it is not there yet."""
        path = self.wheels / wheel.file
        if path.exists() and path.stat().st_size == wheel.size and sha256_of(path) == wheel.sha256:
            return path
        path.unlink(missing_ok=True)
        self.prepare_pip()
        run_pip(wheel, self.wheels, self.environment, self.options)
        if not path.exists() or sha256_of(path) != wheel.sha256:
            raise Fault(f"pip downloaded {wheel.name} {wheel.version}, but not as {wheel.file} with the pinned sha256; "
                        f"remove {self.wheels} and run ./inknav setup again")
        self.downloaded += path.stat().st_size
        return path


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


def fetch(list_path, folder, private_pip=None):
    """Returns the number of bytes downloaded."""
    folder.mkdir(parents=True, exist_ok=True)
    note = folder / NOTE
    with open(folder / ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = note.read_text().splitlines() if note.exists() else []
        missing = [wheel for wheel in read_list(list_path) if not is_unpacked(wheel, done)]
        if not missing:
            return 0
        downloader = Downloader(folder, private_pip or folder / "pip")
        downloader.wheels.mkdir(exist_ok=True)
        wanted = [wheel for wheel in missing if not (downloader.wheels / wheel.file).exists()]
        total = sum(wheel.size for wheel in wanted)
        # One wheel lies packed and unpacked at the same time; packed it is at least a third.
        need_space(folder, max(wheel.size for wheel in missing) + 2 * sum(wheel.size for wheel in missing),
                   "for the libraries")
        if wanted:
            say(f"Downloading {len(wanted)} wheel(s) of {list_path.name}, {megabytes(total)}:")
        for wheel in missing:
            path = downloader.obtain(wheel)
            size = unpack(path, folder, wheel.patterns)
            say(f"  {wheel.name} {wheel.version}: checked, {megabytes(size)} unpacked")
            done.append(wheel.note())
            part = note.with_name(NOTE + ".part")
            part.write_text("\n".join(done) + "\n")
            part.replace(note)
            path.unlink()
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
        sys.exit("\ninknav setup: interrupted; run ./inknav setup again (downloads that were complete are kept)")


if __name__ == "__main__":
    main()
