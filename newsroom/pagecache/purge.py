"""From "this changed" to touched keys: here, and on the other machines.

Keys are lifted inside the transaction that makes a change and touched once it is committed, so
that no request that begins after the commit gets a page from before it. On PostgreSQL the same
transaction notifies the other machines.
"""

import json
import os
import threading
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.dispatch import Signal, receiver

from articles import keys as names
from articles.models import Edition
from articles.signals import (
    changing,
    correction_changed,
    edition_changed,
    front_page_changed,
    image_changed,
    page_changed,
    section_changed,
    subject_changed,
)
from comments import keys as comment_keys
from comments.signals import comments_changed, picks_changed

from ..signals import publication_changed
from .generations import NEVER, Generations

#: Where machines tell each other what they touch.
CHANNEL = "newsroom_touched"
#: PostgreSQL takes payloads of less than 8000 bytes.
_LONGEST_PAYLOAD = 7900
#: Stands for every key.
EVERYTHING = "*"
#: What comments show of stories: the titles of those that are discussed or quoted.
_COMMENTED = {comment_keys.DISCUSSED, comment_keys.PICKS}

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_lock = threading.Lock()
_counters: Generations | None = None


def counters() -> Generations:
    """The machine's counters, as this process sees them."""
    global _counters
    with _lock:
        if _counters is None or not _counters.is_current():
            _counters = Generations(settings.PAGE_CACHE_FOLDER)
        return _counters


def _forget() -> None:
    global _counters
    _counters = None


# A child has none of its parent's locks.
os.register_at_fork(after_in_child=_forget)


def keys_of(signal: Signal, facts: dict[str, Any]) -> tuple[set[str], int]:
    """What a change touches, and the next moment at which the clock will change pages by it.

    `facts` are the signal's arguments. The moment is in microseconds of the epoch, or NEVER.
    """
    if signal is edition_changed:
        touched = {names.article(facts["article"].pk), names.FRONT}
        touched |= names.touched_by(*facts["editions"]) | _COMMENTED
        now = datetime.now(UTC)
        moments = [
            moment
            for edition in facts["editions"]
            if edition.live_until != edition.live_from
            for moment in (
                edition.live_from,
                edition.live_until,
                edition.first_published_at + names.NEWS_AGE,
            )
            if moment is not None and moment > now
        ]
        return touched, min(map(microseconds, moments), default=NEVER)
    if signal is correction_changed:
        return {names.CORRECTIONS, *names.touched_by(*facts["editions"])}, NEVER
    if signal is comments_changed:
        return {names.comments(facts["article"].pk), comment_keys.DISCUSSED}, NEVER
    if signal is picks_changed:
        return {comment_keys.PICKS}, NEVER
    if signal is section_changed:
        touched = {names.SECTIONS, names.section(facts["section"].pk)}
        return touched | {comment_keys.DISCUSSED}, NEVER
    if signal is subject_changed:
        return set(names.of_subject(facts["subject"])), NEVER
    if signal is image_changed:
        return {names.image(facts["image"].pk)}, NEVER
    if signal is front_page_changed:
        return {names.FRONT}, NEVER
    if signal in (page_changed, publication_changed):
        # Every page links to the pages that editors write, and says what the paper is called.
        return {names.PUBLICATION}, NEVER
    raise LookupError("A change that the page cache has not heard of")


@receiver(changing, dispatch_uid="pagecache.changing")
def lift(sender: Any, signal: Signal, signal_to_come: Signal, **facts: Any) -> None:
    """Make everything that shows what is changing stale, now and again when it is committed."""
    touched, boundary = keys_of(signal_to_come, facts)
    tell_others(touched, boundary)
    change = counters().open(touched, boundary)
    transaction.on_commit(change.close)


def tell_others(touched: Iterable[str], boundary: int = NEVER) -> None:
    """Notify the machines that share this database, once the transaction is committed."""
    if connection.vendor != "postgresql":
        return
    message = {"from": counters().epoch, "keys": sorted(touched), "boundary": boundary}
    payload = json.dumps(message, separators=(",", ":"))
    if len(payload.encode()) > _LONGEST_PAYLOAD:
        payload = json.dumps({**message, "keys": [EVERYTHING]}, separators=(",", ":"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, payload])


def heard(payload: str, here: Generations) -> None:
    """Touch in these counters what another machine says that it has changed."""
    try:
        message = json.loads(payload)
        keys, boundary = message["keys"], int(message["boundary"])
    except (ValueError, KeyError, TypeError):
        # Whatever that was, it meant a change.
        keys, boundary, message = [EVERYTHING], 0, {}
    if message.get("from") == here.epoch:
        return
    if EVERYTHING in keys:
        here.touch_everything()
    else:
        here.touch(keys)
    if boundary != NEVER:
        here.expect(boundary)


def turned(since: int, until: int) -> tuple[set[str], int | None]:
    """The keys of editions that came or went by the clock in `(since, until]`; the next moment.

    A story also leaves the news sitemap, once it is news no longer. All moments are in
    microseconds of the epoch. With `since` 0 nothing has been kept yet, so only the next moment is
    looked up.
    """
    after, at = moment_of(since), moment_of(until)
    spans = Edition.objects.exclude(live_until=F("live_from"))
    news = Edition.objects.live(at).order_by("first_published_at")
    touched: set[str] = set()
    if since:
        began = spans.filter(live_from__gt=after, live_from__lte=at)
        ended = spans.filter(live_until__gt=after, live_until__lte=at)
        touched = names.touched_by(*began, *ended)
        touched |= _COMMENTED if touched else set()
        first, last = after - names.NEWS_AGE, at - names.NEWS_AGE
        if news.filter(first_published_at__gt=first, first_published_at__lte=last).exists():
            touched.add(names.NEWS)
    coming = [
        spans.filter(live_from__gt=at).order_by("live_from").values_list("live_from", flat=True),
        spans.filter(live_until__gt=at).order_by("live_until").values_list("live_until", flat=True),
    ]
    moments = [microseconds(moment) for query in coming for moment in query[:1] if moment]
    young = news.filter(first_published_at__gt=at - names.NEWS_AGE)
    for first in young.values_list("first_published_at", flat=True)[:1]:
        moments.append(microseconds(first + names.NEWS_AGE))
    return touched, min(moments, default=None)


def microseconds(moment: datetime) -> int:
    """The moment in microseconds of the epoch, exactly."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment_of(microseconds: int) -> datetime:
    return _EPOCH + timedelta(microseconds=microseconds)
