"""No violation that axe-core can find, and no scrolling sideways, on any page."""

import re

import pytest
from django.apps import apps
from django.conf import settings
from django.test import Client
from playwright.sync_api import expect

from articles import publishing
from articles.models import FrontBlock, FrontPage, FrontStory, Section
from comments import moderation
from comments.models import Comment
from tests.accessibility import (
    assert_accessible,
    assert_accessible_at,
    assert_large_targets,
    assert_no_sideways_scroll,
)
from tests.factories import (
    BODY,
    make_agency,
    make_article,
    make_author,
    make_editor,
    make_image,
    make_moderator,
    make_page,
    make_publication,
    make_section,
    make_topic,
    make_user,
    picture_file,
    publish_article,
)

WORDS = "The winter ferry is worth every coin that the council puts into it."
LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
RICH_BODY = (
    BODY
    + "<h2>What it costs</h2><p>A <a href='https://example.org/study'>study</a> will tell.</p>"
    + "<h3>Tickets</h3><ul><li>Day ticket</li><li>Winter pass</li></ul>"
    + "<blockquote><p>We were promised a bridge.</p></blockquote>"
    + f"<ol><li>{LONG_WORD}</li></ol><hr><p>https://example.org/{'a-long-address-' * 12}</p>"
)


def make_comment(edition, number=1, *, status=Comment.Status.APPROVED, **fields):
    return Comment.objects.create(
        **{
            "article": edition.article,
            "name": f"{'Ąžuolas Petra Ali 1'.split()[number % 4]} S",
            "email": "petra@example.org",
            "body": f"{WORDS}\nI say so for the {number}. time.",
            "status": status,
            **fields,
        }
    )


@pytest.fixture
def editor(site):
    return make_editor("lucia")


@pytest.fixture
def moderator(site):
    return make_moderator("tomas")


@pytest.fixture
def chief(site):
    """Who may do everything."""
    return make_user("nora", is_staff=True, is_superuser=True)


@pytest.fixture
def edition(editor):
    """A story with every element that a story can have."""
    section = make_section("World", accent="world", description="What happens elsewhere.")
    return publish_article(
        by=editor,
        section=section,
        authors=[make_author("Mira Holt"), make_author("Jonas Berg")],
        topics=[make_topic("Ferries")],
        agency=make_agency("IANS"),
        lead_image=make_image(caption="The old ferry in March."),
        dateline_place="Washington",
        dateline_date="2026-01-08",
        body=RICH_BODY,
        pull_quote="“We can plan again.”",
        pull_quote_attribution="Mira Holt, baker",
        key_points_heading="The vote",
    )


@pytest.fixture
def paper(editor, edition):
    """Enough stories to fill every part of the front page, in every colour."""
    for accent in Section.Accent.values:
        if accent != "world":
            make_section(f"{accent.title()} and more", accent=accent)
    sections = list(Section.objects.all())
    picture = edition.lead_image
    for number in range(16):
        publish_article(
            by=editor,
            section=sections[number % len(sections)],
            lead_image=picture if number % 2 else None,
        )
    for _ in range(3):
        publish_article(by=editor, section=edition.section, lead_image=picture)
    make_comment(edition)
    return edition


@pytest.fixture
def visit(site, open_page):
    """Open an address, as a visitor or logged in, and tell whether its status is right."""

    def visit(path, *, by=None, status=200):
        page = open_page()
        if by is not None:
            client = Client()
            client.force_login(by)
            session = client.cookies[settings.SESSION_COOKIE_NAME].value
            page.context.add_cookies(
                [{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": site}]
            )
        response = page.goto(f"{site}{path}")
        assert response.status == status
        return page

    return visit


def check_public(page):
    assert_accessible(page)
    assert_accessible_at(page, (320, 768, 1600))
    assert_large_targets(page)
    assert_no_sideways_scroll(page)


def check_admin(page):
    assert_accessible(page)
    assert_no_sideways_scroll(page, (390,), ("ltr",))


class TestPublicPages:
    def test_front(self, visit, paper):
        check_public(visit("/"))

    def test_empty_front(self, visit):
        check_public(visit("/"))

    def test_section(self, visit, paper):
        check_public(visit(paper.section.get_absolute_url()))

    def test_empty_section(self, visit):
        check_public(visit(make_section("Quiet", accent="opinion").get_absolute_url()))

    @pytest.mark.parametrize(
        "query", ["", "?q=ferry", "?q=ferry+aardvark&section=world", "?q=fery", f"?q={LONG_WORD}"]
    )
    def test_search(self, visit, paper, query):
        check_public(visit(f"/search/{query}"))

    @pytest.mark.parametrize(
        "path",
        ["/topics/ferries/", "/authors/mira-holt/", "/agencies/ians/", "/archive/", "/shortcuts/"],
    )
    def test_list(self, visit, paper, path):
        check_public(visit(path))

    @pytest.mark.parametrize("pattern", ["%Y", "%Y/%m", "%Y/%m/%d"])
    def test_archive(self, visit, paper, pattern):
        check_public(visit(f"/{paper.article.published_on:{pattern}}/"))

    def test_empty_list(self, visit):
        check_public(visit(make_topic("Quiet").get_absolute_url()))

    def test_older_stories(self, visit, edition, editor):
        for _ in range(31):
            publish_article(by=editor, section=edition.section)
        page = visit(edition.section.get_absolute_url())
        check_public(page)
        page.get_by_role("link", name="Older stories").click()
        expect(page.get_by_role("link", name="Newest stories")).to_be_visible()
        check_public(page)

    def test_story_with_comments(self, visit, paper):
        for number in range(8):
            make_comment(paper, number)
        make_comment(paper, name=LONG_WORD[:80], body=LONG_WORD * 3)
        make_comment(
            paper, name="قارئ", body="هذا تعليق عن العبارة التي تعمل في الشتاء كل يوم بلا انقطاع"
        )
        page = visit(paper.get_absolute_url())
        page.locator("summary").click()
        check_public(page)

    def test_story_without_anything_but_text(self, visit, editor):
        make_section("World")
        bare = publish_article(
            by=editor, key_points=[], standfirst="", summary="", short_title="", headline=LONG_WORD
        )
        check_public(visit(bare.get_absolute_url()))

    def test_refused_comment(self, visit, edition):
        page = visit(edition.get_absolute_url())
        page.get_by_label("Your comment").fill("Too short")
        page.get_by_label("Email").fill("nobody")
        with page.expect_navigation():
            page.locator("#comment-form").evaluate("form => form.submit()")
        expect(page.locator("#form-errors li")).to_have_count(3)
        check_public(page)

    @pytest.mark.parametrize("status", Comment.Status.values)
    def test_status_of_a_comment(self, visit, edition, status):
        comment = make_comment(edition, status=status, name=LONG_WORD[:80])
        check_public(visit(comment.get_status_url()))

    @pytest.mark.parametrize("origin", ["", "https://elsewhere.example"])
    def test_confirmation(self, visit, edition, open_page, site, origin):
        page = open_page()
        address = f"{site}{edition.get_absolute_url()}comments/"
        typed = {"comment": WORDS, "name": "Petra", "email": "petra@example.org"}

        def post(route):
            # Unlike the browser, this client says nothing about where the form was.
            headers = {"Origin": origin} if origin else {}
            route.fulfill(response=page.request.post(address, form=typed, headers=headers))

        page.route(address, post)
        page.goto(address)
        expect(page.locator("blockquote")).to_contain_text(WORDS)
        check_public(page)

    @pytest.mark.parametrize("is_empty", [False, True])
    def test_corrections(self, visit, edition, editor, is_empty):
        if not is_empty:
            for text in (f"It was 2024. {LONG_WORD * 2}", "It was red.\n\nNot blue."):
                publishing.correct(edition.article, by=editor, text=text)
            check_public(visit(f"{edition.get_absolute_url()}#corrections"))
        check_public(visit("/corrections/"))

    def test_history(self, visit, edition, editor):
        make_publication(has_public_history=True)
        article = edition.article
        for headline in ("The ferry runs on", LONG_WORD):
            article.headline = headline
            article.body += f"<p>{LONG_WORD} {headline}</p>"
            article.save()
            publishing.publish(article, by=editor)
        for path in ("", "1/", "compare/?from=1&to=3"):
            check_public(visit(f"{edition.history_url}{path}"))

    @pytest.mark.parametrize("path", ["/about/", "/about/ethics/"])
    def test_pages_that_editors_write(self, visit, edition, path):
        make_page("About us", kind="about", footer_position=1, body=RICH_BODY)
        summary = f"What we never take: {LONG_WORD}."
        make_page("Our ethics", slug="ethics", summary=summary, body=RICH_BODY)
        make_page(LONG_WORD, slug="long")
        make_publication(socials=[["Mastodon", "https://social.example/@post"]])
        check_public(visit(path))

    @pytest.mark.parametrize("is_dark", [True, False])
    def test_logo_and_colours_of_the_paper(self, visit, paper, edition, is_dark):
        publication = make_publication(accent_light="#7a3b00", accent_dark="#ffb066")
        publication.take_logo(picture_file(1200, 200))
        if is_dark:
            publication.take_logo(picture_file(1200, 200, colour="#eeeeee"), is_dark=True)
        publication.save()
        for path in ("/", edition.get_absolute_url()):
            check_public(visit(path))

    def test_404(self, visit, paper):
        check_public(visit("/no-such-page/", status=404))

    def test_410(self, visit, edition, editor):
        publishing.withdraw(edition.article, by=editor, note="We had the wrong ferry.")
        check_public(visit(edition.get_absolute_url(), status=410))


class TestAdminPages:
    def test_login(self, visit):
        check_admin(visit("/admin/login/"))

    def test_refused_login(self, visit):
        page = visit("/admin/login/")
        page.get_by_label("Username").fill("nobody")
        page.get_by_label("Password").fill("nothing")
        page.get_by_role("button", name="Log in").click()
        expect(page.locator(".errornote")).to_be_visible()
        check_admin(page)

    @pytest.mark.parametrize("who", ["editor", "moderator", "chief"])
    def test_home(self, visit, request, who):
        check_admin(visit("/admin/", by=request.getfixturevalue(who)))

    def test_article_list(self, visit, paper, editor):
        check_admin(visit("/admin/articles/article/", by=editor))

    @pytest.mark.parametrize("query", ["?q=ferry&state=live", "?q=nothing+of+the+kind"])
    def test_search_of_articles(self, visit, paper, editor, query):
        check_admin(visit(f"/admin/articles/article/{query}", by=editor))

    def test_empty_article_form(self, visit, editor):
        make_section("World")
        page = visit("/admin/articles/article/add/", by=editor)
        expect(page.locator(".field-body [contenteditable=true]")).to_be_visible()
        check_admin(page)

    def test_article_form_with_a_story(self, visit, edition, editor):
        page = visit(f"/admin/articles/article/{edition.article_id}/change/", by=editor)
        expect(page.locator(".field-body [contenteditable=true]")).to_be_visible()
        check_admin(page)

    def test_refused_article_form(self, visit, editor):
        page = visit("/admin/articles/article/add/", by=editor)
        with page.expect_navigation():
            page.locator("#article_form").evaluate(
                "form => { form.noValidate = true; form.requestSubmit(); }"
            )
        expect(page.locator(".errornote")).to_be_visible()
        check_admin(page)

    def test_article_form_with_an_open_search(self, visit, edition, editor):
        page = visit(f"/admin/articles/article/{edition.article_id}/change/", by=editor)
        page.locator("#bylines-group .add-row a").click()
        page.locator("#bylines-3 .select2-selection").click()
        expect(page.get_by_role("searchbox", name="Author")).to_be_focused()
        expect(page.locator(".select2-results__option", has_text="Mira Holt")).to_be_visible()
        check_admin(page)

    def test_publish_desk(self, visit, edition, editor):
        check_admin(visit(f"/admin/articles/article/{edition.article_id}/publish/", by=editor))

    def test_publish_desk_that_refuses(self, visit, edition, editor):
        page = visit(f"/admin/articles/article/{edition.article_id}/publish/", by=editor)
        page.get_by_label("At a set time").check()
        page.get_by_role("button", name="Publish", exact=True).click()
        expect(page.locator(".errornote")).to_be_visible()
        check_admin(page)

    def test_publish_desk_of_an_unfinished_story(self, visit, editor):
        bare = make_article(section=make_section("World"), body="", key_points=[], summary="")
        check_admin(visit(f"/admin/articles/article/{bare.pk}/publish/", by=editor))

    def test_correct_page(self, visit, edition, editor):
        publishing.correct(edition.article, by=editor, text="It was red.")
        page = visit(f"/admin/articles/article/{edition.article_id}/correct/", by=editor)
        check_admin(page)
        edition.article.save()
        page.reload()
        expect(page.get_by_label("Publish the latest copy with it")).to_be_checked()
        page.get_by_role("button", name="Publish the correction").click()
        expect(page.locator(".errornote")).to_be_visible()
        check_admin(page)

    def test_withdraw_page(self, visit, edition, editor):
        check_admin(visit(f"/admin/articles/article/{edition.article_id}/withdraw/", by=editor))

    def test_comment_queue(self, visit, edition):
        for number in range(3):
            make_comment(edition, number, status=Comment.Status.PENDING)
        make_comment(edition, status=Comment.Status.PENDING, hold_reason="It holds 4 links.")
        page = visit("/admin/comments/comment/", by=make_moderator())
        check_admin(page)
        page.get_by_label("Tick the comment").first.check()
        expect(page.get_by_role("button", name="Approve all ticked")).to_be_visible()
        page.locator(".mod__item a").last.click()
        expect(page.get_by_role("heading", name="Look twice")).to_be_visible()
        check_admin(page)

    def test_empty_comment_queue(self, visit):
        check_admin(visit("/admin/comments/comment/", by=make_moderator()))

    def test_comment(self, visit, edition):
        comment = make_comment(edition, status=Comment.Status.PENDING)
        page = visit(f"/admin/comments/comment/{comment.pk}/change/", by=make_moderator())
        expect(page.get_by_role("button", name=re.compile("^Approve")).first).to_be_visible()
        check_admin(page)

    def test_comment_with_a_record(self, visit, edition, moderator):
        comment = make_comment(edition, status=Comment.Status.PENDING, hold_reason="4 links.")
        moderation.reject(comment, by=moderator, reason="Off-topic")
        check_admin(visit(f"/admin/comments/comment/{comment.pk}/change/", by=moderator))

    @pytest.mark.parametrize("what", ["empty", "chosen"])
    def test_front_page_desk(self, visit, edition, editor, what):
        if what == "empty":
            check_admin(visit("/admin/articles/frontpage/add/", by=editor))
            return
        chosen = FrontPage.objects.create()
        FrontStory.objects.create(page=chosen, place="lead", article=edition.article)
        FrontBlock.objects.create(page=chosen, section=edition.section)
        check_admin(visit("/admin/articles/frontpage/", by=editor))

    @pytest.mark.parametrize("name", ["image", "section", "topic", "author", "agency", "page"])
    @pytest.mark.parametrize("what", ["", "add", "change", "delete", "history"])
    def test_other_desks(self, visit, edition, chief, name, what):
        make_page()
        model = apps.get_model("articles", name)
        part = {"": "", "add": "add/"}.get(what, f"{model.objects.first().pk}/{what}/")
        check_admin(visit(f"/admin/articles/{name}/{part}", by=chief))

    def test_sections_as_an_editor_sees_them(self, visit, edition, editor):
        check_admin(visit("/admin/articles/section/", by=editor))
        pk = edition.section.pk
        check_admin(visit(f"/admin/articles/section/{pk}/change/", by=editor))

    def test_refused_form_of_another_desk(self, visit, editor):
        page = visit("/admin/articles/agency/add/", by=editor)
        with page.expect_navigation():
            page.locator("#agency_form").evaluate(
                "form => { form.noValidate = true; form.requestSubmit(); }"
            )
        expect(page.locator(".errornote")).to_be_visible()
        check_admin(page)

    @pytest.mark.parametrize("name", ["Quiet", "Ferries"])
    def test_deleting_from_a_list(self, visit, edition, chief, name):
        make_topic("Quiet")
        page = visit("/admin/articles/topic/", by=chief)
        page.get_by_role("row", name=name).get_by_role("checkbox").check()
        page.locator(".actions select").select_option("delete_selected")
        page.locator(".actions button").click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        check_admin(page)

    def test_record_of_a_saved_topic(self, visit, editor):
        page = visit("/admin/articles/topic/add/", by=editor)
        page.get_by_label("Name").fill("Ferries")
        page.get_by_role("button", name="Save and continue editing").click()
        expect(page.locator(".messagelist")).to_be_visible()
        check_admin(page)
        page.get_by_role("link", name="History").click()
        expect(page.locator("#change-history")).to_be_visible()
        check_admin(page)

    @pytest.mark.parametrize(
        "path",
        [
            "articles/",
            "articles/topic/add/?_popup=1",
            "password_change/",
            "password_change/done/",
            "auth/",
            "auth/user/",
            "auth/user/add/",
            "auth/user/{user}/change/",
            "auth/user/{user}/password/",
            "auth/user/{user}/delete/",
            "auth/group/",
            "auth/group/add/",
            "auth/group/{group}/change/",
        ],
    )
    def test_the_rest(self, visit, chief, moderator, path):
        path = path.format(user=moderator.pk, group=moderator.groups.get().pk)
        check_admin(visit(f"/admin/{path}", by=chief))

    def test_good_bye(self, visit, editor):
        page = visit("/admin/", by=editor)
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        check_admin(page)
