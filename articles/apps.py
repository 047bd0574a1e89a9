from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class ArticlesConfig(AppConfig):
    name = "articles"
    verbose_name = _("Articles")

    def ready(self) -> None:
        post_migrate.connect(_fill_the_index, sender=self, dispatch_uid="articles.search")


def _fill_the_index(using: str, **facts: Any) -> None:
    """Have the search find what a paper published before it had a search."""
    # Not in a migration: it needs the code and the tables of today.
    from django.core.management import call_command

    from . import search

    if search.is_missing(using):
        call_command("reindex", verbosity=facts["verbosity"])
