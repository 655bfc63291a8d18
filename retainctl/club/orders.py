"""What awarding reads: orders whose award is due, their lines, their returns, and what they were awarded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

from retainctl.club.earning import EarningLine
from retainctl.store.database import rows
from retainctl.store.dialect import one_of

IDS_PER_QUERY = 500


class Order(NamedTuple):
    """An order whose award is missing or of another version; the last four say what was awarded."""

    id: int
    customer_id: int | None
    version: int
    ordered_at: int
    order_day: int
    is_sale: int
    currency: str
    account_id: int | None
    terms_version: int | None
    awarded_currency: str | None
    points: int | None


class AwardedLine(NamedTuple):
    """A row of ``awarded_lines``."""

    order_id: int
    line_no: int
    amount_minor: int
    points: int
    product_id: int | None
    category: str


@dataclass(slots=True)
class CameBack:
    """What came back of an order: by line (None: of no line that is known), and when last."""

    amounts: dict[int | None, int] = field(default_factory=dict)
    last_at: int = 0


def due_orders(*, after: int, until: int, limit: int) -> list[Order]:
    """The first *limit* orders with an id above *after* whose award is due, of those placed by the time *until*."""
    return [*map(Order._make, rows(_DUE, after, until, limit))]


_DUE = """
    SELECT o.id, o.customer_id, o.version, o.ordered_at, o.order_day, o.is_sale, o.currency,
        a.account_id, a.terms_version, a.currency, a.points
    FROM orders AS o LEFT JOIN awards AS a ON a.order_id = o.id
    WHERE o.id > ? AND o.ordered_at <= ?
        AND ((a.order_id IS NULL AND o.is_sale = 1 AND o.customer_id IS NOT NULL) OR a.order_version <> o.version)
    ORDER BY o.id LIMIT ?
"""


def lines_of(order_ids: Sequence[int]) -> dict[int, list[EarningLine]]:
    """The lines of each order that sell something, in their order."""
    query = """
        SELECT l.order_id, l.line_no, l.amount_minor, COALESCE(p.category, ''), l.product_id
        FROM order_lines AS l LEFT JOIN products AS p ON p.id = l.product_id
        WHERE l.order_id {among} AND l.kind = 'sale' ORDER BY l.order_id, l.line_no
    """
    return {
        order_id: [EarningLine(*line[1:]) for line in group]
        for order_id, group in groupby(_each(query, order_ids), key=itemgetter(0))
    }


def awarded_lines_of(order_ids: Sequence[int]) -> dict[int, list[AwardedLine]]:
    """What the lines of each order were awarded."""
    query = """
        SELECT order_id, line_no, amount_minor, points, product_id, category FROM awarded_lines
        WHERE order_id {among} ORDER BY order_id, line_no
    """
    lines = map(AwardedLine._make, _each(query, order_ids))
    return {order_id: [*group] for order_id, group in groupby(lines, key=attrgetter("order_id"))}


def returned_of(order_ids: Sequence[int]) -> dict[int, CameBack]:
    """What came back of each order."""
    query = """
        SELECT order_id, order_line_no, SUM(amount_minor), MAX(returned_at) FROM order_returns
        WHERE order_id {among} GROUP BY order_id, order_line_no
    """
    returned: dict[int, CameBack] = {}
    for order_id, line_no, amount, last_at in _each(query, order_ids):
        one = returned.setdefault(order_id, CameBack())
        one.amounts[line_no] = int(amount)
        one.last_at = max(one.last_at, last_at)
    return returned


def owners_of(account_ids: set[int]) -> set[int]:
    """Whose the accounts are."""
    query = "SELECT customer_id FROM accounts WHERE id {among} AND customer_id IS NOT NULL"
    return {row[0] for row in _each(query, sorted(account_ids))}


def _each(query: str, ids: Sequence[int]) -> Iterator[tuple[Any, ...]]:
    """The rows of *query* for all *ids*, which ascend, some hundreds at a time; ``{among}`` is where they go.

    Where they stand close together their whole range is read, which is quicker: rows of others may be among them.
    """
    for start in range(0, len(ids), IDS_PER_QUERY):
        part = ids[start : start + IDS_PER_QUERY]
        if part[-1] - part[0] < 2 * len(part):
            yield from rows(query.format(among="BETWEEN ? AND ?"), part[0], part[-1])
        else:
            condition, bound = one_of(list(part))
            yield from rows(query.format(among=condition), bound)
