"""Out of doors: ridges, fields, coasts, forests, ice and night skies."""

import math
from itertools import pairwise

from PIL import ImageChops

from .canvas import HEIGHT, RGB, WIDTH, Canvas, Pen, dim, grounded, levels, mix, ridgeline


def ridge(c: Canvas) -> None:
    """Ridge behind ridge, each paler than the one before it, with fog in the valleys."""
    c.fill([(0, "#8fa9b3"), (260, "#c9d0c9"), (430, "#f0dcc0"), (1000, "#d8d8cf")])
    c.clouds("#f6ece0", [(0, 0.8), (380, 0.3), (450, 0)], cover=(120, 240))
    c.glow(1060, 330, 620, "#ffdca6", strength=0.75)
    c.glow(1060, 330, 60, "#fff3dc", strength=0.9, falloff=0.9)
    near, far, count = "#0d2a32", "#a9bbb9", 7
    for i in range(count):
        share = i / (count - 1)
        base = 390 + 470 * share**1.25
        colour = mix(far, near, share**0.85)
        line = ridgeline(c.random, base, 75 + 55 * share, rough=0.5 + 0.03 * (i % 2))
        with c.stencil() as shape:
            shape.polygon(grounded(line))
            if i >= count - 2:
                _pines_on(shape, line, c, 14 + 26 * (i - count + 2))
        mist = mix("#e9e3d6", "#9fb4b5", share)
        foot = base + 90 + 90 * share
        c.paint(
            c.gradient([(base - 70, colour), (foot, mix(colour, mist, 0.75 - 0.3 * share))]),
            shape.mask,
        )
        band = [(base - 20, 0.0), (foot + 20, 0.85), (foot + 150, 0.2)]
        c.clouds(mist, band, grid=(4, 8), cover=(90, 230), opacity=0.75 - 0.4 * share)


def _pines_on(pen: Pen, line: list[tuple[float, float]], c: Canvas, height: float) -> None:
    """Fringe a ridge with the tops of pines."""
    for x, y in line:
        for _ in range(2):
            tall = height * c.random.uniform(0.5, 1.25)
            at = x + c.random.uniform(-4, 4)
            wide = tall * 0.2
            pen.polygon([(at - wide, y + 8), (at, y - tall), (at + wide, y + 8)])


def field(c: Canvas) -> None:
    """Wind turbines over a field of ripe rape, under a high summer sky."""
    horizon = 640
    c.fill([(0, "#2f78ad"), (330, "#7fb3d0"), (600, "#d9e6e2"), (horizon, "#efeadb")])
    c.clouds("#ffffff", [(0, 0.5), (220, 1), (560, 0.7), (620, 0)], grid=(4, 6), cover=(125, 190))
    c.clouds(
        "#9fb6c4", [(120, 0), (420, 0.6), (600, 0)], grid=(4, 6), cover=(150, 240), opacity=0.5
    )
    for i, colour in enumerate(("#9db4b0", "#6f8f78", "#4f7350")):
        line = ridgeline(c.random, horizon - 22 + 9 * i, 16 - 3 * i, rough=0.45)
        with c.layer(blur=1) as pen:
            pen.polygon(grounded(line), colour)
    crops = c.gradient([(horizon, "#e8d36b"), (760, "#e0b92f"), (1000, "#a8861a")])
    c.paint(crops, c.ramp([(horizon, 0), (horizon + 2, 1)]))
    _crop_rows(c, horizon)
    for x, size in ((150, 0.36), (330, 0.28), (560, 0.42), (1370, 0.33), (840, 0.26)):
        with c.layer(opacity=0.85) as pen:
            turbine(pen, x, horizon + 4, 460 * size, c.random.uniform(0, 120), "#e9eeee")
    with c.layer() as pen:
        turbine(pen, 1085, horizon + 50, 430, 14, "#f7f8f5", shade="#b9c4c8")
    bloom = c.on_ground(c.noise(150, 120, octaves=3, fade=0.8), horizon)
    c.paint(
        "#ffe98a", ImageChops.multiply(levels(bloom, 120, 235), c.ramp([(680, 0), (1000, 0.7)]))
    )
    c.glow(260, 80, 900, "#fff6da", strength=0.35)


def _crop_rows(c: Canvas, horizon: float) -> None:
    """Tramlines and furrows that run to one point on the horizon."""
    with c.stencil(blur=1.5) as rows:
        for i in range(-46, 47):
            x = 620 + i * 95
            rows.polygon([(620 + i * 4, horizon), (x, HEIGHT), (x + 40, HEIGHT)])
    c.paint("#7d7420", ImageChops.multiply(rows.mask, c.ramp([(horizon + 5, 0), (1000, 0.55)])))
    with c.stencil(blur=2) as tracks:
        for i in (-2, 3):
            x = 620 + i * 150
            tracks.polygon([(620 + i * 6, horizon), (x - 30, HEIGHT), (x + 30, HEIGHT)])
            tracks.polygon([(624 + i * 6, horizon), (x + 90, HEIGHT), (x + 140, HEIGHT)])
    c.paint("#5b6420", tracks.mask, 0.6)
    shadow = levels(c.noise(3, 5), 130, 230, 0.4)
    c.paint("#4c4a10", ImageChops.multiply(shadow, c.ramp([(horizon, 0), (720, 1)])))


def turbine(
    pen: Pen, x: float, foot: float, height: float, turn: float, colour: str, shade: str = ""
) -> None:
    """A three-bladed wind turbine; `turn` is the angle of its rotor."""
    hub = foot - height
    thick = height * 0.016
    pen.polygon(
        [(x - thick, foot), (x - thick * 0.5, hub), (x + thick * 0.5, hub), (x + thick, foot)],
        colour,
    )
    if shade:
        pen.polygon([(x, foot), (x, hub), (x + thick * 0.5, hub), (x + thick, foot)], shade)
    for blade in range(3):
        angle = math.radians(turn + 120 * blade)
        dx, dy = math.sin(angle), -math.cos(angle)
        reach, root, width = height * 0.6, height * 0.12, height * 0.019
        pen.polygon(
            [
                (x, hub),
                (x + dx * root - dy * width, hub + dy * root + dx * width),
                (x + dx * reach, hub + dy * reach),
                (x + dx * root * 0.6 + dy * width * 0.3, hub + dy * root * 0.6 - dx * width * 0.3),
            ],
            colour,
        )
    pen.ellipse(x, hub, thick * 1.1, colour=shade or colour)


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


def _subdivided(points: list[tuple[float, float]], pieces: int) -> list[tuple[float, float]]:
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


def forest(c: Canvas) -> None:
    """Spruces in deep snow, thinning out into frozen mist, with a track between them."""
    c.fill([(0, "#aebfcc"), (350, "#d6dfe4"), (640, "#f0efec"), (1000, "#dfe7ee")])
    c.glow(820, 420, 620, "#fff0dc", strength=0.6)
    for i in range(5):
        share = i / 4
        colour = mix("#b7c6cf", "#20363f", share**1.1)
        foot = 600 + 250 * share**1.5
        bank = ridgeline(c.random, foot, 16 + 10 * share, rough=0.42)
        with c.layer(blur=2.2 - 2 * share) as pen:
            pen.polygon(grounded(bank), mix("#e6eaec", "#eef3f7", share))
            for _ in range(46 - 8 * i):
                x = c.random.uniform(-40, 1540)
                gap = 90 + 190 * share
                if abs(x - (830 - 60 * share)) < gap:
                    continue
                tall = (150 + 310 * share) * c.random.uniform(0.75, 1.25)
                spruce(
                    pen,
                    c,
                    x,
                    foot + 14 + 20 * share,
                    tall,
                    colour,
                    mix("#e4eaee", "#f7fafc", share),
                )
        haze = [(foot - 260, 0), (foot - 10, 0.75 - 0.6 * share), (foot + 60, 0.1)]
        c.clouds("#eef1f2", haze, grid=(4, 7), cover=(40, 200), opacity=0.85)
    _snow_track(c)
    with c.layer(opacity=0.85, blur=0.8) as pen:
        for _ in range(420):
            size = c.random.uniform(1, 3.4)
            pen.ellipse(
                c.random.uniform(0, WIDTH), c.random.uniform(0, HEIGHT), size, colour="#ffffff"
            )
    with c.layer(opacity=0.5, blur=5) as pen:
        for _ in range(40):
            pen.ellipse(
                c.random.uniform(0, WIDTH), c.random.uniform(0, HEIGHT), 8, colour="#ffffff"
            )


def spruce(pen: Pen, c: Canvas, x: float, foot: float, tall: float, colour: RGB, snow: RGB) -> None:
    """One tree of drooping tiers, each with snow on it, brighter on the side of the light."""
    dark = mix(colour, "#101c22", 0.25)
    pen.rect(x - tall * 0.012, foot - tall * 0.12, tall * 0.024, tall * 0.13, dark)
    lower, top = foot - tall * 0.05, foot - tall
    pen.polygon([(x - tall * 0.12, lower), (x, top), (x + tall * 0.12, lower)], dark)
    tiers, deep = 14, tall * 0.115
    for i in range(tiers, 0, -1):
        share = i / tiers
        y = foot - tall * (1 - share * 0.94)
        for side in (-1, 1):
            wide = side * tall * 0.2 * share**0.9 * c.random.uniform(0.8, 1.15)
            tip = (x + wide, y + deep * c.random.uniform(0.15, 0.5))
            under = [(x + wide * 0.66, y + deep * 0.05), (x + wide * 0.45, y + deep * 0.34)]
            under += [(x + wide * 0.2, y + deep * 0.08), (x, y + deep * 0.3)]
            pen.polygon([(x, y - deep), tip, *under], colour)
            lit = mix(snow, "#8fa9c2", 0.12 if side > 0 else 0.5)
            edge = [(x + wide * 0.62, y - deep * 0.16), (x + wide * 0.5, y + deep * 0.02)]
            edge += [(x + wide * 0.3, y - deep * 0.34), (x + wide * 0.12, y - deep * 0.2)]
            pen.polygon([(x, y - deep * 0.92), tip, *edge, (x, y - deep * 0.5)], lit)
    pen.ellipse(x, foot + tall * 0.02, tall * 0.17, tall * 0.026, snow)


def _snow_track(c: Canvas) -> None:
    """Blue hollows in the snow and two ski tracks that lead the eye inwards."""
    hollows = levels(c.noise(4, 16, octaves=4), 120, 230)
    c.paint("#9fb6cb", ImageChops.multiply(hollows, c.ramp([(700, 0), (900, 0.8), (1000, 1)])), 0.6)
    for offset in (-16, 22):
        near, far = [], []
        for i in range(31):
            t = i / 30
            y = 640 + 380 * t**1.6
            x = 840 - 190 * t**1.4 + 50 * math.sin(t * 5) + offset * (0.15 + 2.6 * t)
            width = 0.8 + 9 * t
            near.append((x - width, y))
            far.append((x + width, y))
        with c.stencil(blur=1.6) as rut:
            rut.polygon([*near, *reversed(far)])
        c.paint("#7f99b4", rut.mask, 0.75)


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
            y = c.random.uniform(702, 960)
            size = c.random.uniform(1, 4) * (y - 660) / 150
            pen.ellipse(c.random.uniform(0, WIDTH), y, size * 2.2, size * 0.6, "#e6f1f3")


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


def dome(c: Canvas) -> None:
    """Two observatory domes, one at work, under the Milky Way."""
    c.fill(
        [(0, "#050917"), (420, "#0f1d3d"), (720, "#2a3c62"), (830, "#5a5670"), (1000, "#0a0d16")]
    )
    _milky_way(c)
    _stars(c)
    for base, high, colour in ((800, 34, "#26304c"), (850, 30, "#121828")):
        with c.layer(blur=0.6) as pen:
            pen.polygon(grounded(ridgeline(c.random, base, high, rough=0.48)), colour)
        c.clouds(
            "#4a5374",
            [(base - 30, 0), (base + 30, 0.5), (base + 70, 0)],
            cover=(80, 220),
            opacity=0.5,
        )
    with c.layer() as pen:
        pen.polygon(grounded(ridgeline(c.random, 900, 14, rough=0.42)), "#070a12")
    c.glow(1010, 700, 330, "#ffb46a", strength=0.3)
    _observatory(c, 1010, 905, 150, open_slit=True)
    _observatory(c, 1300, 915, 84, open_slit=False)
    c.glow(1010, 650, 80, "#ffcf8c", strength=0.5)
    with c.layer() as pen:
        pen.polygon(grounded(ridgeline(c.random, 925, 10, rough=0.5)), "#05070c")


def _milky_way(c: Canvas) -> None:
    """A slanting band of starlight, with dust lanes in it."""
    with c.stencil(blur=70) as wide:
        wide.polygon([(60, 900), (360, 900), (1240, -120), (900, -120)])
    with c.stencil(blur=34) as core:
        core.polygon([(170, 880), (300, 880), (1120, -80), (1020, -80)])
    cloud = c.noise(9, 7, octaves=6, fade=0.62)
    c.shine("#5c74b8", ImageChops.multiply(wide.mask, levels(cloud, 40, 230)), 0.75)
    c.shine("#d8b9b4", ImageChops.multiply(core.mask, levels(cloud, 70, 220)), 0.85)
    with c.stencil(blur=16) as dust:
        for _ in range(46):
            t = c.random.random()
            dust.ellipse(
                225 + 830 * t + c.random.gauss(0, 26),
                880 - 960 * t + c.random.gauss(0, 26),
                c.random.uniform(8, 40),
                c.random.uniform(8, 34),
            )
    lanes = ImageChops.multiply(dust.mask, levels(c.noise(12, 9, octaves=5, fade=0.65), 70, 170))
    c.paint("#0b1226", lanes, 0.72)


def _stars(c: Canvas) -> None:
    """Stars, most of them faint, thicker along the Milky Way."""
    tints = ("#ffffff", "#cfdcff", "#fff0d8", "#ffd9b8")
    for count, spread, size, power in (
        (1500, 110, 0.9, 0.6),
        (1300, 0, 0.9, 0.55),
        (170, 0, 1.7, 0.95),
    ):
        with c.layer(opacity=power) as pen:
            for _ in range(count):
                t = c.random.random()
                x, y = c.random.uniform(0, WIDTH), c.random.uniform(0, 840)
                if spread:
                    x, y = (
                        235 + 840 * t + c.random.gauss(0, spread),
                        880 - 960 * t + c.random.gauss(0, spread),
                    )
                pen.ellipse(x, y, size * c.random.uniform(0.5, 1.2), colour=c.random.choice(tints))
    for x, y in ((260, 150), (1370, 260), (520, 330), (1190, 90), (90, 480)):
        c.glow(x, y, 15, "#dfe8ff", strength=0.8)


def _observatory(c: Canvas, x: float, foot: float, radius: float, *, open_slit: bool) -> None:
    """One dome on its drum, lit from the side by the sky."""
    drum, rim = radius * 0.8, foot - radius * 0.8
    with c.layer() as pen:
        pen.rect(x - radius * 0.94, rim, radius * 1.88, drum, "#161d31")
        shell = [
            (x - radius * math.cos(a / 32 * math.pi), rim - radius * math.sin(a / 32 * math.pi))
            for a in range(33)
        ]
        pen.polygon(shell, "#33405f")
        pen.rect(x - radius * 1.03, rim - 4, radius * 2.06, radius * 0.1, "#4b587a")
        pen.rect(x - radius * 0.94, rim + radius * 0.08, radius * 1.88, drum, "#161d31")
        for share in (-0.78, -0.46, 0.46, 0.78):
            arc = [
                (
                    x + radius * share * math.cos(a / 20 * math.pi / 2),
                    rim - radius * math.sin(a / 20 * math.pi / 2),
                )
                for a in range(21)
            ]
            pen.line(arc, 1.5, "#28334f")
        if open_slit:
            slit = [
                (
                    x + radius * 0.2 * math.cos(a / 20 * math.pi / 2),
                    rim - radius * 0.985 * math.sin(a / 20 * math.pi / 2),
                )
                for a in range(21)
            ]
            pen.polygon(
                [
                    *slit,
                    (x - radius * 0.12, rim - radius * 0.97),
                    (x - radius * 0.17, rim - 4),
                    (x + radius * 0.2, rim - 4),
                ],
                "#f3b566",
            )
            pen.polygon(
                [
                    (x - radius * 0.1, rim - 4),
                    (x - radius * 0.03, rim - radius * 0.8),
                    (x + radius * 0.09, rim - radius * 0.8),
                    (x + radius * 0.08, rim - 4),
                ],
                "#4a3220",
            )
        pen.rect(
            x - radius * 0.62,
            foot - radius * 0.36,
            radius * 0.2,
            radius * 0.36,
            "#d99a55" if open_slit else "#0c111d",
        )
    with c.stencil(blur=radius * 0.22) as shade:
        shade.ellipse(x + radius * 0.75, rim + radius * 0.1, radius * 0.55, radius * 1.1)
    with c.stencil() as body:
        body.polygon(shell)
        body.rect(x - radius * 0.94, rim, radius * 1.88, drum)
    c.paint("#04070f", ImageChops.multiply(shade.mask, body.mask), 0.75)
    with c.stencil(blur=radius * 0.12) as lit:
        lit.ellipse(x - radius * 0.6, rim - radius * 0.45, radius * 0.22, radius * 0.36)
    c.shine("#8ea2d8", dim(ImageChops.multiply(lit.mask, body.mask), 0.6), 0.6)
