"""A ledger of points that is small enough to be seen to be right; the real one must come to the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from math import floor
from zoneinfo import ZoneInfo


@dataclass(eq=False)  # two that hold the same are still two, in the queue as elsewhere
class Lot:
    customer: int
    order: int
    left: int
    earned: int
    active: int
    expires: float
    expired: int = 0


@dataclass
class Terms:
    since: date
    rates: Mapping[str, Fraction]
    pending_days: int
    expiry_days: int
    clawback: str


@dataclass
class Order:
    customer: int | None
    at: int
    currency: str
    lines: dict[int, int]
    sale: bool = True
    gifts: frozenset[int] = frozenset()
    version: int = 1
    returns: Counter[int | None] = field(default_factory=Counter)


@dataclass
class Award:
    version: int
    terms: Terms
    judged: tuple[object, ...]
    points: dict[int, int]
    net: int


class Reference:
    """What customers have, by lists and loops."""

    def __init__(self, zone: ZoneInfo, terms: Terms) -> None:
        self.zone, self.terms, self.now = zone, [terms], 0
        self.lots: list[Lot] = []
        self.owed: Counter[int] = Counter()
        self.orders: dict[int, Order] = {}
        self.awards: dict[int, Award] = {}
        self.owner: dict[int, int] = {}
        self.into: dict[int, int] = {}
        self.moved: dict[tuple[int, int], list[Order]] = {}
        self.crossed: list[tuple[int, Lot, int]] = []

    def one(self, customer: int) -> int:
        """Whom a customer has become by merges."""
        return self.one(self.into[customer]) if customer in self.into else customer

    def live(self, customer: int) -> list[Lot]:
        lots = (lot for lot in self.lots if self.one(lot.customer) == self.one(customer))
        return self.queue(lot for lot in lots if lot.expires > self.now)

    def queue(self, lots: object) -> list[Lot]:
        return sorted(lots, key=lambda lot: (lot.expires, lot.earned, self.lots.index(lot)))  # type: ignore[call-overload,no-any-return]

    def take(self, lots: Sequence[Lot], points: int, *, actor: int) -> int:
        for lot in lots:
            taken = min(points, lot.left)
            lot.left, points = lot.left - taken, points - taken
            if taken and lot.customer != actor:
                self.crossed.append((actor, lot, taken))
        return points

    def active(self, customer: int) -> list[Lot]:
        return [lot for lot in self.live(customer) if lot.active <= self.now]

    def available(self, customer: int) -> int:
        return max(0, sum(lot.left for lot in self.active(customer)) - self.debt(customer))

    def debt(self, customer: int) -> int:
        return sum(points for whose, points in self.owed.items() if self.one(whose) == self.one(customer))

    def repay(self, customer: int) -> None:
        pending = [lot for lot in self.live(customer) if lot.active > self.now]
        for whose in sorted(self.owed):
            if self.one(whose) == self.one(customer):
                self.owed[whose] = self.take([*self.active(customer), *pending], self.owed[whose], actor=whose)

    def owe(self, customer: int, points: int, terms: Terms) -> None:
        there = sum(lot.left for lot in self.live(customer))
        self.owed[customer] += points if terms.clawback == "debt" else min(points, there)
        self.repay(customer)

    def give(self, customer: int, points: int, terms: Terms, *, at: int, order: int = 0) -> None:
        day = datetime.fromtimestamp(at, self.zone).date()
        active = at if not terms.pending_days or not order else self.start(day + timedelta(days=terms.pending_days))
        expires = self.start(day + timedelta(days=terms.expiry_days + 1)) if terms.expiry_days else float("inf")
        self.lots.append(Lot(customer, order, points, at, active, expires))

    def take_back(self, customer: int, points: int, terms: Terms, *, order: int) -> None:
        if not points:
            return  # where nothing is booked, nothing that is owed is paid either
        own = self.queue(lot for lot in self.lots if lot.order == order and lot.customer == customer)
        points = self.take(own, points, actor=customer)
        for lot in own:
            again = min(points, lot.expired)
            lot.expired, points = lot.expired - again, points - again
        points = self.take([lot for lot in self.live(customer) if lot.customer == customer], points, actor=customer)
        self.owe(customer, points, terms)

    def spend(self, customer: int, points: int) -> bool:
        if points > self.available(customer):
            return False
        self.repay(customer)
        assert self.take(self.active(customer), points, actor=customer) == 0
        return True

    def merge(self, survivor: int, merged: int) -> None:
        self.moved[survivor, merged] = [order for order in self.orders.values() if order.customer == merged]
        for order in self.moved[survivor, merged]:
            order.customer = survivor
        self.into[merged] = survivor

    def undo(self, survivor: int, merged: int, terms: Terms) -> None:
        """Each has what their own orders and their own acts made."""
        del self.into[merged]
        for order in self.moved.pop((survivor, merged)):
            order.customer = merged if order.customer == survivor else order.customer
        for number, owner in self.owner.items():
            order = self.orders[number]
            order.version += order.customer == merged and self.one(owner) != merged
        parted = [one for one in self.crossed if self.one(one[0]) != self.one(one[1].customer)]
        self.crossed = [one for one in self.crossed if one not in parted]
        for actor, lot, points in parted:
            self.lots.append(replace(lot, left=points, expired=0))
            self.owe(actor, points, terms)
            self.repay(lot.customer)

    def expire(self) -> None:
        for lot in self.lots:
            if lot.expires <= self.now:
                lot.expired, lot.left = lot.expired + lot.left, 0

    def award(self) -> None:
        for number, order in sorted(self.orders.items()):
            award = self.awards.get(number)
            if award is None and (not order.sale or order.customer is None):
                continue
            if order.at > self.now or (award and award.version == order.version):
                continue
            day = datetime.fromtimestamp(order.at, self.zone).date()
            terms = award.terms if award else [one for one in self.terms if one.since <= day][-1]
            judged = (order.currency, dict(order.lines), order.gifts)
            points = award.points if award and award.judged == judged else earned(order, terms)
            counts = order.sale and order.customer is not None
            back = returned(order, points)
            net = sum(points.values()) - back if counts else 0
            if award is None:
                assert order.customer is not None
                if sum(points.values()):
                    self.give(order.customer, sum(points.values()), terms, at=order.at, order=number)
                    self.take_back(order.customer, back, terms, order=number)
                    self.repay(order.customer)
                self.owner[number] = order.customer
            else:
                had, owner = award.net, self.owner[number]
                if order.customer not in (None, self.one(owner)):
                    self.take_back(owner, had, terms, order=number)
                    had = 0
                    assert order.customer is not None
                    owner = self.owner[number] = order.customer
                if net > had:
                    self.give(owner, net - had, terms, at=order.at, order=number)
                    self.repay(owner)
                self.take_back(owner, max(0, had - net), terms, order=number)
            self.awards[number] = Award(order.version, terms, judged, points, net)

    def start(self, day: date) -> int:
        return int(datetime.combine(day, time(), self.zone).timestamp())


def earned(order: Order, terms: Terms) -> dict[int, int]:
    rate = terms.rates.get(order.currency, Fraction(0)) / 100
    exact = {line: amount * rate * (line not in order.gifts) for line, amount in order.lines.items()}
    points = {line: floor(share) for line, share in exact.items()}
    by_remainder = sorted(exact, key=lambda line: (floor(exact[line]) - exact[line], line))
    for line in by_remainder[: floor(sum(exact.values())) - sum(points.values())]:
        points[line] += 1
    return points


def returned(order: Order, points: Mapping[int, int]) -> int:
    loose, total = order.returns[None], 0
    for line, amount in order.lines.items():
        back = min(amount, order.returns[line])
        more = min(loose, amount - back)
        loose -= more
        total += floor(Fraction(points[line] * (back + more), amount)) if amount else 0
    return total
