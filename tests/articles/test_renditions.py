import contextlib
import resource
import struct
import time
import zlib
from io import BytesIO
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ExifTags, Image, ImageCms

from articles.renditions import (
    CROPS,
    TYPES,
    Rendition,
    Unusable,
    height_of,
    make,
    parse,
    remake,
    remaster,
    render,
)
from tests.hostile_pictures import hostile_pictures


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


def rendered(upload: BytesIO, crop: str = "3x2", suffix: str = "jpg", **options) -> Image.Image:
    """The widest rendition of that crop and type."""
    made = make(upload, **options)
    rendition = Rendition(made.widths[crop][-1], suffix, crop)
    return opened(render(made.master, rendition, focus=options.get("focus", (0.5, 0.5))))


def all_renditions(upload: BytesIO) -> list[bytes]:
    """All files that readers may ever get of this picture."""
    made = make(upload)
    rest = [
        render(made.master, Rendition(width, suffix, crop), focus=(0.5, 0.5))
        for crop, widths in made.widths.items()
        for width in widths
        for suffix in TYPES
    ]
    return [*made.ready.values(), *rest]


class TestSizes:
    @pytest.mark.parametrize(
        ("size", "widths"),
        [
            ((3000, 2000), [360, 720, 1080, 1440]),
            ((1440, 960), [360, 720, 1080, 1440]),
            ((1200, 2000), [360, 720, 1080]),
            ((2000, 800), [360, 720, 1080]),
            ((730, 500), [360, 720]),
            ((720, 480), [360, 720]),
            ((400, 300), [360]),
            ((300, 200), [300]),
            ((1, 1), [1]),
            ((5000, 1), [1]),
            ((1, 60_000), [1]),
        ],
    )
    def test_are_three_to_two_and_never_larger_than_the_original(self, size, widths):
        made = make(file(picture(*size)))
        assert (made.width, made.height) == size
        assert made.widths["3x2"] == widths
        for rendition, content in made.ready.items():
            image = opened(content)
            assert image.size == (rendition.width, rendition.height)
            assert rendition.height == max(1, round(rendition.width / 1.5))
            assert image.format == {"avif": "AVIF", "jpg": "JPEG"}[rendition.suffix]

    def test_that_most_readers_ask_for_are_ready(self):
        made = make(file(picture(3000, 2000)))
        assert {(r.width, r.suffix) for r in made.ready} == {
            (360, "avif"),
            (720, "avif"),
            (1080, "avif"),
            (1440, "avif"),
            (720, "jpg"),
        }

    @pytest.mark.parametrize(
        ("size", "widths"),
        [
            ((3000, 2000), {"16x9": [1200], "4x3": [1200], "1x1": [320, 1200]}),
            ((1200, 1200), {"16x9": [1200], "4x3": [1200], "1x1": [320, 1200]}),
            ((900, 600), {"16x9": [900], "4x3": [800], "1x1": [320, 600]}),
            ((600, 1200), {"16x9": [600], "4x3": [600], "1x1": [320, 600]}),
        ],
    )
    def test_of_crops_are_twelve_hundred_where_the_original_allows(self, size, widths):
        made = make(file(picture(*size)))
        assert {crop: made.widths[crop] for crop in widths} == widths
        for crop, (*_small, width) in widths.items():
            image = opened(render(made.master, Rendition(width, "jpg", crop), focus=(0.5, 0.5)))
            assert image.size == (width, round(width / CROPS[crop]))

    @pytest.mark.parametrize("suffix", TYPES)
    def test_and_type_are_what_was_asked_for(self, suffix):
        image = rendered(file(picture(1500, 1000)), suffix=suffix)
        assert image.size == (1440, 960)
        assert Image.MIME[image.format] == TYPES[suffix]

    @pytest.mark.parametrize("seed", [1, 2])
    def test_of_files_keep_a_lead_on_a_phone_light(self, seed):
        # Noise is the worst that there is: no photograph comes near.
        noise = Image.effect_noise((1800, 1200), 60 * seed)
        made = make(file(Image.merge("RGB", [noise, noise.rotate(180), noise]), "JPEG"))
        weights = [len(made.ready[Rendition(w, "avif")]) for w in (360, 720, 1080)]
        assert all(small < large for small, large in pairwise(weights))
        photo = picture(1800, 1200)
        photo.paste(Image.linear_gradient("L").resize((900, 600)), (300, 300))
        photo = Image.blend(photo, Image.merge("RGB", [noise] * 3), 0.1)
        made = make(file(photo, "JPEG", quality=95))
        assert len(made.ready[Rendition(1080, "avif")]) < 62_000

    def test_of_a_master_do_not_grow_with_the_original(self):
        sizes = [opened(remaster(file(picture(*size)))).size for size in SIZES_OF_ORIGINALS]
        assert sizes == [(1800, 1200), (1800, 1200), (4800, 1200), (1440, 2880), (900, 600)]


SIZES_OF_ORIGINALS = [(6000, 4000), (3000, 2000), (8000, 2000), (2000, 4000), (900, 600)]


class TestFocus:
    def halves(self) -> BytesIO:
        """Red on the left, green in the middle, blue on the right, each a third."""
        image = picture(1800, 600, colour="lime")
        image.paste("red", (0, 0, 600, 600))
        image.paste("blue", (1200, 0, 1800, 600))
        return file(image)

    def corners(self, image: Image.Image) -> tuple[tuple[int, ...], tuple[int, ...]]:
        return (
            image.getpixel((3, image.height // 2)),
            image.getpixel((image.width - 4, image.height // 2)),
        )

    def test_is_the_middle_unless_told(self):
        image = rendered(self.halves(), "1x1")
        assert all(near(pixel, (0, 255, 0), 40) for pixel in self.corners(image))

    @pytest.mark.parametrize("crop", CROPS)
    @pytest.mark.parametrize(
        ("x", "colour"),
        [(0, (255, 0, 0)), (0.1, (255, 0, 0)), (0.9, (0, 0, 255)), (1, (0, 0, 255))],
    )
    def test_stays_inside_every_crop(self, crop, x, colour):
        image = rendered(self.halves(), crop, focus=(x, 0.5))
        assert near(self.corners(image)[x > 0.5], colour, 40)

    @pytest.mark.parametrize("suffix", TYPES)
    def test_works_downwards_too(self, suffix):
        tall = picture(600, 1800, colour="lime")
        tall.paste("red", (0, 0, 600, 500))
        image = rendered(file(tall), "16x9", suffix, focus=(0.5, 0))
        assert near(image.getpixel((300, 5)), (254, 0, 0), 40)
        assert near(image.getpixel((300, image.height - 5)), (254, 0, 0), 40)

    def test_may_be_moved_later(self):
        made = make(self.halves())
        again = remake(made.master, focus=(0, 0.5))
        assert list(again) == list(made.ready)
        before, after = (opened(ready[Rendition(720, "jpg")]) for ready in (made.ready, again))
        assert near(before.getpixel((360, 240)), (0, 255, 0), 40)
        assert near(after.getpixel((360, 240)), (255, 0, 0), 60)

    @given(
        st.integers(1, 300),
        st.integers(1, 300),
        st.floats(0, 1),
        st.floats(0, 1),
        st.sampled_from(list(CROPS)),
    )
    @settings(deadline=None, max_examples=60)
    def test_never_leads_out_of_the_picture(self, width, height, x, y, crop):
        image = rendered(file(picture(width, height, colour="white")), crop, focus=(x, y))
        assert image.convert("L").getextrema()[0] > 250


class TestNames:
    @pytest.mark.parametrize("crop", CROPS)
    @pytest.mark.parametrize("suffix", TYPES)
    def test_can_be_read_back(self, crop, suffix):
        rendition = Rendition(1200, suffix, crop)
        assert parse(rendition.name("0123456789abcdef")) == ("0123456789abcdef", rendition)

    @pytest.mark.parametrize(
        "name",
        [
            "",
            "0123456789abcdef",
            "0123456789abcdef-720.png",
            "0123456789abcdef-720.jpg.php",
            "0123456789abcdef-0720.jpg",
            "0123456789abcdef-0.jpg",
            "0123456789abcdef--720.jpg",
            "0123456789abcdef-720000.jpg",
            "0123456789abcdef-3x2-720.jpg",
            "0123456789abcdef-2x1-720.jpg",
            "0123456789ABCDEF-720.jpg",
            "0123456789abcde-720.jpg",
            "../../etc/passwd-720.jpg",
            "0123456789abcdef-720.jpg\n",
            "0123456789abcdef-７20.jpg",
        ],
    )
    def test_are_never_anything_else(self, name):
        assert parse(name) is None


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

    @pytest.mark.parametrize("suffix", TYPES)
    @pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK"])
    def test_come_out_in_every_type(self, mode, suffix):
        image = picture(mode="RGB", colour="white")
        image = picture(mode=mode, colour=32768) if mode == "I;16" else image.convert(mode)
        format = "TIFF" if mode == "CMYK" else "PNG"
        pixel = rendered(file(image, format), suffix=suffix).convert("RGB").getpixel((400, 300))
        assert near(pixel, (128,) * 3 if mode == "I;16" else (255,) * 3, 4)

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


def upload_again(upload: BytesIO) -> BytesIO:
    return BytesIO(upload.getvalue())


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
        files = all_renditions(upload)
        assert len(files) >= 3 * len(TYPES)
        for content in [make(upload_again(upload)).master, *files]:
            image = opened(content)
            assert self.SECRET not in content
            assert not image.getexif()
            assert not {"exif", "icc_profile", "xmp", "comment"} & set(image.info)

    def test_junk_after_the_picture_is_gone(self):
        for content in all_renditions(BytesIO(PHOTO + b"<script>alert(1)</script>PK\x03\x04")):
            assert b"script" not in content

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
        for suffix in TYPES:
            image = opened(render(result.master, Rendition(600, suffix), focus=(0.5, 0.5)))
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

    @pytest.mark.parametrize("format", ["GIF", "WEBP", "AVIF", "PNG", "TIFF"])
    def test_of_an_animation_the_first_frame_is_taken(self, format):
        frames = [picture(300, 200, colour=colour) for colour in ("red", "blue")]
        upload = file(frames[0], format, save_all=True, append_images=frames[1:])
        assert near(tuple(bytes.fromhex(make(upload).colour[1:])), (255, 0, 0))
        for content in all_renditions(upload_again(upload)):
            assert not getattr(opened(content), "is_animated", False)


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
            assert made.ready

    @given(st.sampled_from(SAMPLES), st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255))))
    @settings(deadline=None)
    def test_nothing_else_is_raised_for_damaged_pictures(self, sample, damages):
        content = bytearray(sample)
        for place, value in damages:
            content[place % len(content)] = value
        with contextlib.suppress(Unusable):
            assert make(BytesIO(content), max_pixels=1_000_000).ready


@pytest.mark.filterwarnings("ignore::UserWarning:PIL", "ignore::PIL.Image.DecompressionBombWarning")
class TestHostileFiles:
    """Each is refused or made harmless, in seconds, and in the memory of a few pictures."""

    SECONDS = 10
    #: Besides what the process takes anyway, in megabytes.
    MEMORY = 700

    @pytest.fixture(scope="class")
    @classmethod
    def hostile(cls):
        return list(hostile_pictures())

    def test_are_two_hundred(self, hostile):
        names = [name for name, _content in hostile]
        assert len(names) == len(set(names)) >= 200

    def test_neither_crash_nor_hang_nor_come_out_as_they_came(self, hostile):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        refused = 0
        for name, content in hostile:
            began = time.process_time()
            try:
                made = make(BytesIO(content))
            except Unusable:
                refused += 1
            else:
                for file in [made.master, *made.ready.values()]:
                    assert opened(file).format in {"JPEG", "AVIF"}, name
                    assert b"<script" not in file, name
                    assert b"<?php" not in file, name
                    assert file != content, name
                assert sum(map(len, made.ready.values())) < 2_000_000, name
                assert len(made.master) < 20_000_000, name
            assert time.process_time() - began < self.SECONDS, name
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        assert grown < self.MEMORY * 1024
        assert refused > 150

    def test_are_refused_by_whoever_makes_a_master_too(self, hostile):
        for name, content in hostile:
            if not name.startswith("bomb"):
                continue
            with pytest.raises(Unusable):
                remaster(BytesIO(content))

    def test_with_more_scans_than_any_camera_writes_are_not_decoded(self, monkeypatch):
        monkeypatch.setattr(
            "PIL.JpegImagePlugin.JpegImageFile.load_read",
            lambda *args: pytest.fail("pixels were decoded"),
        )
        upload = file(picture(64, 64), "JPEG", progressive=True).getvalue()
        scan = upload[upload.rindex(b"\xff\xda") : -2]
        with pytest.raises(Unusable, match="broken"):
            make(BytesIO(upload[:-2] + scan * 100 + b"\xff\xd9"))


def test_heights_are_never_nothing():
    assert height_of("16x9", 1) == 1
