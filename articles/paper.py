"""What the paper says of itself: its name, its policies and how it gives its stories away.

Whoever sets these things provides them; until somebody has, they are the operator's settings.
Articles and comments read them here and nowhere else.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from django.conf import settings

if TYPE_CHECKING:
    from django.db.models import QuerySet

ALLOW, REFUSE = "allow", "refuse"
SUMMARY, FULL = "summary", "full"


class Profile(NamedTuple):
    """The paper on a network of somebody else's."""

    label: str
    url: str


class Logo(NamedTuple):
    """A picture of the paper's name; `src` begins with a slash."""

    src: str
    width: int
    height: int
    #: The same for dark pages, of the same size; empty if there is none.
    dark_src: str = ""


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
    #: Paths by the names that schema.org has for what they hold: see structured_data.POLICIES.
    policies: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), hash=False)
    #: The pages that every page links to at its foot.
    links: tuple[Link, ...] = ()
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
        policies=MappingProxyType(dict(settings.PUBLICATION_POLICIES)),
        review_time=settings.COMMENTS_REVIEW_TIME,
        feed_content=settings.FEED_CONTENT,
        websub_hub=settings.WEBSUB_HUB,
        ai_crawlers=settings.AI_CRAWLERS,
    )


class Source(Protocol):
    """Where somebody has set what the paper says of itself."""

    def stored(self) -> "QuerySet[Any, Any]":
        """At most one row of one text."""

    def read(self, text: str | None) -> Paper:
        """The paper that the text describes; without one, nobody has set anything."""

    def __hash__(self) -> int:
        """As every object has it: what is asked of a source is composed once."""


_shown: ContextVar[Paper | None] = ContextVar("shown", default=None)
_source: Source | None = None


def provide(source: Source | None) -> None:
    """Have this looked up from now on; None for the settings alone."""
    global _source
    _source = source


def source() -> Source | None:
    return _source


def current() -> Paper:
    """The paper as it is now; looked up once for each page, however often this is called."""
    # Models ask for the paper's language, and the frame asks models.
    from . import frame

    return _shown.get() or frame.current().paper


@contextmanager
def shown_as(paper: Paper) -> Iterator[None]:
    """Let pages show another paper than the current one, as a preview of it does."""
    token = _shown.set(paper)
    try:
        yield
    finally:
        _shown.reset(token)
