"""The database killed while readers read: what every worker answers, and how all heals.

Pages are visited by one worker each; then PostgreSQL is killed with SIGKILL and stays away. In that
time each worker is asked for each page, readers go on reading, comments are sent, and the moment
of a scheduled story passes. Afterwards it is started again, and nobody lifts a finger.
"""

import argparse
import datetime
import html
import http.client
import secrets
import statistics
import threading
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import cycle
from random import Random

from . import machine, paper, report
from .replay import Readers

#: How long the site may take to heal before the part gives up on it, in seconds.
_PATIENCE = 90.0
_EVERY = 0.05
_SWEEP_PAUSE = 0.01


@dataclass
class Sweep(threading.Thread):
    """Asks one worker for page after page, and over again, until the time is over."""

    worker: http.client.HTTPConnection
    paths: list[str]
    until: float
    statuses: Counter[int] = field(default_factory=Counter)
    #: Milliseconds of each answer.
    took: list[float] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        for path in cycle(self.paths):
            if time.monotonic() > self.until:
                break
            began = time.perf_counter()
            try:
                status = machine.ask(self.worker, path).status
            except OSError:
                status = 0
                self.worker.close()
            self.took.append((time.perf_counter() - began) * 1000)
            self.statuses[status] += 1
            self.asked[path] += 1
            time.sleep(_SWEEP_PAUSE)


def is_kept(reply: machine.Reply, words: str) -> bool:
    """Whether the answer gives the words back in a form that can be sent again."""
    page = html.unescape(reply.body.decode())
    return f"{words}</textarea>" in page.replace("\n", "") and "<form" in page


def heal(server: machine.Server, paths: list[str], news: bytes) -> dict[str, float]:
    """Seconds until each worker renders again and a comment is taken; infinite when never.

    The first of the pages must show the news, the second must be a story.
    """
    began = time.monotonic()
    healed: dict[str, float] = {}
    with machine.one_to_each_worker(server) as workers:
        waiting = {f"pages, worker {n}": each for n, each in enumerate(workers.values(), 1)}
        is_posted = False
        while (waiting or not is_posted) and time.monotonic() < began + _PATIENCE:
            for name, worker in list(waiting.items()):
                replies = [machine.ask(worker, path) for path in paths]
                if news in replies[0].body and all(
                    reply.status == 200 and "fwd=stale" not in reply.headers.get("cache-status", "")
                    for reply in replies
                ):
                    healed[name] = time.monotonic() - began
                    del waiting[name]
            if not is_posted:
                words = f"{paper.WORDS} ({secrets.token_hex(4)})"
                is_posted = paper.post(server.port, paths[1], words).status == 303
                if is_posted:
                    healed["posting"] = time.monotonic() - began
            time.sleep(_EVERY)
    for name in waiting:
        healed[name] = float("inf")
    if not is_posted:
        healed["posting"] = float("inf")
    return healed


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench outage")
    parser.add_argument("--away", type=float, default=60.0, help="seconds without a database")
    parser.add_argument("--pages", type=int, default=500)
    parser.add_argument("--rate", type=float, default=300.0, help="views a second")
    options = parser.parse_args()
    before, after = 5.0, 20.0
    with ExitStack() as stack:
        cluster = stack.enter_context(paper.postgres())
        paper.open_site(cluster.address)
        paper.fill(max(1000, options.pages * 2), 5000)
        from articles import publishing
        from articles.models import Article, Section
        from comments import moderation
        from comments.models import Comment

        by = paper.staff()
        paths = ["/", *(section.get_absolute_url() for section in Section.objects.all())]
        paths += [edition.get_absolute_url() for edition in paper.live(options.pages - len(paths))]
        server = stack.enter_context(machine.granian("newsroom.wsgi:application"))
        workers = list(stack.enter_context(machine.one_to_each_worker(server)).values())
        machine.note(f"Visiting {len(paths):,} pages, each through one worker...")
        for number, path in enumerate(paths):
            machine.ask(workers[number % len(workers)], path)
        chance = Random(5)
        span = before + options.away + after
        moments = sorted(chance.random() * span for _ in range(int(options.rate * span)))
        begin = time.time() + 2
        # Its moment comes while nobody can look up what it changes.
        at = datetime.datetime.fromtimestamp(begin + before + options.away / 3, datetime.UTC)
        coming = Article.objects.filter(editions__isnull=True)[0]
        coming.short_title = coming.headline = f"Scheduled {secrets.token_hex(8)}"
        coming.save()
        publishing.schedule(coming, by=by, at=at)
        plan = {
            "port": server.port,
            "paths": paths,
            "schedule": [(at, chance.randrange(len(paths))) for at in moments],
            "accepted": paper.BROWSERS["br"],
            "begin": begin,
        }
        readers = Readers(stack, "readers", plan)
        time.sleep(begin + before - time.time())
        machine.note(f"Killing PostgreSQL for {options.away:.0f} s...")
        counted = machine.counted(server.port)
        cluster.kill()
        killed_at = time.time_ns()
        until = time.monotonic() + options.away
        sweeps = [Sweep(worker, chance.sample(paths, len(paths)), until) for worker in workers]
        for sweep in sweeps:
            sweep.start()
        posts: list[tuple[float, machine.Reply, str]] = []
        while time.monotonic() < until:
            words = f"{paper.WORDS} “{secrets.token_hex(4)}” & <so> on"
            began = time.perf_counter()
            reply = paper.post(server.port, paths[-1], words, timeout=60)
            posts.append(((time.perf_counter() - began) * 1000, reply, words))
            time.sleep(min(2.0, max(0.0, until - time.monotonic())))
        for sweep in sweeps:
            sweep.join()
        machine.note("Starting PostgreSQL again...")
        cluster.start()
        back_at = time.time_ns()
        healed = heal(
            server, [paths[0], paths[-1], paths[len(paths) // 2]], coming.headline.encode()
        )
        found = readers.wait()
        stale = machine.counted(server.port)["stale_total"] - counted["stale_total"]

        # The desk's own process has lost its connections too.
        from django.db import connection

        connection.close()
        words = f"{paper.WORDS} ({secrets.token_hex(8)})"
        status = paper.post(server.port, paths[-1], words).status
        comment = Comment.objects.filter(body=words).first()
        shown = False
        if comment is not None:
            moderation.approve(comment, by=by)
            with machine.one_to_each_worker(server) as fresh:
                shown = all(
                    words in machine.ask(worker, paths[-1]).body.decode()
                    for worker in fresh.values()
                )
    rows: list[list[object]] = []

    def row(name: str, statuses: Counter[int], took: list[float]) -> None:
        rows.append(
            [
                name,
                sum(statuses.values()),
                sum(statuses.values()) - statuses[200],
                report.percentile(took, 0.5),
                report.percentile(took, 0.99),
                max(took, default=0.0),
            ]
        )

    for number, sweep in enumerate(sweeps, 1):
        row(
            f"worker {number}, {len(sweep.asked)} of {len(paths)} pages, away",
            sweep.statuses,
            sweep.took,
        )
    spans = {
        "readers, before": (0, killed_at),
        "readers, away": (killed_at, back_at),
        "readers, afterwards": (back_at, time.time_ns()),
    }
    for name, (since, end) in spans.items():
        answers = [answer for answer in found["answers"] if since <= answer[1] < end]
        row(name, Counter(answer[3] for answer in answers), [each[2] / 1e6 for each in answers])
    report.table(
        f"PostgreSQL away for {options.away:.0f} s, {options.rate:.0f} views a second",
        ["who asks", "answers", "not 200", "p50 ms", "p99 ms", "longest"],
        rows,
    )
    refused = Counter(reply.status for _took, reply, _words in posts)
    kept = sum(reply.status == 503 and is_kept(reply, words) for _took, reply, words in posts)
    slowest = statistics.median(took for took, _reply, _words in posts)
    print(
        f"\nComments sent meanwhile: {dict(refused)}, words kept in {kept}, {slowest:.0f} ms each"
    )
    print(f"Answers from older copies: {stale:,}")
    print(f"Requests sent late, p99: {report.percentile(found['late'], 0.99) * 1000:.0f} ms")
    for name, seconds in healed.items():
        print(f"Healed after {seconds:.1f} s: {name}")
    missed = sum(len(set(paths) - set(sweep.asked)) for sweep in sweeps)
    wrong = sum(sum(sweep.statuses.values()) - sweep.statuses[200] for sweep in sweeps)
    wrong += sum(answer[3] != 200 for answer in found["answers"])
    report.verdict("answers other than 200 to readers", wrong, most=0)
    report.verdict("pages that a worker could not be asked for in time", missed, most=0)
    report.verdict("comments not answered 503 with their words", len(posts) - kept, most=0)
    report.verdict("seconds until all is healed", max(healed.values()), most=_PATIENCE)
    stored = status == 303 and comment is not None and shown
    report.verdict("comments lost that were posted afterwards", int(not stored), most=0)
    return 0
