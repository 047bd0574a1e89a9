"""Where an edition is listed: under its topics, its authors, its agency."""

from typing import TYPE_CHECKING

from django.db import models
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from .edition import Edition

_SUBJECTS = ("topic", "author", "agency")


def _newest(subject: str) -> models.Index:
    return models.Index(
        fields=[subject, "-first_published_at", "-edition"],
        condition=models.Q(**{f"{subject}__isnull": False}),
        name=f"listing_newest_of_{subject}",
    )


def _only(subject: str) -> models.Q:
    return models.Q(**{f"{name}__isnull": name != subject for name in _SUBJECTS})


class ListingQuerySet(models.QuerySet["Listing"]):
    def add(self, edition: "Edition") -> None:
        """List a new edition under what its article names now."""
        article = edition.article
        topics = [topic.pk for topic in article.topics.all()]
        authors = dict.fromkeys(byline.author_id for byline in article.bylines.all())
        found = [
            *({"topic_id": pk} for pk in topics),
            *({"author_id": pk} for pk in authors),
            *({"agency_id": pk} for pk in [article.agency_id] if pk),
        ]
        self.bulk_create(
            self.model(edition=edition, first_published_at=edition.first_published_at, **subject)
            for subject in found
        )


class Listing(models.Model):
    """One edition under one topic, author or agency.

    It repeats when the story was first published, so that an index gives any page of a subject's
    list at once, however long the list is. `articles.publishing` makes these rows with their
    edition; like it, they never change.
    """

    edition = models.ForeignKey("articles.Edition", models.CASCADE, related_name="listings")
    topic = models.ForeignKey(
        "articles.Topic", models.CASCADE, null=True, related_name="listings", db_index=False
    )
    author = models.ForeignKey(
        "articles.Author", models.CASCADE, null=True, related_name="listings", db_index=False
    )
    agency = models.ForeignKey(
        "articles.Agency", models.CASCADE, null=True, related_name="listings", db_index=False
    )
    first_published_at = models.DateTimeField(_("first published at"))

    objects = ListingQuerySet.as_manager()

    class Meta:
        verbose_name = _("listing")
        verbose_name_plural = _("listings")
        indexes = [_newest(subject) for subject in _SUBJECTS]
        constraints = [
            models.CheckConstraint(
                name="listing_of_one_subject",
                condition=_only("topic") | _only("author") | _only("agency"),
            ),
        ]

    def __str__(self) -> str:
        subject = self.topic or self.author or self.agency
        return f"{subject}: {self.edition}"
