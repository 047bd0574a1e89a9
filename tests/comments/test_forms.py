from html.parser import HTMLParser

import pytest
from crispy_forms.utils import render_crispy_form
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from comments.forms import CommentForm
from tests.factories import COMMENT

VALID = {"comment": COMMENT, "name": "Mira Holt", "email": "mira@example.com"}
FIELDS = ["comment", "name", "email"]


def sent(**changes):
    form = CommentForm({**VALID, **changes})
    form.is_valid()
    return form


class Page(HTMLParser):
    """The elements of a rendered form, and the text of those that have an id."""

    def __init__(self, html):
        super().__init__()
        self.elements = []
        self.text = []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text.append(data)

    def field(self, name):
        return next(attributes for _, attributes in self.elements if attributes.get("name") == name)

    def ids(self):
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]


def rendered(form):
    return Page(render_crispy_form(form))


class TestMessages:
    @pytest.mark.parametrize(
        ("comment", "message"),
        [
            ("", "Write at least 50 characters (you wrote 0, 50 more needed)."),
            (" " * 60, "Write at least 50 characters (you wrote 0, 50 more needed)."),
            ("a" * 49, "Write at least 50 characters (you wrote 49, 1 more needed)."),
            ("e\u0301" * 30, "Write at least 50 characters (you wrote 30, 20 more needed)."),
            ("a" * 3001, "Shorten your comment to 3000 characters (it has 3001, 1 too many)."),
            ("a\0" * 40, "Null characters are not allowed."),
        ],
    )
    def test_say_how_many_characters_are_missing_or_too_many(self, comment, message):
        assert sent(comment=comment).errors == {"comment": [message]}

    @pytest.mark.parametrize("email", ["", " ", "mira", "mira@", "@example.com", "a b@example.com"])
    def test_show_what_an_address_looks_like(self, email):
        message = "Enter an email address like name@example.com."
        assert sent(email=email).errors == {"email": [message]}

    @pytest.mark.parametrize(
        "name", ["", "  ", "\u200b\u2060", "\u202e", "\u0301\u0301", "---", "\N{GRINNING FACE}"]
    )
    def test_ask_for_a_name(self, name):
        assert sent(name=name).errors == {"name": ["Enter your name."]}

    def test_of_every_field_come_at_once(self):
        form = CommentForm({})
        assert list(form.errors) == FIELDS

    @pytest.mark.parametrize("field", ["name", "email"])
    def test_name_null_characters(self, field):
        errors = sent(**{field: VALID[field] + "\0"}).errors
        assert "Null characters are not allowed." in errors[field]

    def test_of_a_name_say_how_long_it_may_be(self):
        assert "80" in sent(name="a" * 81).errors["name"][0]
        assert sent(name="a" * 80).is_valid()

    def test_are_summed_up_with_links_to_the_fields(self):
        page = rendered(CommentForm({}))
        links = [attributes["href"] for tag, attributes in page.elements if tag == "a"]
        assert links == ["#id_comment", "#id_name", "#id_email"]
        assert set(links) <= {f"#{name}" for name in page.ids()}
        assert "Your comment was not posted. Please fix 3 things." in page.text

    def test_are_absent_from_an_empty_form(self):
        page = Page(render_crispy_form(CommentForm()))
        assert "form-errors" not in page.ids()
        assert all("aria-invalid" not in page.field(name) for name in FIELDS)
        assert all("autofocus" not in page.field(name) for name in FIELDS)


class TestWhatWasTyped:
    def test_comes_back_untouched(self):
        typed = {"comment": "  Too  short\n\n\n<b>&", "name": " \u202eMira <i>", "email": "no \"'"}
        html = render_crispy_form(sent(**typed))
        page = Page(html)
        assert page.field("name")["value"] == typed["name"]
        assert page.field("email")["value"] == typed["email"]
        assert "  Too  short\n\n\n&lt;b&gt;&amp;</textarea>" in html

    def test_is_stored_in_its_tidy_form(self):
        form = sent(comment="  e\u0301t\u00e9 \t is\r\n\r\n\r\n\r\nwarm " + "a" * 50)
        assert form.cleaned_data["comment"] == "\u00e9t\u00e9 is\n\nwarm " + "a" * 50

    def test_keeps_line_ends_at_its_beginning(self):
        # A parser drops the first line end inside a textarea.
        html = render_crispy_form(sent(comment="\nshort"))
        assert ">\n\nshort</textarea>" in html.replace("\r\n", "\n")


class TestFields:
    def test_leave_the_focus_to_the_summary_of_what_to_mend(self):
        page = rendered(sent(name="", email=""))
        assert all("autofocus" not in page.field(name) for name in FIELDS)
        (summary,) = [attributes for _, attributes in page.elements if "autofocus" in attributes]
        assert summary["id"] == "form-errors"
        assert summary["tabindex"] == "-1"

    def test_say_that_they_are_invalid(self):
        page = rendered(sent(name="", email="x"))
        assert "aria-invalid" not in page.field("comment")
        assert page.field("name")["aria-invalid"] == "true"
        assert page.field("email")["aria-invalid"] == "true"

    def test_are_described_by_their_help_and_counter(self):
        page = Page(render_crispy_form(CommentForm()))
        assert page.field("comment")["aria-describedby"].split() == ["id_comment_counter"]
        assert page.field("name")["aria-describedby"].split() == ["id_name_helptext"]
        assert page.field("email")["aria-describedby"].split() == ["id_email_helptext"]

    def test_are_described_by_their_error_as_well(self):
        page = rendered(CommentForm({}))
        described = {name: page.field(name)["aria-describedby"].split() for name in FIELDS}
        assert set(described["comment"]) == {"id_comment_error", "id_comment_counter"}
        assert set(described["name"]) == {"id_name_error", "id_name_helptext"}
        assert set(described["email"]) == {"id_email_error", "id_email_helptext"}
        assert {name for names in described.values() for name in names} <= set(page.ids())

    def test_leave_counting_to_the_one_rule(self):
        textarea = Page(render_crispy_form(CommentForm())).field("comment")
        assert "minlength" not in textarea
        assert "maxlength" not in textarea

    def test_have_a_label_each(self):
        page = Page(render_crispy_form(CommentForm()))
        labels = [attributes["for"] for tag, attributes in page.elements if tag == "label"]
        assert labels == ["id_comment", "id_name", "id_email", "id_website"]
        for words in ("Your comment", "Name", "Shown next to your comment.", "Email"):
            assert words in page.text
        assert "Never shown or shared." in page.text

    def test_hide_one_from_people(self):
        page = Page(render_crispy_form(CommentForm()))
        assert page.field("website")["tabindex"] == "-1"
        assert page.field("website")["autocomplete"] == "off"

    def test_carry_no_token(self):
        assert "csrfmiddlewaretoken" not in render_crispy_form(CommentForm())


class TestNames:
    @pytest.mark.parametrize(
        ("name", "kept"),
        [
            ("  Mira \t Holt ", "Mira Holt"),
            ("Mira\tHolt\r\nJr.", "Mira Holt Jr."),
            ("Mira\u202e Holt\u202c", "Mira Holt"),
            ("\u2066Mira\u2069 Holt\u200f", "Mira Holt"),
            ("\u061cMira\u200e Holt", "Mira Holt"),
            ("Mi\x07ra\x9f H\u200bo\ufefflt\x7f", "Mira Holt"),
            ("\u0639\u0645\u0631", "\u0639\u0645\u0631"),
            ("\u0645\u06cc\u200c\u0631\u0627", "\u0645\u06cc\u200c\u0631\u0627"),
            ("\u0915\u094d\u200d\u0937", "\u0915\u094d\u200d\u0937"),
            ("O\N{RIGHT SINGLE QUOTATION MARK}Neil-Smith, 3rd", "O’Neil-Smith, 3rd"),
            ("Zoe\u0308", "Zoe\u0308"),
            ("Mira \N{GRINNING FACE}", "Mira \N{GRINNING FACE}"),
        ],
    )
    def test_are_kept_without_what_could_turn_them_around(self, name, kept):
        form = sent(name=name)
        assert form.is_valid()
        assert form.cleaned_data["name"] == kept


TYPED = st.text() | st.text(st.characters(), max_size=90) | st.sampled_from(["", *VALID.values()])


class TestAnything:
    @given(
        data=st.dictionaries(
            st.sampled_from([*FIELDS, "website", "csrfmiddlewaretoken"]) | st.text(),
            st.lists(TYPED, max_size=3),
        )
    )
    def test_is_answered_with_the_form(self, data):
        post = QueryDict(mutable=True)
        for name, values in data.items():
            post.setlist(name, values)
        form = CommentForm(post)
        if form.is_valid():
            assert form.cleaned_data["name"].strip()
            assert "\0" not in "".join(form.cleaned_data.values())
        assert "<textarea" in render_crispy_form(form)
