"""What a reader's browser gets over the wire before it can rest, and what moves meanwhile."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from . import demo, machine, report

SIZES = {"390 px": (390, 844, 2.0), "1440 px": (1440, 900, 1.0)}
KINDS = ("Document", "Stylesheet", "Script", "Font", "Image", "Other")
#: Kilobytes of a whole page on a phone.
MOST = {"article": 150.0, "article without pictures": 90.0}

#: Says how far things were moved, and for how long the page could not answer.
WATCH = """
window.moved = 0; window.longest = 0;
new PerformanceObserver((list) => {
  for (const each of list.getEntries()) if (!each.hadRecentInput) window.moved += each.value;
}).observe({ type: "layout-shift", buffered: true });
new PerformanceObserver((list) => {
  for (const each of list.getEntries()) window.longest = Math.max(window.longest, each.duration);
}).observe({ type: "longtask", buffered: true });
"""


@dataclass
class Visit:
    """What came over the wire for one page, with nothing kept from before."""

    #: Bytes, headers and all, by kind.
    sizes: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    #: Hosts that were asked.
    hosts: set[str] = field(default_factory=set)
    #: Cumulative layout shift.
    moved: float = 0.0
    #: The longest task of the browser's main thread, in milliseconds; tasks under 50 are none.
    longest: float = 0.0

    @property
    def weight(self) -> float:
        """Kilobytes."""
        return self.sizes.total() / 1000


def visit(browser: Any, url: str, size: tuple[int, int, float]) -> Visit:
    """Open a page as a new reader, wait for its fonts, and read on to its end."""
    width, height, density = size
    context = browser.new_context(
        viewport={"width": width, "height": height}, device_scale_factor=density
    )
    page = context.new_page()
    page.add_init_script(WATCH)
    found = Visit()
    kinds: dict[str, str] = {}

    def answered(event: dict[str, Any]) -> None:
        kind = event["type"] if event["type"] in KINDS else "Other"
        kinds[event["requestId"]] = kind

    def finished(event: dict[str, Any]) -> None:
        found.sizes[kinds.get(event["requestId"], "Other")] += int(event["encodedDataLength"])
        found.requests += 1

    session = context.new_cdp_session(page)
    session.on("Network.responseReceived", answered)
    session.on("Network.loadingFinished", finished)
    session.send("Network.enable")
    page.on("request", lambda request: found.hosts.add(request.url.split("/")[2]))
    page.goto(url, wait_until="networkidle")
    page.evaluate("() => document.fonts.ready")
    found.longest = page.evaluate("() => window.longest")
    # What comes later is not counted, but must not push what is being read.
    loaded = found.sizes.copy(), found.requests
    page.evaluate(
        """async () => {
          for (let y = 0; y < document.body.scrollHeight; y += innerHeight / 2) {
            scrollTo({ top: y, behavior: "instant" });
            await new Promise((done) => setTimeout(done, 60));
          }
        }"""
    )
    page.wait_for_load_state("networkidle")
    found.moved = page.evaluate("() => window.moved")
    found.sizes, found.requests = loaded
    context.close()
    return found


def main() -> int:
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise SystemExit("playwright is missing: `make test` installs it.") from None
    with demo.served() as server:
        # Asked before the driver starts a loop in this thread, which Django takes for async code.
        pages = demo.stories()
        with sync_playwright() as driver:
            weigh(driver, server, pages)
    return 0


def weigh(driver: Any, server: machine.Server, pages: dict[str, str]) -> None:
    """Visit the pages and print what was found."""
    rows = []
    verdicts: list[tuple[str, float, float]] = []
    browser = driver.chromium.launch(executable_path=demo.chromium(), args=["--no-sandbox"])
    home = f"{machine.HOST}:{server.port}"
    for name, path in pages.items():
        for label, size in SIZES.items():
            found = visit(browser, f"http://{home}{path}", size)
            if found.hosts != {home}:
                raise SystemExit(f"The {name} asks other hosts: {found.hosts - {home}}")
            sizes = [found.sizes[kind] / 1000 for kind in KINDS]
            rows.append(
                [
                    f"{name}, {label}",
                    *sizes,
                    found.weight,
                    found.requests,
                    found.moved,
                    found.longest,
                ]
            )
            verdicts.append((f"{name}, {label}: layout shift", found.moved, 0))
            verdicts.append((f"{name}, {label}: longest task, ms", found.longest, 50))
            if label == "390 px" and name in MOST:
                verdicts.append((f"{name}, {label}: kB", found.weight, MOST[name]))
    browser.close()
    report.table(
        "Kilobytes over the wire to a new reader, shift of the layout, longest task (ms)",
        ["page", *(kind.lower() for kind in KINDS), "all", "requests", "shift", "task"],
        rows,
    )
    for name, value, most in verdicts:
        report.verdict(name, value, most=most)
