"""Public pages are read from a streaming replica, once it has everything that was committed.

Everything else is read from the primary, and all is written there. Before a page is read, the
primary says how far its log goes, and the replica how far it has followed. What a reader may ask
for was committed before, so a replica that has come so far can't give an older page than the
primary would. One that lags behind, is away or has become a primary itself is passed over.
"""

import logging
import time
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

from articles.public import DATABASE_AWAY, public_read

logger = logging.getLogger(__name__)

ALIAS = "replica"
#: Seconds that a page waits for the replica to follow, and between two looks at how far it is.
PATIENCE = 0.02
_LOOK = 0.002
#: Seconds for which a replica that is away, or lags behind, isn't asked again.
PAUSE_AWAY = 5.0
PAUSE_BEHIND = 0.2

_passed_over_until = 0.0


class Router:
    """Django's database router (see DATABASE_ROUTERS)."""

    def db_for_read(self, model: Any, **hints: Any) -> str:
        read = public_read.get()
        if read is None:
            return DEFAULT_DB_ALIAS
        # Once for each page: all of it comes from the same database.
        read.using = read.using or choose()
        return read.using

    def db_for_write(self, model: Any, **hints: Any) -> str:
        return DEFAULT_DB_ALIAS

    def allow_relation(self, one: Any, other: Any, **hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        return False if db == ALIAS else None


def choose() -> str:
    """The database that has everything committed until now: the replica's, or the primary's."""
    global _passed_over_until
    if time.monotonic() < _passed_over_until or connections[DEFAULT_DB_ALIAS].in_atomic_block:
        return DEFAULT_DB_ALIAS
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        # What is in the log though not on disk yet counts, as it may be visible already.
        cursor.execute("SELECT pg_current_wal_insert_lsn()::text")
        (committed,) = cursor.fetchone()
    try:
        if _has_followed(committed):
            return ALIAS
        pause = PAUSE_BEHIND
    except DATABASE_AWAY as error:
        logger.warning("Pages are read from the primary: %s", str(error).strip())
        connections[ALIAS].close()
        pause = PAUSE_AWAY
    _passed_over_until = time.monotonic() + pause
    return DEFAULT_DB_ALIAS


def _has_followed(committed: str) -> bool:
    """Whether the replica has come as far as that place in the log, within PATIENCE."""
    end = time.monotonic() + PATIENCE
    with connections[ALIAS].cursor() as cursor:
        while True:
            cursor.execute(
                "SELECT pg_is_in_recovery(), pg_last_wal_replay_lsn() >= %s::pg_lsn", [committed]
            )
            is_replica, has_followed = cursor.fetchone()
            if not is_replica or has_followed:
                return bool(is_replica and has_followed)
            if time.monotonic() > end:
                return False
            time.sleep(_LOOK)
