"""The command line, `manage`: our commands beside Flask's own and those of its extensions."""

import atexit
import gc
from collections.abc import Callable
from typing import Any

import click
from flask import Flask
from flask.cli import FlaskGroup, ScriptInfo

from ..serving import commands


class Manage(FlaskGroup):
    """The commands of a project, made by its `create_app`; tells expected errors in one sentence.

    Commands of the project's own: `@manage.command()`, or `@app.cli.command()` in `create_app`.
    """

    def __init__(self, create_app: Callable[[], Flask], **options: Any) -> None:
        from . import data_commands, life_commands

        options.setdefault("help", "Serve and look after the model.")
        super().__init__(create_app=create_app, load_dotenv=False, **options)
        self.wsgi = f"{create_app.__module__}.wsgi:application"
        for command in [*data_commands.COMMANDS, *life_commands.COMMANDS]:
            self.add_command(command)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        # Ours first: looking for others loads every extension's commands and the application.
        found = self.commands.get(name) or super().get_command(ctx, name)
        if name == "db" and isinstance(found, click.Group) and "migrate" in found.commands:
            from .migrations import with_our_tables

            return with_our_tables(found)
        return found

    def invoke(self, ctx: click.Context) -> Any:
        atexit.register(gc.freeze)  # a last look at all objects takes longer than most commands
        try:
            return super().invoke(ctx)
        except Exception as error:
            if said := commands.told(error, _database_url):
                raise click.ClickException(said) from None
            raise


def load_app() -> Flask:
    """The application of the command line."""
    return click.get_current_context().ensure_object(ScriptInfo).load_app()


def _database_url() -> str:
    url: str = load_app().config["DATABASE_URL"]
    return url


def wsgi_target() -> str:
    """What the server imports: `application` in the module `wsgi` beside `create_app`."""
    manage = click.get_current_context().find_root().command
    return str(getattr(manage, "wsgi", ""))
