"""Files at fixed addresses: what crawlers may read, and how a phone shows the site."""

import json

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.templatetags.static import static
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from articles import languages
from articles.paper import REFUSE, current
from articles.public import forget_visitor, public_response, public_view

from .publication import Publication

#: The colours of the page in the design's light theme.
PAPER = "#ffffff"


@public_view(has_words=False)
def robots(request: HttpRequest) -> HttpResponseBase:
    """What crawlers may read: all that is public, unless they gather texts for language models.

    People's own comment pages are for no crawler.
    """
    lines = ["User-agent: *", "Disallow: /admin/", "Disallow: /comments/", ""]
    if current().ai_crawlers == REFUSE and settings.AI_CRAWLER_NAMES:
        lines += [f"User-agent: {name}" for name in settings.AI_CRAWLER_NAMES]
        lines += ["Disallow: /", ""]
    lines += [f"Sitemap: {settings.SITE_URL}{reverse('articles:sitemap')}", ""]
    return public_response(request, "\n".join(lines), "text/plain; charset=utf-8", keys=["robots"])


@require_safe
def accent(request: HttpRequest, light: str, dark: str) -> HttpResponseBase:
    """The style sheet of a pair of colours, light and dark. Its address says all that is in it."""
    sheet = f"@layer tokens{{:root{{--c-brand:light-dark(#{light},#{dark})}}}}\n"
    return _for_ever(request, sheet.encode(), "text/css; charset=utf-8", f"{light}-{dark}")


@require_safe
def logo(request: HttpRequest, mark: str) -> HttpResponseBase:
    """The paper's logo, or the one for dark pages; old addresses lead to the one of today."""
    found = Publication.objects.filter(pk=Publication.ONLY).first()
    marks = {found.logo_mark: found.logo, found.logo_dark_mark: found.logo_dark} if found else {}
    content = marks.get(mark)
    if content is not None:
        return _for_ever(request, bytes(content), "image/png", mark)
    if found is None or not found.logo_mark:
        raise Http404
    forget_visitor(request)
    response = redirect("logo", found.logo_mark)
    response.headers["Cache-Control"] = "no-store"
    return response


def _for_ever(request: HttpRequest, content: bytes, kind: str, name: str) -> HttpResponseBase:
    """A file whose address changes with its content, so that everybody may keep it."""
    forget_visitor(request)
    whole = HttpResponse(content, content_type=kind)
    etag = f'"{name}"'
    response = get_conditional_response(request, etag=etag, response=whole) or whole
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.headers["ETag"] = etag
    return response


@public_view(has_words=False)
def manifest(request: HttpRequest) -> HttpResponseBase:
    """The web manifest: name, colours and icons for who puts the site on a home screen."""
    paper = current()
    data = {
        "name": paper.name,
        "short_name": paper.name,
        "description": paper.tagline,
        "lang": languages.tag(""),
        "id": "/",
        "start_url": "/",
        "scope": "/",
        "display": "minimal-ui",
        "background_color": PAPER,
        "theme_color": paper.accent.light if paper.accent else PAPER,
        "icons": [
            {"src": static(f"img/icon-{name}.png"), "type": "image/png", "sizes": size, **purpose}
            for name, size, purpose in (
                ("192", "192x192", {}),
                ("512", "512x512", {}),
                ("maskable", "512x512", {"purpose": "maskable"}),
            )
        ],
    }
    return public_response(
        request,
        json.dumps(data, ensure_ascii=False),
        "application/manifest+json; charset=utf-8",
        keys=["manifest"],
    )
