import pytest
from hypothesis import given
from hypothesis import strategies as st

from articles.reading_time import minutes, word_count


def words(count: int) -> str:
    return "word " * count


class TestWords:
    @pytest.mark.parametrize(
        ("text", "count"),
        [
            ("", 0),
            (" – — ... ", 0),
            ("The ferry’s back – at last", 5),
            ("war—a short one", 4),
            ("well-known 12.5 US$3", 3),
            ("Привет, мир", 2),
            ("नमस्ते दुनिया", 2),
            ("안녕 세계", 2),
            ("新聞", 2),
            ("新聞、です。", 4),
            ("ภาษาไทย", 7),
            ("ที่นี่", 2),
            ("ភាសា", 2),
            ("မြန်မာ", 3),
            ("AI は 3つ", 4),
        ],
    )
    def test_are_counted_by_script(self, text, count):
        assert word_count(text) == count


class TestMinutes:
    def test_are_never_nothing(self):
        assert minutes("") == 1
        assert minutes("Short.") == 1

    @pytest.mark.parametrize(("count", "expected"), [(329, 1), (330, 2), (549, 2), (550, 3)])
    def test_are_rounded_half_up(self, count, expected):
        assert minutes(words(count), words_per_minute=220) == expected

    def test_follow_the_settings(self, settings):
        settings.READING_WORDS_PER_MINUTE = 100
        settings.READING_CHARACTERS_PER_MINUTE = 300
        assert minutes(words(500)) == 5
        assert minutes("字" * 1500) == 5

    def test_of_scripts_without_spaces_go_by_characters(self):
        assert minutes("字" * 2000, characters_per_minute=500) == 4
        assert minutes("ก" * 2000, characters_per_minute=500) == 4
        # A tone mark is read with its letter.
        assert minutes("ก่" * 2000, characters_per_minute=500) == 4

    def test_of_mixed_text_add_up(self):
        text = words(220) + "字" * 1000
        assert minutes(text, words_per_minute=220, characters_per_minute=500) == 3

    @pytest.mark.parametrize(
        ("images", "seconds"), [(0, 0), (1, 12), (2, 23), (3, 33), (10, 75), (11, 78), (20, 105)]
    )
    def test_grow_with_pictures(self, images, seconds):
        # At sixty words a minute a word is a second: the text fills up to just below or to half.
        text = 600 - seconds + 29
        assert minutes(words(text), images=images, words_per_minute=60) == 10
        assert minutes(words(text + 1), images=images, words_per_minute=60) == 11

    @given(st.text(), st.integers(0, 100))
    def test_of_any_text_are_whole_and_positive(self, text, images):
        assert minutes(text, images=images) >= 1
        assert word_count(text) <= len(text)

    @given(st.text(), st.text())
    def test_do_not_shrink_with_more_text(self, text, more):
        assert minutes(f"{text} {more}") >= minutes(text)
