"""Lists of stories: of a section, a topic, an author, an agency; `archive` has those of a time.

Each is read from an index that has the list's own order, from wherever a page begins: the
ten-thousandth page costs what the first one does.
"""

import datetime
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import (
    BigIntegerField,
    BooleanField,
    DateTimeField,
    F,
    Func,
    Q,
    Value,
)
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _

from . import keys
from .models import Agency, Author, Edition, Section, Topic
from .models.edition import EditionQuerySet
from .public import public_page, public_view
from .structured_data import Crumb

#: How many stories a page lists.
PAGE_LENGTH = 30
#: In which forms a list can be followed: the endings of its feeds' addresses.
FEED_KINDS = ("xml", "atom", "json")

_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_TOKEN = re.compile("([0-9]{1,17})-([0-9]{1,18})")


class Place(NamedTuple):
    """Where a story stands in a list: newest first, and of the same moment the latest row first."""

    at: datetime.datetime
    pk: int

    @classmethod
    def of(cls, edition: Edition) -> "Place":
        return cls(edition.first_published_at, edition.pk)

    @classmethod
    def read(cls, token: str) -> "Place":
        """The place that an address names; raises ValueError unless this class has written it."""
        match = _TOKEN.fullmatch(token)
        if match is None:
            raise ValueError(token)
        place = cls(_EPOCH + datetime.timedelta(microseconds=int(match[1])), int(match[2]))
        if str(place) != token:
            raise ValueError(token)
        return place

    def __str__(self) -> str:
        microseconds = (self.at - _EPOCH) // datetime.timedelta(microseconds=1)
        return f"{microseconds}-{self.pk}"


@dataclass(frozen=True)
class ListPage:
    """Some stories of a list, and where the next page begins."""

    editions: list[Edition]
    older: Place | None
    keys: list[str]
    is_first: bool


def page_of(
    chosen: Q, *, before: Place | None, key: str, listed: bool = False, length: int = PAGE_LENGTH
) -> ListPage:
    """The live stories that `chosen` holds for, newest first, from after `before` on.

    `key` is touched when the list changes. `listed` says that the order comes from the listings
    that `chosen` names. Raises Http404 for a later page that has nothing.
    """
    if before is not None:
        chosen &= after(before, listed=listed)
    found = list(newest(chosen, listed=listed).for_cards()[: length + 1])
    if before is not None and not found:
        raise Http404(_("No list goes on from there."))
    names = [key]
    if before is not None and len(found) > length:
        # In the middle of a list, only what was published in its span can change it.
        names = keys.span(found[-1].first_published_at, before.at)
    return ListPage(
        editions=found[:length],
        older=Place.of(found[length - 1]) if len(found) > length else None,
        # The one too many is named as well: that there is an older page depends on it.
        keys=[*names, *keys.of_list(found)],
        is_first=before is None,
    )


class _RowBefore(Func):
    """`(a, b) < (c, d)`: one condition, that an index on both columns begins at.

    Written as two conditions and an OR, PostgreSQL takes it for rarer than it is, and sorts.
    """

    output_field = BooleanField()

    def as_sql(
        self,
        compiler: Any,
        connection: Any,
        function: str | None = None,
        template: str | None = None,
        arg_joiner: str | None = None,
        **extra_context: Any,
    ) -> tuple[str, tuple[str | int, ...]]:
        compiled = [compiler.compile(each) for each in self.get_source_expressions()]
        sql = "({}, {}) < ({}, {})".format(*(sql for sql, _parameters in compiled))
        return sql, tuple(each for _sql, parameters in compiled for each in parameters)


def after(place: Place, *, listed: bool = False) -> Q:
    """What comes after a place in a list; see `page_of`."""
    return rows_before(*_order(listed), place)


def rows_before(at: str, pk: str, place: Place) -> Q:
    """The rows that come after a place, of any list in the order of these two fields."""
    moment = Value(place.at, output_field=DateTimeField())
    return Q(_RowBefore(F(at), F(pk), moment, Value(place.pk, output_field=BigIntegerField())))


def newest(chosen: Q, *, listed: bool = False) -> EditionQuerySet:
    """The live stories that `chosen` holds for, newest first; see `page_of`."""
    at, pk = _order(listed)
    return Edition.objects.live().filter(chosen).order_by(f"-{at}", f"-{pk}")


def asked_place(request: HttpRequest) -> Place | None:
    """Where the asked page begins; None for the first. Raises Http404.

    Only where a story is or was: nobody can make up pages without end for caches to keep.
    """
    place = place_of(request)
    if place and not Edition.objects.filter(pk=place.pk, first_published_at=place.at).exists():
        raise Http404(_("No list goes on from there."))
    return place


def place_of(request: HttpRequest) -> Place | None:
    """The place that the address names, whether or not anything is there; raises Http404."""
    token = request.GET.get("before")
    if token is None:
        return None
    try:
        return Place.read(token)
    except (ValueError, OverflowError) as error:
        raise Http404(_("No list goes on from there.")) from error


@public_view("before")
def section(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The stories of one section."""
    found = get_object_or_404(Section, slug=slug)
    page = page_of(Q(section=found), before=asked_place(request), key=keys.section(found.pk))
    lead = page.editions[: int(page.is_first)]
    return public_page(
        request,
        "articles/section.html",
        {
            "section": found,
            "current": "page",
            "page": page,
            "editions": page.editions,
            "lead": lead,
            "river": page.editions[len(lead) :],
            "crumbs": [Crumb(found.name, found.get_absolute_url())],
            "feed": _feed(found.name, "articles:section_feed", slug),
        },
        keys=[*page.keys, keys.SECTIONS],
    )


@public_view("before")
def topic(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The stories on one topic."""
    found = get_object_or_404(Topic, slug=slug)
    feed = _feed(found.name, "articles:topic_feed", slug)
    return _subject_page(request, found, keys.topic(found.pk), Q(listings__topic=found), feed=feed)


@public_view("before")
def author(request: HttpRequest, slug: str) -> HttpResponseBase:
    """Who somebody is, and the stories that they signed."""
    found = get_object_or_404(Author.objects.select_related("portrait"), slug=slug)
    feed = _feed(found.name, "articles:author_feed", slug)
    return _subject_page(
        request,
        found,
        keys.author(found.pk),
        Q(listings__author=found),
        feed=feed,
        also=[keys.image(found.portrait_id)] if found.portrait_id else [],
    )


@public_view("before")
def agency(request: HttpRequest, slug: str) -> HttpResponseBase:
    """The stories from one agency."""
    found = get_object_or_404(Agency, slug=slug)
    return _subject_page(request, found, keys.agency(found.pk), Q(listings__agency=found))


def _order(listed: bool) -> tuple[str, str]:
    if listed:
        return "listings__first_published_at", "listings__edition_id"
    return "first_published_at", "pk"


def _feed(name: str, view: str, slug: str) -> dict[str, str]:
    return {"title": name, **{kind: reverse(view, args=[slug, kind]) for kind in FEED_KINDS}}


def _subject_page(
    request: HttpRequest,
    found: Topic | Author | Agency,
    key: str,
    chosen: Q,
    *,
    feed: dict[str, str] | None = None,
    also: Iterable[str] = (),
) -> HttpResponseBase:
    page = page_of(chosen, before=asked_place(request), key=key, listed=True)
    name = str(found._meta.model_name)
    return public_page(
        request,
        f"articles/{name}.html",
        {
            name: found,
            "subject": found,
            "page": page,
            "editions": page.editions,
            "crumbs": [Crumb(found.name, found.get_absolute_url())],
            "feed": feed,
        },
        keys=[*page.keys, keys.name_of(found), keys.SECTIONS, *also],
    )
