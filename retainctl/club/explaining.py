"""Why: the rule, its version, the line of the order and the arithmetic behind each point of an order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from retainctl.club.earning import Line, Purchase, spend
from retainctl.club.orders import awarded_lines_of, lines_of, returned_of
from retainctl.club.terms import Terms, read_club
from retainctl.config import Shop
from retainctl.errors import BadData
from retainctl.money import format_minor
from retainctl.rows import Row
from retainctl.store.database import rows


@dataclass(frozen=True, slots=True)
class Explanation(Row):
    """One step of an order's points: a line (none: the whole order), the rule and its version, the arithmetic."""

    kind: ClassVar[str] = "explanation"
    order: str
    line_no: int | None
    rule: str
    terms_version: int
    arithmetic: str
    points: int


def explain_customer(shop: Shop, customer_id: int) -> list[Explanation]:
    """How each of the customer's orders came to its points, in the order of their days."""
    orders = rows("SELECT id FROM orders WHERE customer_id = ? ORDER BY ordered_at, id", customer_id)
    return [step for order in orders for step in explain_order(shop, order[0])]


def explain_order(shop: Shop, order_id: int) -> list[Explanation]:
    """How an order came to its points: each line, the whole, and what was taken back."""
    found = rows(
        "SELECT o.source, o.external_id, o.currency, o.ordered_on, o.is_sale, o.customer_id, a.terms_version, a.points"
        " FROM orders AS o LEFT JOIN awards AS a ON a.order_id = o.id WHERE o.id = ?",
        order_id,
    )
    if not found:
        raise BadData(f"there is no order {order_id}")
    source, external_id, currency, ordered_on, is_sale, customer_id, version, points = found[0]
    name = f"{source}:{external_id}"
    club = read_club(shop)
    terms = club.on(ordered_on) if version is None else club.version(version)
    if version is None:
        why = "a guest's order" if customer_id is None else "not awarded yet" if is_sale else "not a sale"
        return [Explanation(name, None, "", terms.version, why, 0)]
    steps = list(_earned(order_id, name, currency, terms))
    gross = sum(step.points for step in steps if step.line_no is not None)
    if taken := points - gross:
        why = _returned(order_id, currency) if is_sale else "it is not a sale any more"
        steps.append(Explanation(name, None, "returns", terms.version, why, taken))
    return steps


def order_id_of(name: str) -> int:
    """The order called *name*: ``source:external id``, or the external id alone where only one source has it."""
    source, colon, external_id = name.partition(":")
    found = rows("SELECT id FROM orders WHERE source = ? AND external_id = ?", source, external_id) if colon else []
    found = found or rows("SELECT id FROM orders WHERE external_id = ?", name)
    if len(found) != 1:
        raise BadData(
            f"{'several orders are' if found else 'no order is'} called {name}",
            hint="Name it by its source and id, such as web:1042.",
        )
    return int(found[0][0])


def _earned(order_id: int, name: str, currency: str, terms: Terms) -> Iterator[Explanation]:
    """Each line's share in exact numbers and the points that it was given, then the whole order."""
    awarded = awarded_lines_of([order_id]).get(order_id, [])
    categories = {line.line_no: line.category for line in lines_of([order_id]).get(order_id, [])}
    lines = [Line(line_no, amount, categories.get(line_no, "")) for line_no, amount, _ in awarded]
    shares = spend(Purchase(currency, lines), terms)
    rate = terms.points_per.get(currency)
    for line, numerator, (_, amount, points) in zip(lines, shares.numerators, awarded, strict=True):
        if rate is None:
            words = f"nothing is earned in {currency}"
        elif numerator:
            words = f"{format_minor(amount, currency)} {currency} × {rate} = {_exact(numerator, shares.denominator)}"
        else:
            words = f"{format_minor(amount, currency)} {currency}: {_why_nothing(line, lines, currency, terms)}"
        yield Explanation(name, line.line_no, "spend", terms.version, words, points)
    total = sum(points for _, _, points in awarded)
    words = f"{_exact(sum(shares.numerators), shares.denominator)}, rounded down once"
    yield Explanation(name, None, "spend", terms.version, words, total)


def _why_nothing(line: Line, lines: list[Line], currency: str, terms: Terms) -> str:
    if any(spend(Purchase(currency, lines), terms).numerators) and line.amount_minor > 0:
        return f"{line.category} earns nothing"
    least = terms.minimum_order.get(currency, "0")
    return "nothing was paid" if line.amount_minor <= 0 else f"the order is below {least} {currency} or excluded"


def _returned(order_id: int, currency: str) -> str:
    """What came back, in words: each line's share is rounded down."""
    returned = returned_of([order_id]).get(order_id)
    if returned is None:
        return "the order was changed"
    parts = [
        f"{format_minor(amount, currency)} {currency} of {'the order' if line_no is None else f'line {line_no}'}"
        for line_no, amount in sorted(returned.amounts.items(), key=lambda one: (one[0] is None, one[0] or 0))
    ]
    return "came back: " + ", ".join(parts)


def _exact(numerator: int, denominator: int) -> str:
    """A fraction as a decimal number where that is exact in six places, else as a fraction."""
    scaled, rest = divmod(numerator * 10**6, denominator)
    if rest:
        return f"{numerator}/{denominator}"
    whole, part = divmod(scaled, 10**6)
    return f"{whole}.{part:06d}".rstrip("0").rstrip(".")
