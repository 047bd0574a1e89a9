"""What the newsroom tells readers that it had wrong, or left unclear."""

import datetime
from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.db.models.functions import JSONObject
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext_lazy as _

from .edition import Edition


class CorrectionQuerySet(models.QuerySet["Correction"]):
    def standing(self) -> "CorrectionQuerySet":
        """Those that were not taken back."""
        return self.filter(retracted_at__isnull=True)

    def public(self, at: datetime.datetime | None = None) -> "CorrectionQuerySet":
        """Those that readers can see: they stand, and so does their story."""
        live = Edition.objects.live(at).filter(article=models.OuterRef("article"))
        return self.standing().filter(models.Exists(live))

    def newest_first(self) -> "CorrectionQuerySet":
        return self.order_by("-made_at", "-pk")


class Correction(models.Model):
    """One correction, clarification or editor's note under a story.

    Only `articles.publishing` makes them and takes them back; their words never change. They
    belong to the story, not to an edition: a correction stays under all that is published later.
    """

    class Kind(models.TextChoices):
        CORRECTION = "correction", _("Correction")
        CLARIFICATION = "clarification", _("Clarification")
        NOTE = "note", _("Editor’s note")

    article = models.ForeignKey(
        "articles.Article", models.PROTECT, related_name="corrections", verbose_name=_("article")
    )
    kind = models.CharField(_("kind"), max_length=15, choices=Kind.choices, default=Kind.CORRECTION)
    text = models.TextField(_("text"), max_length=2000)
    made_at = models.DateTimeField(_("made at"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("by"),
    )
    retracted_at = models.DateTimeField(_("taken back at"), null=True)

    objects = CorrectionQuerySet.as_manager()

    class Meta:
        ordering = ["-made_at", "-pk"]
        verbose_name = _("correction")
        verbose_name_plural = _("corrections")
        indexes = [
            models.Index(
                fields=["-made_at", "-id"],
                condition=models.Q(retracted_at__isnull=True),
                name="correction_newest",
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="correction_kind_known",
                condition=models.Q(kind__in=["correction", "clarification", "note"]),
            ),
            models.CheckConstraint(name="correction_says_something", condition=~models.Q(text="")),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.text[:60]}"

    @property
    def anchor(self) -> str:
        """What its own place on the story's page is called."""
        return f"correction-{self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("A correction never changes: take it back and make another.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("A correction is never deleted: take it back.")


class _JSONArray(models.Aggregate):
    """All values of a group in one JSON array, in no order."""

    function = "JSON_GROUP_ARRAY"
    output_field = models.JSONField()

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        return self.as_sql(compiler, connection, function="JSONB_AGG", **extra)


def rows_of_story() -> models.Subquery:
    """The standing corrections of an edition's story, within the query for the edition.

    They come with it because the page of a story has no query to spare; `read` makes corrections
    of them again.
    """
    row = JSONObject(pk="pk", kind="kind", text="text", made_at="made_at")
    standing = Correction.objects.standing().filter(article=models.OuterRef("article"))
    grouped = standing.order_by().values("article").annotate(rows=_JSONArray(row))
    return models.Subquery(grouped.values("rows"))


def read(rows: list[dict[str, Any]] | None) -> list[Correction]:
    """The corrections of `rows_of_story`, oldest first."""
    made = [
        Correction(
            pk=row["pk"], kind=row["kind"], text=row["text"], made_at=_moment(row["made_at"])
        )
        for row in rows or []
    ]
    return sorted(made, key=lambda correction: (correction.made_at, correction.pk))


def _moment(text: str) -> datetime.datetime:
    """A moment as the database writes it into JSON; SQLite leaves out that it is in UTC."""
    moment = parse_datetime(text)
    if moment is None:
        raise ValueError(text)
    return timezone.make_aware(moment, datetime.UTC) if timezone.is_naive(moment) else moment
