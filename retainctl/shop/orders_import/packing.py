"""Documents that were judged, made ready to be handed over."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from retainctl.intake.cache import Memo
from retainctl.intake.cells import Held, Origin
from retainctl.intake.import_runs import Counts
from retainctl.shop.identity import PlainPerson
from retainctl.shop.orders_import.buyers import Buyers
from retainctl.shop.orders_import.documents import SALE_STATUSES, Article, Document
from retainctl.shop.orders_import.planning import ImportPlan
from retainctl.shop.orders_import.portions import Portion, Taken
from retainctl.shop.orders_import.stored import fingerprint


@dataclass(slots=True)
class Judged:
    """What some thousand rows came to; *added* and *changed* stand beside the ids of the orders they belong to."""

    counts: Counts = field(default_factory=Counts)
    new: list[Document] = field(default_factory=list)
    added: list[tuple[int, Document]] = field(default_factory=list)
    changed: list[tuple[int, Document]] = field(default_factory=list)
    changed_returns: list[Document] = field(default_factory=list)
    added_returns: list[Document] = field(default_factory=list)
    consenting: list[Document] = field(default_factory=list)  # unchanged, but their buyers may have allowed marketing


class Packing:
    """Gives buyers and articles their numbers, and makes rows of documents."""

    def __init__(self, plan: ImportPlan, buyers: Buyers) -> None:
        self._plan = plan
        self._salt = plan.salt
        self._buyers = buyers
        self._articles: Memo[Article, int] = Memo(self._number)
        self._fresh_articles: list[Article] = []
        self._articles_met = 0

    def packed(self, judged: Judged, held: list[Held], named_returns: dict[tuple[str, int], Origin]) -> Taken:
        """All of it, ready to be handed over."""
        added, changed = ([one for _, one in some] for some in (judged.added, judged.changed))
        written = [judged.new, added, changed, judged.changed_returns, judged.added_returns]
        new, added_rows, changed_rows, changed_returns, added_returns = [self._portion(some) for some in written]
        fresh_articles, self._fresh_articles = self._fresh_articles, []
        consents = self._consents(one for some in (judged.consenting, *written) for one in some)
        return Taken(
            judged.counts,
            held,
            self._buyers.take_fresh(),
            fresh_articles,
            new,
            ([order_id for order_id, _ in judged.added], added_rows),
            ([order_id for order_id, _ in judged.changed], changed_rows),
            changed_returns,
            added_returns,
            consents,
            named_returns,
        )

    def _portion(self, documents: Iterable[Document]) -> Portion:
        made = Portion([], [], [])
        add, add_line = made.documents.append, made.lines.append
        hand_over, articles = self._buyers.hand_over, self._articles
        day, salt = self._plan.values.day, self._salt
        for place, document in enumerate(documents):
            gross = discount = 0
            has_sale = False
            for line_no, (article, quantity, price, amount, less, kind) in enumerate(document.lines, 1):
                if kind == "sale":
                    gross += amount
                    discount += less
                    has_sale = has_sale or quantity > 0
                number = articles[article] if article else 0
                add_line((place, line_no, kind, number, quantity, price, amount, less))
            hand_over(document.buyer_number, document.buyer)
            add(
                (
                    document.is_order,
                    document.rows,
                    document.external_id,
                    document.buyer_number,
                    document.ordered_at,
                    day(document.ordered_at),
                    int(document.day_precision),
                    document.status,
                    int(has_sale and document.status in SALE_STATUSES),
                    document.currency,
                    gross,
                    discount,
                    document.tax_minor,
                    document.shipping_minor,
                    fingerprint(document.digest, salt),
                    document.updated_at,
                )
            )
            if document.returns:
                self._add_returns(made.returns, place, document)
        return made

    def _add_returns(self, made: list[tuple[Any, ...]], place: int, document: Document) -> None:
        for one in document.returns:
            is_placed = one.order_line is not None or one.quantity == 0  # a line's, or money of the whole order
            is_own = document.is_order and is_placed and one.named_order == document.external_id
            made.append(
                (
                    place,
                    one.line_no,
                    one.named_order,
                    is_own,
                    one.order_line if is_own else None,
                    self._articles[one.article] if one.article else 0,
                    one.unit_price,
                    one.quantity,
                    one.amount_minor,
                    one.currency,
                    one.returned_at,
                    self._plan.values.day(one.returned_at),
                )
            )

    def _number(self, article: Article) -> int:
        self._fresh_articles.append(article)
        self._articles_met += 1
        return self._articles_met

    def _consents(self, documents: Iterable[Document]) -> list[tuple[PlainPerson, int]]:
        """Who allowed marketing and when, where its evidence was stated; else only note how many did."""
        consents = []
        for one in documents:
            if not one.accepts_marketing:
                continue
            if not self._plan.options.consent_evidence:
                self._plan.values.note("marketing_not_counted")
            elif self._buyers.has_email(one.buyer):
                consents.append((self._buyers.person(one.buyer), one.ordered_at))
        return consents
