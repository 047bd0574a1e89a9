"""The forms of the article desk."""

import datetime
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..models import Article, Correction
from ..slugs import slug_of


class ArticleForm(forms.ModelForm):
    """An article, with the revision it was made from.

    Somebody else's save in the meantime is told before anything is overwritten: the first
    attempt comes back with all that was typed, the next one goes through.
    """

    seen_revision = forms.IntegerField(
        label=_("revision"), required=False, widget=forms.HiddenInput
    )

    class Meta:
        model = Article
        fields = "__all__"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen_revision"] = self.instance.revision
        if "slug" in self.fields:
            self.fields["slug"].required = False

    def clean_slug(self) -> str:
        """The slug, made from the title when it was left empty."""
        return self.cleaned_data["slug"] or slug_of(
            self.cleaned_data.get("short_title") or self.cleaned_data.get("headline") or ""
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        asked = "slug" in self.fields and not {"slug", "headline"} & set(self.errors)
        if asked and not cleaned.get("slug"):
            self.add_error("slug", gettext("Write a slug in Latin letters, such as ferry-vote."))
        if self.instance.pk:
            stored = Article.objects.select_for_update().get(pk=self.instance.pk).revision
            if cleaned.get("seen_revision") != stored:
                data = cast(QueryDict, self.data).copy()
                data[self.add_prefix("seen_revision")] = str(stored)
                self.data = data
                raise forms.ValidationError(
                    gettext(
                        "Somebody else saved this story while you were writing. Nothing of yours"
                        " is lost: it is all below. Open the story in another tab to see their"
                        " changes, take over what you need, then save again to keep yours."
                    ),
                    code="stale",
                )
        return cleaned


class PublishForm(forms.Form):
    """When to publish; `revision` is the copy that the editor looked at."""

    NOW, LATER = "now", "later"

    revision = forms.IntegerField(widget=forms.HiddenInput)
    when = forms.ChoiceField(
        label=_("When"),
        choices=[(NOW, _("Now")), (LATER, _("At a set time"))],
        initial=NOW,
        widget=forms.RadioSelect,
    )
    at = forms.DateTimeField(
        label=_("Date and time"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("when") == self.LATER and "at" not in self.errors:
            at = cleaned.get("at")
            if at is None:
                self.add_error("at", gettext("Say when the story should appear."))
            elif at <= timezone.now():
                self.add_error("at", gettext("That moment has passed. Choose a later time."))
        return cleaned

    @property
    def moment(self) -> datetime.datetime | None:
        """The time to schedule for; None means now."""
        return self.cleaned_data["at"] if self.cleaned_data["when"] == self.LATER else None


class WithdrawForm(forms.Form):
    """Why a story is taken off the site."""

    note = forms.CharField(
        label=_("Note to readers"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_(
            "Shown to everybody who follows a link to the story. For example: “We withdrew this"
            " story because we could not confirm its central claim.”"
        ),
    )


class CorrectForm(forms.Form):
    """What a live story had wrong; `revision` is the copy that the editor looked at."""

    revision = forms.IntegerField(widget=forms.HiddenInput)
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=Correction.Kind.choices,
        initial=Correction.Kind.CORRECTION,
        help_text=_(
            "A correction mends what was wrong, a clarification what was unclear. An editor’s note"
            " tells readers something else about the story."
        ),
    )
    text = forms.CharField(
        label=_("Words"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_(
            "Say what was wrong and what is right, and repeat as little of the mistake as you can."
            " For example: “An earlier version of this story misstated the year in which the"
            " bridge was closed. It was 2024.”"
        ),
    )
    with_update = forms.BooleanField(
        label=_("Publish the latest copy with it"),
        required=False,
        help_text=_("The mended text and this note then appear at the same moment."),
    )
