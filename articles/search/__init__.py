"""Search: one API, with PostgreSQL's full text or SQLite's FTS5 behind it.

Time decides here as everywhere. The index holds every edition that is or will be public, with its
span; a question is answered with those that are live when it is asked.
"""

import datetime
import itertools
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from django.db import connection, connections, transaction
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString

from ..models import Article, Edition, SearchDocument, SearchWord
from . import postgresql, sqlite
from .engine import EXCERPTED_WORDS, Document, Engine, Matches, Place, Query
from .snippets import MarkedText
from .words import BREAK, Term, distance, parse, words_of

Order = Literal["best", "newest"]

PAGE_LENGTH = 20
#: Stories that come close, when none matches.
NEARBY_LENGTH = 5
#: Words of a question that are checked for misspellings, meanings of each that are considered,
#: and questions that are tried with them.
_WORDS_MENDED, _MEANINGS, _TRIALS = 3, 3, 6

_TOKEN = re.compile(r"([bn])([0-9a-fpx.+-]{1,40}),([0-9]{1,18})")
_SLUG = re.compile(r"[-a-zA-Z0-9_]{1,120}")
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_MICROSECOND = datetime.timedelta(microseconds=1)
#: Of these letters, words have their misspellings; numbers have none.
_SPELT = re.compile(r"[^\W\d_]{4,30}")


@dataclass(frozen=True)
class Found:
    """A story with its title and an excerpt, as HTML in which the words asked for are marked."""

    edition: Edition
    title: SafeString
    snippet: SafeString


@dataclass(frozen=True)
class Results:
    """One page of what was found.

    `total` counts the matches of the whole list, or is only the least that there are. `next` is
    the token of the page that follows, "" on the last one. When nothing was found, `suggestion` is
    a question that does find something, and `nearby` are stories that come close.
    """

    items: list[Found] = field(default_factory=list)
    total: int = 0
    is_total: bool = True
    next: str = ""
    #: Whether the list ends although more stories match: only so many are ranked.
    is_cut: bool = False
    is_first: bool = True
    suggestion: str = ""
    nearby: list[Found] = field(default_factory=list)


def search(
    query: str,
    *,
    section: int | None = None,
    author: str = "",
    since: datetime.datetime | None = None,
    until: datetime.datetime | None = None,
    order: Order = "best",
    after: str = "",
    at: datetime.datetime | None = None,
) -> Results:
    """A page of the stories that are live at a moment (now unless told) and match.

    `query` is any text; see `words.parse` for what it can say. `section` is a key, `author` a slug
    as bylines have it, `since` the first moment of first publication and `until` the one after the
    last. `after` is the token of a page; one that was tampered with gives the first page. Without
    words there is no best, so that the newest come first; with nothing at all nothing is found.
    """
    asked = Query(
        terms=tuple(parse(query)),
        at=at or timezone.now(),
        section=section,
        author=author if _SLUG.fullmatch(author) else "",
        since=since,
        until=until,
    )
    if not asked.terms and (section, asked.author, since, until) == (None, "", None, None):
        return Results()
    if not asked.terms:
        order = "newest"
    place = _place(after, order)
    matches = _page(asked, order, place)
    page, more = matches.places[:PAGE_LENGTH], len(matches.places) > PAGE_LENGTH
    items = _found(asked, page)
    if not items and place is None and asked.terms:
        suggestion, nearby = _suggest(asked)
        return Results(suggestion=suggestion, nearby=nearby)
    return Results(
        items=items,
        total=matches.total,
        is_total=matches.is_total,
        next=_token(page[-1], order) if more else "",
        is_cut=order == "best" and not more and not matches.is_total,
        is_first=place is None,
    )


def follow(editions: Iterable[Edition], *, now: datetime.datetime) -> None:
    """Have the index follow editions that were opened, closed or rescheduled.

    To be called in the transaction that changes them. Those that have no more time to come leave
    the index; until then their rows only get the new end.
    """
    for edition in editions:
        row = SearchDocument.objects.filter(pk=edition.pk)
        if edition.live_until is not None and edition.live_until <= max(now, edition.live_from):
            row.delete()
        elif not row.update(live_until=edition.live_until):
            store([edition])


def store(editions: Sequence[Edition], *, topics: Sequence[str] | None = None) -> None:
    """Put editions into the index, in place of what it had of them.

    `topics` names what they all are about, when that need not be looked up.
    """
    documents = [
        Document(
            edition,
            [topic.name for topic in edition.topics.all()] if topics is None else topics,
        )
        for edition in editions
    ]
    _engine().store(documents)
    words = {
        word
        for document in documents
        for text in (document.title, document.lead, document.body)
        for word in text.split()
        if _SPELT.fullmatch(word)
    } - {BREAK}
    # In one order, so that two editors who publish at once wait for each other only in turn.
    _engine().add_words(sorted(words))


def reindex(articles: Sequence[int]) -> int:
    """Make the rows of these articles anew; returns how many there are now.

    Each article is locked meanwhile, as publishing it does.
    """
    with transaction.atomic():
        list(Article.objects.select_for_update().filter(pk__in=articles).order_by("pk"))
        now = timezone.now()
        editions = Edition.objects.filter(article__in=articles)
        current = editions.live(now) | editions.scheduled(now)
        kept = list(current.prefetch_related("topics").order_by("pk"))
        SearchDocument.objects.filter(edition__in=editions).exclude(
            edition__in=[edition.pk for edition in kept]
        ).delete()
        store(kept)
        return len(kept)


def is_missing(using: str) -> bool:
    """Whether there are stories, but none that could be found."""
    there = set(connections[using].introspection.table_names())
    if not {model._meta.db_table for model in (Edition, SearchDocument)} <= there:
        return False
    return not SearchDocument.objects.exists() and Edition.objects.exists()


def rebuild() -> None:
    """Make what the database derives from the rows anew, in the language of the paper."""
    _engine().rebuild()


def _engine() -> Engine:
    return postgresql if connection.vendor == "postgresql" else sqlite


def _page(query: Query, order: Order, after: Place | None) -> Matches:
    """What follows a place: a page and one more, if there is more."""
    limit = PAGE_LENGTH + 1
    if order == "newest":
        return _engine().newest(query, after, limit)
    matches = _engine().best(query)
    places = matches.places
    if after is not None:
        places = [p for p in places if (p.value, p.pk) < (after.value, after.pk)]
    return replace(matches, places=places[:limit])


def _found(query: Query, places: Sequence[Place]) -> list[Found]:
    """The stories at these places with their marks."""
    # The index is not asked whether they are public, but Edition is.
    editions = (
        Edition.objects.live(query.at).with_page_relations().in_bulk([place.pk for place in places])
    )
    documents = {place.pk: Document(editions[place.pk]) for place in places if place.pk in editions}
    titles = _marked(query, "title", {pk: d.edition.short_title for pk, d in documents.items()})
    leads = _marked(
        query, "lead", {pk: f"{d.edition.standfirst}\n{d.brief}" for pk, d in documents.items()}
    )
    bodies = _marked(
        query, "body", {pk: documents[pk].text for pk, lead in leads.items() if not lead.has_marks}
    )
    return [
        Found(
            document.edition,
            title=titles[pk].up_to(len(document.edition.short_title)),
            snippet=_snippet(document.edition, leads[pk], bodies.get(pk)),
        )
        for pk, document in documents.items()
    ]


def _snippet(edition: Edition, lead: MarkedText, body: MarkedText | None) -> SafeString:
    """The standfirst, if it has what was asked for or nothing else has; or else an excerpt."""
    length = len(edition.standfirst)
    if lead.has_marks_before(length):
        return lead.up_to(length)
    found = lead.excerpt() or (body.excerpt() if body else None)
    return found or escape(edition.standfirst or edition.summary)


def _marked(query: Query, part: str, texts: dict[int, str]) -> dict[int, MarkedText]:
    words = {pk: words_of(text)[:EXCERPTED_WORDS] for pk, text in texts.items()}
    given = {pk: " ".join(word.folded for word in found) for pk, found in words.items()}
    marked = _engine().marked(query, part, given)
    return {pk: MarkedText(text, words[pk], marked.get(pk, "")) for pk, text in texts.items()}


def _suggest(query: Query) -> tuple[str, list[Found]]:
    """A question with its misspellings mended, and stories that come close."""
    order: Order = "best"
    for terms in _mended(query.terms):
        places = _page(replace(query, terms=terms), order, None).places
        if found := _found(replace(query, terms=terms), places[:NEARBY_LENGTH]):
            return " ".join(map(str, terms)), found
    if len(query.included) < 2:
        return "", []
    anyhow = replace(query, is_any=True)
    return "", _found(anyhow, _page(anyhow, order, None).places[:NEARBY_LENGTH])


def _mended(terms: Sequence[Term]) -> Iterator[tuple[Term, ...]]:
    """The question with words that stories have for those that none has, likeliest first."""
    words = {word for term in terms for word in term.words if _SPELT.fullmatch(word)}
    known = set(SearchWord.objects.filter(word__in=words).values_list("word", flat=True))
    meanings = {}
    for word in sorted(words - known)[:_WORDS_MENDED]:
        most = 1 if len(word) < 5 else 2
        near = [(distance(word, other, most), other) for other in _engine().similar(word)]
        # Stable: of equally near words, the engine's order counts.
        likely = sorted((pair for pair in near if pair[0] <= most), key=lambda pair: pair[0])
        if likely:
            meanings[word] = [other for _distance, other in likely[:_MEANINGS]]
    if not meanings:
        return
    for choice in itertools.islice(itertools.product(*meanings.values()), _TRIALS):
        mended = dict(zip(meanings, choice, strict=True))
        yield tuple(
            replace(term, words=tuple(mended.get(word, word) for word in term.words))
            for term in terms
        )


def _token(place: Place, order: Order) -> str:
    if order == "newest":
        return f"n{(place.value - _EPOCH) // _MICROSECOND},{place.pk}"
    return f"b{float(place.value).hex()},{place.pk}"


def _place(token: str, order: Order) -> Place | None:
    """The place that a token of this order stands for; None for anything else."""
    match = _TOKEN.fullmatch(token)
    if match is None or match[1] != order[0]:
        return None
    try:
        if order == "newest":
            return Place(_EPOCH + int(match[2]) * _MICROSECOND, int(match[3]))
        value = float.fromhex(match[2])
    except (ValueError, OverflowError):
        return None
    return Place(value, int(match[3])) if math.isfinite(value) else None
