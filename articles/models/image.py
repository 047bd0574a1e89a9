"""Pictures: what editors upload, and what readers get."""

import secrets
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, default_storage, storages
from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from ..renditions import Rendition, Unusable, make
from ..signals import announce, image_changed


def originals() -> Storage:
    return storages["originals"]


def original_name(image: "Image", filename: str) -> str:
    """A name that nobody can guess and that keeps nothing of the upload but its ending."""
    ending = PurePosixPath(filename).suffix.lower()[:6]
    return f"{secrets.token_hex(16)}{ending}"


class ImageQuerySet(models.QuerySet["Image"]):
    def add(self, file: IO[bytes], *, alt: str, by: Any = None, **fields: Any) -> "Image":
        """Store an uploaded picture with its renditions; raises renditions.Unusable."""
        image = self.model(alt=alt, uploaded_by=by, **fields)
        image.take(file)
        image.save()
        return image


class Image(models.Model):
    """One picture with its words.

    The original is kept out of every public address, as its metadata may say where and by whom
    it was taken. Readers get `renditions`, which are rebuilt from pixels.
    """

    file = models.FileField(
        _("picture"),
        storage=originals,
        upload_to=original_name,
        max_length=200,
        help_text=_("JPEG, PNG, WebP, AVIF, GIF or TIFF, up to 25 MB. It is cropped to 3:2."),
    )
    alt = models.CharField(
        _("alternative text"),
        max_length=300,
        help_text=_("What the picture shows, for readers who can't see it."),
    )
    caption = models.CharField(_("caption"), max_length=500, blank=True)
    credit = models.CharField(
        _("credit"),
        max_length=200,
        blank=True,
        help_text=_("For example: Ana Lima / The Newsroom."),
    )
    width = models.PositiveIntegerField(_("width"), default=0, editable=False)
    height = models.PositiveIntegerField(_("height"), default=0, editable=False)
    colour = models.CharField(_("placeholder colour"), max_length=7, blank=True, editable=False)
    renditions = models.JSONField(_("renditions"), default=list, editable=False)
    uploaded_at = models.DateTimeField(_("uploaded at"), auto_now_add=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("uploaded by"),
    )

    objects = ImageQuerySet.as_manager()

    _unwritten: Sequence[Rendition] = ()

    class Meta:
        ordering = ["-uploaded_at", "-pk"]
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")
        indexes = [models.Index(fields=["-uploaded_at", "-id"], name="image_newest")]

    def __str__(self) -> str:
        return self.alt or str(_("Picture without a description"))

    def clean(self) -> None:
        """Make the renditions of a new upload; a file that can't be used is a field error."""
        upload = self.file
        if not upload or getattr(upload, "_committed", True):
            return
        try:
            self.take(upload.file)
        except Unusable as error:
            raise ValidationError({"file": str(error)}) from error

    def take(self, file: IO[bytes]) -> None:
        """Take over a new original and make its renditions; raises renditions.Unusable.

        The files are written by the next `save()`, so that a refused form leaves none behind.
        """
        file.seek(0)
        made = make(file, max_bytes=settings.IMAGE_MAX_BYTES, max_pixels=settings.IMAGE_MAX_PIXELS)
        file.seek(0)
        if not self.file or getattr(self.file, "_committed", True):
            name = PurePosixPath(getattr(file, "name", "") or "picture").name
            self.file = ContentFile(file.read(), name=name)
        self.width, self.height, self.colour = made.width, made.height, made.colour
        self._unwritten = made.renditions

    def save(self, *args: Any, **kwargs: Any) -> None:
        is_replaced = bool(self._unwritten) and not self._state.adding
        if self._unwritten:
            stem = secrets.token_hex(8)
            self.renditions = [
                {
                    "width": made.width,
                    "height": made.height,
                    "name": default_storage.save(
                        f"pictures/{stem}-{made.width}.{made.suffix}", ContentFile(made.content)
                    ),
                }
                for made in self._unwritten
            ]
            self._unwritten = ()
        with transaction.atomic():
            super().save(*args, **kwargs)
            if is_replaced:
                announce(image_changed, sender=Image, image=self)

    @property
    def largest(self) -> dict[str, Any]:
        return max(self.renditions, key=lambda rendition: rendition["width"])

    @property
    def largest_src(self) -> str:
        return default_storage.url(self.largest["name"]) if self.renditions else ""

    def src(self, width: int = 720) -> str:
        """The address of the smallest rendition at least `width` pixels wide, or the largest."""
        if not self.renditions:
            return ""
        wide_enough = [r for r in self.renditions if r["width"] >= width] or [self.largest]
        return default_storage.url(min(wide_enough, key=lambda r: r["width"])["name"])

    @property
    def srcset(self) -> str:
        return ", ".join(f"{default_storage.url(r['name'])} {r['width']}w" for r in self.renditions)
