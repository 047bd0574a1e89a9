"""In a language whose every word stands in brackets, no other word of ours is left on a page.

The paper of these tests is written in Greek letters, so that Latin ones outside brackets can only
come from the site itself.
"""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

import pytest
from django.utils import timezone, translation
from html5lib import parse

from articles import languages, publishing
from comments.models import Comment
from tests.factories import (
    make_agency,
    make_article,
    make_author,
    make_editor,
    make_image,
    make_moderator,
    make_section,
    make_topic,
    make_user,
    publish_article,
)

#: A language that no other test asks for, as pages keep what they have rendered in one.
PSEUDO = "eo"
#: What has the same name everywhere.
NAMES = {"RSS", "WhatsApp", "Facebook", "LinkedIn", "Telegram", "UTC"}
_SHOWN = {"alt", "aria-label", "placeholder", "title", "label", "abbr"}
#: Controls whose values nobody sees.
_UNSEEN = {"hidden", "checkbox", "radio"}
_WORDS = "Το πλοίο είναι ο δρόμος των παιδιών μου για το σχολείο, γι’ αυτό χαίρομαι που μένει."


@pytest.fixture
def paper(db, settings):
    settings.PUBLICATION_NAME, settings.PUBLICATION_TAGLINE = "Η Εφημερίδα", "Τα νέα μας."
    settings.COMMENTS_REVIEW_TIME = "σε δύο ώρες"
    editor = make_user("α", group="Editors", first_name="Λουκία")
    section = make_section("Κόσμος", slug="kosmos", description="Τι γίνεται αλλού.")
    author = make_author("Μίρα", slug="mira", bio="Γράφει για λιμάνια.")
    topic = make_topic("Πλοία")
    topic.slug = "ploia"
    topic.save()
    article = make_article(
        section=section,
        headline="Το πλοίο μένει",
        short_title="Το πλοίο",
        standfirst="Τέσσερις φορές τη μέρα.",
        summary="Μια ψηφοφορία κράτησε το πλοίο.",
        key_points=["Τέσσερα δρομολόγια"],
        key_points_heading="Ένας χειμώνας",
        pull_quote="Πάλι σχεδιάζουμε",
        pull_quote_attribution="Μίρα",
        dateline_place="Νησί",
        body="<p>Το συμβούλιο ψήφισε την Τρίτη.</p>",
        slug="ploio",
        authors=[author],
        topics=[topic],
        agency=make_agency("Πρακτορείο", slug="praktoreio"),
        lead_image=make_image(alt="Ένα πλοίο", caption="Στο λιμάνι", credit="Φωτογραφία"),
    )
    hour = timezone.timedelta(hours=1)
    publish_article(article, by=editor, at=timezone.now() - hour)
    edition = publish_article(article, by=editor)
    fields = {"name": "Άλκης", "email": "a@example.org", "body": _WORDS, "article": article}
    Comment.objects.create(**fields, status=Comment.Status.APPROVED)
    Comment.objects.create(**fields, hold_reason="")
    publishing.correct(article, by=editor, text="Το έτος ήταν λάθος.")
    return edition


@pytest.fixture
def brackets(monkeypatch):
    """Everything that is translated stands in brackets."""
    backend = translation._trans

    def one(message: str) -> str:
        return f"⟦{message}⟧"

    monkeypatch.setattr(backend, "gettext", one, raising=False)
    monkeypatch.setattr(backend, "pgettext", lambda context, message: one(message), raising=False)
    monkeypatch.setattr(
        backend, "ngettext", lambda one_, many, n: one(one_ if n == 1 else many), raising=False
    )
    monkeypatch.setattr(
        backend,
        "npgettext",
        lambda context, one_, many, n: one(one_ if n == 1 else many),
        raising=False,
    )


@pytest.fixture
def left(client, settings, paper, brackets):
    """The Latin words of a page outside brackets."""
    settings.LANGUAGE_CODE = PSEUDO

    def left(path: str, *, data: dict[str, str] | None = None) -> set[str]:
        with translation.override(PSEUDO):
            if data is None:
                response = client.get(path, headers={"accept-language": PSEUDO})
            else:
                response = client.post(path, data, headers={"sec-fetch-site": "same-origin"})
        html = response.content.decode()
        assert "⟦" in html, response
        return latin_words(html)

    return left


def latin_words(html: str) -> set[str]:
    page = parse(html, namespaceHTMLElements=False)
    # A translated sentence may run across elements, such as a link.
    texts = [" ".join(read(page)), *described(page)]
    found: set[str] = set()
    for text in texts:
        # A printed story says where it came from.
        before, text = "", re.sub(r"https?://[^\s⟦⟧]+", " ", text)
        while before != text:
            before, text = text, re.sub("⟦[^⟦⟧]*⟧", " ", text)
        found.update(re.findall("[A-Za-z]{2,}", text))
    return found - NAMES


def read(element: Element) -> Iterator[str]:
    """The texts of a page in their order."""
    if isinstance(element.tag, str) and element.tag not in {"script", "style", "svg"}:
        yield element.text or ""
        for child in element:
            yield from read(child)
            yield child.tail or ""


def described(page: Element) -> Iterator[str]:
    """The attributes of a page that somebody sees or hears."""
    for element in page.iter():
        if element.attrib.get("type") in _UNSEEN or not isinstance(element.tag, str):
            continue
        for name, value in element.attrib.items():
            if name in _SHOWN or (name == "value" and element.tag == "input"):
                yield value
            if name == "content" and element.attrib.get("name") == "description":
                yield value


class TestPages:
    @pytest.mark.parametrize(
        "path",
        [
            "/",
            "/kosmos/",
            "/topics/ploia/",
            "/authors/mira/",
            "/agencies/praktoreio/",
            "/archive/",
            "/search/",
            "/search/?q=πλοίο",
            "/search/?q=τίποτα&section=kosmos",
            "/corrections/",
            "/nowhere/at/all/",
        ],
    )
    def test_have_no_words_but_translated_ones(self, left, path):
        assert not left(path)

    @pytest.mark.parametrize("form", ["%Y", "%Y/%m", "%Y/%m/%d"])
    def test_of_the_archive_have_none(self, left, paper, form):
        assert not left(f"/{paper.article.published_on.strftime(form)}/")

    def test_of_a_story_have_none(self, left, paper):
        assert not left(paper.get_absolute_url())

    def test_of_a_withdrawn_story_have_none(self, left, paper):
        publishing.withdraw(paper.article, by=make_editor(), note="Δεν ήταν σωστό.")
        assert not left(paper.get_absolute_url())

    def test_that_refuse_a_comment_have_none(self, left, paper):
        path = f"{paper.get_absolute_url()}comments/"
        assert not left(path, data={"comment": "Όχι", "name": "", "email": "α"})

    @pytest.mark.parametrize("status", Comment.Status.values)
    def test_of_a_commenter_have_none(self, left, paper, status):
        comment = Comment.objects.filter(article=paper.article).first()
        Comment.objects.filter(pk=comment.pk).update(status=status)
        assert not left(comment.get_status_url())


class TestDesks:
    @pytest.fixture
    def of_editor(self, client, left):
        client.force_login(make_user("β", group="Editors", first_name="Λουκία"))
        return left

    @pytest.mark.parametrize(
        "path", ["add/", "", "{pk}/change/", "{pk}/publish/", "{pk}/withdraw/", "{pk}/correct/"]
    )
    def test_of_articles_have_none(self, of_editor, paper, path):
        path = f"/admin/articles/article/{path.format(pk=paper.article_id)}"
        # Languages call themselves by their own names, and addresses are in Latin letters.
        named = set(re.findall("[A-Za-z]{2,}", " ".join(languages.NAMES.values())))
        assert of_editor(path) - named - {"ploio"} == set()

    @pytest.mark.parametrize("name", ["image", "topic", "author", "agency"])
    def test_of_the_rest_have_none(self, of_editor, paper, name):
        assert not of_editor(f"/admin/articles/{name}/add/")
        slugs = {"ploia", "mira", "praktoreio"}
        assert not of_editor(f"/admin/articles/{name}/") - slugs

    def test_of_comments_have_none(self, client, left):
        client.force_login(make_moderator("γ"))
        assert not left("/admin/comments/comment/")
        pk = Comment.objects.first().pk
        assert not left(f"/admin/comments/comment/{pk}/change/")

    def test_at_the_door_have_none(self, left):
        assert not left("/admin/login/")
