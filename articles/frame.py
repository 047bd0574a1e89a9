"""What stands around every page: what the paper says of itself, its sections, its own pages.

All of it comes in one query, as every page needs it.
"""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import connections, router
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from . import keeping, keys, paper
from .models import Page, Section
from .paper import Link, Paper
from .prepared import plan_keeping_cursor

_PAPER, _SECTION, _PAGE = range(3)
#: A page that isn't in the footer.
_NOWHERE = -1


class Frame(NamedTuple):
    """As one page shows it; sections and pages in their order, of which a link needs no more."""

    paper: Paper
    sections: list[Section]
    pages: list[Page]


_KEPT = "frame_of_the_page"
#: What a frame is made from.
_KEYS = (keys.SECTIONS, keys.PUBLICATION)


class _Page:
    """What a request is answered with, and its frame once that was looked up."""

    __slots__ = ("frame", "keeper")

    def __init__(self, keeper: keeping.Keeper | None) -> None:
        self.keeper = keeper
        self.frame: Frame | None = None


#: What this thread is making.
_kept: ContextVar[_Page | None] = ContextVar("frame", default=None)


@contextmanager
def kept_by(request: HttpRequest) -> Iterator[None]:
    """Look the frame up once at most for all that this request is answered with.

    Not even that where whoever asks keeps what pages are made from.
    """
    made: _Page | None = request.__dict__.get(_KEPT)
    if made is None:
        made = request.__dict__[_KEPT] = _Page(keeping.of(request))
    token = _kept.set(made)
    try:
        yield
    finally:
        _kept.reset(token)


def forget(request: HttpRequest) -> None:
    """Look the frame up again for this request."""
    request.__dict__.pop(_KEPT, None)


def current() -> Frame:
    """The frame of the page that is being made; one query for all of the page."""
    made = _kept.get()
    if made is None:
        return _look_up()
    if made.frame is None:
        keeper = made.keeper
        made.frame = _look_up() if keeper is None else keeper.made("frame", _KEYS, _look_up)
    return made.frame


def _look_up() -> Frame:
    using = router.db_for_read(Section)
    sql, parameters = _statement(connections[using].vendor, paper.source())
    said: str | None = None
    sections, pages = [], []
    with plan_keeping_cursor(connections[using]) as cursor:
        cursor.execute(sql, parameters)
        for part, position, name, slug, more, pk in cursor.fetchall():
            if part == _PAPER:
                said = more
            elif part == _SECTION:
                values = (pk, name, slug, more, position)
                sections.append(Section.from_db(using, _SECTION_FIELDS, values))
            else:
                place = None if position == _NOWHERE else position
                values = (pk, name, slug, more, place)
                pages.append(Page.from_db(using, _PAGE_FIELDS, values))
    source = paper.source()
    found = source.read(said) if source else paper.from_settings()
    return Frame(_with_pages(found, pages), sections, pages)


# In the order of the models' own fields.
_SECTION_FIELDS = ("id", "name", "slug", "accent", "position")
_PAGE_FIELDS = ("id", "title", "slug", "kind", "footer_position")


def _with_pages(found: Paper, pages: list[Page]) -> Paper:
    """The paper with the pages that editors have written for it."""
    policies = {page.kind: page.get_absolute_url() for page in pages if page.is_policy}
    links = [
        Link(page.title, page.get_absolute_url())
        for page in pages
        if page.footer_position is not None
    ]
    return dataclasses.replace(found, policies={**found.policies, **policies}, links=tuple(links))


@lru_cache
def _statement(vendor: str, source: paper.Source | None) -> tuple[str, tuple[Any, ...]]:
    """One query for all parts: their rows have the same columns, in the order of the page."""
    section: QuerySet[Any, Any] = Section.objects.values_list(
        Value(_SECTION), "position", "name", "slug", "accent", "pk"
    )
    page: QuerySet[Any, Any] = Page.objects.filter(is_published=True).values_list(
        Value(_PAGE),
        Coalesce("footer_position", Value(_NOWHERE)),
        F("title"),
        "slug",
        "kind",
        "pk",
    )
    parts = [section, page]
    if source is not None:
        empty = Value("")
        stored = source.stored()
        parts.append(stored.values_list(Value(_PAPER), Value(0), empty, empty, "text", Value(0)))
    compiled = [part.order_by().query.sql_with_params() for part in parts]
    sql = " UNION ALL ".join(each for each, _parameters in compiled)
    parameters = tuple(value for _sql, values in compiled for value in values)
    return f"{sql} ORDER BY 1, 2, 3", parameters
