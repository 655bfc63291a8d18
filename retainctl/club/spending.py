"""Booking by hand and at the till: redeeming points, adding and taking them with a reason."""

from __future__ import annotations

from retainctl.club.balances import balances
from retainctl.club.earning import POINTS_PER_ENTRY
from retainctl.club.ledger import PROGRAM, BookingKind, Journal, Move
from retainctl.club.terms import Terms, read_club
from retainctl.config import Shop
from retainctl.errors import BadData, Refused, WrongUsage
from retainctl.rows import Row
from retainctl.shop.customers import ever_one_with, survivor_of
from retainctl.store.database import rows, value
from retainctl.store.transactions import in_one_transaction


class PointsBooking(Row, kind="booking"):
    """What was booked, what it is worth, and what the customer may spend now; *repeated*: it was booked before."""

    customer_id: int
    booked: BookingKind
    points: int
    value_minor: int
    currency: str
    available: int
    repeated: bool


def redeem(shop: Shop, customer_id: int, points: int, *, source: str, reason: str = "") -> PointsBooking:
    """Spend *points* once for *source*, first to expire first; Refused, and nothing booked, when they are not there."""
    return _book(shop, "redemption", customer_id, points, source=source, reason=reason)


def add(shop: Shop, customer_id: int, points: int, *, source: str, reason: str) -> PointsBooking:
    """Give *points* once for *source*; they live as long as points that are earned today."""
    return _book(shop, "grant", customer_id, points, source=source, reason=reason)


def take(shop: Shop, customer_id: int, points: int, *, source: str, reason: str) -> PointsBooking:
    """Take *points* away once for *source*; Refused, and nothing booked, when they are not there."""
    return _book(shop, "deduction", customer_id, points, source=source, reason=reason)


@in_one_transaction
def _book(shop: Shop, kind: BookingKind, customer_id: int, points: int, *, source: str, reason: str) -> PointsBooking:
    source = source.strip()
    _check(customer_id, points, source)
    journal = Journal(shop)
    customer_id = survivor_of(customer_id)  # under the ledger's lock, which a merge holds too
    terms = read_club(shop).on(shop.clock.day(journal.now).isoformat())
    repeated = _is_repeated(kind, customer_id, points, source)
    if not repeated:
        journal.check_clock()  # before a wrong clock says that the customer has no points
        before = balances(shop, [customer_id])[customer_id]
        if kind != "grant" and points > before:
            raise Refused(
                f"customer {customer_id} has {before} points to spend, but {points} were requested",
                hint=f"See them: retainctl points statement {customer_id}",
            )
        journal.repay(customer_id, terms)
        if kind == "redemption" and not terms.value_minor(points, shop.settings.currency):
            raise BadData(
                f"{points} points pay nothing",
                hint=f"{terms.redeem_points} points pay {terms.redeem_value} {shop.settings.currency}, rounded down.",
            )
        if kind == "grant":
            _give(shop, journal, customer_id, points, source=source, reason=reason, terms=terms)
        else:
            _spend(journal, kind, customer_id, points, source=source, reason=reason, terms=terms)
        journal.write()
    after = balances(shop, [customer_id])[customer_id]
    if kind != "grant" and not repeated:
        assert after == before - points, f"customer {customer_id} had {before}, gave {points} and has {after}"
    return PointsBooking(
        customer_id=customer_id,
        booked=kind,
        points=points,
        value_minor=terms.value_minor(points, shop.settings.currency),
        currency=shop.settings.currency,
        available=after,
        repeated=repeated,
    )


def _check(customer_id: int, points: int, source: str) -> None:
    if not 1 <= points <= POINTS_PER_ENTRY:
        raise BadData(f"{points} points cannot be booked", hint=f"The amount must be from 1 to {POINTS_PER_ENTRY}.")
    if not source or not source.isprintable() or len(source) > 200:
        raise BadData(
            "the source must have from 1 to 200 printable characters", hint='For example: --source "order:1042"'
        )
    if value("SELECT id FROM customers WHERE id = ?", customer_id) is None:
        raise WrongUsage(f"there is no customer {customer_id}", hint="List them: retainctl customers list")


def _is_repeated(kind: BookingKind, customer_id: int, points: int, source: str) -> bool:
    """Whether *source* was booked before; BadData when it was booked otherwise.

    It may have been booked for another, with whom the customer was one at the time.
    """
    query = """
        SELECT a.customer_id, a.opened_for, t.points FROM transactions AS t JOIN accounts AS a ON a.id = t.account_id
        WHERE t.source = ?
    """
    booked = rows(query, f"{PROGRAM}/{kind}/{source}")
    if not booked:
        return False
    owner, booked_for, before = booked[0]
    if booked_for not in ever_one_with(customer_id) or before != points:
        raise BadData(
            f"source {source!r} was already used for a different booking: {kind} of {before} points, customer {owner}",
            hint="Nothing was booked. Use a new source for each booking.",
        )
    return True


def _give(
    shop: Shop, journal: Journal, customer_id: int, points: int, *, source: str, reason: str, terms: Terms
) -> None:
    account_id = journal.accounts.main(customer_id)
    day = shop.clock.day(journal.now)
    lot = journal.grant(
        account_id,
        points,
        terms=terms,
        earned_at=journal.now,
        active_from=journal.now,
        expires_at=terms.expires_at(day=day, clock=shop.clock),
    )
    journal.book(
        "grant",
        source,
        [Move(account_id, journal.books.adjustment, lot.id, points)],
        account_id=account_id,
        points=points,
        terms=terms,
        effective_at=journal.now,
        reason=reason,
    )
    journal.repay(customer_id, terms)


def _spend(
    journal: Journal, kind: BookingKind, customer_id: int, points: int, *, source: str, reason: str, terms: Terms
) -> None:
    lots = journal.live_lots(journal.accounts.of(customer_id))
    active = [lot for lot in lots if lot.active_from <= journal.now]
    if kind == "redemption":
        moves = journal.take(active, points, against_id=journal.books.redemption, part="consumed")
    else:
        moves = journal.take(active, points, against_id=journal.books.adjustment, part="reversed")
    assert sum(move.points for move in moves) == -points, "what is available can be taken"
    journal.book(
        kind,
        source,
        moves,
        account_id=journal.accounts.main(customer_id),
        points=points,
        terms=terms,
        effective_at=journal.now,
        reason=reason,
    )
