"""What every template may say about the publication."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def publication(request: HttpRequest) -> dict[str, Any]:
    """The paper's name, tagline and address: the same for every reader."""
    return {
        "publication": {
            "name": settings.PUBLICATION_NAME,
            "tagline": settings.PUBLICATION_TAGLINE,
            "url": settings.SITE_URL,
        }
    }
