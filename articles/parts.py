"""Shared parts of pages (`{% shared %}`), each at an address of its own.

A page cache asks for one when nothing else of a page is stale.
"""

import re

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404

from . import beside
from .models import Section, Topic
from .public import public_part, public_view

#: Stories on more topics than these have no part in common.
MOST_TOPICS = 12

_SECTION = re.compile(r"section:([1-9][0-9]{0,17})")
_TOPICS = re.compile(r"topic:[1-9][0-9]{0,17}(\+topic:[1-9][0-9]{0,17})*")


@public_view()
def part(request: HttpRequest, name: str) -> HttpResponseBase:
    """The newest stories of a section, or those on some topics, as pages show them."""
    if match := _SECTION.fullmatch(name):
        section = get_object_or_404(Section, pk=int(match[1]))
        context = {"section": section, "more": beside.newest_of(section.pk)}
        return public_part(request, "articles/more.html", {"name": name, **context}, keys=[])
    if _TOPICS.fullmatch(name):
        context = {"name": name, "related": beside.on_topics(_known_topics(name))}
        return public_part(request, "articles/related.html", context, keys=[])
    raise Http404


def _known_topics(name: str) -> list[int]:
    """The topics in a part's name, if that is how a page writes it; raises Http404."""
    pks = [int(pk) for pk in re.findall("[0-9]+", name)]
    if pks != sorted(set(pks)) or len(pks) > MOST_TOPICS:
        raise Http404
    if Topic.objects.filter(pk__in=pks).count() != len(pks):
        raise Http404
    return pks
