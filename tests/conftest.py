"""What every test shares."""

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection
from hypothesis import HealthCheck, settings

settings.register_profile(
    "newsroom", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
settings.load_profile("newsroom")


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
