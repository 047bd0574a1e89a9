"""Where a story has what was asked for, as HTML with <mark>."""

from collections.abc import Sequence

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from .words import Word

#: How many words an excerpt has, and how many of them stand before the first that is marked.
LENGTH = 32
BEFORE = 8
#: What engines put around the words that they found. No folded word holds them.
START, STOP = "<", ">"


class MarkedText:
    """A text with its words, and the folded words as an engine marked them ("" for none)."""

    def __init__(self, text: str, words: Sequence[Word], marked: str) -> None:
        self._text = text
        self._words = words
        self._hits = [
            place
            for place, is_marked in enumerate(_flags(marked))
            if is_marked and place < len(words)
        ]

    @property
    def has_marks(self) -> bool:
        return bool(self._hits)

    def has_marks_before(self, end: int) -> bool:
        return bool(self._hits) and self._words[self._hits[0]].end <= end

    def up_to(self, end: int) -> SafeString:
        """The text from its beginning, escaped and marked."""
        return self._html(0, end)

    def excerpt(self) -> SafeString:
        """The part of a line with the most marks in it; "" without any."""
        if not self._hits:
            return SafeString("")
        text, words = self._text, self._words
        reach = LENGTH - BEFORE
        best = max(
            self._hits, key=lambda hit: (sum(hit <= h < hit + reach for h in self._hits), -hit)
        )
        line_start = text.rfind("\n", 0, words[best].start) + 1
        line_end = text.find("\n", words[best].start)
        line_end = line_end if line_end >= 0 else len(text)
        line = [
            place
            for place, word in enumerate(words)
            if line_start <= word.start and word.end <= line_end
        ]
        # Near its end, a line gives more words before the mark instead.
        first = max(line[0], min(best - BEFORE, line[-1] + 1 - LENGTH))
        last = min(line[-1], first + LENGTH - 1)
        start = line_start if first == line[0] else words[first].start
        end = line_end if last == line[-1] else words[last].end
        html = self._html(start, end)
        before, after = "… " if start > line_start else "", " …" if end < line_end else ""
        return SafeString(before) + html + SafeString(after)

    def _html(self, start: int, end: int) -> SafeString:
        parts: list[str] = []
        place = start
        hits = [
            h for h in self._hits if self._words[h].start >= start and self._words[h].end <= end
        ]
        for number, hit in enumerate(hits):
            word = self._words[hit]
            # Words that follow each other share one mark.
            goes_on = number > 0 and self._is_one(hits[number - 1], hit)
            parts.append(escape(self._text[place : word.start]))
            parts.append("" if goes_on else "<mark>")
            parts.append(escape(self._text[word.start : word.end]))
            place = word.end
            if number + 1 == len(hits) or not self._is_one(hit, hits[number + 1]):
                parts.append("</mark>")
        parts.append(escape(self._text[place:end]))
        # Each is escaped, or a mark of ours.
        return mark_safe("".join(parts))  # noqa: S308

    def _is_one(self, hit: int, following: int) -> bool:
        between = self._text[self._words[hit].end : self._words[following].start]
        return following == hit + 1 and (between.isspace() or not between)


def _flags(marked: str) -> list[bool]:
    """Which of the words are inside of marks."""
    is_inside = False
    found = []
    for piece in marked.split(" "):
        found.append(is_inside or START in piece)
        if START in piece or STOP in piece:
            is_inside = piece.rfind(START) > piece.rfind(STOP)
    return found
