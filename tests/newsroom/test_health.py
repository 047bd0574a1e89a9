import pytest
from django.db import OperationalError, connection
from django.test import Client

from newsroom import health

pytestmark = pytest.mark.django_db


class TestHealthz:
    def test_needs_no_database(self, django_assert_num_queries):
        with django_assert_num_queries(0):
            response = Client().get("/healthz")
        assert (response.status_code, response.content) == (200, b"ok\n")

    def test_is_never_kept(self):
        assert "no-store" in Client().get("/healthz").headers["Cache-Control"]


class TestReadyz:
    def test_says_that_all_is_well(self):
        response = Client().get("/readyz")
        assert response.status_code == 200
        assert response.json() == {"database": True, "migrations": True, "disk": True}

    def test_says_that_the_database_is_away(self, monkeypatch):
        def fail(*arguments):
            raise OperationalError("away")

        monkeypatch.setattr(connection, "cursor", fail)
        response = Client().get("/readyz")
        assert response.status_code == 503
        assert response.json() == {"database": False, "migrations": False, "disk": True}

    def test_says_that_migrations_are_missing(self, monkeypatch):
        monkeypatch.setattr(
            health.MigrationExecutor, "migration_plan", lambda self, targets: ["one"]
        )
        response = Client().get("/readyz")
        assert response.status_code == 503
        assert response.json()["migrations"] is False

    def test_says_that_the_disk_is_not_writable(self, settings, tmp_path):
        settings.NEWSROOM_DATA = tmp_path / "nowhere"
        response = Client().get("/readyz")
        assert response.status_code == 503
        assert response.json()["disk"] is False


class TestMetrics:
    def test_are_there_for_this_machine(self):
        response = Client().get("/metrics")
        assert response.status_code == 200
        assert "newsroom_page_cache_hits_total" in response.text

    def test_are_there_for_the_networks_that_are_set(self, settings):
        settings.METRICS_NETWORKS = ["10.0.0.0/8"]
        assert Client(REMOTE_ADDR="10.1.2.3").get("/metrics").status_code == 200
        assert Client(REMOTE_ADDR="127.0.0.1").get("/metrics").status_code == 404

    @pytest.mark.parametrize("address", ["203.0.113.9", "", "junk", "2001:db8::1"])
    def test_are_hidden_from_everybody_else(self, address):
        assert Client(REMOTE_ADDR=address).get("/metrics").status_code == 404
