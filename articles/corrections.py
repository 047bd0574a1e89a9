"""The page of all corrections, newest first."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _

from . import keys
from .listing import PAGE_LENGTH, Place, place_of, rows_before
from .models import Correction, Edition
from .public import public_page, public_view
from .structured_data import Crumb


@dataclass(frozen=True)
class Entry:
    """A correction, and the story as readers get it now."""

    correction: Correction
    edition: Edition

    @property
    def url(self) -> str:
        """Where the correction stands under its story."""
        return f"{self.edition.get_absolute_url()}#{self.correction.anchor}"


@dataclass(frozen=True)
class CorrectionsPage:
    """Some corrections, and where the next page begins."""

    entries: list[Entry]
    older: Place | None
    is_first: bool


@public_view("before")
def corrections(request: HttpRequest) -> HttpResponseBase:
    """What the newsroom had wrong, of stories that are live."""
    page = page_of(_asked_place(request))
    path = reverse("articles:corrections")
    stories = [keys.article(entry.edition.article_id) for entry in page.entries]
    return public_page(
        request,
        "articles/corrections.html",
        {
            "page": page,
            "entries": page.entries,
            "path": path,
            "crumbs": [Crumb(_("Corrections"), path)],
        },
        keys=[keys.CORRECTIONS, keys.SECTIONS, *dict.fromkeys(stories)],
    )


def page_of(before: Place | None) -> CorrectionsPage:
    """The corrections from after `before` on; raises Http404 for a later page that has none."""
    made = Correction.objects.public().newest_first()
    if before is not None:
        made = made.filter(rows_before("made_at", "pk", before))
    found = list(made[: PAGE_LENGTH + 1])
    if before is not None and not found:
        raise Http404(_("No list goes on from there."))
    shown = found[:PAGE_LENGTH]
    stories = {correction.article_id for correction in shown}
    live = Edition.objects.live().for_cards()
    editions = {edition.article_id: edition for edition in live.filter(article__in=stories)}
    return CorrectionsPage(
        # Between the two queries, a story may have gone.
        entries=[
            Entry(correction, editions[correction.article_id])
            for correction in shown
            if correction.article_id in editions
        ],
        older=Place(shown[-1].made_at, shown[-1].pk) if len(found) > len(shown) else None,
        is_first=before is None,
    )


def _asked_place(request: HttpRequest) -> Place | None:
    """Where the asked page begins, only where a correction is or was; raises Http404."""
    place = place_of(request)
    if place and not Correction.objects.filter(pk=place.pk, made_at=place.at).exists():
        raise Http404(_("No list goes on from there."))
    return place
