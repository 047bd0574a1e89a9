from django.db import migrations


def add_index(apps, schema_editor):
    # As `iexact` compares on PostgreSQL; on SQLite it could use no index.
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "CREATE INDEX comment_by_name ON comments_comment (UPPER(name::text))"
        )


def drop_index(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX comment_by_name")


class Migration(migrations.Migration):
    dependencies = [("comments", "0002_moderators")]

    operations = [migrations.RunPython(add_index, drop_index)]
