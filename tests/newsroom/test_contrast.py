import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsroom import contrast

TOKENS = Path(__file__).resolve().parents[2] / "static" / "css" / "tokens.css"
colours = st.from_regex(r"#[0-9a-f]{6}", fullmatch=True)
themes = st.sampled_from(["light", "dark"])


def pairs():
    """The accents of the design, by name and theme."""
    found = re.findall(
        r"--(c-[a-z]+|paper): light-dark\((#[0-9a-f]+), (#[0-9a-f]+)\)", TOKENS.read_text()
    )
    assert len(found) == 8
    return {name: (light, dark) for name, light, dark in found}


class TestContrast:
    @pytest.mark.parametrize(
        ("one", "other", "ratio"),
        # Figures of the design's table, and the ends of the scale.
        [
            ("#000000", "#ffffff", 21),
            ("#ffffff", "#ffffff", 1),
            ("#14171a", "#ffffff", 18.0),
            ("#2438d6", "#ffffff", 8.0),
            ("#98a6ff", "#111417", 8.1),
            ("#767d85", "#ffffff", 4.2),
        ],
    )
    def test_is_what_the_guidelines_say(self, one, other, ratio):
        found = contrast.contrast(contrast.parse(one), contrast.parse(other))
        assert found == pytest.approx(ratio, abs=0.06)
        assert found == contrast.contrast(contrast.parse(other), contrast.parse(one))

    def test_is_enough_with_every_accent_of_the_design(self):
        for name, pair in pairs().items():
            for theme, colour in zip(("light", "dark"), pair, strict=True):
                if name != "paper":
                    assert contrast.reached(colour, theme).is_enough, (name, theme)

    def test_is_measured_on_the_paper_of_the_design(self):
        light, dark = pairs()["paper"]
        found = {"light": light.replace("#fff", "#ffffff"), "dark": dark}
        assert found == contrast.PAPERS

    @pytest.mark.parametrize(
        ("colour", "theme"), [("#ffd400", "light"), ("#8a8a8a", "light"), ("#2438d6", "dark")]
    )
    def test_is_not_enough_with_others(self, colour, theme):
        assert not contrast.reached(colour, theme).is_enough


class TestTheNearestColour:
    @given(colours, themes)
    def test_always_has_enough(self, colour, theme):
        found = contrast.nearest(colour, theme)
        assert contrast.reached(found, theme).is_enough
        if contrast.reached(colour, theme).is_enough:
            assert found == colour

    @given(colours)
    def test_is_written_as_it_is_read(self, colour):
        assert contrast.written(contrast.parse(colour)) == colour
