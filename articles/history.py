"""What a story said before: its editions as readers saw them, where the paper shows that.

A history goes back as far as the story has been on the site without a break. What was withdrawn
stays withdrawn: when the story comes back, its history begins anew.
"""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from . import keys, views
from .comparison import compare
from .models import Article, Edition
from .paper import current
from .public import public_page, public_view
from .structured_data import Crumb


@dataclass(frozen=True)
class Version:
    """One edition of the history; `before` is the number of the one that it replaced."""

    edition: Edition
    before: int | None
    is_live: bool

    @property
    def number(self) -> int:
        return self.edition.number

    @property
    def live_from(self) -> datetime.datetime:
        return self.edition.live_from

    @property
    def until(self) -> datetime.datetime | None:
        """When it was replaced; None while it is not."""
        return None if self.is_live else self.edition.live_until


@dataclass(frozen=True)
class History:
    """The versions of a live story, newest first."""

    versions: list[Version]

    @property
    def live(self) -> Edition:
        return self.versions[0].edition

    def version(self, number: int) -> Version:
        """The version with that number; raises Http404."""
        for version in self.versions:
            if version.number == number:
                return version
        raise Http404(_("This story has no such version."))


@public_view()
def history(request: HttpRequest, year: int, month: int, day: int, slug: str) -> HttpResponseBase:
    """The versions of a story."""
    try:
        found = find_history(year, month, day, slug)
    except views.Withdrawn as gone:
        return views.withdrawn_page(request, gone.article)
    return _page(request, "articles/history.html", found)


@public_view()
def version(
    request: HttpRequest, year: int, month: int, day: int, slug: str, number: int
) -> HttpResponseBase:
    """A story as it was."""
    try:
        found = find_history(year, month, day, slug)
    except views.Withdrawn as gone:
        return views.withdrawn_page(request, gone.article)
    shown = found.version(number)
    edition = Edition.objects.for_page().get(pk=shown.edition.pk)
    return _page(
        request,
        "articles/version.html",
        found,
        more_keys=keys.shown(edition),
        edition=edition,
        version=shown,
    )


@public_view("from", "to")
def comparison(
    request: HttpRequest, year: int, month: int, day: int, slug: str
) -> HttpResponseBase:
    """What changed between two versions, `?from=1&to=2`."""
    try:
        found = find_history(year, month, day, slug)
    except views.Withdrawn as gone:
        return views.withdrawn_page(request, gone.article)
    versions = [found.version(_number(request, name)) for name in ("from", "to")]
    older, newer = sorted(versions, key=lambda version: version.live_from)
    texts = Edition.objects.in_bulk([older.edition.pk, newer.edition.pk])
    passages = compare(texts[older.edition.pk], texts[newer.edition.pk])
    return _page(
        request, "articles/comparison.html", found, older=older, newer=newer, passages=passages
    )


def find_history(year: int, month: int, day: int, slug: str) -> History:
    """The history of the live story at this address; raises views.Withdrawn, or Http404.

    A paper that doesn't show histories has none.
    """
    if not current().has_public_history:
        raise Http404(_("This paper shows no earlier versions."))
    live = views.find_edition(year, month, day, slug, is_shown=False)
    return History(_versions(live.article, live.pk))


def _versions(article: Article, live: int) -> list[Version]:
    """What readers saw since the story came on the site, newest first."""
    seen = Edition.objects.been_live().filter(article=article).order_by("-live_from", "-number")
    found = list(
        seen.select_related("section").only(
            "article",
            "number",
            "section",
            "language",
            "headline",
            "short_title",
            "canonical_url",
            "live_from",
            "live_until",
        )
    )
    while found and found[0].pk != live:
        # One that has opened since.
        del found[0]
    unbroken = found[:1]
    for edition in found[1:]:
        if edition.live_until != unbroken[-1].live_from:
            break
        unbroken.append(edition)
    for edition in unbroken:
        edition.article = article
    befores = [edition.number for edition in unbroken[1:]]
    return [
        Version(edition, before, edition.pk == live)
        for edition, before in zip(unbroken, [*befores, None], strict=True)
    ]


def _number(request: HttpRequest, name: str) -> int:
    text = request.GET.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise Http404(_("This story has no such version."))
    return int(text)


def _page(
    request: HttpRequest,
    template: str,
    found: History,
    *,
    more_keys: Iterable[str] = (),
    **context: Any,
) -> HttpResponseBase:
    story = found.live
    return public_page(
        request,
        template,
        {
            "story": story,
            "section": story.section,
            "versions": found.versions,
            "crumbs": [
                Crumb(story.section.name, story.section.get_absolute_url()),
                Crumb(story.short_title, story.get_absolute_url()),
                Crumb(_("Versions"), story.history_url),
            ],
            **context,
        },
        keys=dict.fromkeys([keys.article(story.article_id), keys.SECTIONS, *more_keys]),
    )
