"""All orders of one shop as one CSV, a row a line and a row a return, which ``orders import`` reads again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Any, BinaryIO, Final

from retainctl.config import Shop
from retainctl.errors import WrongUsage
from retainctl.money import round_to_minor, to_major
from retainctl.spreadsheets import ListForm, write_list
from retainctl.store.database import rows
from retainctl.store.dialect import streamed

HEADER: Final = (
    "order_id", "refund_of", "ordered_at", "updated_at", "status", "customer_id", "email", "phone", "first_name",
    "last_name", "currency", "shipping", "tax", "line_kind", "sku", "product", "category", "quantity", "unit_price",
    "discount", "line_total",
)  # fmt: skip


def export_orders(
    shop: Shop, file: BinaryIO, *, source: str = "", form: ListForm = "csv", for_excel: bool = False
) -> int:
    """Write the orders that came from *source*, oldest first, to *file* as ``write_list`` does; the number of lines.

    WrongUsage where orders came from several shops and none is named: their numbers may be the same.
    """
    known = [one for (one,) in rows("SELECT DISTINCT source FROM orders ORDER BY source")]
    if source and source not in known:
        raise WrongUsage(f"no orders came from {source}", hint=f"They came from: {', '.join(known) or 'nowhere'}.")
    if not source and len(known) > 1:
        raise WrongUsage(
            "orders came from several shops", hint=f"Name one: --source {known[0]}. All: {', '.join(known)}."
        )
    return write_list(
        file, HEADER, _lines(shop, source or "".join(known)), kind="order_export", form=form, for_excel=for_excel
    )


_ADDRESS: Final = (
    "(SELECT p.value FROM contact_points AS p WHERE p.customer_id = o.customer_id AND p.kind = '{kind}'"
    " ORDER BY p.id LIMIT 1)"
)
_ORDERS: Final = f"""SELECT o.id, o.external_id, o.ordered_at, o.source_updated_at, o.status,
        (SELECT MIN(k.external_id) FROM customer_keys AS k WHERE k.customer_id = o.customer_id AND k.source = o.source),
        {_ADDRESS.format(kind="email")}, {_ADDRESS.format(kind="phone")}, c.first_name, c.last_name, o.currency,
        o.shipping_minor, o.tax_minor, l.kind, a.sku, a.name, a.category, l.quantity_thousandths, l.unit_price,
        l.discount_minor, l.amount_minor
    FROM orders AS o JOIN order_lines AS l ON l.order_id = o.id
        LEFT JOIN customers AS c ON c.id = o.customer_id LEFT JOIN products AS a ON a.id = l.product_id
    WHERE o.source = ? ORDER BY o.ordered_at, o.id, l.line_no"""
_RETURNS: Final = """SELECT r.external_id, COALESCE(o.external_id, r.named_order, ''), r.returned_at, r.currency, a.sku,
        a.name, a.category, r.quantity_thousandths, r.unit_price, r.amount_minor
    FROM order_returns AS r LEFT JOIN orders AS o ON o.id = r.order_id LEFT JOIN products AS a ON a.id = r.product_id
    WHERE r.source = ? AND ({own}) ORDER BY r.external_id, r.line_no, r.part_no"""


def _lines(shop: Shop, source: str) -> Iterator[list[Any]]:
    """Each order's lines with its own returns behind them, and at the end the returns that stand alone."""
    own: dict[str, list[tuple[Any, ...]]] = {}
    of_an_order = "EXISTS (SELECT 1 FROM orders AS w WHERE w.source = r.source AND w.external_id = r.external_id)"
    for row in rows(_RETURNS.format(own=of_an_order), source):
        own.setdefault(row[0], []).append(row)
    for _, lines in groupby(streamed(_ORDERS, source), key=itemgetter(0)):
        for number, (_, order, at, updated, status, *buyer, currency, shipping, tax, kind, sku, name, category, pieces,
                     price, less, amount) in enumerate(lines):  # fmt: skip
            first = number == 0
            yield [
                order, "", shop.clock.iso(at), "" if updated is None else shop.clock.iso(updated), status, *buyer,
                currency, *(to_major(one, currency) if first else "" for one in (shipping, tax)), kind, sku, name,
                category, _pieces(pieces), _unmistakable(price), to_major(less, currency), to_major(amount, currency),
            ]  # fmt: skip
        for row in own.get(order, ()):
            yield _return(shop, row)
    for row in rows(_RETURNS.format(own=f"NOT {of_an_order}"), source):
        yield _return(shop, row)


def _return(shop: Shop, row: tuple[Any, ...]) -> list[Any]:
    number, order, at, currency, sku, name, category, pieces, price, amount = row
    # What came back was worth its price less its share of the discount, which stands in the order alone.
    less = round_to_minor(Decimal(price) * _pieces(pieces), currency) - amount if price else 0
    return [
        number, order, shop.clock.iso(at), "", "refunded", *[""] * 5, currency, "", "", "sale", sku, name, category,
        -_pieces(pieces), _unmistakable(price), to_major(less, currency) if less > 0 else "",
        to_major(amount, currency),
    ]  # fmt: skip


def _pieces(thousandths: int) -> Decimal:
    """As a number, which no spreadsheet takes for a formula, and without an exponent."""
    return Decimal(_unmistakable(f"{Decimal(thousandths).scaleb(-3).normalize():f}"))


def _unmistakable(number: str) -> str:
    """*number*, whose three decimals might be taken for thousands, with a fourth one."""
    return f"{number}0" if re.fullmatch(r".*\.\d{3}", number) else number
