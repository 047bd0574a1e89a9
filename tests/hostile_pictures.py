"""Files that somebody might upload to do harm, or by mistake. Made from seeds, never stored."""

import random
import struct
import zlib
from collections.abc import Iterator
from io import BytesIO

from PIL import Image

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "TIFF")


def hostile_pictures() -> Iterator[tuple[str, bytes]]:
    """Pairs of a name for what is wrong and the file."""
    yield from _bombs()
    yield from _truncated()
    yield from _damaged()
    yield from _mislabelled()
    yield from _claims()
    yield from _structures()


def _picture(
    format: str, seed: int, size: tuple[int, int] = (240, 160), **options: object
) -> bytes:
    chance = random.Random(seed)
    small = Image.frombytes("RGB", (24, 16), chance.randbytes(24 * 16 * 3))
    file = BytesIO()
    small.resize(size, Image.Resampling.BICUBIC).save(file, format, **options)
    return file.getvalue()


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *, kind: int = 2, extra: bytes = b"", data: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + extra
        + png_chunk(b"IDAT", data or zlib.compress(b"\0" * 1000))
        + png_chunk(b"IEND", b"")
    )


def _gif(width: int, height: int, frame: tuple[int, int] = (1, 1), frames: int = 1) -> bytes:
    block = b"\x2c" + struct.pack("<HHHH", 0, 0, *frame) + b"\0\x02\x02\x44\x01\0"
    return (
        b"GIF89a"
        + struct.pack("<HHBBB", width, height, 0x80, 0, 0)
        + b"\0" * 6
        + block * frames
        + b"\x3b"
    )


def _tiff(tags: dict[int, tuple[int, int, int]], body: bytes = b"") -> bytes:
    """Tags are `number: (type, count, value)`; the body follows the directory."""
    entries = b"".join(struct.pack("<HHII", tag, *tags[tag]) for tag in sorted(tags))
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + struct.pack("<I", 0) + body


def _tiff_of(width: int, height: int, **changes: int) -> bytes:
    tags = {
        256: (4, 1, width),
        257: (4, 1, height),
        258: (3, 1, 8),
        259: (3, 1, changes.get("compression", 1)),
        262: (3, 1, 1),
        273: (4, 1, changes.get("offset", 200)),
        277: (3, 1, 1),
        278: (4, 1, changes.get("rows", height)),
        279: (4, 1, changes.get("length", 100)),
    }
    return _tiff(tags, b"\0" * 400)


def _webp(width: int, height: int) -> bytes:
    size = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + size
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _jpeg_of(width: int, height: int) -> bytes:
    content = bytearray(_picture("JPEG", 1))
    start = content.index(b"\xff\xc0") + 5
    content[start : start + 4] = struct.pack(">HH", height, width)
    return bytes(content)


def _avif_of(width: int, height: int) -> bytes:
    content = bytearray(_picture("AVIF", 1))
    start = content.index(b"ispe") + 8
    content[start : start + 8] = struct.pack(">II", width, height)
    return bytes(content)


def _bombs() -> Iterator[tuple[str, bytes]]:
    """Small files that claim to be, or are, enormous pictures."""
    for width, height in ((8000, 7501), (20_000, 20_000), (65_000, 65_000)):
        yield f"bomb: JPEG of {width}", _jpeg_of(width, height)
        yield f"bomb: GIF of {width}", _gif(width, height)
        yield f"bomb: TIFF of {width}", _tiff_of(width, height)
        yield f"bomb: PNG of {width}", png(width, height)
        yield f"bomb: AVIF of {width}", _avif_of(width, height)
    for width, height in ((8000, 7501), (16_384, 16_384), (1 << 24, 1)):
        yield f"bomb: WebP of {width}", _webp(width, height)
    yield "bomb: PNG of all that fits", png(2**31 - 1, 2**31 - 1)
    yield "bomb: TIFF of all that fits", _tiff_of(2**32 - 1, 2**32 - 1)
    yield "bomb: GIF with a frame beyond its screen", _gif(10, 10, frame=(60_000, 60_000))
    # Real pixels, 60,000 to each byte.
    rows = zlib.compress(zlib.compress(b"\0" * 100), 9)
    yield (
        "bomb: PNG that unpacks without end",
        png(30_000, 30_000, kind=0, data=zlib.compress(b"\0" * 30_001 * 1000, 9) + rows),
    )


def _truncated() -> Iterator[tuple[str, bytes]]:
    for format in FORMATS:
        content = _picture(format, 2)
        for part in (0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9):
            yield f"truncated: {format} at {part}", content[: max(1, int(len(content) * part))]


def _damaged() -> Iterator[tuple[str, bytes]]:
    for format in FORMATS:
        for seed in range(12):
            chance = random.Random(f"{format}{seed}")
            content = bytearray(_picture(format, seed))
            # In the head above all: damage among the pixels gives a strange picture at most.
            for _time in range(chance.choice((1, 4, 16, 200))):
                reach = len(content) if seed % 3 == 0 else min(len(content), 400)
                content[chance.randrange(reach)] = chance.randrange(256)
            if seed % 4 == 0:
                start = chance.randrange(len(content) // 2)
                del content[start : start + chance.randrange(1, 200)]
            yield f"damaged: {format} {seed}", bytes(content)


def _mislabelled() -> Iterator[tuple[str, bytes]]:
    heads = {
        "JPEG": b"\xff\xd8\xff\xe0\x00\x10JFIF\0",
        "PNG": b"\x89PNG\r\n\x1a\n",
        "WEBP": b"RIFF\x20\0\0\0WEBPVP8 ",
        "AVIF": b"\0\0\0\x1cftypavif\0\0\0\0avifmif1",
        "GIF": b"GIF89a",
        "TIFF": b"II*\0\x08\0\0\0",
        "": b"",
    }
    bodies = {
        "a script": b"<script>alert(document.domain)</script>",
        "a page": b"<!doctype html><html><body onload=alert(1)>",
        "PHP": b"<?php system($_GET['c']); ?>",
        "an SVG": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        "a program": b"\x7fELF\x02\x01\x01" + b"\0" * 60,
        "an archive": b"PK\x03\x04" + b"\0" * 60,
        "a document": b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n",
        "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
    }
    for format, head in heads.items():
        for kind, body in bodies.items():
            yield f"mislabelled: {kind} as {format or 'itself'}", head + body * 20
    # Whole pictures that are something else as well.
    for format in FORMATS:
        yield f"both: {format} and a page", _picture(format, 3) + bodies["a page"] + b"<script>"
    comment = b"<script>alert(1)</script><?php phpinfo(); ?>"
    yield "both: JPEG whose comment is a script", _picture("JPEG", 4, comment=comment)
    text = png_chunk(b"tEXt", b"Comment\0" + comment)
    yield (
        "both: PNG whose comment is a script",
        png(4, 4, extra=text, data=zlib.compress(b"\0" * 13 * 4)),
    )


def _claims() -> Iterator[tuple[str, bytes]]:
    """Sizes that can't be."""
    yield "claim: PNG without width", png(0, 10)
    yield "claim: PNG without pixels", png(7000, 7000)
    yield "claim: GIF of nothing", _gif(0, 0)
    yield "claim: TIFF of nothing", _tiff_of(0, 0)
    yield "claim: TIFF beyond its end", _tiff_of(100, 100, offset=2**32 - 10)
    yield "claim: TIFF strips of all that fits", _tiff_of(100, 100, rows=2**32 - 1)
    yield "claim: TIFF of a long strip", _tiff_of(100, 100, length=2**32 - 1)
    yield "claim: JPEG without height", _jpeg_of(240, 0)
    for compression in (2, 3, 4, 5, 6, 7, 8, 32773, 32946, 34925, 50000, 50001, 65000):
        yield f"claim: TIFF packed by {compression}", _tiff_of(4000, 4000, compression=compression)


def _structures() -> Iterator[tuple[str, bytes]]:
    """Well-formed in parts, and made to be expensive."""
    text = zlib.compress(b"a" * 20_000_000)
    for kind, data in (
        (b"zTXt", b"Comment\0\0" + text),
        (b"iTXt", b"Comment\0\1\0\0\0" + text),
        (b"iCCP", b"profile\0\0" + text),
    ):
        name = kind.decode()
        yield f"structure: PNG with a {name} of 20 MB", png(100, 100, extra=png_chunk(kind, data))
    many = png_chunk(b"tEXt", b"a\0" + b"b" * 1000) * 5000
    yield "structure: PNG with 5,000 comments", png(100, 100, extra=many)
    yield "structure: GIF with 20,000 frames", _gif(300, 200, (300, 200), frames=20_000)
    # A directory that follows itself.
    loop = bytearray(_tiff_of(100, 100))
    loop[8 + 2 + 9 * 12 :][:4] = struct.pack("<I", 8)
    yield "structure: TIFF that never ends", bytes(loop)
    tags = {256 + number: (4, 2**30, 8) for number in range(60)}
    yield "structure: TIFF with lists of all that fits", _tiff(tags)
    yield "structure: TIFF with 60,000 tags", b"II*\0" + struct.pack("<IH", 8, 60_000) + b"\1" * 900
    progressive = _picture("JPEG", 5, progressive=True)
    scan = progressive[progressive.rindex(b"\xff\xda") : -2]
    yield "structure: JPEG with 5,000 scans", progressive[:-2] + scan * 5000 + b"\xff\xd9"
    yield "structure: JPEG with 60 scans", progressive[:-2] + scan * 50 + b"\xff\xd9"
    marker = b"\xff\xe1\xff\xff" + b"\0" * 65_533
    yield "structure: JPEG with 20 MB of metadata", progressive[:2] + marker * 300 + progressive[2:]
    boxes = struct.pack(">I", 8) + b"free"
    yield "structure: AVIF with 100,000 boxes", _picture("AVIF", 6)[:28] + boxes * 100_000
    deep = b"".join(struct.pack(">I", 1000 - 8 * depth) + b"meta" for depth in range(100))
    yield "structure: AVIF with boxes in boxes", _picture("AVIF", 6)[:28] + deep
    yield "structure: WebP of 5,000 chunks", _webp(100, 100) + b"EXIF\x02\0\0\0ab" * 5000
    yield "structure: nothing but zeros", b"\0" * 1_000_000
    yield "structure: noise", random.Random(7).randbytes(1_000_000)
    yield "structure: an empty file", b""
