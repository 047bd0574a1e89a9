"""From the words under demo/ to a paper in the database, through the same doors as everybody."""

import datetime
import os
import secrets
import tomllib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from io import BytesIO
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.utils import timezone

from articles import publishing
from articles.models import (
    Agency,
    Article,
    Author,
    Byline,
    Correction,
    FrontBlock,
    FrontPage,
    FrontStory,
    Image,
    KeyPoint,
    Page,
    Section,
    Topic,
)
from articles.paper import from_settings
from articles.slugs import slug_of
from comments import moderation
from comments.models import Comment, Decision

from ..publication import Publication
from .pictures import draw

CONTENT = Path(__file__).parent
DOMAIN = "demo.invalid"
LOGINS = {
    "admin": "sees and sets everything",
    "editor": "writes, publishes and withdraws stories",
    "moderator": "decides on comments",
}
_PEOPLE = {
    "admin": ("Nora", "Winter", ""),
    "editor": ("Lucia", "Ferro", "Editors"),
    "moderator": ("Ben", "Aalto", "Moderators"),
}
_WORDS = (
    "amber anchor apron basil birch bramble canal cedar cinder clover copper coral"
    " cotton cricket dapple ember fable fathom fennel ferry flint garnet ginger harbour"
    " hazel heron indigo juniper kelp lantern linen lupin maple marble meadow mellow"
    " mortar nettle nutmeg oriole otter parcel pebble pepper plover quarry ripple"
    " saffron sorrel sparrow tandem thistle timber umber velvet willow"
).split()


class Found(Enum):
    NOTHING = "nothing"
    DEMO = "demo"
    SOMETHING_ELSE = "something else"


class NotEmpty(Exception):
    """The database holds something, so that it isn't filled."""


def look() -> Found:
    """What the database holds: only an empty one is filled."""
    if _users().count() == len(LOGINS):
        return Found.DEMO
    models: list[Any] = [User]
    for app in ("articles", "comments", "newsroom"):
        models += apps.get_app_config(app).get_models(include_auto_created=True)
    if any(model.objects.exists() for model in models):
        return Found.SOMETHING_ELSE
    return Found.NOTHING


def set_password() -> tuple[str, list[str]]:
    """Give new demo logins their password; return it with the logins that it opens.

    NEWSROOM_DEMO_PASSWORD decides at any time. Otherwise one is made up once and kept in
    NEWSROOM_DATA, readable by its owner only, so that it can be printed again. A password that
    somebody set since is left alone, and nobody knows it here.
    """
    kept = settings.NEWSROOM_DATA / "demo-password"
    users = list(_users())
    chosen = os.environ.get("NEWSROOM_DEMO_PASSWORD", "")
    password = chosen or (kept.read_text("utf-8").strip() if kept.exists() else "")
    if not chosen and any(user.has_usable_password() for user in users):
        return password, [user.username for user in users if user.check_password(password)]
    password = password or "-".join(secrets.choice(_WORDS) for _number in range(5))
    for user in users:
        # Setting the same one again would log its user out.
        if not user.check_password(password):
            user.set_password(password)
            user.save(update_fields=["password"])
    descriptor = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f"{password}\n")
    return password, list(LOGINS)


def fill(*, picture_width: int = 1440) -> None:
    """Make the whole paper, or nothing of it; raises NotEmpty."""
    paper = _read("paper.toml")
    stories = [
        {**story, "section": row["slug"]}
        for row in paper["section"]
        for story in _read(f"stories/{row['slug']}.toml")["story"]
    ]
    # Oldest first, so that keys, decisions and addresses come in the order of a real paper.
    stories.sort(key=lambda story: -story["minutes_ago"])
    pictures = _draw_all(stories, width=picture_width)
    try:
        with transaction.atomic():
            if look() is not Found.NOTHING:
                raise NotEmpty
            _fill(paper, stories, pictures)
    except BaseException:
        _erase(pictures.values())
        raise


def _fill(paper: dict[str, Any], stories: list[dict[str, Any]], pictures: dict[str, Image]) -> None:
    _describe(_read("pages.toml"))
    people = {username: _make_user(username) for username in LOGINS}
    sections = {
        row["slug"]: Section.objects.create(position=position, **row)
        for position, row in enumerate(paper["section"], start=1)
    }
    agencies = {row["slug"]: Agency.objects.create(**row) for row in paper["agency"]}
    authors = {row["slug"]: Author.objects.create(**row) for row in paper["author"]}
    topics = {row["slug"]: Topic.objects.create(**row) for row in paper["topic"]}
    now = timezone.now()
    for story in stories:
        at = now - datetime.timedelta(minutes=story["minutes_ago"])
        picture = pictures.get(story["slug"])
        if picture is not None:
            picture.uploaded_by = people["editor"]
            picture.save()
        article = _make_article(
            _as_first_published(story),
            by=people["editor"],
            at=at,
            lead_image=picture,
            section=sections[story["section"]],
            agency=agencies[story["agency"]] if "agency" in story else None,
        )
        for position, byline in enumerate(story.get("bylines", [])):
            Byline.objects.create(
                article=article,
                author=authors[byline["author"]],
                role=byline.get("role", ""),
                position=position,
            )
        article.topics.set(topics[slug] for slug in story.get("topics", []))
        if not story.get("is_draft"):
            publishing.publish(article, by=people["editor"], at=at, backdated=at < now)
        if "first" in story:
            _update(article, story, by=people["editor"], now=now)
        for correction in story.get("correction", []):
            _correct(article, correction, by=people["editor"], now=now)
        for comment in story.get("comment", []):
            _make_comment(article, comment, published=at, now=now, by=people["moderator"])
        if "withdrawn" in story:
            publishing.withdraw(article, by=people["editor"], note=story["withdrawn"])
        _backdate(article, picture, at=min(at, now - datetime.timedelta(minutes=40)))
    _choose_front_page(paper["front_page"], sections)


def _choose_front_page(chosen: dict[str, Any], sections: dict[str, Section]) -> None:
    page = FrontPage.objects.create()
    for place in FrontStory.Place:
        for position, slug in enumerate(chosen[place]):
            for article in Article.objects.filter(slug=slug):
                FrontStory.objects.create(
                    page=page, place=place, article=article, position=position
                )
    for position, block in enumerate(chosen["blocks"]):
        section, variant = sections[block["section"]], block["variant"]
        FrontBlock.objects.create(page=page, section=section, variant=variant, position=position)


def _describe(own: dict[str, Any]) -> None:
    """What the paper says of itself."""
    publication = Publication.of(from_settings())
    for name, words in own["publication"].items():
        setattr(publication, name, words)
    publication.save()
    for row in own["page"]:
        Page.objects.create(is_published=True, **{**row, "body": row["body"].strip()})


def _users() -> Any:
    return User.objects.filter(username__in=LOGINS, email__endswith=f"@{DOMAIN}").order_by("pk")


def _read(name: str) -> dict[str, Any]:
    with (CONTENT / name).open("rb") as file:
        return tomllib.load(file)


def _make_user(username: str) -> User:
    first_name, last_name, group = _PEOPLE[username]
    user = User.objects.create_user(
        username,
        f"{username}@{DOMAIN}",
        first_name=first_name,
        last_name=last_name,
        is_staff=True,
        is_superuser=not group,
    )
    if group:
        user.groups.add(Group.objects.get(name=group))
    return user


def _make_article(
    story: dict[str, Any], *, by: User, at: datetime.datetime, **fields: Any
) -> Article:
    copied = (
        "slug",
        "language",
        "headline",
        "short_title",
        "standfirst",
        "summary",
        "key_points_heading",
        "dateline_place",
        "pull_quote",
        "pull_quote_attribution",
    )
    article = Article.objects.create(
        **{name: story.get(name, "") for name in copied},
        body=story["body"],
        dateline_date=timezone.localdate(at) if story.get("dateline_place") else None,
        created_by=by,
        **fields,
    )
    for position, text in enumerate(story.get("key_points", [])):
        KeyPoint.objects.create(article=article, text=text, position=position)
    return article


def _as_first_published(story: dict[str, Any]) -> dict[str, Any]:
    """The story before it was updated; `replaced` holds pairs of later and earlier words."""
    first = dict(story.get("first", {}))
    replaced = first.pop("replaced", [])
    first.pop("updated_minutes_ago", None)
    words = {**story, **first}
    for later, earlier in replaced:
        for name in ("summary", "body"):
            words[name] = words[name].replace(later, earlier)
        points = words.get("key_points", [])
        words["key_points"] = [point.replace(later, earlier) for point in points]
    return words


def _update(article: Article, story: dict[str, Any], *, by: User, now: datetime.datetime) -> None:
    """Publish what became of a story that was published in its first state."""
    for name in ("headline", "short_title", "standfirst", "summary", "body"):
        setattr(article, name, story.get(name, ""))
    article.save()
    for point, text in zip(article.key_points.all(), story.get("key_points", []), strict=True):
        point.text = text
        point.save()
    at = now - datetime.timedelta(minutes=story["first"]["updated_minutes_ago"])
    publishing.publish(article, by=by, at=at, backdated=True)


def _correct(article: Article, row: dict[str, Any], *, by: User, now: datetime.datetime) -> None:
    correction = publishing.correct(article, by=by, kind=row["kind"], text=row["text"])
    at = now - datetime.timedelta(minutes=row["minutes_ago"])
    Correction.objects.filter(pk=correction.pk).update(made_at=at)
    article.events.filter(action="correct").update(at=at, created_at=at)


def _draw_all(stories: list[dict[str, Any]], *, width: int) -> dict[str, Image]:
    """The unsaved pictures of those stories that have one, by the stories' slugs."""
    illustrated = [story for story in stories if story.get("picture")]
    # Pillow lets go of the interpreter while it works, so threads do share it out.
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        images = pool.map(lambda story: _draw(story, width=width), illustrated)
        return dict(zip((story["slug"] for story in illustrated), images, strict=True))


def _draw(story: dict[str, Any], *, width: int) -> Image:
    file = BytesIO()
    file.name = f"{story['picture']}.jpg"
    draw(story["picture"], width=width).save(file, "JPEG", quality=92, subsampling=0)
    image = Image(
        alt=story["picture_alt"],
        caption=story.get("picture_caption", ""),
        credit=f"Illustration: {settings.PUBLICATION_NAME}",
    )
    image.take(file)
    return image


def _erase(pictures: Iterable[Image]) -> None:
    """Remove the files of pictures whose rows were rolled back."""
    for picture in pictures:
        # Until it is saved, a file has the name of its upload, which is nobody's in the storage.
        if picture.file.name and getattr(picture.file, "_committed", False):
            picture.file.storage.delete(picture.file.name)
        picture.delete_renditions()


def _make_comment(
    article: Article,
    row: dict[str, Any],
    *,
    published: datetime.datetime,
    now: datetime.datetime,
    by: User,
) -> None:
    # The paper has been read for days.
    posted = published + datetime.timedelta(minutes=row["minutes_after"])
    comment = Comment.objects.create(
        article=article,
        name=row["name"],
        email=f"{slug_of(row['name'].split()[0])}@example.org",
        body=row["body"].strip(),
    )
    Comment.objects.filter(pk=comment.pk).update(created_at=posted)
    match row["status"]:
        case "approved":
            moderation.approve(comment, by=by)
            if row.get("is_pick"):
                moderation.feature(comment, by=by)
        case "rejected":
            moderation.reject(comment, by=by, reason=row.get("reason", ""))
        case "spam":
            moderation.mark_spam(comment, by=by)
        case _:
            return
    decided = min(posted + datetime.timedelta(minutes=17), now)
    Decision.objects.filter(comment=comment).update(at=decided)


def _backdate(article: Article, picture: Image | None, *, at: datetime.datetime) -> None:
    """Let the desk's lists show days of work instead of one busy second."""
    began = at - datetime.timedelta(hours=3)
    Article.objects.filter(pk=article.pk).update(created_at=began, updated_at=at)
    if picture is not None:
        Image.objects.filter(pk=picture.pk).update(uploaded_at=began)
