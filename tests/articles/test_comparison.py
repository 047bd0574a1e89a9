"""What changed between two texts: nothing lost, nothing invented, never too slow."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles import comparison
from articles.comparison import Budget, Line, Part

WORDS = st.sampled_from(
    "the ferry runs in winter summer and not twice a day, no more. नौका 船".split()
)
PARAGRAPHS = st.lists(st.lists(WORDS, min_size=1, max_size=12).map(" ".join), max_size=8)
ANY_PARAGRAPHS = st.lists(
    st.text(min_size=1, max_size=40).map(lambda text: " ".join(text.split())).filter(bool),
    max_size=6,
)


def lines(old, new, budget=None):
    return list(comparison.lines(old, new, budget or Budget()))


def side(found, change):
    """The words of one of the texts, put together again."""
    kept = ("", change)
    texts = ["".join(part.text for part in line.parts if part.change in kept) for line in found]
    return [text.split() for text in texts if text.strip()]


def signs(paragraphs):
    return "".join("".join(paragraph) for paragraph in paragraphs)


class TestWords:
    def test_show_what_was_taken_out_and_put_in(self):
        (line,) = lines(["The bridge closed in 2023, in March."], ["The bridge closed in 2024."])
        assert line.parts == (
            Part("The bridge closed in ", ""),
            Part("2023, in March", "removed"),
            Part("2024", "added"),
            Part(".", ""),
        )

    def test_are_not_cut_by_hyphens_and_apostrophes(self):
        (line,) = lines(["It doesn’t cost 1.5 a year-long pass."], ["It doesn’t cost 2.5 a pass."])
        assert Part("1.5 ", "removed") in line.parts
        assert Part("year-long ", "removed") in line.parts

    def test_are_not_cut_within_numbers(self):
        (line,) = lines(["It cost 41,000 in 2023,"], ["It cost 14,000 in 2023,"])
        assert Part("41,000 ", "removed") in line.parts
        assert line.parts[-1] == Part("in 2023,", "")

    def test_of_scripts_without_spaces_are_single_signs(self):
        (line,) = lines(["船は冬も毎日走る"], ["船は夏も毎日走る"])
        assert [part for part in line.parts if part.change] == [
            Part("冬", "removed"),
            Part("夏", "added"),
        ]

    def test_are_the_same_however_they_are_spaced(self):
        (line,) = lines(["One  two"], ["One two"])
        assert not line.is_changed


class TestParagraphs:
    def test_that_came_or_went_are_shown_whole(self):
        assert lines(["One.", "Gone."], ["One.", "New words here."]) == [
            Line((Part("One.", ""),)),
            Line((Part("Gone.", "removed"),)),
            Line((Part("New words here.", "added"),)),
        ]

    def test_that_were_rewritten_are_told_from_those_put_between(self):
        old = ["The ferry runs four times a day.", "It is old."]
        new = ["A study is due.", "The ferry runs six times a day.", "It is old."]
        first, second, third = lines(old, new)
        assert first.parts == (Part("A study is due.", "added"),)
        assert Part("four ", "removed") in second.parts
        assert not third.is_changed

    @given(old=PARAGRAPHS, new=PARAGRAPHS)
    def test_give_both_texts_back(self, old, new):
        found = lines(old, new)
        assert signs(side(found, "removed")) == signs([each.split() for each in old])
        assert signs(side(found, "added")) == signs([each.split() for each in new])

    @given(old=ANY_PARAGRAPHS, new=ANY_PARAGRAPHS, pairs=st.integers(0, 200))
    def test_of_any_text_are_compared_at_any_price(self, old, new, pairs):
        found = lines(old, new, Budget(pairs))
        if old == new:
            assert not any(line.is_changed for line in found)
        assert signs(side(found, "added")) == signs([each.split() for each in new])


class TestCost:
    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (["a " * 20_000], ["a " * 19_999 + "b"]),
            (["a b " * 2000] * 40, ["b a " * 2000] * 40),
            ([f"{n} " * 60 for n in range(3000)], [f"{n} " * 59 + "x" for n in range(3000)]),
            (["same"] * 5000, ["same", "other"] * 5000),
            (["<" * 30_000], [">" * 30_000]),
        ],
        ids=["one word", "two words", "many paragraphs", "equal paragraphs", "signs"],
    )
    def test_is_bounded(self, old, new):
        started = time.process_time()
        found = lines(old, new)
        assert time.process_time() - started < 5
        assert signs(side(found, "added")) == signs([each.split() for each in new])

    def test_beyond_the_bound_shows_all_between_the_ends(self):
        (line,) = lines(["Now it is red."], ["Now it is blue."], Budget(3 + 4 + 3))
        assert [part for part in line.parts if part.change] == [
            Part("red", "removed"),
            Part("blue", "added"),
        ]


class TestFolding:
    def test_leaves_out_what_is_far_from_every_change(self):
        old = [f"Paragraph {number}." for number in range(9)]
        new = [*old[:4], "Something else.", *old[5:]]
        found = comparison._folded(lines(old, new))
        assert [line.left_out for line in found] == [3, 0, 0, 0, 0, 3]
