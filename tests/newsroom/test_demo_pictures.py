"""The demo paper's pictures: whole, the same every time, and each one its own."""

import pytest
from PIL import Image, ImageChops, ImageStat

from newsroom.demo.pictures import SCENES, draw

WIDTH = 144


@pytest.fixture(scope="module")
def pictures() -> dict[str, Image.Image]:
    return {scene: draw(scene, width=WIDTH) for scene in SCENES}


@pytest.mark.parametrize("scene", SCENES)
def test_a_scene_fills_a_frame_of_three_to_two(pictures, scene):
    assert pictures[scene].size == (144, 96)
    assert pictures[scene].mode == "RGB"


@pytest.mark.parametrize("scene", SCENES)
def test_a_scene_is_drawn_the_same_way_again(pictures, scene):
    assert draw(scene, width=WIDTH).tobytes() == pictures[scene].tobytes()


@pytest.mark.parametrize("scene", SCENES)
def test_a_scene_is_neither_flat_nor_without_colour(pictures, scene):
    picture = pictures[scene]
    light, dark = reversed(picture.convert("L").getextrema())
    coarse = picture.resize((36, 24)).quantize(64).convert("RGB")
    assert light - dark > 80
    assert len(coarse.getcolors()) > 30
    assert ImageStat.Stat(picture.convert("HSV")).mean[1] > 10


def test_scenes_differ_from_each_other(pictures):
    small = {name: picture.resize((12, 8)) for name, picture in pictures.items()}
    for name, picture in small.items():
        for other in SCENES[SCENES.index(name) + 1 :]:
            apart = ImageStat.Stat(ImageChops.difference(picture, small[other])).mean
            assert sum(apart) > 20, f"{name} looks like {other}"


def test_the_composition_does_not_depend_on_the_width():
    large = draw(SCENES[0], width=576).resize((36, 24))
    small = draw(SCENES[0], width=288).resize((36, 24))
    assert max(ImageStat.Stat(ImageChops.difference(large, small)).mean) < 8


def test_an_unknown_scene_is_refused_by_name():
    with pytest.raises(ValueError, match="moonbase"):
        draw("moonbase")
