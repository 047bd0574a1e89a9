"""What readers get when something is missing, forbidden or broken."""

import logging
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from articles import beside, keys
from articles.public import DATABASE_AWAY, bare_page, for_readers, private_page, public_page

logger = logging.getLogger(__name__)


@for_readers
def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """404 with today's news: the same for every reader and every missing address."""
    # Where something may yet come, each new story or topic is a reason to look again. Where nothing
    # can, they change the news alone, which is the same part on all these pages.
    may_come = _may_come(request)
    name = "" if may_come else keys.FRONT
    return public_page(
        request,
        "404.html",
        {"editions": beside.newest_of_all(), "name": name},
        keys=[keys.SECTIONS, keys.FRONT, *([keys.SUBJECTS] if may_come else [])],
        status=404,
    )


def _may_come(request: HttpRequest) -> bool:
    """Whether something besides a section may come to be at a missing address."""
    match = request.resolver_match
    if match is None:
        return False
    return match.view_name != "articles:section" or "before" in request.GET


@for_readers
def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403 in plain words."""
    return private_page(request, "403.html", {}, status=403)


@for_readers
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form that came back without its token, usually because cookies are blocked."""
    return private_page(request, "403.html", {"is_csrf_failure": True}, status=403)


def server_error(request: HttpRequest) -> HttpResponse:
    """500 that needs neither the database nor anything of the request."""
    return bare_page("500.html", status=500)


class DatabaseAwayMiddleware:
    """503 instead of 500 while the database is away: nothing is broken, and it passes."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, DATABASE_AWAY):
            return None
        logger.error("The database is away: %s", request.path, exc_info=exception)
        return bare_page("503.html", status=503)
