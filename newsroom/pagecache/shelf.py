"""A second place for pages, on disk: shared by all processes, and still there after a restart.

A page that one process rendered is a hit in the others, and a process that starts while the
database is away still has the last good copies. Files are written whole or not at all, and a
damaged one is as good as none. Errors of the disk cost speed, never a page.
"""

import fcntl
import hashlib
import json
import logging
import os
import shutil
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .store import Page, unpack

logger = logging.getLogger(__name__)

#: Another release may leave its pages behind; they go after a day.
_KEEP_OTHERS = 86_400
#: A sweep leaves this share of the budget.
_SWEPT = 0.8
#: How long to wait for another process's rendering, and between two looks; in seconds.
_PATIENCE = 1.0
_BREATH = 0.002


class Shelf:
    """Page files in `folder / name`, within a budget of bytes.

    `name` must change with everything that pages are made from and no key stands for: the code,
    the settings, the counters' file, the boot of the machine (which may lose the counters' end).
    """

    def __init__(self, folder: Path, name: str, *, budget: int) -> None:
        self.folder = folder / f"pages-{name}"
        self.budget = budget
        self._written = 0
        self._is_usable = True
        try:
            for number in range(256):
                (self.folder / f"{number:02x}").mkdir(parents=True, exist_ok=True)
            os.utime(self.folder)
            self._turns = os.open(self.folder / "turns", os.O_RDWR | os.O_CREAT, 0o644)
            for other in folder.glob("pages-*"):
                if other != self.folder and other.stat().st_mtime < time.time() - _KEEP_OTHERS:
                    shutil.rmtree(other, ignore_errors=True)
        except OSError as error:
            self._give_up(error)

    def put(self, page: Page) -> None:
        """Write the page, in the place of an older one."""
        if not self._is_usable:
            return
        dated = [("Last-Modified", page.modified)] if page.modified else []
        head = json.dumps(
            {
                "key": page.key,
                "status": page.status,
                "headers": [*page.headers, *dated],
                "keys": page.keys,
                "parts": page.parts,
                "rendered_at": page.rendered_at,
                "query": sorted(page.query),
                "etag": page.etag,
                "length": page.length,
            }
        ).encode()
        path = self._path(page.key)
        # Two threads may put the same page: the draft of one must not be taken away by the other.
        draft = f"{path}.{os.getpid()}.{threading.get_native_id()}"
        try:
            with open(draft, "wb", buffering=0) as file:
                file.write(b"%d\n%b%b" % (len(head), head, page.packed))
            made = _nanoseconds(page.rendered_at)
            os.utime(draft, ns=(made, made))
            os.replace(draft, path)
        except OSError as error:
            self._give_up(error)
            return
        self._written += len(head) + len(page.packed)
        if self._written > self.budget * (1 - _SWEPT) / 2:
            self._written = 0
            self.sweep()

    def get(self, key: str, *, since: float = 0.0) -> Page | None:
        """The page of that key as it was put, fresh or not, if it was rendered after `since`.

        That is in seconds of the epoch. None where there is none.
        """
        if not self._is_usable:
            return None
        path = self._path(key)
        try:
            # What is at hand already is not read again.
            if since and os.stat(path).st_mtime_ns <= _nanoseconds(since):
                return None
            with open(path, "rb", buffering=0) as file:
                content = file.read()
        except OSError:
            return None
        length, _newline, rest = content.partition(b"\n")
        try:
            size = int(length)
            head = json.loads(rest[:size])
            packed = rest[size:]
            page = Page(
                head["key"],
                head["status"],
                [(name, value) for name, value in head["headers"]],
                unpack(packed, head["length"]),
                keys=tuple(head["keys"]),
                parts=tuple((sequence, tuple(slots)) for sequence, slots in head["parts"]),
                rendered_at=head["rendered_at"],
                query=frozenset(head["query"]),
                packed=packed,
            )
        except (ValueError, KeyError, TypeError):
            return None
        # Half a file, or another page whose key has the same digest.
        return page if page.key == key and page.etag == head["etag"] else None

    @contextmanager
    def turn(self, key: str) -> Iterator[bool]:
        """The turn to render a page, among the processes of the machine.

        Gives whether another process had it before, and so has probably put the page here. Waits
        for that no longer than a slow rendering takes: then both render.
        """
        if not self._is_usable:
            yield False
            return
        byte = zlib.crc32(key.encode("utf-8", "surrogateescape"))
        has_waited = False
        end = time.monotonic() + _PATIENCE
        while not (is_ours := self._try(byte)) and time.monotonic() < end:
            has_waited = True
            time.sleep(_BREATH)
        try:
            yield has_waited
        finally:
            if is_ours:
                fcntl.lockf(self._turns, fcntl.LOCK_UN, 1, byte)

    def _try(self, byte: int) -> bool:
        try:
            fcntl.lockf(self._turns, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, byte)
        except OSError:
            return False
        return True

    def sweep(self) -> None:
        """Remove the pages that were rendered first, when all exceed the budget."""
        try:
            with open(self.folder / "sweeping", "wb") as turn:
                try:
                    fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    # Another process is at it.
                    return
                self._sweep()
        except OSError as error:
            self._give_up(error)

    def _sweep(self) -> None:
        files = []
        for directory in os.scandir(self.folder):
            if directory.is_dir():
                for entry in os.scandir(directory):
                    # A draft may have become a page since.
                    with suppress(FileNotFoundError):
                        found = entry.stat()
                        files.append((found.st_mtime, found.st_size, entry.path))
        size = sum(entry[1] for entry in files)
        if size <= self.budget:
            return
        for _modified, length, path in sorted(files):
            if size <= self.budget * _SWEPT:
                return
            size -= length
            with suppress(FileNotFoundError):
                os.remove(path)

    def _path(self, key: str) -> str:
        digest = hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()
        return f"{self.folder}/{digest[:2]}/{digest[2:34]}"

    def _give_up(self, error: OSError) -> None:
        logger.warning("The page cache goes on without its shelf: %s", error)
        self._is_usable = False


def _nanoseconds(moment: float) -> int:
    """The date of the file of a page that was rendered at that moment."""
    return int(moment * 1e9)
