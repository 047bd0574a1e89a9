"""What many pages are made from, kept by whoever knows when it changes.

Without a keeper, nobody can tell whether a fact is still true, and each page looks everything up.
"""

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar, cast

from django.http import HttpRequest

#: In a request that is answered with a public page, the keeper of whoever asks.
KEEPER = "newsroom.keeper"

Value = TypeVar("Value")


class Keeper(Protocol):
    """Keeps values as long as none of the surrogate keys that they were made from is touched."""

    def made(self, name: str, keys: Iterable[str], make: Callable[[], Value]) -> Value:
        """The value of this name, made now unless it is kept.

        Pages of several threads share it, so nobody may change it. A page that shows it names the
        keys of what it shows.
        """


def of(request: HttpRequest) -> Keeper | None:
    return cast("Keeper | None", request.META.get(KEEPER))
