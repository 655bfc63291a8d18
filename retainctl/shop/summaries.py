"""One row a customer and currency, so that segments and reports need not read every order.

Whatever changes an order or a return makes its customer's row anew in the same transaction.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from retainctl.store.database import execute, value
from retainctl.store.dialect import each_once, one_of

BATCH_SIZE: Final = 500


def summarise(customer_ids: Collection[int]) -> None:
    """Make the summaries of *customer_ids* anew; inside the transaction that changed their orders or returns.

    A customer's returns count whether or not their sale is known; a return from an order that is no sale does not,
    because neither did the order.
    """
    every = sorted(customer_ids)
    if len(every) > BATCH_SIZE and len(every) * 3 > int(value("SELECT COUNT(*) FROM customers")):
        _make_anew("IS NOT NULL", [])  # reading all orders in their order is faster than finding most of them
        return
    for first in range(0, len(every), BATCH_SIZE):
        condition, ids = one_of(every[first : first + BATCH_SIZE])
        _make_anew(condition, [ids])


def _make_anew(condition: str, customer_ids: list[object]) -> None:
    """Make the summaries of the customers whose id meets *condition*, which binds *customer_ids*."""
    execute(f"DELETE FROM customer_summaries WHERE customer_id {condition}", *customer_ids)
    execute(
        f"""INSERT INTO customer_summaries (customer_id, currency, orders, gross_minor, returns_minor,
                first_order_day, last_order_day, order_months)
            SELECT customer_id, currency, SUM(sales), SUM(gross), SUM(returned),
                MIN(day), MAX(day), {each_once("CAST(month AS TEXT)")}
            FROM (
                SELECT customer_id, currency, 1 AS sales, gross_minor AS gross, 0 AS returned,
                    order_day AS day, order_month AS month
                FROM orders WHERE is_sale = 1 AND customer_id {condition}
                UNION ALL
                SELECT r.customer_id, r.currency, 0, 0, r.amount_minor, NULL, NULL
                FROM order_returns AS r LEFT JOIN orders AS o ON o.id = r.order_id
                WHERE r.customer_id {condition} AND COALESCE(o.is_sale, 1) = 1
            ) AS events
            GROUP BY customer_id, currency""",
        *customer_ids,
        *customer_ids,
    )
