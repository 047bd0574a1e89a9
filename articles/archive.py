"""The archive: what was published on a day, in a month, in a year, with a calendar to browse by."""

import calendar
import datetime
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.db import connections, router
from django.db.models import DateTimeField, Q
from django.db.models.expressions import RawSQL
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from . import keys, listing
from .models import Edition
from .public import public_page, public_view
from .structured_data import Crumb

#: The years that an archive may have; every moment in them has a date in every time zone.
_YEARS = range(1000, 9999)


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
    page = listing.page_of(
        Q(first_published_at__gte=start, first_published_at__lt=end),
        before=listing.asked_place(request),
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


def _midnight(day: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time()))
