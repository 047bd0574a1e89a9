from django.apps import apps as installed_apps
from django.contrib.auth.management import create_permissions
from django.db import migrations

#: Chief editors set what the paper is; to write stories they are editors as well.
CHIEF_EDITORS = {
    "newsroom": ["change_publication", "view_publication"],
    "articles": [
        *(f"{verb}_page" for verb in ("add", "change", "delete", "view")),
        *(f"{verb}_section" for verb in ("add", "change", "view")),
    ],
}


def make_group(apps, schema_editor):
    using = schema_editor.connection.alias
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    chiefs, _ = Group.objects.using(using).get_or_create(name="Chief editors")
    for app, codenames in CHIEF_EDITORS.items():
        # Permissions are usually made after all migrations, which is too late for this one.
        create_permissions(installed_apps.get_app_config(app), apps=apps, using=using, verbosity=0)
        chiefs.permissions.add(
            *Permission.objects.using(using).filter(
                content_type__app_label=app, codename__in=codenames
            )
        )


def drop_group(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name="Chief editors").delete()


class Migration(migrations.Migration):
    dependencies = [
        ("newsroom", "0001_initial"),
        ("articles", "0012_page"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make_group, drop_group)]
