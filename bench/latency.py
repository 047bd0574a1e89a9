"""From a change to its being visible, on the same machine and on another one.

The clock starts just before `moderation.approve` or `publishing.publish` is called in this process
and stops when every worker of the other server has shown the change. The other machine is a server
with counters of its own, which hears of changes from PostgreSQL alone.
"""

import argparse
import http.client
import secrets
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

from . import machine, paper, report

#: Longer than this, and the change is taken for lost.
_PATIENCE = 10.0


@dataclass
class Seen:
    """What the rounds of one kind of change in one place have found."""

    #: Milliseconds until the first worker has shown the change, and until all have.
    first: list[float] = field(default_factory=list)
    all: list[float] = field(default_factory=list)
    #: Of these, until the verb had returned.
    verb: list[float] = field(default_factory=list)
    #: And from then until all workers have shown it.
    after: list[float] = field(default_factory=list)
    #: Answers without the change, asked for after the verb had returned.
    older: int = 0
    lost: int = 0

    def take(
        self,
        change: Callable[[], object],
        path: str,
        words: bytes,
        workers: list[http.client.HTTPConnection],
    ) -> None:
        """Make the change, and ask each worker for the page until it shows the words."""
        for worker in workers:
            if words in machine.ask(worker, path).body:
                raise SystemExit(f"{path} shows a change before it is made.")
        began = time.perf_counter()
        change()
        self.verb.append((time.perf_counter() - began) * 1000)
        at: list[float] = []
        for worker in workers:
            while True:
                shows = words in machine.ask(worker, path).body
                passed = time.perf_counter() - began
                if shows:
                    at.append(passed * 1000)
                    break
                self.older += 1
                if passed > _PATIENCE:
                    self.lost += 1
                    break
        if at:
            self.first.append(at[0])
            self.all.append(at[-1])
            self.after.append(at[-1] - self.verb[-1])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench latency")
    parser.add_argument("--rounds", type=int, default=300, help="of each kind in each place")
    options = parser.parse_args()
    with ExitStack() as stack:
        paper.open_site(stack.enter_context(paper.postgres()).address)
        paper.fill(1000, 5000)
        from articles import publishing
        from articles.models import Article
        from comments import moderation
        from comments.models import Comment
        from newsroom.interpreter import prepare_to_serve
        from tests.factories import make_article

        # What changes things is a server process too.
        prepare_to_serve()
        by = paper.staff()
        here = stack.enter_context(machine.granian("newsroom.wsgi:application"))
        counters = {"PAGE_CACHE_FOLDER": str(machine.folder() / "there")}
        there = stack.enter_context(machine.granian("newsroom.wsgi:application", env=counters))
        places = {"same machine": here, "another machine": there}
        seen = {
            (kind, place): Seen() for kind in ("approve", "publish", "correct") for place in places
        }
        # All stand on the front page. What is published there is one of ten, so that some stay.
        stories = paper.live(40)
        fresh = [make_article() for _ in range(options.rounds * len(places))]
        # One place after the other: on the other machine nobody works for this one's readers.
        for place, server in places.items():
            workers = list(stack.enter_context(machine.one_to_each_worker(server)).values())
            for number in range(options.rounds):
                edition = stories[number % len(stories)]
                words = f"Since {secrets.token_hex(8)}: {paper.WORDS}"
                comment = Comment.objects.create(
                    article_id=edition.article_id, name="Mira", email="m@example.org", body=words
                )
                path = edition.get_absolute_url()
                seen["approve", place].take(
                    lambda comment=comment: moderation.approve(comment, by=by),  # type: ignore[misc]
                    path,
                    words.encode(),
                    workers,
                )
                edition = stories[number % 10]
                article = Article.objects.get(pk=edition.article_id)
                article.headline = article.short_title = f"Corrected {secrets.token_hex(8)}"
                article.save()
                seen["correct", place].take(
                    lambda article=article: publishing.publish(article, by=by),  # type: ignore[misc]
                    edition.get_absolute_url(),
                    article.headline.encode(),
                    workers,
                )
                article = fresh.pop()
                article.headline = article.short_title = f"Published {secrets.token_hex(8)}"
                article.save()
                seen["publish", place].take(
                    lambda article=article: publishing.publish(article, by=by),  # type: ignore[misc]
                    "/",
                    article.headline.encode(),
                    workers,
                )
        report.table(
            f"Milliseconds until a change is shown by both workers, {options.rounds} rounds",
            [
                "change, seen from",
                "verb p50",
                "first p50",
                "p50",
                "p99",
                "longest",
                "of it after the verb, p50",
                "p99",
                "older answers",
                "lost",
            ],
            [
                [
                    f"{kind}, {place}",
                    report.percentile(found.verb, 0.5),
                    report.percentile(found.first, 0.5),
                    report.percentile(found.all, 0.5),
                    report.percentile(found.all, 0.99),
                    max(found.all, default=0.0),
                    report.percentile(found.after, 0.5),
                    report.percentile(found.after, 0.99),
                    found.older,
                    found.lost,
                ]
                for (kind, place), found in seen.items()
            ],
        )
        for (kind, place), found in seen.items():
            most = 20.0 if place == "same machine" else 200.0
            report.verdict(
                f"{kind}, {place}, p99 ms", report.percentile(found.all, 0.99), most=most
            )
        stale = sum(
            found.older for (_kind, place), found in seen.items() if place == "same machine"
        )
        report.verdict("older answers after a commit, same machine", stale, most=0)
    return 0
