"""Pictures. The media library with its picker is a desk of its own later."""

from typing import Any, cast

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import FileField
from django.forms import FileInput
from django.http import HttpRequest
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from ..models import Image
from .paging import LongListAdmin


@admin.register(Image)
class ImageAdmin(LongListAdmin):
    list_display = ["thumbnail", "alt", "credit", "shown_upload", "uploaded_by"]
    list_display_links = ["thumbnail", "alt"]
    list_select_related = ["uploaded_by"]
    list_per_page = 40
    search_fields = ["alt", "caption", "credit"]
    search_help_text = _("Search descriptions, captions and credits")

    # A picture is given once and never cleared, so that one control with its own label will do.
    formfield_overrides = {FileField: {"widget": FileInput(attrs={"accept": "image/*"})}}

    def get_fields(self, request: HttpRequest, obj: Image | None = None) -> Any:
        # Editions show this very picture, so another one is another upload.
        return ["preview" if obj else "file", "alt", "caption", "credit"]

    def get_readonly_fields(self, request: HttpRequest, obj: Image | None = None) -> list[str]:
        return ["preview"] if obj else []

    def save_model(self, request: HttpRequest, obj: Image, form: Any, change: bool) -> None:
        if not change:
            obj.uploaded_by = cast(User, request.user)
        super().save_model(request, obj, form, change)

    @admin.display(description=_("uploaded"), ordering="uploaded_at")
    def shown_upload(self, image: Image) -> str:
        return formats.date_format(timezone.localtime(image.uploaded_at), "j M Y, H:i")

    @admin.display(description=_("picture"))
    def thumbnail(self, image: Image) -> SafeString:
        return _picture(image, "thumbnail")

    @admin.display(description=_("picture"))
    def preview(self, image: Image) -> SafeString:
        return _picture(image, "preview")


def _picture(image: Image, css_class: str) -> SafeString:
    width, height = (120, 80) if css_class == "thumbnail" else (720, 480)
    return format_html(
        '<img class="{}" src="{}" width="{}" height="{}" alt="{}" loading="lazy">',
        css_class,
        image.src(720),
        width,
        height,
        image.alt,
    )
