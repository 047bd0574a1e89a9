import json
import re

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from articles.models import Author
from tests.articles.test_pages import get
from tests.factories import make_author, make_editor, make_image, make_moderator, publish_article
from tests.valid_html import assert_valid

pytestmark = pytest.mark.django_db

LINKS = (
    "https://social.example/@mira\n\n https://www.forum.example/mira \nhttps://social.example/@mira"
)


@pytest.fixture
def author():
    return make_author(
        "Mira Holt",
        title="Ferry editor",
        bio="She knows every pier.",
        portrait=make_image(alt="Mira Holt at her desk"),
        email="mira@paper.example",
        links=LINKS,
    )


class TestPage:
    def test_says_who_somebody_is(self, author, django_assert_max_num_queries):
        edition = publish_article(authors=[author])
        with django_assert_max_num_queries(6):
            html = Client().get(author.get_absolute_url()).content
        assert_valid(html)
        page = get(author.get_absolute_url())
        assert page.texts("p", class_="who__title") == ["Ferry editor"]
        (portrait,) = page.all("img", class_="portrait")
        assert portrait.attrib["alt"] == "Mira Holt at her desk"
        assert portrait.attrib["width"] == portrait.attrib["height"] == "320"
        (contact,) = page.all("ul", class_="who__links")
        hrefs = [link.attrib["href"] for link in contact.iter() if "href" in link.attrib]
        assert hrefs == [
            "mailto:mira@paper.example",
            "https://social.example/@mira",
            "https://www.forum.example/mira",
        ]
        assert edition.short_title in html.decode()

    def test_has_no_empty_part(self):
        page = get(make_author("Jonas Berg").get_absolute_url())
        for name in ("who", "portrait", "who__links"):
            assert page.all(class_=name) == []

    def test_shows_the_portrait_that_is_there(self, author):
        page = get(author.get_absolute_url())
        (portrait,) = page.all("img", class_="portrait")
        assert Client().get(portrait.attrib["src"]).status_code == 200

    def test_tells_machines(self, author):
        html = Client().get(author.get_absolute_url()).text
        (data,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', html)
        nodes = {node["@type"]: node for node in json.loads(data)["@graph"]}
        person = nodes["ProfilePage"]["mainEntity"]
        assert person["@type"] == "Person"
        assert person["name"] == "Mira Holt"
        assert person["jobTitle"] == "Ferry editor"
        assert person["image"].startswith("http")
        assert len(person["sameAs"]) == 2

    def test_names_its_portrait_to_caches(self, author):
        keys = Client().get(author.get_absolute_url()).headers["Surrogate-Key"].split()
        assert f"image:{author.portrait_id}" in keys


class TestProfiles:
    def test_are_one_a_line_and_each_once(self, author):
        assert author.profiles == [
            "https://social.example/@mira",
            "https://www.forum.example/mira",
        ]
        page = get(author.get_absolute_url())
        (contact,) = page.texts("ul", class_="who__links")
        assert contact.split() == ["mira@paper.example", "social.example", "forum.example"]

    @pytest.mark.parametrize("line", ["mira", "javascript:alert(1)", "https://", "ftp://a.example"])
    def test_are_addresses(self, author, line):
        author.links = f"https://social.example/@mira\n{line}"
        with pytest.raises(ValidationError) as refused:
            author.full_clean()
        assert line in str(refused.value.message_dict["links"])


class TestDesk:
    ADDRESS = reverse("admin:articles_author_add")
    TYPED = {"name": "Mira Holt", "slug": "mira-holt", "title": "Ferry editor", "links": LINKS}

    def test_takes_what_editors_write(self):
        client = Client()
        client.force_login(make_editor())
        assert client.post(self.ADDRESS, self.TYPED).status_code == 302
        assert Author.objects.get().title == "Ferry editor"

    def test_says_beside_the_field_what_is_no_address(self):
        client = Client()
        client.force_login(make_editor())
        answer = client.post(self.ADDRESS, {**self.TYPED, "links": "mira"})
        assert "links" in answer.context["adminform"].form.errors

    def test_is_for_editors_alone(self):
        client = Client()
        client.force_login(make_moderator())
        assert client.post(self.ADDRESS, self.TYPED).status_code == 403
