"""Moments as pages print them, in the paper's time zone and language.

Django's `date` filter reads its format anew for every moment, which would be most of what a long
list of them costs. These print the same. `zone` saves those who print many from asking for it.
"""

import datetime
from functools import lru_cache

from django.utils import dateformat
from django.utils.timezone import localtime
from django.utils.translation import get_language, pgettext


def iso(moment: datetime.datetime, zone: datetime.tzinfo | None = None) -> str:
    """For programs, as ISO 8601: 2026-01-08T12:30:00+00:00. HTML takes no microseconds."""
    return localtime(moment, zone).isoformat(timespec="seconds")


def day_and_time(moment: datetime.datetime, zone: datetime.tzinfo | None = None) -> str:
    """8 Jan, 12:30."""
    local = localtime(moment, zone)
    language = get_language()
    day = _day(local.month, local.day, language)
    return f"{day}{_comma(language)} {local.hour:02}:{local.minute:02}"


def full(moment: datetime.datetime) -> str:
    """8 January 2026, 12:30 UTC."""
    local = localtime(moment)
    language = get_language()
    day = _full_day(local.date(), language)
    return f"{day}{_comma(language)} {local.hour:02}:{local.minute:02} {local.tzname()}"


def time_or_day(moment: datetime.datetime, today: datetime.datetime) -> str:
    """12:30, or 8 Jan where that isn't the day of the other moment."""
    local = localtime(moment)
    if local.date() == localtime(today).date():
        return f"{local.hour:02}:{local.minute:02}"
    return _day(local.month, local.day, get_language())


@lru_cache(maxsize=100)
def _comma(language: str | None) -> str:
    # Translators: what stands between a day and the time, as in "8 Jan, 12:30".
    return pgettext("day and time", ",")


@lru_cache(maxsize=1000)
def _full_day(day: datetime.date, language: str | None) -> str:
    return dateformat.format(day, "j F Y")


@lru_cache(maxsize=1000)
def _day(month: int, day: int, language: str | None) -> str:
    # Of any leap year, as the year isn't printed.
    return dateformat.format(datetime.date(2000, month, day), "j M")
