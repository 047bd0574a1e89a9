"""The page on which readers search."""

import datetime
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date

from .. import keys
from ..models import Edition, Section
from ..public import public_page, public_view
from . import Order, search
from .words import LONGEST_QUERY

PARAMETERS = ("q", "section", "author", "since", "until", "order", "after")


@public_view(*PARAMETERS)
def page(request: HttpRequest) -> HttpResponseBase:
    """Stories that match, or a way on when none does. What makes no sense is left out."""
    given = {name: request.GET.get(name, "") for name in PARAMETERS}
    query = " ".join(given["q"].replace("\0", " ").split())[:LONGEST_QUERY]
    section = _section(given["section"])
    since, until = _day(given["since"]), _day(given["until"])
    order: Order = "newest" if given["order"] == "newest" else "best"
    results = search(
        query,
        section=section.pk if section else None,
        author=given["author"],
        since=_midnight(since) if since else None,
        until=_midnight(until + datetime.timedelta(days=1)) if until else None,
        order=order,
        after=given["after"],
    )
    editions = [found.edition for found in [*results.items, *results.nearby]]
    author = _author_name(given["author"], editions)
    filters = {
        "section": section.slug if section else "",
        "author": given["author"] if author else "",
        "since": since.isoformat() if since else "",
        "until": until.isoformat() if until else "",
    }
    sorting = {"order": order if order != "best" else ""}
    return public_page(
        request,
        "articles/search.html",
        {
            "query": query,
            "filters": filters,
            "order": order,
            "author": author,
            "is_asked": bool(query or any(filters.values())),
            "is_filtered": any(filters.values()),
            "results": results,
            "editions": editions,
            "links": {
                "first": _address(q=query, **filters, **sorting),
                "next": _address(q=query, **filters, **sorting, after=results.next),
                "newest": _address(q=query, **filters, order="newest"),
                "everywhere": _address(q=query),
                "suggestion": _address(q=results.suggestion, **filters, **sorting),
            },
        },
        keys=[keys.FRONT, keys.SECTIONS, *keys.of_list(editions)],
    )


def _section(slug: str) -> Section | None:
    return Section.objects.filter(slug=slug).first() if slug and "\0" not in slug else None


def _author_name(slug: str, editions: list[Edition]) -> str:
    """The author's name as one of the bylines has it; "" when none of the stories is theirs."""
    names = (b["name"] for e in editions for b in e.bylines if b["slug"] == slug)
    return next(names, "") if slug else ""


def _day(text: str) -> datetime.date | None:
    try:
        day = parse_date(text)
    except ValueError:
        return None
    # Further out, the end of the day may be no moment in some time zone.
    return day if day and 1 < day.year < datetime.MAXYEAR else None


def _midnight(day: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time.min))


def _address(**query: str) -> str:
    given = {name: value for name, value in query.items() if value}
    return f"{reverse('articles:search')}{'?' if given else ''}{urlencode(given)}"
