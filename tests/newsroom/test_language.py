"""The desks speak the browser's language, the pages the paper's to everybody."""

import pytest
from django.utils import translation

from tests.factories import make_editor, publish_article


@pytest.fixture
def speak(client, db):
    def speak(path, languages):
        response = client.get(path, headers={"accept-language": languages} if languages else {})
        return response, response.content.decode()

    return speak


class TestDesks:
    @pytest.mark.parametrize(
        ("asked", "spoken"),
        [
            ("hi", "hi"),
            ("ar-EG,en;q=0.5", "ar"),
            ("de,hi;q=0.8,en;q=0.2", "hi"),
            ("en-GB,ar;q=0.9", "en"),
            ("de", "en"),
            ("", "en"),
            ("*", "en"),
            ("x" * 600, "en"),
        ],
    )
    def test_speak_the_browsers_language_if_they_can(self, speak, asked, spoken):
        response, html = speak("/admin/login/", asked)
        assert f'<html lang="{spoken}"' in html
        assert "Accept-Language" in response.headers["Vary"]

    def test_are_read_from_the_right_in_arabic(self, speak):
        assert '<html lang="ar" dir="rtl"' in speak("/admin/login/", "ar")[1]

    def test_speak_the_papers_language_to_other_browsers(self, speak, settings):
        settings.LANGUAGE_CODE = "hi"
        assert '<html lang="hi"' in speak("/admin/login/", "de")[1]

    def test_leave_the_next_request_alone(self, speak):
        speak("/admin/login/", "ar")
        assert translation.get_language() == "en"

    def test_are_whole_in_each_language(self, client, speak):
        client.force_login(make_editor())
        html = speak("/admin/articles/article/add/", "hi")[1]
        assert "शीर्षक" in html


class TestPages:
    @pytest.mark.parametrize("asked", ["hi", "ar", "en", ""])
    def test_are_the_same_whatever_the_browser_speaks(self, client, speak, asked):
        publish_article()
        response, html = speak("/", asked)
        assert html == client.get("/").content.decode()
        assert '<html lang="en"' in html
        assert "Accept-Language" not in response.headers.get("Vary", "")
        assert not response.cookies

    @pytest.mark.parametrize("language", ["hi", "ar"])
    def test_speak_the_papers_language(self, speak, settings, language):
        settings.LANGUAGE_CODE = language
        publish_article()
        assert f'<html lang="{language}"' in speak("/", "en")[1]
