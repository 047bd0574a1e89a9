"""What every template may say about the publication."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from articles.paper import current


def publication(request: HttpRequest) -> dict[str, Any]:
    """What the paper says of itself (articles.paper.Paper): the same for every reader."""
    return {"publication": SimpleLazyObject(current)}
