"""Comments under a story, in one pass: a template for each would be most of what a page costs.

comments/_comment.html is rendered once for each language, with marks where a comment's own words
go. The markup between the marks stays the template's; each comment is filled in as a string.
"""

import datetime
import hashlib
from html import escape
from typing import Any, NamedTuple

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import get_current_timezone
from django.utils.translation import get_language

from articles import moments
from articles.kept import kept
from articles.typography import initial

_AVATAR_SECTIONS = ("world", "business", "science", "culture", "sport", "opinion")
#: Stands beside the names of what is filled in; neither a template nor a comment can hold it.
_MARK = "\0"


class Row(NamedTuple):
    """What of a stored comment readers see."""

    pk: int
    name: str
    body: str
    created_at: datetime.datetime
    featured_at: datetime.datetime | None = None

    @property
    def anchor(self) -> str:
        return f"comment-{self.pk}"


def shown(row: Row, zone: datetime.tzinfo | None = None) -> dict[str, Any]:
    """What comments/_comment.html shows of a comment, as text."""
    return {
        "anchor": row.anchor,
        "avatar_section": avatar_section(row.name),
        "initial": initial(row.name),
        "name": row.name,
        "posted_at": moments.iso(row.created_at, zone),
        "posted": moments.day_and_time(row.created_at, zone),
        "paragraphs": paragraphs(row.body),
        "is_pick": row.featured_at is not None,
    }


def avatar_section(name: str) -> str:
    """The colour of the avatar: the same for a name, on every page and machine."""
    digest = hashlib.sha256(name.casefold().encode("utf-8", "replace")).digest()
    return _AVATAR_SECTIONS[digest[0] % len(_AVATAR_SECTIONS)]


def paragraphs(body: str) -> list[str]:
    return [line for line in body.split("\n") if line]


def render(rows: list[Row]) -> list[SafeString]:
    """The HTML of each comment, as comments/_comment.html has it."""
    language = get_language()
    zone = get_current_timezone()
    found = []
    for row in rows:
        values = shown(row, zone)
        form, between = _compile(language, values.pop("is_pick"))
        lines = between.join([escape(line) for line in values.pop("paragraphs")])
        values = {name: escape(value) for name, value in values.items()}
        # The form is the template's; all that is put into it has just been escaped.
        found.append(mark_safe(form % {**values, "paragraphs": lines}))  # noqa: S308
    return found


@kept(100)
def _compile(language: str | None, is_pick: bool) -> tuple[str, str]:
    """The template as a format string, and what it puts between two paragraphs."""
    sample = shown(Row(0, "a", "", datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)))
    marks: dict[str, Any] = {name: f"{_MARK}{name}{_MARK}" for name in sample}
    marks["paragraphs"] = [marks["paragraphs"], f"{_MARK}end{_MARK}"]
    marks["is_pick"] = is_pick
    html = render_to_string("comments/_comment.html", {"comment": marks})
    parts = html.replace("%", "%%").split(_MARK)
    first, last = parts.index("paragraphs"), parts.index("end")
    between = "".join(parts[first + 1 : last]).replace("%%", "%")
    del parts[first + 1 : last + 1]
    for index in range(1, len(parts), 2):
        parts[index] = f"%({parts[index]})s"
    return "".join(parts), between
