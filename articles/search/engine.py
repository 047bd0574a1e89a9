"""What both engines have in common: the shape of a question, and of what is stored."""

import datetime
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

from ..body import plain_text
from ..models import Edition
from .words import Term, folded

#: Stories from which the best are chosen: the newest that match, and the newest whose titles do.
#: Ranking reads all words of each, so that more of them would take too long.
NEWEST_RANKED = 300
TITLES_RANKED = 200
#: A match counts half as much as one that is so many seconds younger (two years).
_HALF_LIFE = 2 * 365 * 86_400
#: Of a body, so many words are looked through for an excerpt, and so many characters are stored.
EXCERPTED_WORDS = 3_000
LONGEST_BODY = 200_000


@dataclass(frozen=True)
class Query:
    """What is asked for, of stories first published from `since` on and before `until`."""

    terms: Sequence[Term]
    at: datetime.datetime
    section: int | None = None
    author: str = ""
    since: datetime.datetime | None = None
    until: datetime.datetime | None = None
    #: Whether a story with one of the terms will do.
    is_any: bool = False

    @property
    def included(self) -> list[Term]:
        return [term for term in self.terms if not term.is_excluded]

    @property
    def excluded(self) -> list[Term]:
        return [term for term in self.terms if term.is_excluded]

    @property
    def has_phrase(self) -> bool:
        return any(len(term.words) > 1 for term in self.terms)


@dataclass(frozen=True)
class Place:
    """A story in the order of the list; what follows it has a lower value, or pk where equal."""

    value: Any
    pk: int


@dataclass(frozen=True)
class Matches:
    """The first places of a list, and how many stories match at least, or in all."""

    places: list[Place]
    total: int
    is_total: bool


def score(rank: float, epoch: float) -> float:
    """How good a match is, from the engine's rank and the second of its first publication.

    The logarithm of a rank that halves with each half-life. It does not depend on the moment of
    asking, so that the order stays the same from page to page.
    """
    return math.log2(max(rank, 1e-9)) + epoch / _HALF_LIFE


class Document:
    """The words of an edition, in the three parts in which they are weighed."""

    def __init__(self, edition: Edition, topics: Iterable[str] = ()) -> None:
        self.edition = edition
        self._names = [*(byline["name"] for byline in edition.bylines), edition.agency_name]
        self._topics = list(topics)

    @cached_property
    def title(self) -> str:
        # What is shown comes first: see `Engine.marked`.
        return folded([self.edition.short_title, self.edition.headline])

    @cached_property
    def lead(self) -> str:
        edition = self.edition
        return folded([edition.standfirst, self.brief, *self._names, *self._topics])

    @cached_property
    def body(self) -> str:
        edition = self.edition
        return folded([self.text[:LONGEST_BODY], edition.lead_image_caption])

    @cached_property
    def text(self) -> str:
        return plain_text(self.edition.body_html)

    @property
    def brief(self) -> str:
        return "\n".join([self.edition.summary, *self.edition.key_points])


class Engine(Protocol):
    """A database's full-text search. Every question is answered with bounded work."""

    def best(self, query: Query) -> Matches:
        """The best matches in order; there may be more than are ranked."""

    def newest(self, query: Query, after: Place | None, limit: int) -> Matches:
        """The newest matches after a place, in order of their first publication."""

    def marked(self, query: Query, part: str, texts: Mapping[int, str]) -> dict[int, str]:
        """Folded texts of a part of these editions, with START and STOP around what was found.

        An engine may mark the stored part instead, which begins with the text given.
        """

    def similar(self, word: str) -> list[str]:
        """Stored words that this one may be a misspelling of, the likeliest of them included."""

    def store(self, documents: Sequence[Document]) -> None:
        """Make these editions findable, in place of what was stored of them."""

    def add_words(self, words: list[str]) -> None:
        """Let these words be offered for misspelt ones."""

    def rebuild(self) -> None:
        """Make anew what is derived from the rows."""
