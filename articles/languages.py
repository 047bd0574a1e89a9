"""The languages that stories are written in: their own names, their direction, their pace.

Codes are those of BCP 47 in Django's lower-case form: "hi", "pt-br", "zh-hans". An empty code is
the paper's own language.
"""

from fractions import Fraction
from functools import lru_cache

from django.conf.locale import LANG_INFO
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

#: What each calls itself.
NAMES = {
    "af": "Afrikaans",
    "am": "አማርኛ",
    "ar": "العربية",
    "as": "অসমীয়া",
    "az": "Azərbaycanca",
    "be": "Беларуская",
    "bg": "Български",
    "bn": "বাংলা",
    "ca": "Català",
    "ckb": "کوردیی ناوەندی",
    "cs": "Čeština",
    "cy": "Cymraeg",
    "da": "Dansk",
    "de": "Deutsch",
    "dv": "ދިވެހި",
    "el": "Ελληνικά",
    "en": "English",
    "es": "Español",
    "et": "Eesti",
    "eu": "Euskara",
    "fa": "فارسی",
    "fi": "Suomi",
    "fil": "Filipino",
    "fr": "Français",
    "ga": "Gaeilge",
    "gl": "Galego",
    "gu": "ગુજરાતી",
    "ha": "Hausa",
    "he": "עברית",
    "hi": "हिन्दी",
    "hr": "Hrvatski",
    "hu": "Magyar",
    "hy": "Հայերեն",
    "id": "Bahasa Indonesia",
    "is": "Íslenska",
    "it": "Italiano",
    "ja": "日本語",
    "ka": "ქართული",
    "kk": "Қазақша",
    "km": "ខ្មែរ",
    "kn": "ಕನ್ನಡ",
    "ko": "한국어",
    "ky": "Кыргызча",
    "lo": "ລາວ",
    "lt": "Lietuvių",
    "lv": "Latviešu",
    "mk": "Македонски",
    "ml": "മലയാളം",
    "mn": "Монгол",
    "mr": "मराठी",
    "ms": "Bahasa Melayu",
    "my": "မြန်မာ",
    "nb": "Norsk bokmål",
    "ne": "नेपाली",
    "nl": "Nederlands",
    "nn": "Norsk nynorsk",
    "or": "ଓଡ଼ିଆ",
    "pa": "ਪੰਜਾਬੀ",
    "pl": "Polski",
    "ps": "پښتو",
    "pt": "Português",
    "pt-br": "Português brasileiro",
    "ro": "Română",
    "ru": "Русский",
    "sd": "سنڌي",
    "si": "සිංහල",
    "sk": "Slovenčina",
    "sl": "Slovenščina",
    "so": "Soomaali",
    "sq": "Shqip",
    "sr": "Српски",
    "sr-latn": "Srpski",
    "sv": "Svenska",
    "sw": "Kiswahili",
    "ta": "தமிழ்",
    "te": "తెలుగు",
    "tg": "Тоҷикӣ",
    "th": "ไทย",
    "tr": "Türkçe",
    "ug": "ئۇيغۇرچە",
    "uk": "Українська",
    "ur": "اردو",
    "uz": "Oʻzbekcha",
    "vi": "Tiếng Việt",
    "yi": "ייִדיש",
    "zh-hans": "简体中文",
    "zh-hant": "繁體中文",
    "zu": "isiZulu",
}
_RIGHT_TO_LEFT = frozenset("ar ckb dv fa he ps sd ug ur yi".split())
#: Where each is most spoken, for the link previews that want a country. Arabic's is what Facebook
#: calls Modern Standard Arabic; others that aren't here repeat their own two letters.
_COUNTRIES = {
    "ar": "AR",
    "bn": "IN",
    "ca": "ES",
    "cs": "CZ",
    "cy": "GB",
    "da": "DK",
    "el": "GR",
    "en": "US",
    "et": "EE",
    "fa": "IR",
    "ga": "IE",
    "gu": "IN",
    "he": "IL",
    "hi": "IN",
    "hy": "AM",
    "ja": "JP",
    "ka": "GE",
    "kk": "KZ",
    "km": "KH",
    "kn": "IN",
    "ko": "KR",
    "ml": "IN",
    "mr": "IN",
    "ms": "MY",
    "nb": "NO",
    "ne": "NP",
    "nn": "NO",
    "pa": "IN",
    "ps": "AF",
    "sl": "SI",
    "sq": "AL",
    "sr": "RS",
    "sv": "SE",
    "sw": "KE",
    "ta": "IN",
    "te": "IN",
    "uk": "UA",
    "ur": "PK",
    "vi": "VN",
    "zh-hans": "CN",
    "zh-hant": "TW",
}

#: Words a minute, read aloud by 25 people each: S. Trauzettel-Klosinski and K. Dietz,
#: "Standardized Assessment of Reading Performance: The New International Reading Speed Texts
#: IReST", Invest. Ophthalmol. Vis. Sci. 53 (2012), 5452-5461.
_PACES = {
    "ar": 138,
    "de": 179,
    "en": 228,
    "es": 218,
    "fi": 161,
    "fr": 195,
    "he": 187,
    "it": 188,
    "nl": 202,
    "pl": 166,
    "pt": 181,
    "ru": 184,
    "sl": 180,
    "sv": 199,
    "tr": 166,
}
#: The mean of the study's 17 languages, for all others.
_PACE = 184


def choices() -> list[tuple[str, str | Promise]]:
    """What an editor chooses from: the paper's own language first, then all by their names."""
    return [("", _("The paper’s own language")), *NAMES.items()]


def of_paper() -> str:
    """The language that the paper is written in unless a story says another one."""
    # Only now: what the paper says is kept by the keys of the models, which import this.
    from .paper import current

    return normal(current().language)


def normal(code: str) -> str:
    """The code in Django's form: "pt-br" for "pt_BR"."""
    return code.lower().replace("_", "-")


def base(code: str) -> str:
    """The language alone, without country or script: "pt" for "pt-br"."""
    return normal(code).partition("-")[0]


def tag(code: str) -> str:
    """The code as BCP 47 recommends to write it: "pt-BR", "zh-Hans"."""
    first, *others = normal(code or of_paper()).split("-")
    return "-".join([first, *(each.title() if len(each) == 4 else each.upper() for each in others)])


def direction(code: str) -> str:
    """Whether it is read from the right, "rtl", or from the left, "ltr"."""
    return "rtl" if base(code or of_paper()) in _RIGHT_TO_LEFT else "ltr"


def locale(code: str) -> str:
    """Language and country, as Open Graph wants them: "hi_IN"."""
    code = normal(code or of_paper())
    first, _dash, rest = code.partition("-")
    country = rest if len(rest) == 2 else _COUNTRIES.get(code) or _COUNTRIES.get(first, first)
    return f"{first}_{country.upper()}"


def pace(code: str) -> Fraction:
    """How many words are read in the time of one English word."""
    return Fraction(_PACES.get(base(code or of_paper()), _PACE), _PACES["en"])


def foreign(code: str) -> SafeString:
    """The attributes of what is written in another language than the page: none in the same."""
    return _foreign(code, get_language() or of_paper())


@lru_cache(maxsize=1000)
def _foreign(code: str, page: str) -> SafeString:
    if not code or (base(code), _script(code)) == (base(page), _script(page)):
        return SafeString("")
    return SafeString(f' lang="{tag(code)}" dir="{direction(code)}"')


def _script(code: str) -> str:
    return next((part for part in normal(code).split("-") if len(part) == 4), "")


def name(code: str) -> str:
    """What the language calls itself; the code of one that nobody has named."""
    found = NAMES.get(normal(code)) or LANG_INFO.get(normal(code), {}).get("name_local")
    return str(found or NAMES.get(base(code)) or code)
