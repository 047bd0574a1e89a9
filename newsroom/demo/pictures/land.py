"""Landscapes: ridges, fields, forests and the sky at night."""

import math

from PIL import ImageChops

from .canvas import HEIGHT, RGB, WIDTH, Canvas, Pen, Point, dim, grounded, levels, mix, ridgeline


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


def _pines_on(pen: Pen, line: list[Point], c: Canvas, height: float) -> None:
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
