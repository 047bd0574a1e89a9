"""The drawing table: a 3:2 canvas in units of its own, light, mist, noise and grain.

Scenes think in a frame of 1500 by 1000 units, whatever the width in pixels. Shapes are drawn at
twice the size and scaled down; everything soft is made at the final size, where it is cheap.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from random import Random

from PIL import Image, ImageChops, ImageColor, ImageDraw, ImageFilter, ImageOps

WIDTH, HEIGHT = 1500, 1000
OVERSAMPLING = 2

RGB = tuple[int, int, int]
Box = tuple[int, int, int, int]
Colour = str | RGB
Point = tuple[float, float]
Stops = Sequence[tuple[float, Colour]]
Levels = Sequence[tuple[float, float]]


def rgb(colour: Colour) -> RGB:
    """The three channels of a colour."""
    if isinstance(colour, str):
        red, green, blue = ImageColor.getrgb(colour)[:3]
        return red, green, blue
    return colour


def mix(one: Colour, other: Colour, share: float) -> RGB:
    """A colour between two, with `share` of the other."""
    share = max(0.0, min(1.0, share))
    first, second = rgb(one), rgb(other)
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def between(stops: Levels, at: float) -> float:
    """The value that `stops` give at a place, with straight lines between them."""
    if at <= stops[0][0]:
        return stops[0][1]
    for (x0, y0), (x1, y1) in pairwise(stops):
        if at <= x1:
            return y0 + (y1 - y0) * (at - x0) / ((x1 - x0) or 1)
    return stops[-1][1]


def levels(image: Image.Image, low: float, high: float, top: float = 1.0) -> Image.Image:
    """Stretch the greys from `low` to `high` over black to `top`."""
    span = high - low
    return image.point([round(255 * top * max(0, min(1, (v - low) / span))) for v in range(256)])


def dim(mask: Image.Image, share: float) -> Image.Image:
    """The same mask, weaker."""
    return mask.point([round(v * share) for v in range(256)])


def ridgeline(
    random: Random, base: float, height: float, *, rough: float = 0.52, steps: int = 8
) -> list[Point]:
    """A line of hills across the frame, by moving the middles of ever shorter pieces."""
    heights = [random.uniform(-1, 1), random.uniform(-1, 1), random.uniform(-1, 1)]
    reach = 1.0
    for _ in range(steps):
        reach *= rough
        finer = []
        for left, right in pairwise(heights):
            finer += [left, (left + right) / 2 + random.uniform(-reach, reach)]
        heights = [*finer, heights[-1]]
    step = (WIDTH + 40) / (len(heights) - 1)
    return [(i * step - 20, base - height * h) for i, h in enumerate(heights)]


def grounded(line: Sequence[Point], bottom: float = HEIGHT + 20) -> list[Point]:
    """Close a line into a shape that reaches down to `bottom`."""
    return [*line, (line[-1][0], bottom), (line[0][0], bottom)]


class Pen:
    """Draws hard shapes on an oversized sheet, in the units of the frame."""

    def __init__(self, mode: str, size: tuple[int, int], unit: float) -> None:
        """Take a clean sheet of this mode."""
        self.sheet = Image.new(mode, (size[0] * OVERSAMPLING, size[1] * OVERSAMPLING))
        self.scale = unit * OVERSAMPLING
        self.mask = Image.new("L", (1, 1))
        self._mode = mode
        self._draw = ImageDraw.Draw(self.sheet)

    def _ink(self, colour: Colour | int) -> int | tuple[int, ...]:
        if isinstance(colour, int):
            return colour
        return (*rgb(colour), 255) if self._mode == "RGBA" else 255

    def _at(self, points: Sequence[Point]) -> list[Point]:
        return [(x * self.scale, y * self.scale) for x, y in points]

    def polygon(self, points: Sequence[Point], colour: Colour | int = 255) -> None:
        """Fill a shape."""
        self._draw.polygon(self._at(points), fill=self._ink(colour))

    def rect(self, x: float, y: float, w: float, h: float, colour: Colour | int = 255) -> None:
        """Fill a rectangle from its top left corner, never thinner than a dot."""
        left, top = x * self.scale, y * self.scale
        right, bottom = left + max(0, w * self.scale - 1), top + max(0, h * self.scale - 1)
        self._draw.rectangle((left, top, right, bottom), fill=self._ink(colour))

    def ellipse(
        self, x: float, y: float, rx: float, ry: float | None = None, colour: Colour | int = 255
    ) -> None:
        """Fill an ellipse around its middle."""
        ry = rx if ry is None else ry
        box = self._at([(x - rx, y - ry), (x + rx, y + ry)])
        self._draw.ellipse([*box[0], *box[1]], fill=self._ink(colour))

    def line(self, points: Sequence[Point], width: float, colour: Colour | int = 255) -> None:
        """Draw a line through points, with flat ends."""
        thick = max(1, round(width * self.scale))
        self._draw.line(self._at(points), fill=self._ink(colour), width=thick, joint="curve")

    def stroke(self, points: Sequence[Point], width: float, colour: Colour | int = 255) -> None:
        """Draw a line with round ends: limbs, twigs, lamps."""
        self.line(points, width, colour)
        for x, y in (points[0], points[-1]):
            self.ellipse(x, y, width / 2, colour=colour)


class Canvas:
    """A picture in the making."""

    def __init__(self, width: int, seed: str) -> None:
        """Start a picture of this width; the seed settles everything that is left to chance."""
        self.size = (width, round(width * HEIGHT / WIDTH))
        self.unit = width / WIDTH
        self.random = Random(seed)  # noqa: S311
        self.image = Image.new("RGB", self.size)

    # Masks and fills

    def ramp(self, stops: Levels, *, across: bool = False) -> Image.Image:
        """A grey mask from 0 to 1 that changes downwards, or across, by stops in units."""
        length = self.size[0] if across else self.size[1]
        values = bytes(
            round(255 * max(0, min(1, between(stops, i / self.unit)))) for i in range(length)
        )
        shape = (length, 1) if across else (1, length)
        # Only ever repeated along the other axis: anything smoother costs time and changes nothing.
        return Image.frombytes("L", shape, values).resize(self.size, Image.Resampling.NEAREST)

    def gradient(self, stops: Stops) -> Image.Image:
        """Colours that change downwards by stops in units."""
        channels = [
            self.ramp([(at, rgb(colour)[i] / 255) for at, colour in stops]) for i in range(3)
        ]
        return Image.merge("RGB", channels)

    def noise(self, columns: int, rows: int, *, octaves: int = 4, fade: float = 0.5) -> Image.Image:
        """Soft value noise: random grids, each twice as fine and weaker, enlarged and added."""
        result, total, weight = None, 0.0, 1.0
        size = (self.size[0] // 2 + 1, self.size[1] // 2 + 1)
        for octave in range(octaves):
            shape = (columns << octave, rows << octave)
            grid = Image.frombytes("L", shape, self.random.randbytes(shape[0] * shape[1]))
            grid = grid.resize(size, Image.Resampling.BICUBIC)
            total += weight
            result = grid if result is None else Image.blend(result, grid, weight / total)
            weight *= fade
        assert result is not None  # noqa: S101
        result = ImageOps.autocontrast(result, cutoff=1)
        return result.resize(self.size, Image.Resampling.BICUBIC)

    def soften(self, image: Image.Image, radius: float, across: float = 1.0) -> Image.Image:
        """Blur by a radius in units; `across` stretches the blur sideways."""
        if radius <= 0:
            return image
        size = radius * self.unit
        return image.filter(ImageFilter.GaussianBlur((size * across, size)))

    # Laying paint

    def fill(self, stops: Stops) -> None:
        """Cover everything with a gradient: most skies begin so."""
        self.image.paste(self.gradient(stops))

    def paint(self, what: Colour | Image.Image, mask: Image.Image, opacity: float = 1.0) -> None:
        """Lay a colour or a whole image through a mask."""
        if opacity < 1:
            mask = dim(mask, opacity)
        if isinstance(what, Image.Image):
            self.image.paste(what, (0, 0), mask)
        else:
            self.image.paste(rgb(what), (0, 0, *self.size), mask)

    def shine(self, colour: Colour, mask: Image.Image, opacity: float = 1.0) -> None:
        """Add light of a colour through a mask."""
        red, green, blue = (dim(mask, channel / 255 * opacity) for channel in rgb(colour))
        self.image = ImageChops.screen(self.image, Image.merge("RGB", (red, green, blue)))

    def glow(
        self,
        x: float,
        y: float,
        radius: float,
        colour: Colour,
        *,
        strength: float = 1.0,
        flat: float = 1.0,
        falloff: float = 2.0,
    ) -> None:
        """Add a round light, or one flattened by `flat`, that fades outwards."""
        half_w, half_h = (max(1, round(r * self.unit)) for r in (radius, radius * flat))
        curve = [round(255 * strength * max(0, 1 - v / 181) ** falloff) for v in range(256)]
        disc = Image.radial_gradient("L").point(curve)
        disc = disc.resize((half_w * 2, half_h * 2), Image.Resampling.BICUBIC)
        left, top = round(x * self.unit) - half_w, round(y * self.unit) - half_h
        right, bottom = min(left + half_w * 2, self.size[0]), min(top + half_h * 2, self.size[1])
        box = (max(0, left), max(0, top), right, bottom)
        if box[0] >= box[2] or box[1] >= box[3]:
            return
        disc = disc.crop((box[0] - left, box[1] - top, box[2] - left, box[3] - top))
        light = Image.merge("RGB", [dim(disc, channel / 255) for channel in rgb(colour)])
        self.image.paste(ImageChops.screen(self.image.crop(box), light), box)

    def clouds(
        self,
        colour: Colour,
        band: Levels,
        *,
        grid: tuple[int, int] = (3, 7),
        cover: tuple[float, float] = (110, 220),
        opacity: float = 0.8,
    ) -> None:
        """Drifts of cloud, mist or smoke where `band` allows them."""
        shape = levels(self.noise(*grid, octaves=5, fade=0.55), *cover)
        self.paint(colour, ImageChops.multiply(shape, self.ramp(band)), opacity)

    # Shapes

    @contextmanager
    def layer(
        self, *, blur: float = 0, opacity: float = 1.0, mirror: float | None = None
    ) -> Iterator[Pen]:
        """Coloured shapes on a sheet of their own; `mirror` also shows them in water below."""
        pen = Pen("RGBA", self.size, self.unit)
        yield pen
        box = self._box(pen.sheet, blur * 3)
        if box is None:
            return
        if mirror is None:
            sheet, at = self._reduced(pen.sheet, box), (box[0], box[1])
        else:
            sheet, at = self._reduced(pen.sheet, (0, 0, *self.size)), (0, 0)
            self._lay(self._mirrored(sheet, mirror), at, 0.5 * opacity)
        if blur:
            sheet = self.soften(sheet.convert("RGBa"), blur).convert("RGBA")
        self._lay(sheet, at, opacity)

    def _box(self, sheet: Image.Image, margin: float) -> Box | None:
        """What part of the picture a drawn sheet touches, with a margin for its blur."""
        box = sheet.getbbox()
        if box is None:
            return None
        spare = math.ceil(margin * self.unit) + 1
        left, top = (max(0, v // OVERSAMPLING - spare) for v in box[:2])
        right = min(self.size[0], -(-box[2] // OVERSAMPLING) + spare)
        return left, top, right, min(self.size[1], -(-box[3] // OVERSAMPLING) + spare)

    def _reduced(self, sheet: Image.Image, box: Box) -> Image.Image:
        """That part of a sheet, scaled down to the size of the picture."""
        left, top, right, bottom = (edge * OVERSAMPLING for edge in box)
        # Cut out first: Pillow would weigh the colours of the whole sheet before it looks at a box.
        return sheet.crop((left, top, right, bottom)).reduce(OVERSAMPLING)

    def _lay(self, sheet: Image.Image, at: tuple[int, int], opacity: float) -> None:
        self.image.paste(sheet.convert("RGB"), at, dim(sheet.getchannel("A"), opacity))

    def _mirrored(self, sheet: Image.Image, waterline: float) -> Image.Image:
        top = round(waterline * self.unit)
        flipped = Image.new("RGBA", self.size)
        flipped.paste(ImageOps.flip(sheet.crop((0, 0, self.size[0], top))), (0, top))
        rippled = self._rippled(flipped, waterline).convert("RGBa")
        return self.soften(rippled, 2.5, across=0.7).convert("RGBA")

    def _rippled(self, image: Image.Image, waterline: float, amount: float = 9) -> Image.Image:
        """Shift rows sideways, more the nearer they are."""
        result = image.copy()
        phases = [self.random.uniform(0, math.tau) for _ in range(3)]
        for row in range(round(waterline * self.unit), self.size[1]):
            depth = max(0, row / self.unit - waterline) / (HEIGHT - waterline)
            swing = sum(
                math.sin(phase + pace * math.sqrt(depth + 0.02))
                for phase, pace in zip(phases, (61, 143, 227), strict=True)
            )
            shift = round(amount * (0.25 + depth) * swing * self.unit)
            strip = image.crop((0, row, self.size[0], row + 1))
            result.paste(ImageChops.offset(strip, shift, 0), (0, row))
        return result

    @contextmanager
    def stencil(self, *, blur: float = 0) -> Iterator[Pen]:
        """Shapes that end up as `pen.mask`, to paint or shine through."""
        pen = Pen("L", self.size, self.unit)
        yield pen
        pen.mask = Image.new("L", self.size)
        box = self._box(pen.sheet, blur * 3)
        if box:
            pen.mask.paste(self.soften(self._reduced(pen.sheet, box), blur), (box[0], box[1]))

    # Water and ground

    def reflect(
        self, waterline: float, tint: Colour, *, share: float = 0.45, blur: float = 5
    ) -> None:
        """Turn everything below the waterline into water that mirrors what stands above it."""
        top = round(waterline * self.unit)
        below = self.size[1] - top
        above = self.image.crop((0, max(0, top - below), self.size[0], top))
        water = self.image.copy()
        water.paste(ImageOps.flip(above).resize((self.size[0], below)), (0, top))
        water = self.soften(self._rippled(water, waterline), blur, across=0.5)
        water = Image.blend(water, Image.new("RGB", self.size, rgb(tint)), share * 0.7)
        edge = self.ramp([(waterline, 0), (waterline + 1, 1)])
        self.paint(water, edge)
        self.paint(tint, self.ramp([(waterline, 0), (HEIGHT, share)]))

    def ripples(
        self, waterline: float, light: Colour, dark: Colour, *, opacity: float = 0.35
    ) -> None:
        """Lay long waves on water, finer towards the horizon."""
        noise = self.on_ground(self.noise(90, 60, octaves=3, fade=0.7), waterline)
        reach = self.ramp([(waterline, 0), (waterline + 60, 0.6), (HEIGHT, 1)])
        self.paint(light, ImageChops.multiply(levels(noise, 150, 235), reach), opacity)
        dark_side = levels(ImageChops.invert(noise), 150, 235)
        self.paint(dark, ImageChops.multiply(dark_side, reach), opacity)

    def on_ground(self, texture: Image.Image, horizon: float) -> Image.Image:
        """Lay a texture flat on the ground that ends at the horizon."""
        top = horizon + 2
        corners = [(-20, top), (WIDTH + 20, top), (WIDTH * 2.8, HEIGHT), (-WIDTH * 1.8, HEIGHT)]
        return self.warp(texture, corners)

    def warp(
        self, texture: Image.Image, corners: Sequence[Point], *, fine: bool = False
    ) -> Image.Image:
        """See a texture in perspective: its corners, clockwise from top left, go to `corners`.

        A `fine` texture, such as a drawn sheet, is seen at twice the size first.
        """
        times = OVERSAMPLING if fine else 1
        width, height = texture.size
        source = [(0, 0), (width, 0), (width, height), (0, height)]
        rows = []
        for (x, y), (u, v) in zip(corners, source, strict=True):
            x, y = x * self.unit * times, y * self.unit * times
            rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
            rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
        size = (self.size[0] * times, self.size[1] * times)
        kind, method = Image.Transform.PERSPECTIVE, Image.Resampling.BICUBIC
        seen = texture.transform(size, kind, solve(rows), method)
        return seen.resize(self.size, Image.Resampling.LANCZOS) if fine else seen

    # The last touch

    def finish(self, *, grain: float = 7, vignette: float = 0.35) -> Image.Image:
        """Darken the corners a little, add film grain and hand over the picture."""
        if vignette:
            corners = Image.radial_gradient("L").resize(self.size, Image.Resampling.BICUBIC)
            self.paint("#05070a", levels(corners, 95, 275, vignette))
        count = self.size[0] * self.size[1]
        noise = Image.blend(
            Image.frombytes("L", self.size, self.random.randbytes(count)),
            Image.frombytes("L", self.size, self.random.randbytes(count)),
            0.5,
        ).point([round(128 + (v - 128) / 128 * grain) for v in range(256)])
        return ImageChops.add(self.image, Image.merge("RGB", [noise] * 3), offset=-128)


def solve(rows: list[list[float]]) -> list[float]:
    """Solve a system of linear equations, each row ending in its right-hand side."""
    count = len(rows)
    for i in range(count):
        pivot = max(range(i, count), key=lambda r: abs(rows[r][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [value / rows[i][i] for value in rows[i]]
        for r in range(count):
            if r != i:
                factor = rows[r][i]
                rows[r] = [a - factor * b for a, b in zip(rows[r], rows[i], strict=True)]
    return [row[-1] for row in rows]
