"""The readers of a day, in a process of their own: python -m bench.reader PLAN FOUND.

The plan names each request and its moment; what was found is written as JSON. A request that is
due is sent whether or not earlier ones are answered, so that a slow answer slows nobody else.
"""

import gzip
import json
import re
import selectors
import socket
import sys
import time
from pathlib import Path
from typing import Any

import brotli

from . import machine

#: More requests than this under way at once wait for their turn, as in a browser.
_MOST = 128
#: Seconds after which a request counts as not answered.
PATIENCE = 30.0

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CODING = re.compile(rb"\r\ncontent-encoding: *(\w+)", re.IGNORECASE)
_KEPT = re.compile(rb"\r\ncache-status: *newsroom; (hit|fwd=miss|fwd=stale)", re.IGNORECASE)
_VERSION = re.compile(rb"Story (\d+) version (\d+)")
_COMMENTS = re.compile(rb'id="comments">.{0,200}?class="num">(\d+)<', re.DOTALL)
#: In a list: nothing stands between the marks where there are none.
_NUMBER = re.compile(rb"<!--shared:comments:(\d+)-->(?:<span>(\d+) )?")


class Reader:
    """One connection, kept alive."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection((machine.HOST, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.received = bytearray()
        self.needed = 0
        self.path = -1
        self.began = 0

    def send(self, path: int, request: bytes) -> None:
        self.received.clear()
        self.needed = 0
        self.path = path
        self.began = time.time_ns()
        self.socket.send(request)

    def is_done(self) -> bool:
        """Take what has arrived; raises OSError when the connection broke."""
        chunk = self.socket.recv(1 << 18)
        if not chunk:
            raise ConnectionResetError("closed in the middle of an answer")
        self.received += chunk
        if not self.needed:
            end = self.received.find(b"\r\n\r\n")
            if end < 0:
                return False
            length = _LENGTH.search(self.received, 0, end)
            if length is None:
                raise ConnectionResetError("an answer without its length")
            self.needed = end + 4 + int(length[1])
        return len(self.received) >= self.needed


def facts(head: bytes, body: bytes) -> dict[str, Any]:
    """The versions of stories that a page shows, and how many comments it counts.

    "comments" are those under the story that the page is about, "numbers" those of each story in a
    list.
    """
    coding = _CODING.search(head)
    if coding is not None and coding[1] == b"br":
        body = brotli.decompress(body)
    elif coding is not None:
        body = gzip.decompress(body)
    counted = _COMMENTS.search(body)
    versions: dict[str, int] = {}
    for story, version in _VERSION.findall(body):
        # The oldest, should a page contradict itself.
        name, number = story.decode(), int(version)
        versions[name] = min(number, versions.get(name, number))
    numbers: dict[str, int] = {}
    for story, shown in _NUMBER.findall(body):
        name, number = story.decode(), int(shown or 0)
        numbers[name] = min(number, numbers.get(name, number))
    comments = int(counted[1]) if counted else None
    return {"versions": versions, "comments": comments, "numbers": numbers}


def read(plan: dict[str, Any]) -> dict[str, Any]:
    """Carry the plan out; the answers are lists of path, start, took, status, facts and kind.

    `start` is in nanoseconds of the epoch, `took` in nanoseconds; the status is 0 for no answer.
    The kind is the page cache's word: "hit", "fwd=miss", "fwd=stale" or nothing.
    """
    port, schedule = plan["port"], plan["schedule"]
    requests = [
        (
            f"GET {path} HTTP/1.1\r\nHost: {machine.HOST}:{port}\r\n"
            f"Accept-Encoding: {plan['accepted']}\r\n\r\n"
        ).encode()
        for path in plan["paths"]
    ]
    known: dict[int, int] = {}
    seen: list[dict[str, Any]] = []
    answers: list[tuple[int, int, int, int, int, str]] = []
    late: list[float] = []
    idle: list[Reader] = []
    under_way: set[Reader] = set()
    watch = selectors.DefaultSelector()

    def give_up(reader: Reader) -> None:
        answers.append((reader.path, reader.began, time.time_ns() - reader.began, 0, -1, ""))
        watch.unregister(reader.socket)
        reader.socket.close()
        under_way.discard(reader)

    begin = plan["begin"]
    place = 0
    while place < len(schedule) or under_way:
        now = time.time() - begin
        while place < len(schedule) and schedule[place][0] <= now and len(under_way) < _MOST:
            due, path = schedule[place]
            place += 1
            try:
                if idle:
                    reader = idle.pop()
                else:
                    reader = Reader(port)
                    watch.register(reader.socket, selectors.EVENT_READ, reader)
                under_way.add(reader)
                reader.send(path, requests[path])
            except OSError:
                give_up(reader)
            late.append(reader.began / 1e9 - begin - due)
        pause = min(0.05, schedule[place][0] - now) if place < len(schedule) else 0.05
        for event, _mask in watch.select(max(0.0, pause) if len(under_way) < _MOST else 0.05):
            reader = event.data
            try:
                if not reader.is_done():
                    continue
            except OSError:
                if reader in under_way:
                    give_up(reader)
                else:
                    # The server ended an idle connection.
                    watch.unregister(reader.socket)
                    reader.socket.close()
                    idle.remove(reader)
                continue
            took = time.time_ns() - reader.began
            head, _end, body = bytes(reader.received).partition(b"\r\n\r\n")
            digest = hash(body)
            number = known.get(digest)
            if number is None:
                number = known[digest] = len(seen)
                seen.append(facts(head, body))
            kept = _KEPT.search(head)
            kind = kept[1].decode() if kept else ""
            answers.append((reader.path, reader.began, took, int(head[9:12]), number, kind))
            under_way.discard(reader)
            idle.append(reader)
        expired = time.time_ns() - int(PATIENCE * 1e9)
        for reader in [each for each in under_way if each.began < expired]:
            give_up(reader)
    return {"answers": answers, "facts": seen, "late": late}


def main(plan: str, found: str) -> None:
    machine.end_on_signals()
    Path(found).write_text(json.dumps(read(json.loads(Path(plan).read_text()))))


if __name__ == "__main__":
    main(*sys.argv[1:])
