"""The site in Hindi and in Arabic, and stories that speak another language than their page."""

import pytest
from django.conf import settings as site_settings
from django.test import Client

from articles import publishing
from comments.models import Comment
from tests.accessibility import (
    assert_accessible,
    assert_large_targets,
    assert_no_sideways_scroll,
)
from tests.factories import (
    make_agency,
    make_article,
    make_author,
    make_comment,
    make_editor,
    make_image,
    make_section,
    make_topic,
    make_user,
    publish_article,
)

DIRECTIONS = {"hi": "ltr", "ar": "rtl"}
WORDS = {
    "hi": {
        "headline": "नदी के उस पार रात का स्कूल",
        "short_title": "रात का स्कूल",
        "standfirst": "शाम सात बजे नाव में पढ़ाई शुरू होती है।",
        "summary": "छह मल्लाहों ने एक पुरानी नाव में स्कूल खोला है।",
        "body": "<p>“रोशनी कम थी,” उन्होंने <em>कहा</em>।</p><h2>बीच धार में</h2><p>नाव चलती है।</p>" * 4,
        "key_points": ["पढ़ाई शाम सात बजे से"],
        "key_points_heading": "एक नाव",
        "pull_quote": "“जो पढ़ लिया वह नदी नहीं ले जाती।”",
        "pull_quote_attribution": "रामरती देवी",
        "dateline_place": "सोनपुरवा",
    },
    "ar": {
        "headline": "مكتبة تعبر الصحراء كل ثلاثاء",
        "short_title": "مكتبة تعبر الصحراء",
        "standfirst": "مئتا كتاب وثلاث قرى وجمل واحد.",
        "summary": "تحمل معلّمة متقاعدة مئتي كتاب إلى ثلاث قرى.",
        "body": "<p>«السيارة أسرع»، <em>قالت</em>.</p><h2>عرض لم يُقبل</h2><p>ثم مضت.</p>" * 4,
        "key_points": ["ثلاث قرى في يوم واحد"],
        "key_points_heading": "جمل واحد",
        "pull_quote": "«لا أحد يركض خلفها.»",
        "pull_quote_attribution": "سلمى الحارثي",
        "dateline_place": "وادي الرمث",
    },
}
COMMENT = {
    "hi": "मेरे पिता भी मल्लाह थे, यह ख़बर पढ़कर उनकी बहुत याद आई। धन्यवाद।",
    "ar": "ابني ينتظر يوم الثلاثاء أكثر مما ينتظر العيد، فشكرًا للمعلّمة ولجملها.",
}


@pytest.fixture(params=DIRECTIONS)
def language(request):
    return request.param


@pytest.fixture
def paper(site, language, settings):
    """A paper in the language, with a story that has every element."""
    settings.LANGUAGE_CODE = language
    editor = make_editor("lucia")
    article = make_article(
        **WORDS[language],
        dateline_date="2026-01-08",
        slug="school",
        section=make_section(WORDS[language]["short_title"], slug="world", accent="world"),
        authors=[make_author("Mira Holt")],
        topics=[make_topic("Ferries")],
        agency=make_agency("IANS"),
        lead_image=make_image(caption=WORDS[language]["standfirst"]),
    )
    edition = publish_article(article, by=editor)
    article.refresh_from_db()
    publishing.correct(article, by=editor, text=WORDS[language]["summary"])
    for _number in range(12):
        publish_article(by=editor, section=edition.section, language="en")
    for status in (Comment.Status.APPROVED, Comment.Status.PENDING):
        make_comment(article, body=COMMENT[language], status=status)
    return edition


@pytest.fixture
def check(site, open_page, language):
    """Open an address in the language, and look for what is wrong with the page."""

    def check(path, *, by=None, status=200):
        page = open_page()
        page.set_extra_http_headers({"Accept-Language": language})
        if by is not None:
            client = Client()
            client.force_login(by)
            name = site_settings.SESSION_COOKIE_NAME
            value = client.cookies[name].value
            page.context.add_cookies([{"name": name, "value": value, "url": site}])
        assert page.goto(f"{site}{path}").status == status
        assert page.locator("html").get_attribute("lang") == language
        assert_accessible(page)
        direction = DIRECTIONS[language]
        if by is None:
            assert_large_targets(page)
            assert_no_sideways_scroll(page, (320, 390, 1024, 1440), (direction,))
        else:
            assert_no_sideways_scroll(page, (390,), (direction,))
        return page

    return check


class TestSite:
    def test_can_be_read_by_everybody(self, check, paper):
        day = paper.article.published_on
        for path in (
            "/",
            paper.get_absolute_url(),
            paper.section.get_absolute_url(),
            "/authors/mira-holt/",
            f"/{day:%Y/%m}/",
            "/corrections/",
            f"/search/?q={WORDS['hi']['headline'].split()[0]}+ferry",
            Comment.objects.first().get_status_url(),
        ):
            check(path).close()
        check("/nowhere/at/all/", status=404)

    def test_can_be_edited_by_everybody(self, check, paper):
        chief = make_user("nora", is_staff=True, is_superuser=True)
        desk = "/admin/articles/article/"
        for path in (
            "/admin/",
            desk,
            f"{desk}{paper.article_id}/change/",
            f"{desk}{paper.article_id}/publish/",
            f"{desk}{paper.article_id}/correct/",
            "/admin/comments/comment/",
        ):
            check(path, by=chief).close()

    def test_posts_comments(self, site, open_page, paper, language):
        page = open_page("phone")
        page.goto(f"{site}{paper.get_absolute_url()}")
        page.fill("[name=comment]", COMMENT[language])
        page.fill("[name=name]", "Mira")
        page.fill("[name=email]", "mira@example.org")
        page.locator(".form [type=submit]").click()
        page.wait_for_url("**/comments/**")
        assert page.locator(".comment__text p").inner_text() == COMMENT[language]


_LOOKS = """
(selector) => {
  const element = document.querySelector(selector), style = getComputedStyle(element);
  const range = document.createRange();
  range.selectNodeContents(element);
  const box = range.getBoundingClientRect();
  const around = element.closest(".head, .text").getBoundingClientRect();
  return {
    direction: style.direction,
    spacing: style.letterSpacing,
    height: parseFloat(style.lineHeight) / parseFloat(style.fontSize),
    left: box.left - around.left,
    right: around.right - box.right,
  };
}
"""


class TestForeignStory:
    @pytest.fixture
    def story(self, site, language):
        for _number in range(6):
            publish_article()
        return publish_article(language=language, **WORDS[language])

    @pytest.mark.parametrize("size", ["desktop", "phone"])
    def test_reads_right_on_an_english_page(self, site, open_page, story, language, size):
        page = open_page(size)
        page.goto(f"{site}{story.get_absolute_url()}")
        assert page.locator("html").get_attribute("lang") == "en"
        for selector, height in (("h1", 1.35), (".standfirst", 1.5), (".prose > p", 1.7)):
            looks = page.evaluate(_LOOKS, selector)
            assert looks["direction"] == DIRECTIONS[language]
            # Letters are joined, or hang from a line: nothing comes between or too close to them.
            assert looks["spacing"] in {"normal", "0px"}
            assert looks["height"] >= height, selector
            far = "right" if language == "ar" else "left"
            assert abs(looks[far]) < 2, (selector, looks)
        assert_accessible(page)
        assert_no_sideways_scroll(page, (320, 390, 1024, 1440), ("ltr",))

    def test_keeps_its_quotation_out_of_what_stands_beside_it(self, site, open_page, story):
        page = open_page()
        page.goto(f"{site}{story.get_absolute_url()}")
        overlap = page.evaluate(
            """() => {
              const [a, b] = [".pull", ".aside"].map(
                (name) => document.querySelector(name).getBoundingClientRect());
              return a.left < b.right && b.left < a.right;
            }"""
        )
        assert not overlap

    def test_stands_out_in_no_list(self, site, open_page, story, language):
        page = open_page()
        page.goto(f"{site}{story.section.get_absolute_url()}")
        assert page.locator(f"[lang={language}]").first.is_visible()
        assert_accessible(page)
        assert_no_sideways_scroll(page, (320, 1440), ("ltr",))
