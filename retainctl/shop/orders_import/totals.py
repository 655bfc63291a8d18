"""An order's sums: discounts spread over its lines, totals held against them, and what was refunded of it."""

from __future__ import annotations

from retainctl.intake.cells import RowError
from retainctl.shop.orders_import.documents import Document, OrderValues, Return


def full_return(document: Document, *, at: int) -> list[Return]:
    """The return of every sale line of *document*."""
    return [
        Return(
            place,
            line.article,
            line.quantity,
            line.unit_price,
            line.amount_minor,
            document.currency,
            at,
            document.external_id,
            place,
        )
        for place, line in enumerate(document.lines, 1)
        if line.kind == "sale"
    ]


def refund(document: Document, refunded_minor: int, *, at: int, column: str) -> None:
    """Give back *refunded_minor* of an order: all of its lines, or money of the whole where it is less."""
    whole = document.gross_minor + _others(document)
    if refunded_minor < 0 or refunded_minor > whole + document.tax_minor + len(document.lines):
        raise RowError(column, "return_larger_than_order", "more was refunded than the order was")
    if refunded_minor >= document.gross_minor:
        document.returns = full_return(document, at=at)
    elif refunded_minor:
        document.returns = [Return(1, None, 0, "", refunded_minor, document.currency, at, document.external_id)]


def spread_discount(document: Document, discount_minor: int) -> None:
    """Take a discount of the whole order from its sale lines, by their amounts, to the last minor unit."""
    places = [place for place, line in enumerate(document.lines) if line.kind == "sale" and line.amount_minor]
    gross = document.gross_minor
    if not 0 < discount_minor <= gross:
        return
    shares = {place: document.lines[place].amount_minor * discount_minor for place in places}
    whole = {place: share // gross for place, share in shares.items()}
    left = discount_minor - sum(whole.values())
    for place in sorted(places, key=lambda one: (-(shares[one] % gross), one))[:left]:
        whole[place] += 1
    for place, share in whole.items():
        line = document.lines[place]
        document.lines[place] = line._replace(
            amount_minor=line.amount_minor - share, discount_minor=line.discount_minor + share
        )


def check_total(values: OrderValues, document: Document) -> None:
    """RowError where the stated total is not the lines with shipping, with or without tax: a minor unit a line."""
    total = document.stated.get("total", "")
    if not total.strip():
        return
    stated = values.money(total, document.currency, "total")
    lines = document.gross_minor
    others = _others(document)
    ways = {lines, lines + others, lines + document.tax_minor, lines + others + document.tax_minor}
    if min(abs(stated - way) for way in ways) > max(len(document.lines), 1):
        raise RowError("total", "bad_total", f"the total {total} is not the sum of the lines")


def _others(document: Document) -> int:
    """Shipping, fees and tips."""
    return document.shipping_minor + sum(line.amount_minor for line in document.lines if line.kind != "sale")
