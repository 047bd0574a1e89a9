"""Words as the search compares them: the same for what is stored and for what is asked."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

#: More of a question is not looked at.
LONGEST_QUERY = 200
MOST_TERMS = 12
_LONGEST_WORD = 80
#: Stands between two texts, so that no phrase goes on from one to the other.
BREAK = "xxbreakxx"

_MARKS = "".join(
    re.escape(chr(code))
    for first, last in ((0x300, 0x3100), (0xA600, 0xAC00), (0xFB1E, 0xFB1F), (0xFE20, 0xFE30))
    for code in range(first, last)
    if unicodedata.category(chr(code)).startswith("M")
)
# Scripts without spaces between words: each character stands for itself, and several of them in
# a row are asked for as a phrase.
_UNSPACED = (
    "\u0e01-\u0e2e\u0e81-\u0eae\u1000-\u102a\u1780-\u17b3"
    "\u3041-\u3096\u30a1-\u30fa\u30fc\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"
)
_WORD = re.compile(
    r"(?<!\w)(?:[^\W\d_]\.){2,}(?!\w)"  # U.S.
    rf"|[{_UNSPACED}][{_MARKS}]*"
    rf"|(?:(?![{_UNSPACED}])[^\W_][{_MARKS}]*)(?:(?![{_UNSPACED}])[^\W_]|[{_MARKS}]"
    r"|['’ʼ](?=[^\W_]))*"
)
_POSSESSIVE = re.compile("['’ʼ]s$")
_FOLDED_AWAY = re.compile(
    "[\u0300-\u036f"  # accents, once they are parted from their letters
    "\u0640\u064b-\u065f\u0670"  # Arabic vowel signs, and the stroke that only stretches
    "]"
)
_NOT_IN_WORDS = re.compile(rf"[^\w{_MARKS}]|_")
#: Letters that Unicode doesn't take apart.
_LETTERS = str.maketrans(
    {"ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)
_PIECE = re.compile(r'(-?)"([^"]*)"?|(-?)([^\s"]+)')
_QUOTES = str.maketrans("“”„«»", '"""""')


@dataclass(frozen=True)
class Word:
    """A word of a text: where it stands, and how it is compared."""

    start: int
    end: int
    folded: str


@dataclass(frozen=True)
class Term:
    """One thing that is asked for: a word, or a phrase of several words in this order."""

    words: tuple[str, ...]
    is_excluded: bool = False

    @property
    def text(self) -> str:
        return " ".join(self.words)

    def __str__(self) -> str:
        quoted = f'"{self.text}"' if len(self.words) > 1 else self.text
        return f"-{quoted}" if self.is_excluded else quoted


@lru_cache(maxsize=50_000)
def fold(word: str) -> str:
    """A word without case, accents and apostrophes; "" when nothing is left of it."""
    parts = unicodedata.normalize("NFKD", _POSSESSIVE.sub("", word.casefold()))
    bare = unicodedata.normalize("NFC", _FOLDED_AWAY.sub("", parts).translate(_LETTERS))
    return _NOT_IN_WORDS.sub("", bare.casefold())[:_LONGEST_WORD]


def words_of(text: str) -> list[Word]:
    """The words of a text in their order; never raises."""
    found = (
        Word(match.start(), match.end(), fold(match.group())) for match in _WORD.finditer(text)
    )
    return [word for word in found if word.folded]


def folded(texts: Iterable[str]) -> str:
    """All words of these texts, parted by single spaces, with BREAK between the texts."""
    found = (" ".join(word.folded for word in words_of(text)) for text in texts)
    return f" {BREAK} ".join(filter(None, found))


def parse(query: str) -> list[Term]:
    """What a question asks for, in the common notation; any text is one.

    Words are all wanted, "words between quotation marks" one after the other, and a -word must
    not appear. What is written in one piece, such as a compound with hyphens, is a phrase.
    """
    terms: list[Term] = []
    for match in _PIECE.finditer(query[:LONGEST_QUERY].translate(_QUOTES)):
        quoted_minus, quoted, minus, piece = match.groups()
        found = tuple(word.folded for word in words_of(quoted or piece or ""))
        if found:
            terms.append(Term(found, is_excluded=bool(quoted_minus or minus)))
    terms = list(dict.fromkeys(terms))[:MOST_TERMS]
    if all(term.is_excluded for term in terms):
        # Everything but something is no question: then the stroke was only a dash.
        return [Term(term.words) for term in terms]
    return terms


def distance(one: str, other: str, most: int) -> int:
    """How many letters to add, drop, change or swap with the next; more than `most` is a guess."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        older, before, row = before, row, [i]
        for j, b in enumerate(other, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]
