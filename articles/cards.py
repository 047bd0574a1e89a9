"""Stories in lists. A front page has forty, nearly the same each time that it is rendered."""

from typing import NamedTuple

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from . import keys, marks, moments
from .kept import kept
from .models import Edition


class Card(NamedTuple):
    """All that a list shows of a story, by value: cards that are equal look the same."""

    url: str
    title: str
    #: The code of the story's language.
    language: str
    accent: str
    section: str
    section_url: str
    deck: str
    #: Markup of the picture and of the line below, "" without one.
    picture: SafeString
    meta: SafeString


def render(card: Card, *, level: int = 3, size: str = "", kicker: bool = False) -> SafeString:
    """The card as articles/_card.html has it: `level` of its heading, `size` for its class."""
    return _render(card, level, size, kicker, get_language())


@kept(4000)
def _render(card: Card, level: int, size: str, kicker: bool, language: str | None) -> SafeString:
    facts = {"card": card, "level": level, "size": size, "kicker": kicker}
    # The template has escaped the facts; only stripping takes the mark of that away.
    return mark_safe(render_to_string("articles/_card.html", facts).strip())  # noqa: S308


def meta(edition: Edition, comments: int | None = None, *, when: bool = False) -> SafeString:
    """Read time, when it was published if asked for, and the number of comments if it is given."""
    moment = edition.first_published_at if when else None
    facts = _meta(
        moments.iso(moment) if moment else "",
        moments.day_and_time(moment) if moment else "",
        edition.reading_minutes,
        get_language(),
    )
    return facts if comments is None else facts + number(edition.article_id, comments)


def number(article: int, comments: int) -> SafeString:
    """How many comments a story has, nothing where it has none.

    It is a part of pages, so that an approved comment leaves the lists alone that its story is in.
    """
    words = _number(comments, get_language()) if comments else ""
    return SafeString(marks.part(keys.comments(article), words))


@kept(4000)
def _meta(iso: str, when: str, minutes: int, language: str | None) -> SafeString:
    facts = {"iso": iso, "when": when, "minutes": minutes}
    # As in `_render`.
    return mark_safe(render_to_string("articles/_meta.html", facts).strip())  # noqa: S308


@kept(1000)
def _number(comments: int, language: str | None) -> str:
    return render_to_string("articles/_number.html", {"comments": comments}).strip()
