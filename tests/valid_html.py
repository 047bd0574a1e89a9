"""Is a page valid? What the HTML Standard's parser reports, and rules that parsers don't know."""

import re
from collections import Counter
from collections.abc import Iterator
from xml.etree.ElementTree import Element

import html5lib
from html5lib.constants import E

_SVG = "{http://www.w3.org/2000/svg}"
_XHTML = "{http://www.w3.org/1999/xhtml}"

# The elements of the HTML Standard (section 4) that authors may use.
_NAMES = """
    a abbr address area article aside audio b base bdi bdo blockquote body br button canvas
    caption cite code col colgroup data datalist dd del details dfn dialog div dl dt em embed
    fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe
    img input ins kbd label legend li link main map mark menu meta meter nav noscript object ol
    optgroup option output p picture pre progress q rp rt ruby s samp script search section
    select slot small source span strong style sub summary sup table tbody td template textarea
    tfoot th thead time title tr track u ul var video wbr
"""
ELEMENTS = frozenset(_NAMES.split())
#: Content models that name no interactive content inside (3.2.5.2.7, and `label` by 4.10.4).
_INTERACTIVE = frozenset({"a", "button", "details", "embed", "iframe", "select", "textarea"})
_NO_INTERACTIVE_INSIDE = frozenset({"a", "button", "summary"})
_REFERENCES = ("aria-labelledby", "aria-describedby", "aria-controls", "aria-owns", "list", "form")
_SCRIPTS = frozenset({"", "module", "text/javascript", "application/javascript"})


def assert_valid(html: str | bytes) -> None:
    """Fail with every problem of a whole page."""
    found = problems(html)
    assert not found, "The page is not valid HTML:\n" + "\n".join(f"- {line}" for line in found)


def problems(html: str | bytes) -> list[str]:
    """What is wrong with a whole page; empty when nothing is."""
    text = html.decode() if isinstance(html, bytes) else html
    parser = html5lib.HTMLParser()
    root = parser.parse(text)
    # The errors at which HTMLParser(strict=True) stops one by one.
    lines = [line.strip()[:120] for line in re.split("\r\n?|\n", text)]
    errors = [
        f"line {line}, column {column}: {E[code] % data}: {lines[line - 1]}"
        for (line, column), code, data in parser.errors
    ]
    return [*errors, *_problems_of_tree(root)]


def _problems_of_tree(root: Element) -> Iterator[str]:
    elements = [element for element in root.iter() if isinstance(element.tag, str)]
    ids = Counter(element.attrib["id"] for element in elements if "id" in element.attrib)
    for name, number in ids.items():
        if number > 1:
            yield f"id {name!r} is used {number} times"
        if not name or re.search(r"\s", name):
            yield f"id {name!r} is empty or has white space"
    for element in elements:
        yield from _problems_of_attributes(element, set(ids))
        yield from _problems_of_element(element)
    yield from _problems_of_headings(elements)
    yield from _nested(root, ())


def _problems_of_attributes(element: Element, ids: set[str]) -> Iterator[str]:
    shown = _shown(element)
    for name in element.attrib:
        if name == "style":
            yield f"{shown} has an inline style"
        elif isinstance(name, str) and name.startswith("on"):
            yield f"{shown} has an inline handler, {name}"
    for name in _REFERENCES:
        for reference in element.attrib.get(name, "").split():
            if reference not in ids:
                yield f"{shown} points with {name} at the missing id {reference!r}"
    target = element.attrib.get("for", "")
    if _name(element) == "label" and "for" in element.attrib and target not in ids:
        yield f"{shown} points with for at the missing id {target!r}"
    href = element.attrib.get("href", "")
    if href.startswith("#") and href not in {"#", "#top"} and href[1:] not in ids:
        yield f"{shown} links to the missing id {href[1:]!r}"
    if element.attrib.get("href", "-").strip() == "":
        yield f"{shown} has an empty href"


def _problems_of_element(element: Element) -> Iterator[str]:
    shown, name = _shown(element), _name(element)
    if element.tag.startswith(_SVG):
        return
    if name not in ELEMENTS:
        yield f"{shown} is no element of HTML"
    elif name == "style":
        yield "there is an inline style sheet"
    elif name == "script" and "src" not in element.attrib:
        if element.attrib.get("type", "").lower() in _SCRIPTS:
            yield "there is an inline script"
    elif name == "img":
        for wanted in ("src", "alt", "width", "height"):
            if wanted not in element.attrib:
                yield f"{shown} has no {wanted}"
        for wanted in ("width", "height"):
            if not re.fullmatch("[0-9]+", element.attrib.get(wanted, "0")):
                yield f"{shown} has a {wanted} that is no whole number"
    elif name in {"ul", "ol"}:
        for child in element:
            if isinstance(child.tag, str) and _name(child) not in {"li", "script", "template"}:
                yield f"{shown} has {_shown(child)} as its child"
    elif name == "title" and not (element.text or "").strip():
        yield "the title is empty"


def _problems_of_headings(elements: list[Element]) -> Iterator[str]:
    levels = [
        (int(match[1]), element)
        for element in elements
        if (match := re.fullmatch("h([1-6])", _name(element)))
    ]
    number = sum(level == 1 for level, _ in levels)
    if number != 1:
        yield f"there are {number} h1 instead of one"
    before = 0
    for level, element in levels:
        if before and level > before + 1:
            yield f"{_shown(element)} comes after an h{before}"
        before = level
    if not any(_name(element) == "title" for element in elements):
        yield "there is no title"


def _nested(element: Element, around: tuple[str, ...]) -> Iterator[str]:
    if not isinstance(element.tag, str):
        return
    name = _name(element)
    is_interactive = (
        name in _INTERACTIVE
        or (name == "input" and element.attrib.get("type", "").lower() != "hidden")
        or "tabindex" in element.attrib
    )
    if is_interactive and around:
        yield f"{_shown(element)} is inside a {around[-1]}, both take clicks"
    if name in _NO_INTERACTIVE_INSIDE:
        around = (*around, name)
    for child in element:
        yield from _nested(child, around)


def _name(element: Element) -> str:
    return element.tag.removeprefix(_XHTML).removeprefix(_SVG)


def _shown(element: Element) -> str:
    attributes = "".join(f' {name}="{value}"' for name, value in element.attrib.items())
    shown = f"<{_name(element)}{attributes}>"
    return shown if len(shown) <= 120 else f"{shown[:119]}…"
