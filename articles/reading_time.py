"""How long a story takes to read.

Words and pictures are counted as in "Read Time and You" (Medium, 2014): words at a steady pace,
12 seconds for the first picture, 11 for the second, and so on down to 3 seconds from the tenth.
Scripts written without spaces between words are counted by characters; Medium reckons with 500 a
minute for Chinese and Japanese ("Read time", Medium Help Center), and we do the same for Thai,
Lao, Khmer and Burmese.

A language that says in one word what English says in two is read at fewer words a minute, though
no slower: the setting is for English, and others follow in the proportion of the IReST study (see
articles.languages). In Hindi and Arabic, as in English, words stand between spaces; what Arabic
writes together, such as "and" with the word that follows, the study counts as one.
"""

import re
import unicodedata
from fractions import Fraction
from functools import lru_cache

from django.conf import settings

from . import languages

#: Seconds for each of the first pictures; each further one takes the last of these.
_PICTURE_SECONDS = (12, 11, 10, 9, 8, 7, 6, 5, 4, 3)

# Blocks and their parts that hold letters of a script written without spaces. Korean is not
# among them: it has spaces, so its words are counted.
_UNSPACED = re.compile(
    "["
    "\u0e01-\u0e4e"  # Thai
    "\u0e81-\u0ece\u0edc-\u0edf"  # Lao
    "\u1000-\u103f\u1050-\u108f\u109a-\u109f\ua9e0-\ua9ef\ua9fa-\ua9fe\uaa60-\uaa7f"  # Myanmar
    "\u1780-\u17dd"  # Khmer
    "\u3005\u3007\u3021-\u3029\u3038-\u303b"  # Han: iteration mark, zero, Hangzhou numerals
    "\u3041-\u3096\u309d-\u309f"  # Hiragana
    "\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9d"  # Katakana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"  # Han
    "]"
)
# Dashes, and the dandas that end sentences in Indic scripts, which some write without spaces.
_BETWEEN_WORDS = re.compile(r"[\s\u2013\u2014\u0964\u0965]+")


def minutes(
    text: str,
    *,
    images: int = 0,
    language: str = "en",
    words_per_minute: int | None = None,
    characters_per_minute: int | None = None,
) -> int:
    """Whole minutes to read plain text with so many pictures: rounded half up, at least 1.

    The paces default to the settings READING_WORDS_PER_MINUTE, which is for English and becomes
    that of the language, and READING_CHARACTERS_PER_MINUTE; they must be positive. Mixed text
    takes the time of its words and of its characters together.
    """
    words, characters = _counts(text)
    time = (
        Fraction(words) / (words_per_minute or _words_per_minute(language))
        + Fraction(characters, characters_per_minute or settings.READING_CHARACTERS_PER_MINUTE)
        + Fraction(_picture_seconds(images), 60)
    )
    return max(1, int(time + Fraction(1, 2)))


def word_count(text: str) -> int:
    """The words of plain text; each character of a script without spaces counts as a word."""
    return sum(_counts(text))


@lru_cache(maxsize=8)
def _counts(text: str) -> tuple[int, int]:
    """Words of spaced scripts, and characters of unspaced ones without their combining marks."""
    characters = sum(
        not unicodedata.category(char).startswith("M") for char in _UNSPACED.findall(text)
    )
    pieces = _BETWEEN_WORDS.split(_UNSPACED.sub(" ", text))
    words = sum(any(char.isalnum() for char in piece) for piece in pieces)
    return words, characters


def _words_per_minute(language: str) -> Fraction:
    return settings.READING_WORDS_PER_MINUTE * languages.pace(language)


def _picture_seconds(images: int) -> int:
    further = max(0, images - len(_PICTURE_SECONDS))
    return sum(_PICTURE_SECONDS[:images]) + further * _PICTURE_SECONDS[-1]
