"""Why: the rule, its version, the line of the order and the arithmetic behind each of a customer's points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter

from retainctl.clock import day_of
from retainctl.club.earning import EarningLine, EarningOrder, Shares, spend, taken_back_by_line
from retainctl.club.ledger import PROGRAM, sources_from
from retainctl.club.orders import AwardedLine, awarded_lines_of, returned_of
from retainctl.club.terms import Terms, read_club
from retainctl.config import Shop
from retainctl.errors import WrongUsage
from retainctl.money import format_minor
from retainctl.rows import OwnWord, Row
from retainctl.store.database import rows, value


class Explanation(Row, kind="explanation"):
    """One step: the order (or what else caused it) and its line, the rule and its version, the arithmetic.

    The points of all steps of a customer sum to the balance; a step that only sums up has none.
    """

    reference: str
    line_no: int | None
    rule: OwnWord
    terms_version: int
    arithmetic: str
    points: int | None


def explain_customer(shop: Shop, customer_id: int) -> list[Explanation]:
    """How the customer came to the balance: each order in the order of their days, then all other bookings."""
    orders = rows("SELECT id FROM orders WHERE customer_id = ? ORDER BY ordered_at, id", customer_id)
    steps = [step for order in orders for step in explain_order(shop, order[0])]
    return steps + list(_other_bookings(shop, customer_id))


def explain_order(shop: Shop, order_id: int) -> list[Explanation]:
    """How an order came to its points: each line, the whole, and what was taken back."""
    found = rows(
        "SELECT o.source, o.external_id, a.currency, o.order_day, o.is_sale, o.customer_id, a.terms_version, a.points"
        " FROM orders AS o LEFT JOIN awards AS a ON a.order_id = o.id WHERE o.id = ?",
        order_id,
    )
    if not found:
        raise WrongUsage(f"there is no order {order_id}")
    source, external_id, currency, order_day, is_sale, customer_id, version, points = found[0]
    name = f"{source}:{external_id}"
    club = read_club(shop)
    if version is None:
        why = "guest order" if customer_id is None else "not awarded yet" if is_sale else "not a sale"
        return [Explanation(name, None, "", club.on(day_of(order_day).isoformat()).version, why, None)]
    terms = club.version(version)
    awarded = awarded_lines_of([order_id]).get(order_id, [])
    steps = list(_earned(name, currency, terms, awarded))
    if is_sale and (returned := returned_of([order_id]).get(order_id)):
        for line_no, amount, taken in taken_back_by_line([line[1:4] for line in awarded], returned.amounts):
            paid, gave = next(line[2:4] for line in awarded if line.line_no == line_no)
            words = f"{gave} × {format_minor(amount, currency)} / {format_minor(paid, currency)}, rounded down"
            steps.append(Explanation(name, line_no, "returned", terms.version, words, -taken))
    if rest := points - sum(step.points or 0 for step in steps):
        words = "changed since it was awarded" if is_sale else "no longer a sale"
        steps.append(Explanation(name, None, "changed", terms.version, words, rest))
    if borne := _borne(order_id):
        words = "spent before they were taken back; the shop bears it"
        steps.append(Explanation(name, None, "borne", terms.version, words, borne))
    return steps


def _borne(order_id: int) -> int:
    """How many of the points that an order took back the shop bears."""
    query = """SELECT CAST(-SUM(e.points) AS BIGINT) FROM transactions AS t JOIN entries AS e ON e.seq = t.seq
        JOIN accounts AS a ON a.id = e.account_id WHERE t.source >= ? AND t.source < ? AND a.kind = 'adjustment'"""
    return int(value(query, *sources_from(f"{PROGRAM}/clawback/{order_id}/")) or 0)


def order_id_of(name: str) -> int:
    """The order called *name*: ``source:external id``, or the external id alone where only one source has it."""
    source, colon, external_id = name.partition(":")
    found = rows("SELECT id FROM orders WHERE source = ? AND external_id = ?", source, external_id) if colon else []
    found = found or rows("SELECT id FROM orders WHERE external_id = ?", name)
    if len(found) != 1:
        raise WrongUsage(
            f"{'several sources have an' if found else 'there is no'} order {name}",
            hint="Use its source and id, such as web:1042.",
        )
    return int(found[0][0])


def _earned(name: str, currency: str, terms: Terms, awarded: Sequence[AwardedLine]) -> Iterator[Explanation]:
    """Each line's share in exact numbers and the points that it was given, then the sum, rounded down once."""
    lines = [EarningLine(line_no, amount, category) for _, line_no, amount, _, _, category in awarded]
    shares = spend(EarningOrder(currency, lines), terms)
    for line, numerator, (_, _, amount, points, _, _) in zip(lines, shares.numerators, awarded, strict=True):
        paid = f"{format_minor(amount, currency)} {currency}"
        if numerator:
            words = f"{paid} × {terms.points_per[currency]} = {_exact(numerator, shares.denominator)}"
        else:
            words = f"{paid}: {_why_nothing(line, lines, currency, terms, shares)}"
        yield Explanation(name, line.line_no, "spend", terms.version, words, points)
    exact = _exact(sum(shares.numerators), shares.denominator)
    total = sum(line.points for line in awarded)
    yield Explanation(name, None, "spend", terms.version, f"{exact}, rounded down once: {total}", None)


def _why_nothing(line: EarningLine, lines: Sequence[EarningLine], currency: str, terms: Terms, shares: Shares) -> str:
    if currency not in terms.points_per:
        return f"no points are earned in {currency}"
    if line.amount_minor <= 0:
        return "nothing was paid"
    if any(shares.numerators) or spend(EarningOrder(currency, [line._replace(category="")]), terms).numerators[0]:
        return f"{line.category} earns no points"
    total = format_minor(sum(one.amount_minor for one in lines), currency)
    return f"the order total is {total}, less than {terms.minimum_order.get(currency, '0')}"


def _other_bookings(shop: Shop, customer_id: int) -> Iterator[Explanation]:
    """What was redeemed, expired, added and taken: from which points, and until when those lived.

    A repayment counts only where it was another's debt, or another's points: of one with whom the customer was one.
    """
    query = """
        SELECT t.seq, t.kind, t.source, t.terms_version, e.points, e.lot_id, l.granted, l.expires_at,
            o.source || ':' || o.external_id
        FROM accounts AS a JOIN entries AS e ON e.account_id = a.id JOIN transactions AS t ON t.seq = e.seq
        LEFT JOIN lots AS l ON l.id = e.lot_id LEFT JOIN orders AS o ON o.id = l.order_id
        WHERE a.unit = 'points' AND a.customer_id = ? AND t.kind NOT IN ('award', 'clawback')
        ORDER BY t.seq, e.entry_no
    """
    given: dict[int, str] = {}  # by which cause each lot was given
    for _, group in groupby(rows(query, customer_id), key=itemgetter(0)):
        entries = [entry[1:] for entry in group]
        if entries[0][0] != "repayment" or sum(entry[3] for entry in entries):
            yield from (_booking(shop, given, *entry) for entry in entries)
    for past in rows(_PAST, customer_id, shop.clock.now()):
        yield _booking(shop, given, "expiry", *past)


# What has expired and is still to be booked, as the booking will be.
_PAST = """
    SELECT 'points/expiry/' || l.id, l.terms_version, -l.remaining, l.id, l.granted, l.expires_at,
        o.source || ':' || o.external_id
    FROM accounts AS a JOIN lots AS l ON l.account_id = a.id AND l.remaining > 0
    LEFT JOIN orders AS o ON o.id = l.order_id
    WHERE a.unit = 'points' AND a.customer_id = ? AND l.expires_at <= ? ORDER BY l.expires_at, l.id
"""


def _booking(
    shop: Shop,
    given: dict[int, str],
    kind: str,
    booked_as: str,
    version: int,
    points: int,
    lot_id: int | None,
    granted: int | None,
    expires_at: int | None,
    order: str | None,
) -> Explanation:
    cause = booked_as.split("/", 2)[2]
    if lot_id is None:
        words = f"{abs(points)} {'repaid' if points > 0 else 'owed'}"
        return Explanation(cause, None, kind, version, words, points)
    if kind == "grant":
        given[lot_id] = cause
    elif kind == "expiry":
        cause = order or given[lot_id]
    origin = f"from {order}" if order else "added by hand"
    until = f"valid until {shop.clock.day(expires_at - 1)}" if expires_at else "without expiry"
    words = f"{abs(points)} of {granted} {origin}, {until}"
    return Explanation(cause, None, kind, version, words, points)


def _exact(numerator: int, denominator: int) -> str:
    """A fraction as a decimal number where that is exact in six places, else as a fraction."""
    scaled, rest = divmod(numerator * 10**6, denominator)
    if rest:
        return f"{numerator}/{denominator}"
    whole, part = divmod(scaled, 10**6)
    return f"{whole}.{part:06d}".rstrip("0").rstrip(".")
