r"""One rule for the length of a comment, and the form in which its text is kept.

The length is the number of code points after NFC normalisation, with each run of white space
counted as one character and white space at the ends not counted at all. The form, the database
constraints and the counter in the browser all follow this rule; the browser's version is

    [...value.normalize("NFC").replace(/\p{White_Space}+/gu, " ").replace(/^ | $/g, "")].length

White space is Unicode's White_Space property, spelled out below because neither `str.isspace`
nor `\s` of any of the three languages is exactly that set. The three agree on every character
that all of them know; a character newer than the Unicode tables of one may be composed or
reordered by another, which can shift the length by one.

Null characters count like any other here, but PostgreSQL can't store them: forms refuse them
(Django's CharField does). Lone surrogates count as one each, as in the browser, which sends
U+FFFD in their place; they can't be encoded as UTF-8, so decoded requests never hold any.
"""

import re
import unicodedata

#: The shortest and the longest comment that is accepted, in characters as `length` counts them.
MIN_LENGTH = 50
MAX_LENGTH = 3000

#: Every code point with the property White_Space (Unicode 4.1 to 17: the set is stable).
WHITE_SPACE = (
    *range(0x09, 0x0E),
    0x20,
    0x85,
    0xA0,
    0x1680,
    *range(0x2000, 0x200B),
    0x2028,
    0x2029,
    0x202F,
    0x205F,
    0x3000,
)

#: Those that end a line (UAX #14: classes BK, CR, LF and NL).
_LINE_BREAKS = (0x0A, 0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029)


def _class(code_points: tuple[int, ...]) -> str:
    return "[" + "".join(f"\\u{code_point:04X}" for code_point in code_points) + "]"


_RUN = re.compile(_class(WHITE_SPACE) + "+")
_BREAK = re.compile("\r\n|" + _class(_LINE_BREAKS))
_GAP = re.compile("\n{3,}")


def normalise(text: str) -> str:
    """The text as it is stored: the same words and lines, with white space tidied.

    NFC; every kind of line break becomes LF; runs of white space inside a line become one space;
    lines are trimmed; at most one empty line in a row; no white space at the ends. Doing it twice
    changes nothing, and it doesn't change the length.
    """
    lines = _BREAK.split(unicodedata.normalize("NFC", text))
    return _GAP.sub("\n\n", "\n".join(_RUN.sub(" ", line).strip(" ") for line in lines)).strip("\n")


def fold(text: str) -> str:
    """The text as it is measured: NFC, one space for each run of white space, ends trimmed."""
    return _RUN.sub(" ", unicodedata.normalize("NFC", text)).strip(" ")


def length(text: str) -> int:
    """The length of a comment in characters (code points of its folded text)."""
    return len(fold(text))


def missing(text: str) -> int:
    """How many characters the text lacks to MIN_LENGTH; 0 when it is long enough."""
    return max(0, MIN_LENGTH - length(text))


def excess(text: str) -> int:
    """How many characters the text has beyond MAX_LENGTH; 0 when it isn't too long."""
    return max(0, length(text) - MAX_LENGTH)


def postgresql_length(column: str) -> str:
    """`length` as a PostgreSQL expression over a column (quoted already) or any text expression.

    Immutable, and so fit for a CHECK constraint; NULL gives NULL. It holds no percent sign, and
    means the same whatever the locale, collation or `standard_conforming_strings`. The database's
    encoding must be UTF8, as normalize() demands.
    """
    white_space = "".join(f"\\\\u{code_point:04X}" for code_point in WHITE_SPACE)
    return (
        f'char_length(btrim(regexp_replace(normalize({column}, NFC) COLLATE "C",'
        f" E'[{white_space}]+', ' ', 'g'), ' '))"
    )
