"""``retainctl segments``."""

from __future__ import annotations

from pathlib import Path

import click

from retainctl.terminal import (
    Group,
    choices,
    columns_option,
    composed,
    conclude,
    note,
    opened_shop,
    output_option,
    recorded,
    show,
    show_text,
)

from .definitions import definition_verbs

segments = Group("segments", help="Define customer segments and keep them up to date.")


@segments.command()
@click.argument("name", type=composed)
@click.argument("expression")
@click.option("--description", default="", help="What the segment is for.")
def create(name: str, expression: str, description: str) -> None:
    """Create segments/NAME.toml and find its members.

    \b
      retainctl segments create lapsed 'orders >= 5 and last_order before 90 days ago'

    \b
    Numbers    orders, points (available now): = != < <= > >= between 1 and 5
    Money      spent, returned, average_order, in major units: spent >= 200.50
    Days       first_order, last_order: before, after, since, on 2025-03-01, today, 90 days ago
    Text       first_name, last_name, language, email_domain: = != in (he, en)
    Known      email is known, phone is missing, last_order is known
    Bought     bought category "Coffee" at least 2 times since 6 months ago; product, brand, anything
    And        consented marketing, in segment NAME, and, or, not, ( )
    """
    from retainctl.audience import segments as engine

    with opened_shop() as shop:
        show([engine.create(shop, name, expression, description=description)], row_type=engine.Refreshed)
        note(f"Edit it in {shop.folder}/segments/{name}.toml. To see its SQL: retainctl segments explain {name}")


@segments.command("list")
@columns_option
def list_segments() -> None:
    """List the segments with their members at the last refresh."""
    from retainctl.audience import segments as engine

    with opened_shop() as shop:
        show(engine.list_segments(shop), row_type=engine.SegmentRow)


@segments.command()
@click.argument("name", nargs=-1, type=composed)
def refresh(name: tuple[str, ...]) -> None:
    """Update the members of the segments NAME, or of all segments.

    \b
      retainctl segments refresh loyal lapsed
    """
    from retainctl.audience import segments as engine

    with opened_shop() as shop, recorded(shop, "segments refresh") as keep:
        done = keep(engine.refresh_each(shop, name))
    conclude(done, row_type=engine.Refreshed)


@segments.command("show")
@click.argument("name", type=composed)
@click.option("--changes", is_flag=True, help="Show who joined and who left, latest first.")
@columns_option
def show_members(name: str, changes: bool) -> None:
    """Show the members of the segment NAME.

    \b
      retainctl segments show loyal --changes
    """
    from retainctl.audience import members as engine

    with opened_shop() as shop:
        if changes:
            show(engine.changes(shop, name), row_type=engine.Change)
        else:
            show(engine.members(shop, name), row_type=engine.Member)


@segments.command()
@click.argument("name", type=composed)
def count(name: str) -> None:
    """Print the number of members of the segment NAME, and nothing else.

    \b
      test "$(retainctl segments count loyal)" -gt 100
    """
    from retainctl.audience import members as engine
    from retainctl.output import is_json

    with opened_shop() as shop:
        found = engine.count(shop, name)
    if is_json(choices().form):
        show([engine.Count(name, found)], row_type=engine.Count)
    else:
        show_text(f"{found}\n")


@segments.command()
@click.argument("name", type=composed)
@columns_option
def explain(name: str) -> None:
    """Show the SQL of the segment NAME, and how many customers are left after each "and".

    \b
      retainctl segments explain lapsed
    """
    from retainctl.audience import explaining as engine

    with opened_shop() as shop:
        show(engine.explain(shop, name), row_type=engine.Step)


@segments.command()
@click.argument("name", type=composed)
@output_option
@columns_option
def export(name: str, output: Path | None) -> None:
    """Export the members of the segment NAME with their addresses.

    \b
      retainctl segments export loyal --format csv --output loyal.csv
    """
    from retainctl.audience import members as engine

    with opened_shop(output=output) as shop:
        show(engine.export(shop, name), row_type=engine.Reachable, path=output)


definition_verbs(segments, "segment")
