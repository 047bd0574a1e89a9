"""In town: the skyline at dusk and the market in the morning."""

import math

from PIL import ImageChops

from .canvas import RGB, WIDTH, Canvas, Pen, levels, mix


def city(c: Canvas) -> None:
    """Towers at dusk with the lights coming on, and the river that doubles them."""
    waterline = 790
    c.fill(
        [
            (0, "#1c2450"),
            (280, "#4a3f78"),
            (500, "#a8587f"),
            (640, "#ee8a68"),
            (760, "#ffbd7a"),
            (1000, "#5a3c58"),
        ]
    )
    c.clouds(
        "#2d2753", [(0, 0.8), (330, 0.8), (520, 0)], grid=(2, 11), cover=(110, 225), opacity=0.7
    )
    c.clouds(
        "#ff9a7c", [(200, 0), (420, 0.8), (620, 0.2)], grid=(2, 18), cover=(140, 235), opacity=0.6
    )
    c.glow(980, 760, 720, "#ffb469", strength=0.5, flat=0.6)
    rows = (
        (4, 0.3, "#8f5d80", 520),
        (3, 0.5, "#6c4876", 500),
        (2, 0.72, "#443460", 420),
        (1, 1.0, "#241f3d", 280),
    )
    for order, nearness, colour, tallest in rows:
        _blocks(c, waterline, colour, tallest, nearness)
        if order > 1:
            c.paint("#f2a078", c.ramp([(waterline - 220, 0), (waterline, 0.42)]))
    with c.layer() as pen:
        pen.rect(-10, waterline - 9, WIDTH + 20, 10, "#15142a")
    for x in range(20, 1500, 46):
        c.glow(x, waterline - 14, 20, "#ffc986", strength=0.7)
    c.reflect(waterline, "#2a2350", share=0.22, blur=6)
    c.ripples(waterline, "#ffb58a", "#1a1738", opacity=0.16)


def _blocks(c: Canvas, foot: float, colour: str, tallest: float, nearness: float) -> None:
    """One row of buildings with its windows."""
    x = -c.random.uniform(10, 60)
    lights: list[tuple[float, float, float, float, RGB]] = []
    with c.layer(blur=1.1 * (1 - nearness)) as pen:
        while x < WIDTH:
            wide = c.random.uniform(50, 120) * (0.55 + 0.6 * nearness)
            middle = 1 - abs((x - 900) / 1100)
            high = tallest * c.random.uniform(0.45, 1.15) * max(0.3, middle) + 50
            face = mix(colour, "#0e1028", c.random.uniform(0, 0.18))
            top = foot - high
            pen.rect(x, top, wide, high + 4, face)
            pen.rect(x + wide * 0.78, top, wide * 0.22, high + 4, mix(face, "#ffb47c", 0.16))
            _roof(pen, c, x, top, wide, face)
            if nearness > 0.4:
                lights += _windows(c, x, top, wide, high, nearness)
            x += wide + c.random.choice((0, 0, 2, 10)) * nearness
    with c.layer(opacity=0.35 + 0.6 * nearness) as pen:
        for left, top, wide, high, tint in lights:
            pen.rect(left, top, wide, high, tint)
    for left, top, *_ in c.random.sample(lights, min(len(lights), 50)):
        c.glow(left + 2, top + 2, 15 * nearness + 4, "#ffb765", strength=0.35)


def _roof(pen: Pen, c: Canvas, x: float, top: float, wide: float, face: RGB) -> None:
    """What stands on a roof: a set-back floor, a spire or a mast."""
    kind = c.random.random()
    if kind < 0.35:
        pen.rect(x + wide * 0.2, top - 22, wide * 0.6, 24, face)
    elif kind < 0.46 and wide < 70:
        pen.polygon([(x, top + 1), (x + wide / 2, top - wide * 0.7), (x + wide, top + 1)], face)
    elif kind < 0.68:
        pen.rect(x + wide * 0.3, top - 16, wide * 0.4, 18, face)
        pen.rect(x + wide * 0.5 - 1.2, top - 82, 2.4, 70, face)


def _windows(
    c: Canvas, x: float, top: float, wide: float, high: float, nearness: float
) -> list[tuple[float, float, float, float, RGB]]:
    """Lit windows in a grid, whole floors of them here and there."""
    lights = []
    step_x, step_y = 9.5 * (0.6 + 0.4 * nearness), 15 * (0.6 + 0.4 * nearness)
    busy = c.random.uniform(0.08, 0.5)
    row = top + 12
    while row < top + high - 12:
        floor = busy * c.random.choice((0.4, 1, 1, 1.7))
        column = x + 6
        while column < x + wide - 9:
            if c.random.random() < floor:
                tint = c.random.choice(("#ffd591", "#ffc06e", "#ffe6b8", "#ffab5e", "#dfe9ff"))
                lights.append(
                    (
                        column,
                        row,
                        step_x * 0.52,
                        step_y * 0.5,
                        mix(tint, "#5a3c58", c.random.uniform(0, 0.5)),
                    )
                )
            column += step_x
        row += step_y
    return lights


def market(c: Canvas) -> None:
    """Three market stalls from the front, under striped awnings, with what is in season."""
    ground = 900
    _houses(c)
    with c.stencil(blur=26) as inside:
        inside.rect(-10, 380, WIDTH + 20, ground - 400)
    c.paint("#2a211d", inside.mask, 0.8)
    c.paint(
        c.gradient([(880, "#8b7f73"), (1000, "#a3978a")]), c.ramp([(ground - 2, 0), (ground, 1)])
    )
    stones = levels(c.on_ground(c.noise(120, 40, octaves=2, fade=0.8), ground - 30), 110, 230)
    c.paint("#4f463f", ImageChops.multiply(stones, c.ramp([(ground, 0), (ground + 4, 1)])), 0.6)
    stalls = (
        (-60, 470, "#b3382f", ("#c8352b", "#e08a2c", "#d9c23e", "#6f9e3c")),
        (500, 500, "#2f6b57", ("#7fa63c", "#3f7a3f", "#e6e0c8", "#7d3f6b")),
        (1090, 480, "#d19a2f", ("#e3b23c", "#c9542f", "#a83246", "#8cab45")),
    )
    for x, wide, _, goods in stalls:
        _stall(c, x, wide, ground, goods)
    for x, wide, colour, _ in stalls:
        _awning(c, x - 16, wide + 32, 196, colour)
    with c.stencil(blur=50) as sun:
        sun.polygon([(-50, -80), (700, -80), (1100, 420), (420, 560), (-50, 420)])
    c.shine("#ffd9a0", sun.mask, 0.3)
    for x, y, tall, coat, hair in (
        (452, 955, 400, "#34465c", "#2a2422"),
        (1052, 948, 384, "#7c3b3a", "#8a5a34"),
        (985, 985, 250, "#c9a24a", "#5a3a24"),
    ):
        _shopper(c, x, y, tall, coat, hair)


def _houses(c: Canvas) -> None:
    """Sunlit fronts behind the market, a little out of focus."""
    c.fill([(0, "#d9b48a"), (500, "#c49a78")])
    with c.layer(blur=5) as pen:
        x = -30.0
        for wide, colour in (
            (330, "#d6a679"),
            (300, "#c98d74"),
            (420, "#dcc39c"),
            (260, "#a9a993"),
            (300, "#cf9e7a"),
        ):
            pen.rect(x, -10, wide + 2, 1020, colour)
            for i in range(int(wide / 105)):
                left = x + 34 + i * (wide - 20) / int(wide / 105)
                for top in (-40, 170):
                    pen.rect(left - 5, top - 5, 62, 150, mix(colour, "#fff2dc", 0.6))
                    pen.rect(left, top, 52, 140, "#4a5661")
                    pen.rect(left + 24, top, 4, 140, mix(colour, "#fff2dc", 0.6))
                    pen.rect(left - 24, top, 20, 140, mix(colour, "#31504f", 0.7))
                    pen.rect(left + 56, top, 20, 140, mix(colour, "#31504f", 0.7))
            x += wide


def _awning(c: Canvas, x: float, wide: float, top: float, colour: str) -> None:
    """A striped awning: sloping cloth, scalloped edge, and the shadow below it."""
    stripes, slope, edge = 11, 176, 52
    step, inset = wide / stripes, 34
    with c.stencil(blur=18) as shadow:
        shadow.rect(x + 8, top + slope + 20, wide - 16, 60)
    c.paint("#0d0a0a", shadow.mask, 0.5)
    with c.layer() as pen:
        for i in range(stripes):
            shade = colour if i % 2 == 0 else "#f3ead8"
            left, right = x + i * step, x + (i + 1) * step + 0.6
            upper = [x + inset + (wide - 2 * inset) * k / stripes for k in (i, i + 1)]
            pen.polygon(
                [(upper[0], top), (upper[1] + 0.6, top), (right, top + slope), (left, top + slope)],
                shade,
            )
            hem = mix(shade, "#2a1512", 0.2)
            pen.rect(left, top + slope, step + 0.6, edge - step * 0.4, hem)
            pen.ellipse(
                left + step / 2, top + slope + edge - step * 0.42, step / 2, step * 0.4, hem
            )
        pen.rect(x + inset - 6, top - 8, wide - 2 * inset + 12, 10, "#5b4636")
        pen.rect(x, top + slope - 2, wide, 5, mix(colour, "#000000", 0.25))
    with c.stencil() as cloth:
        cloth.polygon(
            [(x + inset, top), (x + wide - inset, top), (x + wide, top + slope), (x, top + slope)]
        )
    c.paint("#fff6e0", ImageChops.multiply(cloth.mask, c.ramp([(top, 0.35), (top + 90, 0)])))
    c.paint(
        "#1c0f0c", ImageChops.multiply(cloth.mask, c.ramp([(top + 90, 0), (top + slope, 0.28)]))
    )
    folds = levels(c.noise(40, 2, octaves=2), 120, 250)
    c.paint("#1c0f0c", ImageChops.multiply(cloth.mask, folds), 0.22)


def _stall(c: Canvas, x: float, wide: float, ground: float, goods: tuple[str, ...]) -> None:
    """Poles, somebody selling, and crates that rise towards the back."""
    c.glow(x + wide / 2, 500, 260, "#ffcf8a", strength=0.45)
    with c.layer() as pen:
        for pole in (x + 8, x + wide - 20):
            pen.rect(pole, 380, 12, ground - 380, "#4b3b30")
    _seller(c, x + wide * 0.52, 668)
    crate_wide, crate_tall = wide / 4 - 12, 50
    for row, top in enumerate((640, 716, 796)):
        with c.layer() as pen:
            pen.rect(x + 14, top + 34, wide - 28, 70, "#3a2a20")
            for column in range(4):
                left = x + 22 + column * (wide - 40) / 4
                _crate(pen, c, left, top, crate_wide, crate_tall, goods[(column + row * 3) % 4])
    with c.layer() as pen:
        pen.rect(x + 10, 872, wide - 20, 10, "#6f5138")
        for leg in (x + 26, x + wide - 44):
            pen.rect(leg, 880, 16, 34, "#3a2a20")


def _crate(
    pen: Pen, c: Canvas, x: float, top: float, wide: float, tall: float, colour: str
) -> None:
    """A wooden crate heaped with fruit, and its price on a card."""
    size = c.random.choice((10, 12, 15))
    pen.rect(x, top - 4, wide, 24, "#241812")
    for row in range(4):
        count = int(wide / (size * 1.65))
        for i in range(count):
            px = (
                x
                + size * 0.8
                + i * (wide - size * 1.6) / max(1, count - 1)
                + c.random.uniform(-2, 2)
            )
            arch = 8 * math.sin(math.pi * (i + 0.5) / count)
            py = top - 14 - arch * 1.3 + row * size * 0.72 + c.random.uniform(-2, 2)
            ripe = mix(
                colour,
                c.random.choice(("#5a2a1a", "#f6e08a", "#6b8a35")),
                c.random.uniform(0, 0.25),
            )
            pen.ellipse(px, py, size, size * 0.95, mix(ripe, "#160d08", 0.42))
            pen.ellipse(px - size * 0.1, py - size * 0.12, size * 0.84, size * 0.8, ripe)
            pen.ellipse(
                px - size * 0.3,
                py - size * 0.36,
                size * 0.26,
                size * 0.2,
                mix(ripe, "#fff5dc", 0.6),
            )
    for slat in range(2):
        wood = mix("#a97c4c", "#7a5634", c.random.random())
        pen.rect(x - 3, top + 14 + slat * tall * 0.42, wide + 6, tall * 0.36, wood)
        pen.rect(x - 3, top + 14 + slat * tall * 0.42, wide + 6, 2.5, mix(wood, "#ffe0b0", 0.4))
    pen.rect(x + wide * 0.34, top - 26, wide * 0.32, 26, "#f4efe2")
    pen.rect(x + wide * 0.39, top - 20, wide * 0.2, 4, "#3b322c")
    pen.rect(x + wide * 0.39, top - 12, wide * 0.14, 4, "#3b322c")


def _seller(c: Canvas, x: float, waist: float) -> None:
    """Somebody behind the stall, in an apron."""
    skin, shirt = c.random.choice(
        (("#b07f5f", "#5a6f7c"), ("#6f4a38", "#8c8a76"), ("#c79a78", "#6b4f5a"))
    )
    with c.layer(blur=0.8) as pen:
        pen.stroke(
            [(x - 42, waist - 128), (x - 60, waist - 60), (x - 34, waist - 22)],
            25,
            mix(shirt, "#000000", 0.15),
        )
        pen.stroke(
            [(x + 42, waist - 128), (x + 62, waist - 66), (x + 44, waist - 20)],
            25,
            mix(shirt, "#000000", 0.15),
        )
        pen.stroke([(x - 30, waist - 128), (x + 30, waist - 128)], 42, shirt)
        pen.polygon(
            [
                (x - 48, waist - 130),
                (x + 48, waist - 130),
                (x + 42, waist + 30),
                (x - 42, waist + 30),
            ],
            shirt,
        )
        pen.polygon(
            [
                (x - 26, waist - 108),
                (x + 26, waist - 108),
                (x + 38, waist + 30),
                (x - 38, waist + 30),
            ],
            "#d9cfb8",
        )
        pen.rect(x - 11, waist - 164, 22, 28, mix(skin, "#000000", 0.25))
        pen.ellipse(x, waist - 184, 25, 31, skin)
        pen.polygon(
            [
                (x - 27, waist - 190),
                (x - 24, waist - 216),
                (x, waist - 224),
                (x + 24, waist - 216),
                (x + 27, waist - 190),
                (x, waist - 200),
            ],
            "#2d2420",
        )


def _shopper(c: Canvas, x: float, foot: float, tall: float, coat: str, hair: str) -> None:
    """Somebody seen from behind, with a bag."""
    unit = tall / 100
    with c.stencil(blur=7) as shadow:
        shadow.ellipse(x + 14 * unit, foot, 24 * unit, 4 * unit)
    c.paint("#14100e", shadow.mask, 0.7)
    with c.layer(blur=0.7) as pen:
        for leg in (-5, 5):
            pen.stroke(
                [(x + leg * unit, foot - 40 * unit), (x + leg * 1.3 * unit, foot - 3 * unit)],
                8.5 * unit,
                "#242529",
            )
        dark = mix(coat, "#000000", 0.28)
        pen.stroke(
            [
                (x + 13 * unit, foot - 78 * unit),
                (x + 17 * unit, foot - 58 * unit),
                (x + 16 * unit, foot - 43 * unit),
            ],
            7 * unit,
            dark,
        )
        pen.stroke(
            [
                (x - 13 * unit, foot - 78 * unit),
                (x - 17 * unit, foot - 60 * unit),
                (x - 16 * unit, foot - 43 * unit),
            ],
            7 * unit,
            dark,
        )
        pen.polygon(
            [
                (x - 15 * unit, foot - 78 * unit),
                (x - 8 * unit, foot - 84 * unit),
                (x + 8 * unit, foot - 84 * unit),
                (x + 15 * unit, foot - 78 * unit),
                (x + 13 * unit, foot - 34 * unit),
                (x - 13 * unit, foot - 34 * unit),
            ],
            coat,
        )
        pen.polygon(
            [
                (x + 3 * unit, foot - 83 * unit),
                (x + 14 * unit, foot - 78 * unit),
                (x + 13 * unit, foot - 34 * unit),
                (x + 6 * unit, foot - 34 * unit),
            ],
            dark,
        )
        pen.rect(x - 3.5 * unit, foot - 88 * unit, 7 * unit, 7 * unit, "#9b6d52")
        pen.ellipse(x, foot - 93 * unit, 6.6 * unit, 8 * unit, hair)
        pen.line(
            [(x + 16 * unit, foot - 42 * unit), (x + 12 * unit, foot - 30 * unit)],
            1.2 * unit,
            "#6f5138",
        )
        pen.line(
            [(x + 16 * unit, foot - 42 * unit), (x + 21 * unit, foot - 30 * unit)],
            1.2 * unit,
            "#6f5138",
        )
        pen.polygon(
            [
                (x + 8 * unit, foot - 31 * unit),
                (x + 25 * unit, foot - 31 * unit),
                (x + 23 * unit, foot - 14 * unit),
                (x + 10 * unit, foot - 14 * unit),
            ],
            "#b58a55",
        )
