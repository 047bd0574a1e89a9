"""The comment form."""

from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Div, Field, Layout
from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from . import text

#: Marks that change the direction of what follows could make a name look like another one.
_UNSAFE_IN_NAMES = {
    code: None
    for code in (
        *range(0x00, 0x20),
        *range(0x7F, 0xA0),
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2070),
        0x061C,
        0xFEFF,
    )
    # Joiners carry meaning inside Indic and Persian names.
    if code not in (0x200C, 0x200D)
}


class CountedBoundField(BoundField):
    """A field whose counter also describes it to screen readers."""

    @property
    def aria_describedby(self) -> str | None:
        described = super().aria_describedby
        counter = f"{self.auto_id}_counter" if self.auto_id else ""
        return " ".join(part for part in (described, counter) if part) or None


class CommentTextField(forms.CharField):
    """A comment: kept as typed in the form, normalised in `cleaned_data`, counted by one rule."""

    widget = forms.Textarea
    is_counted = True
    min_count = text.MIN_LENGTH
    max_count = text.MAX_LENGTH

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> BoundField:
        return CountedBoundField(form, self, field_name)

    def to_python(self, value: Any) -> str:
        value = super().to_python(value)
        # Left for the validators to refuse with a message.
        return value if "\0" in value else text.normalise(value)

    def validate(self, value: str) -> None:
        # One message for an empty and for a short comment.
        missing, excess = text.missing(value), text.excess(value)
        if missing:
            raise ValidationError(
                ngettext(
                    "Write at least %(min)d characters (you wrote %(count)d, %(n)d more needed).",
                    "Write at least %(min)d characters (you wrote %(count)d, %(n)d more needed).",
                    missing,
                )
                % {"min": text.MIN_LENGTH, "count": text.length(value), "n": missing},
                code="short",
            )
        if excess:
            raise ValidationError(
                ngettext(
                    "Shorten your comment to %(max)d characters"
                    " (it has %(count)d, %(n)d too many).",
                    "Shorten your comment to %(max)d characters"
                    " (it has %(count)d, %(n)d too many).",
                    excess,
                )
                % {"max": text.MAX_LENGTH, "count": text.length(value), "n": excess},
                code="long",
            )


class CommentForm(forms.Form):
    """What a reader writes under a story.

    The textarea has neither minlength nor maxlength: browsers count those in UTF-16 units of the
    raw text, and maxlength cuts what is pasted. The counter applies the server's own rule.
    """

    comment = CommentTextField(
        label=_("Your comment"), strip=False, widget=forms.Textarea(attrs={"rows": 6})
    )
    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        help_text=_("Shown next to your comment."),
        error_messages={"required": _("Enter your name.")},
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label=_("Email"),
        max_length=254,
        help_text=_("Never shown or shared."),
        error_messages={
            "required": _("Enter an email address like name@example.com."),
            "invalid": _("Enter an email address like name@example.com."),
        },
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    website = forms.CharField(
        label=_("Leave this field empty"),
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "tabindex": "-1"}),
    )

    def __init__(self, *args: Any, action: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("comment", "name", "email"):
            self.fields[name].widget.attrs["class"] = "input"
        self.helper = FormHelper(self)
        self.helper.form_action = action
        self.helper.form_id = "comment-form"
        self.helper.form_class = "form"
        # Public pages carry no token: posting is guarded by where it comes from.
        self.helper.disable_csrf = True
        self.helper.layout = Layout(
            HTML("{% include 'comments/_form_head.html' %}"),
            "comment",
            Div("name", "email", css_class="form__row"),
            Field("website", template="newsroom/honeypot.html"),
            HTML("{% include 'comments/_form_end.html' %}"),
        )

    def clean_name(self) -> str:
        # Tabs and line ends part words as spaces do: fold them before controls are taken out.
        spaced = " ".join(self.cleaned_data["name"].split())
        name = " ".join(spaced.translate(_UNSAFE_IN_NAMES).split())
        if not any(char.isalnum() for char in name):
            raise ValidationError(_("Enter your name."), code="required")
        return name
