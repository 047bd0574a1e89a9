"""Answers that are the same for every reader, and say what they were made from."""

import hashlib
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from itertools import chain
from typing import Any, TypeVar, cast

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.cache import get_conditional_response
from django.utils.http import http_date
from django.views.decorators.http import require_safe

from . import frame
from .keys import PUBLICATION, of_part
from .marks import PART, WHOLE_PARTS, without_own
from .paper import current

#: Anybody may keep a page, but asks again before showing it: a correction is seen at once.
CACHE_CONTROL = "public, max-age=0, must-revalidate"

#: What Django raises when the database can't be reached, or doesn't answer in time.
DATABASE_AWAY = (OperationalError, InterfaceError)
#: When to come back, in seconds.
RETRY_AFTER = 60

View = TypeVar("View", bound=Callable[..., Any])


@dataclass
class PublicRead:
    """One public page that is being made."""

    #: The database that it is read from; "" until a router has chosen one.
    using: str = ""


#: The public page that this thread is making, for routers of databases.
public_read: ContextVar[PublicRead | None] = ContextVar("public_read", default=None)


def public_view(*query: str, has_words: bool = True) -> Callable[[View], View]:
    """Mark a view whose answers are the same for everybody, and so may be kept.

    `query` names the parameters that it knows. What else a reader's address carries never reaches
    the page. Files without words of the site's own, which would be translated, have none.
    """

    def mark(view: View) -> View:
        shown = for_readers(view) if has_words else with_frame(view)

        @wraps(view)
        def read(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            made = PublicRead()
            token = public_read.set(made)
            try:
                return shown(request, *args, **kwargs)
            except DATABASE_AWAY:
                if made.using in ("", DEFAULT_DB_ALIAS):
                    raise
                # A replica may go, or end a query that is in the way of a change.
                made.using = DEFAULT_DB_ALIAS
                frame.forget(request)
                return shown(request, *args, **kwargs)
            finally:
                public_read.reset(token)

        marked = cast(Any, require_safe(read))
        marked.public_query = frozenset(query)
        return cast(View, marked)

    return mark


def with_frame(view: View) -> View:
    """Look up once at most what stands around the page (see articles.frame)."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        with frame.kept_by(request):
            return view(request, *args, **kwargs)

    return cast(View, answer)


def for_readers(view: View) -> View:
    """The same, and answer in the language of the paper."""

    @with_frame
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        with translation.override(current().language):
            return view(request, *args, **kwargs)

    return cast(View, answer)


def public_page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *,
    keys: Iterable[str],
    status: int = 200,
) -> HttpResponseBase:
    """Render a page with its Surrogate-Key, Cache-Control and ETag; 304 when it is unchanged.

    The template must not touch the session, the user, messages or a CSRF token: the page is one
    value for everybody. A tag that shows a fact which the view doesn't know of adds its key to
    `surrogate_keys`; parts of the page name theirs in their marks. The first key is that of what
    the page is about; see `marks.without_own`.
    """
    names = list(keys)
    content = _rendered(request, template, {**context, "surrogate_keys": names}).encode()
    names += chain.from_iterable(of_part(match[3].decode()) for match in PART.finditer(content))
    if not request.META.get(WHOLE_PARTS):
        content = without_own(content, names[0])
    return public_response(request, content, keys=dict.fromkeys(names), status=status)


def public_part(
    request: HttpRequest, template: str, context: dict[str, Any], *, keys: Iterable[str]
) -> HttpResponseBase:
    """Render a shared part of pages (`{% shared %}`) alone; search engines leave it alone.

    It is as whole as a cache wants it, with what each page leaves out.
    """
    request.META[WHOLE_PARTS] = True
    response = public_page(request, template, context, keys=keys)
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def public_response(
    request: HttpRequest,
    content: str | bytes,
    content_type: str | None = None,
    *,
    keys: Iterable[str],
    status: int = 200,
) -> HttpResponseBase:
    """The same for what is no page: a feed, a sitemap. HTML unless another type is given.

    Programs that read feeds often compare dates only, so what is not HTML says when it was made.
    The page cache answers by that date, as it alone knows that nothing has changed since.
    """
    forget_visitor(request)
    response = HttpResponse(content, content_type=content_type, status=status)
    etag = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = CACHE_CONTROL
    if content_type is not None:
        response.headers["Last-Modified"] = http_date()
    answer: HttpResponseBase = response
    if status == 200:
        # Not by the date: within a second, two versions have the same one.
        request.META.pop("HTTP_IF_MODIFIED_SINCE", None)
        answer = get_conditional_response(request, etag=etag, response=response) or response
    # Every page is the paper's, whatever else it shows.
    answer.headers["Surrogate-Key"] = " ".join([*keys, PUBLICATION])
    return answer


def forget_visitor(request: HttpRequest) -> None:
    """Keep middleware from answering cookies that are no keys of ours with new ones.

    A shared cache could hand these to everybody: one visitor's junk would log all others out.
    """
    request.COOKIES.pop(settings.SESSION_COOKIE_NAME, None)
    request.META.pop("CSRF_COOKIE_NEEDS_UPDATE", None)


def bare_page(template: str, context: dict[str, Any] | None = None, *, status: int) -> HttpResponse:
    """Render a page that extends bare.html: it asks neither the database nor the request."""
    response = HttpResponse(render_to_string(template, context), status=status)
    response.headers["Cache-Control"] = "no-store"
    if status == 503:
        response.headers["Retry-After"] = str(RETRY_AFTER)
    return response


def private_page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *,
    status: int = 200,
    about: str = "",
) -> HttpResponse:
    """Render a page for one person: nothing keeps it, no search engine lists it.

    `about` is the key of what the page is about, if it has shared parts; see `marks.without_own`.
    """
    content = without_own(_rendered(request, template, context).encode(), about)
    response = HttpResponse(content, status=status)
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@for_readers
def _rendered(request: HttpRequest, template: str, context: dict[str, Any]) -> str:
    return render_to_string(template, context, request)
