"""What many pages are made from, kept in this process until one of its keys is touched."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from .generations import Generations, slots_of

Value = TypeVar("Value")


class Keeper:
    """Keeps few values; see `articles.keeping`."""

    def __init__(self, generations: Generations) -> None:
        self._generations = generations
        #: By name: the sequence number from before it was made, the slots that it was made from,
        #: and the value.
        self._made: dict[str, tuple[int, tuple[int, ...], Any]] = {}

    def made(self, name: str, keys: Iterable[str], make: Callable[[], Value]) -> Value:
        found = self._made.get(name)
        if found is not None and self._generations.is_fresh(found[0], found[1]):
            value: Value = found[2]
            return value
        # Read first: what is touched while it is made makes it stale.
        sequence = self._generations.sequence
        value = make()
        self._made[name] = sequence, slots_of(keys), value
        return value
