import threading

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from comments import moderation
from comments.models import Comment, Decision
from comments.signals import comments_changed, picks_changed
from tests.factories import make_comment, make_editor, make_moderator, make_user, publish_article

pytestmark = pytest.mark.django_db

APPROVE, REJECT, SPAM = Decision.Action.APPROVE, Decision.Action.REJECT, Decision.Action.SPAM
VERBS = {
    "approved": (moderation.approve, APPROVE),
    "rejected": (moderation.reject, REJECT),
    "spam": (moderation.mark_spam, SPAM),
}
every_verb = pytest.mark.parametrize("status", VERBS)


@pytest.fixture
def moderator():
    return make_moderator()


@pytest.fixture
def announced():
    """The stories whose comments were said to have changed."""
    heard = []

    def listener(**kwargs):
        heard.append(kwargs["article"])

    comments_changed.connect(listener)
    yield heard
    comments_changed.disconnect(listener)


def status_of(comment):
    return Comment.objects.get(pk=comment.pk).status


class TestDeciding:
    @every_verb
    def test_changes_the_status_and_records_who_did_it(self, moderator, status):
        verb, action = VERBS[status]
        comment = make_comment()
        decision = verb(comment, by=moderator, reason="Read it twice")
        assert comment.status == status_of(comment) == status
        assert Decision.objects.get() == decision
        assert (decision.comment, decision.action, decision.by) == (comment, action, moderator)
        assert (decision.previous_status, decision.reason) == ("pending", "Read it twice")

    @every_verb
    def test_shows_readers_what_is_approved_and_nothing_else(self, moderator, status):
        comment = make_comment()
        VERBS[status][0](comment, by=moderator)
        assert Comment.objects.approved().exists() == (status == "approved")
        assert not Comment.objects.pending().exists()

    @every_verb
    def test_refuses_what_was_decided_so_already(self, moderator, status):
        verb, _action = VERBS[status]
        comment = make_comment()
        verb(comment, by=moderator)
        with pytest.raises(moderation.Refused, match=status):
            verb(comment, by=make_moderator())
        assert Decision.objects.count() == 1

    def test_tells_a_page_that_is_out_of_date(self, moderator):
        comment = make_comment()
        seen_by_another = Comment.objects.get(pk=comment.pk)
        moderation.approve(comment, by=moderator)
        with pytest.raises(moderation.Refused, match="approved"):
            moderation.approve(seen_by_another, by=make_moderator())
        assert seen_by_another.status == "approved"

    def test_can_be_decided_again_and_keeps_the_whole_record(self, moderator):
        comment = make_comment()
        moderation.mark_spam(comment, by=moderator)
        moderation.approve(comment, by=moderator)
        moderation.reject(comment, by=moderator)
        assert status_of(comment) == "rejected"
        assert [
            (decision.previous_status, decision.action) for decision in comment.decisions.all()
        ] == [("approved", "reject"), ("spam", "approve"), ("pending", "spam")]

    def test_leaves_the_words_of_the_reader_alone(self, moderator):
        comment = make_comment()
        before = Comment.objects.values().get()
        moderation.approve(comment, by=moderator)
        assert Comment.objects.values().get() == {**before, "status": "approved"}

    def test_shortens_a_reason_that_does_not_fit(self, moderator):
        decision = moderation.reject(make_comment(), by=moderator, reason="x" * 300)
        decision.refresh_from_db()
        assert decision.reason == "x" * 200


class TestDecidingOnMany:
    @every_verb
    def test_changes_and_records_each(self, moderator, status):
        article = publish_article().article
        comments = [make_comment(article) for _ in range(3)]
        other = make_comment(article)
        decisions = moderation.decide(
            [comment.pk for comment in comments], VERBS[status][1], by=moderator
        )
        assert [decision.comment for decision in decisions] == comments
        assert [status_of(comment) for comment in comments] == [status] * 3
        assert status_of(other) == "pending"
        assert Decision.objects.count() == 3

    def test_passes_over_those_that_have_that_status(self, moderator):
        article = publish_article().article
        approved = make_comment(article, status="approved")
        pending, spam = make_comment(article), make_comment(article, status="spam")
        pks = [approved.pk, pending.pk, spam.pk]
        decisions = moderation.decide(pks, APPROVE, by=moderator)
        assert [decision.comment for decision in decisions] == [pending, spam]
        assert [decision.previous_status for decision in decisions] == ["pending", "spam"]
        assert moderation.decide(pks, APPROVE, by=moderator) == []

    def test_records_a_comment_once_however_often_it_is_named(self, moderator):
        comment = make_comment()
        assert len(moderation.decide([comment.pk] * 3, REJECT, by=moderator)) == 1

    def test_passes_over_what_does_not_exist(self, moderator):
        assert moderation.decide([0, -1, 10**6], APPROVE, by=moderator) == []
        assert moderation.decide([], APPROVE, by=moderator) == []


class TestPicks:
    @pytest.fixture
    def comment(self, moderator):
        comment = make_comment()
        moderation.approve(comment, by=moderator)
        return comment

    @pytest.fixture
    def heard(self):
        times = []

        def listener(**kwargs):
            times.append(kwargs["sender"])

        picks_changed.connect(listener)
        yield times
        picks_changed.disconnect(listener)

    def test_are_marked_and_recorded(self, moderator, comment):
        decision = moderation.feature(comment, by=moderator)
        assert comment.featured_at
        assert Comment.objects.get().featured_at == comment.featured_at
        assert (decision.action, decision.previous_status, decision.by) == (
            "feature",
            "approved",
            moderator,
        )
        moderation.unfeature(comment, by=moderator)
        assert Comment.objects.get().featured_at is comment.featured_at is None
        assert Decision.objects.first().action == "unfeature"

    def test_are_published_comments_only(self, moderator):
        comment = make_comment()
        for verb in (moderation.feature, moderation.unfeature):
            with pytest.raises(moderation.Refused):
                verb(comment, by=moderator)
        with pytest.raises(IntegrityError), transaction.atomic():
            Comment.objects.filter(pk=comment.pk).update(featured_at=timezone.now())

    def test_are_made_once(self, moderator, comment):
        with pytest.raises(moderation.Refused):
            moderation.unfeature(comment, by=moderator)
        moderation.feature(comment, by=moderator)
        with pytest.raises(moderation.Refused):
            moderation.feature(comment, by=moderator)
        assert Decision.objects.filter(action="feature").count() == 1

    @pytest.mark.parametrize("verb", [moderation.reject, moderation.mark_spam])
    def test_are_none_once_they_are_taken_down(self, moderator, comment, verb):
        moderation.feature(comment, by=moderator)
        verb(comment, by=moderator)
        moderation.approve(comment, by=moderator)
        assert Comment.objects.get().featured_at is None

    def test_are_for_moderators_alone(self, comment):
        for user in (make_editor(), make_user("reader"), AnonymousUser()):
            for verb in (moderation.feature, moderation.unfeature):
                with pytest.raises(PermissionDenied):
                    verb(comment, by=user)
        assert not Decision.objects.filter(action="feature").exists()

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.usefixtures("committed_db")
    def test_are_announced(self, moderator, comment, announced, heard):
        announced.clear()
        moderation.feature(comment, by=moderator)
        assert (announced, heard) == ([comment.article], [Comment])
        moderation.reject(comment, by=moderator)
        assert heard == [Comment, Comment]
        moderation.approve(comment, by=moderator)
        assert heard == [Comment, Comment]


class TestRights:
    @pytest.mark.parametrize("who", [make_editor, make_user, AnonymousUser])
    @every_verb
    def test_are_needed(self, who, status):
        verb, action = VERBS[status]
        comment, by = make_comment(), who()
        with pytest.raises(PermissionDenied):
            verb(comment, by=by)
        with pytest.raises(PermissionDenied):
            moderation.decide([comment.pk], action, by=by)
        assert status_of(comment) == "pending"
        assert not Decision.objects.exists()

    def test_end_with_the_account(self, moderator):
        moderator.is_active = False
        with pytest.raises(PermissionDenied):
            moderation.approve(make_comment(), by=moderator)


class TestAnnouncing:
    @pytest.mark.parametrize(
        ("before", "after", "is_seen"),
        [
            ("pending", "approved", True),
            ("rejected", "approved", True),
            ("spam", "approved", True),
            ("approved", "rejected", True),
            ("approved", "spam", True),
            ("pending", "rejected", False),
            ("pending", "spam", False),
            ("rejected", "spam", False),
            ("spam", "rejected", False),
        ],
    )
    def test_happens_when_what_readers_see_changes(
        self, moderator, announced, django_capture_on_commit_callbacks, before, after, is_seen
    ):
        comment = make_comment(status=before)
        with django_capture_on_commit_callbacks(execute=True):
            VERBS[after][0](comment, by=moderator)
            assert announced == []
        assert announced == ([comment.article] if is_seen else [])

    def test_happens_once_for_each_story(
        self, moderator, announced, django_capture_on_commit_callbacks
    ):
        first, second = publish_article().article, publish_article().article
        pks = [make_comment(article).pk for article in (first, first, second)]
        with django_capture_on_commit_callbacks(execute=True):
            moderation.decide(pks, APPROVE, by=moderator)
        assert announced == [first, second]

    def test_does_not_happen_when_nothing_is_changed(
        self, moderator, announced, django_capture_on_commit_callbacks
    ):
        comment = make_comment(status="approved")
        with django_capture_on_commit_callbacks(execute=True):
            moderation.decide([comment.pk], APPROVE, by=moderator)
        assert announced == []

    def test_loses_no_decision_when_a_listener_fails(
        self, moderator, announced, django_capture_on_commit_callbacks
    ):
        def broken(**kwargs):
            raise RuntimeError

        comment = make_comment()
        comments_changed.connect(broken)
        try:
            with django_capture_on_commit_callbacks(execute=True):
                moderation.approve(comment, by=moderator)
        finally:
            comments_changed.disconnect(broken)
        assert status_of(comment) == "approved"
        assert announced == [comment.article]


@pytest.mark.usefixtures("committed_db")
class TestTwoAtOnce:
    @pytest.fixture(autouse=True)
    def on_postgresql(self):
        if connection.vendor != "postgresql":
            pytest.skip("concurrency is tested on PostgreSQL")

    def decide_together(self, *decisions):
        """Carry these out at the same moment, each as a moderator of its own; give the outcomes."""
        moderators = [make_moderator() for _ in decisions]
        start = threading.Barrier(len(decisions))
        outcomes = [None] * len(decisions)

        def press(number, pks, action):
            try:
                start.wait()
                outcomes[number] = moderation.decide(pks, action, by=moderators[number])
            except Exception as error:
                outcomes[number] = error
            finally:
                connection.close()

        threads = [
            threading.Thread(target=press, args=[number, *decision])
            for number, decision in enumerate(decisions)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return outcomes

    def test_leaves_one_decision_when_both_say_the_same(self):
        comment = make_comment()
        outcomes = self.decide_together(([comment.pk], APPROVE), ([comment.pk], APPROVE))
        assert sorted(map(len, outcomes)) == [0, 1]
        assert Decision.objects.count() == 1
        assert status_of(comment) == "approved"

    def test_leaves_a_record_that_leads_to_the_status(self):
        comment = make_comment()
        self.decide_together(([comment.pk], APPROVE), ([comment.pk], REJECT), ([comment.pk], SPAM))
        status = "pending"
        record = list(comment.decisions.order_by("pk"))
        assert len(record) == 3
        for decision in record:
            assert decision.previous_status == status
            status = {"approve": "approved", "reject": "rejected", "spam": "spam"}[decision.action]
        assert status_of(comment) == status

    def test_never_waits_in_a_circle(self):
        article = publish_article().article
        pks = [make_comment(article).pk for _ in range(20)]
        outcomes = self.decide_together((pks, APPROVE), (pks[::-1], REJECT))
        assert [len(outcome) for outcome in outcomes] == [20, 20]
        assert Decision.objects.count() == 40
        assert Comment.objects.order_by().values("status").distinct().count() == 1
