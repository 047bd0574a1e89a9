"""Coasts: a lighthouse on its rock, a glacier that ends in water."""

import math
from collections.abc import Sequence
from itertools import pairwise

from PIL import ImageChops

from .canvas import WIDTH, Canvas, Pen, Point, grounded, levels, mix, ridgeline


def lighthouse(c: Canvas) -> None:
    """A lighthouse on its rock sends a beam over a sea that has not yet calmed down."""
    horizon = 610
    c.fill([(0, "#16283d"), (240, "#2d4a60"), (450, "#6a7f85"), (580, "#d6a57e"), (610, "#e8b98c")])
    c.clouds("#101d2d", [(0, 1), (380, 0.8), (560, 0)], grid=(3, 8), cover=(95, 205), opacity=0.85)
    c.clouds(
        "#e0a985", [(250, 0), (470, 0.8), (590, 0.3)], grid=(2, 14), cover=(140, 230), opacity=0.6
    )
    c.glow(380, 610, 620, "#ffb98a", strength=0.55, flat=0.5)
    c.reflect(horizon, "#142b3a", share=0.62)
    c.ripples(horizon, "#c99c86", "#0d2330", opacity=0.6)
    lamp_x, lamp_y = 1090, 238
    for end, spread, power in ((-80, 120, 0.75), (1800, 90, 0.4)):
        far_y = lamp_y + 70
        with c.stencil(blur=9) as beam:
            beam.polygon([(lamp_x, lamp_y), (end, far_y - spread), (end, far_y + spread)])
        fade = [(0, 0.15), (lamp_x - 10, 1), (lamp_x + 10, 1), (WIDTH, 0.2)]
        c.shine("#ffe7b0", ImageChops.multiply(beam.mask, c.ramp(fade, across=True)), power)
    _rock(c)
    with c.layer() as pen:
        _lighthouse_tower(pen, lamp_x, lamp_y, 640)
    with c.stencil(blur=5) as shade:
        shade.polygon(
            [(lamp_x + 10, 280), (lamp_x + 28, 280), (lamp_x + 50, 636), (lamp_x + 16, 636)]
        )
    c.paint("#0f1c2a", shade.mask, 0.55)
    c.glow(lamp_x, lamp_y, 230, "#ffdf9c", strength=0.7)
    c.glow(lamp_x, lamp_y, 46, "#fffbe8", falloff=1)
    _surf(c)


def _rock(c: Canvas) -> None:
    """The headland, dark, with a little of the evening on its edges."""
    spine = [
        (620, 790), (690, 756), (740, 748), (800, 706), (866, 690), (910, 652), (985, 630),
        (1190, 626), (1262, 642), (1330, 668), (1420, 672), (1520, 690),
    ]  # fmt: skip
    rough = [(x, y + c.random.uniform(-4, 4)) for x, y in _subdivided(spine, 8)]
    shore = [(1520, 860), (1330, 838), (1120, 846), (900, 826), (740, 812), (640, 800)]
    with c.stencil(blur=0.6) as shape:
        shape.polygon([*rough, *_subdivided(shore, 6)])
    stone = c.gradient([(620, "#3a4046"), (700, "#20282f"), (850, "#0d151c")])
    c.paint(stone, shape.mask)
    cracks = levels(c.noise(26, 30, octaves=4, fade=0.7), 120, 215)
    c.paint(
        "#76695f",
        ImageChops.multiply(
            ImageChops.multiply(cracks, shape.mask), c.ramp([(620, 0.6), (800, 0.1)])
        ),
    )
    with c.layer() as pen:
        for x, wide, tall in ((1200, 74, 44), (1284, 44, 30)):
            y = 634 if x < 1250 else 660
            pen.rect(x, y - tall, wide, tall + 10, "#b9b0a6")
            pen.polygon(
                [(x - 6, y - tall), (x + wide / 2, y - tall - 26), (x + wide + 6, y - tall)],
                "#5a3634",
            )
            pen.rect(x + wide * 0.3, y - tall * 0.7, 10, 14, "#ffd48a")


def _subdivided(points: Sequence[Point], pieces: int) -> list[Point]:
    """The same line with more points on it."""
    result = []
    for (x0, y0), (x1, y1) in pairwise(points):
        result += [
            (x0 + (x1 - x0) * i / pieces, y0 + (y1 - y0) * i / pieces) for i in range(pieces)
        ]
    return [*result, points[-1]]


def _lighthouse_tower(pen: Pen, x: float, lamp: float, foot: float) -> None:
    """A tapered tower in white with two red bands, gallery, lantern and cap."""
    top = lamp + 36

    def half(y: float) -> float:
        return 30 + 24 * (y - top) / (foot - top)

    bands = [("#e9e2d6", 0, 0.2), ("#a63a30", 0.2, 0.42), ("#e9e2d6", 0.42, 0.66)]
    bands += [("#a63a30", 0.66, 0.86), ("#e9e2d6", 0.86, 1)]
    for colour, start, end in bands:
        y0, y1 = top + (foot - top) * start, top + (foot - top) * end
        pen.polygon(
            [(x - half(y0), y0), (x + half(y0), y0), (x + half(y1), y1), (x - half(y1), y1)], colour
        )
    for share in (0.1, 0.5, 0.76):
        pen.rect(x - 12, top + (foot - top) * share, 9, 20, "#2a2f36")
    pen.rect(x - 44, top - 8, 88, 10, "#23262b")
    pen.rect(x - 42, top - 30, 84, 3, "#23262b")
    for i in range(9):
        pen.rect(x - 42 + i * 10.2, top - 30, 2, 24, "#23262b")
    pen.rect(x - 24, lamp - 26, 48, 56, "#ffe9b4")
    for i in range(4):
        pen.rect(x - 25 + i * 16, lamp - 26, 2.5, 56, "#2a2522")
    pen.polygon([(x - 32, lamp - 26), (x, lamp - 62), (x + 32, lamp - 26)], "#7c2b26")
    pen.line([(x, lamp - 60), (x, lamp - 90)], 3, "#23262b")


def _surf(c: Canvas) -> None:
    """Foam where the swell meets the rock, and crests nearer to us."""
    with c.stencil(blur=5) as foam:
        for x in range(610, 1520, 9):
            y = 792 + 0.066 * (x - 600) + 12 * math.sin((x - 600) / 70) + c.random.uniform(-9, 9)
            foam.ellipse(x, y, c.random.uniform(8, 30), c.random.uniform(3, 12))
    c.paint("#dfe3e0", ImageChops.multiply(foam.mask, levels(c.noise(40, 40), 60, 190)), 0.85)
    for y, size in ((850, 0.7), (905, 1.0), (965, 1.5)):
        swell = [
            (x, y + size * 9 * math.sin(x / (70 * size) + y) + c.random.uniform(-2, 2))
            for x in range(-20, 1540, 20)
        ]
        with c.stencil(blur=6) as body:
            body.polygon([*swell, *((x, py + 46 * size) for x, py in reversed(swell))])
        c.paint("#0c1f2b", body.mask, 0.55)
        with c.stencil(blur=1.6) as crest:
            crest.line(swell, 5 * size)
        broken = levels(c.noise(24, 30, octaves=4), 130, 200)
        c.paint("#d5d8d4", ImageChops.multiply(crest.mask, broken), 0.75)


def glacier(c: Canvas) -> None:
    """The broken front of a glacier over still water, with drifting ice."""
    waterline = 690
    c.fill([(0, "#7d97ab"), (250, "#b5c3cb"), (420, "#dfe0db"), (1000, "#c7d4da")])
    c.clouds("#eef0ee", [(0, 0.9), (300, 0.6), (420, 0)], grid=(3, 8), cover=(90, 220), opacity=0.7)
    for base, high, colour, snow in ((330, 150, "#8fa3b0", 0.6), (390, 110, "#5c717e", 0.8)):
        line = ridgeline(c.random, base, high, rough=0.55)
        with c.stencil() as shape:
            shape.polygon(grounded(line))
        c.paint(
            c.gradient([(base - high, colour), (base + 170, mix(colour, "#dfe5e6", 0.7))]),
            shape.mask,
        )
        streaks = levels(c.noise(34, 30, octaves=5, fade=0.8), 95, 205)
        slope = c.ramp([(base - high, snow), (base + 120, snow * 0.8)])
        c.paint("#f1f3f2", ImageChops.multiply(ImageChops.multiply(streaks, slope), shape.mask))
    _ice_field(c)
    _ice_front(c, waterline)
    c.reflect(waterline, "#1f4a5c", share=0.5, blur=6)
    c.ripples(waterline, "#bfd8de", "#153846", opacity=0.4)
    for x, y, size in (
        (250, 770, 1.0),
        (1180, 745, 0.7),
        (760, 850, 1.5),
        (1340, 905, 1.3),
        (480, 735, 0.45),
    ):
        floe(c, x, y, size)
    with c.layer() as pen:
        for _ in range(46):
            depth = c.random.uniform(702, 960)
            shard = c.random.uniform(1, 4) * (depth - 660) / 150
            pen.ellipse(c.random.uniform(0, WIDTH), depth, shard * 2.2, shard * 0.6, "#e6f1f3")


def _ice_field(c: Canvas) -> None:
    """The tongue of the glacier, coming down between the mountains."""
    outline = [
        (690, 356),
        (770, 344),
        (840, 366),
        (930, 412),
        (1120, 440),
        (1520, 478),
        (1520, 720),
    ]
    outline += [(-20, 720), (-20, 500), (240, 470), (470, 446), (600, 404)]
    with c.stencil(blur=3) as tongue:
        tongue.polygon(outline)
    c.paint(c.gradient([(340, "#e4ebee"), (430, "#f3f6f6"), (520, "#cfe0e6")]), tongue.mask)
    crevasses = levels(c.noise(26, 130, octaves=3, fade=0.8), 130, 215)
    c.paint("#86aec0", ImageChops.multiply(crevasses, tongue.mask), 0.6)


def _ice_front(c: Canvas, waterline: float) -> None:
    """A cliff of pillars in two steps, blue where the ice is freshly broken."""
    light = ridgeline(c.random, 0.5, 0.5, rough=0.6)
    with c.stencil() as cliff, c.layer() as pen:
        for base, rise, pale in ((500, 24, 0.25), (566, 46, 0.0)):
            crest = ridgeline(c.random, base, rise, rough=0.6)
            x = -30.0
            while x < WIDTH + 30:
                spot = min(
                    len(crest) - 1, max(0, round((x + 20) / (WIDTH + 40) * (len(crest) - 1)))
                )
                wide, top = c.random.uniform(8, 38), crest[spot][1] + c.random.uniform(-12, 14)
                shade = light[spot][1] * 0.7 + c.random.uniform(0, 0.4) + pale
                face = mix("#4f96b4", "#e9f3f5", shade)
                lean = c.random.uniform(-5, 5)
                right = x + wide + 1
                block = [(x, top + 6), (x + wide * 0.4, top - 7), (right, top + 4)]
                block += [(right + lean, waterline + 4), (x + lean, waterline + 4)]
                cliff.polygon(block)
                pen.polygon(block, face)
                pen.polygon([block[0], block[1], block[2], (x + wide * 0.5, top + 12)], "#f4f8f8")
                side = [(x + wide * 0.74, top + 8), (right, top + 6), (right + lean, waterline + 4)]
                pen.polygon(
                    [*side, (x + wide * 0.82 + lean, waterline + 4)], mix(face, "#2d6d8c", 0.5)
                )
                for _ in range(2):
                    y = c.random.uniform(top + 16, waterline - 10)
                    chip = [(x, y), (x + wide * 0.8, y + c.random.uniform(-8, 8))]
                    chip.append((x + wide * 0.4, y + c.random.uniform(8, 22)))
                    pen.polygon(chip, mix(face, "#ffffff", c.random.uniform(0.1, 0.5)))
                x += wide
    for colour, grid, cover, opacity in (
        ("#17587a", (100, 4), (150, 220), 0.55),
        ("#f7fafa", (120, 60), (140, 230), 0.5),
    ):
        marks = levels(c.noise(*grid, octaves=3, fade=0.75), *cover)
        c.paint(colour, ImageChops.multiply(marks, cliff.mask), opacity)
    c.paint("#123a4c", c.ramp([(waterline - 26, 0), (waterline, 0.7), (waterline + 1, 0)]))


def floe(c: Canvas, x: float, y: float, size: float) -> None:
    """A piece of drifting ice and what the water shows of it."""
    top = [(-90, 0), (-70, -26), (-30, -34), (-12, -58), (26, -48), (44, -22), (82, -14), (96, 0)]
    shape = [(x + px * size, y + py * size * c.random.uniform(0.8, 1.2)) for px, py in top]
    with c.layer(mirror=y) as pen:
        pen.polygon(shape, "#e9f3f5")
        pen.polygon([shape[3], shape[4], shape[5], shape[7], (x + 10 * size, y)], "#9cc7d6")
        pen.polygon([shape[0], shape[1], (x - 40 * size, y)], "#bfdde6")
