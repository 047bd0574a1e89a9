"""What the paper says of itself: its name, its policies and how it gives its stories away.

Whoever sets these things provides them; until somebody has, they are the operator's settings.
Articles and comments read them here and nowhere else.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from django.conf import settings

from .public import public_read

ALLOW, REFUSE = "allow", "refuse"
SUMMARY, FULL = "summary", "full"


class Profile(NamedTuple):
    """The paper on a network of somebody else's."""

    label: str
    url: str


class Logo(NamedTuple):
    """A picture of the paper's name; `src` begins with a slash or a host."""

    src: str
    width: int
    height: int


class Accent(NamedTuple):
    """The paper's colour as #rrggbb, on white and on black."""

    light: str
    dark: str


class Link(NamedTuple):
    """A page that every page links to; the path has no host."""

    label: str
    path: str


@dataclass(frozen=True)
class Paper:
    """One paper, as all its public pages know it. What is empty isn't shown."""

    name: str
    tagline: str
    #: Scheme and host, without a slash at the end.
    url: str
    #: The language that it is written in, unless a story says another one: "en", "pt-br".
    language: str
    #: Those that its pages can be read in, its own first.
    languages: tuple[str, ...] = ()
    #: Paths by the names that schema.org has for what they hold: see structured_data.POLICIES.
    policies: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    #: What commenters are asked for; empty for the usual words.
    guidelines: str = ""
    #: How long a comment waits: "usually within two hours".
    review_time: str = ""
    #: SUMMARY or FULL.
    feed_content: str = SUMMARY
    websub_hub: str = ""
    #: ALLOW or REFUSE, for those that gather texts for language models.
    ai_crawlers: str = ALLOW
    socials: tuple[Profile, ...] = ()
    logo: Logo | None = None
    accent: Accent | None = None
    #: The last line of every page; empty for the usual words.
    footer: str = ""
    #: Whether readers may see what a story said before it was changed.
    has_public_history: bool = False


def from_settings() -> Paper:
    """The paper as the operator's settings have it."""
    return Paper(
        name=settings.PUBLICATION_NAME,
        tagline=settings.PUBLICATION_TAGLINE,
        url=settings.SITE_URL,
        language=settings.LANGUAGE_CODE,
        languages=(settings.LANGUAGE_CODE,),
        policies=MappingProxyType(dict(settings.PUBLICATION_POLICIES)),
        review_time=settings.COMMENTS_REVIEW_TIME,
        feed_content=settings.FEED_CONTENT,
        websub_hub=settings.WEBSUB_HUB,
        ai_crawlers=settings.AI_CRAWLERS,
    )


_source: Callable[[], Paper] = from_settings
_shown: ContextVar[Paper | None] = ContextVar("shown", default=None)


def provide(source: Callable[[], Paper]) -> None:
    """Have `current` ask this from now on."""
    global _source
    _source = source


def current() -> Paper:
    """The paper as it is now; asked for once for each public page, however often this is called."""
    shown = _shown.get()
    if shown is not None:
        return shown
    read = public_read.get()
    if read is None:
        return _source()
    if read.paper is None:
        read.paper = _source()
    return read.paper


@contextmanager
def shown_as(paper: Paper) -> Iterator[None]:
    """Let pages show another paper than the current one, as a preview of it does."""
    token = _shown.set(paper)
    try:
        yield
    finally:
        _shown.reset(token)
