"""Writing what a batch of a file came to: what is new, and what changes orders and returns that are there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import starmap
from typing import Any, Final

from retainctl.errors import BadData
from retainctl.shop.orders_import.batch import Batch, LineRow, Portion, ReturnedRow
from retainctl.shop.orders_import.booking import LINE_COLUMNS, ORDER_COLUMNS, Booker
from retainctl.shop.orders_import.documents import SALE_STATUSES
from retainctl.shop.orders_import.stored import joined
from retainctl.store import dialect
from retainctl.store.database import execute, execute_many, rows, value

_KEPT: Final = [name for name in ORDER_COLUMNS if name != "content_hash"]
_REPLACED: Final = ORDER_COLUMNS[1:]


def book(booking: Booker, batch: Batch) -> None:
    """Write *batch*; in the caller's transaction."""
    booking.meet(batch)
    booking.returns += sum(len(one.returns) for one in batch.with_new_returns)
    booking.add(batch.new)
    for one in _behind_what_came_back(booking, batch.late_orders):
        booking.add(one)
    _append(booking, batch.added)
    _replace(booking, batch.changed)
    _replace_returns(booking, batch.changed_returns)
    _append_returns(booking, batch.added_returns)
    _add_later_returns(booking, batch.later_returns)


def _replace(booking: Booker, portion: Portion) -> None:
    """Write orders anew whose source changed them; what they were is kept as a version."""
    order_ids = _ids(portion)
    if not order_ids:
        return
    _keep_versions(booking, order_ids)
    _forget_money(booking, order_ids)
    _date_returns(booking, portion)
    _detach(booking, portion)
    execute_many("DELETE FROM order_lines WHERE order_id = ?", [(one,) for one in order_ids])
    execute_many(
        f"UPDATE orders SET {', '.join(map(_set, _REPLACED))}, version = version + 1 WHERE id = ?",
        [(*replaced, order_id) for order_id, *replaced in booking.order_rows(portion)],
    )
    booking.write_lines(portion)
    for one in _behind_what_came_back(booking, portion.of(sorted({row[0] for row in portion.returns}))):
        booking.write_returns(one, owner=value("SELECT customer_id FROM orders WHERE id = ?", one.order_ids[0]))


def _set(column: str) -> str:
    """How a column takes its new value: who bought stays known, where a file does not say it."""
    return "customer_id = COALESCE(?, customer_id)" if column == "customer_id" else f"{column} = ?"


def _date_returns(booking: Booker, portion: Portion) -> None:
    """Let returns of known orders whose file does not say their day be of the day on which they were first seen.

    Where an order is new they are of its own day.
    """
    now = booking.shop.clock.now()
    condition, bound = dialect.one_of(_ids(portion))
    seen = {
        (order_id, line_no, quantity, amount): (at, day)
        for order_id, line_no, quantity, amount, at, day in rows(
            "SELECT order_id, order_line_no, quantity_thousandths, amount_minor, returned_at, return_day"
            f" FROM order_returns WHERE order_id {condition}",
            bound,
        )
    }
    dated = []
    for one in starmap(ReturnedRow, portion.returns):
        row = one
        if one.is_undated:
            order_id = portion.order_ids[one.place]
            known = seen.get((order_id, one.order_line_no, one.quantity_thousandths, one.amount_minor))
            at, day = known or (now, booking.plan.values.day(now))
            row = one._replace(returned_at=at, return_day=day)
            booking.notes["return_seen"] += not known
        dated.append(tuple(row))
    portion.returns = dated


def _append(booking: Booker, portion: Portion) -> None:
    """Add rows that come out of quarantine to their orders."""
    for place, order_id in enumerate(_ids(portion)):
        _append_to(booking, order_id, portion.of([place]))


def _append_to(booking: Booker, order_id: int, portion: Portion) -> None:
    ((customer, at, day, month, is_sale, status, currency, stored, written_by, last_line, last_return),) = rows(
        """SELECT customer_id, ordered_at, order_day, order_month, is_sale, status, currency, content_hash, import_id,
                (SELECT COALESCE(MAX(line_no), 0) FROM order_lines WHERE order_id = orders.id),
                (SELECT COALESCE(MAX(line_no), 0) FROM order_returns
                    WHERE source = orders.source AND external_id = orders.external_id)
            FROM orders WHERE id = ?""",
        order_id,
    )
    if written_by != booking.import_id:
        _keep_versions(booking, [order_id])
        execute("UPDATE orders SET version = version + 1 WHERE id = ?", order_id)
    (document,) = portion.named()
    if document.currency != currency:
        raise BadData(f"order {document.external_id} is in {currency}, but this row of it is in {document.currency}")
    document = document._replace(content_hash=joined(bytes(stored), document.content_hash, booking.plan.salt))
    execute(
        "UPDATE order_returns SET content_hash = ? WHERE source = ? AND external_id = ? AND content_hash = ?",
        document.content_hash,
        booking.plan.source,
        document.external_id,
        bytes(stored),
    )
    has_sale = any(line.kind == "sale" and line.quantity_thousandths > 0 for line in starmap(LineRow, portion.lines))
    owner = customer if customer is not None else booking.customer(document)
    booking.touch(owner)
    added = portion.after(document, line=last_line, returned=last_return)
    booking.write_lines(added)
    booking.write_returns(added, owner=owner)
    execute(
        "UPDATE orders SET customer_id = ?, ordered_at = ?, order_day = ?, order_month = ?, is_sale = ?,"
        " gross_minor = gross_minor + ?, discount_minor = discount_minor + ?, content_hash = ?, import_id = ?"
        " WHERE id = ?",
        owner,
        *min((at, day, month), (document.ordered_at, document.order_day, document.order_month)),
        int(is_sale or (has_sale and status in SALE_STATUSES)),
        document.gross_minor,
        document.discount_minor,
        document.content_hash,
        booking.import_id,
        order_id,
    )
    booking.money[currency] += document.gross_minor


def _replace_returns(booking: Booker, portion: Portion) -> None:
    """Write returns anew whose source changed them; the orders they came from are versions further on."""
    _move_on(booking, portion)
    execute_many(
        "DELETE FROM order_returns WHERE source = ? AND external_id = ?",
        [(booking.plan.source, document.external_id) for document in portion.named()],
    )
    booking.add(portion)


def _append_returns(booking: Booker, portion: Portion) -> None:
    """Add rows that come out of quarantine to returns that are there already."""
    for place, document in enumerate(portion.named()):
        bound = booking.plan.source, document.external_id
        ((last, stored),) = rows(
            "SELECT line_no, content_hash FROM order_returns WHERE source = ? AND external_id = ?"
            " ORDER BY line_no DESC LIMIT 1",
            *bound,
        )
        fingerprint = joined(bytes(stored), document.content_hash, booking.plan.salt)
        added = document._replace(content_hash=fingerprint)
        booking.add(portion.of([place]).after(added, line=0, returned=last))
        execute("UPDATE order_returns SET content_hash = ? WHERE source = ? AND external_id = ?", fingerprint, *bound)


def _add_later_returns(booking: Booker, portion: Portion) -> None:
    """Add what came back of known orders; it waits for its order, and finds it at the import's end.

    What had come back of the same article at the same time is told anew.
    """
    _move_on(booking, portion)
    for one in _behind_what_came_back(booking, portion):
        booking.write_returns(one)


def _move_on(booking: Booker, portion: Portion) -> None:
    """Raise the versions of the orders from which something came back under the ids of *portion*."""
    for document in portion.named():
        for order_id, customer in rows(
            "SELECT DISTINCT order_id, customer_id FROM order_returns WHERE source = ? AND external_id = ?",
            booking.plan.source,
            document.external_id,
        ):
            booking.touch(customer)
            execute("UPDATE orders SET version = version + 1 WHERE id = ?", order_id)


def _behind_what_came_back(booking: Booker, portion: Portion) -> Iterator[Portion]:
    """Each document of *portion*, its returns numbered after those that stay under its id: what is told anew goes."""
    for place, document in enumerate(portion.named()):
        one = portion.of([place])
        _forget_told(booking, one)
        query = "SELECT COALESCE(MAX(line_no), 0) FROM order_returns WHERE source = ? AND external_id = ?"
        last = value(query, booking.plan.source, document.external_id)
        yield one.after(document, line=0, returned=int(last))


def _forget_told(booking: Booker, portion: Portion) -> None:
    """Drop what had come back, under the same ids, of the articles and at the times that *portion* tells of."""
    documents = portion.named()
    execute_many(
        "DELETE FROM order_returns WHERE source = ? AND external_id = ? AND returned_at = ?"
        " AND COALESCE(product_id, 0) = ?",
        [
            (booking.plan.source, documents[one.place].external_id, one.returned_at, booking.product(one.article) or 0)
            for one in starmap(ReturnedRow, portion.returns)
        ],
    )


def _ids(portion: Portion) -> list[int]:
    return [one for one in portion.order_ids if one is not None]


def _keep_versions(booking: Booker, order_ids: Sequence[int]) -> None:
    """Write down what the orders are before they are changed."""
    condition, bound = dialect.one_of(list(order_ids))
    lines: dict[int, list[dict[str, Any]]] = {}
    for order_id, *line in rows(
        f"SELECT {', '.join(LINE_COLUMNS)} FROM order_lines WHERE order_id {condition} ORDER BY order_id, line_no",
        bound,
    ):
        lines.setdefault(order_id, []).append(dict(zip(LINE_COLUMNS[1:], line, strict=True)))
    versions = []
    for version, *kept in rows(
        f"SELECT version, {', '.join(_KEPT)} FROM orders WHERE id {condition} ORDER BY id", bound
    ):
        order = dict(zip(_KEPT, kept, strict=True))
        content = json.dumps({"order": order, "lines": lines.get(order["id"], [])}, ensure_ascii=False)
        versions.append((order["id"], version, booking.shop.clock.now(), booking.import_id, content))
        booking.touch(order["customer_id"])
    dialect.insert_many("order_versions", "order_id version replaced_at import_id content", versions)


def _forget_money(booking: Booker, order_ids: Sequence[int]) -> None:
    """Take what the orders were out of what the books must have grown by."""
    condition, bound = dialect.one_of(list(order_ids))
    for currency, gross in rows(f"SELECT currency, gross_minor FROM orders WHERE id {condition}", bound):
        booking.money[currency] -= gross


def _detach(booking: Booker, portion: Portion) -> None:
    """Drop the returns that the orders' own rows told, and let the others that took from them wait again.

    What came in a later file under the order's number stays, unless it is told anew; so does what the order's own rows
    told, where they say nothing of it now.
    """
    own = "source = ? AND external_id = ? AND content_hash = (SELECT content_hash FROM orders WHERE id = ?)"
    documents = [
        (one, (booking.plan.source, one.external_id, order_id))
        for one, order_id in zip(portion.named(), portion.order_ids, strict=True)
    ]
    execute_many(f"DELETE FROM order_returns WHERE {own}", [bound for one, bound in documents if not one.keeps_returns])
    execute_many(
        f"UPDATE order_returns SET content_hash = ? WHERE {own}",
        [(one.content_hash, *bound) for one, bound in documents if one.keeps_returns],
    )
    execute_many(
        "UPDATE order_returns SET order_id = NULL, order_line_no = NULL WHERE order_id = ?",
        [(order_id,) for order_id in portion.order_ids],
    )
