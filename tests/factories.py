"""Builders of what tests need; each gives sensible values and takes overrides."""

import datetime
import itertools
from io import BytesIO
from typing import Any

from django.contrib.auth.models import Group, User
from django.utils import timezone
from django.utils.text import slugify
from PIL import Image as Picture

from articles import publishing
from articles.models import (
    Agency,
    Article,
    Author,
    Byline,
    Edition,
    Image,
    KeyPoint,
    Page,
    Section,
    Topic,
)
from comments.models import Comment
from newsroom.publication import Publication

_numbers = itertools.count(1)

PARAGRAPHS = [
    "The council voted on Tuesday to keep the old ferry running through the winter.",
    "Residents of the three islands had asked for it since the bridge closed in March.",
    "“We can plan again,” said Mira Holt, who runs the only bakery on the middle island.",
    "The ferry will cross four times a day and six times on market days.",
    "A study of its costs is due in the spring.",
]
BODY = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)


def make_user(username: str = "", *, group: str = "", **fields: Any) -> User:
    user = User.objects.create_user(
        username or f"user{next(_numbers)}", password="a long password", **fields
    )
    if group:
        user.is_staff = True
        user.save()
        user.groups.add(Group.objects.get(name=group))
    return user


def make_editor(username: str = "") -> User:
    return make_user(username or f"editor{next(_numbers)}", group="Editors", first_name="Lucia")


def make_chief(username: str = "") -> User:
    return make_user(username or f"chief{next(_numbers)}", group="Chief editors")


def make_moderator(username: str = "") -> User:
    return make_user(username or f"moderator{next(_numbers)}", group="Moderators")


def make_section(name: str = "", **fields: Any) -> Section:
    name = name or f"Section {next(_numbers)}"
    return Section.objects.create(**{"name": name, "slug": slugify(name), **fields})


def make_topic(name: str = "") -> Topic:
    name = name or f"Topic {next(_numbers)}"
    return Topic.objects.create(name=name, slug=slugify(name))


def make_author(name: str = "", **fields: Any) -> Author:
    name = name or f"Author {next(_numbers)}"
    return Author.objects.create(**{"name": name, "slug": slugify(name), **fields})


def make_agency(name: str = "", **fields: Any) -> Agency:
    name = name or f"Agency {next(_numbers)}"
    return Agency.objects.create(**{"name": name, "slug": slugify(name), **fields})


def make_page(title: str = "", **fields: Any) -> Page:
    """A page that readers see, linked to at the foot of all pages."""
    title = title or f"How we work, part {next(_numbers)}"
    return Page.objects.create(
        **{
            "title": title,
            "slug": slugify(title),
            "body": "<p>We say what we know, and how we know it.</p>",
            "is_published": True,
            "footer_position": 1,
            **fields,
        }
    )


def make_publication(**fields: Any) -> Publication:
    """The paper as the chief editor has set it, named The Island Post unless told."""
    publication = Publication(id=Publication.ONLY, **{"name": "The Island Post", **fields})
    publication.save()
    return publication


def picture_file(
    width: int = 1500, height: int = 1000, *, colour: str = "#3366aa", format: str = "PNG"
) -> BytesIO:
    file = BytesIO()
    Picture.new("RGB", (width, height), colour).save(file, format)
    file.name = f"picture.{format.lower()}"
    file.seek(0)
    return file


def make_image(**fields: Any) -> Image:
    return Image.objects.add(
        picture_file(), **{"alt": "A ferry at its pier", "credit": "Test Desk", **fields}
    )


def make_article(
    *,
    key_points: list[str] | None = None,
    authors: list[Author] | None = None,
    topics: list[Topic] | None = None,
    **fields: Any,
) -> Article:
    number = next(_numbers)
    section = fields.pop("section", None) or Section.objects.first() or make_section("World")
    article = Article.objects.create(
        **{
            "section": section,
            "headline": f"Islands keep their winter ferry, vote {number}",
            "short_title": f"Winter ferry stays, vote {number}",
            "standfirst": "The boat crosses four times a day until the bridge reopens.",
            "summary": "A vote keeps the old ferry running. The bridge stays shut until spring.",
            "body": BODY,
            "slug": f"winter-ferry-{number}",
            **fields,
        }
    )
    points = ["Four crossings a day", "Bridge shut until spring"]
    for position, text in enumerate(points if key_points is None else key_points):
        KeyPoint.objects.create(article=article, text=text, position=position)
    for position, author in enumerate(authors or []):
        Byline.objects.create(article=article, author=author, position=position)
    article.topics.set(topics or [])
    return article


def publish_article(
    article: Article | None = None,
    *,
    by: User | None = None,
    at: datetime.datetime | None = None,
    **fields: Any,
) -> Edition:
    """An edition of the article (made from `fields` unless given), live since a minute ago."""
    article = article or make_article(**fields)
    at = at or timezone.now() - datetime.timedelta(minutes=1)
    return publishing.publish(article, by=by or make_editor(), at=at, backdated=True)


COMMENT = "The ferry is how my children get to school, so I am glad that it stays."


def make_comment(article: Article | None = None, **fields: Any) -> Comment:
    """A pending comment, under a story that is live unless one is given."""
    moment = fields.pop("created_at", None)
    comment = Comment.objects.create(
        **{
            "article": article or publish_article().article,
            "name": "Mira Holt",
            "email": "mira@example.com",
            "body": COMMENT,
            **fields,
        }
    )
    if moment is not None:
        Comment.objects.filter(pk=comment.pk).update(created_at=moment)
        comment.refresh_from_db()
    return comment
