"""What a page costs that has to be rendered: straight through the WSGI application."""

import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from wsgiref.util import setup_testing_defaults

from . import machine, paper, report

ROUNDS = 7
#: How long one round of one page may take, in seconds of wall time.
ROUND_SECONDS = 0.25
STORIES = 40
FEW, MANY = 5, 500

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass
class Page:
    """One kind of request, and what it was found to cost."""

    name: str
    path: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    size: int = 0
    queries: int = 0
    #: CPU milliseconds of one request, in each round.
    costs: list[float] = field(default_factory=list)

    @property
    def cost(self) -> float:
        return statistics.median(self.costs)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def get(application: Application, page: Page) -> Answer:
    """Send one request through every middleware, as a server would, but over no network."""
    environ: dict[str, Any] = {
        "HTTP_HOST": paper.SITE,
        "PATH_INFO": page.path,
        "REMOTE_ADDR": "127.0.0.1",
        **page.headers,
    }
    setup_testing_defaults(environ)
    started: list[Any] = []
    response = application(environ, lambda *arguments: started.extend(arguments))
    try:
        body = b"".join(response)
    finally:
        if hasattr(response, "close"):
            response.close()
    return Answer(int(started[0].split()[0]), dict(started[1]), body)


def warm_up(application: Application, page: Page) -> Answer:
    """Ask once for what is compiled and loaded the first time, once more to look at the answer."""
    from django.db import connection

    get(application, page)
    asked: list[str] = []

    def count(execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
        asked.append(sql)
        return execute(sql, *arguments)

    with connection.execute_wrapper(count):
        answer = get(application, page)
    if answer.status != page.status:
        raise SystemExit(f"{page.path} answered {answer.status} instead of {page.status}.")
    page.size, page.queries = len(answer.body), len(asked)
    return answer


def measure(application: Application, page: Page) -> None:
    """Add one round: as many requests as fit, and what one of them took of the processor."""
    number = 0
    end = time.perf_counter() + ROUND_SECONDS
    began = time.process_time_ns()
    while number < 5 or time.perf_counter() < end:
        get(application, page)
        number += 1
    page.costs.append((time.process_time_ns() - began) / number / 1e6)


def fill() -> tuple[str, str, str]:
    """Make a paper; returns the addresses of stories without, with some and with many comments."""
    from articles.models import Edition, Section
    from tests.factories import (
        BODY,
        make_author,
        make_editor,
        make_image,
        make_section,
        publish_article,
    )

    editor, author, picture = make_editor(), make_author(), make_image()
    for accent in Section.Accent.values:
        make_section(accent.title(), accent=accent)
    sections = list(Section.objects.all())
    editions: list[Edition] = [
        publish_article(
            by=editor,
            section=sections[number % len(sections)],
            authors=[author],
            lead_image=picture,
            body=BODY * 10,
        )
        for number in range(STORIES)
    ]
    quiet, usual, loud = editions[:3]
    paper.comment_on(usual.article, FEW)
    paper.comment_on(loud.article, MANY)
    return quiet.get_absolute_url(), usual.get_absolute_url(), loud.get_absolute_url()


def main() -> int:
    # Without its page cache the site renders every page.
    paper.open_site(PAGE_CACHE_MB="0")
    from newsroom.wsgi import application

    machine.note(f"Writing {STORIES} stories...")
    quiet, usual, loud = fill()
    nothing = Page("robots.txt", "/robots.txt")
    story = Page(f"article, {FEW} comments", usual)
    many = Page(f"article, {MANY} comments", loud)
    front = Page("front page", "/")
    pages = [
        nothing,
        front,
        Page("article", quiet),
        story,
        many,
        Page("missing page", "/no/such/page/", status=404),
    ]
    etag = ""
    for page in pages:
        answer = warm_up(application, page)
        if page is story:
            etag = answer.headers["ETag"]
    again = Page("article, unchanged", usual, status=304, headers={"HTTP_IF_NONE_MATCH": etag})
    warm_up(application, again)
    pages.append(again)
    # One round of each in turn: whatever else the machine does hits them alike.
    for _ in range(ROUNDS):
        for page in pages:
            measure(application, page)
    unit = statistics.median(nothing.costs)
    report.table(
        "Rendering, SQLite, one process",
        ["page", "bytes", "queries", "CPU ms", "lowest", "ratio"],
        [
            [page.name, page.size, page.queries, page.cost, min(page.costs), page.cost / unit]
            for page in pages
        ],
    )
    report.verdict(f"{story.name}, CPU ms", story.cost, most=5.0)
    report.verdict(f"{many.name}, CPU ms", many.cost, most=15.0)
    report.verdict("front page, CPU ms", front.cost, most=8.0)
    report.verdict("queries of a page", max(page.queries for page in pages), most=6)
    return 0
