"""What each page costs the database in a large paper, against a small one: python -m bench.scale.

Two papers are made on a throw-away PostgreSQL. SCALE_SMALL and SCALE_LARGE set their sizes as
articles/comments/images, SCALE_ROUNDS how often each page is asked for. Both are asked in turn.

Milliseconds are those that the queries of a page take, of the clock and of the server process's
processor. The clock's say little while the machine has other things to do, so pages are held to
their limit by the processor's.
"""

import json
import logging
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from . import machine
from .report import table

ROOT = Path(__file__).resolve().parents[1]
SMALL = "1000/5000/300"
LARGE = "1000000/10000000/100000"
#: The ratio that no page may exceed, and the difference in milliseconds that is noise.
LIMIT = 1.3
NOISE = 0.2
#: Rounds that fill caches.
WARM_UP = 3
#: What shows more in a larger paper, and so can't cost the same: a line for each file of stories,
#: lists that are counted as far as 200, and searches of which a small paper doesn't fill a page.
GROWS = frozenset(
    {
        "sitemap index",
        "articles, three letters",
        "live articles, three letters",
        "articles, two letters",
        "articles, withdrawn",
    }
)

_addresses = count(1)


@dataclass(frozen=True)
class Visit:
    """One kind of request. `post` makes what is sent, anew each time."""

    name: str
    path: str
    status: int = 200
    post: Callable[[], dict[str, Any]] | None = None
    is_desk: bool = False


class Cost(NamedTuple):
    """What one visit took of the database: queries, and milliseconds."""

    queries: int
    clock: float
    processor: float


def visits() -> list[Visit]:
    """Every public page, list and desk, with addresses that the paper in the database has."""
    from django.contrib.contenttypes.models import ContentType
    from django.urls import reverse
    from django.utils import timezone

    from articles.admin.paging import LongListPaginator
    from articles.listing import Place
    from articles.models import (
        Agency,
        Article,
        Author,
        Edition,
        Image,
        PublicationEvent,
        Section,
        Topic,
    )
    from comments.models import Comment

    live = Edition.objects.live().with_page_relations().newest_first()
    # Stories that show as much of everything in each paper.
    illustrated = live.filter(lead_image__isnull=False).prefetch_related("topics")
    alike = [edition for edition in illustrated[:300] if len(edition.topics.all()) == 1]
    quiet, loud = alike[10], alike[20]
    has_comments(quiet, 5)
    has_comments(loud, 500)
    gone = (
        PublicationEvent.objects.filter(action="withdraw")
        .exclude(article__editions__in=Edition.objects.live())
        .select_related("article")[0]
        .article
    )
    day = gone.published_on
    if day is None:
        raise AssertionError("A withdrawn story keeps its address.")
    at = [day.year, day.month, day.day, gone.slug]
    section = Section.objects.all()[0]
    topic, author, agency = (model.objects.order_by("pk")[0] for model in (Topic, Author, Agency))
    today = timezone.localdate(quiet.first_published_at)
    article = Article.objects.get(pk=loud.article_id)
    comment = Comment.objects.approved().filter(decisions__isnull=False).reverse()[0]
    waiting = Comment.objects.pending()[20]
    words = " ".join(article.headline.split()[:4])
    picture = Image.objects.all()[7].alt
    common = Article.objects.order_by("-pk")[5].headline.split()[0][:3]
    post_to = quiet.get_absolute_url() + "comments/"

    def admin(name: str, *args: Any, model: str = "articles_article", **query: Any) -> str:
        address = reverse(f"admin:{model}_{name}" if model else f"admin:{name}", args=args)
        return f"{address}?{'&'.join(f'{k}={quote(str(v))}' for k, v in query.items())}"

    def picker(field_name: str, term: str = "", model: str = "article") -> str:
        return admin(
            "autocomplete",
            model="",
            app_label="articles",
            model_name=model,
            field_name=field_name,
            term=term,
        )

    def pages(model: Any, size: int, **which: Any) -> int:
        """The last page of a list, as its pager gives it."""
        return LongListPaginator(model.objects.filter(**which), size).num_pages

    articles, images = pages(Article, 50), pages(Image, 40)
    approved = pages(Comment, 25, status="approved")

    def comment_form() -> dict[str, Any]:
        return {
            "comment": f"The ferry is how my children get to school. {secrets.token_hex(8)}",
            "name": "Mira Holt",
            "email": "mira@example.org",
        }

    def decision() -> dict[str, Any]:
        return {"decide": f"approve:{Comment.objects.pending().values_list('pk', flat=True)[0]}"}

    def oldest(section: Any) -> str:
        """The page with the section's oldest stories."""
        place = Place.of(live.filter(section=section).reverse()[10])
        return f"{section.get_absolute_url()}?before={place}"

    queue = {"model": "comments_comment"}
    public = [
        Visit("front page", "/"),
        Visit("section", section.get_absolute_url()),
        Visit("section, its last page", oldest(section)),
        Visit("topic", topic.get_absolute_url()),
        Visit("author", author.get_absolute_url()),
        Visit("agency", agency.get_absolute_url()),
        Visit("archive", reverse("articles:archive")),
        Visit("archive of a year", reverse("articles:archive_year", args=[today.year])),
        Visit(
            "archive of a month", reverse("articles:archive_month", args=[today.year, today.month])
        ),
        Visit(
            "archive of a day",
            reverse("articles:archive_day", args=[today.year, today.month, today.day]),
        ),
        Visit("feed", "/feed.xml"),
        Visit("feed of a section", reverse("articles:section_feed", args=[section.slug, "xml"])),
        Visit("feed of a topic", reverse("articles:topic_feed", args=[topic.slug, "xml"])),
        Visit("feed of an author", reverse("articles:author_feed", args=[author.slug, "xml"])),
        Visit("oEmbed", f"/oembed?url={quote(loud.absolute_url)}"),
        Visit("sitemap index", "/sitemap.xml"),
        Visit("sitemap of the pages", "/sitemaps/pages.xml"),
        Visit("sitemap of the news", "/sitemaps/news.xml"),
        Visit("sitemap of stories", "/sitemaps/stories-0.xml"),
        Visit("article, 5 comments", quiet.get_absolute_url()),
        Visit("article, 500 comments", loud.get_absolute_url()),
        Visit("missing page", "/no/such/page/", 404),
        Visit("missing story", "/2024/02/03/no-such-story/", 404),
        Visit("withdrawn story", reverse("articles:article", args=at), 410),
        Visit("comment's status page", comment.get_status_url()),
        Visit("post a comment", post_to, 303, post=comment_form),
        Visit("post too short a comment", post_to, 422, post=lambda: {"comment": "Short."}),
    ]
    desk = [
        Visit("desk home", admin("index", model="")),
        Visit("articles", admin("changelist")),
        Visit("articles, page 2", admin("changelist", p=2)),
        Visit("articles, last page", admin("changelist", p=articles)),
        *(
            Visit(f"articles, {state}", admin("changelist", state=state))
            for state in Article.State.values
        ),
        Visit("articles of a section", admin("changelist", section__id__exact=section.pk)),
        Visit(
            "live articles of a section",
            admin("changelist", section__id__exact=section.pk, state="live"),
        ),
        Visit("articles, words of a headline", admin("changelist", q=words)),
        Visit("articles, three letters", admin("changelist", q=common)),
        Visit("live articles, three letters", admin("changelist", q=common, state="live")),
        Visit("articles, two letters", admin("changelist", q="zz")),
        Visit("articles, no such word", admin("changelist", q="qqqqqq")),
        Visit("add an article", admin("add")),
        Visit("change an article", admin("change", article.pk)),
        Visit("history of an article", admin("history", article.pk)),
        Visit("publish desk", admin("publish", article.pk)),
        Visit("withdraw desk", admin("withdraw", article.pk)),
        Visit("choose a picture", picker("lead_image")),
        Visit("choose a picture, words", picker("lead_image", picture)),
        Visit("choose a topic", picker("topics")),
        Visit("choose a topic, name", picker("topics", topic.name)),
        Visit("choose an author", picker("author", "", "byline")),
        Visit("choose an author, name", picker("author", author.name, "byline")),
        Visit("choose an agency", picker("agency")),
        Visit("pictures", admin("changelist", model="articles_image")),
        Visit("pictures, last page", admin("changelist", model="articles_image", p=images)),
        Visit("pictures, words", admin("changelist", model="articles_image", q=picture)),
        Visit(
            "change a picture", admin("change", Image.objects.all()[3].pk, model="articles_image")
        ),
        Visit("topics", admin("changelist", model="articles_topic")),
        Visit("authors", admin("changelist", model="articles_author")),
        Visit("comment queue", admin("changelist", **queue)),
        Visit("comment queue, page 2", admin("changelist", p=2, **queue)),
        Visit("approved comments", admin("changelist", status="approved", **queue)),
        Visit(
            "approved comments, last page",
            admin("changelist", status="approved", p=approved, **queue),
        ),
        Visit("comment queue, word", admin("changelist", q=common, **queue)),
        Visit("approved, word", admin("changelist", status="approved", q=common, **queue)),
        Visit("approved, a name", admin("changelist", status="approved", q=comment.name, **queue)),
        Visit("comment with its record", admin("change", comment.pk, **queue)),
        Visit("waiting comment", admin("change", waiting.pk, **queue)),
        Visit("approve a comment", admin("changelist", **queue), 302, post=decision),
    ]
    ContentType.objects.clear_cache()
    return [*public, *(Visit(v.name, v.path, v.status, v.post, is_desk=True) for v in desk)]


def has_comments(edition: Any, number: int) -> None:
    """See to it that a story shows exactly so many comments."""
    from comments.models import Comment
    from tests.factories import COMMENT

    comments = Comment.objects.filter(article=edition.article_id, status="approved")
    surplus = comments.values_list("pk", flat=True)[number:]
    Comment.objects.filter(pk__in=list(surplus)).update(status="rejected")
    Comment.objects.bulk_create(
        Comment(
            article_id=edition.article_id,
            name=f"Reader {place}",
            email="reader@example.org",
            body=COMMENT,
            status=Comment.Status.APPROVED,
        )
        for place in range(number - comments.count())
    )


def clients() -> tuple[Any, Any]:
    """A reader's browser and that of somebody who may do everything at the desk."""
    from django.contrib.auth.models import User
    from django.test import Client

    reader, editor = Client(), Client()
    editor.force_login(User.objects.get(username="loadtest"))
    return reader, editor


def make(visit: Visit, reader: Any, editor: Any) -> None:
    """Ask for the page; raises AssertionError when it answers something else."""
    client = editor if visit.is_desk else reader
    if visit.post is None:
        response = client.get(visit.path)
    else:
        # Each from an address of its own, as nobody may post too much.
        number = next(_addresses)
        address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        response = client.post(
            visit.path, visit.post(), REMOTE_ADDR=address, HTTP_SEC_FETCH_SITE="same-origin"
        )
    if response.status_code != visit.status:
        raise AssertionError(f"{visit.path} answered {response.status_code}.")


def plan() -> dict[str, Callable[[], object]]:
    """What is measured, by its name."""
    from newsroom.pagecache import purge

    reader, editor = clients()
    visited: dict[str, Callable[[], object]] = {
        visit.name: partial(make, visit, reader, editor) for visit in visits()
    }
    # A minute of the clock, as a worker looks it up each second.
    until = time.time_ns() // 1000
    visited["what the clock turned"] = lambda: purge.turned(until - 60_000_000, until)
    return visited


def cost_of(visit: Callable[[], object]) -> Cost:
    """What the queries of one visit take."""
    from django.db import connection

    connection.ensure_connection()
    server = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")

    def ran() -> int:
        """Nanoseconds that the server's process has run for."""
        return int(server.read_text().split()[0]) if server.exists() else 0

    spent: list[int] = []

    def watch(execute: Callable[..., Any], *arguments: Any) -> Any:
        began = time.perf_counter_ns()
        try:
            return execute(*arguments)
        finally:
            spent.append(time.perf_counter_ns() - began)

    before = ran()
    with connection.execute_wrapper(watch):
        visit()
    return Cost(len(spent), sum(spent) / 1e6, (ran() - before) / 1e6)


@contextmanager
def papers(sizes: dict[str, str]) -> Iterator[dict[str, str]]:
    """Databases filled in these sizes; gives their addresses."""
    from tests import postgres

    programs = postgres.binaries()
    if programs is None:
        raise SystemExit("PostgreSQL is not installed.")
    with postgres.cluster(programs) as address:
        addresses = {}
        host = address.partition("?host=")[2]
        if machine.FOLDER in os.environ:
            machine.remember(Path(host).parent)
        for name, size in sizes.items():
            subprocess.run(  # noqa: S603
                [str(programs / "createdb"), "-h", host, "-U", postgres.NAME, name], check=True
            )
            addresses[name] = f"postgres://{postgres.NAME}@/{name}?host={host}"
            articles, comments, images = size.split("/")
            run(addresses[name], "manage.py", "migrate", "--verbosity", "0")
            run(
                addresses[name],
                *("manage.py", "loadtestdata", "--articles", articles),
                *("--comments", comments, "--images", images),
            )
        yield addresses


def command(address: str, *arguments: str) -> dict[str, Any]:
    """How to start Python with the settings of production and this database."""
    environment = {
        **os.environ,
        "DATABASE_URL": address,
        "DEBUG": "0",
        "DJANGO_SETTINGS_MODULE": "newsroom.settings",
        "SECRET_KEY": "only-for-measuring-" + "0" * 40,
        "SITE_URL": "http://testserver",
    }
    for name in ("ALLOWED_HOSTS", "STATIC_ROOT", "TRUSTED_PROXIES"):
        environment.pop(name, None)
    return {"args": [sys.executable, *arguments], "cwd": ROOT, "env": environment, "text": True}


def run(address: str, *arguments: str, **options: Any) -> "subprocess.CompletedProcess[str]":
    """Run Python like that; what it says goes to the terminal's errors."""
    return subprocess.run(
        **{**command(address, *arguments), "check": True, "stdout": sys.stderr, **options}
    )


def main() -> int:
    """Make both papers, measure them in turn, print the table; 1 when a page costs too much."""
    rounds = int(os.environ.get("SCALE_ROUNDS", "15"))
    sizes = {
        "small": os.environ.get("SCALE_SMALL", SMALL),
        "large": os.environ.get("SCALE_LARGE", LARGE),
    }
    with tempfile.TemporaryDirectory(prefix="newsroom-scale-") as folder:
        os.environ["NEWSROOM_DATA"] = folder
        run("", "manage.py", "collectstatic", "--no-input", "--verbosity", "0")
        with papers(sizes) as addresses:
            found = compare(addresses, rounds)
    return report(sizes, found)


def compare(addresses: dict[str, str], rounds: int) -> dict[str, list[dict[str, Cost]]]:
    """So many rounds of each paper, in turn: whatever else the machine does hits them alike."""
    with ExitStack() as stack:
        workers = {
            name: stack.enter_context(
                subprocess.Popen(
                    **command(address, "-m", "bench.scale", "measure"),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                )
            )
            for name, address in addresses.items()
        }
        found: dict[str, list[dict[str, Cost]]] = {name: [] for name in addresses}
        for _round in range(rounds + WARM_UP):
            for name, worker in workers.items():
                if worker.stdin is None or worker.stdout is None:
                    raise AssertionError("A pipe was asked for.")
                print("round", file=worker.stdin, flush=True)
                costs = json.loads(worker.stdout.readline())
                found[name].append({visit: Cost(*cost) for visit, cost in costs.items()})
    return {name: costs[WARM_UP:] for name, costs in found.items()}


def report(sizes: dict[str, str], found: dict[str, list[dict[str, Cost]]]) -> int:
    """Print the table of medians and ratios; 1 when a page costs too much."""

    def median(size: str, name: str, figure: str) -> float:
        return statistics.median(getattr(costs[name], figure) for costs in found[size])

    rows = []
    over = []
    for name, cost in found["small"][-1].items():
        small, large = (median(size, name, "processor") for size in sizes)
        clock = [median(size, name, "clock") for size in sizes]
        ratio = large / max(small, 0.001)
        if name not in GROWS and ratio > LIMIT and large - small > NOISE:
            over.append(name)
        rows.append([name, cost.queries, *clock, small, large, f"{ratio:.2f}"])
    table(
        f"Articles/comments/images: {sizes['small']} against {sizes['large']}",
        ["page", "queries", "clock ms", "large", "processor ms", "large", "ratio"],
        rows,
    )
    print(f"\nMore than {LIMIT} times the small paper's: {', '.join(over) or 'none'}.")
    return int(bool(over))


def _measure() -> int:
    """Answer each line with one round, for `compare`."""
    import django

    django.setup()
    logging.disable(logging.WARNING)
    visited = plan()
    for _line in sys.stdin:
        costs = {name: cost_of(visit) for name, visit in visited.items()}
        print(json.dumps(costs), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(_measure() if sys.argv[1:2] == ["measure"] else main())
