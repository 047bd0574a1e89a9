from django.apps import apps as installed_apps
from django.contrib.auth.management import create_permissions
from django.db import migrations

#: Editors write and publish; they may not erase what the paper has shown.
EDITORS = {
    "article": ["add", "change", "delete", "view", "publish"],
    "keypoint": ["add", "change", "delete", "view"],
    "byline": ["add", "change", "delete", "view"],
    "image": ["add", "change", "view"],
    "topic": ["add", "change", "view"],
    "author": ["add", "change", "view"],
    "agency": ["add", "change", "view"],
    "section": ["view"],
    "edition": ["view"],
    "publicationevent": ["view"],
}


def make_group(apps, schema_editor):
    # Permissions are usually made after all migrations, which is too late for this one.
    create_permissions(
        installed_apps.get_app_config("articles"),
        apps=apps,
        using=schema_editor.connection.alias,
        verbosity=0,
    )
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    editors, _ = Group.objects.using(schema_editor.connection.alias).get_or_create(name="Editors")
    codenames = [f"{verb}_{model}" for model, verbs in EDITORS.items() for verb in verbs]
    permissions = Permission.objects.using(schema_editor.connection.alias).filter(
        content_type__app_label="articles", codename__in=codenames
    )
    editors.permissions.add(*permissions)


def drop_group(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name="Editors").delete()


class Migration(migrations.Migration):
    dependencies = [
        ("articles", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make_group, drop_group)]
