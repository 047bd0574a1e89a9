"""What is kept between pages, by the counters."""

import pytest

from newsroom.pagecache.generations import Generations
from newsroom.pagecache.keeper import Keeper


@pytest.fixture
def counters(tmp_path):
    return Generations(tmp_path)


@pytest.fixture
def keeper(counters):
    return Keeper(counters)


@pytest.fixture
def made(keeper, counters):
    def made(value, name="frame", meanwhile=lambda: None, sequence=None):
        def make():
            meanwhile()
            return value

        page = keeper.at(counters.sequence if sequence is None else sequence)
        return page.made(name, ["sections", "publication"], make)

    return made


def test_a_value_is_made_once(made):
    assert [made("first"), made("second")] == ["first", "first"]


def test_values_have_names(made):
    assert [made("first"), made("second", "other")] == ["first", "second"]


@pytest.mark.parametrize("key", ["sections", "publication"])
def test_a_value_is_made_again_when_one_of_its_keys_is_touched(made, counters, key):
    made("first")
    counters.touch([key])
    assert made("second") == "second"


def test_a_value_is_made_again_when_everything_is_touched(made, counters):
    made("first")
    counters.touch_everything()
    assert made("second") == "second"


def test_other_keys_make_no_difference(made, counters):
    made("first")
    counters.touch(["article:1"])
    assert made("second") == "first"


def test_a_value_that_was_touched_while_it_was_made_is_not_kept(made, counters):
    made("first", meanwhile=lambda: counters.touch(["sections"]))
    assert made("second") == "second"


def test_no_value_is_kept_while_a_change_is_open(made, counters):
    change = counters.open(["sections"])
    assert [made("before"), made("still")] == ["before", "still"]
    change.close()
    assert [made("after"), made("later")] == ["after", "after"]


def test_a_value_is_as_old_as_the_page_that_it_was_made_for(made, counters):
    """It may come from a database that the page has chosen before the change."""
    before = counters.sequence
    counters.touch(["sections"])
    assert made("first", sequence=before) == "first"
    assert made("second") == "second"


def test_what_fails_is_tried_again(keeper, counters, made):
    def fail():
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011
        keeper.at(counters.sequence).made("frame", ["sections"], fail)
    assert made("second") == "second"
