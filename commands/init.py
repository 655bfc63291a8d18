"""``retainctl init``."""

from __future__ import annotations

from pathlib import Path

import click

from retainctl.terminal import Command, choices, note


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
def init(folder: Path, name: str, language: str, currency: str, timezone: str, country: str | None) -> None:
    """Create a shop folder at DIR, with its settings and an empty database.

    \b
      retainctl init myshop --language he --currency ILS --timezone Asia/Jerusalem
    """
    from retainctl.club.terms import write_first_file
    from retainctl.config import init_folder
    from retainctl.shop.opening import opened

    if country is None:
        country = "IL" if timezone == "Asia/Jerusalem" else ""
    init_folder(folder, name=name, language=language, currency=currency, timezone=timezone, country=country)
    write_first_file(folder, currency=currency)
    with opened(str(folder), now=choices().now, migrate=True):
        note(
            f"created the shop {folder}. Edit {folder}/retainctl.toml, then: "
            f"retainctl --shop {folder} orders import FILE"
        )
