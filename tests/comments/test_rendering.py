import datetime
import re

import pytest
from django.template.loader import render_to_string
from django.utils import timezone, translation

from comments import rendering
from comments.models import Comment

MOMENT = datetime.datetime(2026, 1, 8, 23, 5, 9, 120, tzinfo=datetime.UTC)
BODIES = [
    "One paragraph.",
    "One.\n\nTwo.\nThree.",
    "100 % of %(name)s, %s and %%",
    "<b>&amp; \"'</b>\n</div>{{ comment }}{% now 'Y' %}",
    "paragraphs\nend\nname",
]
every_zone = pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "America/Los_Angeles"])
every_language = pytest.mark.parametrize("language", ["en", "de", "ar", "hi"])


def comment(**fields):
    return Comment(**{"pk": 42, "name": "Mira Holt", "created_at": MOMENT, **fields})


def squeezed(html):
    return re.sub(r"\s+", " ", html)


class TestOnePass:
    """What a list of comments shows is what the template shows of each."""

    @every_zone
    @every_language
    def test_says_what_the_template_says(self, zone, language):
        comments = [comment(pk=pk, body=body) for pk, body in enumerate(BODIES)]
        comments += [comment(name=name, body="One.") for name in ("<i>%(pk)s", "ßen", "عمر")]
        with timezone.override(zone), translation.override(language):
            shown = rendering.render(comments)
            for one, html in zip(comments, shown, strict=True):
                alone = render_to_string("comments/_comment.html", {"comment": one.shown})
                assert html == alone

    def test_puts_every_comment_into_the_list(self):
        comments = [comment(pk=pk, body=f"Number {pk}") for pk in range(3)]
        html = render_to_string("comments/_thread.html", {"comments": rendering.render(comments)})
        wanted = "".join(
            f"<li>{render_to_string('comments/_comment.html', {'comment': one.shown})}</li>"
            for one in comments
        )
        assert squeezed(html).replace("> <", "><").strip() == squeezed(
            f'<ol class="thread">{wanted}</ol>'
        ).replace("> <", "><")

    def test_of_nothing_is_nothing(self):
        assert rendering.render([]) == []


class TestAvatar:
    @pytest.mark.parametrize(
        ("name", "initial"),
        [
            ("mira", "M"),
            ("\N{LEFT DOUBLE QUOTATION MARK}Ann\N{RIGHT DOUBLE QUOTATION MARK}", "A"),
            (" 7th floor", "7"),
            ("\N{GRINNING FACE} Omar", "O"),
            ("\u0639\u0645\u0631", "\u0639"),
            ("\u0928\u093f\u0930\u091c\u093e", "\u0928"),
            ("\u00e9va", "\u00c9"),
            ("\u00dfen", "\u00df"),
            ("\N{GRINNING FACE}", "\N{GRINNING FACE}"),
        ],
    )
    def test_shows_one_letter_of_the_name(self, name, initial):
        assert rendering.initial(name) == initial

    def test_keeps_its_colour_for_a_name(self):
        # Written down: it may not change from one process, release or machine to the next.
        assert rendering.avatar_section("Mira Holt") == "sport"
        assert rendering.avatar_section("MIRA HOLT") == "sport"

    def test_uses_colours_that_the_paper_has(self):
        colours = {rendering.avatar_section(f"Reader {number}") for number in range(99)}
        assert colours == {"world", "business", "science", "culture", "sport", "opinion"}
