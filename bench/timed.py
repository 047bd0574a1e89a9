"""The site as the server runs it, with a record of how long each answer takes inside of it.

That is from the server's call to the answer's being ready to send: with waiting for a rendering
and for the interpreter, without the way to the reader and back, and without the queue before a
thread is free.
"""

import mmap
import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from time import perf_counter_ns
from typing import Any

#: The environment variable that names the folder of the records.
FOLDER = "NEWSROOM_BENCH_TIMES"
#: How long a bucket of the record is, and how many there are; the last takes all that is longer.
_BUCKET_NS = 10_000
_BUCKETS = 50_000


class Times:
    """How many answers took how long, in a file of one process."""

    def __init__(self, path: Path) -> None:
        with open(path, "a+b") as file:
            file.truncate(_BUCKETS * 8)
            self._row = memoryview(mmap.mmap(file.fileno(), _BUCKETS * 8)).cast("Q")
        self._turn = threading.Lock()

    def add(self, took: int) -> None:
        """Note an answer that took so many nanoseconds."""
        bucket = min(took // _BUCKET_NS, _BUCKETS - 1)
        with self._turn:
            self._row[bucket] += 1


def noted(folder: Path) -> list[int]:
    """How many answers of all processes took how many times the bucket's length."""
    found = [0] * _BUCKETS
    for path in folder.iterdir():
        for bucket, number in enumerate(memoryview(path.read_bytes()).cast("Q")):
            found[bucket] += number
    return found


def percentile(before: list[int], after: list[int], share: float) -> float:
    """The time that this share of the answers between two records took at most, in ms."""
    numbers = [late - early for early, late in zip(before, after, strict=True)]
    left = share * sum(numbers)
    for bucket, number in enumerate(numbers):
        left -= number
        if number and left <= 0:
            return (bucket + 1) * _BUCKET_NS / 1e6
    return 0.0


def timed(application: Callable[..., Iterable[bytes]], times: Times) -> Callable[..., Any]:
    """The application, noting each of its answers."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        began = perf_counter_ns()
        try:
            return application(environ, start_response)
        finally:
            times.add(perf_counter_ns() - began)

    return answer


if FOLDER in os.environ:
    from newsroom.wsgi import application as _site

    application = timed(_site, Times(Path(os.environ[FOLDER]) / str(os.getpid())))
