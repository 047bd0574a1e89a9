"""The surrogate keys: what a page says it was made from, and what a change touches.

A page that shows a fact names the fact's key. A change touches the keys of all the facts that it
changes. So exactly the pages that may look different now are rendered again.
"""

from collections.abc import Iterable

from .models import Edition

#: Which stories are the newest of all.
FRONT = "front"
#: Names, colours and order of the sections, which every page shows.
SECTIONS = "sections"


def article(pk: int) -> str:
    """A story with its comments."""
    return f"article:{pk}"


def section(pk: int) -> str:
    """Which stories are the newest of a section, and what lists say of them."""
    return f"section:{pk}"


def image(pk: int) -> str:
    """The renditions of a picture."""
    return f"image:{pk}"


def shown(edition: Edition) -> list[str]:
    """What a page names that shows this edition, whole or as a card."""
    keys = [article(edition.article_id)]
    if edition.lead_image_id:
        keys.append(image(edition.lead_image_id))
    return keys


def of_list(editions: Iterable[Edition]) -> list[str]:
    """What a page names that shows cards of these editions."""
    return [key for edition in editions for key in shown(edition)]


def touched_by(edition: Edition) -> list[str]:
    """What the coming or going of an edition changes."""
    return [article(edition.article_id), section(edition.section_id), FRONT]
