"""Shared parts of pages (`{% shared %}`), each at an address of its own.

A page cache asks for one when nothing else of a page is stale.
"""

import re
from typing import Any

from django.db.models import BigIntegerField
from django.http import Http404, HttpRequest, HttpResponseBase

from . import beside, keys
from .models import Section, Topic
from .prepared import Prepared
from .public import public_part, public_view

_NAME = re.compile(r"(section|topic):([1-9][0-9]{0,17})")

_section = Prepared(Section, lambda pk: Section.objects.filter(pk=pk), pk=BigIntegerField())
_topic = Prepared(Topic, lambda pk: Topic.objects.filter(pk=pk), pk=BigIntegerField())


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
    about = (_section if match[1] == "section" else _topic)(pk=pk)
    if not about:
        raise Http404
    if match[1] == "section":
        context = {"section": about[0], "more": beside.newest_of(pk)}
        return public_part(request, "articles/more.html", {"name": name, **context}, keys=[])
    context = {"related": beside.newest_on(pk)}
    return public_part(request, "articles/related.html", {"name": name, **context}, keys=[])
