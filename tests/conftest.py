"""What every test shares."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection
from hypothesis import HealthCheck, settings

from articles import keys

settings.register_profile(
    "newsroom", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.load_profile("newsroom")


#: As readers get them.
SITEMAP_LENGTH = keys.SITEMAP_LENGTH


@pytest.fixture(autouse=True)
def one_file_of_stories(monkeypatch: pytest.MonkeyPatch) -> None:
    """All stories of a test are in the first file of the sitemap.

    PostgreSQL numbers articles on from test to test, past the end of any real file.
    """
    monkeypatch.setattr(keys, "SITEMAP_LENGTH", 1_000_000)


@pytest.fixture
def real_sitemap(monkeypatch: pytest.MonkeyPatch, one_file_of_stories: None) -> None:
    """Files of the sitemap that are as long as readers get them."""
    monkeypatch.setattr(keys, "SITEMAP_LENGTH", SITEMAP_LENGTH)


@pytest.fixture
def committed_db(transactional_db: None) -> None:
    """A database whose changes other threads see, with the groups that migrations made.

    A test that commits is cleaned up by emptying every table, which takes those groups along.
    """
    for migration in (
        "articles.migrations.0002_editors",
        "articles.migrations.0011_curators",
        "comments.migrations.0002_moderators",
        "newsroom.migrations.0002_chief_editors",
    ):
        import_module(migration).make_group(apps, SimpleNamespace(connection=connection))
