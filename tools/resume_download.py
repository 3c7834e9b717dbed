#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Continues the download of one file of the package index that pip is set to, from the bytes that are there.

usage: resume_download.py PART BYTES SHA256 NAME FILE [OPTION...]

pip itself forgets a broken download when it ends, so this uses pip's own modules for everything but the storing:
its settings, index, proxy, certificates, credentials and cache. OPTIONs are those of `pip download`; they say which
wheels are acceptable. FILE of the project NAME is appended to PART, which only ever grows, up to BYTES bytes, and
is forced to the disk every 16 MB. A dropped connection is tried again as long as bytes come. The hash of the whole
is the caller's business; SHA256 only tells apart equal names on several indexes.

Progress goes to stdout. The last line on stderr is JSON, {"outcome", "received", "reason"}; received counts the
bytes that came over the network. Outcomes: "complete" (PART has BYTES bytes), "network" (no more could be had,
PART keeps what came), "other" (the index has FILE with another length), "disk" (PART could not be written),
"unsuitable" (this way does not work here: let pip download; reason says why).
Ends with its parent, so that two never write one PART. Needs Python 3.9, pip, Linux.
"""

import contextlib
import ctypes
import errno
import importlib
import json
import logging
import os
import re
import signal
import sys
import time

SYNC_BYTES = 16 << 20
BLOCK = 1 << 16
PAUSES_S = (1, 2, 4)  # before the tries that follow one without a single new byte
DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EFBIG)
PR_SET_PDEATHSIG = 1


class End(Exception):
    """The outcome and its reason."""

    def __init__(self, outcome, reason):
        super().__init__(reason)
        self.outcome = outcome
        self.reason = reason


class Progress:
    """One line that is rewritten on a terminal, else a line every 20 seconds."""

    def __init__(self, name, done, total, quiet):
        self.name, self.total, self.quiet = name, total, quiet
        self.terminal = sys.stdout.isatty()
        self.begin = self.shown = time.monotonic()
        self.first = done

    def show(self, done, last=False):
        now = time.monotonic()
        if self.quiet or (not last and now - self.shown < (0.2 if self.terminal else 20.0)):
            return
        self.shown = now
        rate = (done - self.first) / max(now - self.begin, 1e-3)
        left = f", {(self.total - done) / rate / 60:.0f} min left" if rate > 0 and done < self.total else ""
        text = f"  {self.name}: {done / 1e6:.0f} of {self.total / 1e6:.0f} MB, {rate / 1e6:.1f} MB/s{left}"
        print(f"\r{text}   " if self.terminal else text, end="\n" if last or not self.terminal else "", flush=True)

    def note(self, text):
        if not self.quiet:
            print(("\n" if self.terminal else "") + "  " + text, flush=True)


class Part:
    """The file that grows; what is in it survives the end of this process, and all but 16 MB a loss of power."""

    def __init__(self, path):
        self.file = open(path, "ab", buffering=0)  # pylint: disable=consider-using-with
        self.size = self.synced = os.fstat(self.file.fileno()).st_size

    def append(self, data):
        view = memoryview(data)
        while view:
            written = self.file.write(view)
            self.size += written
            view = view[written:]
        if self.size - self.synced >= SYNC_BYTES:
            self.sync()

    def sync(self):
        os.fsync(self.file.fileno())
        self.synced = self.size


class PipAccess:
    """pip's session, and the address of one file, through pip's own modules: they are not a public interface, so
    whatever is missing in them is an End("unsuitable")."""

    def __init__(self, options, stack):
        try:
            cmdoptions = importlib.import_module("pip._internal.cli.cmdoptions")
            self.command = importlib.import_module("pip._internal.commands").create_command("download")
            self.options, _ = self.command.parse_args(options)
            stack.enter_context(self.command.main_context())
            self.session = self.command.get_default_session(self.options)
            self.finder = self.command._build_package_finder(  # pylint: disable=protected-access
                self.options, self.session, target_python=cmdoptions.make_target_python(self.options))
        except (ImportError, AttributeError, TypeError, SystemExit) as error:
            raise End("unsuitable", f"this pip cannot be asked: {error!r}") from error

    def quiet(self):
        return getattr(self.options, "quiet", 0) > 0 or getattr(self.options, "progress_bar", "on") == "off"

    def address(self, name, file, sha256):
        try:
            links = [candidate.link for candidate in self.finder.find_all_candidates(name)]
            links = [link for link in links if link.filename == file and link.scheme in ("http", "https")]
            links = [link for link in links if link.hash_name != "sha256" or link.hash == sha256]
        except Exception as error:
            raise End("unsuitable", f"pip's search failed: {error!r}") from error
        if not links:
            raise End("unsuitable", f"no address for {file} was found")
        return links[0].url_without_fragment


def plain_reason(error):
    """What the innermost of nested network errors says, without the objects that it names."""
    for _ in range(8):
        inner = getattr(error, "reason", None) or next((a for a in error.args if isinstance(a, BaseException)), None)
        if not isinstance(inner, BaseException):
            break
        error = inner
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>:? ?|HTTPS?Connection\([^)]*\):? ?", "", str(error))).strip()
    return text[:160] or type(error).__name__


def first_byte(response, wanted):
    """Where the body of an answer to "from byte `wanted` on" begins, and the length of the whole file."""
    length = response.headers.get("content-length", "")
    whole = int(length) if length.isdigit() else None
    if response.headers.get("content-encoding", "identity") != "identity":
        raise End("unsuitable", "the index compresses its answers")
    if response.status_code == 200:
        return 0, whole
    if response.status_code == 206:
        found = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("content-range", "").strip())
        if found and int(found[1]) <= wanted:
            return int(found[1]), int(found[2]) if found[2] != "*" else None
        raise End("unsuitable", "the index answered with another part of the file than was asked for")
    if response.status_code == 416:
        raise End("other", f"it has no byte {wanted}")
    raise End("unsuitable", f"the index answered with status {response.status_code}")


class Transfer:
    def __init__(self, pip, address, part, size, progress):
        self.pip, self.address, self.part, self.size, self.progress = pip, address, part, size, progress
        self.received = 0

    def run(self):
        """Until PART is complete; raises End otherwise."""
        idle = 0
        while self.part.size < self.size:
            before = self.part.size
            reason = self.attempt()
            if self.part.size >= self.size:
                break
            idle = 0 if self.part.size > before else idle + 1
            if idle > len(PAUSES_S):
                raise End("network", reason)
            self.progress.note(f"the connection broke at {self.part.size / 1e6:.0f} MB; going on from there")
            time.sleep(PAUSES_S[max(idle - 1, 0)])
        self.part.sync()
        self.progress.show(self.part.size, last=True)

    def attempt(self):
        """One request; returns why it ended early."""
        headers = {"Accept-Encoding": "identity"}
        if self.part.size:
            headers["Range"] = f"bytes={self.part.size}-"
        try:
            with self.pip.session.get(self.address, headers=headers, stream=True) as response:
                if response.status_code >= 500 or response.status_code in (408, 429):
                    return f"the index answered with status {response.status_code}"
                begin, whole = first_byte(response, self.part.size)
                if whole is not None and whole != self.size:
                    raise End("other", f"it has {whole} bytes there")
                self.copy(response, self.part.size - begin)
        except End:
            raise
        except Exception as error:  # pip's session adds kinds of its own to those of its network libraries
            if getattr(error, "errno", None) in DISK_ERRORS:
                raise End("disk", os.strerror(error.errno)) from error
            return plain_reason(error)
        return "the connection was closed early"

    def copy(self, response, skip):
        """Appends the body without its first `skip` bytes, which an index without Range sends again."""
        network = not getattr(response, "from_cache", False)
        for block in response.raw.stream(BLOCK, decode_content=False):
            if network:
                self.received += len(block)
            fresh = block[skip:]
            skip = max(0, skip - len(block))
            if self.part.size + len(fresh) > self.size:
                raise End("other", f"it has more than {self.size} bytes there")
            if fresh:
                self.part.append(fresh)
                self.progress.show(self.part.size)


def main(part_path, size, sha256, name, file, *options):
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    logging.disable(logging.CRITICAL)
    transfer = None
    end = End("complete", "")
    try:
        with contextlib.ExitStack() as stack:
            pip = PipAccess(list(options), stack)
            part = Part(part_path)
            progress = Progress(name, part.size, int(size), pip.quiet())
            transfer = Transfer(pip, pip.address(name, file, sha256), part, int(size), progress)
            transfer.run()
    except End as found:
        end = found
    except OSError as error:
        end = End("disk", str(error))
    print(json.dumps({"outcome": end.outcome, "received": transfer.received if transfer else 0,
                      "reason": end.reason}), file=sys.stderr)


if __name__ == "__main__":
    if len(sys.argv) < 6:
        sys.exit(__doc__)
    main(*sys.argv[1:])
