import pytest
from django.contrib.auth.models import Group, Permission, User
from django.urls import reverse

from tests.factories import make_editor, make_moderator, make_user

pytestmark = pytest.mark.django_db

ADD = "admin:auth_user_add"
CHANGE = "admin:auth_user_change"
PASSWORD = "a long and winding password"


@pytest.fixture
def desk(client):
    client.force_login(make_user("nora", is_staff=True, is_superuser=True))
    return client


def typed(user, **changes):
    """What the form of an account posts, with changes."""
    return {
        "username": user.username,
        "first_name": user.first_name,
        "last_name": user.last_name,
        "email": user.email,
        "is_active": "on",
        "is_staff": "on",
        "groups": [group.pk for group in user.groups.all()],
        **changes,
    }


class TestAccounts:
    def test_are_made_with_a_password(self, desk, client):
        data = {"username": "mira", "password1": PASSWORD, "password2": PASSWORD}
        assert desk.post(reverse(ADD), data).status_code == 302
        assert User.objects.get(username="mira").check_password(PASSWORD)

    @pytest.mark.parametrize("password", ["", "12345", "another password than the first"])
    def test_are_not_made_with_a_poor_one(self, desk, password):
        data = {"username": "mira", "password1": password, "password2": PASSWORD}
        assert desk.post(reverse(ADD), data).status_code == 200
        assert not User.objects.filter(username="mira").exists()

    def test_get_their_rights_with_a_group(self, desk):
        user = make_user("mira")
        editors = Group.objects.get(name="Editors")
        desk.post(reverse(CHANGE, args=[user.pk]), typed(user, groups=[editors.pk]))
        assert User.objects.get(pk=user.pk).has_perm("articles.publish_article")

    def test_keep_what_the_form_does_not_show(self, desk):
        user = make_moderator("tomas")
        own = Permission.objects.get(codename="view_article")
        user.user_permissions.add(own)
        desk.post(reverse(CHANGE, args=[user.pk]), typed(user, first_name="Tomas"))
        user = User.objects.get(pk=user.pk)
        assert user.first_name == "Tomas"
        assert user.check_password("a long password")
        assert list(user.user_permissions.all()) == [own]
        assert [group.name for group in user.groups.all()] == ["Moderators"]

    def test_show_nobody_the_hash_of_a_password(self, desk):
        user = make_editor()
        page = desk.get(reverse(CHANGE, args=[user.pk])).content.decode()
        assert user.password not in page

    @pytest.mark.parametrize("make", [make_editor, make_moderator])
    def test_are_the_chiefs_alone(self, client, make):
        user = make()
        client.force_login(user)
        for address in (
            reverse("admin:auth_user_changelist"),
            reverse(ADD),
            reverse(CHANGE, args=[user.pk]),
            reverse("admin:auth_user_password_change", args=[user.pk]),
            reverse("admin:auth_group_changelist"),
        ):
            assert client.get(address).status_code == 403


class TestGroups:
    def test_keep_the_rights_that_stay_ticked(self, desk):
        group = Group.objects.get(name="Moderators")
        before = list(group.permissions.values_list("pk", flat=True))
        address = reverse("admin:auth_group_change", args=[group.pk])
        assert "checked" in desk.get(address).content.decode()
        desk.post(address, {"name": "Moderators", "permissions": before[1:]})
        assert list(group.permissions.values_list("pk", flat=True)) == before[1:]
