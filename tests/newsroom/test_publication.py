"""What the chief editor sets: who may, what it changes, what is refused, and the preview of it."""

import re
from io import BytesIO

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Picture

from articles import paper, renditions
from comments.models import Comment
from newsroom.publication import Publication
from newsroom.publication_desk import profiles_of
from tests.factories import (
    make_chief,
    make_editor,
    make_moderator,
    make_page,
    make_publication,
    make_user,
    publish_article,
)
from tests.hostile_pictures import hostile_pictures
from tests.valid_html import assert_valid

pytestmark = pytest.mark.django_db

LIST = reverse("admin:newsroom_publication_changelist")
CHANGE = reverse("admin:newsroom_publication_change", args=[1])
PREVIEW = reverse("admin:newsroom_publication_preview")


@pytest.fixture
def desk(client):
    client.force_login(make_chief())
    return client


def typed(**changes):
    """What the form posts, with changes; None leaves a field out."""
    data = {
        "name": "The Island Post",
        "tagline": "News of three islands.",
        "language": "en",
        "footer": "",
        "accent_light": "",
        "accent_dark": "",
        "guidelines": "",
        "review_time": "",
        "profiles": "",
        "feed_content": "summary",
        "websub_hub": "",
        "ai_crawlers": "allow",
        **changes,
    }
    return {name: value for name, value in data.items() if value is not None}


def logo_file(width=600, height=120, colour=(20, 90, 160, 255), margin=0):
    """A logo on a transparent ground, as an upload with metadata."""
    picture = Picture.new("RGBA", (width + 2 * margin, height + 2 * margin))
    picture.paste(colour, (margin, margin, margin + width, margin + height))
    file = BytesIO()
    exif = Picture.Exif()
    exif[0x010E] = "taken at home"
    picture.save(file, "PNG", exif=exif)
    file.name = "logo.png"
    file.seek(0)
    return file


def errors_of(response, field):
    """What the form says above a field."""
    for row in response.text.split('class="form-row')[1:]:
        if re.match(rf"[^>]*\bfield-{field}[\" ]", row):
            found = re.search(r'<ul class="errorlist"[^>]*>(.*?)</ul>', row, re.DOTALL)
            return found[1] if found else ""
    raise LookupError(field)


class TestSetting:
    def test_begins_with_what_the_settings_say(self, desk, settings):
        settings.PUBLICATION_NAME = "The Valley Post"
        settings.AI_CRAWLERS = "refuse"
        assert desk.get(LIST).headers["Location"] == CHANGE
        html = desk.get(CHANGE).text
        assert 'value="The Valley Post"' in html
        assert '<option value="refuse" selected>' in html
        assert not Publication.objects.exists()

    def test_changes_what_every_page_says(self, desk):
        edition = publish_article()
        response = desk.post(
            CHANGE,
            typed(
                footer="© The Island Post, Holmstad.",
                guidelines="Be kind.\n\nNo adverts.",
                review_time="within a day",
                profiles="Mastodon https://social.example/@post\n\nOur channel: https://v.example/p",
                ai_crawlers="refuse",
                feed_content="full",
                websub_hub="https://hub.example/",
            ),
        )
        assert response.status_code == 302
        html = Client().get(edition.get_absolute_url()).text
        assert f"<title>{edition.short_title} | The Island Post</title>" in html
        assert "© The Island Post, Holmstad." in html
        assert '<a href="https://v.example/p" rel="me noopener">Our channel</a>' in html
        assert "<p>Be kind.</p>\n\n<p>No adverts.</p>" in html
        assert "before it appears, within a day." in html
        assert_valid(html)
        assert "GPTBot" in Client().get("/robots.txt").text
        feed = Client().get("/feed.xml").text
        assert "content:encoded" in feed
        assert "https://hub.example/" in feed
        assert Client().get("/manifest.webmanifest").json()["name"] == "The Island Post"

    def test_outweighs_the_settings_from_then_on(self, desk, settings):
        desk.post(CHANGE, typed(review_time=""))
        settings.PUBLICATION_NAME = "The Valley Post"
        settings.COMMENTS_REVIEW_TIME = "some day"
        assert paper.current().name == "The Island Post"
        assert paper.current().review_time == ""

    def test_is_kept_as_it_is_when_it_is_saved_again(self, desk):
        values = typed(
            name="The <Post> & Co",
            profiles="Mastodon https://social.example/@post",
            accent_light="#005ea8",
            accent_dark="#71b8f5",
        )
        for _ in range(2):
            assert desk.post(CHANGE, values).status_code == 302
        html = desk.get(CHANGE).text
        for text in (
            "The &lt;Post&gt; &amp; Co",
            "Mastodon https://social.example/@post",
            "#71b8f5",
        ):
            assert text in html
        assert Publication.objects.count() == 1

    def test_keeps_all_that_was_typed_when_something_is_wrong(self, desk):
        response = desk.post(CHANGE, typed(name="", guidelines="Typed with care", profiles="X y"))
        assert response.status_code == 200
        assert "This field is required." in errors_of(response, "name")
        assert "Line 1: write a short name" in errors_of(response, "profiles")
        assert "Typed with care" in response.text
        assert "X y" in response.text
        assert not Publication.objects.exists()

    def test_speaks_to_readers_in_another_language(self, desk):
        edition = publish_article()
        desk.post(CHANGE, typed(language="ar"))
        html = Client().get(edition.get_absolute_url()).text
        assert re.search('<html lang="ar" dir="rtl"', html)
        assert 'dir="rtl"' in Client().get("/no-such-page/").text
        assert "<language>ar</language>" in Client().get("/feed.xml").text
        origin = {"Origin": "http://testserver"}
        path = f"{edition.get_absolute_url()}comments/"
        assert '<html lang="ar"' in Client().post(path, headers=origin).text
        # The desk speaks to everybody in the language of their browser.
        assert '<html lang="en' in desk.get(CHANGE, headers={"Accept-Language": "en"}).text

    def test_is_one_row(self):
        make_publication()
        with pytest.raises(IntegrityError), transaction.atomic():
            Publication.objects.create(id=2, name="Another")


class TestRights:
    def test_are_those_of_chief_editors(self, desk):
        assert desk.get(CHANGE).status_code == 200
        assert CHANGE.rsplit("/", 3)[0] in desk.get("/admin/").text

    def test_are_nobody_elses(self, client):
        make_publication(name="The Newsroom")
        for user in (make_editor(), make_moderator(), make_user("nobody", is_staff=True)):
            client.force_login(user)
            for path in (LIST, CHANGE):
                assert client.get(path).status_code == 403
            for path in (CHANGE, PREVIEW):
                assert client.post(path, typed()).status_code == 403
        client.logout()
        for path in (LIST, CHANGE, PREVIEW):
            assert client.post(path, typed()).status_code == 302
        assert Publication.objects.get().name == "The Newsroom"

    def test_to_look_are_not_those_to_change(self, client):
        make_publication(name="The Newsroom", accent_light="#005ea8", accent_dark="#71b8f5")
        user = make_user("auditor", is_staff=True)
        user.user_permissions.add(Permission.objects.get(codename="view_publication"))
        client.force_login(user)
        page = client.get(CHANGE)
        assert page.status_code == 200
        assert "#71b8f5" in page.text
        assert "data-preview" not in page.text
        assert client.post(CHANGE, typed()).status_code == 403
        assert client.post(PREVIEW, typed()).status_code == 403

    def test_to_add_or_delete_one_are_nobodys(self, client):
        make_publication()
        client.force_login(make_user("nora", is_staff=True, is_superuser=True))
        assert client.get(reverse("admin:newsroom_publication_add")).status_code == 403
        delete = reverse("admin:newsroom_publication_delete", args=[1])
        assert client.post(delete, {"post": "yes"}).status_code == 403
        assert Publication.objects.exists()


class TestTheAccent:
    @pytest.mark.parametrize("written", ["#005EA8", "005ea8", " #005ea8 "])
    def test_is_a_style_sheet_of_its_own(self, desk, written):
        # The mark stands close to the name.
        assert ">The Newsroom</a>" in Client().get("/").text
        assert 'href="/accent-' not in Client().get("/").text
        desk.post(CHANGE, typed(accent_light=written, accent_dark="#71b8f5"))
        html = Client().get("/").text
        assert '<link rel="stylesheet" href="/accent-005ea8-71b8f5.css">' in html
        assert 'content="#005ea8" media="(prefers-color-scheme: light)"' in html
        assert "<style" not in html
        assert Client().get("/manifest.webmanifest").json()["theme_color"] == "#005ea8"
        sheet = Client().get("/accent-005ea8-71b8f5.css")
        assert sheet.text == "@layer tokens{:root{--c-brand:light-dark(#005ea8,#71b8f5)}}\n"
        assert sheet.headers["Content-Type"] == "text/css; charset=utf-8"
        assert sheet.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        again = Client().get(
            "/accent-005ea8-71b8f5.css", headers={"If-None-Match": sheet.headers["ETag"]}
        )
        assert again.status_code == 304

    @pytest.mark.parametrize("name", ["zzzzzz-71b8f5", "005EA8-71b8f5", "005ea8", "005ea8-71b8f5f"])
    def test_has_no_other_address(self, client, name):
        assert client.get(f"/accent-{name}.css").status_code == 404
        assert client.post("/accent-005ea8-71b8f5.css").status_code == 405

    def test_must_be_easy_to_read(self, desk):
        response = desk.post(CHANGE, typed(accent_light="#ffd400", accent_dark="#333333"))
        light, dark = (errors_of(response, f"accent_{theme}") for theme in ("light", "dark"))
        assert "This colour has a contrast of 1.4, and 5.5 is needed" in light
        nearest = re.search("#[0-9a-f]{6}", light)[0]
        assert "is needed for words to be read" in dark
        assert 'value="#ffd400"' in response.text
        lighter = re.search("#[0-9a-f]{6}", dark)[0]
        response = desk.post(CHANGE, typed(accent_light=nearest, accent_dark=lighter))
        assert response.status_code == 302

    def test_comes_in_pairs(self, desk):
        response = desk.post(CHANGE, typed(accent_light="#005ea8"))
        assert "The colours are a pair." in errors_of(response, "accent_dark")
        assert not errors_of(response, "accent_light")
        with pytest.raises(IntegrityError), transaction.atomic():
            make_publication(accent_light="#005ea8")

    @pytest.mark.parametrize(
        "text", ["blue", "#12", "#12345", "rgb(0,0,0)", "#gggggg", "#００5ea8"]
    )
    def test_is_written_in_hexadecimal(self, desk, text):
        response = desk.post(CHANGE, typed(accent_light=text, accent_dark="#71b8f5"))
        assert "Write a colour such as #2438d6." in errors_of(response, "accent_light")


class TestTheLogo:
    def test_takes_the_place_of_the_name_in_every_masthead(self, desk):
        edition = publish_article()
        desk.post(CHANGE, typed(new_logo=logo_file()))
        publication = Publication.objects.get()
        src = f"/logo-{publication.logo_mark}.png"
        for path in ("/", edition.get_absolute_url(), "/no-such-page/"):
            html = Client().get(path).text
            size = 'width="600" height="120"'
            image = f'<img class="logo logo--only" src="{src}" {size} alt="The Island Post">'
            assert image in html
            assert "css/logo.css" in html
            assert_valid(html)
        story = Client().get(edition.get_absolute_url()).text
        assert f'"logo":{{"@type":"ImageObject","url":"http://testserver{src}","width":600' in story
        assert f"<url>http://testserver{src}</url>" in Client().get("/feed.xml").text
        assert f"<logo>http://testserver{src}</logo>" in Client().get("/feed.atom").text

    def test_is_served_without_anything_but_its_pixels(self, desk):
        desk.post(CHANGE, typed(new_logo=logo_file(3000, 900, margin=40)))
        publication = Publication.objects.get()
        answer = Client().get(f"/logo-{publication.logo_mark}.png")
        assert answer.headers["Content-Type"] == "image/png"
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert b"taken at home" not in answer.content
        with Picture.open(BytesIO(answer.content)) as picture:
            assert picture.size == (publication.logo_width, publication.logo_height) == (800, 240)
            assert picture.mode == "RGBA"
            assert not picture.getexif()

    def test_may_be_another_one_on_dark_pages(self, desk):
        desk.post(
            CHANGE,
            typed(new_logo=logo_file(), new_logo_dark=logo_file(colour=(240, 240, 240, 255))),
        )
        publication = Publication.objects.get()
        html = Client().get("/").text
        assert f'class="logo logo--light" src="/logo-{publication.logo_mark}.png"' in html
        assert f'class="logo logo--dark" src="/logo-{publication.logo_dark_mark}.png"' in html
        for mark in (publication.logo_mark, publication.logo_dark_mark):
            assert Client().get(f"/logo-{mark}.png").status_code == 200
        desk.post(CHANGE, typed(remove_logo_dark="on"))
        assert 'class="logo logo--only" src' in Client().get("/").text
        desk.post(CHANGE, typed(remove_logo="on"))
        assert "<img" not in Client().get("/").text

    def test_stays_when_something_else_is_changed(self, desk):
        desk.post(CHANGE, typed(new_logo=logo_file()))
        before = Publication.objects.get().logo_mark
        desk.post(CHANGE, typed(name="The Valley Post"))
        assert Publication.objects.get().logo_mark == before != ""

    def test_of_before_leads_to_the_one_of_today(self, desk):
        desk.post(CHANGE, typed(new_logo=logo_file()))
        first = Publication.objects.get().logo_mark
        desk.post(CHANGE, typed(new_logo=logo_file(colour=(200, 0, 0, 255))))
        answer = Client().get(f"/logo-{first}.png")
        assert answer.status_code == 302
        assert answer.headers["Location"] == f"/logo-{Publication.objects.get().logo_mark}.png"
        assert answer.headers["Cache-Control"] == "no-store"
        desk.post(CHANGE, typed(remove_logo="on"))
        assert Client().get(f"/logo-{first}.png").status_code == 404

    def test_for_dark_pages_alone_is_refused(self, desk):
        response = desk.post(CHANGE, typed(new_logo_dark=logo_file()))
        assert "Add the logo for light pages" in errors_of(response, "new_logo_dark")

    def test_that_is_no_picture_is_refused_beside_its_field(self, desk):
        file = BytesIO(b"<svg onload=alert(1)>")
        file.name = "logo.svg"
        response = desk.post(CHANGE, typed(new_logo=file))
        assert "This is not a picture we can read" in errors_of(response, "new_logo")
        response = desk.post(CHANGE, typed(name="", new_logo=logo_file()))
        assert "Choose the file once more" in errors_of(response, "new_logo")

    @pytest.mark.filterwarnings(
        "ignore::UserWarning:PIL", "ignore::PIL.Image.DecompressionBombWarning"
    )
    def test_that_is_hostile_is_refused_or_made_harmless(self):
        for name, content in hostile_pictures():
            try:
                made, width, height = renditions.logo(
                    BytesIO(content), max_bytes=2_000_000, max_pixels=4_000_000
                )
            except renditions.Unusable:
                continue
            assert made.startswith(b"\x89PNG"), name
            assert width <= renditions.LOGO_BOX[0], name
            assert height <= renditions.LOGO_BOX[1], name

    def test_that_is_transparent_all_over_is_refused(self):
        file = BytesIO()
        Picture.new("RGBA", (40, 40)).save(file, "PNG")
        with pytest.raises(renditions.Unusable, match="transparent"):
            renditions.logo(BytesIO(file.getvalue()))


class TestProfiles:
    def test_are_read_line_by_line(self):
        text = (
            "Mastodon https://social.example/@post\r\n\r\n  Our channel:  https://v.example/?a=1 "
        )
        assert profiles_of(text) == [
            ["Mastodon", "https://social.example/@post"],
            ["Our channel", "https://v.example/?a=1"],
        ]

    @pytest.mark.parametrize(
        "line",
        [
            "https://social.example/",
            "Mastodon",
            "Mastodon http://social.example/",
            "Mastodon javascript:alert(1)",
            "Mastodon https://user:pass@social.example/",
            "Mastodon https://",
            f"{'M' * 41} https://social.example/",
        ],
    )
    def test_are_refused_with_their_line(self, line):
        with pytest.raises(ValidationError) as refused:
            profiles_of(f"Video https://v.example/\n{line}")
        assert "Line 2:" in refused.value.messages[0]

    def test_are_twelve_at_most(self):
        lines = [f"Number {number} https://v.example/{number}" for number in range(13)]
        assert len(profiles_of("\n".join(lines[:12]))) == 12
        with pytest.raises(ValidationError, match="12 profiles at most"):
            profiles_of("\n".join(lines))

    @given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
    def test_of_any_text_are_read_or_refused(self, text):
        try:
            found = profiles_of(text)
        except ValidationError:
            return
        assert all(label and url.startswith("https://") for label, url in found)
        again = "\n".join(" ".join(profile) for profile in found)
        assert profiles_of(again) == found


class TestThePreview:
    def test_shows_what_is_typed_and_stores_nothing(self, desk):
        edition = publish_article()
        make_publication(name="The Newsroom")
        values = typed(
            accent_light="#005ea8",
            accent_dark="#71b8f5",
            footer="© Islanders",
            new_logo=logo_file(),
        )
        front = desk.post(PREVIEW, {**values, "preview_page": "front"}).text
        assert "The Island Post" in front
        assert "accent-005ea8-71b8f5.css" in front
        assert '<img class="logo logo--only" src="data:image/png;base64,' in front
        assert edition.short_title in front
        values["new_logo"] = logo_file()
        story = desk.post(PREVIEW, {**values, "preview_page": "article"}).text
        assert edition.headline in story
        assert "© Islanders" in story
        assert Publication.objects.get().name == "The Newsroom"
        assert "The Island Post" not in Client().get("/").text
        assert_valid(story)

    def test_shows_colours_that_could_not_be_saved(self, desk):
        html = desk.post(PREVIEW, typed(accent_light="#ffd400", accent_dark="#ffd400")).text
        assert "accent-ffd400-ffd400.css" in html
        html = desk.post(PREVIEW, typed(name="", accent_light="blue", profiles="x")).text
        assert "The Newsroom" in html
        assert "accent-" not in html

    def test_proposes_the_other_half_of_a_pair(self, desk):
        html = desk.post(PREVIEW, typed(accent_light="#005ea8")).text
        assert re.search("accent-005ea8-[0-9a-f]{6}.css", html)

    @pytest.mark.parametrize("theme", ["light", "dark"])
    def test_shows_a_theme(self, desk, theme):
        html = desk.post(PREVIEW, {**typed(), "preview_theme": theme}).text
        assert f'<html data-theme="{theme}" lang="en"' in html

    def test_shows_the_language_that_is_chosen(self, desk):
        html = desk.post(PREVIEW, typed(language="ar")).text
        assert 'lang="ar" dir="rtl"' in html

    def test_shows_the_pages_that_editors_write(self, desk):
        make_page("Who we are", kind="about")
        html = desk.post(PREVIEW, {**typed(), "preview_page": "about"}).text
        assert re.search("<h1[^>]*>Who we are</h1>", html)

    @pytest.mark.parametrize("page", ["front", "article", "about", "../admin/", ""])
    def test_falls_back_to_the_front_page(self, desk, page):
        answer = desk.post(PREVIEW, {**typed(), "preview_page": page})
        assert answer.status_code == 200
        assert "Nothing is published yet." in answer.text

    def test_runs_nothing_and_may_be_framed_by_the_desk_alone(self, desk):
        publish_article()
        answer = desk.post(PREVIEW, {**typed(), "preview_page": "article"})
        policy = answer.headers["Content-Security-Policy"]
        assert "frame-ancestors 'self'" in policy
        assert "sandbox allow-same-origin allow-popups" in policy
        assert "script-src 'none'" in policy
        assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
        assert "no-store" in answer.headers["Cache-Control"]
        assert "Surrogate-Key" not in answer.headers
        assert "<script" not in answer.text
        assert '<base target="_blank">' in answer.text
        for path in ("/", CHANGE, LIST):
            other = desk.get(path)
            assert "frame-ancestors 'none'" in other.headers["Content-Security-Policy"]
            assert other.headers["X-Frame-Options"] == "DENY"

    def test_is_for_what_is_typed_alone(self, desk):
        assert desk.get(PREVIEW).status_code == 405
        guarded = Client(enforce_csrf_checks=True)
        guarded.force_login(make_chief("another"))
        assert guarded.post(PREVIEW, typed()).status_code == 403

    def test_never_posts_a_comment(self, desk):
        publish_article()
        html = desk.post(PREVIEW, {**typed(), "preview_page": "article"}).text
        assert "csrf" not in html
        assert not Comment.objects.exists()
