"""Shared parts of pages (`{% shared %}`), each at an address of its own.

A page cache asks for one when nothing else of a page is stale.
"""

import re
from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404

from . import beside, keys
from .models import Section, Topic
from .public import public_part, public_view

_NAME = re.compile(r"(section|topic):([1-9][0-9]{0,17})")


@public_view()
def part(request: HttpRequest, name: str) -> HttpResponseBase:
    """The newest stories of all, of a section or on a topic, as pages show or choose from them."""
    context: dict[str, Any]
    if name == keys.FRONT:
        context = {"editions": beside.newest_of_all()}
        # Its cards name their sections.
        return public_part(
            request, "articles/newest.html", {"name": name, **context}, keys=[keys.SECTIONS]
        )
    match = _NAME.fullmatch(name)
    if match is None:
        raise Http404
    pk = int(match[2])
    if match[1] == "section":
        context = {"section": get_object_or_404(Section, pk=pk), "more": beside.newest_of(pk)}
        return public_part(request, "articles/more.html", {"name": name, **context}, keys=[])
    get_object_or_404(Topic, pk=pk)
    context = {"related": beside.newest_on(pk)}
    return public_part(request, "articles/related.html", {"name": name, **context}, keys=[])
