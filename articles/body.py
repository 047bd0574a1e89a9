"""The body of a story: from what an editor or importer hands in to what readers get.

`clean` gives the working copy its canonical form, `finish` makes an edition's HTML from it, and
`plain_text` is for counting and excerpts. All three take any string and never raise.

nh3 decides what is safe. Its output is then built anew under a strict content model: blocks hold
blocks, paragraphs and headings hold text and inline marks. So the result is valid HTML that means
the same to every parser, and cleaning it again changes nothing.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from html.parser import HTMLParser

import nh3


def _tags(names: str) -> frozenset[str]:
    return frozenset(names.split())


#: Three nodes that stand for something placed by an editor. The working copy keeps them; an
#: edition leaves out what it can't expand.
PICTURE, EMBED, PULL_QUOTE = "figure", "div", "aside"

_TEXT_BLOCKS = {"p": "p", "h1": "h2", "h2": "h2", "h3": "h3", "h4": "h3", "h5": "h3", "h6": "h3"}
_INLINE = {
    "a": "a",
    "b": "strong",
    "del": "s",
    "em": "em",
    "i": "em",
    "s": "s",
    "strike": "s",
    "strong": "strong",
    "sub": "sub",
    "sup": "sup",
}
_LISTS = frozenset({"ol", "ul"})
_CONTAINERS = _LISTS | {"blockquote", "li", PULL_QUOTE}

#: They leave nothing but the end of a paragraph; without them, table cells would run together.
_BOUNDARIES = _tags(
    "address article caption center dd details div dl dt fieldset figcaption figure footer form"
    " header main nav pre section summary table tbody td tfoot th thead tr"
)
#: Elements whose content is no text of the story.
_DROPPED = _tags(
    "audio button canvas embed head iframe math noembed noframes noscript object option script"
    " select style svg template textarea title video xmp"
)
_VOID = frozenset({"br", "hr"})
_SCHEMES = frozenset({"http", "https", "mailto"})

#: Deeper lists and quotes than this are flattened; nobody writes them.
_MAX_DEPTH = 12

_CLEANER = nh3.Cleaner(
    tags={*_TEXT_BLOCKS, *_INLINE, *_CONTAINERS, *_BOUNDARIES, *_VOID},
    clean_content_tags=set(_DROPPED),
    attributes={
        "a": {"href"},
        "ol": {"start"},
        PICTURE: {"data-image"},
        EMBED: {"data-embed"},
        PULL_QUOTE: {"class"},
    },
    url_schemes=set(_SCHEMES),
    link_rel=None,
)

_SURROGATES = re.compile("[\ud800-\udfff]")
# What HTML forbids in text: controls that are no white space, and noncharacters.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef"
    + "".join(
        f"{chr(plane * 0x10000 + 0xFFFE)}{chr(plane * 0x10000 + 0xFFFF)}" for plane in range(17)
    )
    + "]"
)
_SCHEME = re.compile("([a-zA-Z][a-zA-Z0-9+.-]*):")
_SPACE = re.compile("[ \t\n\f\r]+")
_BLANK = " \u00a0"


@dataclass(slots=True)
class Element:
    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list["Element | str"] = field(default_factory=list)

    def __str__(self) -> str:
        attributes = "".join(
            f' {name}="{escape(value)}"' for name, value in self.attributes.items()
        )
        start = f"<{self.tag}{attributes}>"
        return start if self.tag in _VOID else f"{start}{_html(self.children)}</{self.tag}>"


def clean(html: str) -> str:
    """Safe, canonical HTML of a working copy; "" when nothing is left.

    Kept: p, h2, h3, ul, ol, li, blockquote, hr, br, strong, em, s, sub, sup and links to http,
    https, mailto and relative addresses, besides the nodes figure[data-image], div[data-embed]
    and aside.pullquote. Other headings become h2 (h1) or h3, loose text becomes paragraphs, and
    empty blocks go. Of anything else the text is kept, unless it is script and its like.
    """
    return _html(_blocks(html))


def finish(html: str, *, dateline: str = "", pull_quote: str = "", attribution: str = "") -> str:
    """Finished, safe HTML for readers, from a body and three plain texts.

    The dateline starts the first paragraph (one of its own if the body starts with something
    else). The pull quote follows the third paragraph, or goes before the first where there are
    fewer than five; each of its lines is a paragraph. Nodes that stand for pictures, embeds and
    pull quotes are left out.
    """
    blocks = _published(_blocks(html))
    if dateline := _words(dateline):
        line: list[Element | str] = [Element("span", {"class": "dateline"}, [dateline]), " —"]
        if blocks and blocks[0].tag == "p":
            blocks[0].children[:0] = [*line, " "]
        else:
            blocks.insert(0, Element("p", children=line))
    quote = [line for line in map(_words, pull_quote.splitlines()) if line]
    if quote:
        figure = Element(
            "figure",
            {"class": "pull"},
            [Element("blockquote", children=[Element("p", children=[line]) for line in quote])],
        )
        if source := _words(attribution):
            figure.children.append(Element("figcaption", children=[source]))
        blocks.insert(_place_of_pull_quote(blocks), figure)
    return _html(blocks)


# Publishing a story asks for the same text several times.
@lru_cache(maxsize=8)
def plain_text(html: str) -> str:
    """The words of a body, or of an edition's finished HTML: a line for each block or break."""
    return "\n".join(_lines(_blocks(html)))


def _place_of_pull_quote(blocks: list[Element]) -> int:
    paragraphs = [index for index, block in enumerate(blocks) if block.tag == "p"]
    if len(paragraphs) >= 5:
        return paragraphs[2] + 1
    return paragraphs[0] if paragraphs else 0


def _published(blocks: Iterable[Element | str]) -> list[Element]:
    """Blocks as readers get them: without nodes, list items without needless paragraphs."""
    kept = []
    for block in blocks:
        if not isinstance(block, Element) or block.tag in {PICTURE, EMBED, PULL_QUOTE}:
            continue
        if block.tag in _CONTAINERS:
            inside = _published(block.children)
            if not inside:
                continue
            block = Element(block.tag, block.attributes, [*inside])
            first, *others = inside
            if block.tag == "li" and first.tag == "p" and all(o.tag in _LISTS for o in others):
                block.children = [*first.children, *others]
        kept.append(block)
    return kept


def _words(text: str) -> str:
    """Plain text on one line, without characters that HTML forbids."""
    return " ".join(_FORBIDDEN.sub("", _SURROGATES.sub("\ufffd", text)).split())


def _lines(blocks: Iterable[Element | str]) -> Iterator[str]:
    for block in blocks:
        if not isinstance(block, Element):
            continue
        if block.tag in _CONTAINERS:
            yield from _lines(block.children)
        elif text := _text(block.children):
            yield text


def _text(children: Iterable[Element | str]) -> str:
    return "".join(
        child if isinstance(child, str) else "\n" if child.tag == "br" else _text(child.children)
        for child in children
    )


def _html(children: Iterable[Element | str]) -> str:
    return "".join(
        escape(child, quote=False) if isinstance(child, str) else str(child) for child in children
    )


def _blocks(html: str) -> list[Element]:
    builder = _Builder()
    builder.feed(_CLEANER.clean(_SURROGATES.sub("\ufffd", html)))
    builder.close()
    return builder.blocks()


class _Builder(HTMLParser):
    """Builds blocks from what nh3 returns, which is well-formed: each start has its end."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.containers = [Element("")]
        #: How many containers each open start tag has opened.
        self.opened: list[int] = []
        #: The paragraph or heading being written, and the elements open in it.
        self.block: Element | None = None
        self.open_marks: list[Element] = []
        #: What the source has open: it may go on in the next block.
        self.marks: list[Element] = []
        #: Elements open since a node whose content is no text of the story.
        self.muted = 0

    def blocks(self) -> list[Element]:
        return _tidied(self.containers[0].children)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if self.muted:
            self.muted += tag not in _VOID
        elif tag in _INLINE:
            self.marks.append(Element(_INLINE[tag], _link(attributes) if tag == "a" else {}))
        elif tag == "br":
            self._line().append(Element("br"))
        elif tag == "hr":
            self._add(Element("hr"))
        elif tag in _TEXT_BLOCKS:
            self.block = self._add(Element(_TEXT_BLOCKS[tag]))
        elif node := _node(tag, attributes):
            self._add(node)
            self.muted = 1
        elif tag in _CONTAINERS:
            self._open(tag, attributes)
        else:
            self._end_block()

    def handle_endtag(self, tag: str) -> None:
        if self.muted:
            self.muted -= 1
        elif tag in _INLINE:
            self.marks.pop()
        else:
            self._end_block()
            if tag in _CONTAINERS:
                for _ in range(self.opened.pop()):
                    self.containers.pop()

    def handle_data(self, data: str) -> None:
        data = _SPACE.sub(" ", _FORBIDDEN.sub("", data))
        if self.muted or (self.block is None and not data.strip(_BLANK)):
            return
        line = self._line()
        last = line[-1] if line else None
        if isinstance(last, str):
            line[-1] = _SPACE.sub(" ", last + data)
        else:
            line.append(data)

    def _open(self, tag: str, attributes: dict[str, str]) -> None:
        """Open a container, and the list item around it where it stands in a list without one.

        One that can't stand here only ends the paragraph.
        """
        self._end_block()
        before = len(self.containers)
        in_list = self.containers[-1].tag in _LISTS
        fits = {
            "li": in_list,
            PULL_QUOTE: "pullquote" in attributes.get("class", "").split()
            and all(container.tag != PULL_QUOTE for container in self.containers),
        }
        if fits.get(tag, True) and before < _MAX_DEPTH:
            if in_list and tag != "li":
                items = self.containers[-1].children
                last = items[-1] if items else None
                if not isinstance(last, Element):
                    last = Element("li")
                    items.append(last)
                self.containers.append(last)
            container = Element(tag, _container_attributes(tag, attributes))
            self.containers[-1].children.append(container)
            self.containers.append(container)
        self.opened.append(len(self.containers) - before)

    def _add(self, block: Element) -> Element:
        self._end_block()
        parent = self.containers[-1]
        if parent.tag in _LISTS:
            item = Element("li")
            parent.children.append(item)
            parent = item
        parent.children.append(block)
        return block

    def _end_block(self) -> None:
        self.block = None
        self.open_marks = []

    def _line(self) -> list[Element | str]:
        """Where text goes now: in the current block, in a new paragraph if there is none."""
        if self.block is None:
            self.block = self._add(Element("p"))
        wanted: list[Element] = []
        for mark in self.marks:
            if mark.tag == "a" and not mark.attributes:
                continue
            if all(mark.tag != other.tag for other in wanted):
                wanted.append(mark)
        same = 0
        for mark, other in zip(wanted, self.open_marks, strict=False):
            if (mark.tag, mark.attributes) != (other.tag, other.attributes):
                break
            same += 1
        del self.open_marks[same:]
        line = (self.open_marks[-1] if self.open_marks else self.block).children
        for mark in wanted[same:]:
            element = Element(mark.tag, mark.attributes)
            line.append(element)
            self.open_marks.append(element)
            line = element.children
        return line


def _link(attributes: dict[str, str]) -> dict[str, str]:
    """The attributes of a link, or none where its address is missing or not allowed."""
    # Browsers drop these from an address before they look at it, and so does nh3.
    href = re.sub("[\t\n\r]", "", attributes.get("href", "")).strip(" ")
    scheme = _SCHEME.match(href)
    if not href or _FORBIDDEN.search(href) or (scheme and scheme[1].lower() not in _SCHEMES):
        return {}
    return {"href": href, "rel": "noopener"}


def _node(tag: str, attributes: dict[str, str]) -> Element | None:
    if tag == PICTURE and re.fullmatch("[0-9]{1,18}", number := attributes.get("data-image", "")):
        return Element(PICTURE, {"data-image": number})
    embed = _words(attributes.get("data-embed", ""))
    return Element(EMBED, {"data-embed": embed}) if tag == EMBED and embed else None


def _container_attributes(tag: str, attributes: dict[str, str]) -> dict[str, str]:
    if tag == PULL_QUOTE:
        return {"class": "pullquote"}
    start = attributes.get("start", "")
    return {"start": start} if tag == "ol" and re.fullmatch("[0-9]{1,6}", start) else {}


def _tidied(children: Iterable[Element | str]) -> list[Element]:
    """The blocks without white space at their ends, and without those that are then empty."""
    blocks = []
    for block in children:
        if not isinstance(block, Element):
            continue
        if block.tag in _CONTAINERS:
            block.children = [*_tidied(block.children)]
        elif block.tag in _TEXT_BLOCKS:
            _trim(block.children, 0)
            _trim(block.children, -1)
        if block.children or block.tag in {"hr", PICTURE, EMBED}:
            blocks.append(block)
    return blocks


def _trim(children: list[Element | str], end: int) -> None:
    """Take white space and breaks off the start (end 0) or the end (-1) of a text."""
    while children:
        child = children[end]
        if isinstance(child, Element):
            _trim(child.children, end)
            if child.children:
                return
        elif kept := child.rstrip(_BLANK) if end else child.lstrip(_BLANK):
            children[end] = kept
            return
        del children[end]
