"""Tags for what a page says to machines."""

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlencode

from django import template
from django.urls import reverse
from django.utils.safestring import SafeString

from .. import languages, structured_data
from ..models import Author, Edition, Topic
from ..structured_data import Crumb

register = template.Library()
#: Language and country as Open Graph wants them, for the code of a story's language.
register.filter("locale", languages.locale)


@register.simple_tag
def news_article(
    edition: Edition,
    topics: Iterable[Topic] = (),
    comments: Sequence[dict[str, Any]] = (),
    comment_count: int | None = None,
) -> SafeString:
    """A story and the way to it; `comments` are Comment nodes of schema.org."""
    return structured_data.script(
        structured_data.news_article(
            edition, topics=topics, comments=comments, comment_count=comment_count
        ),
        structured_data.breadcrumbs(structured_data.crumbs_of(edition)),
    )


@register.simple_tag
def breadcrumbs(crumbs: Iterable[Crumb]) -> SafeString:
    """The way to a page."""
    return structured_data.script(structured_data.breadcrumbs(crumbs))


@register.simple_tag
def about_page(title: str, path: str, kind: str, crumbs: Iterable[Crumb]) -> SafeString:
    """A page that editors wrote, and the way to it."""
    return structured_data.script(
        structured_data.about_page(title, path, kind), structured_data.breadcrumbs(crumbs)
    )


@register.simple_tag
def profile(author: Author, crumbs: Iterable[Crumb]) -> SafeString:
    """Who an author is, and the way to the page that says so."""
    return structured_data.script(
        structured_data.profile(author), structured_data.breadcrumbs(crumbs)
    )


@register.simple_tag
def website() -> SafeString:
    """The site as a whole."""
    return structured_data.script(structured_data.website())


@register.filter
def absolute(url: str) -> str:
    """The address with its scheme and host."""
    return structured_data.absolute(url)


@register.filter
def oembed(edition: Edition, kind: str) -> str:
    """Where other sites ask how to show a link to a story, for an answer in JSON or XML."""
    query = urlencode({"url": edition.absolute_url, "format": kind})
    return structured_data.absolute(f"{reverse('articles:oembed')}?{query}")


@register.filter
def shared_picture(edition: Edition) -> tuple[str, int, int] | None:
    """Address, width and height of the picture that goes with a shared link."""
    image = edition.lead_image
    return next(iter(structured_data.shapes(image)), None) if image else None
