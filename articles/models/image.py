"""Pictures: what editors upload, and what readers get."""

import logging
import secrets
from functools import partial
from io import BytesIO
from pathlib import PurePosixPath
from typing import IO, Any, NamedTuple

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _

from .. import rendition_files as files
from ..rendition_files import originals
from ..renditions import (
    CENTRE,
    CROPS,
    SITE_CROP,
    TYPES,
    Made,
    Rendition,
    Unusable,
    height_of,
    make,
    remake,
    remaster,
    render,
)
from ..signals import announce, image_changed

logger = logging.getLogger(__name__)


def original_name(image: "Image", filename: str) -> str:
    """A name that nobody can guess and that keeps nothing of the upload but its ending."""
    ending = PurePosixPath(filename).suffix.lower()[:6]
    return f"{secrets.token_hex(16)}{ending}"


class File(NamedTuple):
    """A file that readers get; `src` begins with a slash or a host."""

    src: str
    width: int
    height: int


class Source(NamedTuple):
    """A line of `<picture>`."""

    type: str
    srcset: str


class ImageQuerySet(models.QuerySet["Image"]):
    def add(self, file: IO[bytes], *, alt: str, by: Any = None, **fields: Any) -> "Image":
        """Store an uploaded picture with its renditions; raises renditions.Unusable."""
        image = self.model(alt=alt, uploaded_by=by, **fields)
        image.take(file)
        image.save()
        return image

    def of_stem(self, stem: str) -> "Image | None":
        """The picture whose renditions have or had names that begin like this."""
        return self.filter(stems__stem=stem).first()


def _part(name: Any, help_text: Any) -> Any:
    """A field for a part of a length, 0 to 1."""
    return models.FloatField(
        name,
        default=CENTRE[0],
        db_default=CENTRE[0],
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text=help_text,
    )


class Image(models.Model):
    """One picture with its words.

    The original is kept out of every public address, as its metadata may say where and by whom
    it was taken. Readers get renditions, which are rebuilt from pixels. What most readers ask for
    is made at upload, the rest when somebody first asks for it.

    All names of a picture's renditions begin with its stem, which is a new one whenever they
    change. Files of the one before are removed at once, as there may be a pressing reason for the
    change; what still asks for them is sent on to the new ones.
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
    focal_x = _part(
        _("focal point, across"),
        _("What every crop must show: 0 is the left edge of the picture, 1 the right edge."),
    )
    focal_y = _part(_("focal point, down"), _("0 is the upper edge, 1 the lower edge."))
    width = models.PositiveIntegerField(_("width"), default=0, editable=False)
    height = models.PositiveIntegerField(_("height"), default=0, editable=False)
    colour = models.CharField(_("placeholder colour"), max_length=7, blank=True, editable=False)
    #: {"stem": ..., "focus": [x, y], "widths": {crop: [narrowest, ..., widest]}}: all that exist
    #: or may be asked for, each in all of renditions.TYPES.
    renditions = models.JSONField(_("renditions"), default=dict, editable=False)
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

    _made: Made | None = None

    class Meta:
        ordering = ["-uploaded_at", "-pk"]
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")
        indexes = [models.Index(fields=["-uploaded_at", "-id"], name="image_newest")]
        constraints = [
            models.CheckConstraint(
                name="image_focal_point_inside",
                condition=models.Q(focal_x__range=(0, 1), focal_y__range=(0, 1)),
            )
        ]

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
        made = make(
            file,
            focus=self.focus,
            max_bytes=settings.IMAGE_MAX_BYTES,
            max_pixels=settings.IMAGE_MAX_PIXELS,
        )
        file.seek(0)
        if not self.file or getattr(self.file, "_committed", True):
            name = PurePosixPath(getattr(file, "name", "") or "picture").name
            self.file = ContentFile(file.read(), name=name)
        self.width, self.height, self.colour = made.width, made.height, made.colour
        self._made = made

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, and write the renditions of a new original or around a new focal point.

        Raises OSError when their files can't be written; then nothing is changed.
        """
        made = self._made
        if made is not None:
            master, widths, ready = made.master, made.widths, made.ready
            if self.focus != made.focus:
                ready = remake(master, focus=self.focus)
        elif self.stem and self.focus != tuple(self.renditions["focus"]):
            master, widths = self.master(), self.widths
            ready = remake(master, focus=self.focus)
        else:
            super().save(*args, **kwargs)
            return
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {
                *kwargs["update_fields"],
                *("file", "width", "height", "colour", "focal_x", "focal_y", "renditions"),
            }
        stem = secrets.token_hex(8)
        previous = self.renditions
        try:
            files.write_master(stem, master)
            for rendition, content in ready.items():
                files.write(rendition.name(stem), content)
            self.renditions = {"stem": stem, "focus": list(self.focus), "widths": widths}
            with transaction.atomic():
                self._save_replacing(*args, **kwargs)
                self.stems.create(stem=stem)
        except BaseException:
            self.renditions = previous
            files.delete(stem, [rendition.name(stem) for rendition in ready])
            raise
        self._made = None

    def _save_replacing(self, *args: Any, **kwargs: Any) -> None:
        before = None
        if not self._state.adding:
            before = Image.objects.select_for_update().filter(pk=self.pk).first()
        super().save(*args, **kwargs)
        if before is not None:
            announce(image_changed, sender=Image, image=self)
            transaction.on_commit(before.delete_renditions)
            if before.file.name != self.file.name:
                transaction.on_commit(partial(before.file.delete, save=False))

    @property
    def stem(self) -> str:
        """What the names of all renditions begin with; empty before the first save."""
        stem: str = self.renditions.get("stem", "")
        return stem

    @property
    def widths(self) -> dict[str, list[int]]:
        widths: dict[str, list[int]] = self.renditions.get("widths", {})
        return widths

    @property
    def focus(self) -> tuple[float, float]:
        return self.focal_x, self.focal_y

    @property
    def largest_src(self) -> str:
        """The address of the widest picture in 3:2, in JPEG, which everything can show."""
        return self.src(max(self.widths[SITE_CROP])) if self.stem else ""

    def fallback(self, up_to: int) -> File:
        """What `<img>` itself shows, for browsers that know no type but JPEG."""
        rendition = self.nearest(Rendition(up_to, "jpg"))
        return File(self.src_of(rendition), rendition.width, rendition.height)

    def src(self, width: int = 720, suffix: str = "jpg") -> str:
        """The address of the smallest rendition at least `width` pixels wide, or the largest."""
        if not self.stem:
            return ""
        return self.src_of(self.nearest(Rendition(width, suffix)))

    def src_of(self, rendition: Rendition) -> str:
        return _url(rendition.name(self.stem))

    def srcset(self, suffix: str = "jpg", *, up_to: int = 0) -> str:
        """All widths of one type for `srcset`, up to the first of at least `up_to` pixels."""
        if not self.stem:
            return ""
        widths = self.widths[SITE_CROP]
        if up_to:
            widest = self.nearest(Rendition(up_to, suffix)).width
            widths = [width for width in widths if width <= widest]
        start = _url(self.stem)
        return ", ".join(f"{start}-{width}.{suffix} {width}w" for width in widths)

    def sources(self, *, up_to: int) -> list[Source]:
        """What `<picture>` offers before its `<img>`: all but JPEG, best first."""
        return [
            Source(media_type, self.srcset(suffix, up_to=up_to))
            for suffix, media_type in TYPES.items()
            if suffix != "jpg"
        ]

    def crops(self) -> list[File]:
        """16:9, 4:3 and 1:1, in JPEG, 1200 pixels wide or as wide as the original allows."""
        # In this order: PostgreSQL keeps that of a JSON object's names to itself.
        widest = {crop: self.widths[crop][-1] for crop in CROPS if crop in self.widths}
        return [
            File(self.src_of(Rendition(width, "jpg", crop)), width, height_of(crop, width))
            for crop, width in widest.items()
            if crop != SITE_CROP
        ]

    def nearest(self, wanted: Rendition) -> Rendition:
        """What there is of that crop and type: the narrowest that is wide enough, or the widest."""
        widths = self.widths[wanted.crop]
        width = next((width for width in widths if width >= wanted.width), widths[-1])
        return Rendition(width, wanted.suffix, wanted.crop)

    def has(self, rendition: Rendition) -> bool:
        return rendition.width in self.widths.get(rendition.crop, ())

    def made(self, wanted: Rendition) -> Rendition | None:
        """What there is a file of, the most like it first; None if there is nothing."""
        alike = sorted(
            (
                Rendition(width, suffix, crop)
                for crop in {wanted.crop, SITE_CROP}
                for width in self.widths[crop]
                for suffix in TYPES
            ),
            key=lambda other: (
                other.suffix != wanted.suffix,
                other.suffix != "jpg",
                other.crop != wanted.crop,
                abs(other.width - wanted.width),
            ),
        )
        return next((other for other in alike if files.exists(other.name(self.stem))), None)

    def render(self, rendition: Rendition) -> IO[bytes]:
        """A rendition that this picture has, made now if nobody asked for it before.

        Raises OSError when there is nothing to make it from. A file that can't be stored is made
        for this once.
        """
        name = rendition.name(self.stem)
        with files.one_at_a_time(self.stem):
            file = files.read(name)
            if file is not None:
                return file
            content = render(self.master(), rendition, focus=self.focus)
            try:
                files.write(name, content)
            except OSError:
                logger.exception("Can't store a rendition")
        return BytesIO(content)

    def master(self) -> bytes:
        """What renditions are made from; made from the original if need be. Raises OSError."""
        try:
            return files.read_master(self.stem)
        except FileNotFoundError:
            # Uploaded before there were masters, or not in the backup.
            with self.file.open("rb") as original:
                try:
                    # What was once taken may be larger than what is taken now.
                    master = remaster(
                        original, max_bytes=original.size, max_pixels=self.width * self.height
                    )
                except Unusable as error:
                    raise OSError("The original can't be read.") from error
            files.write_master(self.stem, master)
            return master

    def delete_renditions(self) -> None:
        """Remove the files that readers get, and their master."""
        if self.stem:
            files.delete(
                self.stem,
                [
                    Rendition(width, suffix, crop).name(self.stem)
                    for crop, widths in self.widths.items()
                    for width in widths
                    for suffix in TYPES
                ],
            )


class ImageStem(models.Model):
    """What the names of a picture's renditions begin with, or began with before they changed."""

    stem = models.CharField(max_length=16, unique=True)
    image = models.ForeignKey(Image, models.CASCADE, related_name="stems")

    def __str__(self) -> str:
        return self.stem


@receiver(post_delete, sender=Image)
def _delete_files(instance: Image, **kwargs: Any) -> None:
    transaction.on_commit(instance.delete_renditions)
    transaction.on_commit(partial(instance.file.delete, save=False))


def _url(name: str) -> str:
    return default_storage.url(f"{files.FOLDER}/{name}")
