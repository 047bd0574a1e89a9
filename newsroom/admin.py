"""Accounts of the staff, the groups that give them their rights, and the paper's own desk."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from . import publication_desk

__all__ = ["publication_desk"]

# Importing the stock desks has registered them.
admin.site.unregister([User, Group])


class AccountForm(UserChangeForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Help on what isn't one control gets no id, which the page then points at in vain.
        for name in {"password", "groups"} & set(self.fields):
            self.fields[name].help_text = ""


class PasswordForm(AdminPasswordChangeForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "usable_password" in self.fields:
            # The stock text brings a paragraph that ends the one which it is put into.
            self.fields["usable_password"].help_text = _("Without a password they can’t log in.")


@admin.register(User)
class AccountAdmin(UserAdmin):
    form = AccountForm
    add_form = UserCreationForm
    change_password_form = PasswordForm
    # Rights come with groups: those of single people are soon known to nobody.
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        (_("Person"), {"fields": ["first_name", "last_name", "email"]}),
        (_("Rights"), {"fields": ["is_active", "is_staff", "groups", "is_superuser"]}),
        (_("Dates"), {"fields": ["last_login", "date_joined"]}),
    ]
    # An account without a password could not log in.
    add_fieldsets = [(None, {"fields": ["username", "password1", "password2"]})]
    readonly_fields = ["last_login", "date_joined"]
    filter_horizontal = ()
    search_help_text = _("Search usernames, names and email addresses")

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        # Boxes need no script, and no click takes away what was ticked before.
        kwargs["widget"] = forms.CheckboxSelectMultiple
        return super().formfield_for_manytomany(db_field, request, **kwargs)


@admin.register(Group)
class RightsAdmin(GroupAdmin):
    filter_horizontal = ()
    search_help_text = _("Search names")

    def formfield_for_manytomany(
        self, db_field: Any, request: HttpRequest | None = None, **kwargs: Any
    ) -> Any:
        kwargs["widget"] = forms.CheckboxSelectMultiple
        return super().formfield_for_manytomany(db_field, request, **kwargs)
