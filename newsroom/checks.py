"""Bad configuration is found at start-up, with a hint."""

from ipaddress import ip_network
from typing import Any

from django.conf import settings
from django.core import checks


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
    if not settings.DEBUG and len(settings.SECRET_KEY) < 40:
        found.append(
            checks.Warning(
                "SECRET_KEY is short.",
                hint="Comment links and logins are signed with it: use 50 random characters.",
                id="newsroom.W001",
            )
        )
    return found
