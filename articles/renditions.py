"""From an uploaded picture to what readers get: small, upright, cropped, and nothing but pixels.

An upload is decoded once, into a master: upright, in sRGB, as large as the largest rendition needs
it. All renditions are made from the master, so that a reader's request never decodes what somebody
sent in.
"""

import logging
import math
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from io import BytesIO
from typing import IO, TypeVar

from django.utils.translation import gettext as _
from PIL import ExifTags, Image, ImageCms

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

#: What is accepted, by Pillow's names. Only these decoders ever see an upload.
FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "TIFF")
MAX_BYTES = 25_000_000
MAX_PIXELS = 60_000_000

#: Width by height of each crop. The site's own pages show the first; search engines want the rest.
CROPS: dict[str, float] = {"3x2": 3 / 2, "16x9": 16 / 9, "4x3": 4 / 3, "1x1": 1.0}
SITE_CROP = "3x2"
#: What each crop is made in, in pixels, where the original has as many. On the site's pages: a
#: picture beside a story in a list, the same on a dense screen or a lead on a phone, a lead on a
#: phone with three pixels to one, a lead on a desk.
WIDTHS: dict[str, tuple[int, ...]] = {
    "3x2": (360, 720, 1080, 1440),
    "16x9": (1200,),
    "4x3": (1200,),
    "1x1": (320, 1200),
}
#: What readers get, best first: the suffix, and what it is called on the web.
TYPES = {"avif": "image/avif", "webp": "image/webp", "jpg": "image/jpeg"}

#: As wide and as high as a logo is kept: twice what the front page shows, for dense screens.
LOGO_BOX = (1440, 240)

#: The middle of the picture, as parts of its width and height.
CENTRE = (0.5, 0.5)

#: A rendition less than this much wider than the one before isn't worth its file.
_STEP = 1.2

#: Tried in this order until a file is light enough; the last is taken as it comes.
_QUALITIES = {"avif": (50, 42, 34), "webp": (60, 50, 40), "jpg": (76,)}
#: Bytes that a file may always have, and for each pixel besides: at most 61 KB for a lead on a
#: phone with three pixels to one, at most 12 KB beside a story in a list.
_LIGHT = (6_000, 0.07)
#: From 0 (slow, small) to 10; 6 takes four times as long as 8 for a tenth fewer bytes.
_AVIF_SPEED = 8

#: Only a picture of an extreme shape would need a larger master.
_MASTER_PIXELS = 16_000_000
_MASTER_SIDE = 16_000

#: Real progressive pictures have about ten. Each may cost a pass over all pixels, and takes but a
#: few bytes to ask for.
_MAX_SCANS = 64
_SCAN = b"\xff\xda"

#: Decoded one at a time in a process: the largest take hundreds of megabytes.
_LARGE_PIXELS = 12_000_000
_large = threading.Lock()

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

_NAME = re.compile(
    r"(?P<stem>[0-9a-f]{16})(?:-(?P<crop>16x9|4x3|1x1))?-(?P<width>[1-9][0-9]{0,4})"
    r"\.(?P<suffix>avif|webp|jpg)",
    re.ASCII,
)


class Unusable(Exception):
    """The upload can't be made into renditions; the message is written for the uploader."""


@dataclass(frozen=True, slots=True)
class Rendition:
    """Which file for readers: its crop and width in pixels; `suffix` has no dot."""

    width: int
    suffix: str
    crop: str = SITE_CROP

    @property
    def height(self) -> int:
        return height_of(self.crop, self.width)

    def name(self, stem: str) -> str:
        crop = "" if self.crop == SITE_CROP else f"-{self.crop}"
        return f"{stem}{crop}-{self.width}.{self.suffix}"


@dataclass(frozen=True, slots=True)
class Made:
    """The upright original's size in pixels, its average colour "#rrggbb", and what came of it.

    `widths` are those that are to be had, narrowest first, for each crop. `ready` holds the
    renditions that are made already; `render` makes the others from `master`, a JPEG.
    """

    width: int
    height: int
    colour: str
    focus: tuple[float, float]
    master: bytes
    widths: dict[str, list[int]]
    ready: dict[Rendition, bytes]


def make(
    source: IO[bytes],
    *,
    focus: tuple[float, float] = CENTRE,
    max_bytes: int = MAX_BYTES,
    max_pixels: int = MAX_PIXELS,
) -> Made:
    """The master of the picture that is read from `source`, with what most readers ask for.

    Renditions are upright, cropped around `focus`, in sRGB, never wider than the original, and
    carry no metadata: they are written from pixels alone. Transparency becomes white; of an
    animation the first frame is taken. The content tells the format, not the file's name. Raises
    Unusable for anything that isn't a whole picture in one of FORMATS within the limits, which
    are checked before a pixel is decoded.
    """
    size, master = _decoded(source, max_bytes, max_pixels, _master)
    widths = widths_of(*master.size)
    average = master.resize((1, 1), Image.Resampling.BOX, box=_box(master.size, SITE_CROP, focus))
    red, green, blue = average.tobytes()
    return Made(
        *size,
        colour=f"#{red:02x}{green:02x}{blue:02x}",
        focus=focus,
        master=_jpeg(master),
        widths=widths,
        ready=_ready(master, widths, focus),
    )


def remaster(
    source: IO[bytes], *, max_bytes: int = MAX_BYTES, max_pixels: int = MAX_PIXELS
) -> bytes:
    """The master alone; raises Unusable as `make` does."""
    return _jpeg(_decoded(source, max_bytes, max_pixels, _master)[1])


def remake(master: bytes, *, focus: tuple[float, float]) -> dict[Rendition, bytes]:
    """What most readers ask for, made again around another point."""
    picture = _opened(master)
    return _ready(picture, widths_of(*picture.size), focus)


def render(master: bytes, rendition: Rendition, *, focus: tuple[float, float]) -> bytes:
    """One rendition from a master; raises OSError if that can't be read."""
    return _encoded(_crop(_opened(master), rendition, focus), rendition.suffix)


def widths_of(width: int, height: int) -> dict[str, list[int]]:
    """Which widths a picture of that size can have, narrowest first, for each crop."""
    return {
        crop: _steps(WIDTHS[crop], max(1, int(min(width, height * ratio))))
        for crop, ratio in CROPS.items()
    }


def height_of(crop: str, width: int) -> int:
    return max(1, round(width / CROPS[crop]))


def parse(name: str) -> tuple[str, Rendition] | None:
    """The stem of a rendition's name and what it stands for; None if it is no such name."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    rendition = Rendition(int(match["width"]), match["suffix"], match["crop"] or SITE_CROP)
    return match["stem"], rendition


def _too_many_pixels(limit: int) -> Unusable:
    return Unusable(
        _("The picture has more than %(limit)d megapixels.") % {"limit": limit // 1_000_000}
    )


def _steps(wanted: Sequence[int], available: int) -> list[int]:
    widths: list[int] = []
    for width in wanted:
        possible = min(width, available)
        if not widths or possible >= widths[-1] * _STEP:
            widths.append(possible)
    return widths


def logo(
    source: IO[bytes], *, max_bytes: int = MAX_BYTES, max_pixels: int = MAX_PIXELS
) -> tuple[bytes, int, int]:
    """A PNG of the whole picture without its empty margins, and its width and height in pixels.

    It keeps what is transparent, and nothing but pixels. Raises Unusable.
    """
    picture = _decoded(source, max_bytes, max_pixels, _logo)
    file = BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue(), picture.width, picture.height


def _logo(picture: Image.Image) -> Image.Image:
    if max(picture.size) > _MASTER_SIDE:
        raise ValueError("too long a side")
    picture.load()
    if not picture.has_transparency_data:
        picture = _flat(picture).convert("RGB")
    whole = picture.convert("RGBA")
    box = whole.getchannel("A").getbbox()
    if box is None:
        raise Unusable(_("The picture is transparent all over."))
    whole = whole.crop(box)
    whole.thumbnail(LOGO_BOX, Image.Resampling.LANCZOS, reducing_gap=3.0)
    return Image.frombytes("RGBA", whole.size, whole.tobytes())


def _decoded(
    source: IO[bytes], max_bytes: int, max_pixels: int, use: Callable[[Image.Image], Result]
) -> Result:
    """What `use` makes of the opened picture."""
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
        pixels = picture.width * picture.height
        if pixels > max_pixels:
            raise _too_many_pixels(max_pixels)
        try:
            if picture.format in {"JPEG", "MPO"} and content.count(_SCAN) > _MAX_SCANS:
                raise ValueError("too many scans")
            with _large if pixels > _LARGE_PIXELS else nullcontext():
                return use(picture)
        except Unusable:
            raise
        except Exception as error:
            # Hostile files make decoders fail in every way there is, not in documented ones only.
            logger.info("Refused a broken %s picture", picture.format, exc_info=True)
            raise Unusable(
                _("The picture is broken. Export it again, or use another file.")
            ) from error


def _jpeg(master: Image.Image) -> bytes:
    file = BytesIO()
    master.save(file, "JPEG", quality=95, subsampling=0)
    return file.getvalue()


def _ready(
    master: Image.Image, widths: Mapping[str, Sequence[int]], focus: tuple[float, float]
) -> dict[Rendition, bytes]:
    """What nearly all browsers show, and one file that everything can show."""
    ready = {}
    for width in widths[SITE_CROP]:
        rendition = Rendition(width, "avif")
        cropped = _crop(master, rendition, focus)
        ready[rendition] = _encoded(cropped, "avif")
        if width <= WIDTHS[SITE_CROP][1]:
            fallback = Rendition(width, "jpg"), cropped
    rendition, cropped = fallback
    ready[rendition] = _encoded(cropped, "jpg")
    return ready


def _opened(master: bytes) -> Image.Image:
    # Ours, but whatever may have happened to the file since: no other decoder sees it.
    picture = Image.open(BytesIO(master), formats=("JPEG",))
    picture.load()
    return Image.frombytes("RGB", picture.size, picture.convert("RGB").tobytes())


def _master(picture: Image.Image) -> tuple[tuple[int, int], Image.Image]:
    """The upright original's size, and the picture that all renditions are cut from."""
    orientation = _orientation(picture)
    profile = picture.info.get("icc_profile")
    width, height = picture.size
    if orientation in _TURNED:
        width, height = height, width
    size = _master_size(width, height)
    stored = size[::-1] if orientation in _TURNED else size

    # A JPEG can be decoded at a fraction of its size, which is many times faster.
    picture.draft(None, stored)
    flat = _flat(picture)
    if flat.size != stored:
        flat = flat.resize(stored, Image.Resampling.LANCZOS, reducing_gap=3.0)
    if orientation in _UPRIGHT:
        flat = flat.transpose(_UPRIGHT[orientation])
    return (width, height), _srgb(flat, profile)


def _master_size(width: int, height: int) -> tuple[int, int]:
    needed = max(
        WIDTHS[crop][-1] / max(1, min(width, height * ratio)) for crop, ratio in CROPS.items()
    )
    scale = min(
        1.0,
        needed,
        _MASTER_SIDE / max(width, height),
        math.sqrt(_MASTER_PIXELS / (width * height)),
    )
    # Rounded up, so that no crop loses a pixel of its width; but 3000 x 0.6 is a little over 1800.
    return math.ceil(width * scale - 1e-6) or 1, math.ceil(height * scale - 1e-6) or 1


def _orientation(picture: Image.Image) -> int:
    try:
        return int(picture.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:
        # Broken metadata is no reason to refuse a good picture.
        return 1


def _flat(picture: Image.Image) -> Image.Image:
    """Decoded, without palette or transparency, in 8 bits: mode L, RGB, CMYK or LAB."""
    picture.load()
    if picture.mode.startswith("I;16"):
        # Sixteen bits of grey: Pillow would clip them instead of scaling.
        return picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if picture.mode in {"L", "RGB", "CMYK", "LAB"} and "transparency" not in picture.info:
        return picture
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        paper = Image.new("RGB", picture.size, "white")
        paper.paste(picture, mask=picture.getchannel("A"))
        return paper
    return picture.convert("RGB")


def _box(
    size: tuple[int, int], crop: str, focus: tuple[float, float]
) -> tuple[float, float, float, float]:
    """The largest part of that shape, as far around the focus as the picture goes."""
    width, height = size
    ratio = CROPS[crop]
    box_width, box_height = min(width, height * ratio), min(height, width / ratio)
    left = min(max(focus[0] * width - box_width / 2, 0), width - box_width)
    top = min(max(focus[1] * height - box_height / 2, 0), height - box_height)
    return left, top, left + box_width, top + box_height


def _crop(master: Image.Image, rendition: Rendition, focus: tuple[float, float]) -> Image.Image:
    return master.resize(
        (rendition.width, rendition.height),
        Image.Resampling.LANCZOS,
        box=_box(master.size, rendition.crop, focus),
        reducing_gap=3.0,
    )


def _srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """The same colours in sRGB, as a new picture that has pixels and nothing else."""
    converted: Image.Image | None = None
    if profile or picture.mode == "LAB":
        try:
            converted = ImageCms.profileToProfile(
                picture,
                ImageCms.ImageCmsProfile(BytesIO(profile))
                if profile
                else ImageCms.createProfile("LAB"),
                ImageCms.createProfile("sRGB"),
                outputMode="RGB",
            )
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            # A profile that is broken or for another kind of picture: take the numbers as sRGB.
            converted = None
    plain = converted or picture.convert("RGB")
    return Image.frombytes("RGB", plain.size, plain.tobytes())


def _encoded(picture: Image.Image, suffix: str) -> bytes:
    content = b""
    for quality in _QUALITIES[suffix]:
        file = BytesIO()
        match suffix:
            case "avif":
                picture.save(file, "AVIF", quality=quality, speed=_AVIF_SPEED, max_threads=1)
            case "webp":
                picture.save(file, "WEBP", quality=quality, method=4)
            case _:
                picture.save(file, "JPEG", quality=quality, optimize=True, progressive=True)
        content = file.getvalue()
        if len(content) <= _LIGHT[0] + _LIGHT[1] * picture.width * picture.height:
            break
    return content
