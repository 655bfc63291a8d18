"""``retainctl points``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from retainctl.terminal import (
    DAY,
    Group,
    columns_option,
    conclude,
    note,
    opened_shop,
    progress,
    recorded,
    show,
    yes_clock,
)

from .importing import import_verb

points = Group("points", help="Award, redeem, expire and explain points; check the ledger.")

_reason = click.option("--reason", required=True, help="The reason, in words that the customer may see.")
_source = click.option(
    "--source", required=True, help='A unique reference, booked only once: "order:1042". No personal data.'
)


import_verb(
    points,
    "retainctl.club.points_import:import_points",
    about="Import points from FILE..., one customer per row: points to add, or the balance that each is to have.",
    example='retainctl points import balances.csv --mode set --source smile --reason "Moved from our old club"',
    options=(
        click.option(
            "--mode",
            type=click.Choice(["add", "set"]),
            required=True,
            help="Add the points of each row, or make them the balance.",
        ),
        click.option("--reason", default="", metavar="TEXT", help="The reason for rows that state none."),
        click.option(
            "--source",
            default="",
            metavar="NAME",
            help="The program or list that the points come from; a list adds each of its rows once.",
        ),
    ),
)


@points.command()
@click.option("--dry-run", is_flag=True, help="Show what would be booked, but book nothing.")
@yes_clock
def award(dry_run: bool, trust_clock: bool) -> None:
    """Award the points that orders earned, and take back the points of returned goods.

    \b
      retainctl points award
    """
    from retainctl.club.awarding import AwardRun, award

    with (
        opened_shop(trust_clock=trust_clock) as shop,
        recorded(shop, "points award", dry_run=dry_run) as keep,
        progress("Awarding orders") as advance,
    ):
        done = keep(award(shop, dry_run=dry_run, advance=advance))
    conclude(done, row_type=AwardRun)


def _booking_verb(name: str, promise: str, example: str, *, reason: Callable[..., Any] = _reason) -> None:
    """Give the group the verb *name*, by which the engine's function of that name books points of a customer."""

    @points.command(name, help=f"{promise}\n\n\b\n  retainctl points {name} {example}")
    @click.argument("customer")
    @click.argument("points", type=click.IntRange(min=1))
    @_source
    @reason
    @yes_clock
    def book(customer: str, points: int, source: str, reason: str, trust_clock: bool) -> None:
        from retainctl.club import spending
        from retainctl.shop.customers import find_customer

        with opened_shop(trust_clock=trust_clock) as shop:
            customer_id = find_customer(shop, customer)
            booking = getattr(spending, name)(shop, customer_id, points, source=source, reason=reason)
            show([booking], row_type=spending.PointsBooking)


_booking_verb(
    "redeem",
    "Redeem POINTS of CUSTOMER, first to expire first; all or nothing.",
    "dana@example.com 250 --source basket:7781",
    reason=click.option("--reason", default="", help="The reason, in words that the customer may see."),
)
_booking_verb("add", "Add POINTS to CUSTOMER by hand.", '17 500 --source complaint:88 --reason "Sorry for the delay"')
_booking_verb(
    "take",
    "Take POINTS from CUSTOMER by hand; all or nothing.",
    '17 500 --source mistake:88 --reason "Given twice"',
)


@points.command()
@click.option("--dry-run", is_flag=True, help="Show what would expire, but book nothing.")
@yes_clock
def expire(dry_run: bool, trust_clock: bool) -> None:
    """Expire points whose last day is over; late or missed runs give the same result.

    \b
      retainctl points expire
    """
    from retainctl.club import expiry
    from retainctl.result import Result

    with (
        opened_shop(trust_clock=trust_clock) as shop,
        recorded(shop, "points expire", dry_run=dry_run) as keep,
        progress("Expiring lots") as advance,
    ):
        done = keep(Result((expiry.expire(shop, dry_run=dry_run, advance=advance),)))
    conclude(done, row_type=expiry.ExpiryRun)


@points.command()
@click.argument("customer", required=False)
@columns_option
def balance(customer: str | None) -> None:
    """Show what CUSTOMER can spend, what is pending and what is owed; without CUSTOMER, for everyone.

    \b
      retainctl points balance dana@example.com
    """
    from retainctl.club.balances import Balance, balance_rows
    from retainctl.shop.customers import find_customer

    with opened_shop() as shop:
        show(balance_rows(shop, None if customer is None else [find_customer(shop, customer)]), row_type=Balance)


@points.command()
@click.argument("customer")
@click.option("--from", "first_day", type=DAY, help="The first day: 2025-01-01.")
@click.option("--to", "last_day", type=DAY, help="The last day: 2025-12-31.")
@columns_option
def statement(customer: str, first_day: datetime | None, last_day: datetime | None) -> None:
    """Show the statement of CUSTOMER: opening balance, each movement, closing balance.

    \b
      retainctl points statement dana@example.com --from 2025-01-01 --to 2025-12-31
    """
    from retainctl.club.statement import StatementLine, statement
    from retainctl.shop.customers import find_customer

    with opened_shop() as shop:
        lines = statement(
            shop,
            find_customer(shop, customer),
            first_day=first_day.date() if first_day else None,
            last_day=last_day.date() if last_day else None,
        )
        show(lines, row_type=StatementLine)


@points.command()
@click.argument("customer", required=False)
@click.option("--order", help="Explain only this order: web:1042.")
@columns_option
def explain(customer: str | None, order: str | None) -> None:
    """Explain the points of CUSTOMER or of one order: rule, version, line, arithmetic.

    \b
      retainctl points explain --order web:1042
    """
    from retainctl.club import explaining
    from retainctl.shop.customers import find_customer

    if (customer is None) == (order is None):
        raise click.UsageError("Give either CUSTOMER or --order.")
    with opened_shop() as shop:
        if order is not None:
            steps = explaining.explain_order(shop, explaining.order_id_of(order))
        else:
            steps = explaining.explain_customer(shop, find_customer(shop, str(customer)))
        show(steps, row_type=explaining.Explanation)


@points.command()
@click.option(
    "--heads",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Compare the ledger with the heads of earlier days in FILE, and add today's.",
)
@click.option("--ledger", is_flag=True, help="Check the ledger alone, and not whether club.toml is what it was.")
def check(heads: Path | None, ledger: bool) -> None:
    """Check the ledger, and the terms that points were booked by; print nothing when both are right.

    \b
      retainctl points check --heads points.heads
    """
    from retainctl.club.chain_heads import compare_heads
    from retainctl.club.checking import check, check_ledger

    with opened_shop() as shop:
        (check_ledger if ledger else check)(shop)
        if heads:
            compare_heads(shop, heads)
        note("no errors found in the ledger")
