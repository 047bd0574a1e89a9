"""Search with PostgreSQL's full text: vectors with a GIN index each.

A GIN index gives all matches in no order, which are too many when a word is common. So a vector
also holds the month and the year of the story as lexemes of their own, and common words are asked
for together with those of one stretch of time after the other, from the newest back, until enough
are found. The index puts both together. Section and authors are lexemes too.
"""

# Names of tables are put into statements; what is asked for never is.
# ruff: noqa: S608

import datetime
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from django.db import connection

from .engine import (
    NEWEST_RANKED,
    TITLES_RANKED,
    Document,
    Matches,
    Place,
    Query,
    score,
)
from .language import stemmer
from .snippets import START, STOP
from .words import BREAK

TABLE = "articles_searchdocument"
WORDS = "articles_searchword"
#: Up to so many matches, as the planner estimates them, are looked up at once. Of phrases it is a
#: tenth, as the index gives all stories with their words, whose vectors must then be read.
_FEW = 1_000
#: Bodies, nothing, leads, titles.
_WEIGHTS = "{0.1, 0.1, 0.4, 1.0}"
_SIMILAR = 20

#: The vectors of one row: `title`, `lead` and `body` are folded words, `marks` plain lexemes.
#: Titles are in there without their stemmer too, for questions of words that it leaves out.
_TITLE = f"to_tsvector(stemmer::regconfig, title) || to_tsvector('simple', '{BREAK} ' || title)"
TITLE_VECTOR = f"{_TITLE} || array_to_tsvector(marks)"
VECTOR = (
    f"setweight({_TITLE}, 'A')"
    f" || setweight(to_tsvector(stemmer::regconfig, '{BREAK} ' || lead), 'B')"
    f" || to_tsvector(stemmer::regconfig, '{BREAK} ' || body) || array_to_tsvector(marks)"
)


class _Asked:
    """A question in PostgreSQL's notation."""

    def __init__(self, query: Query) -> None:
        self.stemmer = stemmer()
        forms = _forms(self.stemmer, tuple(term.text for term in query.terms))
        if query.included and not any(forms[term.text][0] for term in query.included):
            # Nothing but words that the stemmer leaves out: titles hold them as they are.
            self.stemmer = "simple"
        place = 0 if self.stemmer != "simple" else 1
        wanted = [form for term in query.included if (form := forms[term.text][place])]
        self.words = (" | " if query.is_any else " & ").join(f"({form})" for form in wanted)
        unwanted = [form for term in query.excluded if (form := forms[term.text][place])]
        #: What must be in a story besides its words, and what must not.
        self._others = [*(f"!({form})" for form in unwanted), *_filters(query)]

        #: Whether its terms say nothing to PostgreSQL.
        self.is_hopeless = bool(query.included) and not self.words

    def within(self, marks: str = "") -> str:
        parts = [f"({self.words})"] if self.words else []
        return " & ".join([*parts, *self._others, *([f"({marks})"] if marks else [])])


def best(query: Query) -> Matches:
    with connection.cursor() as cursor:
        asked = _Asked(query)
        if asked.is_hopeless:
            return Matches([], 0, is_total=True)
        # Phrases say better what is meant, and take longer to find.
        number = NEWEST_RANKED // 3 if query.has_phrase else NEWEST_RANKED
        rows, total, is_total = _newest(cursor, "search", asked, query, None, number)
        found = {pk for pk, _moment in rows}
        if not is_total or len(found) < total:
            titles, _total, _is = _newest(cursor, "title_search", asked, query, None, TITLES_RANKED)
            found |= {pk for pk, _moment in titles}
        cursor.execute(
            "SELECT edition_id, ts_rank(%s, search, %s::tsquery, 1),"
            " extract(epoch FROM first_published_at)::float8"
            f" FROM {TABLE} WHERE edition_id = ANY(%s)",
            [_WEIGHTS, asked.words, sorted(found)],
        )
        places = [Place(score(rank, epoch), pk) for pk, rank, epoch in cursor.fetchall()]
    places.sort(key=lambda place: (place.value, place.pk), reverse=True)
    return Matches(places, total, is_total)


def newest(query: Query, after: Place | None, limit: int) -> Matches:
    with connection.cursor() as cursor:
        asked = _Asked(query)
        if asked.is_hopeless:
            return Matches([], 0, is_total=True)
        rows, total, is_total = _newest(cursor, "search", asked, query, after, limit)
    return Matches([Place(moment, pk) for pk, moment in rows], total, is_total)


def marked(query: Query, part: str, texts: Mapping[int, str]) -> dict[int, str]:
    if not texts or not query.included:
        return {}
    asked = _Asked(query)
    place = 0 if asked.stemmer != "simple" else 1
    words = tuple({word for term in query.included for word in term.words})
    forms = [form for pair in _forms(asked.stemmer, words).values() if (form := pair[place])]
    given = {word for text in texts.values() for word in text.split()}
    if asked.stemmer != "arabic":
        # But for Arabic, stemmers take endings only; and most words begin with other letters.
        firsts = {word[0] for word in words}
        given = {word for word in given if word[0] in firsts}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT word FROM unnest(%s::text[]) AS word"
            " WHERE to_tsvector(%s::regconfig, word) @@ %s::tsquery",
            [sorted(given), asked.stemmer, " | ".join(forms)],
        )
        found = {word for (word,) in cursor.fetchall()}
    return {
        pk: " ".join(f"{START}{w}{STOP}" if w in found else w for w in text.split())
        for pk, text in texts.items()
    }


def similar(word: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT word FROM articles_searchword WHERE word %% %s"
            " ORDER BY similarity(word, %s) DESC, word LIMIT %s",
            [word, word, _SIMILAR],
        )
        return [word for (word,) in cursor.fetchall()]


def store(documents: Sequence[Document]) -> None:
    with connection.cursor() as cursor:
        for document in documents:
            edition = document.edition
            cursor.execute(
                f"INSERT INTO {TABLE} (edition_id, language, title, lead, body,"
                " first_published_at, live_from, live_until, title_search, search)"
                f" SELECT %s, stemmer, '', '', '', %s, %s, %s, {TITLE_VECTOR}, {VECTOR}"
                " FROM (SELECT %s AS stemmer, %s AS title, %s AS lead, %s AS body,"
                " %s::text[] AS marks) AS given"
                " ON CONFLICT (edition_id) DO UPDATE SET language = excluded.language,"
                " live_until = excluded.live_until, title_search = excluded.title_search,"
                " search = excluded.search",
                [
                    edition.pk,
                    edition.first_published_at,
                    edition.live_from,
                    edition.live_until,
                    stemmer(),
                    document.title,
                    document.lead,
                    document.body,
                    _marks(document),
                ],
            )


def add_words(words: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {WORDS} (word) SELECT unnest(%s::text[]) ON CONFLICT DO NOTHING", [words]
        )


def rebuild() -> None:
    """Nothing: the index follows its rows."""


def _newest(
    cursor: Any, vector: str, asked: _Asked, query: Query, after: Place | None, limit: int
) -> tuple[list[tuple[int, datetime.datetime]], int, bool]:
    """The newest rows in order, how many there are at least, and whether these are all."""
    stretches: Iterable[_Stretch] = [(None, None, "")]
    few = _FEW / 10 if query.has_phrase else _FEW
    if not asked.within() or _estimate(cursor, vector, asked.within()) > few:
        newest = min(filter(None, [query.at, query.until, after and after.value]))
        stretches = _stretches(newest)
    rows: list[tuple[int, datetime.datetime]] = []
    total = 0
    for start, end, marks in stretches:
        if query.since is not None and end is not None and end <= query.since:
            break
        bounds: list[tuple[str, Any]] = [
            ("first_published_at >= %s", start),
            ("first_published_at < %s", end),
        ]
        bounds += [
            ("first_published_at >= %s", query.since),
            ("first_published_at < %s", query.until),
        ]
        bounds = [(bound, value) for bound, value in bounds if value is not None]
        if wanted := asked.within(marks):
            bounds.append((f"{vector} @@ %s::tsquery", wanted))
        where = "".join(f" AND {bound}" for bound, _value in bounds)
        values: list[Any] = [value for _bound, value in bounds]
        if after is not None:
            where += " AND (first_published_at, edition_id) < (%s, %s)"
            values += [after.value, after.pk]
        cursor.execute(
            # Otherwise the planner may walk back through time, reading the words of each story.
            f"WITH found AS MATERIALIZED (SELECT edition_id, first_published_at FROM {TABLE}"
            f" WHERE live_from <= %s AND (live_until IS NULL OR live_until > %s){where})"
            " SELECT edition_id, first_published_at, (SELECT count(*) FROM found) FROM found"
            " ORDER BY first_published_at DESC, edition_id DESC LIMIT %s",
            [query.at, query.at, *values, limit - len(rows)],
        )
        found = cursor.fetchall()
        rows += [(pk, moment) for pk, moment, _total in found]
        total += found[0][2] if found else 0
        if len(rows) >= limit and start is not None:
            return rows, total, False
    return rows, total, True


def _estimate(cursor: Any, vector: str, wanted: str) -> int:
    """How many rows the planner expects to match."""
    cursor.execute(
        f"EXPLAIN (FORMAT JSON) SELECT FROM {TABLE} WHERE {vector} @@ %s::tsquery", [wanted]
    )
    (plan,) = cursor.fetchone()
    plan = json.loads(plan) if isinstance(plan, str) else plan
    return int(plan[0]["Plan"]["Plan Rows"])


_Stretch = tuple[datetime.datetime | None, datetime.datetime | None, str]


def _stretches(newest: datetime.datetime) -> Iterator[_Stretch]:
    """Stretches of time from this moment back, each with the lexemes that its stories have.

    They grow, as a word that is rare in one stretch may be looked for in a longer one. The last
    has no beginning, and so needs no lexemes.
    """
    newest = newest.astimezone(datetime.UTC)
    # In months since the year 0, each stretch beginning with `start`.
    last = newest.year * 12 + newest.month - 1
    end = last + 1
    for months in (2, 2, 4, 0, 12, 12, 12, 12, 36, 120):
        # The fourth goes back to the beginning of its year, so that years follow.
        start = end - months if months else (end - 1) // 12 * 12
        if start < 12:
            break
        if months and months < 12:
            marks = [f"m:{month // 12:04}-{month % 12 + 1:02}" for month in range(start, end)]
        else:
            marks = [f"y:{year:04}" for year in range(start // 12, (end - 1) // 12 + 1)]
        is_first = end > last
        yield _first_of(start), None if is_first else _first_of(end), _any(marks)
        end = start
    yield None, _first_of(end) if end <= last else None, ""


def _first_of(month: int) -> datetime.datetime:
    return datetime.datetime(month // 12, month % 12 + 1, 1, tzinfo=datetime.UTC)


def _any(marks: Iterable[str]) -> str:
    return " | ".join(f"'{mark}'" for mark in marks)


def _filters(query: Query) -> list[str]:
    found = []
    if query.section is not None:
        found.append(f"'s:{query.section}'")
    if query.author:
        found.append("'a:{}'".format(query.author.replace("\\", "").replace("'", "")))
    return found


def _marks(document: Document) -> list[str]:
    edition = document.edition
    moment = edition.first_published_at.astimezone(datetime.UTC)
    return [
        f"s:{edition.section_id}",
        *sorted({f"a:{byline['slug']}" for byline in edition.bylines}),
        f"y:{moment.year:04}",
        f"m:{moment.year:04}-{moment.month:02}",
    ]


@lru_cache(maxsize=1_000)
def _forms(stemmer: str, texts: tuple[str, ...]) -> dict[str, tuple[str, str]]:
    """Each text as PostgreSQL asks for it as a phrase, with and without the stemmer."""
    if not texts:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT words, phraseto_tsquery(%s::regconfig, words)::text,"
            " phraseto_tsquery('simple', words)::text FROM unnest(%s::text[]) AS words",
            [stemmer, list(texts)],
        )
        return {words: (stemmed, plain) for words, stemmed, plain in cursor.fetchall()}
