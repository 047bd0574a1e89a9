"""Typewriter marks become typographic ones, in English, Hindi and Arabic text.

- "straight" and 'single' quotation marks become “curly” and ‘curly’; apostrophes become ’. In
  Arabic they become «guillemets» and, inside a quotation, ‹single ones›, which browsers mirror
- a hyphen or two between spaces becomes a spaced en dash, the dash of the house: a war – or not
- two or three hyphens between words, without spaces, become an em dash: “I was—”
- three full stops become an ellipsis

Left alone: web and email addresses; feet and inches (6'2", a 12" record) and any mark after a
digit while no quotation is open; a hyphen at the start of a line, which is a bullet; hyphens in
ranges (August 2-3) and words; code, and everything inside tags.

Doing it twice changes nothing. Further languages have marks of their own, so their text comes
back as it is.
"""

import html as entities
import re
import unicodedata

from .languages import base

_ADDRESS = re.compile(
    r"(?:https?://|www\.)[^\s<>\"“”]*[^\s<>\"“”'‘’.,:;!?)\]}]"
    r"|(?<![\w.+'-])[\w.+-]+(?:'[\w.+-]+)*@[\w-]+(?:\.[\w-]+)+",
    re.IGNORECASE,
)
_FEET_AND_INCHES = re.compile(
    r"(?<!\d)\d{1,3}['′](?:\d{1,2}[\d./½¼¾]*[\"″]?|[ \u00a0]\d{1,2}[\d./½¼¾]*[\"″])"
)
_ELLIPSIS = re.compile(r"(?<![./\\])\.{3}(?![./\\])")
_SPACED_DASH = re.compile(r"(?<=[ \t\u00a0])-{1,2}(?=[ \t\n\u00a0])")
_CLOSED_DASH = re.compile(r"(?<=[^\s-])-{2,3}(?=[^\s-])")
_BULLET = re.compile(r"^[ \t\u00a0]*-{1,2}(?=\s)", re.MULTILINE)
_QUOTE_OR_PARAGRAPH = re.compile(r"[\"'“”‘’«»‹›]|\n[ \t]*\n")

#: The opening and the closing double mark, then the single ones. Hindi papers quote as English
#: ones do.
_MARKS = {"ar": "«»‹›", "en": "“”‘’", "hi": "“”‘’"}

#: Words that have lost their beginning: the mark before them is an apostrophe.
_CLIPPED_WORD = re.compile(
    r"(?:tis|tisn|twas|twasn|twere|twill|twould|em|til|n|bout|cos|cuz|neath)(?![^\W_])",
    re.IGNORECASE,
)
_CLIPPED_DECADE = re.compile(r"\d\ds(?![^\W_])")
_CLIPPED_YEAR = re.compile(r"\d\d(?![^\W_])")
#: Text up to a closing single mark, with apostrophes inside words but no opening mark before it.
_SINGLE_QUOTATION = re.compile(r"(?:[^']|(?<=\w)'(?=\w))*(?<=[\w.,!?…])'(?!\w)")

_BEFORE_OPENING = frozenset("([{<“‘«‹–—-/=¿¡|*_~")
_AFTER_CLOSING = frozenset(".,;:!?)]}>…–—-/|*_~”’»›।॥،؛؟۔")

#: Stands for what must not be looked into, such as code: a word, as far as its neighbours care.
_OPAQUE = "\ufffc"

# Text, and tags that every HTML tokeniser reads alike.
_TOKEN = re.compile(
    r"[^<]+"
    r"|</?[a-zA-Z][a-zA-Z0-9-]*"
    r"(?:\s+[^\s\"'<>/=]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'<>=`]+))?)*\s*/?>"
)
_TAG_NAME = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)")
_INLINE = re.compile(
    "a|abbr|b|bdi|bdo|cite|del|dfn|em|i|ins|mark|q|s|small|span|strong|sub|sup|time|u|wbr"
)
_VERBATIM = re.compile(
    "code|iframe|kbd|noembed|noframes|noscript|plaintext|pre|samp|script|style|textarea|title|var|xmp"
)


def curl(text: str, language: str = "en") -> str:
    """Plain text with typographic marks; text in a language without marks here as it is.

    `language` is a language code such as "en" or "en-gb".
    """
    marks = _MARKS.get(base(language))
    return "".join(_curled(text, marks)) if marks else text


def curl_html(html: str, language: str = "en") -> str:
    """HTML with typographic marks in its text, as `curl` sets them.

    Quotations may run across inline tags, and end with their block. Tags, attributes and the
    contents of code and pre are left alone; character references in text become characters. Made
    for the output of `body.clean`: HTML with comments or malformed tags is returned as it is.
    """
    quotation = _MARKS.get(base(language))
    if not quotation:
        return html
    pieces = _TOKEN.findall(html)
    if sum(map(len, pieces)) != len(html):
        return html
    block: list[tuple[int | None, str]] = []
    verbatim = ""
    depth = 0

    def finish_block() -> None:
        marks = _curled("".join(text for _index, text in block), quotation)
        start = 0
        for index, text in block:
            end = start + len(text)
            if index is not None:
                pieces[index] = entities.escape("".join(marks[start:end]), quote=False)
            start = end
        block.clear()

    for index, piece in enumerate(pieces):
        tag = _TAG_NAME.match(piece)
        if tag is None:
            if not verbatim:
                block.append((index, entities.unescape(piece)))
            continue
        closing, name = tag[1], tag[2].lower()
        if verbatim:
            if name == verbatim:
                depth += -1 if closing else 1
                if not depth:
                    verbatim = ""
        elif _VERBATIM.fullmatch(name) and not closing:
            verbatim, depth = name, 1
            block.append((None, _OPAQUE))
        elif name == "br":
            block.append((None, "\n"))
        elif not _INLINE.fullmatch(name):
            finish_block()
    finish_block()
    return "".join(pieces)


def _curled(text: str, marks: str) -> list[str]:
    """What becomes of each character of the text: itself, another one, or nothing.

    A mark can depend on its neighbour's, so passes are made until one changes nothing.
    """
    cells = list(text)
    while changes := _changes("".join(cells), marks):
        places = [index for index, cell in enumerate(cells) if cell]
        for index, mark in changes.items():
            cells[places[index]] = mark
    return cells


def _changes(text: str, quotation: str) -> dict[int, str]:
    """The marks to change in one pass: index to new character, or to "" for none."""
    fixed: set[int] = set()
    for pattern in (_ADDRESS, _FEET_AND_INCHES, _BULLET):
        for match in pattern.finditer(text):
            fixed.update(range(*match.span()))
    changes: dict[int, str] = {}
    for pattern, mark in ((_ELLIPSIS, "…"), (_SPACED_DASH, "–"), (_CLOSED_DASH, "—")):
        for match in pattern.finditer(text):
            if match.start() not in fixed:
                changes[match.start()] = mark
                changes.update(dict.fromkeys(range(match.start() + 1, match.end()), ""))
    if not changes:
        # Quotation marks last, as they go by the dashes and ellipses beside them.
        _Quotes(text, fixed, changes, quotation).read()
    return changes


class _Quotes:
    """Reads a text from its start and decides about each straight quotation mark."""

    def __init__(self, text: str, fixed: set[int], changes: dict[int, str], marks: str) -> None:
        self.text, self.fixed, self.changes = text, fixed, changes
        self.opening, self.closing = marks[::2], marks[1::2]
        self.open = {'"': 0, "'": 0}

    def read(self) -> None:
        for match in _QUOTE_OR_PARAGRAPH.finditer(self.text):
            index, mark = match.start(), match[0]
            if mark in self.opening:
                self.open["\"'"[self.opening.index(mark)]] += 1
            elif mark in self.closing:
                if mark != "’" or not self._is_inside_word(index):
                    self._close("\"'"[self.closing.index(mark)])
            elif mark.startswith("\n"):
                # A quotation of several paragraphs opens each of them and closes only the last.
                self.open = {'"': 0, "'": 0}
            elif mark in self.open and index not in self.fixed:
                decide = self._double if mark == '"' else self._single
                if new := decide(index):
                    self.changes[index] = new

    def _double(self, index: int) -> str:
        return self._paired(index, '"', self.opening[0], self.closing[0])

    def _single(self, index: int) -> str:
        following = index + 1
        if self._is_inside_word(index):
            return "’"
        if self._may_open_after(self._before(index)):
            if _CLIPPED_WORD.match(self.text, following) or _CLIPPED_DECADE.match(
                self.text, following
            ):
                return "’"
            if _CLIPPED_YEAR.match(self.text, following) and not _SINGLE_QUOTATION.match(
                self.text, following, following + 300
            ):
                return "’"
        return self._paired(index, "'", self.opening[1], self.closing[1])

    def _paired(self, index: int, kind: str, opening: str, closing: str) -> str:
        """The opening or the closing mark, or "" where it can't be told which."""
        before, after = self._before(index), self._after(index)
        may_open = self._may_open_after(before)
        may_close = not after or after.isspace() or after in _AFTER_CLOSING
        if may_open and may_close:
            # As in: he was-" or "...but
            if self.open[kind]:
                may_open = False
            elif not after or after.isspace():
                return ""
        if may_open:
            self.open[kind] += 1
            return opening
        if not self.open[kind] and (before.isdigit() or (kind == '"' and not may_close)):
            return ""
        self._close(kind)
        return closing

    def _close(self, kind: str) -> None:
        self.open[kind] = max(0, self.open[kind] - 1)

    def _before(self, index: int) -> str:
        if not index:
            return ""
        return self.changes.get(index - 1, self.text[index - 1])

    def _after(self, index: int) -> str:
        """The next character that is no straight mark itself, not further than three ahead."""
        return self.text[index + 1 : index + 5].lstrip("\"'")[:1]

    def _is_inside_word(self, index: int) -> bool:
        before, after = self.text[index - 1 : index], self.text[index + 1 : index + 2]
        return _is_of_word(before) and _is_of_word(after)

    @staticmethod
    def _may_open_after(before: str) -> bool:
        return not before or before.isspace() or before in _BEFORE_OPENING


def _is_of_word(char: str) -> bool:
    return bool(char) and (char == _OPAQUE or unicodedata.category(char)[0] in "LMN")


def initial(name: str) -> str:
    """The letter that stands for a name."""
    letter = next((char for char in name if char.isalnum()), name[:1])
    capital = letter.upper()
    # Some, such as the German sharp s, have a capital of two letters.
    return capital if len(capital) == 1 else letter
