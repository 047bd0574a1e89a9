"""What axe-core and a ruler say about a page in a browser, in every size and theme."""

from functools import cache
from importlib.resources import files
from typing import Any

from playwright.sync_api import Page

SIZES = {"desktop": (1440, 1000), "phone": (390, 844)}
THEMES = ("light", "dark")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

#: From the smallest phone to a wide screen, in CSS pixels.
WIDTHS = (320, 390, 768, 1024, 1280, 1440, 1600)

_RUN = """
async ([tags, isWhole]) => {
  // Colours that are still on their way from one theme to the other are nobody's fault.
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  for (const animation of document.getAnimations()) animation.finish();
  const found = await axe.run(document, {
    runOnly: { type: "tag", values: tags },
    resultTypes: ["violations"],
    rules: isWhole ? {} : { "color-contrast": { enabled: false } },
    preload: false,  // it would add style sheets to the page, which the page's policy forbids
  });
  return found.violations.map(({ id, impact, help, nodes }) => ({
    id, impact, help,
    nodes: nodes.map(({ target, failureSummary, html }) => ({ target, failureSummary, html })),
  }));
}
"""
_SIDEWAYS = """
() => {
  const wide = document.documentElement.scrollWidth - window.innerWidth;
  if (wide <= 0) return null;
  const isClipped = (element) => {
    for (let box = element.parentElement; box !== document.body; box = box.parentElement)
      if (getComputedStyle(box).overflowX !== "visible") return true;
    return false;
  };
  const culprits = [...document.body.querySelectorAll("*")].filter((element) => {
    const box = element.getBoundingClientRect();
    return box.width && (box.right > window.innerWidth + 0.5 || box.left < -0.5)
      && !isClipped(element);
  });
  const name = (e) => e.tagName.toLowerCase() + (e.id ? "#" + e.id : "")
    + [...e.classList].map((c) => "." + c).join("");
  return { wide, culprits: culprits.slice(0, 6).map(name) };
}
"""

_SMALL = """
(least) => [...document.querySelectorAll("a, button, summary, input:not([type=hidden]), textarea")]
  .filter((element) => {
    // Links in sentences, what nobody sees, and headlines that stretch over their whole card.
    const isLeftOut = element.closest(".prose, .notice, .hint, .hp, .skip");
    if (isLeftOut || !element.checkVisibility()) return false;
    const after = getComputedStyle(element, "::after");
    if (after.content !== "none" && after.position === "absolute") return false;
    // A box to tick is as large as the label around it.
    const { width, height } = (element.closest("label") || element).getBoundingClientRect();
    return width < least || height < least;
  })
  .map((element) => {
    const { width, height } = element.getBoundingClientRect();
    return `${width.toFixed(1)} x ${height.toFixed(1)}: ${element.outerHTML.slice(0, 120)}`;
  })
"""


def assert_accessible(page: Page) -> None:
    """Fail with every violation of the page that is open, in every size and theme."""
    found: dict[str, list[str]] = {}
    for size, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)
            for line in violations(page):
                found.setdefault(line, []).append(f"{size} {theme}")
    lines = [f"{line}\n    in {', '.join(where)}" for line, where in found.items()]
    assert not found, f"{len(found)} violations on {page.url}:\n" + "\n".join(lines)


def assert_accessible_at(page: Page, widths: tuple[int, ...]) -> None:
    """Fail with violations in further sizes: all rules but contrast, which is the same in each."""
    found: dict[str, list[str]] = {}
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        for line in violations(page, is_whole=False):
            found.setdefault(line, []).append(f"{width}px")
    lines = [f"{line}\n    at {', '.join(where)}" for line, where in found.items()]
    assert not found, f"{len(found)} violations on {page.url}:\n" + "\n".join(lines)


def violations(page: Page, *, is_whole: bool = True) -> list[str]:
    """What axe-core finds on the page as it is now: the rule, the element and what to mend."""
    if not page.evaluate("() => 'axe' in window"):
        # The driver's own evaluation isn't held back by the page's Content-Security-Policy.
        page.evaluate(_axe())
    return [
        _shown(rule, node)
        for rule in page.evaluate(_RUN, [TAGS, is_whole])
        for node in rule["nodes"]
    ]


def assert_no_sideways_scroll(
    page: Page, widths: tuple[int, ...] = WIDTHS, directions: tuple[str, ...] = ("ltr", "rtl")
) -> None:
    """Fail where the page is wider than the window: nobody should have to scroll sideways."""
    found = []
    for direction in directions:
        page.evaluate("(direction) => { document.documentElement.dir = direction }", direction)
        for width in widths:
            page.set_viewport_size({"width": width, "height": 900})
            if too_wide := page.evaluate(_SIDEWAYS):
                culprits = ", ".join(too_wide["culprits"])
                found.append(f"{width}px {direction}: {too_wide['wide']}px too wide: {culprits}")
    page.evaluate("() => document.documentElement.removeAttribute('dir')")
    assert not found, f"{page.url} scrolls sideways:\n" + "\n".join(found)


def assert_large_targets(page: Page, least: float = 43.5) -> None:
    """Fail with what is harder to hit than the design's 44 pixels (less a rounding)."""
    found = page.evaluate(_SMALL, least)
    assert not found, f"{page.url} has small targets:\n" + "\n".join(found)


@cache
def _axe() -> str:
    return (files("axe_playwright_python") / "axe.min.js").read_text()


def _shown(rule: dict[str, Any], node: dict[str, Any]) -> str:
    target = " ".join(str(part) for part in node["target"])
    summary = " ".join(node["failureSummary"].split())
    return f"{rule['id']} ({rule['impact']}) {target}\n    {summary}\n    {node['html'][:160]}"
