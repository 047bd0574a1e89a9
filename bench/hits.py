"""What a kept page costs: our server, a bare callable in the same server, and nginx, same bytes.

Every contender answers the same page in turns, so that whatever else the machine does hits them
alike; a ratio is the median of the ratios of each turn.
"""

import argparse
import gzip
import statistics
import time
from base64 import b64encode
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import brotli

from . import machine, nginx, paper, report
from .misses import FEW, fill

if TYPE_CHECKING:
    from articles.models import Edition

_CONNECTIONS = 32


@dataclass
class Contender:
    """A server asked in one coding, and what each turn found."""

    name: str
    server: machine.Server
    path: str
    coding: str
    loads: list[machine.Load] = field(default_factory=list)
    #: CPU milliseconds of a request, in each turn.
    costs: list[float] = field(default_factory=list)

    @property
    def headers(self) -> dict[str, str]:
        return {"Accept-Encoding": paper.BROWSERS[self.coding], "Host": machine.HOST}

    @property
    def cost(self) -> float:
        return statistics.median(self.costs)

    @property
    def rate(self) -> float:
        return statistics.median(load.rate for load in self.loads)

    def take_turn(self, seconds: int) -> None:
        before = self.server.cpu()
        url = f"http://{machine.HOST}:{self.server.port}{self.path}"
        load = machine.wrk(url, seconds=seconds, connections=_CONNECTIONS, headers=self.headers)
        if load.refused or load.broken:
            machine.note(f"{self.name}: {load.refused} refused, {load.broken} broken")
        self.costs.append((self.server.cpu() - before) / load.requests * 1000)
        self.loads.append(load)


def share(part: Contender, whole: Contender) -> float:
    """Requests a second of one for each of the other's."""
    pairs = zip(part.loads, whole.loads, strict=True)
    return statistics.median(one.rate / other.rate for one, other in pairs)


def cheapness(part: Contender, whole: Contender) -> float:
    """How much of the other's processor time the other would need; over 1 is cheaper."""
    pairs = zip(part.costs, whole.costs, strict=True)
    return statistics.median(other / one for one, other in pairs)


def decoded(reply: machine.Reply) -> bytes:
    """The body without its coding."""
    coding = reply.headers.get("content-encoding", "")
    if coding == "br":
        return bytes(brotli.decompress(reply.body))
    return gzip.decompress(reply.body) if coding == "gzip" else reply.body


def age(front: machine.Server, edition: "Edition", number: int) -> float:
    """Seconds for which readers, who keep asking, see the page as it was before a comment."""
    from comments import moderation
    from comments.models import Comment

    words = f"{paper.WORDS} ({number})"
    comment = Comment.objects.create(
        article=edition.article, name="Mira", email="mira@example.org", body=words
    )
    path = edition.get_absolute_url()
    headers = {"Accept-Encoding": paper.BROWSERS["gzip"]}
    by = paper.staff()
    # Changes come at any moment of nginx's seconds.
    end = time.monotonic() + 1.5 + number * 0.37 % 1
    while time.monotonic() < end:
        machine.fetch(front.port, path, headers)
    moderation.approve(comment, by=by)
    changed = time.monotonic()
    while words.encode() not in decoded(machine.fetch(front.port, path, headers)):
        if time.monotonic() > changed + 30:
            return float("inf")
    return time.monotonic() - changed


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench hits")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2, help="of each turn")
    parser.add_argument("--changes", type=int, default=10, help="seen through the microcache")
    options = parser.parse_args()
    machine.program("wrk", "wrk")
    machine.program("nginx", "nginx-light")
    paper.open_site()
    machine.note("Writing stories...")
    _quiet, path, _loud = fill()
    edition = next(each for each in paper.live() if each.get_absolute_url() == path)
    with ExitStack() as stack:
        site = stack.enter_context(machine.granian("newsroom.wsgi:application"))
        answers = []
        for coding in paper.BROWSERS:
            accepted = {"Accept-Encoding": paper.BROWSERS[coding], "Host": machine.HOST}
            with machine.one_to_each_worker(site) as workers:
                replies = [
                    machine.ask(connection, path, accepted) for connection in workers.values()
                ]
            headers = {**replies[-1].headers, "cache-status": "bare"}
            for name in ("date", "server", "connection"):
                headers.pop(name, None)
            body = b64encode(replies[-1].body).decode()
            answers.append((paper.BROWSERS[coding], list(headers.items()), body))
        page = decoded(replies[-1])
        bare = stack.enter_context(
            machine.granian(
                "bench.bare:application",
                env={
                    "BENCH_BARE": str(
                        machine.saved("bare.json", [*answers, ["identity", [], ""], ["", [], ""]])
                    )
                },
                ready="/",
            )
        )
        root = machine.folder() / "files"
        root.mkdir()
        (root / "page.html").write_bytes(page)
        # Compressed as the site does it.
        (root / "page.html.gz").write_bytes(replies[-1].body)
        files = stack.enter_context(nginx.static(root, "/page.html"))
        proxy = stack.enter_context(nginx.in_front_of(site, microcache=False))
        micro = stack.enter_context(nginx.in_front_of(site, microcache=True))
        contenders = {
            (name, coding): Contender(name, server, address, coding)
            for name, server, address, codings in (
                ("bare callable", bare, path, ("br", "gzip")),
                ("our server", site, path, ("br", "gzip")),
                ("nginx, static file", files, "/page.html", ("gzip",)),
                ("ours behind nginx", proxy, path, ("br", "gzip")),
                ("ours behind nginx, microcache", micro, path, ("br", "gzip")),
            )
            for coding in codings
        }
        for contender in contenders.values():
            reply = machine.fetch(contender.server.port, contender.path, contender.headers)
            sent = reply.headers.get("content-encoding")
            if reply.status != 200 or decoded(reply) != page or sent != contender.coding:
                raise SystemExit(f"{contender.name} sends another page: {reply.status} {sent}")
            if contender.server is site and "hit" not in reply.headers["cache-status"]:
                raise SystemExit("The page cache does not keep the page.")
        for turn in range(options.turns):
            machine.note(f"Turn {turn + 1} of {options.turns}...")
            for contender in contenders.values():
                contender.take_turn(options.seconds)
        machine.note("Looking how old the microcache's pages get...")
        ages = [age(micro, edition, number) for number in range(options.changes)]
    limit = contenders["nginx, static file", "gzip"]
    rows = []
    for (name, coding), contender in contenders.items():
        callable_ = contenders["bare callable", coding]
        rows.append(
            [
                name,
                coding,
                contender.cost,
                contender.rate,
                statistics.median(load.p99 for load in contender.loads),
                share(contender, callable_),
                share(contender, limit),
                cheapness(contender, limit),
            ]
        )
    report.table(
        f"The same article with {FEW} comments, {len(page):,} bytes before compression,"
        f" medians of {options.turns} turns, {_CONNECTIONS} connections",
        [
            "server",
            "coding",
            "CPU ms",
            "requests/s",
            "p99 ms",
            "of bare",
            "of nginx",
            "of nginx, CPU",
        ],
        rows,
    )
    for coding in ("br", "gzip"):
        ours, callable_ = contenders["our server", coding], contenders["bare callable", coding]
        report.verdict(f"a hit in {coding}, CPU ms", ours.cost, most=0.05)
        report.verdict(
            f"a hit in {coding} of the bare callable, requests/s", share(ours, callable_), least=0.7
        )
        report.verdict(
            f"a hit in {coding} of the bare callable, CPU time",
            cheapness(ours, callable_),
            least=0.7,
        )
    behind = contenders["ours behind nginx, microcache", "gzip"]
    report.verdict("microcache of nginx's static file, requests/s", share(behind, limit), least=0.7)
    report.verdict(
        "microcache of nginx's static file, CPU time", cheapness(behind, limit), least=0.7
    )
    # It answers in whole seconds, and the page is rendered in between.
    report.verdict("age of the microcache's page, longest of some, s", max(ages), most=2.1)
    return 0
