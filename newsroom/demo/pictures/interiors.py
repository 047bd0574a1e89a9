"""Indoors: a stage, a library, a bakery."""

import math

from PIL import Image, ImageChops

from .canvas import HEIGHT, RGB, WIDTH, Canvas, Colour, Pen, levels, mix


def stage(c: Canvas) -> None:
    """A guitarist sings in the beams of the stage lights; hands go up in the crowd."""
    floor = 742
    c.fill(
        [
            (0, "#12081f"),
            (400, "#2b1038"),
            (floor, "#4c1a48"),
            (floor + 4, "#2a1026"),
            (1000, "#08040c"),
        ]
    )
    haze = levels(c.noise(5, 5, octaves=5, fade=0.55), 70, 230)
    c.shine("#7a3a86", ImageChops.multiply(haze, c.ramp([(0, 0.15), (600, 0.7), (760, 0.2)])), 0.6)
    with c.layer() as pen:
        for y in (46, 92):
            pen.rect(-10, y, WIDTH + 20, 7, "#07040c")
        for x in range(-20, WIDTH, 46):
            pen.line([(x, 94), (x + 23, 50), (x + 46, 94)], 4, "#07040c")
    lamps = (
        (130, 470, "#ff4f9a"), (360, 610, "#ff8a4a"), (560, 690, "#ffd08a"), (750, 750, "#fff0d0"),
        (940, 810, "#ffd08a"), (1140, 890, "#ff8a4a"), (1370, 1030, "#ff4f9a"),
        (250, 90, "#7f5cff"), (1250, 1410, "#7f5cff"),
    )  # fmt: skip
    smoke = levels(c.noise(14, 10, octaves=4, fade=0.6), 0, 200)
    for x, target, colour in lamps:
        _beam(c, x, target, colour, floor, smoke)
    c.glow(750, floor + 30, 700, "#ffb27a", strength=0.75, flat=0.14)
    c.glow(750, floor + 24, 330, "#fff0d8", strength=0.7, flat=0.16)
    c.glow(750, 520, 330, "#ff9a6a", strength=0.4)
    with c.layer() as pen:
        _gear(pen)
        _guitarist(pen, 750, floor + 26)
    with c.stencil(blur=3) as rim:
        rim.ellipse(750, 398, 34, 30)
        rim.stroke([(700, 470), (800, 470)], 16)
    c.shine("#ffcf9a", ImageChops.multiply(rim.mask, c.ramp([(360, 1), (470, 0)])), 0.5)
    with c.layer() as pen:
        _guitarist(pen, 750, floor + 26, inset=3)
    c.paint("#06030a", c.ramp([(floor + 60, 0), (900, 0.95)]))
    _crowd(c)


def _beam(
    c: Canvas, x: float, target: float, colour: Colour, floor: float, smoke: Image.Image
) -> None:
    """One light: its lens, and the cone that the smoke makes visible."""
    with c.stencil(blur=9) as wide:
        wide.polygon(
            [(x - 8, 96), (x + 8, 96), (target + 105, floor + 40), (target - 105, floor + 40)]
        )
    with c.stencil(blur=5) as core:
        core.polygon(
            [(x - 4, 96), (x + 4, 96), (target + 42, floor + 30), (target - 42, floor + 30)]
        )
    fall = c.ramp([(90, 1), (320, 0.62), (floor, 0.22), (floor + 50, 0)])
    c.shine(colour, ImageChops.multiply(ImageChops.multiply(wide.mask, fall), smoke), 0.6)
    c.shine(mix(colour, "#ffffff", 0.4), ImageChops.multiply(core.mask, fall), 0.36)
    with c.layer() as pen:
        pen.ellipse(x, 98, 21, 17, "#050308")
    c.glow(x, 106, 74, colour, strength=0.95)
    c.glow(x, 106, 20, "#ffffff", falloff=1)


def _gear(pen: Pen) -> None:
    """Amplifiers, a drum kit and wedges, all of them black against the light."""
    dark = "#0b0510"
    for x, tall in ((240, 150), (330, 110), (1130, 120), (1215, 160)):
        pen.rect(x, 756 - tall, 82, tall, dark)
        pen.rect(x + 6, 764 - tall, 70, 3, "#33173a")
    for x, rx, ry in ((1010, 44, 46), (962, 26, 24), (1060, 28, 28)):
        pen.ellipse(x, 738 - (ry - 26), rx, ry, dark)
    for x, y in ((936, 626), (1090, 616)):
        pen.line([(x, 760), (x, y)], 3, dark)
        pen.line([(x - 38, y + 8), (x + 38, y - 6)], 4, dark)
    for x in (560, 900):
        pen.polygon([(x - 40, 792), (x - 26, 764), (x + 34, 764), (x + 42, 792)], dark)


def _guitarist(pen: Pen, x: float, foot: float, inset: float = 0) -> None:
    """The performer at a microphone, guitar across the body, one knee bent."""
    ink = "#0a0410"
    thin = inset * 2

    def limb(width: float, *points: tuple[float, float]) -> None:
        pen.stroke([(x + px, foot - py) for px, py in points], width - thin, ink)

    limb(36, (-14, 176), (-34, 92), (-44, 12))
    limb(36, (14, 176), (44, 96), (48, 12))
    limb(20, (-46, 8), (-66, 7))
    limb(20, (50, 8), (72, 7))
    pen.polygon(
        [
            (x - 46 + inset, foot - 300),
            (x + 46 - inset, foot - 300),
            (x + 34 - inset, foot - 160),
            (x - 34 + inset, foot - 160),
        ],
        ink,
    )
    limb(34, (-28, 296), (28, 296))
    limb(25, (-42, 296), (-78, 232), (-30, 196))
    limb(25, (42, 296), (96, 250), (134, 262))
    limb(22, (0, 310), (0, 330))
    pen.ellipse(x - 3, foot - 356, 29 - inset, 35 - inset, ink)
    pen.polygon(
        [
            (x - 32 + inset, foot - 362),
            (x - 34 + inset, foot - 318),
            (x - 14, foot - 330),
            (x + 20, foot - 386),
            (x - 6, foot - 396 + inset),
        ],
        ink,
    )
    pen.ellipse(x - 22, foot - 190, 52 - inset, 40 - inset, ink)
    pen.ellipse(x + 22, foot - 208, 36 - inset, 30 - inset, ink)
    limb(13, (30, 212), (176, 280))
    limb(20, (170, 277), (198, 290))
    pen.line([(x - 68, foot), (x - 44, foot - 320)], 4, ink)
    pen.stroke([(x - 46, foot - 322), (x - 32, foot - 338)], 13 - inset, ink)
    pen.line([(x - 100, foot + 1), (x - 36, foot + 1)], 6, ink)


def _crowd(c: Canvas) -> None:
    """Rows of heads, nearer ones larger and darker, with raised hands and a telephone or two."""
    for row, (y, size, colour) in enumerate(
        ((832, 22, "#2a1128"), (884, 31, "#160918"), (956, 46, "#07030a"))
    ):
        with c.layer(blur=0.6 + 0.7 * row) as pen:
            x = -30.0
            while x < WIDTH + 40:
                head = y + c.random.uniform(-16, 14)
                wide = size * c.random.uniform(0.82, 1.05)
                pen.ellipse(x, head, wide * 0.72, wide * 0.9, colour)
                pen.ellipse(x, head + wide * 2.1, wide * 1.55, wide * 1.35, colour)
                if c.random.random() < 0.3:
                    _raised_arm(pen, c, x, head, wide, colour)
                x += wide * c.random.uniform(1.6, 2.3)
            pen.rect(-10, y + size * 1.7, WIDTH + 20, HEIGHT, colour)
    with c.stencil(blur=2) as edge:
        edge.rect(-10, 812, WIDTH + 20, 3)
    c.shine("#ff9a6a", edge.mask, 0.08)
    for x, y in ((322, 796), (1084, 772), (1236, 842)):
        with c.layer() as pen:
            pen.polygon([(x, y), (x + 26, y - 3), (x + 29, y + 13), (x + 3, y + 16)], "#c9d6ff")
        c.glow(x + 14, y + 6, 54, "#9db4ff", strength=0.5)


def _raised_arm(pen: Pen, c: Canvas, x: float, head: float, size: float, colour: Colour) -> None:
    side = c.random.choice((-1, 1))
    reach = size * c.random.uniform(2.4, 3.8)
    elbow = (x + side * size * 1.6, head - reach * 0.2)
    hand = (x + side * size * c.random.uniform(0.9, 2), head - reach * 0.75)
    pen.stroke([(x + side * size, head + size * 1.6), elbow, hand], size * 0.46, colour)
    for finger in (-0.3, 0, 0.3):
        pen.stroke([hand, (hand[0] + finger * size, hand[1] - size * 0.55)], size * 0.17, colour)


BOOKS = (
    "#6e2f2a",
    "#8a5a34",
    "#2f4a45",
    "#394a63",
    "#a9854a",
    "#5a3a2c",
    "#7d6b52",
    "#3f2a33",
    "#c2ab7c",
    "#54603d",
)


def library(c: Canvas) -> None:
    """Down the aisle of an old library towards a tall window, with one reader in the light."""
    c.fill([(0, "#20160f"), (1000, "#140d09")])
    far = (640, 860, 330, 640)
    _library_end(c, far)
    shelves = _shelves(c)
    left = [(-330, -560), (far[0], far[2]), (far[0], far[3]), (-330, 1400)]
    right = [(far[1], far[2]), (1830, -560), (1830, 1400), (far[1], far[3])]
    for corners, mirrored in ((left, False), (right, True)):
        texture = shelves.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if mirrored else shelves
        wall = c.warp(texture, corners, fine=True)
        c.image.paste(wall.convert("RGB"), (0, 0), wall.getchannel("A"))
    _library_ceiling(c, far)
    _library_floor(c, far)
    c.paint(
        "#0d0705",
        c.ramp([(0, 0.8), (420, 0.5), (640, 0.0), (860, 0.5), (1500, 0.85)], across=True),
        0.75,
    )
    for depth in (0.86, 0.5, 0.3, 0.19):
        for side in (-360, 360):
            _lamp(c, 750 + side * depth, 485 - 470 * depth, depth * 0.8)
    c.glow(750, 470, 520, "#ffd394", strength=0.6)
    with c.stencil(blur=16) as rays:
        rays.polygon([(690, 370), (800, 370), (1120, 1000), (560, 1000)])
    c.shine("#ffdca2", ImageChops.multiply(rays.mask, c.ramp([(370, 0.4), (1000, 0.05)])), 0.7)
    _reader(c, 772, 676, 148)


def _shelves(c: Canvas) -> Image.Image:
    """A wall of books, seen flat: twelve bays of seven shelves."""
    pen = Pen("RGBA", c.size, c.unit)
    pen.rect(0, 0, WIDTH, HEIGHT, "#1b110b")
    bays, rows = 9, 7
    for bay in range(bays):
        left, wide = bay * WIDTH / bays, WIDTH / bays
        for row in range(rows):
            top, tall = 40 + row * 134, 134
            x = left + 9
            while x < left + wide - 8:
                thick = c.random.uniform(3.2, 8.5)
                high = tall * c.random.uniform(0.58, 0.84)
                colour = mix(c.random.choice(BOOKS), "#1a0f0a", c.random.uniform(0, 0.35))
                if c.random.random() > 0.05:
                    y = top + tall - 10 - high
                    pen.rect(x, y, thick, high, colour)
                    pen.rect(x, y, thick * 0.3, high, mix(colour, "#ffe0b0", 0.18))
                    if c.random.random() < 0.5:
                        pen.rect(x, y + high * 0.16, thick, 4, mix(colour, "#e2c27a", 0.65))
                        pen.rect(x, y + high * 0.78, thick, 3, mix(colour, "#e2c27a", 0.5))
                x += thick + 0.3
            pen.rect(left, top + tall - 11, wide, 11, "#6a4526")
            pen.rect(left, top + tall - 11, wide, 3, "#a3733f")
        pen.rect(left, 0, 9, HEIGHT, "#74492a")
        pen.rect(left + 6, 0, 3, HEIGHT, "#3c2414")
    pen.rect(0, 0, WIDTH, 40, "#7a5030")
    pen.rect(0, 30, WIDTH, 6, "#3c2414")
    pen.rect(0, HEIGHT - 22, WIDTH, 22, "#3c2414")
    return pen.sheet


def _library_end(c: Canvas, far: tuple[int, int, int, int]) -> None:
    """The end wall with its arched window."""
    left, right, top, bottom = far
    with c.layer() as pen:
        pen.rect(left - 4, top - 200, right - left + 8, bottom - top + 200, "#5a3d26")
    with c.stencil() as window:
        window.rect(694, 410, 112, 160)
        window.ellipse(750, 410, 56)
    c.paint(c.gradient([(350, "#fff8e6"), (480, "#ffe9bb"), (570, "#f4c983")]), window.mask)
    with c.layer() as pen:
        for x in (720, 748, 776):
            pen.rect(x, 352, 3.5, 220, "#6b4a2b")
        for y in (410, 462, 516):
            pen.rect(694, y, 112, 3.5, "#6b4a2b")


def _library_ceiling(c: Canvas, far: tuple[int, int, int, int]) -> None:
    """Beams that cross a dark ceiling."""
    left, right, top, _ = far
    with c.layer() as pen:
        pen.polygon([(-330, -560), (1830, -560), (right, top), (left, top)], "#241710")
        for i in range(9):
            near, away = (1 / (1 + i * 0.5 + gap) for gap in (0.0, 0.13))
            edges = [
                (750 - (750 + 330) * s, 485 - (485 + 560) * s, 750 + 1080 * s) for s in (near, away)
            ]
            (x0, y0, x1), (x2, y2, x3) = edges
            if y2 < top:
                pen.polygon(
                    [(x0, y0), (x1, y0), (x3, y2), (x2, y2)], mix("#4a2f1c", "#7a532f", i / 9)
                )


def _library_floor(c: Canvas, far: tuple[int, int, int, int]) -> None:
    """Polished boards that give back the window."""
    left, right, _, bottom = far
    with c.stencil() as floor:
        floor.polygon([(left, bottom), (right, bottom), (1830, 1400), (-330, 1400)])
    c.paint(c.gradient([(bottom, "#8a5d34"), (760, "#5a3820"), (1000, "#2f1b10")]), floor.mask)
    grain = c.warp(
        c.noise(16, 3, octaves=3), [(left, bottom), (right, bottom), (1830, 1400), (-330, 1400)]
    )
    c.paint("#1d0f08", ImageChops.multiply(levels(grain, 110, 230), floor.mask), 0.5)
    with c.layer(opacity=0.5) as pen:
        for i in range(-12, 13):
            pen.line([(750 + i * 9, bottom), (750 + i * 90, 1400)], 1.6, "#1d0f08")
    with c.stencil(blur=14) as carpet:
        carpet.polygon([(715, bottom), (785, bottom), (1010, 1010), (490, 1010)])
    c.shine("#ffce8a", ImageChops.multiply(carpet.mask, c.ramp([(bottom, 0.85), (1000, 0.1)])), 0.6)


def _lamp(c: Canvas, x: float, y: float, size: float) -> None:
    """A green-shaded lamp on its rod, and its light."""
    with c.layer(blur=1.2 * size) as pen:
        pen.line([(x, y - 600 * size), (x, y)], max(1.4, 6 * size), "#160d08")
        pen.polygon(
            [
                (x - 92 * size, y + 40 * size),
                (x - 30 * size, y - 12 * size),
                (x + 30 * size, y - 12 * size),
                (x + 92 * size, y + 40 * size),
            ],
            "#27483b",
        )
        pen.ellipse(x, y + 41 * size, 88 * size, 13 * size, "#ffe9b8")
    c.glow(x, y + 50 * size, 330 * size, "#ffc877", strength=0.7)


def _reader(c: Canvas, x: float, foot: float, tall: float) -> None:
    """Somebody reading where they stand."""
    unit = tall / 100
    ink = "#1c110c"
    with c.stencil(blur=4) as shadow:
        shadow.polygon([(x - 10, foot), (x + 12, foot), (x + 50, foot + 170), (x - 6, foot + 170)])
    c.paint("#120904", shadow.mask, 0.55)
    with c.layer(blur=0.5) as pen:
        for leg in (-5, 6):
            pen.stroke(
                [(x + leg * unit * 0.7, foot - 44 * unit), (x + leg * unit, foot - 2 * unit)],
                8.5 * unit,
                ink,
            )
        pen.polygon(
            [
                (x - 11 * unit, foot - 80 * unit),
                (x + 10 * unit, foot - 80 * unit),
                (x + 11 * unit, foot - 30 * unit),
                (x - 12 * unit, foot - 30 * unit),
            ],
            ink,
        )
        pen.stroke(
            [
                (x - 9 * unit, foot - 78 * unit),
                (x - 15 * unit, foot - 60 * unit),
                (x - 20 * unit, foot - 62 * unit),
            ],
            6 * unit,
            ink,
        )
        pen.polygon(
            [
                (x - 30 * unit, foot - 68 * unit),
                (x - 17 * unit, foot - 64 * unit),
                (x - 16 * unit, foot - 58 * unit),
                (x - 29 * unit, foot - 61 * unit),
            ],
            "#f2dcae",
        )
        pen.ellipse(x - 2 * unit, foot - 91 * unit, 7 * unit, 8.5 * unit, ink)


def bakery(c: Canvas) -> None:
    """Bread fresh from the oven on wooden shelves, in the lamplight before opening."""
    c.fill([(0, "#1f3a38"), (500, "#2c4b46"), (1000, "#162a2a")])
    _tiles(c)
    for x in (290, 750, 1210):
        c.glow(x, 150, 640, "#ffb85a", strength=0.42)
    rows = ((404, _boules), (676, _batards), (948, _tins))
    for board, kind in rows:
        with c.stencil(blur=22) as shadow:
            shadow.rect(-10, board - 60, WIDTH + 20, 62)
        c.paint("#1d0d05", shadow.mask, 0.6)
        crust = Pen("L", c.size, c.unit)
        with c.layer(blur=0.6) as pen:
            kind(pen, crust, c, board)
        mask = crust.sheet.resize(c.size)
        flour = levels(c.noise(90, 60, octaves=3, fade=0.75), 125, 215)
        c.paint(
            "#fff1d6",
            ImageChops.multiply(
                ImageChops.multiply(flour, mask),
                c.ramp([(board - 190, 0.9), (board - 60, 0.25), (board, 0)]),
            ),
            0.62,
        )
        c.paint("#3a1606", ImageChops.multiply(mask, c.ramp([(board - 80, 0), (board, 0.75)])))
        _board(c, board)
    _basket(c, 1190, 676)
    for x in (290, 750, 1210):
        _pendant(c, x)
    c.glow(750, 260, 1000, "#ffb45a", strength=0.16)
    c.paint("#1a0b04", c.ramp([(620, 0), (1000, 0.4)]))


def _tiles(c: Canvas) -> None:
    """A tiled wall, out of focus."""
    with c.layer(blur=3) as pen:
        for row in range(13):
            for column in range(-1, 13):
                x = column * 124 + (62 if row % 2 else 0)
                tone = mix("#4f7a70", "#38605a", c.random.random())
                pen.rect(x, row * 78, 119, 73, mix(tone, "#14201f", 0.3))


def _board(c: Canvas, y: float) -> None:
    """A shelf of thick oak, with its edge in the light."""
    with c.layer() as pen:
        pen.rect(-10, y - 4, WIDTH + 20, 30, "#8a5a30")
        pen.rect(-10, y - 4, WIDTH + 20, 5, "#d9a060")
        pen.rect(-10, y + 22, WIDTH + 20, 6, "#3d220f")
    grain = levels(c.noise(8, 120, octaves=2, fade=0.8), 120, 230)
    c.paint(
        "#3d220f",
        ImageChops.multiply(grain, c.ramp([(y - 1, 0), (y, 0.7), (y + 24, 0.7), (y + 26, 0)])),
        0.6,
    )
    with c.stencil(blur=16) as shadow:
        shadow.rect(-10, y + 30, WIDTH + 20, 34)
    c.paint("#1a0b04", shadow.mask, 0.6)


def _crust(pen: Pen, crust: Pen, x: float, y: float, rx: float, ry: float, bake: RGB) -> None:
    """A rounded crust, brown below and golden where the light falls."""
    steps = 16
    crust.ellipse(x, y, rx, ry)
    for i in range(steps):
        share = i / (steps - 1)
        colour = mix(mix(bake, "#3a1808", 0.55), mix(bake, "#f6c878", 0.55), share**0.8)
        size = 1 - 0.72 * share
        pen.ellipse(x - rx * 0.1 * share, y - ry * 0.34 * share, rx * size, ry * size, colour)


def _slash(pen: Pen, x: float, y: float, length: float, lean: float, open_by: float) -> None:
    """A cut in the crust that opened in the oven."""
    dx, dy = math.cos(lean) * length / 2, math.sin(lean) * length / 2
    for grow, colour in ((1.5, "#7d4317"), (1.0, "#efd3a0"), (0.5, "#f9e8c6")):
        nx, ny = -math.sin(lean) * open_by * grow, math.cos(lean) * open_by * grow
        pen.polygon(
            [(x - dx, y - dy), (x + nx, y + ny), (x + dx, y + dy), (x - nx, y - ny)], colour
        )


def _boules(pen: Pen, crust: Pen, c: Canvas, board: float) -> None:
    """Round loaves, scored with a cross or a leaf."""
    x = -30.0
    while x < WIDTH + 60:
        rx, ry = c.random.uniform(86, 108), c.random.uniform(70, 84)
        y = board - ry * 0.92
        bake = mix("#b26a2a", "#8a4417", c.random.random())
        _crust(pen, crust, x, y, rx, ry, bake)
        if c.random.random() < 0.5:
            _slash(pen, x, y - 20, rx * 1.15, 0.12, 7)
            _slash(pen, x - 4, y - 20, ry * 0.95, 1.45, 7)
        else:
            for i in range(-2, 3):
                _slash(pen, x + i * rx * 0.26, y - 22 + abs(i) * 5, rx * 0.62, 1.1, 5)
        x += rx * 1.86


def _batards(pen: Pen, crust: Pen, c: Canvas, board: float) -> None:
    """Long loaves with slanting cuts, two deep."""
    for back in (True, False):
        x = 60.0 if back else -40.0
        while x < 1010:
            rx, ry = c.random.uniform(140, 160), c.random.uniform(46, 54)
            y = board - ry * 0.9 - (68 if back else 0)
            bake = mix("#c07a30", "#94501c", c.random.random() * 0.8 + (0.2 if back else 0))
            _crust(pen, crust, x, y, rx, ry, bake)
            for i in range(-2, 3):
                _slash(pen, x + i * rx * 0.33, y - 12, ry * 1.35, -0.7, 6)
            x += rx * 1.92


def _tins(pen: Pen, crust: Pen, c: Canvas, board: float) -> None:
    """Tin loaves with split tops, and pyramids of rolls between them."""
    x = 20.0
    for tin in (True, True, False, True, True, True, False, True, True):
        bake = mix("#b9702e", "#83431a", c.random.random())
        if tin:
            wide, tall = c.random.uniform(150, 168), c.random.uniform(104, 116)
            middle = x + wide / 2
            crust.rect(x + 4, board - tall, wide - 8, tall)
            for i in range(12):
                share = i / 11
                tone = mix(mix(bake, "#3a1808", 0.6), mix(bake, "#e8b268", 0.3), share)
                pen.rect(x + 4 + share * 26, board - tall, wide - 8 - share * 52, tall, tone)
            _crust(pen, crust, middle, board - tall + 4, wide / 2 - 1, 46, bake)
            _slash(pen, middle, board - tall - 18, wide * 0.7, 0.02, 7)
            x += wide + 6
        else:
            for px, py in ((52, 36), (150, 36), (100, 92)):
                roll = mix("#d8943f", "#ad6526", c.random.random())
                _crust(pen, crust, x + px, board - py, 52, 40, roll)
                _slash(pen, x + px - 2, board - py - 12, 60, 0.1, 5)
            x += 208


def _basket(c: Canvas, x: float, foot: float) -> None:
    """Baguettes that stand in a wicker basket."""
    with c.stencil(blur=14) as shadow:
        shadow.rect(x - 130, foot - 250, 270, 250)
    c.paint("#1a0b04", shadow.mask, 0.5)
    with c.layer(blur=0.6) as pen:
        for i in range(9):
            lean = (i - 4) * 13 + c.random.uniform(-8, 8)
            top = foot - c.random.uniform(232, 262)
            root = (x + (i - 4) * 22, foot - 60)
            tip = (x + (i - 4) * 24 + lean, top)
            bake = mix("#c98338", "#93501d", c.random.random())
            for share, width in ((0.0, 34), (0.35, 27), (0.7, 17), (1.0, 8)):
                colour = mix(mix(bake, "#3a1808", 0.5), mix(bake, "#f6c878", 0.5), share)
                pen.stroke(
                    [(root[0] - 4 * share, root[1]), (tip[0] - 4 * share, tip[1] + 8 * share)],
                    width,
                    colour,
                )
            for step in range(4):
                share = 0.12 + step * 0.2
                at = (tip[0] + (root[0] - tip[0]) * share, tip[1] + (root[1] - tip[1]) * share)
                _slash(pen, *at, 30, -0.9, 4)
        pen.polygon(
            [(x - 128, foot - 118), (x + 128, foot - 118), (x + 108, foot), (x - 108, foot)],
            "#6b431f",
        )
        for row in range(9):
            for i in range(17):
                wide = 250 - row * 4.2
                left = x - wide / 2 + i * wide / 17
                tone = mix("#c08a4a", "#7d5226", (i + row) % 2 * 0.7 + c.random.uniform(0, 0.3))
                pen.ellipse(left + 8, foot - 111 + row * 13, 9, 6.5, tone)
        pen.stroke([(x - 130, foot - 118), (x + 130, foot - 118)], 15, "#a9773c")
        pen.line([(x - 130, foot - 122), (x + 130, foot - 122)], 4, "#dcae6c")


def _pendant(c: Canvas, x: float) -> None:
    """A hanging lamp and its light."""
    with c.layer(blur=1) as pen:
        pen.line([(x, -10), (x, 60)], 4, "#1a0f08")
        pen.polygon([(x - 74, 112), (x - 26, 58), (x + 26, 58), (x + 74, 112)], "#21150d")
        pen.ellipse(x, 112, 72, 11, "#fff0c4")
    c.glow(x, 122, 260, "#ffc66c", strength=0.85)
    c.glow(x, 116, 70, "#fff6dc", strength=0.8, flat=0.5)
