"""What a new reader's browser gets over the wire, and how still the page stands meanwhile."""

import threading
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.handlers.wsgi import WSGIHandler

from articles.models import Image
from bench import weight
from newsroom.demo import pictures
from newsroom.pagecache import purge
from newsroom.pagecache.site import page_cache
from tests.factories import BODY, make_comment, make_section, publish_article

#: Bytes of everything on a phone: a story with a lead picture, and one without.
MOST_WITH_PICTURE = 150_000
MOST_WITHOUT = 90_000


@pytest.fixture
def kept_site(collected_static, settings, tmp_path, monkeypatch, committed_db):
    """The site behind its page cache, which compresses pages as in production."""
    from django.core.servers.basehttp import ThreadedWSGIServer

    from tests.browser.conftest import QuietHandler, production_storages

    settings.STATIC_ROOT = collected_static
    settings.STORAGES = production_storages()
    settings.PAGE_CACHE_FOLDER = tmp_path
    settings.PAGE_CACHE_LISTEN = False
    monkeypatch.setattr(purge, "_counters", None)
    server = ThreadedWSGIServer(("127.0.0.1", 0), QuietHandler)
    server.daemon_threads = True
    server.set_app(page_cache(WSGIHandler(), is_ahead=False))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    settings.SITE_URL = f"http://127.0.0.1:{server.server_port}"
    yield settings.SITE_URL
    server.shutdown()
    server.server_close()
    thread.join()
    monkeypatch.setattr(purge, "_counters", None)


@pytest.fixture
def lead_image(kept_site):
    content = BytesIO()
    pictures.draw("harbour").save(content, "JPEG", quality=90)
    file = SimpleUploadedFile("harbour.jpg", content.getvalue())
    return Image.objects.add(file, alt="A harbour at dusk")


def publish(**fields):
    edition = publish_article(section=make_section("World"), body=BODY * 8, **fields)
    for _ in range(5):
        make_comment(edition.article, status="approved")
    return edition


class TestWeight:
    def test_of_a_story_with_a_picture(self, kept_site, browser, lead_image):
        url = kept_site + publish(lead_image=lead_image).get_absolute_url()
        found = weight.visit(browser, url, weight.SIZES["390 px"])
        assert found.sizes["Image"]
        assert found.sizes.total() <= MOST_WITH_PICTURE, found.sizes

    def test_of_a_story_without_pictures(self, kept_site, browser):
        url = kept_site + publish().get_absolute_url()
        found = weight.visit(browser, url, weight.SIZES["390 px"])
        assert found.sizes.total() <= MOST_WITHOUT, found.sizes
        assert found.requests <= 8

    @pytest.mark.parametrize("size", weight.SIZES.values(), ids=weight.SIZES)
    @pytest.mark.parametrize("path", ["/", "/world/", "", "/search/?q=ferry"])
    def test_comes_from_one_host_and_moves_nothing(
        self, kept_site, browser, lead_image, path, size
    ):
        edition = publish(lead_image=lead_image)
        found = weight.visit(browser, f"{kept_site}{path or edition.get_absolute_url()}", size)
        assert found.hosts == {kept_site.removeprefix("http://")}
        assert found.moved == 0
