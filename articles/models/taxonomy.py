"""What stories are sorted by: sections, topics, authors and agencies."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import models, transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from ..addresses import address, is_taken
from ..signals import announce, section_changed, subject_changed


class Section(models.Model):
    """A part of the paper; its position orders the navigation."""

    class Accent(models.TextChoices):
        """The colour pairs of the design whose contrast is proven, in light and dark."""

        BRAND = "brand", _("Brand (blue)")
        WORLD = "world", _("World (deep blue)")
        BUSINESS = "business", _("Business (green)")
        SCIENCE = "science", _("Science (violet)")
        CULTURE = "culture", _("Culture (magenta)")
        SPORT = "sport", _("Sport (orange)")
        OPINION = "opinion", _("Opinion (red)")

    name = models.CharField(_("name"), max_length=60, unique=True)
    slug = models.SlugField(
        _("slug"), max_length=60, unique=True, help_text=_("Its address: /slug/.")
    )
    description = models.CharField(
        _("description"),
        max_length=200,
        blank=True,
        help_text=_("One sentence under the section's name."),
    )
    accent = models.CharField(
        _("colour"), max_length=10, choices=Accent.choices, default=Accent.BRAND
    )
    position = models.PositiveSmallIntegerField(
        _("position"), default=0, help_text=_("Lower numbers come first in the navigation.")
    )

    class Meta:
        ordering = ["position", "name"]
        verbose_name = _("section")
        verbose_name_plural = _("sections")
        constraints = [
            models.CheckConstraint(
                name="section_accent_known",
                condition=models.Q(
                    accent__in=[
                        "brand",
                        "world",
                        "business",
                        "science",
                        "culture",
                        "sport",
                        "opinion",
                    ]
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return address("articles:section", self.slug)

    def clean(self) -> None:
        super().clean()
        if is_taken(self.slug):
            message = _("The site has something else at this address. Choose another slug.")
            raise ValidationError({"slug": message})

    def save(self, *args: Any, **kwargs: Any) -> None:
        with transaction.atomic():
            super().save(*args, **kwargs)
            announce(section_changed, sender=Section, section=self)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        # Deletion clears the key that listeners need.
        pk = self.pk
        with transaction.atomic():
            deleted = super().delete(*args, **kwargs)
            self.pk = pk
            announce(section_changed, sender=Section, section=self)
        return deleted


class Subject(models.Model):
    """What has a list of stories and a name on their pages."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        with transaction.atomic():
            super().save(*args, **kwargs)
            announce(subject_changed, sender=type(self), subject=self)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        pk = self.pk
        with transaction.atomic():
            deleted = super().delete(*args, **kwargs)
            self.pk = pk
            announce(subject_changed, sender=type(self), subject=self)
        return deleted


class Topic(Subject):
    """A subject that runs through sections, such as "Shipping"."""

    name = models.CharField(_("name"), max_length=80, unique=True)
    slug = models.SlugField(_("slug"), max_length=80, unique=True)

    class Meta:
        ordering = ["name"]
        verbose_name = _("topic")
        verbose_name_plural = _("topics")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("articles:topic", args=[self.slug])


class Author(Subject):
    """Somebody who signs stories. An author need not have a login."""

    name = models.CharField(_("name"), max_length=120, help_text=_("As printed in bylines."))
    slug = models.SlugField(_("slug"), max_length=120, unique=True)
    title = models.CharField(
        _("job title"),
        max_length=120,
        blank=True,
        default="",
        db_default="",
        help_text=_("Such as “Science editor”. Shown under the name on the author’s page."),
    )
    bio = models.TextField(_("biography"), max_length=1000, blank=True)
    portrait = models.ForeignKey(
        "articles.Image",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("portrait"),
        help_text=_("It is cropped to a square around the picture’s focal point."),
    )
    email = models.EmailField(
        _("email"),
        blank=True,
        default="",
        db_default="",
        help_text=_("Everybody can read it there. Empty: none is shown."),
    )
    links = models.TextField(
        _("profiles elsewhere"),
        max_length=1000,
        blank=True,
        default="",
        db_default="",
        help_text=_("One address a line, such as https://social.example/@name."),
    )

    class Meta:
        ordering = ["name"]
        verbose_name = _("author")
        verbose_name_plural = _("authors")
        # Other names are unique, and so have an index.
        indexes = [models.Index(fields=["name"], name="author_by_name")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("articles:author", args=[self.slug])

    def clean(self) -> None:
        """Refuse what isn't the address of a profile."""
        for profile in self.profiles:
            try:
                URLValidator(schemes=["http", "https"])(profile)
            except ValidationError as error:
                said = _("“%(address)s” is no address. Write one a line, from https:// on.")
                raise ValidationError({"links": said % {"address": profile}}) from error

    @property
    def profiles(self) -> list[str]:
        """The addresses at which readers find the author elsewhere, each once."""
        lines = (line.strip() for line in self.links.splitlines())
        return [line for line in dict.fromkeys(lines) if line]


class Agency(Subject):
    """A news agency whose copy the paper prints."""

    name = models.CharField(
        _("name"), max_length=80, unique=True, help_text=_("Shown where a byline would be.")
    )
    slug = models.SlugField(_("slug"), max_length=80, unique=True)
    credit_line = models.CharField(
        _("credit line"),
        max_length=120,
        blank=True,
        help_text=_("Printed after the last line of its stories, after a dash. Empty: its name."),
    )

    class Meta:
        ordering = ["name"]
        verbose_name = _("agency")
        verbose_name_plural = _("agencies")

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("articles:agency", args=[self.slug])

    @property
    def credit(self) -> str:
        return self.credit_line or self.name
