"""Addresses of stories and sections, without looking them up in the patterns for every link."""

from functools import lru_cache

from django.urls import reverse


@lru_cache(maxsize=10_000)
def address(name: str, *args: str | int) -> str:
    """As `reverse` gives it. The site has one set of patterns, and no prefix."""
    return reverse(name, args=args)
