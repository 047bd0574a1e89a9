"""Bad configuration is found at start-up, with a hint."""

import re
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks

from articles.structured_data import POLICIES

_FEED_CONTENT = ("summary", "full")
_AI_CRAWLERS = ("allow", "refuse")


@checks.register
def check_settings(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    found: list[checks.CheckMessage] = []
    networks = [("TRUSTED_PROXIES", each) for each in settings.TRUSTED_PROXIES]
    networks += [("METRICS_NETWORKS", each) for each in settings.METRICS_NETWORKS]
    for name, network in networks:
        try:
            ip_network(network, strict=False)
        except ValueError:
            found.append(
                checks.Error(
                    f"{name} holds {network!r}, which is no network.",
                    hint="Write addresses or networks, parted by commas: 127.0.0.1,10.0.0.0/8.",
                    id="newsroom.E001",
                )
            )
    for name in ("READING_WORDS_PER_MINUTE", "READING_CHARACTERS_PER_MINUTE", "COMMENTS_LIMIT"):
        if getattr(settings, name) < 1:
            found.append(
                checks.Error(
                    f"{name} must be at least 1.",
                    hint=f"Unset {name} to get its default.",
                    id="newsroom.E002",
                )
            )
    found += _check_cdn()
    for name, choices in (("FEED_CONTENT", _FEED_CONTENT), ("AI_CRAWLERS", _AI_CRAWLERS)):
        if getattr(settings, name) not in choices:
            found.append(
                checks.Error(
                    f"{name} is {getattr(settings, name)!r}.",
                    hint=f"It is one of: {', '.join(choices)}.",
                    id="newsroom.E003",
                )
            )
    for name in settings.PUBLICATION_POLICIES:
        if name not in POLICIES:
            found.append(
                checks.Error(
                    f"PUBLICATION_POLICIES names {name!r}, which is no policy.",
                    hint=f"Those that search engines know are: {', '.join(POLICIES)}.",
                    id="newsroom.E004",
                )
            )
    if not settings.DEBUG and len(settings.SECRET_KEY) < 40:
        found.append(
            checks.Warning(
                "SECRET_KEY is short.",
                hint="Comment links and logins are signed with it: use 50 random characters.",
                id="newsroom.W001",
            )
        )
    return found


def _check_cdn() -> list[checks.CheckMessage]:
    # Only now: it needs the models of the apps.
    from .pagecache.cdn import ADAPTERS, NONE

    found: list[checks.CheckMessage] = []
    if settings.CDN == NONE:
        return found
    if settings.CDN not in ADAPTERS:
        return [
            checks.Error(
                f"CDN is {settings.CDN!r}, which is unknown.",
                hint=f"Write one of: {', '.join([NONE, *ADAPTERS])}.",
                id="newsroom.E010",
            )
        ]
    for name in ADAPTERS[settings.CDN].needs:
        if not getattr(settings, name):
            found.append(
                checks.Error(
                    f"CDN is {settings.CDN}, but {name} is not set.",
                    hint="docs/operating.md says for each CDN what it needs.",
                    id="newsroom.E011",
                )
            )
    for url in settings.CDN_URL:
        if not _is_plain_address(url):
            found.append(
                checks.Error(
                    "CDN_URL holds something that is no address.",
                    hint="Write https://cdn.example or http://10.0.0.5:6081, without a user or"
                    " password; several are parted by commas.",
                    id="newsroom.E012",
                )
            )
    if not re.fullmatch(r"[!-~]*", settings.CDN_TOKEN):
        found.append(
            checks.Error(
                "CDN_TOKEN holds a space or a sign that no token has.",
                hint="Copy it again, without what stands around it.",
                id="newsroom.E013",
            )
        )
    if settings.CDN_MAX_AGE < 1:
        found.append(
            checks.Error(
                "CDN_MAX_AGE must be at least 1.",
                hint="Unset CDN_MAX_AGE to get its default.",
                id="newsroom.E014",
            )
        )
    return found


def _is_plain_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        has_port = parts.port != 0
    except ValueError:
        return False
    return (
        parts.scheme in {"http", "https"}
        and bool(parts.hostname)
        and has_port
        and "@" not in parts.netloc
        and re.fullmatch(r"[!-~]+", url) is not None
    )
