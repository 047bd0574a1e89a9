"""Where a post comes from. Public pages carry no token, so this is what guards posting."""

from enum import Enum

from django.conf import settings
from django.http import HttpRequest


class Origin(Enum):
    OWN = "own"
    FOREIGN = "foreign"
    UNKNOWN = "unknown"


def origin_of(request: HttpRequest) -> Origin:
    """Tell our own pages' posts from foreign ones by what browsers send and pages can't forge.

    Sec-Fetch-Site (Fetch Metadata Request Headers, W3C) decides where it is sent, then Origin
    (Fetch Standard). A client that sends neither, or an opaque origin, is unknown: it is asked
    to confirm.
    """
    site = request.headers.get("Sec-Fetch-Site", "")
    if site == "same-origin":
        return Origin.OWN
    if site in {"same-site", "cross-site"}:
        return Origin.FOREIGN
    origin = request.headers.get("Origin", "null")
    if origin == "null":
        return Origin.UNKNOWN
    own = {settings.SITE_URL, f"{request.scheme}://{request.get_host()}"}
    return Origin.OWN if origin in own else Origin.FOREIGN
