"""Who is posting, without keeping who it is; and how often."""

import datetime
import ipaddress

from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac

_POSTED_BEFORE = (
    "SELECT min(CASE WHEN article_id = %s AND body = %s THEN id END),"
    " count(CASE WHEN created_at > %s THEN 1 END)"
    " FROM comments_comment WHERE sender = %s"
)


def sender_of(request: HttpRequest) -> str:
    """A keyed hash of the client's address: enough to count by, useless to anybody else.

    An IPv6 customer has a whole /64, so that is what is hashed.
    """
    address = request.META.get("REMOTE_ADDR", "")
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        network = address
    else:
        if parsed.version == 6 and parsed.ipv4_mapped is not None:
            parsed = parsed.ipv4_mapped
        prefix = 64 if parsed.version == 6 else 32
        network = str(ipaddress.ip_network((parsed, prefix), strict=False))
    return salted_hmac("comments.sender", network, algorithm="sha256").hexdigest()


def take_turn(sender: str) -> None:
    """Let one comment of a sender at a time be counted and stored, in all processes.

    Must be called in a transaction. SQLite's immediate transactions take turns anyway;
    PostgreSQL does with a lock that ends with the transaction.
    """
    if connection.vendor == "postgresql":
        key = int.from_bytes(bytes.fromhex(sender[:16]), "big", signed=True)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])


def posted_before(sender: str, article_id: int, words: str) -> tuple[int | None, bool]:
    """The sender's comment that says these words under that story already, where there is one.

    And whether the sender has posted as much as COMMENTS_LIMIT allows in the last minutes. In one
    statement, and written by hand: having it composed would cost a sixth of a post.
    """
    since = connection.ops.adapt_datetimefield_value(timezone.now() - limit_span())
    with connection.cursor() as cursor:
        cursor.execute(_POSTED_BEFORE, [article_id, words, since, sender])
        same, recent = cursor.fetchone()
    return same, recent >= settings.COMMENTS_LIMIT


def limit_span() -> datetime.timedelta:
    return datetime.timedelta(minutes=settings.COMMENTS_LIMIT_MINUTES)
