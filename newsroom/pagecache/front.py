"""The WSGI callable in front of Django: sends kept pages that are fresh, and has others rendered.

On a hit no code of Django runs. A page is rendered by one thread at a time; the others wait for it
and look again, as what it shows may be older than their question. Where rendering fails, the last
good copy is sent for up to a day, marked by its Cache-Status header (RFC 9211).
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from time import sleep, time, time_ns
from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qsl, urlencode

from articles.keeping import KEEPER
from articles.marks import WHOLE_PARTS

from . import metrics, store
from .ahead import Ahead
from .generations import HEARD, NEVER, SEQUENCE, Generations
from .keeper import Keeper
from .metrics import Metrics
from .shelf import Shelf
from .store import Headers, Page, Pages, Shared

logger = logging.getLogger(__name__)

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

#: How long the last good copy of a page may be sent while rendering fails, in seconds.
STALE_IF_ERROR = 86_400.0
#: How long to leave a failing page, or a database that is away, alone between two attempts.
RETRY = 1.0
#: How long a request waits for another one's rendering before it renders the page itself.
PATIENCE = 20.0
#: How long it waits for another one that looks up what the clock has changed.
LOOK_PATIENCE = 2.0

#: Longer query strings are left to Django.
_LONGEST_QUERY = 512
_FEW_HOSTS = 64
_FEW_CODINGS = 512
#: What shared parts may take, in bytes; each with what keeps it.
_SHARED_BYTES = 4_000_000
_SHARED_OVERHEAD = 400
_LOOK = 1.0
#: Among how many of the pages that were read last are those to be made again.
_READ_LATELY = 256
#: How often to look whether no reader waits for a rendering, and how long between two looks.
_BREATHS = 20
_BREATH = 0.005
#: Within how many seconds other machines must have been heard for what is kept to be used again.
_LATELY = 2.0
_NOTHING: list[bytes] = []
_NO_HEADERS: Headers = []
_ALWAYS = float("inf")

#: How an answer came about: what its header says, and where it is counted.
How = tuple[tuple[str, str], int]
_HIT = (("Cache-Status", "newsroom; hit"), metrics.HITS)
_STORED = (("Cache-Status", "newsroom; fwd=miss; stored"), metrics.MISSES)
_STALE = (("Cache-Status", "newsroom; fwd=stale; detail=stale-if-error"), metrics.STALE)

#: In a request, that nobody waits for its answer: it is counted apart.
_AHEAD = "newsroom.ahead"


class Site(Protocol):
    """What the cache must know of the site, without knowing Django."""

    #: A request whose cookies hold this name is somebody's own, and left alone.
    session_cookie: str
    #: Addresses that begin so are never kept.
    private_paths: tuple[str, ...]
    #: The environment entry and its value that tell a request over https; None where it's all one.
    secure_mark: tuple[str, str] | None

    def query_of(self, path: str) -> frozenset[str] | None:
        """The query parameters that a public page knows; None where no page is kept."""

    def part_path(self, name: str) -> str | None:
        """Where a shared part of pages is answered alone; None where it isn't."""

    def turned(self, since: int, until: int) -> tuple[Iterable[str], int | None]:
        """The keys that the clock changed after one moment and up to another, and its next change.

        Moments are in microseconds of the epoch; None where no change is known.
        """

    def listens(self) -> float | None:
        """Seconds for which a page is good while other machines can't be heard.

        None where there are no others.
        """


class Found(NamedTuple):
    """A page that may be sent."""

    page: Page
    how: How


class Flight:
    """One rendering under way, and those who wait for it."""

    __slots__ = ("done",)

    def __init__(self) -> None:
        self.done = threading.Event()


class PageCache:
    """Wraps a WSGI application; itself one."""

    def __init__(
        self,
        application: Application,
        site: Site,
        generations: Generations,
        *,
        pages: Pages,
        shelf: Shelf | None = None,
        counters: Metrics | None = None,
        renew: Callable[[], tuple[Generations, Shelf | None]] | None = None,
        is_ahead: bool = False,
    ) -> None:
        """`renew` gives counters and a shelf again when somebody has removed the counters' file.

        With `is_ahead`, pages that readers come back for are made again before they do, by a
        thread that starts with the first change.
        """
        self.application = application
        self.site = site
        self.pages = pages
        self.counters = counters
        self.count: Any = counters.row if counters else memoryview(bytearray(128)).cast("Q")
        self._renew = renew
        self._hosts: set[str | None] = set()
        self._codings: dict[str | None, int] = {None: store.IDENTITY}
        self._shared: OrderedDict[bytes, Shared] = OrderedDict()
        self._shared_size = 0
        self._sharing = threading.Lock()
        self._flights: dict[str, Flight] = {}
        self._looking = threading.Lock()
        #: Whether the database was away when last asked. Then one thread at a time asks again, and
        #: not before this moment; the others send copies, as each question may take its time.
        self._is_away = False
        self._retry_at = 0.0
        self._probing = threading.Lock()
        self._reap_at = 0.0
        self._ahead = Ahead(self._refreshed) if is_ahead else None
        #: For how long pages are good while other machines can't be heard, in seconds.
        self._silence: float | None = None
        self._take(generations, shelf)

    def _take(self, generations: Generations, shelf: Shelf | None) -> None:
        # Numbers of one file mean nothing to another, so all that bears them goes.
        with self._sharing:
            self._shared.clear()
            self._shared_size = 0
        self.shelf = shelf
        self._keeper = Keeper(generations)
        self.generations = generations
        self._words = generations.words
        #: The newest sequence number that a request has met.
        self._met = generations.sequence
        #: When to look at the clock's changes, and at the counters' own health.
        self._wake = 0.0
        #: How many seconds after its rendering a page is good. Usually for as long as it is fresh;
        #: while other machines can't be heard, their changes are unknown.
        self._good_for = _ALWAYS
        #: Pages that were made before this moment, in seconds of the epoch, are not good.
        self._good_from = 0.0

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        if method != "GET" and method != "HEAD":
            self.count[metrics.PASSED] += 1
            return self.application(environ, start_response)
        site = self.site
        cookie = environ.get("HTTP_COOKIE")
        mark = site.secure_mark
        if (cookie is not None and site.session_cookie in cookie) or (
            mark is not None and environ.get(mark[0]) != mark[1]
        ):
            self.count[metrics.PASSED] += 1
            return self.application(environ, start_response)
        path = key = environ["PATH_INFO"]
        query = environ.get("QUERY_STRING")
        by_key = self.pages.by_key
        page = by_key.get(path)
        if query and not (page is not None and not page.query):
            known = page.query if page is not None else self._query_of(path)
            if known is None or len(query) > _LONGEST_QUERY:
                self.count[metrics.PASSED] += 1
                return self.application(environ, start_response)
            normal = normalised(query, known)
            if normal:
                key = key_of(path, normal)
                page = by_key.get(key)
        now = time()
        if (
            page is None
            or page.checked != self._words[SEQUENCE]
            or now >= self._wake
            or now - page.rendered_at > self._good_for
            or page.rendered_at < self._good_from
            or environ.get("HTTP_HOST") not in self._hosts
        ):
            page = self._find(key, environ, now)
            if page is None:
                found = self._rendered(key, path, environ, now)
                if isinstance(found, Found):
                    if found.how is _HIT:
                        self.pages.used(found.page)
                    return self._send(found.page, environ, start_response, found.how)
                if found is None:
                    self.count[metrics.PASSED] += 1
                    return self.application(environ, start_response)
                start_response(found.status, found.headers)
                return [found.body] if method == "GET" else _NOTHING
        self.pages.used(page)
        return self._send(page, environ, start_response, _HIT)

    def _send(
        self, page: Page, environ: Environ, start_response: StartResponse, how: How
    ) -> Iterable[bytes]:
        mark, counter = how
        count = self.count
        count[counter] += 1
        accepted = environ.get("HTTP_ACCEPT_ENCODING")
        coding = self._codings.get(accepted)
        if coding is None:
            coding = self._coding_for(accepted)
        variant = page.variants[coding] or self.pages.fill(page, coding)
        dated = page.dated(time()) if page.modified else _NO_HEADERS
        asked = environ.get("HTTP_IF_NONE_MATCH")
        # The digest is unique, so a list that holds it names this page, in one coding or another.
        if asked is not None and (page.etag in asked or asked == "*") and page.is_found:
            start_response("304 Not Modified", [*variant[2], *dated, mark])
            return _NOTHING
        # By the very date that was sent: a page made again may say less, and never older.
        since = environ.get("HTTP_IF_MODIFIED_SINCE")
        if dated and asked is None and since == page.modified and page.is_found:
            start_response("304 Not Modified", [*variant[2], *dated, mark])
            return _NOTHING
        # The server may change the list that it is given (PEP 3333).
        start_response(page.status, [*variant[0], *dated, mark])
        if environ["REQUEST_METHOD"] == "HEAD":
            return _NOTHING
        count[metrics.BYTES] += len(variant[1][0])
        return variant[1]

    def _find(self, key: str, environ: Environ, now: float) -> Page | None:
        """The page of that key if it may be sent: it is fresh, and the host is the site's."""
        # Read first: what is touched or announced later is noticed by the next request.
        sequence = self._words[SEQUENCE]
        self._wake = min(self._wake, self.generations.boundary / 1e6)
        is_known = now < self._wake or self._look(now)
        if environ.get("HTTP_HOST") not in self._hosts:
            return None
        if sequence != self._met:
            self._met = sequence
            if self._ahead is not None:
                self._ahead.wake(as_anybody(environ, ""))
        page = self.pages.by_key.get(key)
        if page is None or (page.checked != sequence and not page.is_fresh(self.generations)):
            page = self._mended(key, page)
        if page is None:
            return None
        is_good = (
            is_known
            and now - page.rendered_at <= self._good_for
            and page.rendered_at >= self._good_from
        )
        if not is_good or not page.is_fresh(self.generations):
            self._found_stale(page, now)
            return None
        page.checked = sequence
        return page

    def _mended(self, key: str, page: Page | None) -> Page | None:
        """The page as another process rendered it, or with a newer shared part; else as it is."""
        shelf = self.shelf
        if shelf is not None:
            shelved = shelf.get(key, since=0.0 if page is None else page.rendered_at)
            if shelved is not None and (page is None or shelved.rendered_at > page.rendered_at):
                page = shelved
                self.pages.keep(page)
        # A part at hand may be older than what other machines have said that can't be heard now.
        hears = self._good_for == _ALWAYS
        if page is not None and hears and not page.is_fresh(self.generations):
            spliced = store.splice(page, self._shared, self.generations)
            if spliced is not None:
                self.count[metrics.SPLICED] += 1
                self.pages.keep(spliced)
                return spliced
        return page

    def _found_stale(self, page: Page, now: float) -> None:
        page.stale_at = page.stale_at or now
        if now >= self._reap_at and page.is_changing(self.generations):
            self._reap_at = now + _LOOK
            self.generations.reap()

    def _rendered(
        self, key: str, path: str, environ: Environ, now: float
    ) -> "Found | Answer | None":
        """Have the page rendered, or wait until somebody else has; or find the last good copy.

        An answer that isn't kept comes as it is. None where Django is to be asked as the reader
        does.
        """
        if path.startswith(self.site.private_paths):
            return None
        known = self._query_of(path)
        if known is None:
            return None
        flight = Flight()
        while True:
            stale = self._last_resort(key, environ, now)
            if stale is not None and now < max(self._retry_at, stale.retry_at):
                return Found(stale, _STALE)
            other = self._flights.setdefault(key, flight)
            if other is flight:
                break
            self._note(metrics.COALESCED, environ)
            is_over = other.done.wait(PATIENCE)
            now = time()
            page = self._find(key, environ, now)
            if page is not None:
                return Found(page, _HIT)
            if not is_over:
                # Whatever holds the other one up must not hold up everybody.
                return self._ask(key, known, environ)
        is_probing = self._is_away and self._probing.acquire(blocking=False)
        try:
            if self._is_away and stale is not None and not is_probing:
                return Found(stale, _STALE)
            with self._turn(key) as has_waited:
                page = self._find(key, environ, time()) if has_waited else None
                if page is not None:
                    self._note(metrics.COALESCED, environ)
                    return Found(page, _HIT)
                page = self._renewed(key, environ)
                if page is not None:
                    return Found(page, _HIT)
                return self._ask(key, known, environ)
        finally:
            if is_probing:
                self._probing.release()
            self._flights.pop(key, None)
            flight.done.set()

    def _refreshed(self, environ: Environ) -> Iterator[None]:
        """Have pages made again that readers come back for, one for each step.

        `environ` is that of anybody's request to the site.
        """
        for key in self.pages.read_lately(_READ_LATELY):
            page = self.pages.by_key.get(key)
            if page is None or not page.is_read or page.is_fresh(self.generations):
                continue
            if page.is_changing(self.generations):
                # There is more to meet when the change is committed.
                continue
            if self._is_away or self._good_for != _ALWAYS:
                return
            path = path_in(key)
            asked = {**environ, "PATH_INFO": path, "QUERY_STRING": query_in(key), _AHEAD: True}
            # So one that can't be made is not tried again and again.
            page.is_read = False
            for _breath in range(_BREATHS):
                if not self._flights:
                    break
                sleep(_BREATH)
            now = time()
            # A reader who is at it already does the same.
            if key not in self._flights and self._find(key, asked, now) is None:
                made = self._rendered(key, path, asked, now)
                if isinstance(made, Found) and made.how is _STORED:
                    self.count[metrics.AHEAD] += 1
            yield

    def _note(self, counter: int, environ: Environ) -> None:
        """Count what happened for a reader's sake."""
        if _AHEAD not in environ:
            self.count[counter] += 1

    def _turn(self, key: str) -> AbstractContextManager[bool]:
        """Render the page while no other process does; true after waiting for one that did."""
        shelf = self.shelf
        return nullcontext(False) if shelf is None else shelf.turn(key)

    def _last_resort(self, key: str, environ: Environ, now: float) -> Page | None:
        """The last good copy, if it may still be sent."""
        page = self.pages.by_key.get(key)
        if page is None or environ.get("HTTP_HOST") not in self._hosts:
            return None
        return page if now - (page.stale_at or now) < STALE_IF_ERROR else None

    def _renewed(self, key: str, environ: Environ) -> Page | None:
        """The page with its shared parts made anew, where nothing else of it is stale."""
        page = self.pages.by_key.get(key)
        if page is None or environ.get("HTTP_HOST") not in self._hosts:
            return None
        if self._good_for != _ALWAYS:
            return None
        names = store.stale_parts(page, self._shared, self.generations)
        if not names or not all(self._has_part(name, key, environ) for name in names):
            return None
        return self._find(key, environ, time())

    def _has_part(self, name: str, key: str, environ: Environ) -> bool:
        """Get a shared part from its own address; false where the page must be rendered.

        As with pages, one thread of one process has it rendered, and the others take it over.
        """
        path = self.site.part_path(name)
        if path is None or path == key:
            return False
        flight = Flight()
        other = self._flights.setdefault(path, flight)
        if other is not flight:
            self._note(metrics.COALESCED, environ)
            # Whether it was of use, the look at the page says.
            return other.done.wait(PATIENCE)
        try:
            newest = self._shared.get(name.encode())
            if newest is not None and self.generations.is_fresh(*newest.part):
                return True
            with self._turn(path):
                return self._took_part(path) or self._asked_part(path, environ)
        finally:
            self._flights.pop(path, None)
            flight.done.set()

    def _took_part(self, path: str) -> bool:
        """Take a part from the shelf, where another process has put it."""
        shelf = self.shelf
        page = None if shelf is None else shelf.get(path)
        if page is None or not page.is_fresh(self.generations):
            return False
        self._share(store.shared_in(page))
        return True

    def _asked_part(self, path: str, environ: Environ) -> bool:
        """Have Django answer a part alone; false when it doesn't."""
        generations = self.generations
        sequence = generations.sequence
        rendered_at = time()
        answer = Answer()
        try:
            plain = {**self._plain(environ, "", sequence), "PATH_INFO": path}
            answer.read(self.application, plain)
        except Exception:
            # Rendering the page comes next, and says what is wrong.
            logger.exception("Rendering %s failed", path)
            return False
        if answer.status[:3] != "200" or not store.is_storable(answer.status, answer.headers):
            return False
        page, shared = store.make(
            path,
            answer.status,
            answer.headers,
            answer.body,
            sequence=sequence,
            rendered_at=rendered_at,
        )
        self.count[metrics.AHEAD if _AHEAD in environ else metrics.MISSES] += 1
        self._keep(page, shared, environ, generations)
        return True

    def _ask(self, key: str, known: frozenset[str], environ: Environ) -> "Found | Answer":
        """Have Django answer, and keep the page."""
        # Before rendering begins: whatever is touched from here on makes the page stale.
        generations = self.generations
        sequence = generations.sequence
        rendered_at = time()
        answer = Answer()
        try:
            answer.read(self.application, self._plain(environ, query_in(key), sequence))
        except Exception:
            logger.exception("Rendering %s failed", key)
            if (page := self._failed(key, environ, "500")) is None:
                raise
            return Found(page, _STALE)
        if answer.status[:1] == "5":
            page = self._failed(key, environ, answer.status)
            if page is not None:
                return Found(page, _STALE)
        elif store.is_storable(answer.status, answer.headers):
            self._is_away = False
            page, shared = store.make(
                key,
                answer.status,
                answer.headers,
                answer.body,
                sequence=sequence,
                rendered_at=rendered_at,
                query=known,
            )
            self._keep(page, shared, environ, generations)
            return Found(page, _STORED)
        return answer

    def _plain(self, environ: Environ, query: str, sequence: int) -> Environ:
        """The request as anybody's, with what pages are made from where that is known.

        `sequence` is the number from before the page's rendering.
        """
        plain = as_anybody(environ, query)
        silence = self._silence
        age = time_ns() // 1000 - self._words[HEARD]
        if silence is None or age <= min(_LATELY, silence) * 1e6:
            plain[KEEPER] = self._keeper.at(sequence)
        return plain

    def _keep(
        self,
        page: Page,
        shared: dict[bytes, Shared],
        environ: Environ,
        generations: Generations,
    ) -> None:
        if generations is not self.generations:
            # Its number is one of a file that is gone.
            return
        if len(self._hosts) < _FEW_HOSTS:
            self._hosts.add(environ.get("HTTP_HOST"))
        self._share(shared)
        self.pages.keep(page)
        shelf = self.shelf
        if shelf is not None and page.is_found:
            shelf.put(page)

    def _share(self, shared: dict[bytes, Shared]) -> None:
        """Have these parts at hand for other pages, where no newer ones are."""
        with self._sharing:
            for name, each in shared.items():
                before = self._shared.get(name)
                if before is not None and before.part[0] > each.part[0]:
                    continue
                if before is not None:
                    self._shared_size -= len(before.content) + _SHARED_OVERHEAD
                self._shared[name] = each
                self._shared.move_to_end(name)
                self._shared_size += len(each.content) + _SHARED_OVERHEAD
            while self._shared_size > _SHARED_BYTES:
                _name, oldest = self._shared.popitem(last=False)
                self._shared_size -= len(oldest.content) + _SHARED_OVERHEAD

    def _failed(self, key: str, environ: Environ, status: str) -> Page | None:
        """Note that rendering failed; the copy to send instead, where there is one."""
        self.count[metrics.FAILED] += 1
        now = time()
        if status[:3] == "503":
            # Other pages need not find that out one by one.
            self._is_away, self._retry_at = True, now + RETRY
        page = self._last_resort(key, environ, now)
        if page is not None:
            page.retry_at = now + RETRY
        return page

    def _look(self, now: float) -> bool:
        """Notice what the clock has changed, and how far the counters can be trusted.

        False when what the clock has changed can't be told now: nothing is known to be fresh then.
        """
        is_passed = self.generations.boundary <= now * 1e6
        if is_passed and now < self._retry_at:
            return False
        patience = 0.0 if is_passed and self._is_away else LOOK_PATIENCE
        if not self._looking.acquire(timeout=patience):
            if is_passed:
                self._is_away, self._retry_at = True, time() + RETRY
            return not is_passed
        try:
            return self._looked()
        finally:
            self._looking.release()

    def _looked(self) -> bool:
        if not self.generations.is_current() and self._renew is not None:
            self._take(*self._renew())
            self.pages.clear()
        counters = self.generations
        moment = time_ns() // 1000
        if moment >= counters.boundary:
            announced = counters.announced
            try:
                keys, following = self.site.turned(counters.turned, moment)
            except Exception:
                logger.warning("Can't look up what the clock has changed", exc_info=True)
                self._is_away, self._retry_at = True, time() + RETRY
                return False
            boundary = NEVER if following is None else following
            counters.turn(boundary, moment, keys, announced)
            self._is_away = False
        silence = self.site.listens()
        heard = self._words[HEARD]
        good_for, good_from = _ALWAYS, 0.0
        if silence is not None and moment - heard > silence * 1e6:
            # Until shortly after the last word, pages were made from what had been kept before it.
            good_for, good_from = silence, heard / 1e6 + min(_LATELY, silence)
        # Only once they are known: others go by them all the time.
        self._silence, self._good_from, self._good_for = silence, good_from, good_for
        self._wake = min(counters.boundary / 1e6, moment / 1e6 + _LOOK)
        self.count[metrics.PAGES] = len(self.pages)
        self.count[metrics.PAGE_BYTES] = self.pages.size
        return True

    def _query_of(self, path: str) -> frozenset[str] | None:
        return None if path.startswith(self.site.private_paths) else self.site.query_of(path)

    def _coding_for(self, accepted: str | None) -> int:
        coding = store.coding_for(accepted)
        if len(self._codings) < _FEW_CODINGS:
            self._codings[accepted] = coding
        return coding


class Answer:
    """What a WSGI application answers, read to its end."""

    def __init__(self) -> None:
        self.status = ""
        self.headers: Headers = []
        self.body = b""

    def read(self, application: Application, environ: Environ) -> None:
        written: list[bytes] = []

        def start(status: str, headers: Headers, exc_info: Any = None) -> Callable[[bytes], None]:
            self.status, self.headers = status, list(headers)
            return written.append

        chunks = application(environ, start)
        try:
            written.extend(chunks)
        finally:
            if hasattr(chunks, "close"):
                chunks.close()
        self.body = b"".join(written)


def key_of(path: str, normal: str) -> str:
    """Names the page of a path with a query.

    The query comes first: a path may hold a question mark, an encoded query no slash, so no path
    is ever taken for another one's query.
    """
    return f"?{normal}{path}"


def query_in(key: str) -> str:
    return key[1:].partition("/")[0] if key[:1] == "?" else ""


def path_in(key: str) -> str:
    if key[:1] != "?":
        return key
    _query, slash, rest = key.partition("/")
    return slash + rest


def as_anybody(environ: Environ, query: str) -> Environ:
    """The request as it would be without anything that tells readers apart.

    So a page can't depend on a cookie, a language or a parameter that its key doesn't name.
    """
    plain = {
        name: value
        for name, value in environ.items()
        if name[:5] != "HTTP_" or name == "HTTP_HOST" or name[:17] == "HTTP_X_FORWARDED_"
    }
    plain["REQUEST_METHOD"] = "GET"
    plain["QUERY_STRING"] = query
    plain[WHOLE_PARTS] = True
    return plain


def normalised(query: str, known: frozenset[str]) -> str:
    """The query with nothing but the known parameters, in one order."""
    pairs = [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0] in known]
    return urlencode(sorted(pairs, key=lambda pair: pair[0]))
