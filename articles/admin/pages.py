"""The pages that editors write: about, contact, policies."""

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils import formats, timezone
from django.utils.translation import gettext_lazy as _
from js_asset import Media

from ..models import Page
from .taxonomy import OneByOneAdmin


@admin.register(Page)
class PageAdmin(OneByOneAdmin):
    list_display = ["title", "kind", "is_published", "footer_position", "shown_update"]
    list_display_links = ["title"]
    list_filter = ["is_published"]
    search_fields = ["title"]
    search_help_text = _("Search titles")
    prepopulated_fields = {"slug": ["title"]}
    fieldsets = [
        (None, {"fields": ["title", "slug", "kind", "summary"]}),
        (_("Text"), {"fields": ["body"]}),
        (_("Where readers find it"), {"fields": ["is_published", "footer_position"]}),
    ]

    class Media:
        js = ["js/body-editor.js", forms.Script("js/field-names.js", type="module")]

    @admin.display(description=_("changed"), ordering="updated_at")
    def shown_update(self, page: Page) -> str:
        return formats.date_format(timezone.localtime(page.updated_at), "j M Y, H:i")

    def get_view_on_site_url(self, obj: Any = None) -> str | None:
        """The page itself, once readers can see it."""
        return obj.get_absolute_url() if obj and obj.is_published else None

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        # The body editor's import map is inline, which the policy only lets pass with a nonce.
        context["media"] = Media.from_media(
            context["media"], nonce=str(cast(Any, request).csp_nonce)
        )
        return super().render_change_form(request, context, *args, **kwargs)
