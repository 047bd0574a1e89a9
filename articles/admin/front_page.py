"""The front page: which stories stand where, and which sections follow them."""

from collections import Counter
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..models import FrontBlock, FrontPage, FrontStory


class PlacesFormSet(forms.BaseInlineFormSet):
    """Rows that each hold another thing, and of some kinds only so many.

    Looked at here as a whole, so that two rows may change places in one go.
    """

    #: The field whose thing no two rows hold, and the field with the kind.
    thing: str
    kind: str

    def clean(self) -> None:
        kept = [form for form in self.forms if self._is_kept(form)]
        seen: set[Any] = set()
        kinds: Counter[str] = Counter()
        for form in kept:
            thing, kind = form.cleaned_data[self.thing], form.cleaned_data[self.kind]
            if thing in seen:
                form.add_error(self.thing, self.said_of_a_second(thing))
            seen.add(thing)
            kinds[kind] += 1
            room = self.room(kind)
            if room is not None and kinds[kind] == room + 1:
                form.add_error(self.kind, self.said_of_too_many(kind, room))
        self._compare(kept)

    def validate_unique(self) -> None:
        """`clean` does, and says it beside the field."""

    def room(self, kind: str) -> int | None:
        """How many may be of this kind; None for any number."""
        raise NotImplementedError

    def said_of_a_second(self, thing: Any) -> str:
        """What is said where a thing is chosen twice."""
        raise NotImplementedError

    def said_of_too_many(self, kind: str, room: int) -> str:
        """What is said where more are chosen than there is room for."""
        raise NotImplementedError

    def _is_kept(self, form: Any) -> bool:
        filled = not form.errors and self.thing in form.cleaned_data
        return filled and form not in self.deleted_forms

    def _compare(self, kept: list[Any]) -> None:
        """Notice what somebody else has put there since this form was opened."""
        known = [form.instance.pk for form in self.initial_forms]
        model: Any = self.model
        others = model._default_manager.exclude(pk__in=known)
        taken = set(others.values_list(f"{self.thing}_id", flat=True))
        for form in kept:
            if not form.errors and form.cleaned_data[self.thing].pk in taken:
                form.add_error(
                    self.thing,
                    gettext("Somebody else has just put this on the front page. Look again."),
                )


class StoriesFormSet(PlacesFormSet):
    thing = "article"
    kind = "place"

    def room(self, kind: str) -> int | None:
        return FrontStory.ROOM[FrontStory.Place(kind)]

    def said_of_a_second(self, thing: Any) -> str:
        return gettext("This story has a place already. A front page shows each story once.")

    def said_of_too_many(self, kind: str, room: int) -> str:
        match kind:
            case FrontStory.Place.LEAD:
                return gettext("There is a lead story already. Give one of them another place.")
            case FrontStory.Place.ALSO:
                return gettext("Under the lead story there is room for two.")
        return gettext("There is room for four top stories.")


class BlocksFormSet(PlacesFormSet):
    thing = "section"
    kind = "variant"

    def room(self, kind: str) -> int | None:
        return 1 if kind == FrontBlock.Variant.BAND else None

    def said_of_a_second(self, thing: Any) -> str:
        return gettext("This section has a block already.")

    def said_of_too_many(self, kind: str, room: int) -> str:
        return gettext("A page has one tinted band. Choose another shape for one of them.")


class PlaceForm(forms.ModelForm):
    """One row; whether it fits beside the others is looked at with them."""

    def validate_unique(self) -> None:
        """The formset does."""

    def validate_constraints(self) -> None:
        """The formset does: while rows change places, the database holds what is no longer so."""


class StoryInline(admin.StackedInline):
    model = FrontStory
    form = PlaceForm
    formset = StoriesFormSet
    fields = [("place", "article", "position")]
    autocomplete_fields = ["article"]
    extra = 1
    max_num = sum(FrontStory.ROOM.values())
    verbose_name = _("story")
    verbose_name_plural = _("Stories")


class BlockInline(admin.StackedInline):
    model = FrontBlock
    form = PlaceForm
    formset = BlocksFormSet
    fields = [("section", "variant", "position")]
    extra = 1
    verbose_name = _("section")
    verbose_name_plural = _("Sections")


@admin.register(FrontPage)
class FrontPageAdmin(admin.ModelAdmin):
    """There is one front page, so its list leads straight to it."""

    inlines = [StoryInline, BlockInline]

    fieldsets = [
        (
            None,
            {
                "fields": [],
                "description": _(
                    "Choose only what you want to: the newest stories take every place that is"
                    " empty, and that of a story that is withdrawn. Without any section here, all"
                    " of them follow the top stories. Readers see a change as soon as you save it."
                ),
            },
        )
    ]

    class Media:
        js = [forms.Script("js/field-names.js", type="module")]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not FrontPage.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: FrontPage | None = None) -> bool:
        """What is chosen is taken away row by row."""
        return False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not FrontPage.objects.exists():
            if self.has_add_permission(request):
                return redirect(reverse("admin:articles_frontpage_add"))
            return super().changelist_view(request, extra_context)
        return redirect(reverse("admin:articles_frontpage_change", args=[FrontPage.ONLY]))

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Save all rows at once: two stories that change places would meet half way."""
        saved = formset.save(commit=False)
        touched = [row.pk for row in (*saved, *formset.deleted_objects) if row.pk]
        formset.model._default_manager.filter(pk__in=touched).delete()
        for row in saved:
            row.save()
        # The page itself is saved with them, which tells readers' pages of it all.
