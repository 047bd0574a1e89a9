"""What is worked out once and kept: only what follows from its arguments alone."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar, cast

from django.conf import settings

Render = TypeVar("Render", bound=Callable[..., Any])


def kept(number: int) -> Callable[[Render], Render]:
    """Keep the last `number` results; while templates are worked on, none.

    Whatever the result depends on is an argument: the language, the words, the numbers. So what
    is kept can't be out of date.
    """

    def mark(render: Render) -> Render:
        return render if settings.DEBUG else cast(Render, lru_cache(maxsize=number)(render))

    return mark
