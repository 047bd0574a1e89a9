"""Which language's endings are taken off words, so that "ports" finds "port"."""

from django.conf import settings

_STEMMERS = {"ar": "arabic", "en": "english", "hi": "hindi"}


def stemmer(language: str = "") -> str:
    """PostgreSQL's name of the language's stemmer, the paper's unless told; "simple" has none."""
    code = (language or settings.LANGUAGE_CODE).lower().replace("_", "-")
    return _STEMMERS.get(code.split("-")[0], "simple")
