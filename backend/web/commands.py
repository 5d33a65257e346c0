"""Commands of `flask --app backend`: simulate a catalogue; create a token if one is lost."""

import sys
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from backend.database import accounts
from backend.transit.simulation.catalogue import simulate, write_csv
from backend.web.current import services_of
from backend.web.tokens import ADMINISTRATOR, ensure_administrator, new_token


def init_app(app: Flask) -> None:
    """Add the commands to an application."""
    app.cli.add_command(simulate_command)
    app.cli.add_command(token_command)


@click.command("simulate")
@click.option("--rows", type=click.IntRange(1, 10_000_000), required=True, help="Number of rows.")
@click.option(
    "--seed", type=click.IntRange(0), required=True, help="The same seed gives the same rows."
)
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="The file to write."
)
def simulate_command(rows: int, seed: int, output: Path | None) -> None:
    """Write a simulated catalogue as CSV to standard output or to a file."""
    table = simulate(rows, seed)
    if output is None:
        write_csv(table, seed, sys.stdout)
    else:
        try:
            with output.open("w", encoding="utf-8", newline="\n") as stream:
                write_csv(table, seed, stream)
        except OSError as error:
            raise click.ClickException(
                f"{output} could not be written, what is there is not whole: {error.strerror}"
            ) from error
        click.echo(f"{len(table):,} simulated rows: {output}")


@click.command("token")
@click.argument("user", default=ADMINISTRATOR)
@with_appcontext
def token_command(user: str) -> None:
    """Create a token for USER (default: the administrator) and print it. Stop the server first."""
    from backend.storage.lock import CannotStart, data_folder_lock

    services = services_of(current_app)
    try:
        with data_folder_lock(services.settings.data_dir):
            try:
                ensure_administrator(services.database, services.settings)
                with services.database.write() as connection:
                    found = accounts.find_user(connection, user)
                    if found is None:
                        raise click.ClickException(
                            f"there is no user {user!r}; the administrator creates users with "
                            "POST /api/tokens"
                        )
                    secret, _ = new_token(connection, found)
            finally:
                services.database.close()  # or the next start would miss the log
    except CannotStart as error:
        raise click.ClickException(f"stop the server first: {error}") from error
    click.echo(secret)
