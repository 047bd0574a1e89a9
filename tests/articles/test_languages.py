"""A story in another language than the paper: on its page, in lists and for machines."""

import json
import re
from xml.etree.ElementTree import XML

import pytest
from django.conf.locale import LANG_INFO
from django.utils import translation

from articles import languages, publishing
from articles.models import Article, KeyPoint
from tests.factories import make_article, make_author, make_editor, make_section, publish_article
from tests.valid_html import assert_valid

HEADLINE = "नदी के उस पार रात का स्कूल"
HINDI = {
    "headline": HEADLINE,
    "short_title": "रात का स्कूल",
    "standfirst": "शाम सात बजे नाव आती है।",
    "summary": "छह मल्लाहों ने एक पुरानी नाव में स्कूल खोला।",
    "body": "<p>“रोशनी कम थी,” उन्होंने कहा।</p>",
    "slug": "raat-ka-school",
}
ARABIC = {
    "headline": "مكتبة تعبر الصحراء",
    "short_title": "مكتبة تعبر الصحراء",
    "standfirst": "جمل واحد ومئتا كتاب.",
    "summary": "تصل المكتبة كل ثلاثاء.",
    "body": "<p>قال: «ننتظرها».</p>",
    "slug": "maktaba",
}


@pytest.fixture
def hindi(db):
    return publish_article(language="hi", key_points=["पहली बात"], **HINDI)


@pytest.fixture
def arabic(db):
    return publish_article(language="ar", key_points=["النقطة الأولى"], **ARABIC)


def page(client, path):
    response = client.get(path)
    assert response.status_code == 200
    html = response.content.decode()
    assert_valid(html)
    return html


class TestNames:
    def test_of_all_languages_are_their_own_and_different(self):
        assert len(set(languages.NAMES.values())) == len(languages.NAMES)
        assert list(languages.NAMES) == sorted(languages.NAMES)

    def test_of_the_papers_language_need_no_list(self):
        assert languages.name("pt-br") == "Português brasileiro"
        assert languages.name("en-gb") == "British English"
        assert languages.name("en-za") == "English"
        assert languages.name("tlh") == "tlh"

    def test_fit_the_fields(self):
        for model in (Article, publishing.Edition):
            longest = model._meta.get_field("language").max_length
            assert max(map(len, languages.NAMES)) <= longest


class TestCodes:
    @pytest.mark.parametrize("code", languages.NAMES)
    def test_have_the_direction_that_django_knows(self, code):
        # Azerbaijani is written in Latin letters, of which Django doesn't know.
        if code in LANG_INFO and code != "az":
            assert (languages.direction(code) == "rtl") == LANG_INFO[code]["bidi"]

    @pytest.mark.parametrize(
        ("code", "tag"),
        [("hi", "hi"), ("pt-br", "pt-BR"), ("zh-hans", "zh-Hans"), ("sr_Latn", "sr-Latn")],
    )
    def test_are_written_as_bcp_47_recommends(self, code, tag):
        assert languages.tag(code) == tag

    @pytest.mark.parametrize(
        ("code", "locale"),
        [
            ("hi", "hi_IN"),
            ("ar", "ar_AR"),
            ("en-gb", "en_GB"),
            ("zh-hant", "zh_TW"),
            ("de", "de_DE"),
            ("sr-latn", "sr_RS"),
        ],
    )
    def test_have_a_country_for_open_graph(self, code, locale):
        assert languages.locale(code) == locale

    def test_stand_for_the_papers_language_when_empty(self, settings, db):
        settings.LANGUAGE_CODE = "pt_BR"
        assert languages.of_paper() == "pt-br"
        assert languages.tag("") == "pt-BR"
        assert languages.direction("") == "ltr"
        assert languages.locale("") == "pt_BR"


class TestForeign:
    @pytest.mark.parametrize(
        ("code", "of_page", "attributes"),
        [
            ("", "en", ""),
            ("en", "en", ""),
            ("en", "en-gb", ""),
            ("en-gb", "en", ""),
            ("hi", "en", ' lang="hi" dir="ltr"'),
            ("ar", "hi", ' lang="ar" dir="rtl"'),
            ("hi", "ar", ' lang="hi" dir="ltr"'),
            ("zh-hant", "zh-hans", ' lang="zh-Hant" dir="ltr"'),
        ],
    )
    def test_marks_what_is_not_in_the_pages_language(self, code, of_page, attributes):
        with translation.override(of_page):
            assert languages.foreign(code) == attributes


class TestStory:
    def test_has_its_language_on_each_of_its_parts(self, client, hindi):
        html = page(client, hindi.get_absolute_url())
        for part in (
            f'<h1 lang="hi" dir="ltr">{HEADLINE}</h1>',
            f'<p class="standfirst" lang="hi" dir="ltr">{HINDI["standfirst"]}',
            f'<p lang="hi" dir="ltr">{HINDI["summary"]}',
            '<li lang="hi" dir="ltr">पहली बात',
            '<div class="prose" lang="hi" dir="ltr">',
        ):
            assert part in html
        assert '<html lang="en"' in html

    def test_is_read_from_the_right_in_arabic(self, client, arabic):
        html = page(client, arabic.get_absolute_url())
        assert '<h1 lang="ar" dir="rtl">' in html
        assert '<div class="prose" lang="ar" dir="rtl">' in html
        assert re.search('<html lang="en"[^>]*>', html)[0].count("dir=") == 0

    def test_in_the_papers_language_has_no_marks(self, client, db):
        html = page(client, publish_article().get_absolute_url())
        assert '<h1 dir="auto">' in html
        assert html.count("lang=") == 1

    def test_names_the_language_of_its_heading_and_of_its_bylines_role(self, client, db):
        article = make_article(language="hi", **HINDI, key_points_heading="जो जानना ज़रूरी है")
        article.bylines.create(author=make_author("Mira Holt"), role="रिपोर्ट")
        html = page(client, publish_article(article).get_absolute_url())
        assert '<bdi lang="hi" dir="ltr">जो जानना ज़रूरी है</bdi>' in html
        assert '<span lang="hi" dir="ltr">रिपोर्ट</span>' in html

    def test_keeps_the_language_that_it_was_published_in(self, client, hindi):
        article = hindi.article
        article.language = ""
        article.save()
        assert '<h1 lang="hi"' in page(client, hindi.get_absolute_url())
        edition = publish_article(article)
        assert edition.language == "en"
        assert '<h1 dir="auto">' in page(client, hindi.get_absolute_url())

    def test_of_before_languages_is_in_the_papers(self, client, hindi):
        publishing.Edition.objects.filter(pk=hindi.pk).update(language="")
        html = page(client, hindi.get_absolute_url())
        assert "lang=" not in html.replace('<html lang="en"', "")

    def test_reads_at_the_pace_of_its_language(self, db):
        body = f"<p>{'शब्द ' * 2000}</p>"
        fields = {"summary": "", "standfirst": "", "key_points": [], "body": body}
        in_english = publish_article(**fields).reading_minutes
        in_hindi = publish_article(**fields, language="hi").reading_minutes
        in_arabic = publish_article(**fields, language="ar").reading_minutes
        assert (in_english, in_hindi, in_arabic) == (9, 11, 15)

    def test_has_the_quotation_marks_of_its_language(self, db):
        article = make_article(language="ar", headline='قال "لا"', key_points=['"نعم"'])
        assert article.headline == "قال «لا»"
        assert KeyPoint.objects.get(article=article).text == "«نعم»"

    @pytest.mark.parametrize(
        ("language", "line"), [("hi", "दिल्ली, 8 जन"), ("en", "दिल्ली, Jan 8"), ("", "दिल्ली, Jan 8")]
    )
    def test_has_a_dateline_in_its_language_whoever_publishes(self, db, language, line):
        article = make_article(
            language=language, dateline_place="दिल्ली", dateline_date="2026-01-08"
        )
        article.refresh_from_db()
        with translation.override("de"):
            assert publishing.dateline(article) == line

    def test_takes_no_query_more_than_another(self, client, hindi, django_assert_max_num_queries):
        with django_assert_max_num_queries(6):
            client.get(hindi.get_absolute_url())


class TestLists:
    MARKED = '<h{} lang="hi" dir="ltr"><a href="{}">'

    @pytest.mark.parametrize("place", range(1, 4))
    def test_mark_foreign_titles_wherever_they_stand(self, client, hindi, place):
        section = hindi.section
        for _number in range({1: 0, 2: 1, 3: 15}[place]):
            publish_article(section=section)
        front, path = page(client, "/"), hindi.get_absolute_url()
        assert re.search(rf'(<h[23]|{path}") lang="hi" dir="ltr">', front)
        assert 'lang="hi" dir="ltr"><a' in page(client, section.get_absolute_url())
        day = hindi.article.published_on
        archive = page(client, f"/{day:%Y/%m/%d}/")
        assert self.MARKED.format(3, path) in archive

    def test_mark_them_beside_another_story(self, client, hindi):
        other = publish_article(section=hindi.section)
        html = page(client, other.get_absolute_url())
        assert self.MARKED.format(3, hindi.get_absolute_url()) in html

    def test_mark_them_among_results(self, client, hindi):
        html = page(client, "/search/?q=स्कूल")
        assert f'<h3 lang="hi" dir="ltr"><a href="{hindi.get_absolute_url()}">' in html


class TestMachines:
    def test_are_told_by_linked_data_and_previews(self, client, hindi):
        html = page(client, hindi.get_absolute_url())
        data = json.loads(re.search(r'ld\+json">(.*?)</script>', html)[1])
        assert data["@graph"][0]["inLanguage"] == "hi"
        assert '<meta property="og:locale" content="hi_IN">' in html

    def test_are_told_by_rss(self, client, hindi):
        publish_article()
        root = XML(client.get("/feed.xml").content)
        items = root.findall("channel/item")
        named = [item.findtext("{http://purl.org/dc/elements/1.1/}language") for item in items]
        assert named == [None, "hi"]
        assert root.findtext("channel/language") == "en"

    def test_are_told_by_atom(self, client, hindi):
        publish_article()
        root = XML(client.get("/feed.atom").content)
        name = "{http://www.w3.org/XML/1998/namespace}lang"
        entries = root.findall("{http://www.w3.org/2005/Atom}entry")
        assert [entry.get(name) for entry in entries] == [None, "hi"]
        assert root.get(name) == "en"

    def test_are_told_by_json_feed(self, client, hindi):
        publish_article()
        feed = json.loads(client.get("/feed.json").content)
        assert [item.get("language") for item in feed["items"]] == [None, "hi"]

    def test_are_told_by_the_news_sitemap(self, client, hindi):
        publish_article()
        text = client.get("/sitemaps/news.xml").content.decode()
        assert re.findall("<news:language>(.*?)</news:language>", text) == ["en", "hi"]


class TestDesk:
    @pytest.fixture
    def desk(self, client, db):
        client.force_login(make_editor())
        return client

    def form(self, **fields):
        inlines = {
            f"{name}-{part}": "0"
            for name in ("key_points", "bylines")
            for part in ("TOTAL_FORMS", "INITIAL_FORMS")
        }
        section = make_section("World").pk
        return {"section": section, "headline": HEADLINE, "slug": "", **inlines, **fields}

    def test_offers_languages_by_their_own_names(self, desk):
        html = desk.get("/admin/articles/article/add/").content.decode()
        assert '<option value="" selected>The paper’s own language</option>' in html
        assert '<option value="hi">हिन्दी</option>' in html

    def test_makes_an_address_from_a_hindi_headline(self, desk):
        response = desk.post("/admin/articles/article/add/", self.form(language="hi"))
        assert response.status_code == 302
        article = Article.objects.get()
        assert article.language == "hi"
        assert article.slug == "nadi-ke-us-par-rat-ka-skul"

    def test_asks_for_an_address_where_it_can_make_none(self, desk):
        response = desk.post("/admin/articles/article/add/", self.form(headline="川の向こう"))
        assert "Write a slug in Latin letters" in response.content.decode()

    def test_refuses_a_language_that_is_none(self, desk):
        response = desk.post("/admin/articles/article/add/", self.form(language="xx"))
        assert "Select a valid choice" in response.content.decode()
        assert not Article.objects.exists()
