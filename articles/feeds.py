"""Lists of stories for programs to follow: RSS 2.0, Atom (RFC 4287) and JSON Feed 1.1."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape, unescape
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.templatetags.static import static
from django.urls import reverse
from django.utils import formats, timezone

from . import keys, languages, listing
from .models import Author, Edition, Section, Topic
from .paper import FULL, current
from .public import public_response, public_view
from .structured_data import absolute, moment, shapes
from .xmltree import add, clean, document, root

#: How many stories a feed holds.
FEED_LENGTH = 50

#: What a list without stories says when it was changed last: a feed must say something.
_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)
_NAMESPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "media": "http://search.yahoo.com/mrss/",
}
# Addresses in finished bodies: attributes are written with double quotes, and what is text has no
# "<" of its own.
_ADDRESS = re.compile(r'(<(?:a|img|source)\b[^>]*?\s(?:href|src)=")([^"]*)')


@dataclass(frozen=True)
class Feed:
    """What a feed says, in whichever form."""

    title: str
    description: str
    #: Of the page that lists the same.
    url: str
    #: Of the feed itself.
    self_url: str
    editions: list[Edition]

    @property
    def updated_at(self) -> datetime:
        return max((edition.changed_at for edition in self.editions), default=_LONG_AGO)


@public_view()
def of_everything(request: HttpRequest, kind: str) -> HttpResponseBase:
    """All stories."""
    path = reverse("articles:feed", args=[kind])
    return _answer(request, kind, path, "", "", "/", keys.FRONT, Q())


@public_view()
def of_section(request: HttpRequest, slug: str, kind: str) -> HttpResponseBase:
    """The stories of one section."""
    found = get_object_or_404(Section, slug=slug)
    return _answer(
        request,
        kind,
        reverse("articles:section_feed", args=[slug, kind]),
        found.name,
        found.description,
        found.get_absolute_url(),
        keys.section(found.pk),
        Q(section=found),
    )


@public_view()
def of_topic(request: HttpRequest, slug: str, kind: str) -> HttpResponseBase:
    """The stories on one topic."""
    found = get_object_or_404(Topic, slug=slug)
    return _of_subject(request, kind, found, Q(listings__topic=found), keys.topic(found.pk))


@public_view()
def of_author(request: HttpRequest, slug: str, kind: str) -> HttpResponseBase:
    """The stories that one author has signed."""
    found = get_object_or_404(Author, slug=slug)
    return _of_subject(request, kind, found, Q(listings__author=found), keys.author(found.pk))


def _of_subject(
    request: HttpRequest, kind: str, found: Topic | Author, chosen: Q, key: str
) -> HttpResponseBase:
    path = reverse(f"articles:{found._meta.model_name}_feed", args=[found.slug, kind])
    home = found.get_absolute_url()
    return _answer(
        request, kind, path, found.name, "", home, key, chosen, keys.name_of(found), listed=True
    )


def _answer(
    request: HttpRequest,
    kind: str,
    path: str,
    name: str,
    description: str,
    home: str,
    key: str,
    chosen: Q,
    *more_keys: str,
    listed: bool = False,
) -> HttpResponseBase:
    found = listing.newest(chosen, listed=listed).with_page_relations().with_corrections()
    found = found.defer("article__body")
    editions = list(found[:FEED_LENGTH])
    paper = current()
    title = f"{name} | {paper.name}" if name else paper.name
    feed = Feed(title, description or paper.tagline, absolute(home), absolute(path), editions)
    write, content_type = _FORMS[kind]
    pictures = [keys.image(each.lead_image_id) for each in editions if each.lead_image_id]
    # Each change of a story touches the list's own key; its comments are no part of a feed.
    return public_response(
        request, write(feed), content_type, keys=[key, *more_keys, keys.SECTIONS, *pictures]
    )


def rss(feed: Feed) -> bytes:
    """RSS 2.0, with whole texts in content:encoded where the paper gives them."""
    tree = root("rss", _NAMESPACES, version="2.0")
    channel = add(tree, "channel")
    add(channel, "title", feed.title)
    add(channel, "link", feed.url)
    add(channel, "description", feed.description)
    add(channel, "language", languages.tag(""))
    add(channel, "lastBuildDate", format_datetime(feed.updated_at))
    add(channel, "atom:link", rel="self", type="application/rss+xml", href=feed.self_url)
    if current().websub_hub:
        add(channel, "atom:link", rel="hub", href=current().websub_hub)
    if logo := current().logo:
        picture = add(channel, "image")
        add(picture, "url", absolute(logo.src))
        # By the specification the same as the channel's.
        add(picture, "title", feed.title)
        add(picture, "link", feed.url)
    for edition in feed.editions:
        item = add(channel, "item")
        add(item, "title", edition.short_title)
        add(item, "link", edition.absolute_url)
        add(item, "guid", edition.absolute_url, isPermaLink="true")
        add(item, "pubDate", format_datetime(edition.first_published_at))
        # RSS has no word of its own for it.
        add(item, "atom:updated", moment(edition.changed_at))
        for name in _authors(edition):
            add(item, "dc:creator", name)
        if code := _own_language(edition):
            # RSS itself knows the language of the whole channel only.
            add(item, "dc:language", code)
        add(item, "category", edition.section.name)
        add(item, "description", _summary(edition))
        if current().feed_content == FULL:
            add(item, "content:encoded", _content(edition))
        for url, width, height in _picture(edition):
            media = add(
                item, "media:content", url=url, medium="image", width=str(width), height=str(height)
            )
            add(media, "media:description", edition.lead_image_alt)
            if edition.lead_image_credit:
                add(media, "media:credit", edition.lead_image_credit)
    return document(tree)


def atom(feed: Feed) -> bytes:
    """Atom (RFC 4287)."""
    tree = root("feed", {"": _NAMESPACES["atom"]}, **{"xml:lang": languages.tag("")})
    add(tree, "id", feed.self_url)
    add(tree, "title", feed.title)
    add(tree, "subtitle", feed.description)
    add(tree, "updated", moment(feed.updated_at))
    add(tree, "link", rel="self", type="application/atom+xml", href=feed.self_url)
    add(tree, "link", rel="alternate", type="text/html", href=feed.url)
    if current().websub_hub:
        add(tree, "link", rel="hub", href=current().websub_hub)
    add(tree, "icon", absolute(static("img/icon-192.png")))
    if logo := current().logo:
        add(tree, "logo", absolute(logo.src))
    add(add(tree, "author"), "name", current().name)
    for edition in feed.editions:
        entry = add(tree, "entry", **{"xml:lang": _own_language(edition)})
        add(entry, "id", edition.absolute_url)
        add(entry, "title", edition.short_title)
        add(entry, "link", rel="alternate", type="text/html", href=edition.absolute_url)
        add(entry, "published", moment(edition.first_published_at))
        add(entry, "updated", moment(edition.changed_at))
        for name in _authors(edition):
            add(add(entry, "author"), "name", name)
        add(entry, "category", term=edition.section.slug, label=edition.section.name)
        add(entry, "summary", _summary(edition), type="text")
        if current().feed_content == FULL:
            add(entry, "content", _content(edition), type="html")
    return document(tree)


def json_feed(feed: Feed) -> bytes:
    """JSON Feed 1.1."""
    data: dict[str, Any] = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.url,
        "feed_url": feed.self_url,
        "description": feed.description,
        "icon": absolute(static("img/icon-512.png")),
        "language": languages.tag(""),
    }
    if current().websub_hub:
        data["hubs"] = [{"type": "WebSub", "url": current().websub_hub}]
    data["items"] = [_item(edition) for edition in feed.editions]
    return json.dumps(data, ensure_ascii=False).encode()


def _item(edition: Edition) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": edition.absolute_url,
        "url": edition.absolute_url,
        "title": edition.short_title,
        "summary": _summary(edition),
        "date_published": moment(edition.first_published_at),
        "date_modified": moment(edition.changed_at),
        "tags": [edition.section.name],
        "authors": [
            {"name": byline["name"], "url": absolute(_author_path(byline["slug"]))}
            for byline in _people(edition)
        ],
    }
    if code := _own_language(edition):
        item["language"] = code
    if current().feed_content == FULL:
        item["content_html"] = _content(edition)
    else:
        item["content_text"] = _summary(edition)
    for url, _width, _height in _picture(edition):
        item["image"] = url
    return {name: value for name, value in item.items() if value != []}


def _own_language(edition: Edition) -> str:
    """The story's language where it isn't the feed's."""
    code = languages.tag(edition.language)
    return "" if code == languages.tag("") else code


def _people(edition: Edition) -> list[dict[str, str]]:
    return list({byline["slug"]: byline for byline in edition.bylines}.values())


def _author_path(slug: str) -> str:
    return reverse("articles:author", args=[slug])


def _authors(edition: Edition) -> list[str]:
    return [byline["name"] for byline in _people(edition)] or [
        edition.agency_name or current().name
    ]


def _summary(edition: Edition) -> str:
    return edition.standfirst or edition.summary or edition.headline


def _content(edition: Edition) -> str:
    """The finished text, readable anywhere: its addresses have a host."""

    def with_host(match: re.Match[str]) -> str:
        return match[1] + escape(absolute(unescape(match[2])))

    html = _ADDRESS.sub(with_host, edition.body_html)
    if edition.agency_credit:
        html += f"<p>– {escape(edition.agency_credit)}</p>"
    for correction in edition.corrections:
        day = formats.date_format(timezone.localtime(correction.made_at), "DATE_FORMAT")
        html += f"<p><strong>{escape(correction.get_kind_display())}</strong> ({escape(day)}): "
        html += "<br>".join(map(escape, correction.text.splitlines())) + "</p>"
    return clean(html)


def _picture(edition: Edition) -> list[tuple[str, int, int]]:
    return shapes(edition.lead_image)[:1] if edition.lead_image else []


_FORMS: dict[str, tuple[Callable[[Feed], bytes], str]] = {
    "xml": (rss, "application/rss+xml; charset=utf-8"),
    "atom": (atom, "application/atom+xml; charset=utf-8"),
    "json": (json_feed, "application/feed+json; charset=utf-8"),
}
