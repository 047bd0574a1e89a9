from django.apps import apps as installed_apps
from django.contrib.auth.management import create_permissions
from django.db import migrations


def make_group(apps, schema_editor):
    using = schema_editor.connection.alias
    # Permissions are usually made after all migrations, which is too late for this one.
    create_permissions(
        installed_apps.get_app_config("comments"), apps=apps, using=using, verbosity=0
    )
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    moderators, _ = Group.objects.using(using).get_or_create(name="Moderators")
    moderators.permissions.add(
        *Permission.objects.using(using).filter(
            content_type__app_label="comments",
            codename__in=["view_comment", "moderate_comment", "view_decision"],
        )
    )


def drop_group(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(name="Moderators").delete()


class Migration(migrations.Migration):
    dependencies = [
        ("comments", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make_group, drop_group)]
