"""Awarding: every order whose award is not what it should be, looked at once.

It asks which orders have none, or one of another version of the order: not which are new. So an order that comes
late, is edited, cancelled or returned is found, and a second run finds nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import fields
from functools import cache, partial

from retainctl.clock import Clock, day_of
from retainctl.club.earning import POINTS_PER_ENTRY, EarningLine, EarningOrder, earned, taken_back
from retainctl.club.ledger import Journal, Move
from retainctl.club.lots import Lot
from retainctl.club.orders import AwardedLine, Order, awarded_lines_of, due_orders, lines_of, owners_of, returned_of
from retainctl.club.terms import Club, Terms, read_club
from retainctl.config import Shop
from retainctl.errors import DoneInPart
from retainctl.result import Result
from retainctl.rows import Row
from retainctl.store.database import execute_many
from retainctl.store.dialect import insert_many, set_many
from retainctl.store.transactions import collector_at_rest, in_one_transaction

ORDERS_PER_TRANSACTION = 20_000


class AwardRun(Row, kind="award_run"):
    """What a run of ``award`` did: orders looked at, and the points they gained and gave back."""

    orders: int
    orders_awarded: int
    points_earned: int
    orders_taken_back: int
    points_taken_back: int
    orders_held: int


def award(shop: Shop, *, dry_run: bool = False, advance: Callable[[int], None] = lambda _: None) -> Result[AwardRun]:
    """Give every order what it earns by the terms in force on its day, and take back what came back.

    One transaction for each twenty thousand orders; killed between two, the next run goes on. *advance* hears how
    many orders were looked at. An order that would earn more than a billion points is held, and looked at again.
    """
    club = read_club(shop)
    whole: Counter[str] = Counter()
    last: int | None = 0
    with collector_at_rest():
        while last is not None:
            tally, last = _award_some(shop, club, after=last, dry_run=dry_run)
            whole.update(tally)
            advance(tally["orders"])
    run = AwardRun(**{one.name: whole[one.name] for one in fields(AwardRun)})
    orders = "1 order" if run.orders_held == 1 else f"{run.orders_held} orders"
    held = f"{orders} would earn more than {POINTS_PER_ENTRY:,} points, and got none"
    trouble = DoneInPart(held, hint="Check their amounts and import them again.") if run.orders_held else None
    return Result((run,), trouble=trouble)


@in_one_transaction
def _award_some(shop: Shop, club: Club, *, after: int, dry_run: bool) -> tuple[Counter[str], int | None]:
    """Award the next orders after the id *after*; the last id that was looked at, None when there are no more."""
    journal = Journal(shop)
    orders = due_orders(after=after, until=journal.now, limit=ORDERS_PER_TRANSACTION)
    if not orders:
        return Counter(), None
    run = _Awarding(shop, club, journal, orders)
    for order in orders:
        if order.account_id is None:
            run.first(order)
        else:
            run.again(order)
    if not dry_run:
        run.write()
    return run.tally, orders[-1].id


class _Awarding:
    """The orders of one transaction, with their lines, their returns and what their lines were awarded."""

    def __init__(self, shop: Shop, club: Club, journal: Journal, orders: Sequence[Order]) -> None:
        self.tally = Counter(orders=len(orders))
        self._club, self._journal = club, journal
        self._terms_on, self._life = (
            cache(lambda day: club.on(day_of(day).isoformat())),
            cache(partial(_life, club, shop.clock)),
        )
        ids = [order.id for order in orders]
        self._lines = lines_of(ids)
        self._returned = returned_of(ids)
        self._awarded_lines = awarded_lines_of([order.id for order in orders if order.account_id is not None])
        owners = owners_of({order.account_id for order in orders if order.account_id is not None})
        journal.accounts.load(owners | {order.customer_id for order in orders if order.customer_id is not None})
        self._new_awards: list[tuple[int, int, int, int, str, int]] = []
        self._changed_awards: list[tuple[int, int, int, int]] = []
        self._new_lines: list[AwardedLine] = []
        self._replaced: list[tuple[str, int]] = []  # the currency of each order that was judged anew

    def first(self, order: Order) -> None:
        """Award an order that never was: all that it earned, and then what came back of it."""
        assert order.customer_id is not None
        terms = self._terms_on(order.order_day)
        lines = _earned(order, self._lines.get(order.id, ()), terms)
        gross = sum([line.points for line in lines])
        if gross > POINTS_PER_ENTRY:
            self.tally["orders_held"] += 1
            return
        account_id = self._journal.accounts.main(order.customer_id)
        back = 0
        if gross:
            lot = self._give(order, account_id, gross, terms)
            if back := self._taken_back(order, lines):
                self._take_back(order, account_id, [lot], back, terms)
            self._journal.repay(order.customer_id, terms)
        else:
            self._journal.rely_on(terms)
        self._new_awards.append((order.id, account_id, order.version, terms.version, order.currency, gross - back))
        self._new_lines += lines

    def again(self, order: Order) -> None:
        """Book the difference between what an order has earned by now and what it was awarded.

        It stays with the terms by which it was awarded.
        """
        assert order.account_id is not None
        assert order.terms_version is not None
        assert order.points is not None
        terms = self._club.version(order.terms_version)
        before = self._awarded_lines.get(order.id, [])
        lines = self._judged(order, before, terms)
        gross = sum([line.points for line in lines])
        if gross > POINTS_PER_ENTRY:
            self.tally["orders_held"] += 1
            return
        if lines is not before:
            self._replaced.append((order.currency, order.id))
            self._new_lines += lines
        counts = order.is_sale and order.customer_id is not None
        target = gross - self._taken_back(order, lines) if counts else 0
        accounts, account_id, had = self._journal.accounts, order.account_id, order.points
        if order.customer_id is not None and order.customer_id != accounts.holder(account_id):
            self._take_back(order, account_id, self._journal.lots_of_order(order.id, account_id), had, terms)
            account_id, had = accounts.main(order.customer_id), 0
        if target > had:
            self._give(order, account_id, target - had, terms)
            self._journal.repay(accounts.holder(account_id), terms)
        elif target < had:
            own = self._journal.lots_of_order(order.id, account_id)
            self._take_back(order, account_id, own, had - target, terms)
        self._changed_awards.append((order.id, account_id, order.version, target))

    def _judged(self, order: Order, before: list[AwardedLine], terms: Terms) -> list[AwardedLine]:
        """What each line earns by now: *before*, where the rules read what they read then.

        A product that the order had then counts for what it was then, whatever the catalogue says by now.
        """
        was = {one.product_id: one.category for one in before}
        now = [
            line._replace(category=was.get(line.product_id, line.category)) for line in self._lines.get(order.id, ())
        ]
        then = [EarningLine(one.line_no, one.amount_minor, one.category, one.product_id) for one in before]
        return before if (order.currency, now) == (order.awarded_currency, then) else _earned(order, now, terms)

    def write(self) -> None:
        self._journal.write()
        insert_many(
            "awards",
            "order_id account_id order_version terms_version currency points",
            self._new_awards,
        )
        set_many("awards", "order_id", ("account_id", "order_version", "points"), self._changed_awards)
        execute_many("UPDATE awards SET currency = ? WHERE order_id = ?", self._replaced)
        execute_many("DELETE FROM awarded_lines WHERE order_id = ?", [(order_id,) for _, order_id in self._replaced])
        insert_many(
            "awarded_lines",
            "order_id line_no amount_minor points product_id category",
            self._new_lines,
        )

    def _taken_back(self, order: Order, lines: Sequence[AwardedLine]) -> int:
        """How many of the points of *lines* go with what came back of them."""
        returned = self._returned.get(order.id)
        return taken_back([line[1:4] for line in lines], returned.amounts) if returned else 0

    def _give(self, order: Order, account_id: int, points: int, terms: Terms) -> Lot:
        self.tally["orders_awarded"] += 1
        self.tally["points_earned"] += points
        active_from, expires_at = self._life(order.order_day, terms.version)
        lot = self._journal.grant(
            account_id,
            points,
            terms=terms,
            order_id=order.id,
            earned_at=order.ordered_at,
            active_from=active_from or order.ordered_at,
            expires_at=expires_at,
        )
        self._journal.book(
            "award",
            f"{order.id}/{order.version}",
            (Move(account_id, self._journal.books.issuance, lot.id, points),),
            account_id=account_id,
            points=points,
            terms=terms,
            effective_at=order.ordered_at,
            order_id=order.id,
        )
        return lot

    def _take_back(self, order: Order, account_id: int, own: Sequence[Lot], points: int, terms: Terms) -> None:
        if not points:
            return
        self.tally["orders_taken_back"] += 1
        self.tally["points_taken_back"] += points
        returned = self._returned.get(order.id)
        self._journal.book(
            "clawback",
            f"{order.id}/{order.version}",
            self._journal.take_back(account_id, own, points, clawback=terms.clawback),
            account_id=account_id,
            points=points,
            terms=terms,
            effective_at=returned.last_at if returned else self._journal.now,
            order_id=order.id,
        )
        self._journal.repay(self._journal.accounts.holder(account_id), terms)


def _earned(order: Order, lines: Sequence[EarningLine], terms: Terms) -> list[AwardedLine]:
    """What each line earns."""
    points = earned(EarningOrder(order.currency, lines), terms)
    return [
        AwardedLine(order.id, line_no, amount, one, product_id, category)
        for (line_no, amount, category, product_id), one in zip(lines, points, strict=True)
    ]


def _life(club: Club, clock: Clock, order_day: int, version: int) -> tuple[int, int | None]:
    """From when, and until when, the points of a day's orders may be spent; 0: from the order's own instant."""
    terms, day = club.version(version), day_of(order_day)
    return terms.active_from(at=0, day=day, clock=clock), terms.expires_at(day=day, clock=clock)
