"""The front page, composed: what editors chose, and the newest wherever they chose nothing.

A chosen story shows while it is live. No story is shown twice. Two queries, however much is
chosen and however large the paper is.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import islice
from typing import Any, NamedTuple

from django.db.models import DateTimeField, F, QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone

from .models import Edition, FrontBlock, FrontStory, Section
from .prepared import Prepared

Place = FrontStory.Place
Variant = FrontBlock.Variant

#: How many stories the list of the latest has.
WIRE_LENGTH = 8
#: As many as places can be empty.
_NEWEST = FrontStory.ROOM[Place.LEAD] + FrontStory.ROOM[Place.TOP] + WIRE_LENGTH
#: With fewer, a wide block would have holes.
_LEAST_WIDE = 5


class Plan(NamedTuple):
    """Which section gets a block, and in which shape."""

    section: Section
    variant: str

    @property
    def length(self) -> int:
        """How many stories it shows."""
        return FrontBlock.LENGTH[Variant(self.variant)]


@dataclass(frozen=True)
class Block:
    """A section with the stories that it shows."""

    section: Section
    variant: str
    editions: list[Edition]

    @property
    def lead(self) -> Edition:
        return self.editions[0]

    @property
    def sides(self) -> list[list[Edition]]:
        """The others, in the columns beside the lead."""
        rest = self.editions[1:]
        return [rest[:3], rest[3:]] if len(rest) > 3 else [rest]


@dataclass(frozen=True)
class Layout:
    """What stands where. `rows` holds blocks: two halves side by side, or one of another shape."""

    lead: Edition | None = None
    also: list[Edition] = field(default_factory=list)
    top: list[Edition] = field(default_factory=list)
    wire: list[Edition] = field(default_factory=list)
    rows: list[list[Block]] = field(default_factory=list)

    @property
    def editions(self) -> list[Edition]:
        """All stories that are shown, each once."""
        blocks = [block for row in self.rows for block in row]
        stories = [edition for block in blocks for edition in block.editions]
        return [*([self.lead] if self.lead else []), *self.also, *self.top, *self.wire, *stories]

    @property
    def newest(self) -> Edition | None:
        """The story whose day is the day of the page."""
        return max(self.editions, key=lambda each: each.first_published_at, default=None)


_sections = Prepared(Section, lambda: Section.objects.select_related("front_block"))


def sections() -> list[Section]:
    """The sections in the order of the navigation, with their blocks; one query."""
    return _sections()


def compose(found: Iterable[Section]) -> Layout:
    """The front page of now; one query. `found` comes from `sections`."""
    by_pk = {section.pk: section for section in found}
    plans = plan(list(by_pk.values()))
    stories = _stories(tuple((each.section.pk, each.length) for each in plans))(now=timezone.now())
    for edition in stories:
        # A section that was made since then is looked up.
        if edition.section_id in by_pk:
            edition.section = by_pk[edition.section_id]
    chosen = sorted((each for each in stories if each.place), key=_position)
    others = [edition for edition in stories if not edition.place]
    placed = {place: [each for each in chosen if each.place == place] for place in Place}
    rest = iter(others)
    lead = next(iter([*placed[Place.LEAD], *islice(rest, int(not placed[Place.LEAD]))]), None)
    also = placed[Place.ALSO][: FrontStory.ROOM[Place.ALSO]]
    top = placed[Place.TOP][: FrontStory.ROOM[Place.TOP]]
    top += islice(rest, FrontStory.ROOM[Place.TOP] - len(top))
    if lead is None and (also or top):
        # Nothing else is live: what was chosen for a lesser place leads.
        lead = (also or top).pop(0)
    wire = list(islice(rest, WIRE_LENGTH))
    left: dict[int, list[Edition]] = {}
    for edition in rest:
        left.setdefault(edition.section_id, []).append(edition)
    blocks = [
        _block(each, left[each.section.pk][: each.length])
        for each in plans
        if each.section.pk in left
    ]
    return Layout(lead=lead, also=also, top=top, wire=wire, rows=list(_rows(blocks)))


def plan(found: list[Section]) -> list[Plan]:
    """The blocks that editors chose; else every section, arguments first and in a band."""
    blocks = [block for each in found if (block := getattr(each, "front_block", None))]
    if blocks:
        by_pk = {section.pk: section for section in found}
        blocks.sort(key=lambda block: (block.position, block.pk))
        return [Plan(by_pk[block.section_id], block.variant) for block in blocks]
    opinion = [each for each in found if each.accent == Section.Accent.OPINION][:1]
    news = [each for each in found if each not in opinion]
    return [
        *(Plan(section, Variant.BAND) for section in opinion),
        *(Plan(section, Variant.WIDE) for section in news[:1]),
        *(Plan(section, Variant.HALF) for section in news[1:]),
    ]


@lru_cache(maxsize=16)
def _stories(blocks: tuple[tuple[int, int], ...]) -> Prepared[Any]:
    """What is chosen, the newest, and for each block the newest that are not among them.

    `blocks` are the keys of their sections, and how many stories each shows.
    """
    return Prepared(Edition, partial(_composed, blocks), now=DateTimeField())


def _composed(blocks: tuple[tuple[int, int], ...], now: Any) -> QuerySet[Any]:
    live = Edition.objects.live(now)
    chosen = FrontStory.objects.values("article")
    others = live.exclude(article__in=chosen).newest_first()
    is_newest = RawSQL("SELECT id FROM newest", ())
    parts = [live.filter(article__in=chosen).order_by()]
    for section, length in blocks:
        parts.append(others.filter(section=section).exclude(pk__in=is_newest)[:length])
    newest, parameters = others.values("pk")[:_NEWEST].query.sql_with_params()
    shown = ["SELECT id FROM newest"]
    for part in parts:
        sql, more = part.values("pk").query.sql_with_params()
        shown.append(f"SELECT * FROM ({sql}) AS part")  # noqa: S608
        parameters += more
    # One statement: a limit in a UNION is taken by SQLite only inside of FROM, and by Django
    # not at all.
    sql = f"WITH newest (id) AS ({newest}) {' UNION ALL '.join(shown)}"
    return (
        Edition.objects.for_cards("bylines", "agency_name")
        # Their sections are at hand.
        .select_related(None)
        .select_related("article", "lead_image")
        .filter(pk__in=RawSQL(sql, parameters))  # noqa: S611
        .annotate(
            place=F("article__front_place__place"),
            position=F("article__front_place__position"),
            placed=F("article__front_place__pk"),
        )
        .newest_first()
    )


def _position(edition: Any) -> tuple[int, int]:
    return edition.position, edition.placed


def _block(plan: Plan, editions: list[Edition]) -> Block:
    if plan.variant == Variant.WIDE and len(editions) < _LEAST_WIDE:
        return Block(plan.section, Variant.ROW, editions)
    if plan.variant in (Variant.WIDE, Variant.HALF):
        # The newest that has a picture is the large one.
        large = next((each for each in editions if each.lead_image_id), editions[0])
        editions = [large, *(each for each in editions if each is not large)]
    return Block(plan.section, plan.variant, editions)


def _rows(blocks: list[Block]) -> Iterator[list[Block]]:
    """Two halves in a row make a pair; one that is left alone takes the whole width."""
    waiting: list[Block] = []
    for block in blocks:
        if block.variant == Variant.HALF:
            waiting.append(block)
            if len(waiting) == 2:
                yield waiting
                waiting = []
            continue
        yield from _alone(waiting)
        waiting = []
        yield [block]
    yield from _alone(waiting)


def _alone(waiting: list[Block]) -> Iterator[list[Block]]:
    for block in waiting:
        yield [Block(block.section, Variant.ROW, block.editions)]
