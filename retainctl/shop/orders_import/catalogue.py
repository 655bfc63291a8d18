"""What was bought: the articles of some thousand orders, found or made together."""

from __future__ import annotations

from collections.abc import Iterable

from retainctl.intake.cache import Remembered
from retainctl.normalising import clean_name
from retainctl.shop.orders_import.documents import Article
from retainctl.store import dialect
from retainctl.store.database import execute_many, rows


class Catalogue:
    """Products by their article number; one that is not known is made, one without a name or category gets it."""

    def __init__(self) -> None:
        self._known: Remembered[str, int] = Remembered(int)

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
            ("id", "sku", "name", "category"),
            [(made[one.sku], one.sku, _text(one.name), _text(one.category)) for one in articles],
        )
        return made


def _text(text: str) -> str:
    return clean_name(text).value or ""
