"""Seen from the air: a running track, a river delta, an allotment garden."""

import math

from PIL import Image, ImageChops

from .canvas import HEIGHT, RGB, WIDTH, Canvas, Pen, Point, levels, mix

Arm = tuple[list[Point], float]
Bed = tuple[float, float, float, float]


def track(c: Canvas) -> None:
    """The bend of a running track from above; the low sun draws the runner in shadow."""
    c.fill([(0, "#a9472f"), (1000, "#94371f")])
    middle, inner, lane = (1330.0, 1420.0), 640, 112
    with c.stencil() as infield:
        infield.ellipse(*middle, inner)
    with c.stencil() as outfield:
        outfield.rect(-10, -10, WIDTH + 20, HEIGHT + 20)
        outfield.ellipse(*middle, inner + 7 * lane + 26, colour=0)
    for mask, dark, light in (
        (infield.mask, "#2f5f3d", "#4b8050"),
        (outfield.mask, "#24503f", "#3b6d4d"),
    ):
        with c.stencil() as stripes:
            for i in range(-8, 24, 2):
                stripes.polygon(
                    [
                        (i * 120, -10),
                        (i * 120 + 120, -10),
                        (i * 120 - 280, 1010),
                        (i * 120 - 400, 1010),
                    ]
                )
        c.paint(dark, mask)
        c.paint(light, ImageChops.multiply(mask, stripes.mask), 0.4)
        c.paint(
            "#173726",
            ImageChops.multiply(mask, levels(c.noise(160, 110, octaves=2), 120, 235)),
            0.45,
        )
    worn = levels(c.noise(4, 3, octaves=4), 110, 230)
    c.paint("#c9694a", worn, 0.28)
    with c.stencil(blur=16) as groove:
        for i in range(7):
            groove.ellipse(*middle, inner + (i + 0.62) * lane)
            groove.ellipse(*middle, inner + (i + 0.38) * lane, colour=0)
    outside = ImageChops.invert(ImageChops.lighter(infield.mask, outfield.mask))
    c.paint(
        "#6f2413", ImageChops.multiply(outside, levels(c.noise(360, 240, octaves=1), 90, 255)), 0.4
    )
    _lane_lines(c, middle, inner, lane)
    runner_at = _around(middle, inner + 3.5 * lane, 232)
    _runner(c, runner_at)
    with c.stencil(blur=60) as shade:
        shade.polygon([(-80, 560), (420, 1080), (-80, 1080)])
    c.paint("#0b1420", shade.mask, 0.5)
    c.glow(1250, 60, 1000, "#ffce8f", strength=0.28)


def _around(middle: Point, radius: float, degrees: float) -> Point:
    angle = math.radians(degrees)
    return middle[0] + radius * math.cos(angle), middle[1] + radius * math.sin(angle)


def _lane_lines(c: Canvas, middle: Point, inner: float, lane: float) -> None:
    """White lines between the lanes, worn in places, and the marks of a staggered start."""
    with c.stencil() as lines:
        for i in range(8):
            arc = [_around(middle, inner + i * lane, 170 + j) for j in range(0, 121)]
            lines.line(arc, 7)
        for i in range(7):
            degrees = 246 + i * 4.4
            lines.line(
                [
                    _around(middle, inner + i * lane, degrees),
                    _around(middle, inner + (i + 1) * lane, degrees),
                ],
                8,
            )
    wear = levels(c.noise(120, 80, octaves=2), -60, 110)
    c.paint("#f3e6da", ImageChops.multiply(lines.mask, wear), 0.92)


def _runner(c: Canvas, at: Point) -> None:
    """A runner from straight above, and the long shadow that shows the stride."""
    x, y = at
    size = 1.4

    def cast(along: float, up: float) -> Point:
        """Where the shadow of a point falls: its place in the stride and its height."""
        along, up = along * size, up * size
        return x + along * 0.86 + up * 0.98, y - along * 0.66 + up * 0.62

    limbs = (
        ([(2, 104), (-6, 170)], 34), ([(0, 102), (38, 78), (26, 26)], 19),
        ([(26, 26), (44, 22)], 12), ([(0, 104), (-22, 62), (-66, 58)], 19),
        ([(-66, 58), (-74, 76)], 12), ([(-4, 164), (-42, 138), (-22, 112)], 13),
        ([(-6, 164), (34, 140), (52, 166)], 13),
    )  # fmt: skip
    with c.stencil(blur=2.2) as shadow:
        for points, width in limbs:
            shadow.stroke([cast(*p) for p in points], width * 0.95 * size)
        shadow.ellipse(*cast(4, 203), 21 * size)
        shadow.ellipse(*cast(10, 6), 14 * size)
    c.paint("#2a0d0b", shadow.mask, 0.74)
    skin, shoe, shorts = "#7a4a32", "#f4c534", "#1d2b4a"
    parts = (
        ([(0, -9), (40, -12)], 17, skin), ([(34, -12), (50, -12)], 14, shoe),
        ([(-4, 10), (-44, 12)], 16, skin), ([(-44, 12), (-58, 12)], 13, shoe),
        ([(2, -12), (16, -12)], 25, shorts), ([(-16, 12), (0, 12)], 25, shorts),
        ([(0, -30), (-15, -37), (-30, -27)], 13, skin), ([(0, 30), (18, 37), (36, 27)], 13, skin),
        ([(0, -22), (2, 22)], 33, "#f2f0ea"), ([(-12, -14), (-12, 14)], 26, "#d5d4d0"),
        ([(-14, -3), (-14, 7)], 13, "#c5372c"),
        ([(9, 0), (11, 0)], 36, "#20130f"), ([(15, -2), (16, -2)], 17, "#3b241b"),
    )  # fmt: skip

    def place(along: float, across: float) -> Point:
        """A point on the body, along and across the way the runner is going."""
        along, across = along * size * 0.9, across * size * 0.9
        return x + 0.79 * along + 0.61 * across, y - 0.61 * along + 0.79 * across

    with c.layer(blur=0.5) as pen:
        for points, width, colour in parts:
            pen.stroke([place(*p) for p in points], width * size * 0.9, colour)


def delta(c: Canvas) -> None:
    """A river splits into ever finer arms before it colours the sea."""
    c.fill([(0, "#6b7440"), (400, "#54704a"), (700, "#3f6554"), (1000, "#35584c")])
    _farmland(c)
    greens = (("#8d8a4c", (5, 4), (120, 215)), ("#2c4a35", (8, 6), (125, 220)))
    for colour, grid, cover in greens:
        c.paint(colour, levels(c.noise(*grid, octaves=6, fade=0.6), *cover), 0.6)
    arms = _arms(c)
    _sea(c, arms)
    for spread, colour, opacity, blur in ((34, "#1f3d2a", 0.7, 14), (12, "#cbb684", 0.8, 3)):
        with c.stencil(blur=blur) as banks:
            for points, width in arms:
                banks.stroke(points, width + spread * (0.25 + width / 60))
        c.paint(
            colour, ImageChops.multiply(banks.mask, c.ramp([(0, 1), (760, 1), (860, 0)])), opacity
        )
    with c.stencil(blur=0.8) as water:
        for points, width in arms:
            water.stroke(points, max(1.8, width))
    c.paint(c.gradient([(0, "#3a7f86"), (500, "#56a79f"), (900, "#8cc4ad")]), water.mask)
    silt = levels(c.noise(30, 22, octaves=5, fade=0.6), 120, 220)
    c.paint("#dccf9c", ImageChops.multiply(silt, water.mask), 0.65)
    c.glow(1100, 100, 1100, "#ffe9b8", strength=0.22)


def _farmland(c: Canvas) -> None:
    """Fields as a patchwork between the arms, turned a little against the frame."""
    tones = ("#8f9a52", "#6b8a4e", "#b0a262", "#4f7448", "#7d7f45", "#3f6a4c")
    with c.layer(opacity=0.34, blur=0.8) as pen:
        for row in range(-8, 34):
            x, y = -200.0 - c.random.uniform(0, 80), row * 34.0
            while x < 1700:
                wide = c.random.choice((16, 24, 40, 66, 90)) * c.random.uniform(0.8, 1.2)
                a, b = (x, y + x * 0.24 - 180), (x + wide, y + (x + wide) * 0.24 - 180)
                tone = mix(c.random.choice(tones), "#2f4a35", c.random.uniform(0, 0.5))
                pen.polygon([a, b, (b[0] - 8, b[1] + 32), (a[0] - 8, a[1] + 32)], tone)
                x += wide + 2


def _coast(x: float) -> float:
    """How far down the land reaches: furthest where the river has brought most of it."""
    return (
        600
        + 250 * math.exp(-(((x - 760) / 520) ** 2))
        + 16 * math.sin(x / 47)
        + 9 * math.sin(x / 19)
    )


def _arms(c: Canvas) -> list[Arm]:
    """Meandering pieces of river, each with its width: a stem, then arms that leave it in turn."""
    stem = _meander(c, (640, -40), (700, 250), 30, bend=330)
    arms: list[Arm] = [(stem, 34.0)]
    ends = [
        (x, 12 - 6 * abs(x - 760) / 760) for x in (760, 330, 1160, 540, 980, 90, 1420, 660, 860)
    ]
    for mouth, width in ends:
        sea = (mouth, _coast(mouth) + 20)
        arms.append((_meander(c, stem[-1], sea, 20, bend=190), width))
    main = arms[1:]
    for generation, (count, width) in enumerate(((18, 5.0), (48, 3.0), (150, 1.6))):
        grown: list[Arm] = []
        for _ in range(count):
            course, parent = c.random.choice(main)
            start = course[int(len(course) * c.random.uniform(0.12, 0.85))]
            reach = (start[0] - 700) / max(60, start[1] - 60)
            x = start[0] + (reach * 0.9 + c.random.gauss(0, 0.45)) * (760 - start[1]) * 0.8
            share = c.random.uniform(0.15, 0.5) if generation == 2 else 1.0
            way = (x - start[0], _coast(x) + 12 - start[1])
            goal = (start[0] + way[0] * share, start[1] + way[1] * share)
            if goal[1] > start[1] + 20:
                grown.append((_meander(c, start, goal, 15), min(width, parent * 0.7)))
        arms += grown
        main = main + grown
    return arms


def _meander(
    c: Canvas, start: Point, goal: Point, swing: float, *, bend: float = 120
) -> list[Point]:
    """A winding way from one point to another."""
    length = math.dist(start, goal)
    count = max(6, int(length / 9))
    pace, phase = (
        length / (bend * c.random.uniform(0.8, 1.2)) * math.tau,
        c.random.uniform(0, math.tau),
    )
    side = (-(goal[1] - start[1]) / length, (goal[0] - start[0]) / length)
    bow = c.random.uniform(-0.1, 0.1) * length
    points = []
    for i in range(count + 1):
        t = i / count
        calm = math.sin(math.pi * min(1, t * 1.25)) if t < 0.4 else 1 - 0.4 * t
        away = bow * math.sin(math.pi * t)
        away += (
            swing
            * calm
            * (math.sin(pace * t + phase) * 0.6 + math.sin(pace * 2.3 * t) * 0.25)
            * t**0.3
        )
        x, y = start[0] + (goal[0] - start[0]) * t, start[1] + (goal[1] - start[1]) * t
        points.append((x + side[0] * away, y + side[1] * away))
    return points


def _sea(c: Canvas, arms: list[Arm]) -> None:
    """Deep water beyond the coast, with plumes of silt off every mouth."""
    edge = [(x, _coast(x) + c.random.uniform(-6, 6)) for x in range(-20, 1540, 8)]
    with c.stencil(blur=1) as sea:
        sea.polygon([*edge, (1540, 1020), (-20, 1020)])
    c.paint(c.gradient([(560, "#2a7f92"), (800, "#1b668a"), (1000, "#0f4168")]), sea.mask)
    for reach, blur, colour, opacity in ((70, 40, "#4fa3a0", 0.8), (26, 16, "#b9c49a", 0.8)):
        with c.stencil(blur=blur) as shallows:
            shallows.line(edge, reach * 2)
            for points, width in arms:
                x, y = points[-1]
                if y > _coast(x) - 30:
                    shallows.stroke([(x, y), (x + 20, y + 30 + width * 3)], reach * 0.5 + width * 2)
        swirl = levels(c.noise(12, 14, octaves=5, fade=0.62), 30, 190)
        c.paint(
            colour,
            ImageChops.multiply(ImageChops.multiply(shallows.mask, swirl), sea.mask),
            opacity,
        )
    with c.stencil(blur=1.5) as surf:
        surf.line(edge, 4)
    c.paint("#efe9cf", ImageChops.multiply(surf.mask, levels(c.noise(90, 60), 90, 200)), 0.8)


def garden(c: Canvas) -> None:
    """Allotments from above on a summer morning: beds, paths, sheds and somebody hoeing."""
    c.fill([(0, "#6f8f4a"), (1000, "#5f8142")])
    c.paint("#86a455", levels(c.noise(150, 100, octaves=2), 110, 240), 0.5)
    c.paint("#4a6b38", levels(c.noise(7, 5, octaves=4), 130, 230), 0.5)
    gravel, x_paths, y_paths = "#cdbb98", (470, 1010), (330, 690)
    with c.layer() as pen:
        for middle in x_paths:
            pen.rect(middle - 21, -10, 42, 1020, gravel)
        for middle in y_paths:
            pen.rect(-10, middle - 19, 1520, 38, gravel)
    c.paint(
        "#a38d68",
        ImageChops.multiply(
            levels(c.noise(220, 150, octaves=1), 120, 250), _paths_mask(c, x_paths, y_paths)
        ),
        0.6,
    )
    crops = [
        ("#7fa83c", 15, 0.3),
        ("#3f7d4c", 20, 0.5),
        ("#8a4a6b", 15, 0.35),
        ("#5d9440", 11, 0.2),
        ("#9cb84a", 17, 0.5),
        ("#4f8f86", 19, 0.4),
        ("#c9a63f", 12, 0.5),
        ("#2f6b3f", 23, 0.6),
        ("#b8543c", 10, 0.5),
    ]
    beds: list[Bed] = []
    for left, right in ((-40, 449), (491, 989), (1031, 1540)):
        for top, bottom in ((-30, 311), (349, 671), (709, 1030)):
            beds += _plot_beds(c, left + 26, top + 26, right - left - 52, bottom - top - 52)
    _soil(c, beds)
    rows = []
    for i, bed in enumerate(beds):
        colour, size, loose = crops[(i * 4 + i // 3) % len(crops)]
        rows += [
            (*plant, mix(colour, "#2b4a24", c.random.uniform(0, 0.3)))
            for plant in _plants(c, bed, size, loose)
        ]
    with c.stencil(blur=2.5) as shadow:
        for x, y, radius, _ in rows:
            shadow.ellipse(x + radius * 0.5, y + radius * 0.55, radius)
    c.paint("#140f0b", shadow.mask, 0.6)
    with c.layer() as pen:
        for x, y, radius, leaf in rows:
            _leaves(pen, c, x, y, radius, leaf)
    _buildings(c)
    for x, y, radius in (
        (60, 60, 118),
        (1440, 950, 135),
        (1452, 330, 82),
        (474, 1000, 66),
        (1000, -6, 78),
    ):
        tree(c, x, y, radius)
    _gardener(c, 742, 506)
    c.glow(120, 60, 1300, "#ffe6a8", strength=0.3)


def _paths_mask(c: Canvas, x_paths: tuple[int, ...], y_paths: tuple[int, ...]) -> Image.Image:
    with c.stencil() as paths:
        for x in x_paths:
            paths.rect(x - 21, -10, 42, 1020)
        for y in y_paths:
            paths.rect(-10, y - 19, 1520, 38)
    return paths.mask


def _plot_beds(c: Canvas, x: float, y: float, w: float, h: float) -> list[Bed]:
    """Divide a plot into two to four beds with grass between them."""
    count, gap = c.random.choice((2, 3, 3, 4)), 20.0
    if c.random.random() < 0.55:
        wide = (w - gap * (count - 1)) / count
        return [(x + i * (wide + gap), y, wide, h) for i in range(count)]
    tall = (h - gap * (count - 1)) / count
    return [(x, y + i * (tall + gap), w, tall) for i in range(count)]


def _soil(c: Canvas, beds: list[Bed]) -> None:
    """Dark earth in wooden frames, with a shadow to one side."""
    with c.stencil(blur=4) as shadow:
        for x, y, w, h in beds:
            shadow.rect(x + 5, y + 6, w + 5, h + 5)
    c.paint("#1c2a17", shadow.mask, 0.6)
    with c.layer() as pen:
        for x, y, w, h in beds:
            pen.rect(x - 5, y - 5, w + 10, h + 10, "#a98a62")
            pen.rect(x, y, w, h, mix("#4a3426", "#5f4431", c.random.random()))
    with c.stencil() as earth:
        for x, y, w, h in beds:
            earth.rect(x, y, w, h)
    c.paint(
        "#2e1f17",
        ImageChops.multiply(earth.mask, levels(c.noise(180, 120, octaves=2), 120, 240)),
        0.55,
    )


def _plants(c: Canvas, bed: Bed, size: float, loose: float) -> list[tuple[float, float, float]]:
    """Where the plants of a bed stand, in rows with gaps, and how large they are."""
    x, y, w, h = bed
    across, along = max(1, int(w / (size * 2.3))), max(1, int(h / (size * 2.1)))
    return [
        (
            x + (i + 0.5) * w / across + c.random.gauss(0, loose * 3),
            y + (j + 0.5) * h / along + c.random.gauss(0, loose * 3),
            size * c.random.uniform(0.7, 1.1),
        )
        for i in range(across)
        for j in range(along)
        if c.random.random() > 0.05
    ]


def _leaves(pen: Pen, c: Canvas, x: float, y: float, radius: float, colour: RGB) -> None:
    turn, count = c.random.uniform(0, math.tau), 6
    for shade, reach in (
        (mix(colour, "#10240f", 0.4), 1.0),
        (colour, 0.72),
        (mix(colour, "#f2f5c0", 0.35), 0.38),
    ):
        for i in range(count):
            angle = turn + math.tau * i / count + reach
            pen.ellipse(
                x + math.cos(angle) * radius * reach * 0.6,
                y + math.sin(angle) * radius * reach * 0.6,
                radius * 0.46 * (0.5 + reach / 2),
                colour=shade,
            )


def _buildings(c: Canvas) -> None:
    """Two sheds, a greenhouse and a water butt."""
    sheds = ((238, 372, 168, 120, "#8a4b3a"), (1082, 742, 150, 168, "#5b6670"))
    with c.stencil(blur=5) as shadow:
        for x, y, w, h, _ in sheds:
            shadow.polygon(
                [
                    (x, y),
                    (x + w, y),
                    (x + w + 46, y + 48),
                    (x + w + 46, y + h + 48),
                    (x + 46, y + h + 48),
                    (x, y + h),
                ]
            )
        shadow.rect(1090, 60, 230, 165)
    c.paint("#101a10", shadow.mask, 0.6)
    with c.layer() as pen:
        for x, y, w, h, colour in sheds:
            pen.rect(x, y, w, h / 2, mix(colour, "#ffffff", 0.22))
            pen.rect(x, y + h / 2, w, h / 2, mix(colour, "#000000", 0.12))
            for i in range(1, int(w / 11)):
                pen.rect(x + i * 11, y, 1.6, h, mix(colour, "#000000", 0.3))
            pen.rect(x - 3, y + h / 2 - 3, w + 6, 6, mix(colour, "#000000", 0.35))
        pen.rect(1080, 50, 226, 160, "#e9eeea")
        for i in range(6):
            for j in range(4):
                light = mix("#a9c9b4", "#dcebe6", c.random.random())
                pen.rect(
                    1085 + i * 37,
                    55 + j * 38.5,
                    32,
                    34,
                    mix(light, "#7fa983", 0.4 if j > 1 else 0.1),
                )
        pen.rect(1080, 127, 226, 6, "#f7f8f4")
        pen.ellipse(432, 400, 24, colour="#2f4a52")
        pen.ellipse(432, 400, 19, colour="#6fa0ad")


def tree(c: Canvas, x: float, y: float, radius: float) -> None:
    """The crown of a fruit tree and its shadow on the grass."""
    with c.stencil(blur=7) as shadow:
        shadow.ellipse(x + radius * 0.42, y + radius * 0.45, radius * 0.98)
    c.paint("#0f1c10", shadow.mask, 0.6)
    steps = (
        (1.0, "#274a2a", 130),
        (0.86, "#3c6a34", 120),
        (0.66, "#5b8b3e", 90),
        (0.42, "#8db254", 46),
    )
    with c.layer(blur=0.5) as pen:
        for reach, colour, count in steps:
            for _ in range(count):
                angle, out = (
                    c.random.uniform(0, math.tau),
                    math.sqrt(c.random.random()) * radius * reach,
                )
                lift = radius * (1 - reach) * 0.5
                size = radius * c.random.uniform(0.05, 0.13)
                pen.ellipse(
                    x + math.cos(angle) * out - lift,
                    y + math.sin(angle) * out - lift,
                    size,
                    colour=mix(colour, "#1c3a20", c.random.uniform(0, 0.3)),
                )


def _gardener(c: Canvas, x: float, y: float) -> None:
    """A straw hat, two shoulders and a hoe."""
    size = 0.62

    def at(dx: float, dy: float) -> Point:
        return x + dx * size, y + dy * size

    with c.stencil(blur=3) as shadow:
        shadow.stroke([at(8, 8), at(110, 102)], 44 * size)
        shadow.stroke([at(-50, 24), at(30, 106)], 6 * size)
    c.paint("#140f0b", shadow.mask, 0.6)
    shirt, skin = "#3f6d9c", "#b98562"
    limbs = (
        ([(-104, -52), (44, 30)], 6, "#d0b07a"), ([(-112, -66), (-100, -40)], 12, "#7d8488"),
        ([(-30, 8), (32, -10)], 40, shirt), ([(-30, 8), (-40, -16)], 16, shirt),
        ([(32, -10), (24, 18)], 16, shirt), ([(-40, -18), (-39, -18)], 16, skin),
        ([(23, 20), (24, 20)], 16, skin),
    )  # fmt: skip
    with c.layer() as pen:
        for points, width, colour in limbs:
            pen.stroke([at(*p) for p in points], width * size, colour)
        for dx, radius, colour in (
            (0, 34, "#d9b666"),
            (-2, 28, "#ecd08a"),
            (0, 19, "#7c4a33"),
            (-1, 17, "#f3dc9c"),
        ):
            pen.ellipse(*at(dx, dx - 2), radius * size, colour=colour)
