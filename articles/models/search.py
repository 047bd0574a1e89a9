"""What the search looks through: one row for each edition that is or will be public."""

from django.db import models


class SearchDocument(models.Model):
    """The words of one edition, folded as `articles.search.words` folds them.

    Only `articles.search` writes these rows, in the transaction that opens or closes the edition.
    The span is the edition's own, so that a scheduled story is found from its moment on and a
    withdrawn one no more, without anybody writing at that moment.

    SQLite's full-text index takes the words from these columns by triggers. On PostgreSQL they
    are empty, and two more columns hold the vectors: `title_search`, and `search` of all words.
    """

    edition = models.OneToOneField(
        "articles.Edition", models.CASCADE, primary_key=True, related_name="search_document"
    )
    #: Which language's endings are taken off.
    language = models.CharField(max_length=20)
    title = models.TextField(blank=True)
    lead = models.TextField(blank=True)
    body = models.TextField(blank=True)
    first_published_at = models.DateTimeField()
    live_from = models.DateTimeField()
    live_until = models.DateTimeField(null=True)

    objects: models.Manager["SearchDocument"] = models.Manager()

    def __str__(self) -> str:
        return f"Search document of edition {self.pk}"


class SearchWord(models.Model):
    """A word that some story has or had, for guessing what a mistyped one was meant to be."""

    word = models.CharField(max_length=30, primary_key=True)

    objects: models.Manager["SearchWord"] = models.Manager()

    def __str__(self) -> str:
        return self.word
