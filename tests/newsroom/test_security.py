import os
import subprocess
import sys

import pytest
from django.conf import settings

from newsroom.checks import check_settings
from newsroom.security import ClientAddressMiddleware


@pytest.fixture
def addresses(settings):
    settings.TRUSTED_PROXIES = ["10.0.0.0/8", "::1"]
    return ClientAddressMiddleware(lambda request: None)


class TestClientAddress:
    @pytest.mark.parametrize(
        ("caller", "forwarded_for", "client"),
        [
            ("203.0.113.7", "198.51.100.1", "203.0.113.7"),
            ("10.0.0.1", "", "10.0.0.1"),
            ("10.0.0.1", "198.51.100.1", "198.51.100.1"),
            ("10.0.0.1", "6.6.6.6, 198.51.100.1", "198.51.100.1"),
            ("10.0.0.1", "198.51.100.1, 10.0.0.2", "198.51.100.1"),
            ("10.0.0.1", "198.51.100.1, nonsense", "10.0.0.1"),
            ("::1", "2001:db8::1", "2001:db8::1"),
            ("", "198.51.100.1", ""),
        ],
    )
    def test_believes_trusted_proxies_only(self, addresses, caller, forwarded_for, client):
        assert addresses.client_address(caller, forwarded_for) == client

    def test_replaces_the_address_that_views_see(self, settings, rf):
        settings.TRUSTED_PROXIES = ["127.0.0.1"]
        seen = []
        middleware = ClientAddressMiddleware(lambda request: seen.append(request.META))
        middleware(rf.get("/", REMOTE_ADDR="127.0.0.1", HTTP_X_FORWARDED_FOR="198.51.100.1"))
        assert seen[0]["REMOTE_ADDR"] == "198.51.100.1"


class TestHeaders:
    @pytest.mark.django_db
    def test_of_every_page_are_strict(self, client):
        headers = client.get("/").headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert "nonce" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
        assert "camera=()" in headers["Permissions-Policy"]


def start(**environment):
    kept = {"PATH": os.environ["PATH"], "NEWSROOM_DATA": os.environ.get("NEWSROOM_DATA", "")}
    return subprocess.run(
        [sys.executable, "-c", "import django; django.setup(); print('started')"],
        cwd=settings.BASE_DIR,
        env={**kept, "DJANGO_SETTINGS_MODULE": "newsroom.settings", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


class TestStartUp:
    def test_stops_without_a_secret_key_and_says_what_to_do(self, tmp_path):
        done = start(NEWSROOM_DATA=str(tmp_path))
        assert done.returncode != 0
        assert "SECRET_KEY is not set" in done.stderr

    @pytest.mark.parametrize("environment", [{"DEBUG": "1"}, {"SECRET_KEY": "x" * 50}])
    def test_goes_on_with_a_key_or_for_debugging(self, tmp_path, environment):
        assert start(NEWSROOM_DATA=str(tmp_path), **environment).stdout == "started\n"

    @pytest.mark.parametrize("address", ["paper.example", "ftp://x.example", "https://x.example/a"])
    def test_stops_at_an_address_that_is_none(self, tmp_path, address):
        done = start(NEWSROOM_DATA=str(tmp_path), SECRET_KEY="x" * 50, SITE_URL=address)
        assert done.returncode != 0
        assert "SITE_URL" in done.stderr


class TestChecks:
    def test_find_bad_proxies_and_numbers(self, settings):
        settings.TRUSTED_PROXIES = ["proxy.example"]
        settings.COMMENTS_LIMIT = 0
        settings.SECRET_KEY = "short"
        assert {message.id for message in check_settings(None)} == {
            "newsroom.E001",
            "newsroom.E002",
            "newsroom.W001",
        }
