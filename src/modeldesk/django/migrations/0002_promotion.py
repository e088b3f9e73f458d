"""Who may promote a version of the model."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("predictions", "0001_initial")]
    operations = [
        migrations.AlterModelOptions(
            name="prediction",
            options={"permissions": [("promote_model", "Can promote model")]},
        ),
    ]
