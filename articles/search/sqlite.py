"""Search with SQLite's FTS5: an index over the rows of SearchDocument, kept by triggers."""

# Names of tables are put into statements; what is asked for never is.
# ruff: noqa: S608

import datetime
import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection

from ..models import SearchDocument, SearchWord
from .engine import Document, Matches, Place, Query, score
from .language import stemmer
from .snippets import START, STOP
from .words import BREAK, Term

INDEX = "articles_search"
#: Titles' words count ten times as much as those of bodies, those of leads four times.
_RANK = f"-bm25({INDEX}, 10.0, 4.0, 1.0)"
_RANKED = 2_000
_PARTS = {"title": 0, "lead": 1, "body": 2}
#: How many words of the right beginning and length are compared with a mistyped one.
_COMPARED = 5_000


def best(query: Query) -> Matches:
    where, values = _where(query)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT edition.id, {_RANK}, strftime('%%s', edition.first_published_at)"
            # FTS5 walks backwards without sorting, so that the limit ends the work.
            f" {where} ORDER BY {INDEX}.rowid DESC LIMIT %s",
            [*values, _RANKED + 1],
        )
        rows = cursor.fetchall()
    places = [Place(score(rank, int(epoch)), pk) for pk, rank, epoch in rows[:_RANKED]]
    places.sort(key=lambda place: (place.value, place.pk), reverse=True)
    return Matches(places, len(places), is_total=len(rows) <= _RANKED)


def newest(query: Query, after: Place | None, limit: int) -> Matches:
    where, values = _where(query)
    if after is not None:
        where += " AND (edition.first_published_at, edition.id) < (%s, %s)"
        values += [_moment(after.value), after.pk]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT edition.id, edition.first_published_at, COUNT(*) OVER () {where}"
            " ORDER BY edition.first_published_at DESC, edition.id DESC LIMIT %s",
            [*values, limit],
        )
        rows = cursor.fetchall()
    places = [Place(moment.replace(tzinfo=datetime.UTC), pk) for pk, moment, _total in rows]
    return Matches(places, rows[0][2] if rows else 0, is_total=True)


def marked(query: Query, part: str, texts: Mapping[int, str]) -> dict[int, str]:
    if not texts or not query.terms:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT rowid, highlight({INDEX}, %s, %s, %s) FROM {INDEX}"
            f" WHERE {INDEX} MATCH %s AND rowid IN ({', '.join(['%s'] * len(texts))})",
            [_PARTS[part], START, STOP, _match(query), *texts],
        )
        return {
            pk: " ".join(piece for piece in text.split(" ") if piece != BREAK)
            for pk, text in cursor.fetchall()
        }


def similar(word: str) -> list[str]:
    first = word[0]
    return list(
        SearchWord.objects.filter(word__gte=first, word__lt=chr(ord(first) + 1))
        .extra(where=["length(word) BETWEEN %s AND %s"], params=[len(word) - 2, len(word) + 2])
        .values_list("word", flat=True)[:_COMPARED]
    )


def store(documents: Sequence[Document]) -> None:
    rows = [
        SearchDocument(
            edition=document.edition,
            language=stemmer(),
            title=document.title,
            lead=document.lead,
            body=document.body,
            first_published_at=document.edition.first_published_at,
            live_from=document.edition.live_from,
            live_until=document.edition.live_until,
        )
        for document in documents
    ]
    # Not updated in place: an upsert fires other triggers than an insertion does.
    SearchDocument.objects.filter(pk__in=[row.pk for row in rows]).delete()
    SearchDocument.objects.bulk_create(rows)


def add_words(words: list[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT OR IGNORE INTO articles_searchword (word) SELECT value FROM json_each(%s)",
            [json.dumps(words)],
        )


def rebuild() -> None:
    """Make the index anew from the rows, with the stemmer of the paper's language."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE IF EXISTS {INDEX}")
        cursor.execute(create_index(stemmer()))
        cursor.execute(f"INSERT INTO {INDEX} ({INDEX}) VALUES ('rebuild')")


def create_index(stemmer: str) -> str:
    """The statement that makes the index; only English has a stemmer in SQLite."""
    porter = "porter " if stemmer == "english" else ""
    return (
        f"CREATE VIRTUAL TABLE {INDEX} USING fts5(title, lead, body,"
        " content='articles_searchdocument', content_rowid='edition_id',"
        # Marks are parts of words: without them Devanagari would fall into single letters.
        f" tokenize=\"{porter}unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'\")"
    )


def _where(query: Query) -> tuple[str, list[Any]]:
    at = _moment(query.at)
    where = (
        "FROM articles_edition AS edition WHERE edition.live_from <= %s"
        " AND (edition.live_until IS NULL OR edition.live_until > %s)"
    )
    values: list[Any] = [at, at]
    if query.terms:
        where = where.replace(
            "articles_edition AS edition WHERE",
            f"{INDEX} JOIN articles_edition AS edition ON edition.id = {INDEX}.rowid"
            f" WHERE {INDEX} MATCH %s AND",
        )
        values.insert(0, _match(query))
    if query.section is not None:
        where += " AND edition.section_id = %s"
        values.append(query.section)
    if query.author:
        where += (
            " AND EXISTS (SELECT 1 FROM json_each(edition.bylines) AS byline"
            " WHERE json_extract(byline.value, '$.slug') = %s)"
        )
        values.append(query.author)
    if query.since is not None:
        where += " AND edition.first_published_at >= %s"
        values.append(_moment(query.since))
    if query.until is not None:
        where += " AND edition.first_published_at < %s"
        values.append(_moment(query.until))
    return where, values


def _match(query: Query) -> str:
    """The question in FTS5's notation; folded words hold no quotation marks."""
    wanted = (" OR " if query.is_any else " AND ").join(map(_quoted, query.included))
    for term in query.excluded:
        wanted = f"({wanted}) NOT {_quoted(term)}"
    return wanted


def _quoted(term: Term) -> str:
    return f'"{term.text}"'


def _moment(moment: datetime.datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(moment)
