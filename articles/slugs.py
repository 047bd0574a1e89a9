"""From a headline to the last part of its address, in Latin letters.

Latin letters lose their accents. The Indic scripts and Arabic are written as English-language
papers of their countries write names: plainly, without marks, so that a link can be read out and
typed anywhere. Words of other scripts are left out, and an editor writes the slug.

Indic letters are read by their names in Unicode, which are one scheme for all these scripts (The
Unicode Standard, chapter 12): DEVANAGARI LETTER KA, DEVANAGARI VOWEL SIGN II. A consonant has an
"a" of its own, which a vowel sign replaces, a virama takes away, and the end of a word swallows.
"""

import re
import unicodedata

from django.utils.text import slugify

_INDIC = re.compile(
    "(?:DEVANAGARI|BENGALI|GURMUKHI|GUJARATI|ORIYA|TAMIL|TELUGU|KANNADA|MALAYALAM)"
    " (LETTER|VOWEL SIGN|SIGN|DIGIT) (.+)"
)
#: Names that aren't spelled as they are pronounced; others are, but for doubled letters.
_SOUNDS = {
    "AA": "a",
    "II": "i",
    "UU": "u",
    "VOCALIC R": "ri",
    "CANDRA E": "e",
    "CANDRA O": "o",
    "CA": "cha",
    "CHA": "chha",
    "NGA": "na",
    "NYA": "na",
    "NNA": "na",
    "TTA": "ta",
    "TTHA": "tha",
    "DDA": "da",
    "DDDHA": "da",
    "DDHA": "dha",
    "RHA": "rha",
    "SSA": "sha",
    "LLA": "la",
    "LLLA": "la",
    "QA": "qa",
    "ANUSVARA": "n",
    "CANDRABINDU": "n",
    "VISARGA": "h",
    "VIRAMA": "",
}
_CONSONANT = re.compile("[b-df-hj-np-tv-z]+a")

_ARABIC = {
    "ا": "a", "أ": "a", "إ": "i", "آ": "aa", "ٱ": "a", "ب": "b", "ت": "t", "ث": "th", "ج": "j",
    "ح": "h", "خ": "kh", "د": "d", "ذ": "dh", "ر": "r", "ز": "z", "س": "s", "ش": "sh", "ص": "s",
    "ض": "d", "ط": "t", "ظ": "z", "ع": "a", "غ": "gh", "ف": "f", "ق": "q", "ك": "k", "ل": "l",
    "م": "m", "ن": "n", "ه": "h", "و": "w", "ي": "y", "ى": "a", "ة": "a", "ئ": "y", "ؤ": "w",
    "ء": "", "پ": "p", "چ": "ch", "ژ": "zh", "گ": "g", "ک": "k", "ی": "y", "ہ": "h", "ھ": "h",
    "ے": "e", "ں": "n", "ٹ": "t", "ڈ": "d", "ڑ": "r",
}  # fmt: skip

_BETWEEN_WORDS = re.compile(r"[\s\-–—।॥]+")


def slug_of(text: str, *, longest: int = 120) -> str:
    """A slug of whole words, lower-case ASCII letters, digits and hyphens; empty if none is left.

    A first word that alone is longer is cut.
    """
    slug = slugify(" ".join(map(_latin, _BETWEEN_WORDS.split(text))))
    if len(slug) <= longest:
        return slug
    return slug[: longest + 1].rpartition("-")[0] or slug[:longest]


def _latin(word: str) -> str:
    # In this form, a dot below an Indic letter is a sign of its own.
    return "".join(_sounds(unicodedata.normalize("NFC", word)))


def _sounds(word: str) -> list[str]:
    sounds: list[str] = []
    has_vowel = True
    for char in word:
        named = _INDIC.fullmatch(unicodedata.name(char, ""))
        if named is None:
            sounds.append(_ARABIC.get(char, char))
            has_vowel = True
            continue
        kind, name = named.groups()
        if name == "NUKTA":
            continue
        if kind == "DIGIT":
            sounds.append(str(unicodedata.digit(char)))
            continue
        sound = _SOUNDS.get(name, name.lower())
        if not has_vowel and (kind == "VOWEL SIGN" or name == "VIRAMA"):
            sounds[-1] = sounds[-1][:-1]
        sounds.append(sound)
        has_vowel = kind != "LETTER" or not _CONSONANT.fullmatch(sound)
    if not has_vowel and len(sounds) > 1:
        sounds[-1] = sounds[-1][:-1]
    return sounds
