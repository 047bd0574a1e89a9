from django.db import migrations, models

#: Parts of words are found through these on PostgreSQL, by `articles.admin.paging.AllWords`.
#: Editors save far less often than they search: nothing is left in a list of pending entries.
TRIGRAMS = {
    "article_words": ("articles_article", ["headline", "short_title", "slug"]),
    "image_words": ("articles_image", ["alt", "caption", "credit"]),
    "author_words": ("articles_author", ["name"]),
    "topic_words": ("articles_topic", ["name"]),
}


def add_trigrams(apps, schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return
    # It needs the right to create in the database, as btree_gist did. Django's own operation can't
    # be taken back on SQLite.
    schema_editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    for name, (table, columns) in TRIGRAMS.items():
        words = " || ' ' || ".join(columns)
        schema_editor.execute(
            f"CREATE INDEX {name} ON {table} USING gin (UPPER({words}) gin_trgm_ops)"
            " WITH (fastupdate = off)"
        )
        # Until something is known of these words, the planner would rather read all rows.
        schema_editor.execute(f"ANALYZE {table}")


def drop_trigrams(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name in TRIGRAMS:
            schema_editor.execute(f"DROP INDEX {name}")


class Migration(migrations.Migration):
    dependencies = [
        ("articles", "0002_editors"),
        ("admin", "0003_logentry_add_action_flag_choices"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="article",
            index=models.Index(
                fields=["section", "-updated_at", "-id"], name="article_of_section_by_change"
            ),
        ),
        migrations.AddIndex(
            model_name="article",
            index=models.Index(
                fields=["-updated_at", "-id"],
                condition=models.Q(("published_on__isnull", True)),
                name="article_without_address",
            ),
        ),
        migrations.AddIndex(
            model_name="edition",
            index=models.Index(fields=["live_from"], name="edition_opens"),
        ),
        migrations.AddIndex(
            model_name="edition",
            index=models.Index(
                fields=["live_until"],
                condition=models.Q(("live_until__isnull", False)),
                name="edition_closes",
            ),
        ),
        migrations.AddIndex(
            model_name="image",
            index=models.Index(fields=["-uploaded_at", "-id"], name="image_newest"),
        ),
        migrations.AddIndex(
            model_name="publicationevent",
            index=models.Index(
                fields=["-created_at", "-id"],
                condition=models.Q(("action", "withdraw")),
                name="event_withdrawn",
            ),
        ),
        migrations.RunPython(add_trigrams, drop_trigrams, elidable=False),
        # Django's record of the desk: what one editor did last, and the history of one thing.
        migrations.RunSQL(
            "CREATE INDEX log_of_user ON django_admin_log (user_id, action_time DESC)",
            "DROP INDEX log_of_user",
        ),
        migrations.RunSQL(
            "CREATE INDEX log_of_object ON django_admin_log (object_id, content_type_id)",
            "DROP INDEX log_of_object",
        ),
    ]
