"""Make the search's index anew: after a change of language, or when it was lost."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from articles import search
from articles.models import Article


class Command(BaseCommand):
    help = (
        "Make the search's index anew from the editions that are public or will be. The site may"
        " stay up meanwhile."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--at-once", type=int, default=200, help="Articles in a transaction.")

    def handle(self, *args: Any, **options: Any) -> None:
        search.rebuild()
        number, last = 0, 0
        articles = Article.objects.order_by("pk").values_list("pk", flat=True)
        while batch := list(articles.filter(pk__gt=last)[: options["at_once"]]):
            number += search.reindex(batch)
            last = batch[-1]
        if options["verbosity"]:
            self.stdout.write(f"{number} editions can be found.")
