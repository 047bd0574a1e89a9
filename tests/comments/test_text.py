import json
import re
import shutil
import subprocess
import sys
import unicodedata

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comments import text

WHITE_SPACE = "".join(map(chr, text.WHITE_SPACE))

# Text with far more white space, line ends, marks and composition than chance would give.
MARKS = "\u0301\u0308\u0323\u0327\u093c\u0345\u3099"
TRICKY = WHITE_SPACE + MARKS + "aeo\u0928\u0930\u0958\u212b\u1100\u1161\u11a8\u200b\u200d\ufeff\x1c"
ANY_TEXT = st.text() | st.text(alphabet=TRICKY) | st.text(alphabet=WHITE_SPACE + "ab\u0301")

CASES = {
    "nothing": ("", 0),
    "fifty spaces": (" " * 50, 0),
    "fifty ideographic spaces": ("\u3000" * 50, 0),
    "fifty letters": ("a" * 50, 50),
    "spaces inside count once": ("a" + " " * 48 + "b", 3),
    "spaces outside count not at all": (" " * 20 + "a" * 49 + "\n" * 20, 49),
    "fifty combining marks": ("\u0301" * 50, 50),
    "a letter and its mark are one": ("e\u0301" * 50, 50),
    "fifty emoji": ("\N{GRINNING FACE}" * 50, 50),
    "emoji with skin tones": ("\N{WAVING HAND SIGN}\U0001f3fd" * 25, 50),
    "a family joined by ZWJ": ("\U0001f468\u200d\U0001f469\u200d\U0001f467" * 10, 50),
    "a flag": ("\U0001f1f3\U0001f1f5" * 25, 50),
    "right to left": ("\u0645\u0631\u062d\u0628\u0627" * 10, 50),
    "right to left with directional marks": ("\u200f\u05e9\u05dc\u05d5\u05dd" * 10, 50),
    "Devanagari": ("\u0928\u092e\u0938\u094d\u0924\u0947\u092d\u093e\u0930\u0924" * 5, 50),
    "a letter that NFC makes two": ("\u0958" * 25, 50),
    "Hangul jamo": ("\u1112\u1161\u11ab" * 50, 50),
    "line ends of Windows": ("a\r\n" * 25 + "b", 51),
    "a line end is one": ("a\r\n\r\n\r\nb", 3),
    "a zero width space is no white space": ("\u200b" * 50, 50),
    "a byte order mark is no white space": ("\ufeff" * 50, 50),
    "information separators are no white space": ("\x1c" * 50, 50),
    "every white space": (WHITE_SPACE.join("ab"), 3),
}
by_name = pytest.mark.parametrize(("given_text", "expected"), CASES.values(), ids=CASES.keys())


class TestLength:
    @by_name
    def test_counts_code_points_of_folded_text(self, given_text, expected):
        assert text.length(given_text) == expected

    def test_knows_how_many_are_missing(self):
        assert text.missing("a" * 49) == 1
        assert text.missing("a" * 50) == 0
        assert text.missing("a" * 3001) == 0
        assert text.missing(" " * 60) == 50

    def test_knows_how_many_are_too_many(self):
        assert text.excess("a" * 3000) == 0
        assert text.excess("a" * 3010 + "\n") == 10
        assert text.excess("") == 0

    def test_counts_what_cannot_be_stored_without_failing(self):
        assert text.length("\x00" * 3 + "\ud800" * 2) == 5

    def test_white_space_is_the_property_of_that_name(self):
        # str.isspace() is that property and four information separators besides.
        for code_point in range(0x110000):
            char = chr(code_point)
            is_space = char.isspace() and char not in "\x1c\x1d\x1e\x1f"
            assert is_space == (code_point in text.WHITE_SPACE), hex(code_point)


class TestNormalising:
    @given(ANY_TEXT)
    def test_twice_changes_nothing(self, value):
        once = text.normalise(value)
        assert text.normalise(once) == once

    @given(ANY_TEXT)
    def test_keeps_the_length(self, value):
        assert text.length(text.normalise(value)) == text.length(value)

    @given(ANY_TEXT)
    def test_keeps_the_words(self, value):
        assert text.fold(text.normalise(value)) == text.fold(value)

    @given(ANY_TEXT)
    def test_leaves_only_single_spaces_and_line_feeds(self, value):
        kept = text.normalise(value)
        assert not set(kept) & set(WHITE_SPACE) - {" ", "\n"}
        assert "  " not in kept
        assert "\n\n\n" not in kept
        assert not re.search(r"(?:^| )\n|\n(?: |$)", kept)
        assert kept == kept.strip(" \n")

    @pytest.mark.parametrize(
        ("given_text", "expected"),
        [
            ("One.\r\nTwo.\rThree.", "One.\nTwo.\nThree."),
            ("One.\n \n\t\n\nTwo.", "One.\n\nTwo."),
            ("  One \t\u00a0 two  \n  three  ", "One two\nthree"),
            ("One\u2028two\u2029three\x85four", "One\ntwo\nthree\nfour"),
            ("Zu\u0308rich", "Z\u00fcrich"),
            (" \r\n ", ""),
        ],
    )
    def test_tidies_white_space_and_composes(self, given_text, expected):
        assert text.normalise(given_text) == expected


# No null, no surrogate, and no character that the older of two Unicodes may not know.
STORABLE = st.text(st.characters(exclude_categories=["Cs", "Cn"], exclude_characters="\x00"))
STORABLE |= st.text(alphabet=TRICKY)


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "postgresql", reason="needs PostgreSQL")
class TestTheDatabaseRule:
    def length(self, value: str) -> int:
        with connection.cursor() as cursor:
            # normalize() of a parameter needs to know its type.
            cursor.execute("SELECT " + text.postgresql_length("%s::text"), [value])
            return cursor.fetchone()[0]

    @by_name
    def test_agrees_in_known_cases(self, given_text, expected):
        assert self.length(given_text) == expected

    @settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
    @given(value=STORABLE)
    def test_agrees_with_python(self, value):
        assert self.length(value) == text.length(value)

    def test_does_not_depend_on_the_meaning_of_backslashes(self):
        value = "a\u00a0\u00a0b\\u0009"
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL escape_string_warning = off")
            cursor.execute("SET LOCAL standard_conforming_strings = off")
        assert self.length(value) == text.length(value)

    def test_leaves_null_alone(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT " + text.postgresql_length("NULL::text"))
            assert cursor.fetchone() == (None,)


NODE = shutil.which("node")
RULE = """
const rule = (value) =>
  [...value.normalize("NFC").replace(/\\p{White_Space}+/gu, " ").replace(/^ | $/g, "")].length;
const values = JSON.parse(require("fs").readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(values.map(rule)));
"""


@pytest.mark.skipif(NODE is None, reason="needs node; the browser suite asks the browser")
class TestTheBrowsersRule:
    def lengths(self, values: list[str]) -> list[int]:
        answer = subprocess.run(
            [NODE, "-e", RULE], input=json.dumps(values), capture_output=True, text=True, check=True
        )
        return json.loads(answer.stdout)

    def test_agrees_in_known_cases(self):
        values = [value for value, _ in CASES.values()]
        assert self.lengths(values) == [expected for _, expected in CASES.values()]

    # One process for each example is slow, so an example is a long list of texts.
    @settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(STORABLE, min_size=100, max_size=200))
    def test_agrees_with_python(self, values):
        assert self.lengths(values) == [text.length(value) for value in values]

    def test_agrees_on_every_character_between_letters(self):
        # Each character after a letter and before a mark: composed, reordered or left alone.
        values = [
            f"a{chr(code_point)}\u0301b"
            for code_point in range(1, sys.maxunicode + 1)
            if unicodedata.category(chr(code_point)) not in {"Cn", "Co", "Cs"}
        ]
        assert self.lengths(values) == [text.length(value) for value in values]
