import unicodedata

import pytest
from django.core import signing
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from comments import text
from comments.forms import CommentForm
from comments.models import Comment, Decision
from tests.factories import COMMENT, make_comment, make_moderator, publish_article

pytestmark = pytest.mark.django_db

ACUTE = "e\N{COMBINING ACUTE ACCENT}"

REFUSED = {
    "nothing": "",
    "49 letters": "a" * 49,
    "3001 letters": "a" * 3001,
    "50 spaces": " " * 50,
    "49 letters and spaces around them": " " * 5 + "a" * 49 + "\n" * 5,
    "49 letters after white space is folded": "a" * 24 + " \t\n" * 9 + "b" * 24,
    "25 letters with a mark each, which are one after NFC": ACUTE * 25,
    "50 ideographic spaces": "\u3000" * 50,
}
ACCEPTED = {
    "50 letters": "a" * 50,
    "50 combining marks": "\N{COMBINING ACUTE ACCENT}" * 50,
    "50 letters with a mark each": ACUTE * 50,
    "3000 letters": "a" * 3000,
    "3000 letters and spaces around them": " " * 99 + "a" * 3000 + "\n" * 99,
    "50 emoji": "\N{GRINNING FACE}" * 50,
    "50 Arabic letters": "\u0645\u0631\u062d\u0628\u0627" * 10,
    "50 Hebrew letters with marks of direction": "\u200f\u05e9\u05dc\u05d5\u05dd" * 10,
    "50 of Devanagari": "\u0928\u092e\u0938\u094d\u0924\u0947\u092d\u093e\u0930\u0924" * 5,
}
refused = pytest.mark.parametrize("body", REFUSED.values(), ids=REFUSED.keys())
accepted = pytest.mark.parametrize("body", ACCEPTED.values(), ids=ACCEPTED.keys())


def insert(article, **changes):
    """Put a row into the table past every line of Python that could refuse it."""
    row = {
        "article_id": article.pk,
        "name": "Mira Holt",
        "email": "mira@example.com",
        "body": COMMENT,
        "status": "pending",
        "hold_reason": "",
        "sender": "",
        "created_at": timezone.now(),
        **changes,
    }
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO comments_comment ({', '.join(row)})"
            f" VALUES ({', '.join(['%s'] * len(row))})",
            list(row.values()),
        )


def update(comment, column, value):
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE comments_comment SET {column} = %s WHERE id = %s",
            [value, comment.pk],
        )


def stores(article, body):
    """Whether the database takes the text; it is taken back at once."""
    try:
        with transaction.atomic():
            insert(article, body=body)
            transaction.set_rollback(True)
    except IntegrityError:
        return False
    return True


def form_takes(body):
    form = CommentForm({"comment": body, "name": "Mira Holt", "email": "mira@example.com"})
    return form.is_valid()


class TestDatabase:
    @refused
    def test_refuses_to_insert(self, body):
        article = publish_article().article
        with pytest.raises(IntegrityError), transaction.atomic():
            insert(article, body=body)
        assert not Comment.objects.exists()

    @refused
    def test_refuses_to_change_a_comment_to(self, body):
        comment = make_comment()
        with pytest.raises(IntegrityError), transaction.atomic():
            update(comment, "body", body)
        with pytest.raises(IntegrityError), transaction.atomic():
            Comment.objects.filter(pk=comment.pk).update(body=body)
        comment.refresh_from_db()
        assert comment.body == COMMENT

    @accepted
    def test_accepts(self, body):
        comment = make_comment()
        insert(comment.article, body=body)
        update(comment, "body", body)
        assert [comment.body for comment in Comment.objects.all()] == [body, body]

    @pytest.mark.parametrize("status", ["", "Approved", "live"])
    def test_refuses_an_unknown_status(self, status):
        comment = make_comment()
        with pytest.raises(IntegrityError), transaction.atomic():
            insert(comment.article, status=status)
        with pytest.raises(IntegrityError), transaction.atomic():
            update(comment, "status", status)

    def test_refuses_an_empty_name(self):
        comment = make_comment()
        with pytest.raises(IntegrityError), transaction.atomic():
            insert(comment.article, name="")
        with pytest.raises(IntegrityError), transaction.atomic():
            update(comment, "name", "")


# Characters that this Python knows: newer ones are composed differently by newer tables.
CHARACTERS = (
    st.characters(exclude_categories=["Cs", "Cn"], exclude_characters="\0")
    | st.sampled_from("".join(map(chr, text.WHITE_SPACE)))
    | st.sampled_from("\u0301\u0308\u0323\u0327\u0345\u093c\u3099\u200b\u200d\ufe0f\u0958\u212b")
    | st.characters(min_codepoint=0x1F600, max_codepoint=0x1F64F)
    | st.characters(min_codepoint=0x600, max_codepoint=0x6FF, exclude_categories=["Cn"])
    | st.characters(min_codepoint=0x900, max_codepoint=0x97F, exclude_categories=["Cn"])
)
# Most lengths near one of the limits, where a difference of one would show.
NEAR_LIMIT = st.text(CHARACTERS, min_size=44, max_size=70) | st.builds(
    lambda piece, end: piece * (2990 // max(1, text.length(piece))) + end,
    st.text(CHARACTERS, min_size=1, max_size=30),
    st.text(CHARACTERS, max_size=30),
)


class TestOneRule:
    @given(data=st.data())
    def test_makes_form_and_database_agree(self, data):
        if not hasattr(self, "article"):
            self.article = publish_article().article
        body = data.draw(NEAR_LIMIT | st.text(CHARACTERS, max_size=80))
        assert all(unicodedata.category(char) != "Cn" for char in body)
        is_fine = text.MIN_LENGTH <= text.length(body) <= text.MAX_LENGTH
        assert form_takes(body) == is_fine
        assert stores(self.article, body) == is_fine

    @refused
    def test_has_the_form_refuse_what_the_database_refuses(self, body):
        assert not form_takes(body)

    @accepted
    def test_has_the_form_accept_what_the_database_accepts(self, body):
        assert form_takes(body)


@pytest.mark.usefixtures("committed_db")
class TestRebuiltTable:
    def test_keeps_every_guard(self):
        if connection.vendor != "sqlite":
            pytest.skip("only SQLite rebuilds a table to alter it")
        comment = make_comment()
        with connection.schema_editor() as editor:
            editor._remake_table(Comment)
        for changes in ({"body": "a" * 49}, {"body": "a" * 3001}, {"status": "x"}, {"name": ""}):
            with pytest.raises(IntegrityError), transaction.atomic():
                insert(comment.article, **changes)
        insert(comment.article, body="a" * 50)
        assert Comment.objects.count() == 2


class TestDecisions:
    @pytest.fixture
    def decision(self):
        return Decision.objects.create(
            comment=make_comment(), action="approve", previous_status="pending", by=make_moderator()
        )

    def test_never_change(self, decision):
        decision.reason = "Other words"
        with pytest.raises(TypeError):
            decision.save()
        decision.refresh_from_db()
        assert decision.reason == ""

    def test_are_never_erased(self, decision):
        with pytest.raises(TypeError):
            decision.delete()
        assert Decision.objects.exists()


class TestParagraphs:
    def test_are_the_lines_that_hold_something(self):
        assert Comment(body="One\n\nTwo\nThree").paragraphs == ["One", "Two", "Three"]


class TestStatusAddress:
    def test_names_its_comment(self):
        comment = make_comment()
        token = comment.get_status_url().rstrip("/").rpartition("/")[2]
        assert Comment.pk_of_token(token) == comment.pk

    def test_is_not_to_be_guessed_from_another(self):
        first = make_comment()
        second = make_comment(first.article)
        token = first.get_status_url().rstrip("/").rpartition("/")[2]
        forged = token.replace(str(first.pk), str(second.pk), 1)
        with pytest.raises(signing.BadSignature):
            Comment.pk_of_token(forged)

    @pytest.mark.parametrize("token", ["", "1", "1:", ":x", "1:AAAA", "x" * 500, "\0"])
    def test_is_refused_when_it_is_made_up(self, token):
        with pytest.raises(signing.BadSignature):
            Comment.pk_of_token(token)

    def test_is_refused_when_it_was_signed_for_something_else(self):
        with pytest.raises(signing.BadSignature):
            Comment.pk_of_token(signing.Signer(salt="other").sign("1"))
