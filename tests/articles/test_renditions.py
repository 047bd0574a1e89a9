import contextlib
import struct
import zlib
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageCms

from articles.renditions import Unusable, make


def picture(
    width: int = 900, height: int = 600, mode: str = "RGB", colour: object = "#336699"
) -> Image.Image:
    return Image.new(mode, (width, height), colour)


def file(image: Image.Image, format: str = "PNG", **options: object) -> BytesIO:
    content = BytesIO()
    image.save(content, format, **options)
    content.seek(0)
    return content


def opened(content: bytes) -> Image.Image:
    image = Image.open(BytesIO(content))
    image.load()
    return image


def near(colour: tuple[int, ...], other: tuple[int, ...], tolerance: int = 12) -> bool:
    return all(abs(a - b) <= tolerance for a, b in zip(colour, other, strict=True))


def png_of_claimed_size(width: int, height: int) -> BytesIO:
    """A PNG whose header claims a size that its few bytes of pixels don't have."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1000)
    return BytesIO(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


PHOTO = file(picture(300, 200), "JPEG").getvalue()
DRAWING = file(picture(300, 200), "PNG").getvalue()
SAMPLES = [
    file(picture(60, 40), format).getvalue()
    for format in ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "TIFF")
]


class TestSizes:
    @pytest.mark.parametrize(
        ("size", "made"),
        [
            ((3000, 2000), [(720, 480), (1440, 960)]),
            ((1440, 960), [(720, 480), (1440, 960)]),
            ((1200, 2000), [(720, 480), (1200, 800)]),
            ((2000, 800), [(720, 480), (1200, 800)]),
            ((730, 500), [(720, 480)]),
            ((720, 480), [(720, 480)]),
            ((300, 200), [(300, 200)]),
            ((1, 1), [(1, 1)]),
            ((5000, 1), [(1, 1)]),
        ],
    )
    def test_are_three_to_two_and_never_larger_than_the_original(self, size, made):
        result = make(file(picture(*size)))
        assert (result.width, result.height) == size
        assert [(r.width, r.height) for r in result.renditions] == made
        for rendition in result.renditions:
            image = opened(rendition.content)
            assert image.format == "WEBP"
            assert image.size == (rendition.width, rendition.height)
            assert rendition.suffix == "webp"

    def test_are_for_the_caller_to_choose(self):
        result = make(file(picture()), widths=(600, 300))
        assert [r.width for r in result.renditions] == [300, 600]

    def test_come_from_the_middle(self):
        wide = picture(1200, 400, colour="red")
        wide.paste("blue", (300, 0, 900, 400))
        (rendition,) = make(file(wide)).renditions
        image = opened(rendition.content)
        assert near(image.getpixel((3, 200)), (0, 0, 254), 60)
        assert near(image.getpixel((rendition.width - 4, 200)), (0, 0, 254), 60)


class TestColours:
    def test_placeholder_is_the_average(self):
        assert make(file(picture(colour="#336699"))).colour == "#336699"
        half = picture(colour="black")
        half.paste("white", (0, 0, 450, 600))
        assert make(file(half)).colour in {"#7f7f7f", "#808080"}

    @pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
    def test_of_every_png_survive(self, mode):
        white = {"1": 1, "P": 0, "LA": (255, 255), "I;16": 65535}.get(mode, "white")
        image = picture(mode=mode, colour=white)
        if mode == "P":
            image.putpalette([255, 255, 255])
        assert make(file(image)).colour == "#ffffff"

    def test_of_sixteen_bit_grey_are_scaled(self):
        assert make(file(picture(mode="I;16", colour=32768))).colour == "#808080"

    def test_of_print_files_are_converted(self):
        cyan = picture(mode="CMYK", colour=(255, 0, 0, 0))
        red, green, blue = bytes.fromhex(make(file(cyan, "TIFF")).colour[1:])
        assert red < green
        assert red < blue

    def test_transparency_becomes_white(self):
        assert make(file(picture(mode="RGBA", colour=(0, 0, 0, 0)))).colour == "#ffffff"
        palette = picture(mode="P", colour=0)
        assert make(file(palette, "GIF", transparency=0)).colour == "#ffffff"

    def test_follow_the_colour_profile(self):
        # In this profile the numbers of the picture mean other colours than in sRGB.
        lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
        srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        tagged = picture(mode="LAB", colour=(255, 128, 128))
        white = make(file(tagged, "TIFF", icc_profile=lab)).colour
        assert near(tuple(bytes.fromhex(white[1:])), (255, 255, 255))
        assert make(file(picture(), icc_profile=srgb)).colour == "#336699"

    @pytest.mark.parametrize("profile", [b"junk", b"\0" * 200])
    def test_survive_a_broken_profile(self, profile):
        assert make(file(picture(), icc_profile=profile)).colour == "#336699"


class TestMetadata:
    SECRET = b"Zeppelinstrasse"

    def exif(self) -> Image.Exif:
        exif = Image.Exif()
        exif[ExifTags.Base.Artist] = self.SECRET.decode()
        exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (46.0, 12.0, 30.0)
        exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSAreaInformation] = self.SECRET
        return exif

    @pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
    def test_is_gone(self, format):
        options: dict[str, object] = {"exif": self.exif()}
        if format == "JPEG":
            options |= {"comment": self.SECRET, "xmp": b"<x:xmpmeta>%b</x:xmpmeta>" % self.SECRET}
        options["icc_profile"] = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        upload = file(picture(), format, **options)
        assert self.SECRET in upload.getvalue()
        for rendition in make(upload).renditions:
            image = opened(rendition.content)
            assert self.SECRET not in rendition.content
            assert not image.getexif()
            assert not {"exif", "icc_profile", "xmp", "comment"} & set(image.info)

    def test_junk_after_the_picture_is_gone(self):
        (rendition,) = make(BytesIO(PHOTO + b"<script>alert(1)</script>PK\x03\x04")).renditions
        assert b"script" not in rendition.content

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_orientation_is_applied(self, orientation):
        upright = picture(600, 400, colour="blue")
        upright.paste("red", (0, 0, 300, 200))
        turned = {
            1: None,
            2: Image.Transpose.FLIP_LEFT_RIGHT,
            3: Image.Transpose.ROTATE_180,
            4: Image.Transpose.FLIP_TOP_BOTTOM,
            5: Image.Transpose.TRANSPOSE,
            6: Image.Transpose.ROTATE_90,
            7: Image.Transpose.TRANSVERSE,
            8: Image.Transpose.ROTATE_270,
        }[orientation]
        stored = upright if turned is None else upright.transpose(turned)
        exif = Image.Exif()
        exif[ExifTags.Base.Orientation] = orientation
        result = make(file(stored, "JPEG", exif=exif, quality=95))
        assert (result.width, result.height) == (600, 400)
        image = opened(result.renditions[0].content)
        assert near(image.getpixel((100, 60)), (254, 0, 0), 40)
        assert near(image.getpixel((500, 60)), (0, 0, 254), 40)
        assert near(image.getpixel((100, 340)), (0, 0, 254), 40)

    def test_broken_exif_is_ignored(self):
        assert make(file(picture(), exif=b"Exif\0\0junk" * 5)).width == 900


class TestFormats:
    @pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "AVIF", "GIF", "TIFF"])
    def test_in(self, format):
        result = make(file(picture(), format))
        assert near(tuple(bytes.fromhex(result.colour[1:])), (0x33, 0x66, 0x99))

    @pytest.mark.parametrize("format", ["BMP", "ICO", "PPM", "TGA", "PDF", "EPS", "ICNS", "DDS"])
    def test_out(self, format):
        with pytest.raises(Unusable, match="not a picture we can read"):
            make(file(picture(256, 256), format))

    def test_of_an_animation_the_first_frame_is_taken(self):
        frames = [picture(300, 200, colour=colour) for colour in ("red", "blue")]
        upload = file(frames[0], "GIF", save_all=True, append_images=frames[1:])
        assert make(upload).colour == "#ff0000"


@pytest.mark.filterwarnings("ignore::UserWarning:PIL", "ignore::PIL.Image.DecompressionBombWarning")
class TestRefusing:
    @pytest.mark.parametrize(
        "content",
        [
            b"A text, not a picture.",
            b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
            b"<!doctype html><title>picture.jpg</title>",
            b"GIF89a",
            b"\xff\xd8\xff\xe0",
            b"RIFF\0\0\0\0WEBP",
            b"%PDF-1.7",
            b"\0" * 1000,
        ],
    )
    def test_what_is_no_picture(self, content):
        with pytest.raises(Unusable):
            make(BytesIO(content))

    def test_an_empty_file(self):
        with pytest.raises(Unusable, match="empty"):
            make(BytesIO())

    def test_a_large_file_without_reading_all_of_it(self):
        upload = BytesIO(PHOTO + b"\0" * 5_000_000)
        with pytest.raises(Unusable, match="larger than 2 MB"):
            make(upload, max_bytes=2_000_000)
        assert upload.tell() == 2_000_001

    @pytest.mark.parametrize("size", [(8000, 7501), (12_000, 9000), (60_000, 60_000)])
    def test_a_decompression_bomb_without_decoding_it(self, size, monkeypatch):
        def decoded(*args: object) -> None:
            pytest.fail("pixels were decoded")

        monkeypatch.setattr("PIL.ImageFile.ImageFile.load", decoded)
        monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load_prepare", decoded)
        with pytest.raises(Unusable, match="more than 60 megapixels"):
            make(png_of_claimed_size(*size))

    def test_a_picture_over_the_callers_limit(self):
        with pytest.raises(Unusable, match="megapixels"):
            make(BytesIO(DRAWING), max_pixels=59_999)
        assert make(BytesIO(DRAWING), max_pixels=60_000)

    @pytest.mark.parametrize("content", SAMPLES, ids=["JPEG", "PNG", "WEBP", "AVIF", "GIF", "TIFF"])
    @pytest.mark.parametrize("kept", [0.3, 0.6, 0.8])
    def test_a_truncated_picture(self, content, kept):
        with pytest.raises(Unusable):
            make(BytesIO(content[: int(len(content) * kept)]))

    def test_a_picture_with_fewer_pixels_than_it_claims(self):
        with pytest.raises(Unusable, match="broken"):
            make(png_of_claimed_size(1000, 1000))

    @given(st.binary(max_size=300), st.sampled_from(SAMPLES), st.integers(0, 60))
    @settings(deadline=None)
    def test_nothing_else_is_raised_for_any_bytes(self, junk, sample, start):
        for content in (junk, sample[:start] + junk, sample[:start] + junk + sample[start:]):
            try:
                made = make(BytesIO(content), max_pixels=1_000_000)
            except Unusable:
                continue
            assert made.renditions

    @given(st.sampled_from(SAMPLES), st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255))))
    @settings(deadline=None)
    def test_nothing_else_is_raised_for_damaged_pictures(self, sample, damages):
        content = bytearray(sample)
        for place, value in damages:
            content[place % len(content)] = value
        with contextlib.suppress(Unusable):
            assert make(BytesIO(content), max_pixels=1_000_000).renditions
