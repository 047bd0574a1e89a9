"""A printed story is a printed page: words, pictures, where it came from, and no website."""

import re
from io import BytesIO

import pytest
from pypdf import PdfReader

from articles import publishing
from comments.models import Comment
from tests.factories import (
    PARAGRAPHS,
    make_author,
    make_editor,
    make_image,
    make_section,
    make_topic,
    publish_article,
)

BODY = "".join(
    f"<h2>Part {number}</h2>" + "".join(f"<p>{text} {text}</p>" for text in PARAGRAPHS)
    for number in range(1, 9)
)
WORDS = "The winter ferry is worth every coin that the council puts into it."


@pytest.fixture
def edition(site):
    editor = make_editor()
    section = make_section("World", accent="world")
    edition = publish_article(
        by=editor,
        section=section,
        authors=[make_author("Mira Holt")],
        topics=[make_topic("Ferries")],
        lead_image=make_image(caption="The old ferry in March."),
        body=BODY + '<p>A <a href="https://example.org/study">study</a> will tell.</p>',
        pull_quote="“We can plan again.”",
    )
    publish_article(by=editor, section=section, short_title="Another story beside it")
    publishing.correct(edition.article, by=editor, text="The bridge closed in 2024.")
    Comment.objects.create(
        article=edition.article,
        name="Petra",
        email="petra@example.org",
        body=WORDS,
        status=Comment.Status.APPROVED,
    )
    return edition


@pytest.fixture
def printed(site, open_page):
    """Print an address; gives the texts of the pages, and their pictures."""

    def printed(path, **options):
        page = open_page(**options)
        page.goto(f"{site}{path}")
        pdf = page.pdf(format="A4", prefer_css_page_size=True)
        pages = PdfReader(BytesIO(pdf)).pages
        texts = [" ".join(page.extract_text().split()) for page in pages]
        return texts, [image for page in pages for image in page.images]

    return printed


class TestAPrintedStory:
    def test_holds_the_story_and_its_comments(self, printed, edition):
        texts, pictures = printed(edition.get_absolute_url())
        text = " ".join(texts)
        for words in (
            "The Newsroom",
            edition.headline,
            edition.standfirst,
            "Mira Holt",
            "In brief",
            "Part 8",
            "“We can plan again.”",
            "The old ferry in March.",
            "The bridge closed in 2024.",
            "Reader Comments",
            WORDS,
        ):
            assert words in text, words
        assert len(pictures) == 1

    def test_holds_nothing_that_only_a_screen_needs(self, printed, edition):
        text = " ".join(printed(edition.get_absolute_url())[0])
        for words in (
            "Skip to main content",
            "Share this article",
            "WhatsApp",
            "Leave a comment",
            "Post comment",
            "Another story beside it",
            "Theme",
            "Search",
            "Archive",
        ):
            assert words.lower() not in text.lower(), words

    def test_says_where_it_came_from_and_where_its_links_lead(self, printed, edition):
        texts, _pictures = printed(edition.get_absolute_url())
        assert re.sub(r"\s", "", edition.absolute_url) in re.sub(r"\s", "", texts[-1])
        assert "; Updated" in texts[-1]
        assert "study (https://example.org/study)" in " ".join(texts)

    def test_numbers_its_pages(self, printed, edition):
        texts, _pictures = printed(edition.get_absolute_url())
        assert len(texts) > 2
        for number, text in enumerate(texts, start=1):
            assert f"{number} / {len(texts)}" in text

    def test_ends_no_page_with_a_heading(self, printed, edition):
        texts, _pictures = printed(edition.get_absolute_url())
        for text in texts:
            body = re.sub(r"\s*[0-9]+ / [0-9]+\s*", " ", text).strip()
            assert not re.search(r"Part [0-9]$", body), body[-60:]

    def test_is_dark_on_white_whatever_the_screen_is(self, site, open_page, edition):
        page = open_page(theme="dark")
        page.goto(f"{site}{edition.get_absolute_url()}")
        page.evaluate("document.documentElement.dataset.theme = 'dark'")
        page.emulate_media(media="print", color_scheme="dark")
        shown = page.evaluate(
            "['h1', '.standfirst', '.prose', '.comment__text'].map((name) =>"
            " getComputedStyle(document.querySelector(name)).color)"
        )
        for colour in shown:
            red, green, blue = (int(part) for part in re.findall("[0-9]+", colour)[:3])
            assert max(red, green, blue) < 0x60, colour

    def test_shows_nothing_of_its_foot_on_a_screen(self, site, open_page, edition):
        page = open_page()
        page.goto(f"{site}{edition.get_absolute_url()}")
        assert not page.locator(".printed").is_visible()


class TestAPrintedList:
    @pytest.mark.parametrize("path", ["/", "/world/", "/corrections/", "/no-such-page/"])
    def test_has_no_navigation(self, printed, edition, path):
        text = " ".join(printed(path)[0])
        assert "Skip to main content" not in text
        assert "Archive" not in text
        assert edition.short_title in text
