from django.db import migrations


def add_index(apps, schema_editor):
    # As `iexact` compares on PostgreSQL; on SQLite it could use no index. The rest is the order of
    # a queue, so that the newest comments of a name are read without all the others.
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "CREATE INDEX comment_newest_by_name ON comments_comment"
            " (UPPER(name::text), status, created_at, id)"
        )
        # Until something is known of the names, the planner would rather read the whole queue.
        schema_editor.execute("ANALYZE comments_comment")
        # Last, as nobody reads the comments from here on.
        schema_editor.execute("DROP INDEX comment_by_name")


def drop_index(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "CREATE INDEX comment_by_name ON comments_comment (UPPER(name::text))"
        )
        schema_editor.execute("DROP INDEX comment_newest_by_name")


class Migration(migrations.Migration):
    dependencies = [("comments", "0005_picks")]

    operations = [migrations.RunPython(add_index, drop_index)]
