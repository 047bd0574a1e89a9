"""Which language the desks speak.

A public page speaks the paper's language to everybody, so that one copy serves all (see
articles.public). The desks speak that of the browser, if the site has been translated into it: an
editor of an Arabic paper may work in English.
"""

from collections.abc import Callable
from contextlib import nullcontext
from functools import cache

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header

from articles import frame, languages


class DeskLanguageMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(_desks()):
            return self.get_response(request)
        # A desk that only shows something asks once for what stands around it.
        is_reading = request.method in ("GET", "HEAD")
        with (
            frame.kept_by(request) if is_reading else nullcontext(),
            translation.override(of_browser(request) or languages.of_paper()),
        ):
            response = self.get_response(request)
        patch_vary_headers(response, ["Accept-Language"])
        return response


def of_browser(request: HttpRequest) -> str:
    """The first of the browser's languages that the site is translated into; "" for none."""
    for code, _weight in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        for spoken, _name in settings.LANGUAGES:
            if spoken in (code, languages.base(code)):
                return spoken
    return ""


@cache
def _desks() -> str:
    return reverse("admin:index")
