"""The marks around what pages share, as caches read them.

A page says with them where it shows what others show too: `{% shared %}` stands around a part that
is the same on all of them, `{% composed %}` around one that comes of several, and in both
`{% elsewhere %}` around what is there for all pages but one.
"""

import re
from collections import Counter
from collections.abc import Iterable

#: In a request, whoever asks takes shared parts apart himself, and so wants them whole.
WHOLE_PARTS = "newsroom.whole_parts"

#: Between these stands a part of pages: its kind, how many lines of it are shown if it is
#: composed, and its name.
PART = re.compile(
    rb"<!--(shared|composed:([0-9]+)):([a-z:0-9+-]+)-->(.*?)<!--/(?:shared|composed)-->", re.DOTALL
)
_ELSEWHERE = re.compile(
    rb"<!--elsewhere:([a-z:0-9]+)(?:@(-?[0-9]+)-([0-9]+))?-->(.*?)<!--/elsewhere-->", re.DOTALL
)


def part(name: str, content: str, *, number: int | None = None) -> str:
    """The content between the marks of a part: a shared one, or a composed one of so many lines."""
    if number is None:
        return f"<!--shared:{name}-->{content}<!--/shared-->"
    return f"<!--composed:{number}:{name}-->{content}<!--/composed-->"


def without_own(content: bytes, key: str) -> bytes:
    """A page without what stands in its parts for other pages only, and without the marks.

    `key` is that of what the page is about; see the tag `elsewhere`.
    """
    if b"<!--elsewhere:" not in content:
        return content
    own = key.encode()

    def compose(match: re.Match[bytes]) -> bytes:
        if match[2] is None:
            return match[0]
        return _framed(match, composed([match[4]], int(match[2]), own))

    whole = PART.sub(compose, content)
    return _ELSEWHERE.sub(lambda match: b"" if match[1] == own else match[4], whole)


def _framed(match: re.Match[bytes], content: bytes) -> bytes:
    """Other content between the marks that `PART` has found."""
    start, end = match.span(4)
    whole, begin = match[0], match.start()
    return whole[: start - begin] + content + whole[end - begin :]


def composed(parts: Iterable[bytes], number: int, own: bytes) -> bytes:
    """One list out of several: of their lines, those that most of them have, the newest first.

    So many of them, without the line that is the page's own; nothing if none is left. What stands
    around the lines is the first list's.
    """
    lines: dict[bytes, tuple[int, int, bytes]] = {}
    found: Counter[bytes] = Counter()
    around: tuple[bytes, bytes] | None = None
    for part in parts:
        matches = list(_ELSEWHERE.finditer(part))
        if matches and around is None:
            around = part[: matches[0].start()], part[matches[-1].end() :]
        for match in matches:
            lines[match[1]] = int(match[2] or 0), int(match[3] or 0), match[4]
            found[match[1]] += 1
    best = sorted(lines, key=lambda key: (found[key], *lines[key][:2]), reverse=True)[:number]
    shown = sorted((lines[key] for key in best if key != own), reverse=True)
    if around is None or not shown:
        return b""
    return around[0] + b"".join(line for _at, _pk, line in shown) + around[1]
