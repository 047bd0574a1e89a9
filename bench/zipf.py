"""Ten thousand stories read by popularity, while comments are posted and approved.

Cold is the first seconds of a site that has kept nothing; warm the same after each page was
visited. A worker's memory holds only a part of so many pages; the rest comes from the disk.
"""

import argparse
import threading
import time
from contextlib import ExitStack
from pathlib import Path

from . import machine, paper, report

_DRAWS = 200_000
_CONNECTIONS = 32


class Comments(threading.Thread):
    """Posts comments through the site and approves them in this process, so many a second."""

    def __init__(self, port: int, paths: dict[int, str], each_second: float, seed: int) -> None:
        super().__init__(daemon=True)
        self.by = paper.staff()
        self.seed = seed
        self.port = port
        self.paths = paths
        self.pause = 1 / each_second
        self.places = paper.zipf(len(paths), _DRAWS, seed)
        self.posted = self.approved = self.refused = 0
        self._ending = threading.Event()

    def run(self) -> None:
        from django.db import connection

        from comments import moderation
        from comments.models import Comment

        articles = list(self.paths)
        following = time.monotonic()
        for number, place in enumerate(self.places):
            following += self.pause
            if self._ending.wait(max(0.0, following - time.monotonic())):
                break
            words = f"{paper.WORDS} ({self.seed}, {number})"
            answer = paper.post(self.port, self.paths[articles[place]], words)
            if answer.status != 303:
                self.refused += 1
                continue
            self.posted += 1
            comment = Comment.objects.get(article=articles[place], body=words)
            moderation.approve(comment, by=self.by)
            self.approved += 1
        connection.close()

    def stop(self) -> None:
        self._ending.set()
        self.join()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench zipf")
    parser.add_argument("--stories", type=int, default=10_000)
    parser.add_argument("--seconds", type=int, default=15, help="of each measurement")
    parser.add_argument("--comments", type=float, default=5.0, help="a second")
    options = parser.parse_args()
    machine.program("wrk", "wrk")
    with ExitStack() as stack:
        paper.open_site(stack.enter_context(paper.postgres()).address)
        paper.fill(options.stories * 105 // 100, options.stories * 5)
        stories = {
            edition.article_id: edition.get_absolute_url()
            for edition in paper.live(options.stories)
        }
        paths = list(stories.values())
        server = stack.enter_context(machine.granian("newsroom.wsgi:application"))
        rows: list[list[object]] = []

        def measure(name: str, seed: int) -> machine.Load:
            drawn: Path = machine.folder() / f"paths-{seed}"
            order = paper.zipf(len(paths), _DRAWS, seed)
            drawn.write_text("".join(f"{paths[place]}\n" for place in order))
            comments = Comments(server.port, stories, options.comments, seed)
            comments.start()
            before, used = machine.counted(server.port), server.cpu()
            load = machine.wrk(
                f"http://{machine.HOST}:{server.port}",
                seconds=options.seconds,
                connections=_CONNECTIONS,
                headers={"Accept-Encoding": paper.BROWSERS["br"]},
                script=Path(__file__).with_name("zipf.lua"),
                env={"BENCH_PATHS": str(drawn)},
            )
            used = server.cpu() - used
            after = machine.counted(server.port)
            comments.stop()
            gained = {name: after[name] - before[name] for name in after}
            share = gained["hits_total"] / max(1, gained["hits_total"] + gained["misses_total"])
            rows.append(
                [
                    name,
                    load.rate,
                    used / load.requests * 1000,
                    load.p99,
                    share * 100,
                    load.refused + load.broken,
                    comments.approved,
                    comments.refused,
                ]
            )
            return load

        machine.note("Reading from cold...")
        cold = measure("from cold", 1)
        machine.note("Visiting every page once...")
        began = time.monotonic()
        refused = paper.visit(server.port, paths, paper.BROWSERS["br"])
        machine.note(f"{time.monotonic() - began:.0f} s, {refused} not answered 200")
        warm = measure("warm", 5)
        report.table(
            f"Zipf (s=1) over {len(paths):,} stories, {_CONNECTIONS} connections",
            ["cache", "requests/s", "CPU ms", "p99 ms", "hits %", "failed", "comments", "refused"],
            rows,
        )
        report.verdict("from cold, requests/s", cold.rate, least=400.0)
        report.verdict("warm, requests/s", warm.rate, least=5000.0)
    return 0
