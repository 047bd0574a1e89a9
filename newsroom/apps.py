from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NewsroomConfig(AppConfig):
    name = "newsroom"
    verbose_name = _("Newsroom")

    def ready(self) -> None:
        from articles import paper

        from . import background, checks  # noqa: F401  (registers jobs and system checks)
        from .pagecache import cdn, purge  # noqa: F401  (hear of changes)
        from .publication import PublicationSource

        paper.provide(PublicationSource())
