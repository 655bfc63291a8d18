"""Waiting returns meet their sales, at the end of every import.

A return that names an order takes from it, once the order is there. One that names none takes from the customer's
latest sale of the same article at the same price, at or before its own time, and from earlier ones for what
remains. No line gives back more than it has; what finds no sale waits, and is tried again by each later import.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, NamedTuple

from retainctl.shop.orders_import.booking import RETURN_COLUMNS
from retainctl.store import dialect
from retainctl.store.database import execute_many, rows

BATCH_SIZE: Final = 500


class Waiting(NamedTuple):
    """A return, or the part of one, that has no sale yet."""

    id: int
    source: str
    external_id: str
    line_no: int
    customer_id: int | None
    named_order: str | None
    order_line_no: int | None
    product_id: int | None
    unit_price: str
    quantity_thousandths: int
    amount_minor: int
    currency: str
    returned_at: int


@dataclass(slots=True)
class _Sale:
    """A sale line and what of it was not returned yet."""

    order_id: int
    line_no: int
    product_id: int | None
    unit_price: str
    ordered_at: int
    quantity_thousandths: int
    amount_minor: int


class Taken(NamedTuple):
    """A part of a return and the line it takes from; none for what is still waiting, or for money alone."""

    order_id: int | None
    line_no: int | None
    quantity_thousandths: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Attached:
    """What became of the waiting returns: the customers whose figures changed, and returns that cannot be right.

    With each stands why: ``return_larger_than_order``, or ``mixed_currency``.
    """

    customers: set[int]
    refused: list[tuple[Waiting, str]]


_WAITING = (
    "SELECT r.id, r.source, r.external_id, r.line_no, r.customer_id, r.named_order, r.order_line_no, r.product_id,"
    " r.unit_price, r.quantity_thousandths, r.amount_minor, r.currency, r.returned_at"
)


def attach_named(source: str) -> Attached:
    """Attach the returns of *source* that name an order which is there by now."""
    customers: set[int] = set()
    refused: list[tuple[Waiting, str]] = []
    named = rows(
        f"""{_WAITING}, o.currency, o.id, o.customer_id, o.gross_minor + o.shipping_minor + o.tax_minor
            FROM order_returns AS r JOIN orders AS o ON o.source = r.source AND o.external_id = r.named_order
            WHERE r.order_id IS NULL AND r.source = ?
            ORDER BY r.returned_at, r.external_id, r.line_no, r.part_no""",
        source,
    )
    if not named:
        return Attached(customers, refused)
    sales = _by(_sales("o.id", sorted({row[-3] for row in named})), "order_id")
    left = _left_of_orders({row[-3]: int(row[-1]) for row in named})
    booked: list[tuple[Waiting, int | None, list[Taken]]] = []
    for row in named:
        waiting, (currency, order_id, owner, _total) = Waiting(*row[:-4]), row[-4:]
        if waiting.currency != currency:
            refused.append((waiting, "mixed_currency"))
            continue
        taken = _take_named(waiting, sales.get(order_id, []), order_id=order_id)
        if taken is None or waiting.amount_minor > left[order_id]:
            refused.append((waiting, "return_larger_than_order"))
            continue
        left[order_id] -= waiting.amount_minor
        customer = waiting.customer_id if waiting.customer_id is not None else owner
        booked.append((waiting, customer, taken))
        if customer is not None:
            customers.add(customer)
    _book(booked)
    return Attached(customers, refused)


def _take_named(waiting: Waiting, sales: list[_Sale], *, order_id: int) -> list[Taken] | None:
    """From which lines of the order a return takes; None when they do not hold that much."""
    if waiting.quantity_thousandths == 0 or (waiting.product_id is None and waiting.order_line_no is None):
        return [Taken(order_id, None, waiting.quantity_thousandths, waiting.amount_minor)]
    if waiting.order_line_no is not None:
        fitting = [sale for sale in sales if sale.line_no == waiting.order_line_no]
    else:
        fitting = [sale for sale in sales if sale.product_id == waiting.product_id]
        fitting.sort(key=lambda sale: (sale.unit_price != waiting.unit_price, sale.line_no))
    if sum(sale.quantity_thousandths for sale in fitting) < waiting.quantity_thousandths:
        return None
    return _take(waiting, fitting)


def attach_unnamed(customer_ids: Iterable[int]) -> None:
    """Attach the waiting returns of *customer_ids* that name no order."""
    every = iter(customer_ids)
    while some := list(islice(every, BATCH_SIZE)):
        condition, bound = dialect.one_of(some)
        waiting = [
            Waiting(*row)
            for row in rows(
                f"""{_WAITING} FROM order_returns AS r
                    WHERE r.order_id IS NULL AND r.named_order IS NULL AND r.customer_id {condition}
                    ORDER BY r.customer_id, r.returned_at, r.external_id, r.line_no, r.part_no""",
                bound,
            )
        ]
        if not waiting:
            continue
        sales = _sales("o.customer_id", sorted({one.customer_id for one in waiting if one.customer_id is not None}))
        _book(list(_matched(waiting, sales)))


def _matched(
    waiting: Sequence[Waiting], sales: Sequence[tuple[_Sale, int | None, str]]
) -> Iterator[tuple[Waiting, int | None, list[Taken]]]:
    fitting: dict[tuple[Any, ...], list[_Sale]] = {}
    for sale, customer, currency in sales:
        fitting.setdefault((customer, sale.product_id, sale.unit_price, currency), []).append(sale)
    for one in waiting:
        own = fitting.get((one.customer_id, one.product_id, one.unit_price, one.currency), [])
        earlier = [sale for sale in own if sale.quantity_thousandths and sale.ordered_at <= one.returned_at]
        if earlier:
            yield one, one.customer_id, _take(one, earlier)


def _take(waiting: Waiting, sales: Iterable[_Sale]) -> list[Taken]:
    """Share a return out over *sales* in their order; what they do not hold stays without a sale."""
    parts: list[Taken] = []
    quantity, amount = waiting.quantity_thousandths, waiting.amount_minor
    for sale in sales:
        if quantity == 0:
            break
        part = min(quantity, sale.quantity_thousandths)
        if part == 0:
            continue
        share = amount if part == quantity else amount * part // quantity
        parts.append(Taken(sale.order_id, sale.line_no, part, share))
        sale.quantity_thousandths -= part
        quantity -= part
        amount -= share
    if quantity:
        parts.append(Taken(None, None, quantity, amount))
    return parts


def _sales(column: str, ids: list[int]) -> list[tuple[_Sale, int | None, str]]:
    """The sale lines of some orders or customers, latest first, less what was returned of each."""
    condition, bound = dialect.one_of(ids)
    return [
        (_Sale(order, line, product, price, at, quantity - int(back), amount), customer, currency)
        for order, line, product, price, at, quantity, amount, customer, currency, back in rows(
            f"""SELECT o.id, l.line_no, l.product_id, l.unit_price, o.ordered_at,
                    l.quantity_thousandths, l.amount_minor,
                    o.customer_id, o.currency,
                    COALESCE((SELECT SUM(b.quantity_thousandths) FROM order_returns AS b
                        WHERE b.order_id = l.order_id AND b.order_line_no = l.line_no), 0)
                FROM orders AS o JOIN order_lines AS l ON l.order_id = o.id
                WHERE l.kind = 'sale' AND {column} {condition}
                ORDER BY o.ordered_at DESC, o.source, o.external_id DESC, l.line_no""",
            bound,
        )
    ]


def _by(sales: Iterable[tuple[_Sale, int | None, str]], name: str) -> dict[int, list[_Sale]]:
    grouped: dict[int, list[_Sale]] = {}
    for sale, _, _ in sales:
        grouped.setdefault(getattr(sale, name), []).append(sale)
    return grouped


def _left_of_orders(totals: dict[int, int]) -> dict[int, int]:
    """How much money of each order was not returned yet."""
    condition, bound = dialect.one_of(sorted(totals))
    back = dict(
        rows(
            f"SELECT order_id, SUM(amount_minor) FROM order_returns WHERE order_id {condition} GROUP BY order_id", bound
        )
    )
    return {order_id: total - int(back.get(order_id, 0)) for order_id, total in totals.items()}


def _book(booked: Sequence[tuple[Waiting, int | None, list[Taken]]]) -> None:
    """Write which lines the returns were taken from; the orders are a version further on."""
    changed, added, orders = [], [], set()
    for waiting, customer, taken in booked:
        own, *others = taken
        changed.append((customer, own.order_id, own.line_no, own.quantity_thousandths, own.amount_minor, waiting.id))
        added += [(part, one, customer, waiting.id) for part, one in enumerate(others, 1)]
        orders |= {one.order_id for one in taken if one.order_id is not None}
    execute_many(
        "UPDATE order_returns SET customer_id = ?, order_id = ?, order_line_no = ?, quantity_thousandths = ?,"
        " amount_minor = ?"
        " WHERE id = ?",
        changed,
    )
    copied = ", ".join(RETURN_COLUMNS)
    replaced = {
        "part_no": "(SELECT MAX(p.part_no) + 1 FROM order_returns AS p WHERE p.source = r.source"
        " AND p.external_id = r.external_id AND p.line_no = r.line_no)",
        **dict.fromkeys(
            ("customer_id", "order_id", "order_line_no", "quantity_thousandths", "amount_minor"), "CAST(? AS BIGINT)"
        ),
    }
    picked = ", ".join(replaced.get(name, f"r.{name}") for name in RETURN_COLUMNS)
    execute_many(
        f"INSERT INTO order_returns ({copied}) SELECT {picked} FROM order_returns AS r WHERE r.id = ?",
        [
            (customer, one.order_id, one.line_no, one.quantity_thousandths, one.amount_minor, waiting_id)
            for _, one, customer, waiting_id in added
        ],
    )
    execute_many("UPDATE orders SET version = version + 1 WHERE id = ?", [(one,) for one in sorted(orders)])
