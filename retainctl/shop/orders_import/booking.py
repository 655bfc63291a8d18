"""Writing what was read: new documents here, changed ones in ``update``; in the caller's transaction."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count, starmap

from retainctl.config import Shop
from retainctl.intake.cache import IdSet, Memo
from retainctl.intake.cells import Held
from retainctl.intake.import_runs import Counts
from retainctl.normalising import clean_name
from retainctl.shop.consent import Decision, record
from retainctl.shop.identity import Found, PlainPerson, find_or_make, person_of
from retainctl.shop.orders_import.batch import (
    LINE_CELLS,
    ORDER_CELLS,
    RETURN_CELLS,
    Batch,
    DocumentRow,
    LineRow,
    Named,
    Portion,
    ReturnedRow,
)
from retainctl.shop.orders_import.documents import Article
from retainctl.shop.orders_import.planning import ImportPlan
from retainctl.store import dialect
from retainctl.store.database import execute_many, rows

ORDER_COLUMNS = ("id", "source", "customer_id", "import_id", *DocumentRow._fields[ORDER_CELLS:])
LINE_COLUMNS = ("order_id", "product_id", *LineRow._fields[LINE_CELLS:])
RETURN_COLUMNS = (
    "source", "external_id", "part_no", "customer_id", "order_id", "product_id", "content_hash", "import_id",
    *ReturnedRow._fields[RETURN_CELLS:],
)  # fmt: skip


class Catalogue:
    """Products by their article number; one that is not known is made, one without a name or category gets it."""

    def __init__(self) -> None:
        self._known: Memo[str, int] = Memo(int)

    def ids(self, articles: Iterable[Article]) -> dict[str, int]:
        """The product of each article number."""
        wanted: dict[str, Article] = {}
        for article in articles:
            kept = wanted.get(article.sku)
            if kept is None or (not kept.name and article.name):
                wanted[article.sku] = article
        found = {sku: self._known[sku] for sku in wanted if sku in self._known}
        if missing := {sku: article for sku, article in wanted.items() if sku not in found}:
            found |= self._read(missing)
            found |= self._make([article for sku, article in missing.items() if sku not in found])
            for sku in missing:
                self._known.keep(sku, found[sku])
        return found

    def _read(self, wanted: dict[str, Article]) -> dict[str, int]:
        condition, bound = dialect.one_of(list(wanted))
        found: dict[str, int] = {}
        filled = []
        for product, sku, name, category in rows(
            f"SELECT id, sku, name, category FROM products WHERE sku {condition}", bound
        ):
            found[sku] = product
            article = wanted[sku]
            if (not name and article.name) or (not category and article.category):
                filled.append((name or _text(article.name), category or _text(article.category), product))
        execute_many("UPDATE products SET name = ?, category = ? WHERE id = ?", filled)
        return found

    def _make(self, articles: list[Article]) -> dict[str, int]:
        if not articles:
            return {}
        first = dialect.take_ids("products", len(articles))
        made = {article.sku: place for place, article in enumerate(articles, first)}
        dialect.insert_many(
            "products",
            "id sku name category",
            [(made[one.sku], one.sku, _text(one.name), _text(one.category)) for one in articles],
        )
        return made


def _text(text: str) -> str:
    return clean_name(text).value or ""


@dataclass(slots=True)
class Booker:
    """What one import writes, and what it has written so far."""

    shop: Shop
    plan: ImportPlan
    import_id: int
    counts: Counts = field(default_factory=Counts)  # of the file's rows
    first_order_id: int = 0  # of those that it made; 0: it made none
    returns: int = 0  # that are new
    held: list[Held] = field(default_factory=list)
    notes: Counter[str] = field(default_factory=Counter)
    attention: list[str] = field(default_factory=list)  # sentences that ask a person to look
    named_returns: dict[tuple[str, int], Named] = field(default_factory=dict)
    touched: IdSet = field(default_factory=IdSet)  # customers whose summary is to be made anew
    money: Counter[str] = field(default_factory=Counter)  # by currency, what the books must have grown by
    _customers: array[int] = field(default_factory=lambda: array("q", [0]))  # by the buyer's number
    _products: array[int] = field(default_factory=lambda: array("q", [0]))  # by the article's number
    _catalogue: Catalogue = field(default_factory=Catalogue)

    def meet(self, batch: Batch) -> None:
        """Count what was read, and learn who its new buyers and which its new articles are."""
        self.counts.add(batch.counts)
        self.held += batch.held
        self.notes.update(batch.notes)
        self._meet(batch.persons)
        products = self._catalogue.ids(batch.articles)
        self._products.extend([products[article.sku] for article in batch.articles])
        self._consent(batch.consents)

    def add(self, portion: Portion) -> None:
        """Write new documents."""
        self._take_ids(portion)
        dialect.insert_many("orders", ORDER_COLUMNS, self.order_rows(portion))
        self.write_lines(portion)
        self.write_returns(portion)

    def _take_ids(self, portion: Portion) -> None:
        """Give each order of *portion* a free id; what is none has None."""
        is_order = [document.is_order for document in portion.named()]
        if how_many := sum(is_order):
            first = dialect.take_ids("orders", how_many)
            self.first_order_id = self.first_order_id or first
            free = count(first)
            portion.order_ids = [next(free) if one else None for one in is_order]

    def order_rows(self, portion: Portion) -> list[tuple[object, ...]]:
        """The rows of the orders in *portion*, as ORDER_COLUMNS has them; a document without an id is none."""
        source, import_id, customers = self.plan.source, self.import_id, self._customers
        made: list[tuple[object, ...]] = []
        for order_id, document in zip(portion.order_ids, portion.named(), strict=True):
            customer = customers[document.buyer] or None
            self.touch(customer)
            if order_id is not None:
                self.money[document.currency] += document.gross_minor
                made.append((order_id, source, customer, import_id, *document[ORDER_CELLS:]))
        return made

    def write_lines(self, portion: Portion) -> None:
        """Write the lines of *portion*, whose orders have their ids."""
        ids, products = portion.order_ids, self._products
        dialect.insert_many(
            "order_lines",
            LINE_COLUMNS,
            [(ids[line[0]], products[line[1]] or None, *line[LINE_CELLS:]) for line in portion.lines],
        )

    def write_returns(self, portion: Portion, *, owner: int | None = None) -> None:
        """Write the returns of *portion*; one that names a line of its own order is taken from it at once.

        They are the *owner*'s, where it is not their document's buyer who counts.
        """
        made = []
        for one in starmap(ReturnedRow, portion.returns):
            document = DocumentRow(*portion.documents[one.place])
            if one.named:
                self.named_returns[document.external_id, one.line_no] = one.named
            made.append(
                (
                    self.plan.source,
                    document.external_id,
                    0,
                    owner or self.customer(document),
                    portion.order_ids[one.place] if one.is_own else None,
                    self.product(one.article),
                    document.content_hash,
                    self.import_id,
                    *one[RETURN_CELLS:],
                )
            )
        dialect.insert_many("order_returns", RETURN_COLUMNS, made)

    def customer(self, document: DocumentRow) -> int | None:
        """The customer who bought; None for a guest."""
        return self._customers[document.buyer] or None

    def product(self, article: int) -> int | None:
        """The product whose article has this number; None for no article."""
        return self._products[article] or None

    def touch(self, customer: int | None) -> None:
        if customer is not None:
            self.touched.add(customer)

    def _meet(self, persons: Sequence[tuple[int, PlainPerson]]) -> None:
        """Find or make the customers who these buyers are."""
        if not persons:
            return
        numbers, plain = zip(*persons, strict=True)
        self._customers.extend([0] * (max(numbers) + 1 - len(self._customers)))
        for number, found in zip(numbers, self._found(plain), strict=True):
            self._customers[number] = found.customer_id or 0
            self.notes["identity_conflict"] += len(found.conflicts)

    def _found(self, persons: Sequence[PlainPerson]) -> list[Found]:
        return find_or_make(self.shop, list(map(person_of, persons)), overwrite=False)

    def _consent(self, given: Sequence[tuple[PlainPerson, int]]) -> None:
        """Keep the permission of buyers who gave it."""
        if not given:
            return
        persons = list(dict.fromkeys(person for person, _ in given))
        found = self._found(persons)
        points = {person: one.contact_point_ids[0] for person, one in zip(persons, found, strict=True)}
        record(
            self.shop,
            [
                Decision(point, "marketing", "given", self.plan.source, self.plan.options.consent_evidence, at)
                for person, at in dict.fromkeys(given)
                if (point := points[person]) is not None
            ],
        )
