"""Files at fixed addresses: what crawlers may read, and how a phone shows the site."""

import json

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.templatetags.static import static
from django.urls import reverse

from articles import languages
from articles.paper import REFUSE, current
from articles.public import public_response, public_view

#: The colours of the page in the design's light theme.
PAPER = "#ffffff"


@public_view()
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


@public_view()
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
        "theme_color": PAPER,
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
