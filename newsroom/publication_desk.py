"""Where the chief editor sets what the paper is, and sees it before readers do."""

import base64
import dataclasses
import re
from typing import Any, cast
from urllib.parse import urlsplit

from csp.constants import NONE, SELF
from csp.decorators import csp_replace
from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import URLValidator
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.urls import URLPattern, path, resolve, reverse
from django.utils import formats
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from articles import frame, renditions
from articles.models import Edition
from articles.paper import Accent, Logo, Paper, shown_as

from . import contrast
from .publication import Publication, paper_of

#: How many profiles elsewhere there may be, and how long the name of one.
PROFILES = 12
LABEL_LENGTH = 40

_is_url = URLValidator(schemes=["https"])
_SCRIPTS = re.compile(r"<script\b[^>]*>.*?</script>", re.DOTALL)


def profiles_of(text: str) -> list[list[str]]:
    """The name and the address of each line; raises ValidationError, which names the lines."""
    lines = [(number, line.split()) for number, line in enumerate(text.splitlines(), start=1)]
    found, errors = [], []
    for number, words in lines:
        if not words:
            continue
        label, url = " ".join(words[:-1]).rstrip(":"), words[-1]
        if not label or len(label) > LABEL_LENGTH or not _is_address(url):
            errors.append(
                gettext(
                    "Line %(number)d: write a short name and an address that begins with"
                    " https://, such as Mastodon https://social.example/@post."
                )
                % {"number": number}
            )
        found.append([label, url])
    if len(found) > PROFILES:
        errors.append(gettext("Name %(most)d profiles at most.") % {"most": PROFILES})
    if errors:
        raise ValidationError(errors)
    return found


def _is_address(url: str) -> bool:
    try:
        _is_url(url)
        return urlsplit(url).username is None
    except (ValidationError, ValueError):
        return False


class ColourField(forms.CharField):
    """A colour as people write it: #2438D6, 2438d6 or #23d; empty for the design's own."""

    def __init__(self, theme: str, **kwargs: Any) -> None:
        attributes = {
            "data-contrast": theme,
            "data-paper": contrast.PAPERS[theme],
            "data-needs": " ".join(f"{share}:{ratio}" for share, ratio in contrast.NEEDS),
            "data-enough": _("Contrast %(ratio)s: easy to read."),
            "data-short": _("Contrast %(ratio)s, and %(needed)s is needed."),
            "data-picker": _("Pick a colour"),
            "autocomplete": "off",
            "spellcheck": "false",
        }
        widget = forms.TextInput(attrs=attributes)
        super().__init__(required=False, max_length=20, widget=widget, **kwargs)

    def to_python(self, value: Any) -> str:
        text = "#" + (super().to_python(value) or "").lower().removeprefix("#")
        if re.fullmatch("#[0-9a-f]{3}", text, re.ASCII):
            text = "#" + "".join(2 * digit for digit in text[1:])
        if text == "#":
            return ""
        if not contrast.HEX.fullmatch(text):
            raise ValidationError(_("Write a colour such as #2438d6."), code="invalid")
        return text


class PublicationForm(forms.ModelForm):
    """What the paper is. Its instance has whatever was typed right, for a preview of it."""

    new_logo = forms.FileField(
        label=_("Logo"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/*"}),
        help_text=_("Takes the place of the name at the top. A PNG without a ground looks best."),
    )
    remove_logo = forms.BooleanField(label=_("Show the name instead of a logo"), required=False)
    new_logo_dark = forms.FileField(
        label=_("Logo on dark pages"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/*"}),
        help_text=_(
            "The same in light colours, of the same shape. Without one, the logo stands on white"
            " there."
        ),
    )
    remove_logo_dark = forms.BooleanField(
        label=_("Show the same logo on dark pages"), required=False
    )
    accent_light = ColourField(
        "light",
        label=_("Colour on light pages"),
        help_text=_("Marks, lines and links. Empty: the blue of the design."),
    )
    accent_dark = ColourField(
        "dark",
        label=_("Colour on dark pages"),
        help_text=_("The same for readers whose screens are dark: a lighter one."),
    )
    websub_hub = forms.URLField(
        label=Publication._meta.get_field("websub_hub").verbose_name,
        required=False,
        assume_scheme="https",
        help_text=Publication._meta.get_field("websub_hub").help_text,
    )
    profiles = forms.CharField(
        label=_("Profiles elsewhere"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=_("One a line, its name first: Mastodon https://social.example/@post."),
    )

    class Meta:
        model = Publication
        fields = "__all__"
        widgets = {
            "guidelines": forms.Textarea(attrs={"rows": 4}),
            "tagline": forms.TextInput(attrs={"class": "vTextField"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        socials = self.instance.socials
        self.initial["profiles"] = "\n".join(" ".join(profile) for profile in socials)
        if not self.instance.logo_mark:
            self.fields.pop("remove_logo", None)
        if not self.instance.logo_dark_mark:
            self.fields.pop("remove_logo_dark", None)

    def clean_profiles(self) -> str:
        text: str = self.cleaned_data["profiles"]
        self.instance.socials = profiles_of(text)
        return text

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self._take_logos(cleaned)
        self.accent = self._accent(cleaned)
        if self.errors:
            for name in ("new_logo", "new_logo_dark"):
                if cleaned.get(name) and name not in self.errors:
                    message = gettext("Choose the file once more: browsers forget it.")
                    self.add_error(name, message)
        return cleaned

    def _take_logos(self, cleaned: dict[str, Any]) -> None:
        for name, is_dark in (("logo", False), ("logo_dark", True)):
            file = cleaned.get(f"new_{name}")
            try:
                if file is not None or cleaned.get(f"remove_{name}"):
                    self.instance.take_logo(file, is_dark=is_dark)
            except renditions.Unusable as error:
                self.add_error(f"new_{name}", str(error))
        if self.instance.logo_dark_mark and not self.instance.logo_mark:
            if cleaned.get("new_logo_dark"):
                message = gettext("Add the logo for light pages as well.")
                self.add_error("new_logo_dark", message)
            else:
                self.instance.take_logo(None, is_dark=True)

    def _accent(self, cleaned: dict[str, Any]) -> Accent | None:
        """The typed pair, even if it can't be read well enough; the lacking half is proposed."""
        typed = {theme: cleaned.get(f"accent_{theme}") or "" for theme in contrast.PAPERS}
        if not any(typed.values()):
            return None
        for theme, colour in typed.items():
            if f"accent_{theme}" in self.errors:
                continue
            if not colour:
                other = next(filter(None, typed.values()))
                typed[theme] = contrast.nearest(other, theme)
                message = gettext("The colours are a pair. %(colour)s would go with the other.")
                self.add_error(f"accent_{theme}", message % {"colour": typed[theme]})
                continue
            found = contrast.reached(colour, theme)
            if not found.is_enough:
                self.add_error(f"accent_{theme}", _too_pale(found, contrast.nearest(colour, theme)))
        return Accent(typed["light"], typed["dark"]) if all(typed.values()) else None


def _too_pale(found: contrast.Reached, nearest: str) -> str:
    return gettext(
        "This colour has a contrast of %(ratio)s, and %(needed)s is needed for words to be read."
        " %(colour)s is the nearest that has it."
    ) % {
        "ratio": formats.number_format(found.ratio, 1),
        "needed": formats.number_format(found.needed, 1),
        "colour": nearest,
    }


def typed_paper(form: PublicationForm) -> Paper:
    """The paper as a form has it, whether it is right or not."""
    form.is_valid()
    publication = form.instance
    logo = _data_address(publication.logo)
    typed = paper_of(publication.facts())
    now = frame.current().paper
    return dataclasses.replace(
        typed,
        policies=now.policies,
        links=now.links,
        accent=form.accent,
        logo=Logo(
            logo,
            publication.logo_width,
            publication.logo_height,
            _data_address(publication.logo_dark),
        )
        if logo
        else None,
    )


def _data_address(picture: Any) -> str:
    """The picture as an address: one that isn't stored has no other."""
    if not picture:
        return ""
    return f"data:image/png;base64,{base64.b64encode(bytes(picture)).decode()}"


def looks(paper: Paper, page: str, theme: str) -> str:
    """A page as it would be; `page` is one of PAGES, `theme` light, dark or anything else.

    Nothing on it runs, and its links open elsewhere.
    """
    with shown_as(paper):
        at = _path_of(page)
        match = resolve(at)
        request = HttpRequest()
        request.method, request.path, request.resolver_match = "GET", at, match
        html = match.func(request, *match.args, **match.kwargs).content.decode()
    html = _SCRIPTS.sub("", html).replace("<head>", '<head>\n  <base target="_blank">', 1)
    if theme in contrast.PAPERS:
        html = html.replace("<html ", f'<html data-theme="{theme}" ', 1)
    return html


def _path_of(page: str) -> str:
    if page == "article":
        newest = Edition.objects.live().for_links().newest_first().first()
        if newest is not None:
            return newest.get_absolute_url()
    if page == "about" and frame.current().pages:
        return reverse("articles:about")
    return reverse("articles:front")


#: The policy of the one answer that may stand in a frame, and of our own pages alone.
_FRAMED = {
    "frame-ancestors": [SELF],
    "sandbox": ["allow-same-origin", "allow-popups"],
    "script-src": [NONE],
}

PAGES = {"front": _("Front page"), "article": _("Newest story"), "about": _("About")}
THEMES = {"": _("As the reader’s screen"), "light": _("Light"), "dark": _("Dark")}


@admin.register(Publication)
class PublicationAdmin(admin.ModelAdmin):
    form = PublicationForm
    change_form_template = "admin/newsroom/publication/change_form.html"
    fieldsets = [
        (_("The paper"), {"fields": ["name", "tagline", "language", "footer"]}),
        (
            _("Looks"),
            {
                "fields": [
                    "new_logo",
                    "remove_logo",
                    "new_logo_dark",
                    "remove_logo_dark",
                    "accent_light",
                    "accent_dark",
                ]
            },
        ),
        (
            _("Readers"),
            {"fields": ["guidelines", "review_time", "has_public_history", "profiles"]},
        ),
        (_("Machines"), {"fields": ["feed_content", "websub_hub", "ai_crawlers"]}),
    ]

    class Media:
        js = [forms.Script("js/publication.js", type="module")]

    def has_add_permission(self, request: HttpRequest) -> bool:
        # There is one, and it is changed before it is stored.
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        return Publication.stored_or_new() if object_id == str(Publication.ONLY) else None

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Without the boxes that would take away what isn't there, or what can't be only seen."""
        absent = {
            f"remove_{name}"
            for name in ("logo", "logo_dark")
            if obj is None or not getattr(obj, f"{name}_mark")
        }
        if not self.has_change_permission(request, obj):
            absent |= set(PublicationForm.declared_fields) - {
                field.name for field in Publication._meta.fields
            }
        return [
            (title, {"fields": [name for name in options["fields"] if name not in absent]})
            for title, options in self.fieldsets
        ]

    def get_urls(self) -> list[URLPattern]:
        own = path(
            "preview/",
            self.admin_site.admin_view(self.preview),
            name="newsroom_publication_preview",
        )
        return [own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return HttpResponseRedirect(
            reverse("admin:newsroom_publication_change", args=[Publication.ONLY])
        )

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        context = {
            "pages": PAGES.items(),
            "themes": THEMES.items(),
            "chosen_page": request.POST.get("preview_page", "front"),
            "chosen_theme": request.POST.get("preview_theme", ""),
            **(extra_context or {}),
        }
        return super().change_view(request, object_id, form_url, context)

    def preview(self, request: HttpRequest) -> HttpResponse:
        """A page of the paper as it would be with what is typed; nothing is stored."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        publication = Publication.stored_or_new()
        form_class = self.get_form(request, publication, change=True)
        form = form_class(request.POST, request.FILES, instance=publication)
        page, theme = request.POST.get("preview_page", ""), request.POST.get("preview_theme", "")
        html = looks(typed_paper(cast(PublicationForm, form)), page, theme)
        return cast(Any, csp_replace(_FRAMED))(_framed)(html)


def _framed(html: str) -> HttpResponse:
    response = HttpResponse(html)
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
