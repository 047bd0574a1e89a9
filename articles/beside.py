"""What leads on from a story: others on its topics, the one before it, the newest of its section.

What many stories show alike is a part of its own (`{% shared %}`), so that a new story leaves the
pages of older ones as they are.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, NamedTuple

from django.db.models import BigIntegerField, DateTimeField, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from . import keys
from .models import Edition
from .models.edition import EditionQuerySet
from .prepared import Prepared

#: How many of the newest stories of its section stand beside a story, and how many related ones:
#: so many on the page of one of them, one more on others.
MORE_LENGTH = 5
RELATED_LENGTH = 4
#: How many stories stand on a page that is missing.
NEWEST_LENGTH = 3
#: How many of the newest stories of each topic are compared.
_COMPARED = 20


class Part(NamedTuple):
    """Some stories, and the name of the shared part that they are.

    It is the same for all pages of that name; each leaves itself out (`{% elsewhere %}`).
    """

    editions: list[Edition]
    name: str
    #: How many it has at most.
    length: int


class Section(NamedTuple):
    """The stories of a section that lead on from one of them."""

    more: Part
    #: The one that was published before it.
    following: Edition | None
    #: What the page names for the sake of the latter.
    keys: list[str]


def in_section(edition: Edition) -> Section:
    """The newest of a story's section, and the one before it; one query."""
    found = _in_section(
        now=timezone.now(),
        section=edition.section_id,
        at=edition.first_published_at,
        pk=edition.pk,
    )
    newest = found[: MORE_LENGTH + 1]
    older = [other for other in found if _place(other) < _place(edition)]
    following = older[0] if older else None
    more = Part(newest, keys.section(edition.section_id), MORE_LENGTH + 1)
    if following is None:
        return Section(more, None, [keys.oldest(edition.section_id)])
    between = keys.between(
        edition.section_id, following.first_published_at, edition.first_published_at
    )
    return Section(more, following, [keys.article(following.article_id), *between])


def newest_of(section: int) -> list[Edition]:
    """What all stories of a section show beside them; one query."""
    return _newest_of(now=timezone.now(), section=section)


def related_to(edition: Edition, topics: Iterable[int]) -> Part:
    """The stories that share most of these topics with one, itself among them; one query.

    `marks.composed` finds the same in the lists of the topics (`newest_on`).
    """
    pks = sorted(topics)
    name = keys.part(*(keys.topic(pk) for pk in pks))
    if not pks:
        return Part([], name, RELATED_LENGTH + 1)
    given = {f"topic{number}": pk for number, pk in enumerate(pks)}
    return Part(_related(len(pks))(now=timezone.now(), **given), name, RELATED_LENGTH + 1)


def newest_on(topic: int) -> list[Edition]:
    """What the related stories of all stories on a topic are chosen from; one query."""
    return _newest_on(now=timezone.now(), topic=topic)


def newest_of_all() -> list[Edition]:
    """What pages show that have nothing else to show; one query."""
    return list(Edition.objects.live().for_cards().newest_first()[:NEWEST_LENGTH])


def _place(edition: Edition) -> Any:
    return edition.first_published_at, edition.pk


def _newest(now: Any, section: Any) -> QuerySet[Any]:
    live = Edition.objects.live(now).filter(section=section)
    return live.for_links("first_published_at").newest_first()


def _around(now: Any, section: Any, at: Any, pk: Any) -> QuerySet[Any]:
    newest = _newest(now, section)
    # On the first condition an index ends; the second tells stories of one moment apart.
    older = newest.filter(first_published_at__lte=at).filter(
        Q(first_published_at__lt=at) | Q(pk__lt=pk)
    )
    shown: list[str] = []
    parameters: tuple[Any, ...] = ()
    for part in (newest[: MORE_LENGTH + 1], older[:1]):
        sql, more = part.values("pk").query.sql_with_params()
        shown.append(f"SELECT * FROM ({sql}) AS part")  # noqa: S608
        parameters += more
    both = RawSQL(" UNION ".join(shown), parameters)  # noqa: S611
    return Edition.objects.for_links("first_published_at").filter(pk__in=both).newest_first()


def _on_topic(now: Any, topic: Any) -> EditionQuerySet:
    live = Edition.objects.live(now).filter(listings__topic=topic)
    return live.order_by("-listings__first_published_at", "-listings__edition_id")[:_COMPARED]


def _ranked(now: Any, **topics: Any) -> QuerySet[Any]:
    """Those of the newest of each topic that are on most of them, the newest first."""
    found: list[str] = []
    parameters: tuple[Any, ...] = ()
    for topic in topics.values():
        newest = _on_topic(now, topic).values("pk", "first_published_at")
        sql, more = newest.query.sql_with_params()
        found.append(f"SELECT * FROM ({sql}) AS of_topic")  # noqa: S608
        parameters += more
    ranked = (
        f"WITH near (id, at) AS ({' UNION ALL '.join(found)})"  # noqa: S608
        " SELECT id FROM near GROUP BY id, at"
        f" ORDER BY COUNT(*) DESC, at DESC, id DESC LIMIT {RELATED_LENGTH + 1}"
    )
    links = Edition.objects.for_links("first_published_at")
    return links.filter(pk__in=RawSQL(ranked, parameters)).newest_first()  # noqa: S611


_in_section = Prepared(
    Edition,
    _around,
    now=DateTimeField(),
    section=BigIntegerField(),
    at=DateTimeField(),
    pk=BigIntegerField(),
)
_newest_of = Prepared(
    Edition,
    lambda now, section: _newest(now, section)[: MORE_LENGTH + 1],
    now=DateTimeField(),
    section=BigIntegerField(),
)


_newest_on = Prepared(
    Edition,
    lambda now, topic: _on_topic(now, topic).for_links("first_published_at"),
    now=DateTimeField(),
    topic=BigIntegerField(),
)


@lru_cache(maxsize=32)
def _related(number: int) -> Prepared[Any]:
    """The query for the stories on so many topics."""
    topics = {f"topic{each}": BigIntegerField() for each in range(number)}
    return Prepared(Edition, _ranked, now=DateTimeField(), **topics)
