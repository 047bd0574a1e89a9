"""Pictures on the public pages."""

from typing import Any, NamedTuple

from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from ..kept import kept
from ..models import Author, Edition, Image
from ..models.image import Source
from ..renditions import SITE_CROP, TYPES, Rendition

register = template.Library()

#: Twice what the page of an author shows, for dense screens.
PORTRAIT_WIDTH = 320


class Place(NamedTuple):
    """Where on a page a picture stands."""

    #: How wide it is shown there: the layouts of static/css, said to browsers.
    sizes: str
    css_class: str = ""
    #: The first thing that a reader sees; all others wait until they come near.
    is_lead: bool = False
    #: The widest that is offered, in pixels. Three pixels to one show no more than two do.
    up_to: int = 720


PLACES = {
    "article": Place(
        "(min-width: 80rem) 67rem, (min-width: 40rem) 94vw, calc(100vw - 2rem)",
        is_lead=True,
        up_to=1440,
    ),
    "front": Place(
        "(min-width: 50rem) 39rem, (min-width: 40rem) 94vw, calc(100vw - 2rem)",
        is_lead=True,
        up_to=1440,
    ),
    "section": Place(
        "(min-width: 86rem) 48rem, (min-width: 44rem) 57vw, calc(100vw - 2rem)",
        css_class="card__media",
        is_lead=True,
        up_to=1440,
    ),
    "top": Place("(min-width: 64rem) 18rem, (min-width: 40rem) 44vw, 11rem", "card__media"),
    "wide": Place(
        "(min-width: 80rem) 20rem, (min-width: 44rem) 55vw, calc(100vw - 2rem)", "card__media"
    ),
    "half": Place(
        "(min-width: 64rem) 21rem, (min-width: 36rem) 53vw, calc(100vw - 2rem)", "card__media"
    ),
    "river": Place("(min-width: 40rem) 17rem, calc(100vw - 2rem)", "card__media"),
}


@register.simple_tag
def picture(edition: Edition, place: str = "river") -> SafeString:
    """The lead picture of a story, in the best type that the browser knows; nothing without one.

    No query, if the edition came with its page relations.
    """
    image = edition.lead_image
    if image is None or not image.stem:
        return SafeString("")
    widths = tuple(image.widths[SITE_CROP])
    return _markup(image.stem, widths, edition.lead_image_alt, place)


# A front page shows forty pictures, and nearly the same ones each time that it is rendered.
@kept(1024)
def _markup(stem: str, widths: tuple[int, ...], alt: str, name: str) -> SafeString:
    image = Image(renditions={"stem": stem, "widths": {SITE_CROP: widths}})
    place = PLACES[name]
    content = render_to_string(
        "articles/_picture.html",
        {
            "place": place,
            "sources": image.sources(up_to=place.up_to),
            "file": image.fallback(place.up_to),
            "alt": alt,
        },
    )
    return SafeString(content.strip())


@register.inclusion_tag("articles/_portrait.html")
def portrait(author: Author) -> dict[str, Any]:
    """The author's portrait, square; no query, if the author came with it."""
    image = author.portrait
    if image is None or not image.stem:
        return {}
    square = image.nearest(Rendition(PORTRAIT_WIDTH, "jpg", "1x1"))
    return {
        "sources": [
            Source(kind, image.src_of(Rendition(square.width, suffix, "1x1")))
            for suffix, kind in TYPES.items()
            if suffix != "jpg"
        ],
        "src": image.src_of(square),
        "width": square.width,
        "alt": image.alt,
    }
