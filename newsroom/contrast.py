"""Whether a colour can be read, by the formulas of WCAG 2.2: contrast, relative luminance."""

import re
from typing import NamedTuple

Colour = tuple[float, float, float]

HEX = re.compile(r"#[0-9a-f]{6}", re.ASCII)

#: The pages' own colours, light and dark; static/css/tokens.css has the same as --paper.
PAPERS = {"light": "#ffffff", "dark": "#111417"}


class Need(NamedTuple):
    """What an accent must reach on a ground that is mixed from itself and the paper."""

    #: How much of the ground is accent, in hundredths.
    share: int
    ratio: float


#: Of the design: headings on the tint of a box, initials on the fill of an avatar.
NEEDS = (Need(7, 5.5), Need(14, 4.9))


class Reached(NamedTuple):
    """The ratio that is furthest from what is needed, and that; both to a tenth."""

    ratio: float
    needed: float

    @property
    def is_enough(self) -> bool:
        return self.ratio >= self.needed


def reached(accent: str, theme: str) -> Reached:
    """What "#rrggbb" reaches as the accent of a theme: "light" or "dark"."""
    colour, paper = parse(accent), parse(PAPERS[theme])
    found = [
        Reached(round(contrast(colour, mix(colour, paper, share / 100)), 1), needed)
        for share, needed in NEEDS
    ]
    return min(found, key=lambda each: each.ratio / each.needed)


def nearest(accent: str, theme: str) -> str:
    """The colour that reaches enough with the least ink, or black or white, added."""
    end = parse("#000000" if theme == "light" else "#ffffff")
    colour = parse(accent)
    for step in range(101):
        tried = written(mix(end, colour, step / 100))
        if reached(tried, theme).is_enough:
            return tried
    return written(end)


def contrast(one: Colour, other: Colour) -> float:
    """From 1 for the same colour to 21 for black on white."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: Colour) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """So much of the one in the other, as `color-mix(in srgb, ...)` does it."""
    red, green, blue = (a * share + b * (1 - share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def parse(text: str) -> Colour:
    """The parts of "#rrggbb", each from 0 to 1."""
    red, green, blue = (int(text[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return red, green, blue


def written(colour: Colour) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in colour)
