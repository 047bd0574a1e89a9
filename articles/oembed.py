"""How other sites show a link to one of our stories (oembed.com)."""

import json
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import Resolver404, resolve
from django.utils.translation import gettext as _

from . import keys, paper, views
from .models import Edition
from .public import public_response, public_view
from .structured_data import absolute, authors, shapes
from .xmltree import add, document, root

#: For how long others may keep an answer, in seconds.
CACHE_AGE = 3600


@public_view("url", "format", "maxwidth", "maxheight")
def oembed(request: HttpRequest) -> HttpResponseBase:
    """A link with its title, its author and a picture; 404 for what is no live story of ours."""
    kind = request.GET.get("format", "json")
    if kind not in {"json", "xml"}:
        # So the specification has it (section 2.3.3).
        return HttpResponse(status=501)
    edition = edition_at(request.GET.get("url", ""))
    answer = link_to(edition, _size(request, "maxwidth"), _size(request, "maxheight"))
    names = [*keys.shown(edition), keys.SECTIONS]
    if kind == "json":
        return public_response(request, json.dumps(answer), "application/json", keys=names)
    tree = root("oembed", {})
    for name, value in answer.items():
        add(tree, name, value)
    return public_response(request, document(tree), "text/xml; charset=utf-8", keys=names)


def edition_at(url: str) -> Edition:
    """The live edition at an absolute address of ours; raises Http404."""
    try:
        parts = urlsplit(url)
        match = resolve(unquote(parts.path))
    except (ValueError, Resolver404) as error:
        raise Http404(_("No story has this address.")) from error
    if f"{parts.scheme}://{parts.netloc}" != settings.SITE_URL or match.func is not views.article:
        raise Http404(_("No story has this address."))
    try:
        return views.find_edition(**match.kwargs)
    except views.Withdrawn as gone:
        raise Http404(_("No story has this address.")) from gone


def link_to(edition: Edition, width: int | None, height: int | None) -> dict[str, Any]:
    """The answer, of type "link"; the picture is left out where it is larger than asked for."""
    first = authors(edition)[0]
    answer: dict[str, Any] = {
        "version": "1.0",
        "type": "link",
        "title": edition.short_title,
        "author_name": first["name"],
        "author_url": first.get("url", absolute("/")),
        "provider_name": paper.current().name,
        "provider_url": absolute("/"),
        "cache_age": CACHE_AGE,
    }
    for url, wide, high in shapes(edition.lead_image)[:1] if edition.lead_image else []:
        if wide <= (width or wide) and high <= (height or high):
            answer |= {"thumbnail_url": url, "thumbnail_width": wide, "thumbnail_height": high}
    return answer


def _size(request: HttpRequest, name: str) -> int | None:
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else None
