"""The ledger against a small reference: whatever is done in whatever order, both come to the same.

A few hundred steps in every run; five thousand on each database with ``RETAINCTL_PROOF=full``.
"""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from retainctl.clock import Clock
from retainctl.club.awarding import award
from retainctl.club.balances import Balance, balance_rows
from retainctl.club.checking import check
from retainctl.club.expiry import expire
from retainctl.club.ledger import CLOCK_TOLERANCE_SECONDS
from retainctl.club.spending import add, redeem, take
from retainctl.club.statement import statement
from retainctl.config import Shop, read_shop
from retainctl.errors import BadData, Refused
from retainctl.shop.merging import merge, undo
from retainctl.store.database import execute, is_postgres, rows, value
from retainctl.store.opening import open_database
from retainctl.store.transactions import writing
from tests.club.building import DAY, came_back, customer, order
from tests.proof.ledger_reference import Order, Reference, Terms

FULL = os.environ.get("RETAINCTL_PROOF") == "full"
EXAMPLES, STEPS = (100, 50) if FULL else (6, 50)
CUSTOMERS = (1, 2, 3)
Opening = Callable[[], AbstractContextManager[Shop]]

amounts = st.lists(st.sampled_from([0, 1, 99, 100, 101, 3_333, 10_000, 99_999]), min_size=1, max_size=3)
points = st.sampled_from([1, 7, 30, 100, 333, 2_000])
customers = st.sampled_from(CUSTOMERS)
currencies = st.sampled_from(["ILS", "ILS", "USD", "EUR"])
gifts = st.sampled_from([frozenset[int](), frozenset({1}), frozenset({1, 2})])


def categories(lines: dict[int, int], gifts: frozenset[int]) -> list[str]:
    return ["Gifts" if line_no in gifts else "Coffee" for line_no in lines]


class Ledger(RuleBasedStateMachine):
    """What a shop does to its ledger, in any order."""

    def __init__(self, opening: Opening) -> None:
        super().__init__()
        self.opening, self.stack = opening, ExitStack()
        self.shop = self.stack.enter_context(opening())
        self.customers = list(CUSTOMERS)
        self.merges: dict[tuple[int, int], int] = {}
        self.past: list[tuple[int, dict[int, int], list[tuple[Balance, int]]]] = []
        self.calls: list[tuple[str, int, int, str]] = []
        self.acts: Counter[int] = Counter()  # what each has booked by hand
        self.keys = 0

    @initialize(
        rate=st.sampled_from(["1", "0.5", "1/3", "7"]), pending=st.sampled_from([0, 0, 14]),
        life=st.sampled_from([0, 30, 400]), clawback=st.sampled_from(["debt", "debt", "clamp"]),
    )  # fmt: skip
    def open_the_club(self, rate: str, pending: int, life: int, clawback: str) -> None:
        for table in ("customers", "orders", "accounts WHERE id > 4", "transactions", "entries", "lots", "awards"):
            assert value(f"SELECT COUNT(*) FROM {table}") == 0, "each walk begins with nothing"
        for one in CUSTOMERS:
            customer(one)
        (self.shop.folder / "club.toml").write_text("", encoding="utf-8")
        self.write_terms(1, None, rate, pending, life, clawback)
        self.reference = Reference(self.shop.clock.zone, self.terms(date.min, rate, pending, life, clawback))
        self.reference.now = self.shop.clock.now()

    @staticmethod
    def terms(since: date, rate: str, pending: int, life: int, clawback: str) -> Terms:
        return Terms(since, {"ILS": Fraction(rate), "USD": 3 * Fraction(rate)}, pending, life, clawback)

    def write_terms(self, version: int, since: date | None, rate: str, pending: int, life: int, clawback: str) -> None:
        numerator, _, denominator = rate.partition("/")
        thrice = f"{3 * float(numerator):g}" + (f"/{denominator}" if denominator else "")
        with (self.shop.folder / "club.toml").open("a", encoding="utf-8") as file:
            file.write(
                f'[[terms]]\nversion = {version}\npoints_per = {{ ILS = "{rate}", USD = "{thrice}" }}\n'
                + (f"valid_from = {since}\n" if since else "")
                + f'pending_days = {pending}\nexpiry_days = {life}\nclawback = "{clawback}"\n'
                f'excluded_categories = ["Gifts"]\n'
            )

    @rule(hours=st.sampled_from([0, 1, 12, 24, 24 * 20, 24 * 200]))
    def time_passes(self, hours: int) -> None:
        self.set_now(self.shop.clock.now() + hours * 3_600)

    @precondition(lambda self: any(lot.left and lot.expires < 1e12 for lot in self.reference.lots))
    @rule(seconds=st.sampled_from([-1, 0]))
    def a_lot_comes_to_its_last_second(self, seconds: int) -> None:
        ends = min(lot.expires for lot in self.reference.lots if lot.left)
        self.set_now(max(self.shop.clock.now(), int(ends) + seconds))

    def set_now(self, now: int) -> None:
        if now > self.shop.clock.now() + CLOCK_TOLERANCE_SECONDS:
            self.past.append((self.shop.clock.now(), dict(self.reference.into), self.told(self.shop)))
        self.shop = self.at(now)
        self.reference.now = now

    def at(self, now: int) -> Shop:
        return Shop(self.shop.folder, self.shop.settings, Clock(self.shop.clock.zone, now, trusted=True))

    def told(self, shop: Shop) -> list[tuple[Balance, int]]:
        """Each customer's balance, and the closing of the statement."""
        closing = {one: next(x for x in statement(shop, one) if x.item == "closing").points for one in self.customers}
        return [(row, closing[row.customer_id]) for row in balance_rows(shop, sorted(self.customers))]

    @precondition(lambda self: self.past)
    @rule(data=st.data())
    def an_earlier_time_is_read_again(self, data: st.DataObject) -> None:
        then, merges, told = data.draw(st.sampled_from(self.past))
        if merges == self.reference.into:
            assert [(replace(row, value_minor=0), closing) for row, closing in self.told(self.at(then))] == [
                (replace(row, value_minor=0), closing) for row, closing in told
            ]

    @rule(
        amounts=amounts, whose=st.sampled_from([*CUSTOMERS, None]), days=st.sampled_from([0, 1, 20, 300]),
        currency=currencies, gifts=gifts,
    )  # fmt: skip
    def an_order_comes(
        self, amounts: list[int], whose: int | None, days: int, currency: str, gifts: frozenset[int]
    ) -> None:
        number = len(self.reference.orders) + 1
        at = self.shop.clock.now() - days * DAY
        whose = None if whose is None else self.reference.one(whose)
        lines = dict(enumerate(amounts, 1))
        order(
            self.shop, number, lines, at=at, customer_id=whose, currency=currency, categories=categories(lines, gifts)
        )
        self.reference.orders[number] = Order(whose, at, currency, lines, gifts=gifts & lines.keys())

    @precondition(lambda self: self.reference.orders)
    @rule(
        data=st.data(), amounts=amounts, sale=st.booleans(), whose=st.sampled_from([None, None, *CUSTOMERS]),
        currency=currencies, gifts=gifts,
    )  # fmt: skip
    def an_order_is_edited(
        self, data: st.DataObject, amounts: list[int], sale: bool, whose: int | None, currency: str,
        gifts: frozenset[int],
    ) -> None:  # fmt: skip
        number = data.draw(st.sampled_from(sorted(self.reference.orders)))
        one = self.reference.orders[number]
        if whose in self.customers and one.customer is not None:
            one.customer = whose
        lines = dict(enumerate(amounts, 1)) if data.draw(st.booleans()) else one.lines
        order(
            self.shop, number, lines, at=one.at, customer_id=one.customer, currency=currency, is_sale=sale,
            categories=categories(lines, gifts),
        )  # fmt: skip
        for line_no in one.lines.keys() - lines.keys():
            one.returns[None] += one.returns.pop(line_no, 0)
        one.lines, one.sale, one.version = lines, sale, one.version + 1
        one.currency, one.gifts = currency, gifts & lines.keys()

    @precondition(lambda self: self.reference.orders)
    @rule(data=st.data(), share=st.sampled_from([1, 2, 3]), named=st.booleans())
    def something_comes_back(self, data: st.DataObject, share: int, named: bool) -> None:
        number = data.draw(st.sampled_from(sorted(self.reference.orders)))
        one = self.reference.orders[number]
        line_no, amount = data.draw(st.sampled_from(sorted(one.lines.items())))
        back = amount // share
        came_back(number, back, at=self.shop.clock.now(), line_no=line_no if named else None)
        one.returns[line_no if named else None] += back
        one.version += 1

    @rule()
    def orders_are_awarded(self) -> None:
        award(self.shop)
        self.reference.award()
        assert award(self.shop).row.orders == 0, "a second run finds nothing"

    @rule()
    def points_expire(self) -> None:
        expire(self.shop)
        self.reference.expire()
        assert expire(self.shop).lots == 0, "a second run finds nothing"

    @rule(verb=st.sampled_from(["redeem", "redeem", "take", "add"]), whose=customers, points=points)
    def points_are_booked(self, verb: str, whose: int, points: int) -> None:
        self.keys += 1
        call = (verb, whose, points, f"{verb}:{self.keys}")
        whose = self.reference.one(whose)
        if verb == "add":
            self.reference.repay(whose)
            self.reference.give(whose, points, self.reference_terms_today(), at=self.shop.clock.now())
            self.reference.repay(whose)
            expected = True
        else:
            expected = self.reference.spend(whose, points)
        before = value("SELECT COUNT(*) FROM transactions")
        if expected:
            assert not self.call(*call)
            self.calls.append(call)
            self.acts[whose] += points if verb == "add" else -points
        else:
            with pytest.raises(Refused):
                self.call(*call)
            assert value("SELECT COUNT(*) FROM transactions") == before, "what is refused leaves no entry"

    def reference_terms_today(self) -> Terms:
        today = self.shop.clock.today()
        return [one for one in self.reference.terms if one.since <= today][-1]

    def call(self, verb: str, whose: int, points: int, source: str) -> bool:
        if verb == "redeem":
            return redeem(self.shop, whose, points, source=source).repeated
        book = add if verb == "add" else take
        return book(self.shop, whose, points, source=source, reason="model").repeated

    @precondition(lambda self: self.calls)
    @rule(data=st.data(), more=st.sampled_from([0, 1]))
    def an_earlier_call_comes_again(self, data: st.DataObject, more: int) -> None:
        verb, whose, points, source = data.draw(st.sampled_from(self.calls))
        if more:
            with pytest.raises(BadData, match="already used for a different booking"):
                self.call(verb, whose, points + more, source)
        else:
            assert self.call(verb, whose, points, source)

    @rule(days=st.sampled_from([-30, 0, 1]), rate=st.sampled_from(["2", "1/4"]), life=st.sampled_from([0, 60]))
    def new_terms_come(self, days: int, rate: str, life: int) -> None:
        since = self.shop.clock.today() + timedelta(days=days)
        if since > self.reference.terms[-1].since:
            self.write_terms(len(self.reference.terms) + 1, since, rate, 0, life, "debt")
            self.reference.terms.append(self.terms(since, rate, 0, life, "debt"))

    @precondition(lambda self: len(self.customers) > 1)
    @rule(go=st.sampled_from([False, False, True]), data=st.data())
    def two_customers_turn_out_to_be_one(self, go: bool, data: st.DataObject) -> None:
        if not go:
            return
        survivor, merged = data.draw(st.permutations(self.customers))[:2]
        done = merge(self.shop, survivor_id=survivor, merged_id=merged, reason="model")
        self.reference.merge(survivor, merged)
        self.customers.remove(merged)
        self.merges[survivor, merged] = done.merge_id

    @precondition(lambda self: self.merges)
    @rule(data=st.data())
    def they_turn_out_to_be_two(self, data: st.DataObject) -> None:
        both = data.draw(st.sampled_from(sorted(one for one in self.merges if one[0] in self.customers)))
        undo(self.shop, self.merges.pop(both))
        self.reference.undo(*both, self.reference_terms_today())
        self.customers.append(both[1])

    @rule()
    def the_program_ends_and_starts_again(self) -> None:
        clock = self.shop.clock
        self.stack.close()
        self.stack = ExitStack()
        again = self.stack.enter_context(self.opening())
        self.shop = replace(again, clock=clock)

    @invariant()
    def both_come_to_the_same(self) -> None:
        if not hasattr(self, "reference"):
            return
        now = self.shop.clock.now()
        for row, closing in self.told(self.shop):
            live = self.reference.live(row.customer_id)
            assert row.available == self.reference.available(row.customer_id)
            assert row.pending == sum(lot.left for lot in live if lot.active > now)
            assert row.owed == self.reference.debt(row.customer_id)
            assert closing == sum(lot.left for lot in live) - row.owed
        ours = rows(
            "SELECT a.opened_for, COALESCE(l.order_id, 0), l.remaining, l.expired, l.earned_at, l.active_from,"
            " l.expires_at FROM lots AS l JOIN accounts AS a ON a.id = l.account_id"
        )
        theirs = [
            (lot.customer, lot.order, lot.left, lot.expired, lot.earned, lot.active,
             None if lot.expires > 1e12 else lot.expires)
            for lot in self.reference.lots
        ]  # fmt: skip
        assert sorted(ours, key=str) == sorted(theirs, key=str)

    @invariant()
    def who_is_parted_has_what_their_own_orders_and_acts_made(self) -> None:
        """Nothing of the reference but what each order is worth, and what has expired."""
        if not hasattr(self, "reference") or self.merges or any(one.clawback != "debt" for one in self.reference.terms):
            return
        for row, closing in self.told(self.shop):
            whose = row.customer_id
            orders = sum(
                one.net for number, one in self.reference.awards.items() if self.reference.owner[number] == whose
            )
            lots = [lot for lot in self.reference.lots if lot.customer == whose]
            gone = sum(lot.expired + (lot.left if lot.expires <= self.reference.now else 0) for lot in lots)
            assert closing == orders + self.acts[whose] - gone

    @invariant()
    def the_books_are_right(self) -> None:
        check(self.shop)

    def teardown(self) -> None:
        self.stack.close()


@pytest.mark.proof
@pytest.mark.timeout(3000)  # five thousand steps on a busy machine; what is found is made small in that time too
def test_the_ledger_and_its_reference_come_to_the_same(folder: Path) -> None:
    opened = read_shop(str(folder), now="2025-03-02T10:00")

    @contextlib.contextmanager
    def opening():  # type: ignore[no-untyped-def]
        with open_database(opened.database_url, now=0, migrate=True):
            yield opened

    class LedgerHere(Ledger):
        def __init__(self) -> None:
            _empty(opened)
            super().__init__(opening)

    run_state_machine_as_test(
        LedgerHere,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, database=None,
            suppress_health_check=list(HealthCheck), print_blob=True,
            derandomize=not FULL,  # a short run walks the same ways each time; the full one looks for new ones
        ),
    )  # fmt: skip


def _empty(shop: Shop) -> None:
    """Leave nothing of the database."""
    for path in shop.folder.glob("retain.db*"):
        path.unlink()
    with open_database(shop.database_url, now=0, migrate=True):
        if is_postgres():
            with writing():
                execute("DROP SCHEMA public CASCADE")
                execute("CREATE SCHEMA public")
