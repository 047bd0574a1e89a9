"""What many pages are made from, kept in this process until one of its keys is touched."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from .generations import Generations, slots_of

Value = TypeVar("Value")


class Keeper:
    """Keeps few values, for as long as its counters' file stands."""

    def __init__(self, generations: Generations) -> None:
        self._generations = generations
        #: By name: the sequence number from before it was made, the slots that it was made from,
        #: and the value.
        self._made: dict[str, tuple[int, tuple[int, ...], Any]] = {}

    def at(self, sequence: int) -> "KeeperOfAPage":
        """For a page whose rendering begins at this sequence number."""
        return KeeperOfAPage(self, sequence)

    def made(
        self, sequence: int, name: str, keys: Iterable[str], make: Callable[[], Value]
    ) -> Value:
        found = self._made.get(name)
        if found is not None and self._generations.is_fresh(found[0], found[1]):
            value: Value = found[2]
            return value
        value = make()
        self._made[name] = sequence, slots_of(keys), value
        return value


class KeeperOfAPage:
    """See `articles.keeping`.

    What it makes is as old as the page: that may have chosen its database, or begun to read, long
    before it asks for this.
    """

    __slots__ = ("_keeper", "_sequence")

    def __init__(self, keeper: Keeper, sequence: int) -> None:
        self._keeper = keeper
        self._sequence = sequence

    def made(self, name: str, keys: Iterable[str], make: Callable[[], Value]) -> Value:
        return self._keeper.made(self._sequence, name, keys, make)
