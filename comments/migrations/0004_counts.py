import django.db.models.deletion
from django.db import migrations, models

import comments.counting


def count(apps, schema_editor):
    # Creating the triggers keeps others from writing comments until the migration is committed.
    comments.counting.recount(schema_editor.connection)


class Migration(migrations.Migration):
    dependencies = [("comments", "0003_by_name"), ("articles", "0002_editors")]

    operations = [
        migrations.CreateModel(
            name="ArticleCount",
            fields=[
                (
                    "article",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="comment_count",
                        serialize=False,
                        to="articles.article",
                        verbose_name="article",
                    ),
                ),
                ("approved", models.IntegerField(verbose_name="approved")),
            ],
            options={
                "verbose_name": "number of comments",
                "verbose_name_plural": "numbers of comments",
            },
        ),
        migrations.CreateModel(
            name="StatusCount",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "status",
                        "slot",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("approved", "Approved"),
                            ("rejected", "Rejected"),
                            ("spam", "Spam"),
                        ],
                        max_length=10,
                        verbose_name="status",
                    ),
                ),
                ("slot", models.PositiveSmallIntegerField(verbose_name="share")),
                ("number", models.IntegerField(verbose_name="comments")),
            ],
            options={
                "verbose_name": "number of comments with a status",
                "verbose_name_plural": "numbers of comments with a status",
            },
        ),
        migrations.AddConstraint(
            model_name="comment",
            constraint=comments.counting.Counted(name="comment_counted"),
        ),
        migrations.RunPython(count, migrations.RunPython.noop),
    ]
