"""Where people build and carry: a harbour, a container yard, a railway, a bridge."""

import math

from PIL import ImageChops

from .canvas import HEIGHT, RGB, WIDTH, Canvas, Pen, Point, dim, grounded, levels, mix, ridgeline

CARGO = ("#8e3b34", "#2f5f7f", "#3d6e5a", "#c08a3a", "#6d7479", "#b9b2a2", "#a65a32", "#35465f")


def harbour(c: Canvas) -> None:
    """A container ship leaves its berth at dawn, past a row of cranes in the haze."""
    horizon = 630
    c.fill([(0, "#526a80"), (260, "#8699a1"), (450, "#cfbfa3"), (590, "#f3c788"), (630, "#f7d29a")])
    c.clouds("#475b70", [(0, 1), (330, 0.7), (500, 0)], grid=(3, 9), cover=(100, 215), opacity=0.75)
    c.clouds(
        "#ffd9a8", [(180, 0), (400, 0.8), (600, 0.2)], grid=(2, 16), cover=(130, 230), opacity=0.7
    )
    c.glow(640, 625, 720, "#ffbf73", strength=0.6, flat=0.55)
    c.glow(640, 606, 40, "#fff0cc", strength=0.9, falloff=0.9)
    for base, height, land in ((604, 26, "#b5a692"), (620, 15, "#96928a")):
        with c.layer(blur=1.5) as pen:
            pen.polygon(grounded(ridgeline(c.random, base, height, rough=0.45), horizon), land)
    for x, size, shade in ((90, 0.42, 0.25), (225, 0.5, 0.36), (385, 0.6, 0.5), (1330, 0.52, 0.38)):
        colour = mix("#d8bf9a", "#27333e", shade)
        with c.layer(blur=0.8 - shade) as pen:
            crane(pen, x, horizon, size, colour, mix(colour, "#a65a32", 0.25))
            pen.rect(x - 170 * size, horizon - 7, 340 * size, 8, colour)
    c.reflect(horizon, "#2c3d49", share=0.4)
    c.ripples(horizon, "#ffd7a1", "#24343f", opacity=0.45)
    _sun_path(c, 640, horizon)
    with c.layer(mirror=712) as pen:
        pen.rect(930, 694, 600, 20, "#2b3136")
        for x in range(950, 1500, 48):
            pen.rect(x, 700, 9, 14, "#171c20")
        crane(pen, 1230, 696, 1.18, mix("#27333e", "#b98d63", 0.12), mix("#27333e", "#c05a36", 0.3))
    with c.layer(mirror=762) as pen:
        _container_ship(pen, c, 640, 762)
    with c.stencil(blur=3) as wake:
        wake.polygon([(560, 762), (1330, 758), (1480, 764), (1330, 769), (600, 767)])
    c.paint("#f2dcb8", wake.mask, 0.4)


def _sun_path(c: Canvas, x: float, horizon: float) -> None:
    """Glints on the water below the sun."""
    with c.stencil(blur=1.4) as glints:
        for _ in range(230):
            t = c.random.random() ** 1.7
            y = horizon + 4 + (HEIGHT - horizon) * t
            wide = c.random.uniform(5, 26) * (0.4 + 2.2 * t)
            glints.ellipse(x + c.random.gauss(0, 22 + 95 * t), y, wide, 0.8 + 2.6 * t)
    c.shine("#ffcf8e", ImageChops.multiply(glints.mask, c.ramp([(horizon, 0.9), (HEIGHT, 0.25)])))


def crane(pen: Pen, x: float, foot: float, size: float, colour: RGB, load: RGB) -> None:
    """A ship-to-shore crane: portal, boom over the water, apex, stays and a hanging load."""

    def at(dx: float, dy: float) -> Point:
        return x + dx * size, foot - dy * size

    def beam(start: Point, end: Point, width: float) -> None:
        pen.line([at(*start), at(*end)], max(1.2, width * size), colour)

    for leg in (-58, 58):
        beam((leg, 0), (leg * 0.92, 232), 11)
        beam((leg - 16, 3), (leg + 16, 3), 9)
    beam((-58, 96), (58, 96), 9)
    beam((-58, 96), (55, 205), 4)
    beam((58, 96), (-55, 205), 4)
    beam((-270, 232), (165, 232), 11)
    beam((-270, 246), (150, 246), 3)
    for dx in range(-262, 150, 24):
        beam((dx, 232), (dx + 12, 246), 2)
        beam((dx + 12, 246), (dx + 24, 232), 2)
    beam((-52, 232), (-14, 352), 8)
    beam((52, 232), (-14, 352), 8)
    for end in (-255, -150, 150):
        beam((-14, 350), (end, 244), 3)
    pen.rect(*at(70, 272), 66 * size, 36 * size, colour)
    pen.rect(*at(-196, 230), 36 * size, 14 * size, colour)
    for rope in (-190, -168):
        beam((rope, 222), (rope, 150), 1.6)
    pen.rect(*at(-214, 156), 70 * size, 6 * size, colour)
    pen.rect(*at(-212, 150), 66 * size, 26 * size, load)


def _container_ship(pen: Pen, c: Canvas, x: float, waterline: float) -> None:
    """Hull, deck cargo, bridge and funnel, bow to the left."""
    deck, length = waterline - 50, 660
    hull = [(x - 34, deck - 22), (x + 60, deck), (x + length, deck), (x + length + 4, deck - 8)]
    pen.polygon([*hull, (x + length - 8, waterline), (x + 16, waterline)], "#1d2a36")
    pen.polygon(
        [
            (x + 6, waterline - 11),
            (x + length - 5, waterline - 11),
            (x + length - 8, waterline),
            (x + 16, waterline),
        ],
        "#7c3029",
    )
    pen.line([(x - 30, deck - 19), (x + 60, deck + 3), (x + length, deck + 3)], 2, "#7d8890")
    wide, tall = 25, 13
    for bay in range(19):
        left = x + 66 + bay * (wide + 1.6)
        if bay == 13:
            continue
        stack = 3 + round(2.4 * math.sin(bay / 19 * math.pi) + c.random.uniform(-0.7, 0.9))
        for row in range(max(2, stack)):
            colour = mix(c.random.choice(CARGO), "#2b2b2c", c.random.uniform(0.05, 0.35))
            pen.rect(left, deck - (row + 1) * tall, wide, tall - 1, colour)
            pen.rect(left, deck - (row + 1) * tall, wide, 2, mix(colour, "#ffd9a3", 0.35))
    house = x + length - 92
    pen.rect(house, deck - 112, 50, 112, "#c9c1b2")
    pen.rect(house - 14, deck - 122, 78, 15, "#ded6c6")
    pen.rect(house - 12, deck - 118, 74, 6, "#27333e")
    for floor in range(5):
        for window in range(4):
            pen.rect(house + 6 + window * 11, deck - 96 + floor * 18, 6, 6, "#3c4852")
    pen.rect(house + 26, deck - 164, 4, 44, "#3a4148")
    pen.rect(house + 12, deck - 150, 32, 3, "#3a4148")
    pen.polygon(
        [(house + 56, deck), (house + 58, deck - 92), (house + 82, deck - 88), (house + 86, deck)],
        "#8e3b34",
    )
    pen.rect(house + 58, deck - 92, 25, 14, "#1d2a36")
    pen.rect(x + 18, deck - 58, 4, 50, "#3a4148")


def stacks(c: Canvas) -> None:
    """Containers piled to the top of the frame, and one worker in front who gives their size."""
    c.fill([(0, "#3b444b"), (1000, "#23292d")])
    tall, ground = 142, 905
    palette = [
        ("#9c3f33", 4),
        ("#2c5a7c", 5),
        ("#2f6a5c", 3),
        ("#c98f36", 2),
        ("#cfc6b2", 2),
        ("#b85f31", 3),
        ("#3b4858", 4),
    ]
    colours = [name for name, count in palette for _ in range(count)]
    last = ""
    for row in range(7):
        x = -c.random.uniform(40, 320)
        top = ground - (row + 1) * tall
        while x < WIDTH:
            ends_on = c.random.random() < 0.28
            wide = 150 if ends_on else c.random.choice((330, 520, 520))
            last = c.random.choice([name for name in colours if name != last])
            colour = mix(last, "#4c4f50", c.random.uniform(0.02, 0.3))
            with c.layer() as pen:
                (_container_doors if ends_on else _container_side)(pen, x, top, wide, tall, colour)
            x += wide + 7
    grime = levels(c.noise(26, 5, octaves=5, fade=0.6), 140, 235)
    c.paint("#2a211b", grime, 0.42)
    rust = levels(c.noise(60, 9, octaves=4, fade=0.7), 178, 240)
    c.paint("#6b3a20", rust, 0.5)
    with c.stencil(blur=7) as seams:
        for row in range(8):
            seams.rect(-10, ground - row * tall - 6, WIDTH + 20, 12)
    c.paint("#0b0e10", seams.mask, 0.55)
    c.paint("#0a0f14", c.ramp([(0, 0.35), (350, 0.05), (905, 0.25)]))
    with c.stencil(blur=40) as sun:
        sun.polygon([(240, -60), (1320, -60), (1560, 240), (1560, 820), (900, 900)])
    c.shine("#ffcf94", sun.mask, 0.22)
    _yard_floor(c, ground)
    with c.layer() as pen:
        worker(pen, 1010, 938, 112)


def _container_side(pen: Pen, x: float, y: float, w: float, h: float, colour: RGB) -> None:
    """The long corrugated side between its posts and rails."""
    pen.rect(x, y + 3, w, h - 6, mix(colour, "#000000", 0.25))
    pen.rect(x + 8, y + 12, w - 16, h - 24, colour)
    step = 13.0
    for i in range(int((w - 22) / step)):
        left = x + 11 + i * step
        pen.rect(left, y + 13, 3, h - 26, mix(colour, "#ffffff", 0.16))
        pen.rect(left + 3.2, y + 13, 3.6, h - 26, mix(colour, "#000000", 0.12))
        pen.rect(left + 6.8, y + 13, 2.2, h - 26, mix(colour, "#000000", 0.34))
    pen.rect(x, y + 4, w, 4, mix(colour, "#ffffff", 0.25))
    _castings(pen, x, y, w, h, colour)
    pen.rect(x + w - 92, y + 24, 66, 15, mix(colour, "#f4efe4", 0.5))


def _castings(pen: Pen, x: float, y: float, w: float, h: float, colour: RGB) -> None:
    for left in (x, x + w - 16):
        for top in (y + 3, y + h - 15):
            pen.rect(left, top, 16, 12, mix(colour, "#15181a", 0.55))
            pen.ellipse(left + 8, top + 6, 4, 3, "#0c0e10")


def _container_doors(pen: Pen, x: float, y: float, w: float, h: float, colour: RGB) -> None:
    """The end of a container: two doors, four locking bars."""
    pen.rect(x, y + 3, w, h - 6, mix(colour, "#000000", 0.3))
    for left in (x + 9, x + w / 2 + 1):
        pen.rect(left, y + 12, w / 2 - 10, h - 24, mix(colour, "#ffffff", 0.05))
        for panel in range(3):
            top = y + 18 + panel * (h - 34) / 3
            pen.rect(left + 5, top, w / 2 - 20, (h - 54) / 3, mix(colour, "#000000", 0.14))
        for bar in (0.28, 0.72):
            at = left + (w / 2 - 10) * bar
            pen.rect(at, y + 10, 4, h - 20, mix(colour, "#d9dadb", 0.55))
            pen.rect(at - 4, y + h * 0.58, 14, 5, "#c9c9c6")
    _castings(pen, x, y, w, h, colour)


def _yard_floor(c: Canvas, ground: float) -> None:
    """Wet concrete with a yellow line, which holds a dull mirror of the stacks."""
    c.reflect(ground, "#3a4043", share=0.8, blur=9)
    with c.layer() as pen:
        pen.polygon([(-10, 972), (WIDTH + 10, 962), (WIDTH + 10, 972), (-10, 983)], "#c59a34")
    patches = levels(c.on_ground(c.noise(40, 30, octaves=4), ground), 120, 230)
    c.paint("#14181a", ImageChops.multiply(patches, c.ramp([(ground, 0), (ground + 8, 1)])), 0.55)
    c.paint("#07090a", c.ramp([(ground - 10, 0), (ground, 0.7), (ground + 14, 0)]))


def worker(pen: Pen, x: float, foot: float, tall: float) -> None:
    """Somebody in a bright vest and a helmet, walking past."""
    unit = tall / 100
    pen.ellipse(x + 8 * unit, foot, 26 * unit, 3 * unit, "#101315")
    for knee, heel in (((6, 24), (15, 2)), ((-4, 25), (-14, 3))):
        pen.stroke(
            [
                (x, foot - 48 * unit),
                (x + knee[0] * unit, foot - knee[1] * unit),
                (x + heel[0] * unit, foot - heel[1] * unit),
            ],
            9 * unit,
            "#1d2733",
        )
    pen.stroke(
        [
            (x - 1 * unit, foot - 78 * unit),
            (x - 10 * unit, foot - 60 * unit),
            (x - 13 * unit, foot - 46 * unit),
        ],
        7 * unit,
        "#c9641f",
    )
    pen.polygon(
        [
            (x - 10 * unit, foot - 82 * unit),
            (x + 10 * unit, foot - 82 * unit),
            (x + 9 * unit, foot - 46 * unit),
            (x - 9 * unit, foot - 46 * unit),
        ],
        "#e8792b",
    )
    pen.rect(x - 9.5 * unit, foot - 62 * unit, 19 * unit, 4 * unit, "#f3efcf")
    pen.stroke(
        [
            (x + 3 * unit, foot - 78 * unit),
            (x + 11 * unit, foot - 62 * unit),
            (x + 18 * unit, foot - 54 * unit),
        ],
        7 * unit,
        "#e8792b",
    )
    pen.ellipse(x + 1 * unit, foot - 90 * unit, 6 * unit, 7 * unit, "#8f6247")
    pen.polygon(
        [
            (x - 7 * unit, foot - 91 * unit),
            (x - 5 * unit, foot - 99 * unit),
            (x + 5 * unit, foot - 99 * unit),
            (x + 11 * unit, foot - 91 * unit),
        ],
        "#f2f0e8",
    )


def railway(c: Canvas) -> None:
    """Tracks run out of a station at night, wet under red and green signals."""
    horizon, vanish = 470, 800
    c.fill(
        [
            (0, "#0a1330"),
            (300, "#1b2c55"),
            (horizon, "#5f5a78"),
            (500, "#1a1f2e"),
            (1000, "#0b0d12"),
        ]
    )
    c.clouds(
        "#33405e", [(0, 0.3), (300, 0.9), (470, 0.4)], grid=(3, 8), cover=(100, 230), opacity=0.6
    )
    c.glow(vanish, horizon, 620, "#d98a4b", strength=0.5, flat=0.32)
    _far_town(c, horizon)
    ballast = c.on_ground(c.noise(330, 240, octaves=2, fade=0.8), horizon)
    bed = c.ramp([(horizon, 0), (horizon + 4, 1)])
    c.paint(c.gradient([(horizon, "#4a3f44"), (640, "#2c2d38"), (1000, "#22252e")]), bed)
    c.paint(
        "#5a5a66",
        ImageChops.multiply(
            levels(ballast, 130, 240), c.ramp([(horizon, 0), (560, 0.6), (1000, 0.8)])
        ),
        0.6,
    )
    for offset in (-1180, -430, 320, 1040):
        _track(c, vanish, horizon, offset)
    lamps = (
        (470, 322, "#35e08a", 0.9),
        (1128, 268, "#ff4636", 1.2),
        (690, 408, "#ff4636", 0.4),
        (905, 412, "#35e08a", 0.35),
    )
    _train(c, vanish - 77, horizon + 104)
    _masts(c, vanish, horizon)
    for x, y, colour, size in lamps:
        _signal(c, x, y, colour, size, horizon)


def _far_town(c: Canvas, horizon: float) -> None:
    """Roofs and out-of-focus lamps where the line goes."""
    with c.layer(blur=1.5) as pen:
        x = -20.0
        while x < WIDTH:
            wide, high = c.random.uniform(26, 90), c.random.uniform(14, 80)
            pen.rect(
                x, horizon - high, wide, high + 8, mix("#141a2a", "#23293d", c.random.random())
            )
            x += wide
    for _ in range(60):
        x, y = c.random.uniform(0, WIDTH), horizon - c.random.uniform(0, 46)
        tint = c.random.choice(("#ffb765", "#ffd59a", "#ff9a4d", "#cfe2ff"))
        c.glow(
            x, y, c.random.uniform(7, 20), tint, strength=c.random.uniform(0.4, 0.9), falloff=0.8
        )


def _track(c: Canvas, vanish: float, horizon: float, offset: float) -> None:
    """Sleepers and two shining rails, from the vanishing point to the lower edge."""
    gauge = 300

    def at(side: float, depth: float) -> Point:
        return vanish + (offset + side) * depth, horizon + (HEIGHT + 60 - horizon) * depth

    with c.layer(opacity=0.8) as pen:
        for i in range(60):
            near, far = 1 / (1 + i * 0.22), 1 / (1 + i * 0.22 + 0.09)
            pen.polygon(
                [at(-260, far), at(260, far), at(260, near), at(-260, near)],
                mix("#2a2724", "#2b2b34", i / 60),
            )
    for side in (-gauge / 2, gauge / 2):
        with c.layer() as pen:
            pen.polygon(
                [at(side - 13, 0.004), at(side + 13, 0.004), at(side + 13, 1), at(side - 13, 1)],
                "#191b22",
            )
        with c.stencil(blur=0.6) as rail:
            rail.polygon(
                [at(side - 5, 0.004), at(side + 5, 0.004), at(side + 5, 1), at(side - 5, 1)]
            )
        sheen = c.gradient(
            [(horizon, "#ffc27c"), (590, "#a99aa0"), (760, "#5c6f8f"), (1000, "#33405a")]
        )
        c.paint(sheen, rail.mask)


def _train(c: Canvas, x: float, foot: float) -> None:
    """A train comes towards us; its lamps lie long on the rails."""
    wide, tall = 64.0, 92.0
    with c.layer(blur=0.6) as pen:
        body = [(x - wide, foot), (x - wide, foot - tall), (x - wide * 0.6, foot - tall * 1.32)]
        body += [(x + wide * 0.6, foot - tall * 1.32), (x + wide, foot - tall), (x + wide, foot)]
        pen.polygon(body, "#8b2430")
        pen.polygon([*body[:1], (x - wide, foot - 30), (x + wide, foot - 30), body[5]], "#3a1119")
        pane = [(x - wide * 0.78, foot - tall * 0.62), (x - wide * 0.62, foot - tall * 1.12)]
        pane += [(x + wide * 0.62, foot - tall * 1.12), (x + wide * 0.78, foot - tall * 0.62)]
        pen.polygon(pane, "#f0c98c")
        pen.rect(x - 2, foot - tall * 1.14, 4, tall * 0.54, "#3a1119")
        pen.rect(x - 30, foot - tall * 1.27, 60, 9, "#ffb14a")
        pen.rect(x - wide * 0.9, foot - 4, wide * 1.8, 9, "#0a0c12")
    for side in (-1, 1):
        lamp = x + side * wide * 0.7
        c.glow(lamp, foot - 30, 190, "#ffe2ae", strength=0.6)
        c.glow(lamp, foot - 30, 34, "#fffaf0", falloff=0.9)
    c.glow(x - 30, foot + 170, 300, "#ffd596", strength=0.42, flat=0.75)


def _masts(c: Canvas, vanish: float, horizon: float) -> None:
    """Portals that carry the overhead line, and the line itself."""
    with c.layer() as pen:
        for i in range(7):
            depth = 0.92 / (1.62**i)
            foot, top = horizon + 300 * depth, horizon - 520 * depth
            colour = mix("#05070c", "#2a2f44", i / 7)
            for side in (-900, 900):
                x = vanish + side * depth
                pen.line([(x, foot), (x, top)], max(1.5, 17 * depth), colour)
            for drop in (0, 42):
                pen.line(
                    [
                        (vanish - 900 * depth, top + drop * depth),
                        (vanish + 900 * depth, top + drop * depth),
                    ],
                    max(1, 7 * depth),
                    colour,
                )
            for j in range(25):
                x = vanish + (-900 + j * 72) * depth
                pen.line(
                    [(x, top), (x + 36 * depth, top + 42 * depth), (x + 72 * depth, top)],
                    max(1, 3 * depth),
                    colour,
                )
            for side in (-430, 320):
                x = vanish + side * depth
                pen.line([(x, top + 42 * depth), (x, top + 130 * depth)], max(1, 6 * depth), colour)
        for side in (-430, 320):
            for drop, width in ((410, 2.2), (330, 1.6)):
                end = (vanish + side * 1.9, horizon - drop * 1.9)
                pen.line([(vanish, horizon - 2), end], width, "#080b12")


def _signal(c: Canvas, x: float, y: float, colour: str, size: float, horizon: float) -> None:
    """A colour-light signal on its post, its glow and its long reflection on the ground."""
    with c.layer() as pen:
        pen.rect(x - 4 * size, y, 8 * size, horizon - y + 190 * size, "#07090e")
        pen.rect(x - 22 * size, y - 54 * size, 44 * size, 112 * size, "#080a0f")
        for slot in (-28, 28):
            pen.ellipse(x, y + slot * size, 14 * size, colour="#12151c")
    lit = y - 28 * size if colour.startswith("#f") else y + 28 * size
    c.glow(x, lit, 300 * size, colour, strength=0.4)
    c.glow(x, lit, 90 * size, colour, strength=0.8)
    with c.layer(blur=0.6) as pen:
        pen.ellipse(x, lit, 12 * size, colour=mix(colour, "#ffffff", 0.55))
    c.glow(x, lit, 26 * size, "#ffffff", strength=0.7)
    c.glow(x, horizon + 250 * size, 210 * size, colour, strength=0.3, flat=0.9)


def bridge(c: Canvas) -> None:
    """A suspension bridge whose towers stand clear of the morning mist."""
    c.fill(
        [(0, "#7386a8"), (300, "#b3aec2"), (560, "#eec6b6"), (760, "#f2ddd0"), (1000, "#c9cbd6")]
    )
    c.clouds(
        "#f6dcd6", [(0, 0.9), (400, 0.5), (600, 0)], grid=(2, 10), cover=(120, 235), opacity=0.6
    )
    c.glow(560, 560, 620, "#ffdcae", strength=0.65)
    c.glow(560, 500, 46, "#fff6e2", strength=0.95, falloff=0.9)
    for base, high, colour in ((600, 60, "#b7a9b8"), (650, 46, "#9a95ab")):
        with c.layer(blur=2) as pen:
            pen.polygon(grounded(ridgeline(c.random, base, high, rough=0.47)), colour)
        haze = [(base - 40, 0), (base + 40, 0.9), (base + 140, 0.7)]
        c.clouds("#f3dfd8", haze, grid=(3, 8), cover=(40, 220), opacity=0.8)
    _suspension(c)
    c.paint("#e6dde0", c.ramp([(700, 0), (880, 0.9), (1000, 1)]))
    for band, shade, cover in (
        ([(560, 0), (700, 0.5), (800, 0.9)], "#f4e3dc", (95, 225)),
        ([(690, 0), (800, 0.9), (1000, 1)], "#f1e8e6", (70, 200)),
        ([(780, 0), (880, 0.9), (1000, 1)], "#b9c0d2", (90, 240)),
    ):
        c.clouds(shade, band, grid=(3, 9), cover=cover, opacity=0.9)
    with c.layer(blur=0.8) as pen:
        for x, y in ((300, 210), (338, 232), (372, 205), (420, 246), (268, 258)):
            wings = [(x - 15, y - 5), (x - 6, y - 8), (x, y), (x + 6, y - 8), (x + 15, y - 4)]
            pen.line(wings, 2.4, "#4a4c63")


def _suspension(c: Canvas) -> None:
    """Cables, hangers, deck and towers, in perspective from the near right to the far left."""
    far, near = "#a9939e", "#5a2f33"

    def place(along: float, up: float) -> Point:
        size = 1 / (1 + (1 - along) * 2.1)
        return 230 + 2267 * (size - 0.398), 690 + (60 - up) * size

    def tint(along: float) -> RGB:
        return mix(far, near, max(0.0, along) ** 1.2)

    towers = (0.28, 0.86)
    top, deck = 560, 110

    def cable(along: float) -> float:
        first, second = towers
        if along < first:
            return deck + (top - deck) * max(0.0, along / first) ** 1.3
        if along > second:
            return top - (top - deck) * ((along - second) / 0.42)
        half = (second - first) / 2
        return deck + 26 + (top - deck - 26) * ((along - first - half) / half) ** 2

    spots = [-0.3 + i / 140 * 1.45 for i in range(141)]
    for shift, fade in ((0.035, 0.35), (0.0, 0.0)):
        with c.layer() as pen:
            for i, along in enumerate(spots[:-1]):
                after = spots[i + 1]
                colour = mix(tint(along), "#e6cfc8", fade)
                size = 1 / (1 + (1 - along) * 2.1)
                start, end = place(along + shift, cable(along)), place(after + shift, cable(after))
                pen.line([start, end], max(1.4, 11 * size), colour)
                if i % 2 == 0:
                    pen.line([start, place(along + shift, deck)], max(0.8, 2.2 * size), colour)
            if not fade:
                upper = [place(along, deck + 12) for along in spots]
                lower = [place(along, deck - 26) for along in spots]
                pen.polygon([*upper, *reversed(lower)], mix(near, far, 0.35))
                for i in range(140):
                    pen.line(
                        [place(spots[i], deck - 24), place(spots[i + 1], deck + 8)],
                        1.2,
                        mix(tint(spots[i]), "#2b1a20", 0.4),
                    )
    for along in towers:
        size = 1 / (1 + (1 - along) * 2.1)
        with c.layer() as pen:
            for side in (0.035, 0.0):
                x, crown = place(along + side, top + 30)
                _, foot = place(along + side, -900)
                wide = 30 * size
                colour = mix(tint(along), "#e6cfc8", 0.25 if side else 0)
                pen.polygon(
                    [
                        (x - wide * 0.8, crown),
                        (x + wide * 0.8, crown),
                        (x + wide * 1.2, foot),
                        (x - wide * 1.2, foot),
                    ],
                    colour,
                )
                pen.polygon(
                    [
                        (x - wide * 0.8, crown),
                        (x - wide * 0.35, crown),
                        (x - wide * 0.55, foot),
                        (x - wide * 1.2, foot),
                    ],
                    mix(colour, "#ffd9b8", 0.35),
                )
            left, right = place(along, 0)[0], place(along + 0.035, 0)[0]
            for up in (top + 8, 430, 290, 30, -90):
                y = place(along, up)[1]
                pen.rect(left, y, right - left, 24 * size, mix(tint(along), "#2b1a20", 0.1))
        dimmed = dim(c.noise(3, 6), 0.2)
        c.paint("#f4e3dc", ImageChops.multiply(dimmed, c.ramp([(300, 0), (700, 1)])))
