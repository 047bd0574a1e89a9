"""The keys that take readers through the paper: a page, which scripts show as a dialog."""

from django.http import HttpRequest, HttpResponseBase

from articles import keys
from articles.public import public_page, public_view


@public_view()
def page(request: HttpRequest) -> HttpResponseBase:
    """What each key does; static/js/site.js says how."""
    return public_page(request, "shortcuts.html", {}, keys=[keys.SECTIONS])
