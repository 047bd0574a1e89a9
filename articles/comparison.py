"""What changed between two editions, word by word, in time that is bounded for any two texts."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

from django.utils.translation import gettext as _

from . import body
from .models import Edition

#: How many pairs of equal words may be looked at for two paragraphs, and for a whole comparison.
#: Beyond that, a paragraph is shown as taken out and put in, which is as true.
PAIRS_OF_PARAGRAPH = 10_000
PAIRS = 150_000
#: How many unchanged paragraphs stand before and after one that changed.
AROUND = 1
#: Two paragraphs that share less of their words are not two states of one.
ALIKE = 0.35
#: How far apart two states of a paragraph may stand among others that changed.
_APART = 5

# A word, or a sign of a script that puts no spaces between words, or any other sign. The space
# that follows belongs to it.
_TOKEN = re.compile(
    "(?:[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
    r"|\w+(?:['’.-]\w+|,[0-9]+)*|[^\w\s])\s*"
)

Change = Literal["", "removed", "added"]
Opcode = tuple[str, int, int, int, int]


class Part(NamedTuple):
    """Some words of a paragraph, and what became of them."""

    text: str
    change: Change


@dataclass(frozen=True)
class Line:
    """A paragraph with its changes; or as many that did not change, for which one line stands."""

    parts: tuple[Part, ...] = ()
    left_out: int = 0

    @property
    def is_changed(self) -> bool:
        return any(part.change for part in self.parts)


@dataclass(frozen=True)
class Passage:
    """One part of a story in which something changed."""

    label: str
    lines: list[Line]


class Budget:
    """What a comparison may still cost."""

    def __init__(self, pairs: int = PAIRS) -> None:
        self.left = pairs

    def affords(self, old: list[str], new: list[str]) -> bool:
        """Take off what comparing these costs, unless that is too much."""
        others = Counter(new)
        pairs = sum(number * others[word] for word, number in Counter(old).items())
        cost = len(old) + len(new) + pairs
        if pairs > PAIRS_OF_PARAGRAPH or cost > self.left:
            return False
        self.left -= cost
        return True


def compare(old: Edition, new: Edition) -> list[Passage]:
    """The parts of a story that are not the same in both editions, in the order of the page."""
    budget = Budget()
    return [
        Passage(label, _folded(changed))
        for label, before, after in _passages(old, new)
        if before != after
        for changed in [list(lines(before, after, budget))]
    ]


def lines(old: list[str], new: list[str], budget: Budget) -> Iterator[Line]:
    """The paragraphs of both texts in order, each with what became of its words."""
    for kind, from_old, to_old, from_new, to_new in _opcodes(old, new, budget):
        if kind == "equal":
            yield from (Line((Part(text, ""),)) for text in new[from_new:to_new])
        else:
            yield from _rewritten(old[from_old:to_old], new[from_new:to_new], budget)


def words(old: str, new: str, budget: Budget) -> tuple[Part, ...] | None:
    """What became of each word of a paragraph; None where it is another paragraph.

    Only words count: where spaces alone differ, nothing has changed.
    """
    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    keys = [token.rstrip() for token in before], [token.rstrip() for token in after]
    shared = sum((Counter(keys[0]) & Counter(keys[1])).values())
    if 2 * shared < ALIKE * (len(before) + len(after)):
        return None
    parts: list[Part] = []
    for kind, from_old, to_old, from_new, to_new in _opcodes(*keys, budget):
        if kind == "equal":
            parts.append(Part("".join(after[from_new:to_new]), ""))
            continue
        removed, added = "".join(before[from_old:to_old]), "".join(after[from_new:to_new])
        parts += [Part(removed, "removed")] if removed else []
        parts += [Part(added, "added")] if added else []
    return tuple(parts)


def _opcodes(old: list[str], new: list[str], budget: Budget) -> Sequence[Opcode]:
    """What SequenceMatcher says; where that would cost too much, all between the two ends."""
    if budget.affords(old, new):
        return SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    shorter = min(len(old), len(new))
    start = next((n for n in range(shorter) if old[n] != new[n]), shorter)
    rest = shorter - start
    end = next((n for n in range(rest) if old[-1 - n] != new[-1 - n]), rest)
    last_old, last_new = len(old) - end, len(new) - end
    spans = [
        ("equal", 0, start, 0, start),
        ("replace", start, last_old, start, last_new),
        ("equal", last_old, len(old), last_new, len(new)),
    ]
    return [span for span in spans if span[1] < span[2] or span[3] < span[4]]


def _rewritten(old: list[str], new: list[str], budget: Budget) -> Iterator[Line]:
    """Changed paragraphs: two states of one in one line, else what went, then what came."""
    place = 0
    for before in old:
        for offset, after in enumerate(new[place : place + _APART]):
            parts = words(before, after, budget)
            if parts is not None:
                yield from (Line((Part(text, "added"),)) for text in new[place : place + offset])
                yield Line(parts)
                place += offset + 1
                break
        else:
            yield Line((Part(before, "removed"),))
    yield from (Line((Part(text, "added"),)) for text in new[place:])


def _folded(found: list[Line]) -> list[Line]:
    """The lines without those that are far from every change."""
    changed = [number for number, line in enumerate(found) if line.is_changed]
    near = {place for number in changed for place in range(number - AROUND, number + AROUND + 1)}
    folded: list[Line] = []
    for number, line in enumerate(found):
        if number in near:
            folded.append(line)
        elif folded and folded[-1].left_out:
            folded[-1] = Line(left_out=folded[-1].left_out + 1)
        else:
            folded.append(Line(left_out=1))
    return folded


def _passages(old: Edition, new: Edition) -> Iterator[tuple[str, list[str], list[str]]]:
    labels: dict[str, Callable[[Edition], str]] = {
        _("Headline"): lambda edition: edition.headline,
        _("Standfirst"): lambda edition: edition.standfirst,
        _("Byline"): lambda edition: ", ".join(byline["name"] for byline in edition.bylines),
        _("In brief"): lambda edition: edition.summary,
        _("Key Points"): lambda edition: "\n".join(
            [edition.key_points_heading, *edition.key_points]
        ),
        _("Picture"): lambda edition: "\n".join(
            [edition.lead_image_caption or edition.lead_image_alt, edition.lead_image_credit]
        ),
        _("Text"): lambda edition: body.plain_text(edition.body_html),
    }
    for label, text in labels.items():
        yield label, _paragraphs(text(old)), _paragraphs(text(new))


def _paragraphs(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines() if line.strip()]
