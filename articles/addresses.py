"""Addresses of stories and sections, and the words that no section may have as its own."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver, reverse


@lru_cache(maxsize=10_000)
def address(name: str, *args: str | int) -> str:
    """As `reverse` gives it, without going through the patterns for every link.

    The site has one set of patterns, and no prefix.
    """
    return reverse(name, args=args)


def is_taken(slug: str) -> bool:
    """Whether /slug/ is, or begins, the address of something else than a section."""
    return slug in _first_words() or re.fullmatch("[0-9]{4}", slug) is not None


@lru_cache
def _first_words() -> frozenset[str]:
    files = (settings.STATIC_URL, settings.MEDIA_URL)
    routes = [*_routes(get_resolver().url_patterns), *(url.lstrip("/") for url in files)]
    return frozenset(re.split("[/.<-]", route)[0] for route in routes)


def _routes(patterns: Iterable[URLPattern | URLResolver]) -> Iterator[str]:
    for each in patterns:
        route = str(each.pattern)
        if not route and isinstance(each, URLResolver):
            yield from _routes(each.url_patterns)
        else:
            yield route
