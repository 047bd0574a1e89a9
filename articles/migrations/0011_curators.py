from django.apps import apps as installed_apps
from django.contrib.auth.management import create_permissions
from django.db import migrations

#: Editors choose what stands on the front page.
MODELS = ["frontpage", "frontstory", "frontblock"]


def _permissions(apps, using):
    return (
        apps.get_model("auth", "Permission")
        .objects.using(using)
        .filter(content_type__app_label="articles", content_type__model__in=MODELS)
    )


def make_group(apps, schema_editor):
    using = schema_editor.connection.alias
    # Permissions are usually made after all migrations, which is too late for this one.
    create_permissions(
        installed_apps.get_app_config("articles"), apps=apps, using=using, verbosity=0
    )
    editors, _ = apps.get_model("auth", "Group").objects.using(using).get_or_create(name="Editors")
    editors.permissions.add(*_permissions(apps, using))


def take_back(apps, schema_editor):
    using = schema_editor.connection.alias
    for editors in apps.get_model("auth", "Group").objects.using(using).filter(name="Editors"):
        editors.permissions.remove(*_permissions(apps, using))


class Migration(migrations.Migration):
    dependencies = [
        ("articles", "0010_front_page"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make_group, take_back)]
