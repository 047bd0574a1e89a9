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


def made(keeper, value, name="frame", meanwhile=lambda: None):
    def make():
        meanwhile()
        return value

    return keeper.made(name, ["sections", "publication"], make)


def test_a_value_is_made_once(keeper):
    assert [made(keeper, "first"), made(keeper, "second")] == ["first", "first"]


def test_values_have_names(keeper):
    assert [made(keeper, "first"), made(keeper, "second", "other")] == ["first", "second"]


@pytest.mark.parametrize("key", ["sections", "publication"])
def test_a_value_is_made_again_when_one_of_its_keys_is_touched(keeper, counters, key):
    made(keeper, "first")
    counters.touch([key])
    assert made(keeper, "second") == "second"


def test_a_value_is_made_again_when_everything_is_touched(keeper, counters):
    made(keeper, "first")
    counters.touch_everything()
    assert made(keeper, "second") == "second"


def test_other_keys_make_no_difference(keeper, counters):
    made(keeper, "first")
    counters.touch(["article:1"])
    assert made(keeper, "second") == "first"


def test_a_value_that_was_touched_while_it_was_made_is_not_kept(keeper, counters):
    made(keeper, "first", meanwhile=lambda: counters.touch(["sections"]))
    assert made(keeper, "second") == "second"


def test_no_value_is_kept_while_a_change_is_open(keeper, counters):
    change = counters.open(["sections"])
    assert [made(keeper, "before"), made(keeper, "still")] == ["before", "still"]
    change.close()
    assert [made(keeper, "after"), made(keeper, "later")] == ["after", "after"]


def test_what_fails_is_tried_again(keeper):
    def fail():
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011
        keeper.made("frame", ["sections"], fail)
    assert made(keeper, "second") == "second"
