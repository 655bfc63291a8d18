"""``retainctl orders``: bring orders in, and look at what came."""

from __future__ import annotations

from pathlib import Path

import click

from retainctl.terminal import Command, Group, note, opened_shop, say, show


@click.group("orders", cls=Group)
def orders() -> None:
    """Bring orders in, and look at them."""


@orders.command("import", cls=Command)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--from", "format_", default="", metavar="FORMAT", help="Their format; else it is found by the header.")
@click.option("--source", default="", metavar="NAME", help="The shop they come from; else the format's name.")
@click.option(
    "--mapping", type=click.Path(path_type=Path, dir_okay=False), help="A TOML file that says what the columns mean."
)
@click.option("--encoding", default="", help="How the text is encoded, when not UTF-8: cp1255.")
@click.option("--delimiter", default="", metavar="MARK", help="What parts the columns; else it is found.")
@click.option("--currency", default="", metavar="CODE", help="The currency of rows that name none.")
@click.option(
    "--consent-evidence", default="", metavar="TEXT",
    help='What proves that "Accepts Marketing" was asked for; without it the column counts for nothing.',
)  # fmt: skip
@click.option("--again", is_flag=True, help="Compare every row of files that were imported already.")
@click.option("--dry-run", is_flag=True, help="Do everything, report it, and write nothing.")
@click.option("--strict", is_flag=True, help="Write nothing at all when one row is bad.")
def import_(
    files: tuple[str, ...], format_: str, source: str, mapping: Path | None, encoding: str, delimiter: str,
    currency: str, consent_evidence: str, again: bool, dry_run: bool, strict: bool,
) -> None:  # fmt: skip
    """Import orders from FILE..., plain or .gz; - is the standard input.

    \b
      retainctl orders import orders_export.csv.gz --from shopify
    """
    from retainctl.errors import DoneInPart
    from retainctl.output import progress
    from retainctl.shop.importing.orders import Imported, Options, import_orders

    options = Options(
        format_, source, mapping, encoding, delimiter.replace("\\t", "\t"), currency, consent_evidence, again, dry_run,
        strict,
    )  # fmt: skip
    outcomes = []
    with opened_shop() as shop:
        try:
            for name in files:
                with progress(f"Importing {name}") as advance:
                    outcomes.append(import_orders(shop, name, options, progress=advance))
                for sentence in outcomes[-1].notes:
                    note(sentence)
        finally:
            show([outcome.row for outcome in outcomes], row_type=Imported)
    bad = [held for outcome in outcomes for held in outcome.quarantined]
    for held in bad[:10]:
        say(f"line {held.origin.line}, {held.column or 'row'}: {held.message} ({held.code})")
    if bad:
        raise DoneInPart(f"{len(bad)} rows were quarantined", hint="Look at them: retainctl orders quarantine list")
