"""What a page of search results costs PostgreSQL in a large paper: python -m bench.search.

SEARCH_SIZE sets how many stories are made (1,000,000 unless set), SEARCH_QUESTIONS how many
questions of each kind are asked. With DATABASE_URL set, the paper that is there is asked instead.
"""

import logging
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from .scale import papers, run

SIZE = "1000000"
QUESTIONS = "60"
#: A paper has far more words than the made-up ones: misspelt words are compared with so many.
WORDS = 300_000
#: The longest that 19 of 20 pages may keep the database busy, in milliseconds.
LIMIT = 50.0


def questions(number: int, seed: int = 1) -> dict[str, list[dict[str, str]]]:
    """So many questions of each kind, made of words that the paper has."""
    from articles.models import Edition, Section

    draw = random.Random(seed)
    live = Edition.objects.live().order_by("pk")
    first, last = live.values_list("pk", flat=True)[0], live.reverse().values_list("pk")[0][0]
    stories: list[Edition] = []
    while len(stories) < number:
        story = live.filter(pk__gte=draw.randint(first, last)).first()
        if story is not None:
            stories.append(story)
    sections = list(Section.objects.values_list("slug", flat=True))
    words = [word for story in stories for word in story.headline.lower().split()]

    def ask(make: Callable[[Any], dict[str, str]]) -> list[dict[str, str]]:
        return [make(story) for story in stories]

    def title(story: Any) -> list[str]:
        return story.headline.lower().split()

    def body(story: Any) -> list[str]:
        text = story.body_html.replace("<p>", " ").replace("</p>", " ").replace(".", "").lower()
        found = text.split()
        start = draw.randrange(max(1, len(found) - 3))
        return found[start : start + 3]

    def misspelt(word: str) -> str:
        place = draw.randrange(1, len(word))
        return f"{word[:place]}q{word[place:]}"

    return {
        "one word": ask(lambda s: {"q": draw.choice(title(s))}),
        "one word, newest first": ask(lambda s: {"q": draw.choice(title(s)), "order": "newest"}),
        "any word": ask(lambda s: {"q": draw.choice(words)}),
        "two words": ask(lambda s: {"q": " ".join(draw.sample(title(s), 2))}),
        "three words of a text": ask(lambda s: {"q": " ".join(body(s))}),
        "phrase of a text": ask(lambda s: {"q": f'"{" ".join(body(s))}"'}),
        "whole title": ask(lambda s: {"q": s.short_title}),
        "word in a section": ask(
            lambda s: {"q": draw.choice(title(s)), "section": draw.choice(sections)}
        ),
        "word of an author": ask(
            lambda s: {"q": draw.choice(title(s)), "author": s.bylines[0]["slug"]}
        ),
        "word of a month": ask(
            lambda s: {
                "q": draw.choice(title(s)),
                "since": f"{s.first_published_at:%Y-%m-01}",
                "until": f"{s.first_published_at:%Y-%m-28}",
            }
        ),
        "word but not another": ask(
            lambda s: {"q": f"{draw.choice(title(s))} -{draw.choice(words)}"}
        ),
        "section, newest first": ask(lambda s: {"section": draw.choice(sections)}),
        "misspelt word": ask(lambda s: {"q": misspelt(draw.choice(words))}),
        "words that never meet": ask(lambda s: {"q": f"{draw.choice(words)} {misspelt('qqqqqq')}"}),
    }


def measure(number: int) -> dict[str, list[tuple[float, float]]]:
    """The database's milliseconds for each page of each kind, of the clock and of the processor.

    The server runs on this machine; what its process took of the processor says what a page costs
    while other programs keep it waiting.
    """
    from django.db import connection
    from django.test import Client

    client = Client()
    costs: dict[str, list[tuple[float, float]]] = {}
    connection.ensure_connection()
    server = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")

    def processor() -> int:
        """Nanoseconds that the server's process has run for."""
        return int(server.read_text().split()[0]) if server.exists() else 0

    def visit(query: dict[str, str]) -> tuple[float, float]:
        spent: list[int] = []
        ran = processor()

        def watch(execute: Callable[..., Any], *arguments: Any) -> Any:
            began = time.perf_counter_ns()
            try:
                return execute(*arguments)
            finally:
                spent.append(time.perf_counter_ns() - began)

        with connection.execute_wrapper(watch):
            response = client.get(f"/search/?{urlencode(query)}")
        if response.status_code != 200:
            raise AssertionError(f"{query} answered {response.status_code}.")
        return sum(spent) / 1e6, (processor() - ran) / 1e6

    asked = questions(number)
    for _round in range(2):
        # The first round warms up.
        for kind, queries in asked.items():
            costs[kind] = [visit(query) for query in queries]
    # The pages that follow the first one, as deep as there is time for.
    from articles import search

    for order in ("best", "newest"):
        found = []
        for query in asked["one word"][:10]:
            token = ""
            for _page in range(8):
                found.append(visit({**query, "order": order, "after": token}))
                token = search.search(query["q"], order=order, after=token).next
                if not token:
                    break
        costs[f"later pages, {order}"] = found
    return costs


def main() -> int:
    """Make the paper and ask; 1 when a page takes longer than it may."""
    if os.environ.get("DATABASE_URL") is None or sys.argv[1:] != ["measure"]:
        with tempfile.TemporaryDirectory(prefix="newsroom-search-") as folder:
            os.environ["NEWSROOM_DATA"] = folder
            run("", "manage.py", "collectstatic", "--no-input", "--verbosity", "0")
            address = os.environ.get("DATABASE_URL")
            if address:
                return run(address, "-m", "bench.search", "measure", stdout=None).returncode
            size = os.environ.get("SEARCH_SIZE", SIZE)
            with papers({"search": f"{size}/0/1000"}) as addresses:
                run(addresses["search"], "-m", "bench.search", "measure", stdout=None)
        return 0
    import django

    django.setup()
    from django.db import connection

    from articles.models import SearchDocument, SearchWord

    logging.disable(logging.WARNING)
    draw = random.Random(1)
    letters = "abcdefghijklmnoprstuvwyz"
    missing = WORDS - SearchWord.objects.count()
    made = ["".join(draw.choices(letters, k=draw.randint(5, 11))) for _ in range(max(0, missing))]
    SearchWord.objects.bulk_create(map(SearchWord, made), batch_size=5000, ignore_conflicts=True)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) articles_searchword")
        cursor.execute("SELECT pg_total_relation_size('articles_searchdocument') / 1e6")
        (megabytes,) = cursor.fetchone()
    costs = measure(int(os.environ.get("SEARCH_QUESTIONS", QUESTIONS)))
    print(f"{SearchDocument.objects.count():,} documents, {megabytes:,.0f} MB with their indexes")
    print(f"{'':28}{'queries (ms)':^27}{'processor (ms)':^27}")
    print(f"{'':28}" + f"{'median':>9}{'p95':>9}{'most':>9}" * 2)
    together = [cost for found in costs.values() for cost in found]
    p95 = 0.0
    for kind, found in [*costs.items(), ("all of them", together)]:
        line = f"{kind:28}"
        for spent in zip(*found, strict=True):
            p95 = statistics.quantiles(spent, n=20)[-1]
            line += f"{statistics.median(spent):>9.1f}{p95:>9.1f}{max(spent):>9.1f}"
        print(line)
    # Of the processor, as no other program changes that.
    return 1 if p95 > LIMIT else 0


if __name__ == "__main__":
    sys.exit(main())
