"""Lists of stories: of a section, a topic, an author, an agency, a day, a month, a year.

Each is read from an index that has the list's own order, from wherever a page begins: the
ten-thousandth page costs what the first one does.
"""

import calendar
import datetime
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import connections, router
from django.db.models import (
    BigIntegerField,
    BooleanField,
    DateTimeField,
    F,
    Func,
    Q,
    Value,
)
from django.db.models.expressions import RawSQL
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import formats, timezone
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
#: The years that an archive may have; every moment in them has a date in every time zone.
_YEARS = range(1000, 9999)


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


@public_view()
def archive(request: HttpRequest) -> HttpResponseBase:
    """The years that have stories."""
    oldest = Edition.objects.live().order_by("first_published_at", "pk").first()
    years = []
    if oldest is not None:
        first = timezone.localdate(oldest.first_published_at).year
        years = with_stories(
            [Span(year) for year in range(timezone.localdate().year, first - 1, -1)]
        )
    return public_page(
        request,
        "articles/archive_years.html",
        {"years": years, "crumbs": [Crumb(_("Archive"), reverse("articles:archive"))]},
        keys=[keys.FRONT, keys.SECTIONS],
    )


@public_view("before")
def archive_of(
    request: HttpRequest, year: int, month: int | None = None, day: int | None = None
) -> HttpResponseBase:
    """What was published in a year, in a month, on a day; 404 where there is nothing."""
    span = Span(year, month, day)
    try:
        start, end = span.moments()
    except (ValueError, OverflowError) as error:
        raise Http404(_("There is no such day.")) from error
    page = page_of(
        Q(first_published_at__gte=start, first_published_at__lt=end),
        before=asked_place(request),
        key=span.key,
    )
    if not page.editions:
        raise Http404(_("Nothing was published then."))
    around = Span(year, month) if month else span
    before, after = around.beside()
    held = set(with_stories([each for each in (*around.parts(), before, after) if each]))
    if month is None:
        context: dict[str, Any] = {"months": [each for each in around.parts() if each in held]}
    else:
        context = {"weeks": weeks_of(around, held), "weekdays": weekdays()}
    return public_page(
        request,
        "articles/archive.html",
        {
            "span": span,
            "around": around,
            "before": before if before in held else None,
            "after": after if after in held else None,
            "page": page,
            "editions": page.editions,
            "crumbs": [
                Crumb(_("Archive"), reverse("articles:archive")),
                *(Crumb(each.label, each.get_absolute_url()) for each in span.path()),
            ],
            **context,
        },
        keys=[
            *page.keys,
            *(each.key for each in (around, before, after) if each),
            keys.SECTIONS,
        ],
    )


class Span(NamedTuple):
    """A year, a month or a day of the archive, in the paper's time zone."""

    year: int
    month: int | None = None
    day: int | None = None

    @property
    def first(self) -> datetime.date:
        """Its first day; raises ValueError when there is no such day."""
        return datetime.date(self.year, self.month or 1, self.day or 1)

    @property
    def key(self) -> str:
        name = keys.day if self.day else keys.month if self.month else keys.year
        return name(self.first)

    @property
    def label(self) -> str:
        """2026, January 2026, 8 January 2026."""
        pattern = "j F Y" if self.day else "F Y" if self.month else "Y"
        return formats.date_format(self.first, pattern)

    @property
    def name(self) -> str:
        """What tells it from others beside it: 2026, January, 8."""
        return formats.date_format(self.first, "j" if self.day else "F" if self.month else "Y")

    def get_absolute_url(self) -> str:
        parts = [part for part in self if part is not None]
        return reverse(f"articles:archive_{('year', 'month', 'day')[len(parts) - 1]}", args=parts)

    def path(self) -> "list[Span]":
        """The year, its month, its day, as far as this goes."""
        parts = [part for part in self if part is not None]
        return [Span(*parts[: length + 1]) for length in range(len(parts))]

    def parts(self) -> "list[Span]":
        """The months of a year, or the days of a month."""
        if self.month is None:
            return [Span(self.year, month) for month in range(1, 13)]
        _first, length = calendar.monthrange(self.year, self.month)
        return [Span(self.year, self.month, day) for day in range(1, length + 1)]

    def beside(self) -> "tuple[Span | None, Span | None]":
        """The years before and after a year, or the months before and after a month."""
        if self.month is None:
            return Span._in_time(self.year - 1, None), Span._in_time(self.year + 1, None)
        number = self.year * 12 + self.month - 1
        before, after = divmod(number - 1, 12), divmod(number + 1, 12)
        return Span._in_time(before[0], before[1] + 1), Span._in_time(after[0], after[1] + 1)

    @classmethod
    def _in_time(cls, year: int, month: int | None) -> "Span | None":
        return cls(year, month) if year in _YEARS else None

    def moments(self) -> tuple[datetime.datetime, datetime.datetime]:
        """The moments at which it begins and the next one does; raises ValueError."""
        if self.year not in _YEARS:
            raise ValueError(self.year)
        start = self.first
        if self.day:
            end = start + datetime.timedelta(days=1)
        elif self.month:
            end = (start + datetime.timedelta(days=31)).replace(day=1)
        else:
            end = start.replace(year=self.year + 1)
        return _midnight(start), _midnight(end)


def with_stories(spans: list[Span]) -> list[Span]:
    """Those that have a live story. One query, that looks into the index once for each.

    The spans are a table of their own in it: to plan a subquery for each takes longer than to
    carry it out.
    """
    if not spans:
        return []
    using = router.db_for_read(Edition)
    connection = connections[using]
    moment = DateTimeField()
    within = Edition.objects.live().filter(
        first_published_at__gte=RawSQL("span.column2", [], moment),
        first_published_at__lt=RawSQL("span.column3", [], moment),
    )
    # In an order, so that it is looked up in the index that has it: of EXISTS, PostgreSQL believes
    # that reading the table from its beginning soon comes upon a story.
    first = within.newest_first().values("pk")[:1]
    story, parameters = first.query.get_compiler(using).as_sql()
    rows = ", ".join(["(%s, %s, %s)"] * len(spans))
    sql = f"SELECT column1 FROM (VALUES {rows}) AS span WHERE ({story}) IS NOT NULL"  # noqa: S608
    values: list[Any] = []
    for number, span in enumerate(spans):
        moments = map(connection.ops.adapt_datetimefield_value, span.moments())
        values += [number, *moments]
    with connection.cursor() as cursor:
        cursor.execute(sql, [*values, *parameters])
        held = {number for (number,) in cursor.fetchall()}
    return [span for number, span in enumerate(spans) if number in held]


class Day(NamedTuple):
    """One cell of a calendar; empty where another month's days would be."""

    span: Span | None
    has_stories: bool


def weeks_of(month: Span, held: set[Span]) -> list[list[Day]]:
    """The weeks of a month as a calendar shows them, beginning as the language has it.

    `held` are the days that have stories.
    """
    weeks = list(_calendar().monthdayscalendar(month.year, month.month or 1))
    spans = iter(month.parts())

    def cells(week: list[int]) -> Iterator[Day]:
        for day in week:
            span = next(spans) if day else None
            yield Day(span, span in held)

    return [list(cells(week)) for week in weeks]


def weekdays() -> list[tuple[str, str]]:
    """The days of the week, short and in full, in the order of `weeks_of`."""
    # 1 January 2024 was a Monday.
    days = [datetime.date(2024, 1, 1 + number) for number in _calendar().iterweekdays()]
    return [(formats.date_format(day, "D"), formats.date_format(day, "l")) for day in days]


def _calendar() -> calendar.Calendar:
    # Django counts from Sunday, the calendar from Monday.
    return calendar.Calendar((int(formats.get_format("FIRST_DAY_OF_WEEK")) - 1) % 7)


def _order(listed: bool) -> tuple[str, str]:
    if listed:
        return "listings__first_published_at", "listings__edition_id"
    return "first_published_at", "pk"


def _midnight(day: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time()))


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
