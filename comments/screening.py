"""The posting policy: what is looked at before a comment is stored, in order.

A screen never loses a comment. It may hold it, and says why; a held comment is pending like every
other, and the moderator sees the reason.
"""

import re
from collections.abc import Callable

from django.utils.translation import gettext as _

from .forms import CommentForm

_LINK = re.compile(r"https?://|www\.", re.IGNORECASE)
_LETTER = re.compile(r"[^\W\d_]")


def filled_in_the_hidden_field(form: CommentForm) -> str:
    """Programs fill in what people can't see."""
    return _("Filled in the hidden field") if form.cleaned_data["website"] else ""


def holds_links(form: CommentForm) -> str:
    """More than one address is unusual in a discussion."""
    return _("Several links") if len(_LINK.findall(form.cleaned_data["comment"])) > 1 else ""


def has_no_words(form: CommentForm) -> str:
    """Marks and signs alone pass the length rule without saying anything."""
    return "" if _LETTER.search(form.cleaned_data["comment"]) else _("No letters")


SCREENS: list[Callable[[CommentForm], str]] = [
    filled_in_the_hidden_field,
    holds_links,
    has_no_words,
]


def hold_reason(form: CommentForm) -> str:
    """Why a moderator should look twice; empty when no screen found anything."""
    return "; ".join(reason for screen in SCREENS if (reason := screen(form)))
