"""One whole story, element by element, for the tests that follow it through the site.

It is read from the page that the site has to match when that file lies beside the checkout, and
is our own otherwise: both have every element of a story.
"""

import datetime
import re
from dataclasses import dataclass
from pathlib import Path

REFERENCE = Path(__file__).resolve().parents[2] / "shared" / "reference" / "article-page.txt"

OWN = """\
Winter Ferry "Stays Afloat", Islands Told

A vote of the island council keeps the old ferry running through the winter. The bridge between
the middle and the north island has been closed since March. A study of the cost is due in spring.
It concludes that the boat is slower but, for now, cheaper than any other way across the water.

Key Points: Council Keeps the Winter Ferry

  • Four crossings a day
  • Six on market days
  • Bridge closed until spring
  • Cost study due in April
  • Fares stay as they are
1 min read

Islands 'relieved' as winter ferry stays, 'slow but sure': Council

A council vote keeps the "slow but sure" boat running until the bridge opens again.

"We can plan our winter again, one crossing at a time - Island Council Report"

Holmstad, Jan 8

The council voted on Thursday to keep the old ferry running through the winter, ending three
months of doubt on the islands.

Residents had asked for it since the bridge closed in March - not to mention the school, which
lost nine teachers.

"We can plan again," said the council's report, which was read aloud in the hall.

The ferry will cross four times a day, and six times on market days.

A study of its costs is due in April, after which the council will vote again.

- Northern Wire

Share this article:

Reader Comments

P
Petra S
My shop gets its flour by this boat, so I have followed every meeting since the spring began.
"""


@dataclass(frozen=True)
class Story:
    """A story as typed, with straight quotation marks and dashes."""

    short_title: str
    summary: str
    key_points_heading: str
    key_points: list[str]
    read_time: str
    headline: str
    standfirst: str
    pull_quote: str
    pull_quote_attribution: str
    dateline_place: str
    dateline_date: datetime.date
    paragraphs: list[str]
    agency: str
    comments: list[tuple[str, str]]

    @property
    def dateline(self) -> str:
        return f"{self.dateline_place}, {self.dateline_date:%b} {self.dateline_date.day}"

    @property
    def slug(self) -> str:
        return re.sub(r"[^a-z0-9]+", "-", self.headline.lower()).strip("-")[:60].strip("-")


def load() -> Story:
    return parse(REFERENCE.read_text("utf-8") if REFERENCE.exists() else OWN)


def parse(text: str) -> Story:
    """Take the page apart by its fixed words; raises ValueError when one is missing."""
    text = text.replace("\r\n", "\n")
    head, _, rest = text.partition("\nKey Points: ")
    short_title, _, summary = head.partition("\n")
    box, _, rest = rest.partition(" min read\n")
    box, _, minutes = box.rpartition("\n")
    heading, *points = [line.strip() for line in box.splitlines() if line.strip()]
    story, _, talk = rest.partition("\nShare this article:")
    blocks = [" ".join(block.split()) for block in story.strip().split("\n\n")]
    headline, standfirst, quote, dateline, *paragraphs, agency = blocks
    said, _, source = quote.strip('"').rpartition(" - ")
    place, _, day = dateline.partition(", ")
    lines = [line.strip() for line in talk.partition("Reader Comments")[2].splitlines()]
    lines = [line for line in lines if line]
    comments = []
    while len(lines) >= 3 and len(lines[0]) == 1:
        comments.append((lines[1], lines[2]))
        lines = lines[3:]
    return Story(
        short_title=short_title.strip(),
        summary=" ".join(summary.split()),
        key_points_heading=heading,
        key_points=[point.lstrip("• ") for point in points],
        read_time=f"{minutes.strip()} min read",
        headline=headline,
        standfirst=standfirst,
        pull_quote=f'"{said}"',
        pull_quote_attribution=source,
        dateline_place=place,
        dateline_date=datetime.datetime.strptime(f"{day} 2026", "%b %d %Y").date(),  # noqa: DTZ007
        paragraphs=paragraphs,
        agency=agency.lstrip("- "),
        comments=comments,
    )
