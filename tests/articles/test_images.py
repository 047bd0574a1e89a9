import importlib
import os
import subprocess
import sys
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from types import SimpleNamespace

import html5lib
import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage, default_storage, storages
from django.db import IntegrityError, connection, transaction
from django.template import Context, Template
from django.test import Client
from PIL import ExifTags
from PIL import Image as Picture

from articles import rendition_files
from articles.models import Edition, Image
from articles.models import image as image_module
from articles.models.image import ImageStem
from articles.renditions import CROPS, TYPES, Rendition, widths_of
from articles.signals import image_changed
from articles.templatetags.pictures import PLACES
from tests.factories import make_image, picture_file

pytestmark = pytest.mark.django_db


#: A program that holds the lock on a file until it is told to go.
HOLD = """
import fcntl, sys
file = open(sys.argv[1], "w")
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


def content(response) -> bytes:
    return b"".join(response.streaming_content)


def opened(file: bytes) -> Picture.Image:
    picture = Picture.open(BytesIO(file))
    picture.load()
    return picture


def files_of(image_or_stem) -> set[str]:
    stem = getattr(image_or_stem, "stem", image_or_stem)
    return {name for name in default_storage.listdir("pictures")[1] if name.startswith(stem)}


def address(image, rendition: Rendition) -> str:
    return image.src_of(rendition)


def all_addresses(image) -> list[str]:
    return [
        image.src_of(Rendition(width, suffix, crop))
        for crop, widths in image.widths.items()
        for width in widths
        for suffix in TYPES
    ]


@pytest.fixture
def image():
    return make_image()


@pytest.fixture
def split():
    """Red on the left, blue on the right."""
    picture = Picture.new("RGB", (1500, 500), "red")
    picture.paste("blue", (750, 0, 1500, 500))
    file = BytesIO()
    picture.save(file, "PNG")
    return Image.objects.add(file, alt="Two colours")


class TestAddresses:
    def test_of_everything_that_is_listed_answer(self, client, image):
        addresses = all_addresses(image)
        assert len(addresses) == 8 * 3
        for src in addresses:
            response = client.get(src)
            assert response.status_code == 200
            assert response.headers["Content-Type"] == TYPES[src.rpartition(".")[2]]
            assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert not response.cookies
            picture = opened(content(response))
            assert Picture.MIME[picture.format] == response.headers["Content-Type"]
            assert int(response.headers["Content-Length"]) > 100
        assert len(files_of(image)) == len(addresses)

    def test_are_asked_for_again_at_no_cost(self, client, image, django_assert_num_queries):
        src = image.src(1440, "webp")
        first = client.get(src)
        with django_assert_num_queries(0):
            second = client.get(src)
            kept = client.get(src, headers={"If-None-Match": first.headers["ETag"]})
        assert content(first) == content(second)
        assert kept.status_code == 304
        assert not kept.content

    def test_of_another_picture_have_another_etag(self, client, image):
        etags = {client.get(src).headers["ETag"] for src in all_addresses(image)}
        assert len(etags) == len(all_addresses(image))

    @pytest.mark.parametrize("width", [1, 359, 361, 721, 1200, 1441, 99999])
    @pytest.mark.parametrize("suffix", TYPES)
    def test_of_invented_sizes_are_404_and_leave_no_file(self, client, image, width, suffix):
        before = files_of(image)
        assert client.get(image.src_of(Rendition(width, suffix))).status_code == 404
        assert files_of(image) == before

    def test_of_invented_crops_and_stems_are_404(self, client, image):
        assert client.get(image.src_of(Rendition(720, "jpg", "1x1"))).status_code == 404
        stranger = image.src().replace(image.stem, "0123456789abcdef")
        assert client.get(stranger).status_code == 404

    def test_are_immutable_and_told_by_nobody(self):
        assert make_image().stem != make_image().stem

    def test_may_be_read_only(self, client, image):
        assert client.head(image.src(1440, "webp")).status_code == 200
        assert client.post(image.src()).status_code == 405


class TestFirstAskedFor:
    def test_is_made_from_the_master_and_never_from_the_original(self, client, image):
        image.file.delete(save=False)
        assert client.get(image.src(1440, "webp")).status_code == 200

    def test_is_what_the_first_reader_gets_too(self, client, image):
        src = image.src(1440, "webp")
        assert content(client.get(src)) == content(client.get(src))

    def test_is_made_from_the_original_where_there_is_no_master(self, client, image):
        storages["originals"].delete(f"masters/{image.stem}.jpg")
        picture = opened(content(client.get(image.src(1440, "webp"))))
        assert picture.size == (1440, 960)
        assert storages["originals"].exists(f"masters/{image.stem}.jpg")

    def test_sends_on_to_what_there_is_when_it_can_not_be_made(self, client, image):
        image.file.delete(save=False)
        storages["originals"].delete(f"masters/{image.stem}.jpg")
        for rendition in [Rendition(1440, "webp"), Rendition(1200, "webp", "16x9")]:
            response = client.get(image.src_of(rendition))
            assert response.status_code == 302
            assert response.headers["Cache-Control"] == "no-store"
            assert response.headers["Location"] == image.src(720)
            assert client.get(response.headers["Location"]).status_code == 200
        response = client.get(image.src_of(Rendition(1440, "jpg")))
        assert response.headers["Location"] == image.src(720)
        for name in files_of(image):
            default_storage.delete(f"pictures/{name}")
        assert client.get(image.src(1440)).status_code == 404

    def test_is_shown_though_it_can_not_be_stored(self, client, image, monkeypatch):
        def full(*args: object) -> None:
            raise OSError(28, "No space left on device")

        before = files_of(image)
        monkeypatch.setattr(default_storage, "_save", full)
        assert opened(content(client.get(image.src(1440, "webp")))).size == (1440, 960)
        monkeypatch.undo()
        assert files_of(image) == before
        assert os.listdir(default_storage.path("making")) == [
            name for name in os.listdir(default_storage.path("making")) if name.startswith("lock-")
        ]

    def test_is_never_seen_half_written(self, client, image, monkeypatch):
        seen = []
        save = default_storage._save

        def look(name, file):
            seen.append(default_storage.exists(name))
            return save(name, file)

        monkeypatch.setattr(default_storage, "_save", look)
        monkeypatch.setattr("django.core.files.base.File.chunks", None)
        assert client.get(image.src(1440, "webp")).status_code == 200
        assert seen == [False]

    def test_works_where_files_lie_on_no_disk(self, client, image, monkeypatch):
        elsewhere = InMemoryStorage(base_url="/media/")
        monkeypatch.setattr(rendition_files, "default_storage", elsewhere)
        assert opened(content(client.get(image.src(1440, "webp")))).size == (1440, 960)
        assert elsewhere.listdir("pictures")[1] == [f"{image.stem}-1440.webp"]

    def test_by_somebody_else_meanwhile_is_stored_once(self, image):
        rendition_files.write(f"{image.stem}-1440.webp", b"theirs")
        rendition_files.write(f"{image.stem}-1440.webp", b"ours")
        assert [name for name in files_of(image) if "1440" in name and "webp" in name] == [
            f"{image.stem}-1440.webp"
        ]
        with rendition_files.read(f"{image.stem}-1440.webp") as file:
            assert file.read() == b"theirs"


@pytest.mark.django_db(transaction=True)
class TestManyAtOnce:
    def test_have_one_file_made(self, client, image, monkeypatch):
        made = []
        render = image_module.render
        monkeypatch.setattr(
            image_module,
            "render",
            lambda *args, **kwargs: made.append(1) or render(*args, **kwargs),
        )
        start = threading.Barrier(8)
        src = image.src(1440, "webp")

        def ask(number: int) -> bytes:
            start.wait()
            try:
                return content(Client().get(src))
            finally:
                connection.close()

        with ThreadPoolExecutor(8) as pool:
            answers = set(pool.map(ask, range(8)))
        assert len(answers) == 1
        assert opened(answers.pop()).size == (1440, 960)
        assert len(made) == 1
        assert len([name for name in files_of(image) if name.endswith("webp")]) == 1

    def test_wait_for_other_processes(self, image):
        """A lock on a file: no thread of another process holds the locks of this one."""
        folder = default_storage.path("making")
        os.makedirs(folder, exist_ok=True)
        slot = zlib.crc32(image.stem.encode()) % rendition_files._SLOTS
        holder = subprocess.Popen(
            [
                sys.executable,
                "-c",
                HOLD,
                os.path.join(folder, f"lock-{slot}"),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert holder.stdout.readline() == b"held\n"
        done = threading.Event()

        def make() -> None:
            image.render(Rendition(1440, "webp")).close()
            done.set()

        thread = threading.Thread(target=make)
        thread.start()
        try:
            assert not done.wait(1)
        finally:
            holder.communicate(timeout=10)
        assert done.wait(30)
        thread.join()


class TestAnUpload:
    def test_keeps_its_place_to_itself(self, client):
        exif = Picture.Exif()
        exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSAreaInformation] = b"Zeppelinstrasse"
        file = BytesIO()
        Picture.new("RGB", (1500, 1000), "red").save(file, "JPEG", exif=exif)
        assert b"Zeppelinstrasse" in file.getvalue()
        image = Image.objects.add(file, alt="A street")
        for src in all_addresses(image):
            served = content(client.get(src))
            assert b"Zeppelinstrasse" not in served
            assert not opened(served).getexif()

    def test_that_is_refused_leaves_no_files(self):
        before = (
            default_storage.listdir("pictures")[1] if default_storage.exists("pictures") else []
        )
        with pytest.raises(ValidationError):
            Image(file=ContentFile(b"GIF89a", "a.gif"), alt="Nothing").full_clean()
        after = default_storage.listdir("pictures")[1] if default_storage.exists("pictures") else []
        assert after == before

    def test_whose_row_is_refused_leaves_no_files(self, image):
        before = set(default_storage.listdir("pictures")[1])
        masters = set(storages["originals"].listdir("masters")[1])
        other = Image(alt="A ferry", pk=None, width=1)
        other.take(picture_file())
        other.focal_x = 2
        with pytest.raises(IntegrityError), transaction.atomic():
            other.save()
        assert set(default_storage.listdir("pictures")[1]) == before
        assert set(storages["originals"].listdir("masters")[1]) == masters

    def test_lists_no_more_than_what_may_be_made(self, image):
        assert set(image.renditions) == {"stem", "focus", "widths"}
        assert set(image.widths) == set(CROPS)
        assert len(files_of(image)) == 5


class TestFocalPoint:
    def left(self, client, src: str) -> tuple[int, ...]:
        picture = opened(content(client.get(src))).convert("RGB")
        return picture.getpixel((picture.width // 2, picture.height // 2))

    @pytest.mark.parametrize("x", [-0.1, 1.1])
    def test_is_inside_the_picture(self, image, x):
        image.focal_x = x
        with pytest.raises(ValidationError, match=r"focal_x"):
            image.full_clean()
        with pytest.raises(IntegrityError), transaction.atomic():
            Image.objects.filter(pk=image.pk).update(focal_x=x)

    @pytest.mark.parametrize(("x", "channel"), [(0, 0), (1, 2)])
    def test_decides_what_all_crops_show(self, client, split, x, channel):
        split.focal_x = x
        split.save()
        for src in all_addresses(split):
            assert self.left(client, src)[channel] > 200

    def test_given_with_the_upload_counts(self, client):
        file = picture_file(1500, 500, colour="#ff0000")
        assert Image.objects.add(file, alt="Red", focal_x=0.2).renditions["focus"] == [0.2, 0.5]

    def test_moved_gives_all_files_new_names(
        self, client, split, django_capture_on_commit_callbacks
    ):
        old, before = split.stem, files_of(split)
        with django_capture_on_commit_callbacks(execute=True):
            split.focal_x = 0
            split.save(update_fields=["focal_x"])
        split.refresh_from_db()
        assert split.focal_x == 0
        assert split.stem != old
        assert len(files_of(split)) == len(before)
        assert not files_of(old)

    def test_left_alone_changes_no_file(self, split):
        stem = split.stem
        split.caption = "Another caption"
        split.save()
        assert split.stem == stem


class TestReplacing:
    @pytest.fixture
    def replaced(self, image, django_capture_on_commit_callbacks):
        old = {
            "srcs": all_addresses(image),
            "stem": image.stem,
            "original": image.file.name,
        }
        with django_capture_on_commit_callbacks(execute=True):
            image.take(picture_file(900, 600, colour="#ff0000"))
            image.save()
        return SimpleNamespace(image=image, **old)

    def test_removes_the_old_files_at_once(self, replaced):
        assert not files_of(replaced.stem)
        assert not storages["originals"].exists(f"masters/{replaced.stem}.jpg")
        assert not storages["originals"].exists(replaced.original)
        assert storages["originals"].exists(replaced.image.file.name)

    def test_sends_old_addresses_on_to_the_new_picture(self, client, replaced):
        for src in replaced.srcs:
            response = client.get(src)
            assert response.status_code == 302
            assert response.headers["Cache-Control"] == "no-store"
            shown = client.get(response.headers["Location"])
            assert shown.status_code == 200
            assert shown.headers["Content-Type"] == TYPES[src.rpartition(".")[2]]
            assert opened(content(shown)).convert("RGB").getpixel((9, 9))[0] > 200

    def test_is_announced(self, image, django_capture_on_commit_callbacks):
        heard = []

        def hear(image, **kwargs):
            heard.append(image.pk)

        image_changed.connect(hear)
        try:
            with django_capture_on_commit_callbacks(execute=True):
                image.caption = "Only words"
                image.save()
            assert heard == []
            with django_capture_on_commit_callbacks(execute=True):
                image.focal_y = 0.25
                image.save()
            assert heard == [image.pk]
        finally:
            image_changed.disconnect(hear)

    def test_undone_keeps_the_old_files(self, image, django_capture_on_commit_callbacks):
        before = files_of(image)
        stem = image.stem
        with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
            image.take(picture_file(900, 600))
            image.save()
            transaction.set_rollback(True)
        assert files_of(stem) == before
        assert Image.objects.get(pk=image.pk).stem == stem

    def test_deleting_removes_every_file(self, client, image, django_capture_on_commit_callbacks):
        client.get(image.src(1440, "webp"))
        stem, original = image.stem, image.file.name
        with django_capture_on_commit_callbacks(execute=True):
            Image.objects.filter(pk=image.pk).delete()
        assert not files_of(stem)
        assert not storages["originals"].exists(original)
        assert client.get(f"/media/pictures/{stem}-720.jpg").status_code == 404


class TestForPages:
    def test_srcset_names_each_width(self, image):
        parts = [part.split() for part in image.srcset("avif").split(", ")]
        assert [width for _src, width in parts] == ["360w", "720w", "1080w", "1440w"]
        assert [src for src, _width in parts] == [
            image.src(width, "avif") for width in (360, 720, 1080, 1440)
        ]
        assert image.srcset("webp", up_to=700).endswith("-720.webp 720w")

    def test_src_is_wide_enough_or_the_widest(self, image):
        assert image.src(361).endswith("-720.jpg")
        assert image.src(5000).endswith("-1440.jpg")
        assert image.largest_src == image.src(1440)

    def test_crops_are_for_machines(self, client, image):
        crops = image.crops()
        assert [(crop.width, crop.height) for crop in crops] == [
            (1200, 675),
            (1200, 900),
            (1000, 1000),
        ]
        for crop in crops:
            picture = opened(content(client.get(crop.src)))
            assert picture.format == "JPEG"
            assert picture.size == (crop.width, crop.height)

    def test_a_picture_that_was_never_saved_has_none(self):
        image = Image()
        assert image.src() == image.srcset() == image.largest_src == ""
        assert image.crops() == []


class TestMarkup:
    def shown(self, place: str, image: Image | None, alt: str = "A ferry & its <pier>") -> str:
        edition = Edition(lead_image=image, lead_image_alt=alt)
        tag = Template("{% load pictures %}{% picture edition place %}")
        return tag.render(Context({"edition": edition, "place": place}))

    def parsed(self, html: str):
        root = html5lib.parseFragment(html, namespaceHTMLElements=False)
        (element,) = root
        assert element.tag == "picture"
        return list(element)

    @pytest.mark.parametrize("place", PLACES)
    def test_offers_the_best_type_first_and_jpeg_to_all(self, client, image, place):
        *sources, img = self.parsed(self.shown(place, image))
        assert [source.get("type") for source in sources] == ["image/avif", "image/webp"]
        assert img.get("src").endswith(".jpg")
        assert img.get("alt") == "A ferry & its <pier>"
        for source in sources:
            assert source.get("sizes") == PLACES[place].sizes
            for part in source.get("srcset").split(", "):
                src, width = part.split()
                response = client.get(src)
                assert response.headers["Content-Type"] == source.get("type")
                assert f"{opened(content(response)).width}w" == width

    @pytest.mark.parametrize("place", PLACES)
    def test_holds_the_place_until_the_picture_comes(self, image, place):
        img = self.parsed(self.shown(place, image))[-1]
        assert int(img.get("width")) * 2 == int(img.get("height")) * 3

    @pytest.mark.parametrize("place", PLACES)
    def test_loads_the_lead_at_once_and_all_others_when_they_come_near(self, image, place):
        img = self.parsed(self.shown(place, image))[-1]
        is_lead = place in {"article", "front", "section"}
        assert img.get("fetchpriority") == ("high" if is_lead else None)
        assert img.get("loading") == (None if is_lead else "lazy")
        assert img.get("decoding") == (None if is_lead else "async")

    def test_is_nothing_without_a_picture(self):
        assert self.shown("river", None) == ""
        assert self.shown("river", Image()) == ""

    def test_changes_with_the_picture_and_its_words(self, image):
        first = self.shown("river", image)
        assert self.shown("river", image) == first
        assert self.shown("top", image) != first
        assert self.shown("river", image, alt="A bridge") != first
        image.focal_x = 0
        image.save()
        assert self.shown("river", image) != first

    def test_asks_the_database_nothing(self, image, django_assert_num_queries):
        with django_assert_num_queries(0):
            self.shown("article", image)


class TestPicturesOfBefore:
    """Rows and files as they were while there was only WebP in two widths."""

    @pytest.fixture
    def migration(self):
        return importlib.import_module("articles.migrations.0005_renditions")

    @pytest.fixture
    def old(self, image):
        storages["originals"].delete(f"masters/{image.stem}.jpg")
        for name in files_of(image):
            default_storage.delete(f"pictures/{name}")
        ImageStem.objects.all().delete()
        listed = []
        for width, height in ((720, 480), (1440, 960)):
            name = f"pictures/0123456789abcdef-{width}.webp"
            default_storage.delete(name)
            file = BytesIO()
            Picture.new("RGB", (width, height), "lime").save(file, "WEBP")
            default_storage.save(name, ContentFile(file.getvalue()))
            listed.append({"width": width, "height": height, "name": name})
        Image.objects.filter(pk=image.pk).update(renditions=listed)
        return image

    def migrate(self, step):
        step(apps, SimpleNamespace(connection=connection))

    def test_keep_their_files_and_get_the_others_when_asked(self, client, old, migration):
        self.migrate(migration.name_what_may_be_asked_for)
        old.refresh_from_db()
        assert old.stem == "0123456789abcdef"
        kept = opened(content(client.get("/media/pictures/0123456789abcdef-720.webp")))
        assert kept.convert("RGB").getpixel((9, 9))[1] > 200
        for src in all_addresses(old):
            assert client.get(src).status_code == 200
        assert len(old.crops()) == 3

    @pytest.fixture
    def squares(self):
        return importlib.import_module("articles.migrations.0014_small_squares")

    def test_get_a_small_square_when_asked(self, client, image, squares):
        new = image.renditions
        old = {**new, "widths": {**new["widths"], "1x1": new["widths"]["1x1"][1:]}}
        Image.objects.filter(pk=image.pk).update(renditions=old)
        for _time in range(2):
            self.migrate(squares.list_small_squares)
            assert Image.objects.get(pk=image.pk).renditions == new
        for src in all_addresses(image):
            assert client.get(src).status_code == 200
        self.migrate(squares.list_large_squares_alone)
        assert Image.objects.get(pk=image.pk).renditions == old

    def test_list_the_same_as_new_ones(self, image, migration, squares):
        for size in ((3000, 2000), (730, 500), (1, 1), (2000, 800), (500, 2000)):
            listed = migration.widths_of(*size)
            assert {**listed, "1x1": squares.with_small(listed["1x1"])} == widths_of(*size)

    def test_are_migrated_once(self, old, migration):
        self.migrate(migration.name_what_may_be_asked_for)
        first = Image.objects.get(pk=old.pk).renditions
        self.migrate(migration.name_what_may_be_asked_for)
        assert Image.objects.get(pk=old.pk).renditions == first
        assert ImageStem.objects.count() == 1

    def test_can_go_back(self, old, migration):
        before = Image.objects.get(pk=old.pk).renditions
        self.migrate(migration.name_what_may_be_asked_for)
        self.migrate(migration.list_what_is_in_webp)
        listed = Image.objects.get(pk=old.pk).renditions
        assert [r for r in listed if r["width"] in (720, 1440)] == before
