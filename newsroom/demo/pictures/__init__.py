"""Pictures for the demo paper, drawn by the program itself.

They stand in for photographs that nobody needs a licence for: the same name always draws the
same picture, in any width, with Pillow alone.
"""

from collections.abc import Callable

from PIL import Image

from . import above, coast, interiors, land, town, works
from .canvas import Canvas

_DRAWINGS: dict[str, Callable[[Canvas], None]] = {
    "harbour": works.harbour,
    "ridge": land.ridge,
    "city": town.city,
    "track": above.track,
    "dome": land.dome,
    "stage": interiors.stage,
    "stacks": works.stacks,
    "field": land.field,
    "lighthouse": coast.lighthouse,
    "forest": land.forest,
    "market": town.market,
    "library": interiors.library,
    "delta": above.delta,
    "railway": works.railway,
    "glacier": coast.glacier,
    "bakery": interiors.bakery,
    "bridge": works.bridge,
    "garden": above.garden,
}

SCENES: tuple[str, ...] = tuple(_DRAWINGS)


def draw(scene: str, *, width: int = 1440) -> Image.Image:
    """The picture of a scene, three units wide for every two high."""
    if scene not in _DRAWINGS:
        raise ValueError(f"No picture is called {scene!r}; there are {', '.join(SCENES)}.")
    canvas = Canvas(width, scene)
    _DRAWINGS[scene](canvas)
    return canvas.finish()
