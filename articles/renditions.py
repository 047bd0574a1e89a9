"""From an uploaded picture to what readers get: small, upright, 3:2, and nothing but pixels."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import IO

from django.utils.translation import gettext as _
from PIL import ExifTags, Image, ImageCms

logger = logging.getLogger(__name__)

#: What is accepted, by Pillow's names. Only these decoders ever see an upload.
FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "TIFF")
WIDTHS = (720, 1440)
MAX_BYTES = 25_000_000
MAX_PIXELS = 60_000_000

_RATIO = 3 / 2
_QUALITY = 60

#: A rendition less than this much wider than the one before isn't worth its file.
_STEP = 1.2

# EXIF orientation (CIPA DC-008, tag 0x0112): what makes a picture upright again.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_TURNED = frozenset({5, 6, 7, 8})


class Unusable(Exception):
    """The upload can't be made into renditions; the message is written for the uploader."""


@dataclass(frozen=True, slots=True)
class Rendition:
    """One file for readers; `suffix` has no dot."""

    width: int
    height: int
    content: bytes
    suffix: str = "webp"


@dataclass(frozen=True, slots=True)
class Made:
    """The upright original's size in pixels, its average colour "#rrggbb", and its renditions."""

    width: int
    height: int
    colour: str
    renditions: tuple[Rendition, ...]


def make(
    source: IO[bytes],
    *,
    widths: Sequence[int] = WIDTHS,
    max_bytes: int = MAX_BYTES,
    max_pixels: int = MAX_PIXELS,
) -> Made:
    """Renditions of the picture that is read from `source`, narrowest first.

    They are WebP, upright, cropped to 3:2 around the centre, in sRGB, of the given widths but
    never wider than the original, and carry no metadata: they are written from pixels alone.
    Transparency becomes white; of an animation the first frame is taken. The content tells the
    format, not the file's name. Raises Unusable for anything that isn't a whole picture in one of
    FORMATS within the limits, which are checked before a pixel is decoded.
    """
    content = source.read(max_bytes + 1)
    if not content:
        raise Unusable(_("The file is empty."))
    if len(content) > max_bytes:
        raise Unusable(
            _("The file is larger than %(limit)d MB.") % {"limit": max_bytes // 1_000_000}
        )
    try:
        picture = Image.open(BytesIO(content), formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels(max_pixels) from error
    except Exception as error:
        raise Unusable(
            _("This is not a picture we can read. Use JPEG, PNG, WebP, AVIF, GIF or TIFF.")
        ) from error
    with picture:
        if picture.width * picture.height > max_pixels:
            raise _too_many_pixels(max_pixels)
        try:
            return _made(picture, sorted(widths))
        except Exception as error:
            # Hostile files make decoders fail in every way there is, not in documented ones only.
            logger.info("Refused a broken %s picture", picture.format, exc_info=True)
            raise Unusable(
                _("The picture is broken. Export it again, or use another file.")
            ) from error


def _too_many_pixels(limit: int) -> Unusable:
    return Unusable(
        _("The picture has more than %(limit)d megapixels.") % {"limit": limit // 1_000_000}
    )


def _made(picture: Image.Image, widths: Sequence[int]) -> Made:
    orientation = _orientation(picture)
    profile = picture.info.get("icc_profile")
    width, height = picture.size
    if orientation in _TURNED:
        width, height = height, width
    cropped = min(width, height * _RATIO)
    available = max(1, int(cropped))
    sizes: list[int] = []
    for wanted in widths:
        possible = min(wanted, available)
        if not sizes or possible >= sizes[-1] * _STEP:
            sizes.append(possible)

    # A JPEG can be decoded at a fraction of its size, which is many times faster.
    scale = sizes[-1] / cropped
    picture.draft(None, (int(picture.width * scale) + 1, int(picture.height * scale) + 1))
    flat = _flat(picture)
    if orientation in _UPRIGHT:
        flat = flat.transpose(_UPRIGHT[orientation])
    largest = _srgb(_crop(flat, sizes[-1]), profile)

    renditions = []
    for size in sizes:
        small = largest if size == largest.width else _crop(largest, size)
        renditions.append(Rendition(small.width, small.height, _webp(small)))
    red, green, blue = largest.resize((1, 1), Image.Resampling.BOX).tobytes()
    return Made(width, height, f"#{red:02x}{green:02x}{blue:02x}", tuple(renditions))


def _orientation(picture: Image.Image) -> int:
    try:
        return int(picture.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:
        # Broken metadata is no reason to refuse a good picture.
        return 1


def _flat(picture: Image.Image) -> Image.Image:
    """Decoded, without palette or transparency, in 8 bits: mode L, RGB or CMYK."""
    picture.load()
    if picture.mode.startswith("I;16"):
        # Sixteen bits of grey: Pillow would clip them instead of scaling.
        return picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if picture.mode in {"L", "RGB", "CMYK"} and "transparency" not in picture.info:
        return picture
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        paper = Image.new("RGB", picture.size, "white")
        paper.paste(picture, mask=picture.getchannel("A"))
        return paper
    return picture.convert("RGB")


def _crop(picture: Image.Image, width: int) -> Image.Image:
    """The middle of the picture in 3:2, so many pixels wide."""
    box_width = min(picture.width, picture.height * _RATIO)
    box_height = min(picture.height, picture.width / _RATIO)
    left, top = (picture.width - box_width) / 2, (picture.height - box_height) / 2
    return picture.resize(
        (width, max(1, round(width / _RATIO))),
        Image.Resampling.LANCZOS,
        box=(left, top, left + box_width, top + box_height),
        reducing_gap=3.0,
    )


def _srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """The same colours in sRGB, as a new picture that has pixels and nothing else."""
    converted: Image.Image | None = None
    if profile:
        try:
            converted = ImageCms.profileToProfile(
                picture,
                ImageCms.ImageCmsProfile(BytesIO(profile)),
                ImageCms.createProfile("sRGB"),
                outputMode="RGB",
            )
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            # A profile that is broken or for another kind of picture: take the numbers as sRGB.
            converted = None
    plain = converted or picture.convert("RGB")
    return Image.frombytes("RGB", plain.size, plain.tobytes())


def _webp(picture: Image.Image) -> bytes:
    file = BytesIO()
    picture.save(file, "WEBP", quality=_QUALITY, method=4)
    return file.getvalue()
