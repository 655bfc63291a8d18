"""``retainctl init``."""

from __future__ import annotations

import shlex
from pathlib import Path

import click
from click.core import ParameterSource

from retainctl.terminal import Command, choices, note, say


@click.command(cls=Command)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), metavar="DIR")
@click.option("--name", default="", help="The shop's name as customers see it; default: the folder's name.")
@click.option(
    "--language",
    type=click.Choice(["he", "en"]),
    default="en",
    show_default=True,
    help="The language of the shop's customers.",
)
@click.option("--currency", default="ILS", show_default=True, help="An ISO 4217 code.")
@click.option("--timezone", default="Asia/Jerusalem", show_default=True, help="An IANA time zone.")
@click.option("--country", help='The country whose law applies, such as IL; default: "IL" in Asia/Jerusalem.')
@click.option(
    "--database",
    default="sqlite:retain.db",
    show_default=True,
    metavar="URL",
    help="sqlite:FILE in the folder, or postgresql://… without a password.",
)
def init(
    folder: Path, name: str, language: str, currency: str, timezone: str, country: str | None, database: str
) -> None:
    """Create a shop folder at DIR, with its settings and an empty database.

    It says which currency, time zone, language and law it took, to scripts too where one of them was not given;
    retainctl.toml has them.

    \b
      retainctl init myshop --language he --currency ILS --timezone Asia/Jerusalem
      retainctl init myshop --database postgresql://shop@db.example.com/shop
    """
    from retainctl.club.terms import write_first_file
    from retainctl.config import init_folder, read_shop
    from retainctl.shop.opening import opened

    if country is None:
        country = "IL" if timezone in ("Asia/Jerusalem", "Asia/Tel_Aviv", "Israel") else ""
    path = init_folder(
        folder, name=name, language=language, currency=currency, timezone=timezone, country=country, database=database
    )  # fmt: skip
    settings = read_shop(str(folder)).settings
    write_first_file(folder, currency=settings.currency)
    source = click.get_current_context().get_parameter_source
    is_guessed = ParameterSource.DEFAULT in map(source, ("language", "currency", "timezone"))
    with opened(str(folder), now=choices().now, migrate=True):
        law = f"the law of {settings.country}" if settings.country else "no country's law"
        (say if is_guessed and not choices().quiet else note)(
            f"created the shop {folder}: {settings.currency}, {settings.timezone}, language {settings.language}, {law}."
            f" Edit {path}, then: retainctl --shop {shlex.quote(str(folder))} orders import FILE"
        )
