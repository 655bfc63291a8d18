"""Writing documents: orders with their lines and returns, new, changed or added to; in the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from retainctl.config import Shop
from retainctl.shop.importing.buyers import Buyers
from retainctl.shop.importing.catalogue import Catalogue
from retainctl.shop.importing.documents import SALE_STATUSES, Document, Line
from retainctl.shop.importing.values import Values
from retainctl.store import dialect
from retainctl.store.database import execute_many, rows

ORDER_COLUMNS = (
    "id", "source", "external_id", "customer_id", "ordered_at", "ordered_on", "day_precision", "status", "is_sale",
    "currency", "gross_minor", "discount_minor", "tax_minor", "shipping_minor", "version", "content_hash",
    "source_updated_at", "import_id",
)  # fmt: skip
_IS_SALE = ORDER_COLUMNS.index("is_sale")
LINE_COLUMNS = (
    "order_id", "line_no", "kind", "product_id", "quantity", "unit_price", "amount_minor", "discount_minor"
)  # fmt: skip
RETURN_COLUMNS = (
    "source", "external_id", "line_no", "part_no", "customer_id", "named_order", "order_id", "order_line_no",
    "product_id", "unit_price", "quantity", "amount_minor", "currency", "returned_at", "returned_on",
    "content_hash", "import_id",
)  # fmt: skip


class Ready(NamedTuple):
    """A document to write, with the fingerprint of the rows it was made of."""

    document: Document
    fingerprint: bytes


class Flags:
    """One byte for each id, so that what happened to millions of rows fits into some megabytes."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def __getitem__(self, place: int) -> int:
        return self._bytes[place] if place < len(self._bytes) else 0

    def __setitem__(self, place: int, flag: int) -> None:
        if place >= len(self._bytes):
            self._bytes.extend(bytes(max(place + 1 - len(self._bytes), 1 << 16)))
        self._bytes[place] = flag

    def places(self) -> Iterable[int]:
        """The ids whose flag is up."""
        place = self._bytes.find(1)
        while place >= 0:
            yield place
            place = self._bytes.find(1, place + 1)


@dataclass(slots=True)
class Booking:
    """What one import writes, and what it has written so far."""

    shop: Shop
    source: str
    import_id: int
    values: Values
    consent_evidence: str = ""
    touched: Flags = field(default_factory=Flags)  # customers whose summary is to be made anew
    money: dict[str, int] = field(default_factory=dict)  # by currency, what the books must have grown by
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("orders", "guest_orders", "returns"), 0))
    buyers: Buyers = field(init=False)
    catalogue: Catalogue = field(init=False)

    def __post_init__(self) -> None:
        self.buyers = Buyers(self.shop, self.source, self.values.note)
        self.catalogue = Catalogue()

    def add(self, ready: Sequence[Ready]) -> list[int]:
        """Write documents whose ids are new; the ids of those that are orders, in order."""
        customers, products = self._known(ready)
        orders = [one for one in ready if one.document.is_order]
        first = dialect.take_ids("orders", len(orders)) if orders else 0
        order_rows, line_rows, return_rows = [], [], []
        for order_id, (document, fingerprint) in enumerate(orders, first):
            customer = customers[document.buyer]
            row = self._order_row(order_id, document, fingerprint, customer, version=1)
            order_rows.append(row)
            line_rows += self._line_rows(order_id, document.lines, products)
            if row[_IS_SALE]:
                self.counts["guest_orders" if customer is None else "orders"] += 1
        place = first
        for document, fingerprint in ready:
            order = place if document.is_order else None
            place += document.is_order
            if document.returns:
                return_rows += self._return_rows(order, document, fingerprint, customers[document.buyer], products)
        dialect.insert_many("orders", ORDER_COLUMNS, order_rows)
        dialect.insert_many("order_lines", LINE_COLUMNS, line_rows)
        dialect.insert_many("order_returns", RETURN_COLUMNS, return_rows)
        self.counts["returns"] += len(return_rows)
        return list(range(first, first + len(orders)))

    def replace(self, ready: Sequence[Ready], order_ids: Sequence[int]) -> None:
        """Write orders anew whose source changed them; what they were is kept as a version."""
        if not ready:
            return
        self.keep_versions(order_ids)
        customers, products = self._known(ready)
        self._detach(order_ids, [one.document.external_id for one in ready])
        execute_many("DELETE FROM order_lines WHERE order_id = ?", [(one,) for one in order_ids])
        line_rows, return_rows, order_rows = [], [], []
        for order_id, (document, fingerprint) in zip(order_ids, ready, strict=True):
            customer = customers[document.buyer]
            row = self._order_row(order_id, document, fingerprint, customer, version=0)
            order_rows.append((*row[3:14], *row[15:], order_id))
            line_rows += self._line_rows(order_id, document.lines, products)
            return_rows += self._return_rows(order_id, document, fingerprint, customer, products)
        execute_many(
            f"UPDATE orders SET {', '.join(f'{name} = ?' for name in (*ORDER_COLUMNS[3:14], *ORDER_COLUMNS[15:]))},"
            " version = version + 1 WHERE id = ?",
            order_rows,
        )
        dialect.insert_many("order_lines", LINE_COLUMNS, line_rows)
        dialect.insert_many("order_returns", RETURN_COLUMNS, return_rows)

    def append(self, ready: Sequence[Ready], order_ids: Sequence[int]) -> None:
        """Add rows that stood elsewhere in the file to orders that it has written already."""
        if not ready:
            return
        customers, products = self._known(ready)
        stored = self._stored(order_ids)
        for order_id, (document, fingerprint) in zip(order_ids, ready, strict=True):
            customer_id, ordered_at, is_sale, status, lines, returns, currency = stored[order_id]
            earlier = Document(document.external_id, document.buyer, ordered_at, currency, status)
            gross = document.gross_minor
            earlier.absorb(document)
            dialect.insert_many(
                "order_lines", LINE_COLUMNS, self._line_rows(order_id, document.lines, products, first=lines + 1)
            )
            earlier.returns = [
                one._replace(
                    line_no=one.line_no + returns, order_line=one.order_line + lines if one.order_line else None
                )
                for one in document.returns
            ]
            customer = customer_id if customer_id is not None else customers[document.buyer]
            dialect.insert_many(
                "order_returns", RETURN_COLUMNS,
                self._return_rows(order_id, earlier, fingerprint, customer, products),
            )  # fmt: skip
            execute_many(
                "UPDATE orders SET customer_id = ?, ordered_at = ?, ordered_on = ?, is_sale = ?,"
                " gross_minor = gross_minor + ?, content_hash = ?, import_id = ? WHERE id = ?",
                [(
                    customer, earlier.ordered_at, self.values.day(earlier.ordered_at), int(is_sale or earlier.is_sale),
                    gross, fingerprint, self.import_id, order_id,
                )],
            )  # fmt: skip
            self._count_money(currency, gross)

    def replace_returns(self, ready: Sequence[Ready]) -> None:
        """Write returns anew whose source changed them; the orders they came from are versions further on."""
        for document, _ in ready:
            self._forget_returns(document.external_id)
        before = self.counts["returns"]
        self.add(ready)
        self.counts["returns"] = before

    def append_returns(self, ready: Sequence[Ready]) -> None:
        """Add rows that stood elsewhere in the file to returns that it has written already."""
        for document, fingerprint in ready:
            ((last,),) = rows(
                "SELECT MAX(line_no) FROM order_returns WHERE source = ? AND external_id = ?",
                self.source, document.external_id,
            )  # fmt: skip
            document.returns = [one._replace(line_no=one.line_no + last) for one in document.returns]
            self.add([Ready(document, fingerprint)])
            execute_many(
                "UPDATE order_returns SET content_hash = ? WHERE source = ? AND external_id = ?",
                [(fingerprint, self.source, document.external_id)],
            )

    def keep_versions(self, order_ids: Sequence[int]) -> None:
        """Write down what the orders are before they are changed."""
        condition, bound = dialect.one_of(list(order_ids))
        kept = [name for name in ORDER_COLUMNS if name not in ("content_hash", "version")]
        lines: dict[int, list[dict[str, Any]]] = {}
        for row in rows(
            f"SELECT {', '.join(LINE_COLUMNS)} FROM order_lines WHERE order_id {condition} ORDER BY order_id, line_no",
            bound,
        ):
            lines.setdefault(row[0], []).append(dict(zip(LINE_COLUMNS[1:], row[1:], strict=True)))
        versions = []
        for row in rows(f"SELECT version, {', '.join(kept)} FROM orders WHERE id {condition} ORDER BY id", bound):
            order = dict(zip(kept, row[1:], strict=True))
            content = json.dumps({"order": order, "lines": lines.get(order["id"], [])}, ensure_ascii=False)
            versions.append((order["id"], row[0], self.shop.clock.now(), self.import_id, content))
            self._count_money(order["currency"], -order["gross_minor"])
            self._touch(order["customer_id"])
        dialect.insert_many("order_versions", ("order_id", "version", "replaced_at", "import_id", "content"), versions)

    def count_again(self, order_ids: Sequence[int]) -> None:
        """Count the money of orders whose version was kept and that are then only added to."""
        condition, bound = dialect.one_of(list(order_ids))
        for currency, gross in rows(f"SELECT currency, gross_minor FROM orders WHERE id {condition}", bound):
            self._count_money(currency, gross)
        execute_many("UPDATE orders SET version = version + 1 WHERE id = ?", [(one,) for one in order_ids])

    def _known(self, ready: Sequence[Ready]) -> tuple[dict[Any, int | None], dict[str, int]]:
        documents = [one.document for one in ready]
        customers = self.buyers.ids(document.buyer for document in documents)
        for customer in customers.values():
            self._touch(customer)
        articles = [line.article for one in documents for line in one.lines]
        articles += [one.article for document in documents for one in document.returns]
        products = self.catalogue.ids(article for article in articles if article is not None)
        self.consent(documents)
        return customers, products

    def consent(self, documents: Sequence[Document]) -> None:
        """Keep the permission of buyers who gave it, where its evidence was stated; else only say how many did."""
        given = [(document.buyer, document.ordered_at) for document in documents if document.accepts_marketing]
        if self.consent_evidence and given:
            self.buyers.consent(given, evidence=self.consent_evidence)
        for _ in [] if self.consent_evidence else given:
            self.values.note("marketing_not_counted")

    def _order_row(
        self, order_id: int, document: Document, fingerprint: bytes, customer: int | None, *, version: int
    ) -> tuple[object, ...]:
        gross = discount = 0
        has_sale = False
        for line in document.lines:
            if line.kind == "sale":
                gross += line.amount_minor
                discount += line.discount_minor
                has_sale = has_sale or line.quantity > 0
        self._count_money(document.currency, gross)
        return (
            order_id, self.source, document.external_id, customer, document.ordered_at,
            self.values.day(document.ordered_at), int(document.day_precision), document.status,
            int(has_sale and document.status in SALE_STATUSES), document.currency, gross, discount,
            document.tax_minor, document.shipping_minor, version, fingerprint, document.updated_at, self.import_id,
        )  # fmt: skip

    @staticmethod
    def _line_rows(
        order_id: int, lines: Sequence[Line], products: dict[str, int], *, first: int = 1
    ) -> list[tuple[object, ...]]:
        return [
            (order_id, place, kind, products[article.sku] if article else None, quantity, price, amount, discount)
            for place, (article, quantity, price, amount, discount, kind) in enumerate(lines, first)
        ]

    def _return_rows(
        self, order_id: int | None, document: Document, fingerprint: bytes, customer: int | None,
        products: dict[str, int],
    ) -> list[tuple[object, ...]]:  # fmt: skip
        """The rows of a document's returns; one that names a line of its own order is taken from it at once."""
        made: list[tuple[object, ...]] = []
        for one in document.returns:
            is_placed = one.order_line is not None or one.quantity == 0  # a line's, or money of the whole order
            own = order_id is not None and is_placed and one.named_order == document.external_id
            made.append((
                self.source, document.external_id, one.line_no, 0, customer, one.named_order,
                order_id if own else None, one.order_line if own else None,
                products[one.article.sku] if one.article else None, one.unit_price, one.quantity, one.amount_minor,
                one.currency, one.returned_at, self.values.day(one.returned_at), fingerprint, self.import_id,
            ))  # fmt: skip
        return made

    def _stored(self, order_ids: Sequence[int]) -> dict[int, tuple[Any, ...]]:
        condition, bound = dialect.one_of(list(order_ids))
        return {
            row[0]: row[1:]
            for row in rows(
                f"""SELECT id, customer_id, ordered_at, is_sale, status,
                        (SELECT COALESCE(MAX(line_no), 0) FROM order_lines WHERE order_id = orders.id),
                        (SELECT COALESCE(MAX(line_no), 0) FROM order_returns
                            WHERE source = orders.source AND external_id = orders.external_id),
                        currency
                    FROM orders WHERE id {condition}""",
                bound,
            )
        }

    def _detach(self, order_ids: Sequence[int], external_ids: Sequence[str]) -> None:
        """Drop the orders' own returns, and let the others that took from them wait again."""
        execute_many(
            "DELETE FROM order_returns WHERE source = ? AND external_id = ?",
            [(self.source, external_id) for external_id in external_ids],
        )
        execute_many(
            "UPDATE order_returns SET order_id = NULL, order_line_no = NULL WHERE order_id = ?",
            [(order_id,) for order_id in order_ids],
        )

    def _forget_returns(self, external_id: str) -> None:
        for order_id, customer in rows(
            "SELECT DISTINCT order_id, customer_id FROM order_returns WHERE source = ? AND external_id = ?",
            self.source, external_id,
        ):  # fmt: skip
            self._touch(customer)
            execute_many("UPDATE orders SET version = version + 1 WHERE id = ?", [(order_id,)])
        execute_many("DELETE FROM order_returns WHERE source = ? AND external_id = ?", [(self.source, external_id)])

    def _touch(self, customer: int | None) -> None:
        if customer is not None:
            self.touched[customer] = 1

    def _count_money(self, currency: str, minor: int) -> None:
        self.money[currency] = self.money.get(currency, 0) + minor
