"""Shared counters: which keys were touched since when.

One small memory-mapped file holds them for all processes of a machine. Every key has a slot (keys
may share one, which only makes more pages stale than need be), and in it the sequence number of
its last touch. A page is fresh while none of its slots exceeds the sequence number that was read
before its rendering began.

Touching a key after the commit alone would leave a moment in which the change is committed and
its key is not touched yet. So a change is opened before its commit, which lifts its slots above
every sequence number: nothing made from them counts as fresh, nor can be kept as fresh, until the
change is closed. Then they get a new sequence number, higher than that of any page rendered from
what was there before.

A process that dies with changes open would leave their slots lifted, which costs speed but never
freshness. Each process holds a lock of the kernel's for as long as it lives; whoever meets a
lifted slot closes the changes of those that hold none any more.

Words are eight bytes, aligned, and written whole, so readers need no lock. Writers take turns.
"""

import fcntl
import mmap
import os
import threading
import zlib
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from pathlib import Path

#: Part of the file's name: another layout is another file.
LAYOUT = 2
#: The page of a story looks at thirty, and a day of a paper touches some thousands: with a
#: sixteenth of these, half of all pages shared one with a key that was none of theirs. They take
#: 8 MB of the machine's memory.
SLOTS = 1 << 20
#: At most so many slots can be lifted at once, by all processes together.
RECORDS = 4096
#: A change of more keys than this lifts the slot of everything.
MANY = 64
#: Higher than every sequence number.
LIFTED = 1 << 63

# Words at the head of the file.
SEQUENCE = 0
BOUNDARY = 1
TURNED = 2
HEARD = 3
_ANNOUNCED = 4
_EPOCH = 5
_OPEN = 6
_RECORDS = 64
_SLOTS = _RECORDS + 2 * RECORDS

#: The slot that every page was made from.
EVERYTHING = _SLOTS
_WORDS = _SLOTS + 1 + SLOTS

#: No moment, where the next one is asked for.
NEVER = (1 << 63) - 1

# Bytes of the lock file: whose turn it is to write, and one for each living process.
_TURN = 0
_OWNERS = 4096


def slot_of(key: str) -> int:
    """The word that holds the key's last touch; the same in every process and release."""
    return _SLOTS + 1 + zlib.crc32(key.encode()) % SLOTS


def slots_of(keys: Iterable[str]) -> tuple[int, ...]:
    """The words to look at for something made from these keys, and from everything."""
    return (EVERYTHING, *sorted({slot_of(key) for key in keys}))


class Generations:
    """The counters of one folder. Safe for threads and processes; not to be carried over a fork."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / f"generations.{LAYOUT}"
        self._thread_turn = threading.RLock()
        self._locks = os.open(folder / f"locks.{LAYOUT}", os.O_RDWR | os.O_CREAT, 0o644)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.lockf(self._locks, fcntl.LOCK_EX, 1, _TURN)
            try:
                is_new = os.fstat(descriptor).st_size == 0
                if is_new:
                    os.ftruncate(descriptor, _WORDS * 8)
                self._map = mmap.mmap(descriptor, _WORDS * 8)
                #: The words. Reading one costs no more than indexing a list.
                self.words = memoryview(self._map).cast("Q")
                if is_new:
                    self.words[_EPOCH] = int.from_bytes(os.urandom(7), "big")
                    self.words[SEQUENCE] = 1
            finally:
                fcntl.lockf(self._locks, fcntl.LOCK_UN, 1, _TURN)
            self._inode = os.fstat(descriptor).st_ino
        finally:
            os.close(descriptor)
        #: The number of this process among those that are alive.
        self.owner = self._claim()

    @property
    def sequence(self) -> int:
        """To be read before rendering begins; a page is as old as this says."""
        return self.words[SEQUENCE]

    @property
    def epoch(self) -> str:
        """Names this file: sequence numbers of another one mean nothing here."""
        return f"{self.words[_EPOCH]:x}"

    @property
    def boundary(self) -> int:
        """When a kept page may next be changed by the clock alone, in microseconds of the epoch."""
        return self.words[BOUNDARY]

    @property
    def turned(self) -> int:
        """Until when the clock's changes are in the counters, in microseconds of the epoch."""
        return self.words[TURNED]

    @property
    def announced(self) -> int:
        """How often somebody named a boundary."""
        return self.words[_ANNOUNCED]

    def is_current(self) -> bool:
        """Whether the file is still there: somebody may have emptied its folder."""
        try:
            return os.stat(self.path).st_ino == self._inode
        except OSError:
            return False

    def is_fresh(self, sequence: int, slots: Iterable[int]) -> bool:
        """Whether none of these slots was touched after that sequence number, nor is lifted."""
        words = self.words
        return all(words[slot] <= sequence for slot in slots)

    def touch(self, keys: Iterable[str]) -> None:
        """Everything made from these keys until now is stale."""
        with self._turn():
            self._put({slot_of(key) for key in keys})

    def touch_everything(self) -> None:
        """Every page made until now is stale."""
        with self._turn():
            self._put({EVERYTHING})

    def open(self, keys: Iterable[str], boundary: int = NEVER) -> "Change":
        """Lift these keys until the change is closed; call it before the change is committed.

        `boundary` is the next moment at which, after the change, the clock alone changes a page, in
        microseconds of the epoch.
        """
        slots = {slot_of(key) for key in keys}
        with self._turn():
            words = self.words
            if len(slots) > MANY or words[_OPEN] + len(slots) > RECORDS:
                self._reap()
                slots = {EVERYTHING}
            if words[_OPEN] + len(slots) > RECORDS:
                raise OverflowError("Too many changes are open at once.")
            for slot in slots:
                record = _RECORDS + 2 * words[_OPEN]
                words[record], words[record + 1] = self.owner, slot
                words[_OPEN] += 1
                words[slot] = LIFTED
            self._announce(boundary)
            words[SEQUENCE] += 1
        return Change(self, frozenset(slots), boundary)

    def turn(self, boundary: int, turned: int, keys: Iterable[str], announced: int) -> None:
        """Touch what the clock has changed until `turned`, and name the boundary after it.

        Both moments are in microseconds of the epoch. `announced` is the property's value from
        before the boundary was looked up: when others have named boundaries since, the lookup may
        have missed theirs, and the passed boundary stays so that somebody looks again.
        """
        with self._turn():
            words = self.words
            # First: who finds the new boundary without a lock must not meet older slots.
            self._put({slot_of(key) for key in keys})
            words[TURNED] = max(words[TURNED], turned)
            if words[_ANNOUNCED] == announced:
                words[BOUNDARY] = boundary

    def expect(self, boundary: int) -> None:
        """Name a boundary; an earlier one stays."""
        with self._turn():
            self._announce(boundary)
            self.words[SEQUENCE] += 1

    def reap(self) -> bool:
        """Close the changes of processes that have died; whether there were any."""
        with self._turn():
            return self._reap()

    def close(self) -> None:
        """Let go of the file, as a process that ends does."""
        self.words.release()
        self._map.close()
        os.close(self._locks)

    def _close(self, slots: frozenset[int], boundary: int) -> None:
        with self._turn():
            self._drop(self.owner, slots)
            # Once more: a look-up between opening and commit could not know of it.
            self._announce(boundary)
            self._put(slots)

    def _announce(self, boundary: int) -> None:
        if boundary != NEVER:
            self.words[BOUNDARY] = min(self.words[BOUNDARY], boundary)
            self.words[_ANNOUNCED] += 1

    def _put(self, slots: AbstractSet[int]) -> None:
        """Give the slots a new sequence number, but for those that another change has lifted."""
        words = self.words
        sequence = words[SEQUENCE] + 1
        lifted = {words[_RECORDS + 2 * number + 1] for number in range(words[_OPEN])}
        for slot in slots - lifted:
            words[slot] = sequence
        # Last: who reads this number without a lock must not meet older slots.
        words[SEQUENCE] = sequence

    def _drop(self, owner: int, slots: AbstractSet[int]) -> None:
        """Take out one record of each of these slots."""
        words = self.words
        left = set(slots)
        number = 0
        while number < words[_OPEN] and left:
            record = _RECORDS + 2 * number
            if words[record] == owner and words[record + 1] in left:
                left.discard(words[record + 1])
                last = _RECORDS + 2 * (words[_OPEN] - 1)
                words[record], words[record + 1] = words[last], words[last + 1]
                words[_OPEN] -= 1
            else:
                number += 1

    def _reap(self) -> bool:
        return self._bury({owner for owner in self._owners() if not self._lives(owner)})

    def _owners(self) -> set[int]:
        return {self.words[_RECORDS + 2 * number] for number in range(self.words[_OPEN])}

    def _bury(self, dead: AbstractSet[int]) -> bool:
        """Close what these left open; whether there was anything."""
        words = self.words
        left = [_RECORDS + 2 * number for number in range(words[_OPEN])]
        slots = [(words[record], words[record + 1]) for record in left if words[record] in dead]
        for owner, slot in slots:
            self._drop(owner, {slot})
        if slots:
            self._put({slot for _owner, slot in slots})
            # What it may have committed, the next look-up finds.
            words[BOUNDARY] = 0
        return bool(slots)

    def _claim(self) -> int:
        """The number of this process: a byte of the lock file that it alone holds."""
        with self._turn():
            for owner in range(1, _OWNERS):
                if self._try(owner):
                    # Whoever had this number before is dead.
                    self._bury({owner})
                    return owner
        raise OverflowError("Too many processes share one page cache.")

    def _lives(self, owner: int) -> bool:
        if owner == self.owner:
            return True
        if not self._try(owner):
            return True
        fcntl.lockf(self._locks, fcntl.LOCK_UN, 1, owner)
        return False

    def _try(self, owner: int) -> bool:
        try:
            fcntl.lockf(self._locks, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, owner)
        except OSError:
            return False
        return True

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """The right to write: one thread of one process at a time."""
        with self._thread_turn:
            fcntl.lockf(self._locks, fcntl.LOCK_EX, 1, _TURN)
            try:
                yield
            finally:
                fcntl.lockf(self._locks, fcntl.LOCK_UN, 1, _TURN)


class Change:
    """Keys lifted until the change they stand for is committed or given up."""

    def __init__(
        self, generations: Generations, slots: frozenset[int], boundary: int = NEVER
    ) -> None:
        self._generations = generations
        self._slots = slots
        self._boundary = boundary
        self._is_open = True

    def close(self) -> None:
        """What was made from these keys before is stale; what is made from now on is fresh."""
        if self._is_open:
            self._is_open = False
            self._generations._close(self._slots, self._boundary)

    def __del__(self) -> None:
        # A rollback forgets what was to be called on commit. That is the only notice Django gives.
        self.close()
