"""Pages ready to send, and a bounded memory to keep them in."""

import gzip
import hashlib
import re
import threading
import zlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from itertools import islice

import brotli

from articles.marks import PART, composed, without_own

from .generations import LIFTED, Generations, slots_of

Headers = list[tuple[str, str]]
#: A sequence number from before rendering began, and the slots that it speaks for.
Part = tuple[int, tuple[int, ...]]
#: Headers and body in one coding, and the headers of a 304 in its stead.
Variant = tuple[Headers, list[bytes], Headers]

IDENTITY, GZIP, BROTLI = range(3)
_CODINGS = ("", "gzip", "br")
_SUFFIXES = ("", "-gz", "-br")
#: Statuses whose pages are kept: found, never there, withdrawn.
KEPT_STATUSES = frozenset({200, 404, 410})

# Both are worth their time: a page is compressed once and sent many times.
_GZIP_LEVEL = 6
_BROTLI_QUALITY = 5
#: Of a page that gets another part in the place of an old one. That happens ten times as often as
#: that a page is rendered; a tenth more bytes take a quarter of the time.
_SPLICED_QUALITY = 3
#: Shorter bodies gain nothing.
_LEAST_COMPRESSED = 256

#: Headers that a 304 repeats (RFC 9110, section 15.4.5), with those of caches in front.
_OF_304 = frozenset({"cache-control", "surrogate-control", "surrogate-key", "vary"})

#: Headers that are made for each answer.
_OWN = frozenset({"etag", "content-length", "last-modified"})

#: What a page takes besides its bodies: headers, slots, places in dictionaries.
_OVERHEAD = 4096


class Page:
    """One public page as it is sent, with all that tells whether it still may be."""

    __slots__ = (
        "checked",
        "dated_from",
        "etag",
        "headers",
        "is_read",
        "key",
        "keys",
        "length",
        "modified",
        "packed",
        "parts",
        "query",
        "rendered_at",
        "retry_at",
        "size",
        "stale_at",
        "status",
        "variants",
    )

    def __init__(
        self,
        key: str,
        status: str,
        headers: Headers,
        body: bytes,
        *,
        keys: tuple[str, ...],
        parts: tuple[Part, ...],
        rendered_at: float,
        query: frozenset[str] = frozenset(),
        packed: bytes | None = None,
    ) -> None:
        """A page rendered at that moment, in seconds of the epoch, from these keys.

        `packed` is its body as another page has packed it.
        """
        self.key = key
        self.status = status
        self.headers = headers
        #: The body as most browsers get it, a quarter as long: that is all that is always kept.
        self.packed = pack(body) if packed is None else packed
        self.length = len(body)
        self.keys = keys
        #: The page is fresh while each part is.
        self.parts = parts
        self.rendered_at = rendered_at
        #: When it was first found stale, or 0.
        self.stale_at = 0.0
        #: Whether a reader has come for it since it was made.
        self.is_read = False
        #: The sequence number up to which its slots have been looked at.
        self.checked = -1
        #: No new attempt at rendering before this moment, after one has failed.
        self.retry_at = 0.0
        self.query = query
        self.etag = hashlib.sha256(body).hexdigest()[:32]
        self.size = len(self.packed) + _OVERHEAD
        named = {name.lower(): value for name, value in headers}
        #: When it was made, for programs that compare dates; "" where the answer didn't say.
        self.modified = named.get("last-modified", "")
        self.dated_from = (
            parsedate_to_datetime(self.modified).timestamp() + 1 if self.modified else 0.0
        )
        #: Without what depends on the coding or the moment.
        self.headers = with_vary([pair for pair in headers if pair[0].lower() not in _OWN])
        #: By coding; None until somebody asks for it.
        self.variants: list[Variant | None] = [None, None, None]

    def variant(self, coding: int) -> Variant:
        """The page in this coding; in identity where compressing gains nothing."""
        body = self.body
        if self.length < _LEAST_COMPRESSED:
            coding = IDENTITY
        elif coding == BROTLI:
            body = self.packed
        elif coding == GZIP:
            # No time stamp: the same page is the same bytes on every machine.
            body = gzip.compress(body, _GZIP_LEVEL, mtime=0)
        suffix = _SUFFIXES[coding]
        if coding == BROTLI:
            # The same body is packed in two ways, and a strong validator stands for bytes.
            suffix += f"{zlib.crc32(body):x}"
        etag = ("ETag", f'"{self.etag}{suffix}"')
        headers = [*self.headers, etag, ("Content-Length", str(len(body)))]
        if coding != IDENTITY:
            headers.append(("Content-Encoding", _CODINGS[coding]))
        repeated = [pair for pair in self.headers if pair[0].lower() in _OF_304]
        return headers, [body], [*repeated, etag]

    @property
    def body(self) -> bytes:
        return unpack(self.packed, self.length)

    @property
    def is_found(self) -> bool:
        """Whether there is something, as opposed to a page that says that there isn't."""
        return self.status[:3] == "200"

    def dated(self, now: float) -> Headers:
        """Its Last-Modified header, from the second after it was made on.

        Within that second another version could follow with the same date, and who has the first
        would be told that it is the second.
        """
        return [("Last-Modified", self.modified)] if now >= self.dated_from else []

    def is_fresh(self, generations: Generations) -> bool:
        return all(generations.is_fresh(sequence, slots) for sequence, slots in self.parts)

    def is_changing(self, generations: Generations) -> bool:
        """Whether something that it shows is being changed just now."""
        words = generations.words
        return any(words[slot] == LIFTED for _sequence, slots in self.parts for slot in slots)


class Shared:
    """A part that several pages have in common, as it was rendered last."""

    __slots__ = ("content", "part")

    def __init__(self, content: bytes, part: Part) -> None:
        self.content = content
        self.part = part


def make(
    key: str,
    status: str,
    headers: Headers,
    body: bytes,
    *,
    sequence: int,
    rendered_at: float,
    query: frozenset[str] = frozenset(),
) -> tuple[Page, dict[bytes, Shared]]:
    """A page from an answer, and the shared parts it holds; `headers` must pass `is_storable`."""
    said = {name.lower(): value for name, value in headers}
    named = said["surrogate-key"].split()
    # Elsewhere the marks are words like others, which somebody may have written.
    has_parts = said["content-type"].lower().startswith("text/html")
    shared: dict[bytes, Shared] = {}
    of_parts: list[Part] = []
    keys_of_parts: set[str] = set()
    for match in PART.finditer(body) if has_parts else ():
        for name in _sources(match):
            names = name.decode().split("+")
            keys_of_parts.update(names)
            of_parts.append((sequence, slots_of(names)))
        if match[2] is None:
            shared[match[3]] = Shared(match[4], of_parts[-1])
    # A part alone stays whole, for other pages.
    if has_parts and named[0] not in keys_of_parts:
        body = without_own(body, named[0])
    own = [name for name in named if name not in keys_of_parts]
    parts = ((sequence, slots_of(own)), *of_parts)
    page = Page(
        key,
        status,
        headers,
        body,
        keys=tuple(named),
        parts=parts,
        rendered_at=rendered_at,
        query=query,
    )
    return page, shared


def shared_in(page: Page) -> dict[bytes, Shared]:
    """The shared parts in the page of a part alone."""
    return {
        match[3]: Shared(match[4], had[0]) for match, had in _parts_of(page) if match[2] is None
    }


def stale_parts(
    page: Page, shared: Mapping[bytes, Shared], generations: Generations
) -> list[str] | None:
    """Which shared parts `splice` lacks; None where they are not all that is stale."""
    if len(page.parts) == 1 or not generations.is_fresh(*page.parts[0]):
        return None
    return [
        name.decode()
        for match, had in _parts_of(page)
        if not all(generations.is_fresh(*part) for part in had)
        for name in _sources(match)
        if (newest := shared.get(name)) is None or not generations.is_fresh(*newest.part)
    ]


def splice(page: Page, shared: Mapping[bytes, Shared], generations: Generations) -> Page | None:
    """The page with the newest of its stale parts, when that alone makes it fresh; else None."""
    own = page.parts[0]
    if len(page.parts) == 1 or not generations.is_fresh(*own):
        return None
    about = page.keys[0]
    parts = [own]
    pieces: list[bytes] = []
    end = 0
    for match, had in _parts_of(page):
        if all(generations.is_fresh(*part) for part in had):
            parts += had
            continue
        found = [each for name in _sources(match) if (each := shared.get(name)) is not None]
        if len(found) < len(had) or not all(generations.is_fresh(*each.part) for each in found):
            return None
        parts += [each.part for each in found]
        contents = [each.content for each in found]
        if match[2] is not None:
            content = composed(contents, int(match[2]), about.encode())
        elif match[3] == about.encode():
            # A part alone stays whole, as when it was made.
            content = contents[0]
        else:
            content = without_own(contents[0], about)
        pieces += [match.string[end : match.start(4)], content]
        end = match.end(4)
    pieces.append(page.body[end:])
    body = b"".join(pieces)
    return Page(
        page.key,
        page.status,
        page.headers,
        body,
        keys=page.keys,
        parts=tuple(parts),
        rendered_at=page.rendered_at,
        query=page.query,
        packed=pack(body, _SPLICED_QUALITY),
    )


def _parts_of(page: Page) -> Iterator[tuple[re.Match[bytes], list[Part]]]:
    """The parts of a page as they stand in it, and what each was made from."""
    parts = iter(page.parts[1:])
    for match in PART.finditer(page.body):
        yield match, [part for _name, part in zip(_sources(match), parts, strict=False)]


def _sources(match: re.Match[bytes]) -> list[bytes]:
    """The names of the shared parts that a part is, or is composed of."""
    return [match[3]] if match[2] is None else match[3].split(b"+")


def is_storable(status: str, headers: Headers) -> bool:
    """Whether an answer is the same for everybody and says what it was made from."""
    try:
        is_kept = int(status[:3]) in KEPT_STATUSES
    except ValueError:
        return False
    named = {name.lower(): value.lower() for name, value in headers}
    return (
        is_kept
        and bool(named.get("surrogate-key"))
        and "public" in named.get("cache-control", "")
        and "set-cookie" not in named
        and "content-encoding" not in named
        and not {"cookie", "*"} & set(re.split(r"[,\s]+", named.get("vary", "")))
        and named.get("content-type", "").startswith(("text/", "application/"))
    )


def with_vary(headers: Headers) -> Headers:
    """The headers with Vary: Accept-Encoding, once."""
    vary = [value for name, value in headers if name.lower() == "vary"]
    names = [part.strip() for value in vary for part in value.split(",") if part.strip()]
    if "accept-encoding" not in {name.lower() for name in names}:
        names.append("Accept-Encoding")
    kept = [pair for pair in headers if pair[0].lower() != "vary"]
    return [*kept, ("Vary", ", ".join(names))]


def coding_for(accepted: str | None) -> int:
    """The best coding that an Accept-Encoding header allows (RFC 9110, section 12.5.3)."""
    if not accepted:
        return IDENTITY
    weights: dict[str, float] = {}
    for item in accepted.lower().split(","):
        name, _semicolon, parameter = item.partition(";")
        weight = 1.0
        if parameter.strip().startswith("q="):
            try:
                weight = float(parameter.strip()[2:])
            except ValueError:
                weight = 0.0
        weights[name.strip()] = weight
    anything = weights.get("*", 0.0)
    for coding in (BROTLI, GZIP):
        if weights.get(_CODINGS[coding], anything) > 0:
            return coding
    return IDENTITY


def pack(body: bytes, quality: int = _BROTLI_QUALITY) -> bytes:
    """The body in Brotli; a very short one as it is."""
    if len(body) < _LEAST_COMPRESSED:
        return body
    return bytes(brotli.compress(body, mode=brotli.MODE_TEXT, quality=quality))


def unpack(packed: bytes, length: int) -> bytes:
    """What was packed, of that length; raises ValueError for anything else."""
    if length < _LEAST_COMPRESSED:
        return packed
    try:
        return bytes(brotli.decompress(packed))
    except brotli.error as error:
        raise ValueError("Not a packed body") from error


class Pages:
    """Pages within a budget of bytes; the one unused for longest goes first.

    Pages that say that nothing is there (404, 410) have a sixteenth of the budget to themselves,
    so that somebody who asks for a million addresses doesn't push out the paper.
    """

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self._lock = threading.Lock()
        self._found: OrderedDict[str, Page] = OrderedDict()
        self._missing: OrderedDict[str, Page] = OrderedDict()
        self._sizes = {True: 0, False: 0}
        #: Looks a page up by its key; kept apart from the order, as it is all that a hit needs.
        self.by_key: dict[str, Page] = {}

    def __len__(self) -> int:
        return len(self.by_key)

    @property
    def size(self) -> int:
        """Bytes kept, in all codings."""
        return sum(self._sizes.values())

    def keep(self, page: Page) -> None:
        """Take the page in, in the place of an older one; others leave when space runs out."""
        with self._lock:
            self._drop(page.key)
            is_found = page.is_found
            limit = self._limit(is_found)
            if page.size > limit // 4:
                return
            order = self._found if is_found else self._missing
            order[page.key] = self.by_key[page.key] = page
            self._sizes[is_found] += page.size
            self._shrink(is_found, limit)

    def used(self, page: Page) -> None:
        """Note that it was read, and move it to the end of the line."""
        page.is_read = True
        order = self._found if page.is_found else self._missing
        # It may have left since: then there is nothing to move.
        try:
            order.move_to_end(page.key)
        except KeyError:
            return

    def read_lately(self, number: int) -> list[str]:
        """The keys of the pages that were read or made last, the latest first."""
        with self._lock:
            return list(islice(reversed(self._found), number))

    def fill(self, page: Page, coding: int) -> Variant:
        """Make the page's variant in this coding, and count what it takes."""
        variant = page.variants[coding] = page.variant(coding)
        added = len(variant[1][0]) if variant[1][0] is not page.packed else 0
        with self._lock:
            page.size += added
            if self.by_key.get(page.key) is page:
                is_found = page.is_found
                self._sizes[is_found] += added
                self._shrink(is_found, self._limit(is_found))
        return variant

    def clear(self) -> None:
        with self._lock:
            for key in list(self.by_key):
                self._drop(key)

    def _limit(self, is_found: bool) -> int:
        return self.budget if is_found else self.budget // 16

    def _shrink(self, is_found: bool, limit: int) -> None:
        order = self._found if is_found else self._missing
        while self._sizes[is_found] > limit and order:
            self._drop(next(iter(order)))

    def _drop(self, key: str) -> None:
        page = self.by_key.pop(key, None)
        if page is None:
            return
        is_found = page.is_found
        (self._found if is_found else self._missing).pop(key, None)
        self._sizes[is_found] -= page.size
