"""The front page as editors choose it: which stories stand where, which sections follow.

Nothing needs to be chosen: `articles.front_page` fills every place that is empty.
"""

from typing import Any

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from ..signals import announce, front_page_changed


class Curated(models.Model):
    """A part of the front page: whatever becomes of it, readers see at once."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        with transaction.atomic():
            super().save(*args, **kwargs)
            announce(front_page_changed, sender=FrontPage)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            deleted = super().delete(*args, **kwargs)
            announce(front_page_changed, sender=FrontPage)
        return deleted


class FrontPage(Curated):
    """The one front page; its stories and blocks point to it."""

    #: There is one, so it has one key.
    ONLY = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=ONLY, editable=False)
    changed_at = models.DateTimeField(_("changed at"), auto_now=True)

    class Meta:
        verbose_name = _("front page")
        verbose_name_plural = _("front page")
        constraints = [
            models.CheckConstraint(name="front_page_is_one", condition=models.Q(id=1)),
        ]

    def __str__(self) -> str:
        return str(_("Front page"))


class FrontStory(Curated):
    """A story in a place of the front page; shown there while it is live."""

    class Place(models.TextChoices):
        LEAD = "lead", _("Lead story")
        ALSO = "also", _("Under the lead story")
        TOP = "top", _("Top story")

    #: How many stories each place has room for.
    ROOM = {Place.LEAD: 1, Place.ALSO: 2, Place.TOP: 4}

    page = models.ForeignKey(FrontPage, models.CASCADE, related_name="stories")
    place = models.CharField(_("place"), max_length=4, choices=Place.choices, default=Place.TOP)
    article = models.OneToOneField(
        "articles.Article",
        models.CASCADE,
        related_name="front_place",
        verbose_name=_("story"),
        help_text=_("One that is not live yet appears here once it is."),
    )
    position = models.PositiveSmallIntegerField(
        _("position"), default=0, help_text=_("Lower numbers come first.")
    )

    class Meta:
        ordering = ["place", "position", "pk"]
        verbose_name = _("story on the front page")
        verbose_name_plural = _("stories on the front page")
        constraints = [
            models.UniqueConstraint(
                fields=["page"], condition=models.Q(place="lead"), name="front_page_has_one_lead"
            ),
            models.CheckConstraint(
                name="front_story_place_known",
                condition=models.Q(place__in=["lead", "also", "top"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_place_display()}: {self.article}"


class FrontBlock(Curated):
    """A section's newest stories, in a block of the front page."""

    class Variant(models.TextChoices):
        WIDE = "wide", _("Wide: a large story with six beside it")
        HALF = "half", _("Half: four stories, beside the next half")
        ROW = "row", _("Row: four stories side by side")
        BAND = "band", _("Tinted band: columnists, and what a reader said")

    #: How many stories each variant shows.
    LENGTH = {Variant.WIDE: 7, Variant.HALF: 4, Variant.ROW: 4, Variant.BAND: 3}

    page = models.ForeignKey(FrontPage, models.CASCADE, related_name="blocks")
    section = models.OneToOneField(
        "articles.Section", models.CASCADE, related_name="front_block", verbose_name=_("section")
    )
    variant = models.CharField(
        _("shape"), max_length=4, choices=Variant.choices, default=Variant.HALF
    )
    position = models.PositiveSmallIntegerField(
        _("position"), default=0, help_text=_("Lower numbers come first.")
    )

    class Meta:
        ordering = ["position", "pk"]
        verbose_name = _("section on the front page")
        verbose_name_plural = _("sections on the front page")
        constraints = [
            models.UniqueConstraint(
                fields=["page"], condition=models.Q(variant="band"), name="front_page_has_one_band"
            ),
            models.CheckConstraint(
                name="front_block_variant_known",
                condition=models.Q(variant__in=["wide", "half", "row", "band"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.section}: {self.get_variant_display()}"
