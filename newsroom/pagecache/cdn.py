"""Purges what changed at a CDN, and tells it how long it may keep a page.

Whatever touches keys enqueues a task in the same transaction, so a purge is owed exactly when the
change is committed, and is tried until the CDN has taken it. What the clock changes, a job finds.
"""

import http.client
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from time import time_ns
from typing import Any
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import HTTPRedirectHandler, Request, build_opener

from django.conf import settings
from django.db import Error, close_old_connections, transaction
from django.db.models import QuerySet
from django.dispatch import Signal, receiver
from django_tasks_db.compat import TaskContext, TaskResultStatus
from django_tasks_db.models import DBTaskResult

from articles.signals import changing
from newsroom import background

from . import purge
from .front import Application, Environ, StartResponse
from .generations import HEARD, NEVER
from .site import is_shared
from .store import Headers

#: The value of CDN where there is none.
NONE = "none"
#: Seconds that a CDN has to answer.
TIME_OUT = 10.0
#: Seconds after a purge that it is repeated: an answer that was on its way to the CDN meanwhile
#: may have been made before the change.
ECHO = 10.0
#: Seconds between two looks at what the clock has changed.
LOOK = 5.0
#: Seconds for which a CDN may send an expired page while it asks for a new one, or can't get one.
WHILE_REVALIDATE = 60
IF_ERROR = 86_400

#: At most so many purges that wait are sent together.
_MOST_TOGETHER = 1000
_LONGEST_ANSWER = 65_536
#: Seconds; a CDN that asks for a longer pause than this is asked again nevertheless.
_LONGEST_PAUSE = 3600.0
#: Goes on for hours, which is longer than a CDN keeps a page by default.
_RETRY = background.Retry(attempts=40, base=1, cap=600)


class Unpurged(Exception):
    """The CDN hasn't taken a purge. The message holds nothing secret."""

    def __init__(self, message: str, retry_after: float = 0.0) -> None:
        """`retry_after` is in seconds."""
        super().__init__(message)
        self.retry_after = retry_after


@dataclass(frozen=True)
class Adapter:
    """How one kind of CDN is told."""

    #: How many keys one request takes.
    limit: int
    #: The request that purges these keys, which may be EVERYTHING alone, at that address.
    request: Callable[[str, Sequence[str]], Request]
    #: Where its interface is, unless CDN_URL says otherwise.
    url: str = ""
    #: The settings that it can't do without.
    needs: tuple[str, ...] = ()
    #: Whether the answer says that it is done; the status was 2xx.
    is_done: Callable[[bytes], bool] = lambda body: True


def _varnish_xkey(url: str, keys: Sequence[str]) -> Request:
    return _request("PURGE", url, {"xkey-purge": " ".join(keys), **_bearer()})


def _varnish_ban(url: str, keys: Sequence[str]) -> Request:
    # A key is a whole word of the header that the expression is matched with.
    either = "|".join(map(re.escape, keys))
    expression = "." if keys == [purge.EVERYTHING] else rf"(^|\s)({either})(\s|$)"
    return _request("BAN", url, {"X-Ban-Key": expression, **_bearer()})


def _fastly(url: str, keys: Sequence[str]) -> Request:
    service = f"{url}/service/{quote(settings.CDN_SERVICE, safe='')}"
    headers = {"Fastly-Key": settings.CDN_TOKEN, "Accept": "application/json"}
    if keys == [purge.EVERYTHING]:
        return _request("POST", f"{service}/purge_all", headers)
    return _request("POST", f"{service}/purge", headers, {"surrogate_keys": list(keys)})


def _cloudflare(url: str, keys: Sequence[str]) -> Request:
    address = f"{url}/zones/{quote(settings.CDN_SERVICE, safe='')}/purge_cache"
    is_all = keys == [purge.EVERYTHING]
    wanted = {"purge_everything": True} if is_all else {"tags": list(keys)}
    return _request("POST", address, _bearer(), wanted)


def _is_success(body: bytes) -> bool:
    try:
        return json.loads(body)["success"] is True
    except (ValueError, KeyError, TypeError):
        return False


def _http(url: str, keys: Sequence[str]) -> Request:
    return _request("PURGE", url, {"Surrogate-Key": " ".join(keys), **_bearer()})


_API = ("CDN_SERVICE", "CDN_TOKEN")
#: By the value of CDN. Headers are kept within the 8 KB that Varnish reads of each.
ADAPTERS = {
    "varnish-xkey": Adapter(200, _varnish_xkey, needs=("CDN_URL",)),
    "varnish-ban": Adapter(100, _varnish_ban, needs=("CDN_URL",)),
    "fastly": Adapter(256, _fastly, "https://api.fastly.com", needs=_API),
    "cloudflare": Adapter(
        100, _cloudflare, "https://api.cloudflare.com/client/v4", _API, _is_success
    ),
    "http": Adapter(100, _http, needs=("CDN_URL",)),
}


def is_used() -> bool:
    """Whether the settings name a CDN."""
    return settings.CDN in ADAPTERS


def owe(keys: Iterable[str]) -> None:
    """Have these keys purged at the CDN, if there is one, once the transaction is committed."""
    keys = sorted(set(keys))
    if keys and is_used():
        purge_keys.enqueue(keys)


@receiver(changing, dispatch_uid="pagecache.cdn")
def owe_change(sender: Any, signal: Signal, signal_to_come: Signal, **facts: Any) -> None:
    """Purge what a change touches."""
    if is_used():
        owe(purge.keys_of(signal_to_come, facts)[0])


@background.task(takes_context=True, retry=_RETRY)
def purge_keys(context: TaskContext, keys: list[str]) -> None:
    """Purge these keys, with all that wait for the same, and once more a little later."""
    done = _purge(context, keys, DBTaskResult.objects.all())
    if done:
        later = datetime.now(UTC) + timedelta(seconds=ECHO)
        purge_again.using(run_after=later).enqueue(done)


@background.task(takes_context=True, retry=_RETRY)
def purge_again(context: TaskContext, keys: list[str]) -> None:
    """Purge these keys, with all whose second purge is due by now."""
    _purge(context, keys, DBTaskResult.objects.filter(run_after__lte=datetime.now(UTC)))


@background.periodic(every=LOOK, retry=background.Retry(base=LOOK), is_wanted=is_used)
def purge_turned(since: datetime | None, until: datetime) -> None:
    """Purge what shows editions that came or went by the clock since the last look."""
    # What was kept before that has expired.
    oldest = until - timedelta(seconds=settings.CDN_MAX_AGE + WHILE_REVALIDATE)
    since = max(since or oldest, oldest)
    keys, _following = purge.turned(purge.microseconds(since), purge.microseconds(until))
    owe(keys)


class SurrogateControl:
    """A WSGI application in front of all others that tells a CDN how long it may keep a page.

    Never beyond the next moment at which the clock changes a page. It speaks as of now, also of a
    page that was kept: the page cache has just found it fresh.
    """

    def __init__(self, application: Application) -> None:
        self.application = application
        self._is_shared = is_shared()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in {"GET", "HEAD"}:
            return self.application(environ, start_response)
        # Before rendering: if the moment passes meanwhile, the page may be from before it.
        boundary = self._next_boundary()

        def start(status: str, headers: Headers, *error: Any) -> Any:
            named = dict(headers)
            if "Surrogate-Key" in named:
                is_stale = "fwd=stale" in named.get("Cache-Status", "")
                control = surrogate_control(0 if is_stale else boundary - _now())
                headers = [*headers, ("Surrogate-Control", control)]
                if settings.CDN == "cloudflare":
                    tags = named["Surrogate-Key"].replace(" ", ",")
                    headers += [("Cloudflare-CDN-Cache-Control", control), ("Cache-Tag", tags)]
            return start_response(status, headers, *error)

        return self.application(environ, start)

    def _next_boundary(self) -> int:
        """When the clock next changes a page, in microseconds of the epoch; 0 if unknown."""
        if settings.PAGE_CACHE_MB:
            # The page cache looks it up whenever one has passed, and hears of others' changes.
            counters = purge.counters()
            silence = _now() - counters.words[HEARD] if self._is_shared else 0
            return 0 if silence > settings.PAGE_CACHE_SILENCE * 1e6 else counters.boundary
        close_old_connections()
        try:
            following = purge.turned(0, _now())[1]
        except Error:
            return 0
        finally:
            close_old_connections()
        return NEVER if following is None else following


def surrogate_control(left: int) -> str:
    """For how long a CDN may keep a page that the clock changes in so many microseconds."""
    seconds = max(0, left // 1_000_000)
    max_age = min(settings.CDN_MAX_AGE, seconds)
    revalidate = min(WHILE_REVALIDATE, seconds - max_age)
    return f"max-age={max_age}, stale-while-revalidate={revalidate}, stale-if-error={IF_ERROR}"


def _purge(context: TaskContext, keys: list[str], others: "QuerySet[DBTaskResult]") -> list[str]:
    """Purge these keys and those of `others` that do the same; gives them all."""
    if not is_used():
        return []
    adapter = ADAPTERS[settings.CDN]
    done = left = _gather(context, keys, others)
    try:
        while left:
            for url in settings.CDN_URL or [adapter.url]:
                _send(adapter, adapter.request(url.rstrip("/"), left[: adapter.limit]))
            left = left[adapter.limit :]
    finally:
        if left and len(left) < len(done):
            # The next attempt needs not begin at the beginning.
            _rows(context).update(args_kwargs=_arguments(left))
    return done


def _gather(context: TaskContext, keys: list[str], others: "QuerySet[DBTaskResult]") -> list[str]:
    """Take over the keys of other tasks that wait, so that one request purges them together."""
    path = context.task_result.task.module_path
    waiting = others.filter(task_path=path, status=TaskResultStatus.READY)
    wanted = set(keys)
    if waiting.exists():
        with transaction.atomic():
            rows = waiting.select_for_update(skip_locked=True).order_by("pk")[:_MOST_TOGETHER]
            found = {row.pk: row.args_kwargs["args"][0] for row in rows}
            wanted.update(*found.values())
            DBTaskResult.objects.filter(pk__in=found).delete()
            _rows(context).update(args_kwargs=_arguments(sorted(wanted)))
    return [purge.EVERYTHING] if purge.EVERYTHING in wanted else sorted(wanted)


def _rows(context: TaskContext) -> "QuerySet[DBTaskResult]":
    """The row of the task that runs."""
    return DBTaskResult.objects.filter(pk=context.task_result.id)


def _arguments(keys: list[str]) -> dict[str, Any]:
    return {"args": [keys], "kwargs": {}}


class _NoRedirects(HTTPRedirectHandler):
    """Nobody else is to get the token."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


_opener = build_opener(_NoRedirects)


def _send(adapter: Adapter, request: Request) -> None:
    """Have a purge done, or raise Unpurged."""
    host = request.host
    try:
        with _opener.open(request, timeout=TIME_OUT) as answer:
            body = answer.read(_LONGEST_ANSWER)
    except HTTPError as error:
        pause = _pause(error.headers.get("Retry-After"))
        error.close()
        raise Unpurged(f"{host} answered {error.code}.", pause) from None
    except (OSError, http.client.HTTPException) as error:
        raise Unpurged(f"{host} didn't answer: {error}") from None
    except ValueError:
        # What Python says of a header that it can't send quotes the header.
        raise Unpurged(f"Nothing can be sent to {host}: look at CDN_TOKEN.") from None
    if not adapter.is_done(body):
        raise Unpurged(f"{host} answered that it failed.")


def _pause(said: str | None) -> float:
    """The seconds of a Retry-After header (RFC 9110, section 10.2.3); 0 when it says nothing."""
    try:
        seconds = float(said or 0)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(said or "") - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return 0.0
    return min(max(seconds, 0.0), _LONGEST_PAUSE)


def _request(
    method: str, url: str, headers: dict[str, str], content: dict[str, Any] | None = None
) -> Request:
    data = None if content is None else json.dumps(content).encode()
    if data is not None:
        headers = {**headers, "Content-Type": "application/json"}
    # The address is the operator's, and checked at start-up.
    return Request(url, data, {**headers, "User-Agent": "newsroom"}, method=method)  # noqa: S310


def _bearer() -> dict[str, str]:
    return {"Authorization": f"Bearer {settings.CDN_TOKEN}"} if settings.CDN_TOKEN else {}


def _now() -> int:
    return time_ns() // 1000
