"""Headers that every answer carries, and the client's address behind proxies."""

from collections.abc import Callable
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest, HttpResponse

GetResponse = Callable[[HttpRequest], HttpResponse]


class ClientAddressMiddleware:
    """Put the client's own address into REMOTE_ADDR.

    X-Forwarded-For is read from its end, as each proxy appends the address it was called from,
    and only while the caller is one of settings.TRUSTED_PROXIES: what a client writes there
    itself is never believed. An unreadable entry ends the walk.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.trusted = [ip_network(network, strict=False) for network in settings.TRUSTED_PROXIES]

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if self.trusted:
            request.META["REMOTE_ADDR"] = self.client_address(
                request.META.get("REMOTE_ADDR", ""), request.META.get("HTTP_X_FORWARDED_FOR", "")
            )
        return self.get_response(request)

    def client_address(self, caller: str, forwarded_for: str) -> str:
        hops = [hop.strip() for hop in forwarded_for.split(",") if hop.strip()]
        while hops and self.is_trusted(caller):
            try:
                caller = str(ip_address(hops[-1]))
            except ValueError:
                break
            hops.pop()
        return caller

    def is_trusted(self, address: str) -> bool:
        try:
            caller = ip_address(address)
        except ValueError:
            return False
        return any(caller in network for network in self.trusted)


class SecurityHeadersMiddleware:
    """Add the headers that Django has no setting for."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault(
            "Permissions-Policy",
            "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
        )
        return response
