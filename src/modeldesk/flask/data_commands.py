"""Commands that serve, train, predict, and move what is kept."""

from functools import partial
from pathlib import Path
from typing import Any

import click

from ..moving import command as move_from_command
from ..serving import commands
from ..serving.doctor import MAIL_LIMIT, Check, examine
from ..serving.import_options import ACCEPT_SCORE, READING
from ..serving.size import WORKERS
from ..serving.tallies import bring_up_to_date
from ..serving.unreachable import unwritable
from .cli import load_app, wsgi_target
from .life_commands import logged_rows
from .state import current_state, get_database, get_settings
from .transfer import open_stores

host = click.option("--host", default="127.0.0.1", show_default=True)
port = click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
no_promote = click.option("--no-promote", is_flag=True, help="Save it, and serve it later.")
force = click.option("--force", is_flag=True, help="Also if it breaks callers of the current one.")
encoding = click.option("--encoding", default="utf-8-sig", show_default=True, help="Of a CSV file.")


def of_reading(command: Any) -> Any:
    """Add the options on how columns are read."""
    for one in reversed(READING):
        add = click.option(one.flag, metavar=one.metavar, multiple=one.many, help=one.help)
        command = add(command)
    return command


@click.command()
@host
@port
@click.option("--workers", type=click.IntRange(1), default=WORKERS, help="Processes.")
def serve(host: str, port: int, workers: int) -> None:
    """Run the production server."""
    app = load_app()

    def count(anew: bool) -> None:  # on a thread of its own
        with app.app_context():
            found = get_database()
            bring_up_to_date(found.log(), found.summaries(), anew=anew)

    with app.app_context():
        database = get_database()
        commands.serve(
            wsgi_target(),
            get_settings(),
            host=host,
            port=port,
            workers=workers,
            unreachable=database.unreachable,
            outdated=database.outdated,
            migrate=database.upgrade,
            count=count,
            say=click.echo,
        )


@click.command()
@click.option("--with-feedback", is_flag=True, help="Add logged rows with a true outcome.")
@no_promote
@force
def train(with_feedback: bool, no_promote: bool, force: bool) -> None:
    """Train the model in ml/train.py and make it current."""
    logged = logged_rows() if with_feedback else None
    commands.train(click.echo, promote=not no_promote, force=force, logged=logged)


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--data",
    metavar="FILE",
    type=click.Path(path_type=Path),
    required=True,
    help="CSV or Parquet with rows that the model was not trained on.",
)
@click.option(
    "--target",
    "targets",
    metavar="COL",
    multiple=True,
    help="The column with the true answers; again for each of several, as trained. "
    "A detector of outliers or a clusterer needs none.",
)
@click.option("--name", help="Of the model; by default the file's.")
@of_reading
@encoding
@click.option("--classes", metavar="A,B,C", help="Of an ONNX or PyTorch model, in their order.")
@click.option("--accept-score", is_flag=True, help=ACCEPT_SCORE)
@click.option("--yes", is_flag=True, help="Read a pickle, which can run code, unasked.")
@no_promote
@force
def import_model(
    path: Path, data: Path, targets: tuple[str, ...], no_promote: bool, **options: Any
) -> None:
    """Take the model in PATH, compare and score it on rows of FILE, and make it current."""
    options["told"] = {option.name: options.pop(option.name) for option in READING}
    options |= {"promote": not no_promote, "ask": click.confirm, "say": click.echo}
    commands.import_model(path, data, targets, **options)


@click.command()
@click.argument("source", metavar="IN", type=click.Path(path_type=Path))
@click.argument("target", metavar="OUT", type=click.Path(path_type=Path))
@encoding
@click.pass_context
def predict_file(ctx: click.Context, source: Path, target: Path, encoding: str) -> None:
    """Predict every row of a CSV or Parquet file."""
    if not commands.predict(source, target, encoding=encoding, say=click.echo):
        ctx.exit(1)


@click.command("export")
@click.argument("file", type=click.Path(path_type=Path))
def export_file(file: Path) -> None:
    """Write all that is kept, such as every prediction, to a new FILE of JSON Lines.

    Also the daily totals of predictions that were pruned, and accounts where there are some.
    Interrupted, it leaves FILE.part; the next run continues it.
    """
    with load_app().app_context():
        outdated = get_database().outdated
        commands.export_file(file, open_stores(), outdated=outdated, say=click.echo)


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_context
def import_file(ctx: click.Context, file: Path) -> None:
    """Add what is in an exported FILE and not there yet.

    What is there stays as it is; interrupted, it continues when run again.
    """
    with load_app().app_context():
        stores, outdated = open_stores(), get_database().outdated
        if not commands.import_file(file, stores, outdated=outdated, say=click.echo):
            ctx.exit(1)


@click.command(help=move_from_command.HELP)
@click.argument("url")
@click.option("--check", is_flag=True, help=move_from_command.CHECK)
@click.option("--add", is_flag=True, help=move_from_command.ADD)
@click.option(
    "--accounts",
    "whose",
    type=click.Choice(move_from_command.FRAMEWORKS),
    help=move_from_command.ACCOUNTS,
)
def move_from(url: str, **options: Any) -> None:
    with load_app().app_context():
        accounts = current_state().accounts
        move_from_command.run(
            url,
            settings=get_settings(),
            framework="flask",
            here=open_stores(),
            roles=[*accounts.roles] if accounts else [],
            outdated=get_database().outdated,
            say=click.echo,
            **options,
        )


@click.command()
@host
@port
@click.pass_context
def doctor(ctx: click.Context, host: str, port: int) -> None:
    """Look for what would keep the service from working."""

    def database() -> Check:
        return Check("database", "reachable", get_database().unreachable())

    def migrations() -> Check:
        return Check("migrations", "all applied", get_database().outdated())

    def log() -> Check:
        url = get_settings().database_url
        return Check("log", "takes predictions", unwritable(url, get_database().log()))

    app = load_app()
    with app.app_context():
        forms, mail = "csrf" in app.extensions, app.extensions.get("mailman")
        connect = partial(mail.get_connection, timeout=MAIL_LIMIT) if mail else None
        looks = (database, migrations, log)
        checks = list(examine(get_settings(), host, port, *looks, has_forms=forms, mail=connect))
    click.echo("\n".join(map(str, checks)))
    ctx.exit(any(check.fault for check in checks))


COMMANDS = [serve, train, import_model, predict_file, export_file, import_file, move_from, doctor]
