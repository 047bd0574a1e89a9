import re
import secrets

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

# As they were when this was written; see articles/renditions.py.
RATIOS = {"3x2": 3 / 2, "16x9": 16 / 9, "4x3": 4 / 3, "1x1": 1.0}
WIDTHS = {"3x2": (360, 720, 1080, 1440), "16x9": (1200,), "4x3": (1200,), "1x1": (1200,)}
OLD_NAME = re.compile(r"pictures/([0-9a-f]{16})-[0-9]+\.webp")


def widths_of(width, height):
    found = {}
    for crop, ratio in RATIOS.items():
        available = max(1, int(min(width, height * ratio)))
        steps = found[crop] = []
        for wanted in WIDTHS[crop]:
            possible = min(wanted, available)
            if not steps or possible >= steps[-1] * 1.2:
                steps.append(possible)
    return found


def name_what_may_be_asked_for(apps, schema_editor):
    """Files that are there keep their names; all others are made when first asked for."""
    Image = apps.get_model("articles", "Image")
    ImageStem = apps.get_model("articles", "ImageStem")
    alias = schema_editor.connection.alias
    images = Image.objects.using(alias).only("width", "height", "renditions").order_by("pk")
    last = 0
    while batch := list(images.filter(pk__gt=last)[:1000]):
        last = batch[-1].pk
        changed = [image for image in batch if isinstance(image.renditions, list)]
        stems = []
        for image in changed:
            names = [OLD_NAME.fullmatch(old.get("name", "")) for old in image.renditions]
            stem = next((name[1] for name in names if name), secrets.token_hex(8))
            image.renditions = {
                "stem": stem,
                "focus": [0.5, 0.5],
                "widths": widths_of(image.width, image.height),
            }
            stems.append(ImageStem(stem=stem, image_id=image.pk))
        Image.objects.using(alias).bulk_update(changed, ["renditions"])
        # Rows that were made up for a load test share their files.
        ImageStem.objects.using(alias).bulk_create(stems, ignore_conflicts=True)


def list_what_is_in_webp(apps, schema_editor):
    """The older form, of which the files may be missing: this is for going back at once."""
    Image = apps.get_model("articles", "Image")
    alias = schema_editor.connection.alias
    images = Image.objects.using(alias)
    for image in images.only("renditions").iterator(chunk_size=1000):
        if isinstance(image.renditions, dict):
            stem = image.renditions.get("stem", "")
            listed = [
                {
                    "width": width,
                    "height": max(1, round(width / 1.5)),
                    "name": f"pictures/{stem}-{width}.webp",
                }
                for width in image.renditions.get("widths", {}).get("3x2", [])
            ]
            images.filter(pk=image.pk).update(renditions=listed)


def part(name, help_text):
    return models.FloatField(
        db_default=0.5,
        default=0.5,
        help_text=help_text,
        validators=[
            django.core.validators.MinValueValidator(0),
            django.core.validators.MaxValueValidator(1),
        ],
        verbose_name=name,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("articles", "0004_listings"),
    ]

    operations = [
        migrations.AddField(
            model_name="image",
            name="focal_x",
            field=part(
                "focal point, across",
                "What every crop must show: 0 is the left edge of the picture, 1 the right edge.",
            ),
        ),
        migrations.AddField(
            model_name="image",
            name="focal_y",
            field=part("focal point, down", "0 is the upper edge, 1 the lower edge."),
        ),
        migrations.AddConstraint(
            model_name="image",
            constraint=models.CheckConstraint(
                name="image_focal_point_inside",
                condition=models.Q(focal_x__range=(0, 1), focal_y__range=(0, 1)),
            ),
        ),
        migrations.AlterField(
            model_name="image",
            name="renditions",
            field=models.JSONField(default=dict, editable=False, verbose_name="renditions"),
        ),
        migrations.CreateModel(
            name="ImageStem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("stem", models.CharField(max_length=16, unique=True)),
                (
                    "image",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="stems",
                        to="articles.image",
                    ),
                ),
            ],
        ),
        migrations.RunPython(name_what_may_be_asked_for, list_what_is_in_webp),
    ]
