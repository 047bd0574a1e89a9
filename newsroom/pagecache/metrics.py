"""Counters of what the page cache does, shared by all processes of a machine.

Each process has a row of words of its own in a small memory-mapped file, so that counting takes
no lock. A row stays when its process ends and goes on with the next one that gets its number, so
the sums only ever grow, as Prometheus wants its counters.
"""

import mmap
import os
from pathlib import Path

_LAYOUT = 1
_WIDTH = 16
_ROWS = 4096

HITS, MISSES, STALE, COALESCED, PASSED, FAILED, SPLICED, BYTES, PAGES, PAGE_BYTES, AHEAD = range(11)

#: Word, type, name and meaning, as in Prometheus' text format.
_SHOWN = (
    (HITS, "counter", "hits_total", "Pages sent from memory or disk without waking Django."),
    (MISSES, "counter", "misses_total", "Pages that a reader had rendered."),
    (AHEAD, "counter", "ahead_total", "Pages that were rendered again before a reader asked."),
    (STALE, "counter", "stale_total", "Older copies sent because rendering failed."),
    (COALESCED, "counter", "coalesced_total", "Requests that waited for another's rendering."),
    (PASSED, "counter", "passed_total", "Requests that are none of the cache's business."),
    (FAILED, "counter", "failed_total", "Renderings that failed."),
    (SPLICED, "counter", "spliced_total", "Kept pages of which a shared part was exchanged."),
    (BYTES, "counter", "sent_bytes_total", "Bytes of the bodies of hits."),
    (PAGES, "gauge", "pages", "Pages in memory, all processes together."),
    (PAGE_BYTES, "gauge", "page_bytes", "Bytes that they take, all processes together."),
)


class Metrics:
    """The counters of one folder; `row` is the counting process's own.

    `owner` is the process's number among those of the folder; without one, row 0 is a spare that
    nobody counts in.
    """

    def __init__(self, folder: Path, owner: int = 0) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        size = _ROWS * _WIDTH * 8
        descriptor = os.open(folder / f"metrics.{_LAYOUT}", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            if os.fstat(descriptor).st_size < size:
                os.ftruncate(descriptor, size)
            self._map = mmap.mmap(descriptor, size)
        finally:
            os.close(descriptor)
        self._words = memoryview(self._map).cast("Q")
        self.row = self._words[owner * _WIDTH : (owner + 1) * _WIDTH]
        # What the process before kept is gone with it.
        self.row[PAGES] = self.row[PAGE_BYTES] = 0

    def total(self, word: int) -> int:
        return sum(self._words[word::_WIDTH])

    def text(self) -> str:
        """All counters in Prometheus' text format, version 0.0.4."""
        lines = []
        for word, kind, name, meaning in _SHOWN:
            full = f"newsroom_page_cache_{name}"
            lines += [f"# HELP {full} {meaning}", f"# TYPE {full} {kind}"]
            lines.append(f"{full} {self.total(word)}")
        return "\n".join(lines) + "\n"
