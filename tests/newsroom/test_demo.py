"""The demo paper: whole or not at all, only in an empty database, and worth reading."""

import re
import stat
import tomllib
from collections import Counter
from html import unescape
from io import StringIO

import pytest
from django.contrib.auth.models import Group, User
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.utils import timezone
from PIL import Image as Picture

from articles import checklist, publishing
from articles.models import Article, Author, Edition, Image, KeyPoint, Page, Section, Topic
from comments import moderation, text
from comments.models import Comment, Decision
from newsroom.demo import building
from newsroom.demo.pictures import SCENES
from newsroom.publication import Publication
from tests.factories import make_article, make_author, make_image, make_topic, make_user
from tests.valid_html import assert_valid

PAPER = tomllib.loads((building.CONTENT / "paper.toml").read_text("utf-8"))
STORIES = [
    story
    for section in PAPER["section"]
    for story in tomllib.loads(
        (building.CONTENT / "stories" / f"{section['slug']}.toml").read_text("utf-8")
    )["story"]
]
COMMENTS = [(story, comment) for story in STORIES for comment in story.get("comment", [])]


@pytest.fixture
def folder(settings, tmp_path, monkeypatch):
    """A NEWSROOM_DATA of the test's own, and no password from the developer's shell."""
    monkeypatch.delenv("NEWSROOM_DEMO_PASSWORD", raising=False)
    settings.NEWSROOM_DATA = tmp_path
    return tmp_path


@pytest.fixture
def plain_pictures(monkeypatch):
    """Drawing has tests of its own."""
    plain = Picture.new("RGB", (48, 32), "#336699")
    monkeypatch.setattr(building, "draw", lambda scene, width: plain)


@pytest.fixture
def whole_demo(db, folder, plain_pictures):
    def demo(**options) -> str:
        output = StringIO()
        call_command("demo", stdout=output, **options)
        return output.getvalue()

    return demo


@pytest.fixture
def demo(whole_demo, monkeypatch):
    """The command with one story and one comment a section: for what doesn't hang on the words."""
    read = building._read

    def read_less(name):
        content = read(name)
        for story in content.get("story", []):
            story["comment"] = story.get("comment", [])[:1]
        return {key: rows[:1] if key == "story" else rows for key, rows in content.items()}

    monkeypatch.setattr(building, "_read", read_less)
    return whole_demo


def printed_password(output: str) -> str:
    return re.search(r"^Password +(\S+)$", output, re.MULTILINE)[1]


def picture_files() -> set[str]:
    storages = Image._meta.get_field("file").storage, default_storage
    folders = [("", storages[0]), ("pictures", storages[1])]
    return {
        name
        for folder, storage in folders
        if storage.exists(folder)
        for name in storage.listdir(folder)[1]
    }


class TestContent:
    def test_has_six_sections_and_some_thirty_stories(self):
        assert len(PAPER["section"]) == 6
        assert 28 <= len(STORIES) <= 40

    def test_gives_each_story_an_address_of_its_own(self):
        assert not [s for s, times in Counter(s["slug"] for s in STORIES).items() if times > 1]

    def test_names_only_people_and_subjects_that_exist(self):
        known = {kind: {row["slug"] for row in PAPER[kind]} for kind in ("author", "topic")}
        agencies = {row["slug"] for row in PAPER["agency"]}
        for story in STORIES:
            assert {byline["author"] for byline in story.get("bylines", [])} <= known["author"]
            assert set(story.get("topics", [])) <= known["topic"]
            assert story.get("agency") in {None, *agencies}

    def test_has_a_scene_for_each_picture_and_shows_none_twice(self):
        scenes = [story["picture"] for story in STORIES if "picture" in story]
        assert set(scenes) <= set(SCENES)
        assert len(scenes) == len(set(scenes))
        assert all(story["picture_alt"] for story in STORIES if "picture" in story)

    def test_opens_the_paper_and_each_section_with_a_picture(self):
        for section in PAPER["section"]:
            path = building.CONTENT / "stories" / f"{section['slug']}.toml"
            stories = tomllib.loads(path.read_text("utf-8"))["story"]
            live = [s for s in stories if s["minutes_ago"] > 0 and not s.get("is_draft")]
            assert "picture" in min(live, key=lambda story: story["minutes_ago"])

    def test_has_comments_of_every_kind(self):
        assert {comment["status"] for _story, comment in COMMENTS} == set(Comment.Status.values)

    @pytest.mark.parametrize(
        "comment", [pytest.param(c, id=f"{s['slug']}-{c['name']}") for s, c in COMMENTS]
    )
    def test_has_comments_that_readers_could_have_posted(self, comment):
        assert text.MIN_LENGTH <= text.length(comment["body"]) <= text.MAX_LENGTH

    def test_has_no_comment_before_its_story_or_from_the_future(self):
        for story, comment in COMMENTS:
            assert 0 < comment["minutes_after"] < story["minutes_ago"], story["slug"]


class TestFilling:
    def test_makes_the_whole_paper(self, whole_demo):
        whole_demo()
        assert Section.objects.count() == 6
        assert Article.objects.count() == len(STORIES)
        states = Counter(a.state for a in Article.objects.with_publication())
        assert states[Article.State.LIVE] >= 28
        for state in (Article.State.SCHEDULED, Article.State.DRAFT, Article.State.WITHDRAWN):
            assert states[state] == 1
        assert Comment.objects.count() == len(COMMENTS)
        assert not Comment.objects.filter(created_at__gt=timezone.now()).exists()
        assert not Decision.objects.filter(at__gt=timezone.now()).exists()

    def test_says_what_the_paper_is_and_how_it_works(self, demo, client, settings):
        demo()
        assert Publication.objects.get().name == settings.PUBLICATION_NAME
        kinds = ("about", "contact", "correctionsPolicy", "ethicsPolicy", "")
        assert sorted(page.kind for page in Page.objects.all()) == sorted(kinds)
        for page in Page.objects.all():
            html = client.get(page.get_absolute_url()).text
            assert page.summary in unescape(html)
            assert_valid(html)
            for path in re.findall('href="(/[^"]*)"', page.body_html):
                assert client.get(path).status_code == 200, path
        story = Edition.objects.live().first()
        assert "appears, usually within two hours." in client.get(story.get_absolute_url()).text

    def test_has_a_corrected_and_an_updated_story(self, whole_demo, client):
        whole_demo()
        live = Edition.objects.live().with_corrections().select_related("article")
        changed = [edition for edition in live if edition.updated_at]
        corrected = [edition for edition in changed if edition.corrected_at]
        assert len(changed) == 2
        assert len(corrected) == 1
        for edition in changed:
            first = edition.article.editions.get(number=1)
            assert first.live_from < edition.live_from <= timezone.now()
            assert first.body_html != edition.body_html
        assert corrected[0].corrected_at <= timezone.now()
        assert corrected[0].short_title in client.get("/corrections/").text

    def test_leaves_no_article_with_findings_that_matter(self, whole_demo):
        whole_demo()
        harmless = {"summary", "key_points"}
        for article in Article.objects.filter(editions__isnull=False).distinct():
            assert {item.field for item in checklist.check(article)} <= harmless, article.slug

    def test_serves_every_page(self, whole_demo, client):
        whole_demo()
        editions = Edition.objects.live()
        addresses = ["/", *(section.get_absolute_url() for section in Section.objects.all())]
        addresses += [page.get_absolute_url() for page in Page.objects.all()]
        for address in [*addresses, *(edition.get_absolute_url() for edition in editions)]:
            assert client.get(address).status_code == 200, address

    def test_shows_no_story_that_is_not_live(self, whole_demo, client):
        whole_demo()
        sections = [f"/{section['slug']}/" for section in PAPER["section"]]
        page = "".join(client.get(path).text for path in ["/", *sections])
        for story in STORIES:
            hidden = story["minutes_ago"] < 0 or story.get("is_draft") or "withdrawn" in story
            assert (f"/{story['slug']}/" in page) is not hidden, story["slug"]

    def test_draws_real_pictures(self, db, folder):
        building.fill(picture_width=48)
        illustrated = {story["slug"] for story in STORIES if "picture" in story}
        articles = Article.objects.filter(lead_image__isnull=False).select_related("lead_image")
        assert {article.slug for article in articles} == illustrated
        assert {(a.lead_image.width, a.lead_image.height) for a in articles} == {(48, 32)}
        assert len({article.lead_image.colour for article in articles}) > 10

    def test_gives_each_login_its_rights(self, demo):
        demo()
        admin, editor, moderator = (User.objects.get(username=name) for name in building.LOGINS)
        assert admin.is_superuser
        assert all(user.is_staff for user in (admin, editor, moderator))
        assert not editor.is_superuser
        assert not moderator.is_superuser
        assert editor.has_perm(publishing.PERMISSION)
        assert not editor.has_perm(moderation.PERMISSION)
        assert moderator.has_perm(moderation.PERMISSION)
        assert not moderator.has_perm(publishing.PERMISSION)

    @pytest.mark.parametrize("failing", ["_make_comment", "_backdate"])
    def test_leaves_nothing_behind_when_it_fails(self, demo, monkeypatch, failing):
        files = picture_files()

        def fail(*args, **kwargs):
            raise RuntimeError("The disk is on fire.")

        monkeypatch.setattr(building, failing, fail)
        with pytest.raises(RuntimeError):
            demo()
        assert building.look() is building.Found.NOTHING
        assert picture_files() == files

    def test_leaves_nothing_behind_when_a_picture_cannot_be_written(self, demo, monkeypatch):
        files = picture_files()
        save, written = Image.save, []

        def fail_later(image, *args, **kwargs):
            if len(written) == 3:
                raise OSError("No space left on device")
            written.append(image)
            save(image, *args, **kwargs)

        monkeypatch.setattr(Image, "save", fail_later)
        with pytest.raises(OSError, match="No space"):
            demo()
        assert written
        assert building.look() is building.Found.NOTHING
        assert picture_files() == files


class TestForeignDatabase:
    FOREIGN = {
        "user": make_user,
        "section": lambda: Section.objects.create(name="Local", slug="local"),
        "topic": make_topic,
        "author": make_author,
        "picture": make_image,
        "article": make_article,
    }

    @pytest.mark.parametrize("kind", FOREIGN)
    def test_is_refused_with_one_clear_line(self, demo, folder, kind):
        self.FOREIGN[kind]()
        counted = [User, Section, Topic, Author, Image, Article, KeyPoint, Comment, Group]
        before = [model.objects.count() for model in counted]
        files = picture_files()
        output = demo()
        assert "holds a paper of its own: no demo content was added" in output
        assert "Password" not in output
        assert [model.objects.count() for model in counted] == before
        assert picture_files() == files
        assert not list(folder.iterdir())

    def test_is_refused_though_its_users_have_the_same_names(self, demo):
        for name in building.LOGINS:
            make_user(name, email=f"{name}@paper.example")
        assert "no demo content was added" in demo()
        assert not Section.objects.exists()
        assert User.objects.get(username="admin").check_password("a long password")

    def test_is_refused_when_it_was_filled_while_pictures_were_drawn(self, demo, monkeypatch):
        files = picture_files()
        drawn = building._draw_all

        def draw_slowly(*args, **kwargs):
            make_user("first")
            return drawn(*args, **kwargs)

        monkeypatch.setattr(building, "_draw_all", draw_slowly)
        assert "no demo content was added" in demo()
        assert not Article.objects.exists()
        assert picture_files() == files


class TestSecondRun:
    def test_adds_nothing_and_prints_the_same(self, demo, django_assert_max_num_queries):
        first = demo()
        before = Article.objects.count(), Comment.objects.count(), Image.objects.count()
        with django_assert_max_num_queries(3):
            second = demo()
        assert printed_password(second) == printed_password(first)
        assert first.endswith(second)
        assert (Article.objects.count(), Comment.objects.count(), Image.objects.count()) == before

    def test_finds_the_demo_that_somebody_has_worked_on(self, demo):
        first = demo()
        make_article()
        make_user("helen")
        assert printed_password(demo()) == printed_password(first)


class TestPassword:
    def test_opens_the_desk(self, demo, client):
        password = printed_password(demo())
        for username in building.LOGINS:
            assert client.login(username=username, password=password)

    def test_is_made_up_and_kept_for_its_owner_only(self, demo, folder):
        password = printed_password(demo())
        kept = folder / "demo-password"
        assert kept.read_text() == f"{password}\n"
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        assert len(password) >= 20

    def test_is_another_one_for_another_paper(self, demo, folder):
        first = demo()
        (folder / "demo-password").unlink()
        User.objects.update(password="!")
        assert printed_password(demo()) != printed_password(first)

    def test_comes_from_the_environment(self, demo, client, monkeypatch):
        monkeypatch.setenv("NEWSROOM_DEMO_PASSWORD", "chosen-by-me")
        assert printed_password(demo()) == "chosen-by-me"
        assert client.login(username="editor", password="chosen-by-me")

    def test_changes_when_the_environment_does(self, demo, client, monkeypatch):
        first = printed_password(demo())
        monkeypatch.setenv("NEWSROOM_DEMO_PASSWORD", "chosen-by-me")
        assert printed_password(demo()) == "chosen-by-me"
        assert not client.login(username="editor", password=first)
        monkeypatch.delenv("NEWSROOM_DEMO_PASSWORD")
        assert printed_password(demo()) == "chosen-by-me"

    def test_does_not_log_out_those_who_have_it(self, demo, client, monkeypatch):
        monkeypatch.setenv("NEWSROOM_DEMO_PASSWORD", "chosen-by-me")
        demo()
        client.login(username="admin", password="chosen-by-me")
        demo()
        assert client.get("/admin/").status_code == 200

    def test_is_not_printed_for_whom_it_no_longer_opens_the_desk(self, demo, folder):
        password = printed_password(demo())
        admin = User.objects.get(username="admin")
        admin.set_password("a secret of my own")
        admin.save()
        output = demo()
        assert printed_password(output) == password
        assert re.search(r"admin .*\(with the password that was set since\)", output)
        assert not re.search(r"editor .*\(with the password that was set since\)", output)
        admin.refresh_from_db()
        assert admin.check_password("a secret of my own")

    def test_is_not_printed_when_it_opens_nothing(self, demo):
        password = printed_password(demo())
        for user in User.objects.all():
            user.set_password("a secret of my own")
            user.save()
        output = demo()
        assert password not in output
        assert "NEWSROOM_DEMO_PASSWORD gives all three a new password." in output

    def test_is_set_after_a_run_that_was_stopped_before_it(self, demo, db):
        building.fill(picture_width=48)
        assert len(printed_password(demo())) >= 20


class TestOutput:
    def test_names_the_addresses_and_the_logins(self, demo, settings):
        settings.SITE_URL = "http://127.0.0.1:8123"
        output = demo()
        assert "http://127.0.0.1:8123/\n" in output
        assert "http://127.0.0.1:8123/admin/\n" in output
        for username, what in building.LOGINS.items():
            assert re.search(rf"^  {username} +{what}$", output, re.MULTILINE)

    def test_can_be_silent(self, demo):
        assert demo(verbosity=0) == ""
        assert Article.objects.exists()
