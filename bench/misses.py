"""What a page costs: python -m bench. See bench/README.md for what the numbers mean."""

import logging
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from wsgiref.util import setup_testing_defaults

HOST = "127.0.0.1:8000"
ROUNDS = 7
#: How long one round of one page may take, in seconds of wall time.
ROUND_SECONDS = 0.25
STORIES = 40
COMMENTS = 500

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


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def get(application: Application, page: Page) -> Answer:
    """Send one request through every middleware, as a server would, but over no network."""
    environ: dict[str, Any] = {
        "HTTP_HOST": HOST,
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


def fill() -> tuple[str, str]:
    """Make a paper; returns the address of a story without comments and of one with many."""
    from articles.models import Edition, Section
    from comments.models import Comment
    from tests.factories import (
        BODY,
        COMMENT,
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
    quiet, loud = editions[0], editions[1]
    Comment.objects.bulk_create(
        Comment(
            article=loud.article,
            name=f"Reader {number}",
            email="reader@example.org",
            body=COMMENT,
            status=Comment.Status.APPROVED,
        )
        for number in range(COMMENTS)
    )
    return quiet.get_absolute_url(), loud.get_absolute_url()


@contextmanager
def site() -> Iterator[Application]:
    """The site as in production, on an SQLite database of its own."""
    with tempfile.TemporaryDirectory(prefix="newsroom-bench-") as folder:
        os.environ.update(
            DEBUG="0",
            DATABASE_URL="",
            DJANGO_SETTINGS_MODULE="newsroom.settings",
            NEWSROOM_DATA=folder,
            SECRET_KEY="only-for-measuring-" + "0" * 40,
            SITE_URL=f"http://{HOST}",
        )
        for name in ("ALLOWED_HOSTS", "STATIC_ROOT", "TRUSTED_PROXIES"):
            os.environ.pop(name, None)
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        from newsroom.wsgi import application

        # A line for every missing page would be measured too.
        logging.disable(logging.WARNING)
        yield application


def main() -> int:
    with site() as application:
        print(f"Writing {STORIES} stories and {COMMENTS} comments...", file=sys.stderr)
        quiet, loud = fill()
        nothing = Page("robots.txt", "/robots.txt")
        story = Page("article", quiet)
        pages = [
            nothing,
            Page("front page", "/"),
            story,
            Page(f"article, {COMMENTS} comments", loud),
            Page("missing page", "/no/such/page/", status=404),
        ]
        etag = ""
        for page in pages:
            answer = warm_up(application, page)
            if page is story:
                etag = answer.headers["ETag"]
        again = Page("article, unchanged", quiet, status=304, headers={"HTTP_IF_NONE_MATCH": etag})
        warm_up(application, again)
        pages.append(again)
        # One round of each in turn: whatever else the machine does hits them alike.
        for _ in range(ROUNDS):
            for page in pages:
                measure(application, page)
    unit = statistics.median(nothing.costs)
    print(f"{'page':24}{'bytes':>9}{'queries':>9}{'CPU ms':>9}{'lowest':>9}{'ratio':>8}")
    for page in pages:
        cost = statistics.median(page.costs)
        print(
            f"{page.name:24}{page.size:>9}{page.queries:>9}"
            f"{cost:>9.2f}{min(page.costs):>9.2f}{cost / unit:>8.1f}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
