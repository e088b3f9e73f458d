"""`manage import-model`"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management import BaseCommand

from ....serving import commands
from ....serving.import_options import ACCEPT_SCORE, READING


class Command(BaseCommand):
    help = "Take the model in PATH, compare and score it on rows of FILE, and make it current."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        add = parser.add_argument
        path = "Of scikit-learn, XGBoost, LightGBM, CatBoost, PyTorch or ONNX."
        add("path", metavar="PATH", type=Path, help=path)
        data = "CSV or Parquet with rows that the model was not trained on."
        add("--data", metavar="FILE", type=Path, required=True, help=data)
        target = (
            "The column with the true answers; again for each of several, as trained. "
            "A detector of outliers or a clusterer needs none."
        )
        add("--target", metavar="COL", action="append", default=[], help=target)
        add("--name", help="Of the model; by default the file's.")
        for one in READING:
            action = "append" if one.many else "store"
            says = one.help.replace("%", "%%")
            add(one.flag, metavar=one.metavar, action=action, help=says)
        add("--encoding", default="utf-8-sig", help="Of a CSV file.")
        classes = "Of an ONNX or PyTorch model, in their order."
        add("--classes", metavar="A,B,C", help=classes)
        add("--accept-score", action="store_true", help=ACCEPT_SCORE)
        add("--yes", action="store_true", help="Read a pickle, which can run code, unasked.")
        add("--no-promote", action="store_true", help="Save it, and serve it later.")
        add("--force", action="store_true", help="Also if it breaks callers of the current one.")

    def handle(self, *args: Any, **options: Any) -> None:
        commands.import_model(
            options["path"],
            options["data"],
            options["target"],
            name=options["name"],
            told={option.name: options[option.name] for option in READING},
            encoding=options["encoding"],
            classes=options["classes"],
            accept_score=options["accept_score"],
            yes=options["yes"],
            promote=not options["no_promote"],
            force=options["force"],
            ask=lambda question: input(f"{question} [y/N] ").lower() in ("y", "yes"),
            say=self.stdout.write,
        )
