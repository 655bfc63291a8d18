"""Booking points: the lock first, the chain, and lots whose sums are the balances.

A Journal is what one database transaction adds. It takes the ledger's lock when it is made, so that what it reads
stays true until it is written; ``write`` proves the sums and writes everything at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Final, Literal, NamedTuple

from retainctl.clock import month_of
from retainctl.club.accounts import UNIT, Accounts, read_books
from retainctl.club.lots import COLUMNS, Lot, Part, cells, read_lots
from retainctl.club.terms import Terms, use
from retainctl.config import Shop
from retainctl.errors import Refused
from retainctl.shop.clock_check import clock_doubt
from retainctl.store.club import LOCK
from retainctl.store.database import database, rows, value
from retainctl.store.dialect import add_many, hold_lock, insert_many, set_many

PROGRAM: Final = "points"
CLOCK_TOLERANCE_SECONDS = 300
GENESIS: Final = bytes(32)

_RowValues = tuple[object, ...]
BookingKind = Literal["award", "clawback", "redemption", "grant", "deduction", "expiry", "repayment"]


class Move(NamedTuple):
    """*points* onto an account (below zero: off it), and as many off the other."""

    account_id: int
    against_id: int
    lot_id: int | None
    points: int


class Journal:
    """What one database transaction adds to the ledger.

    Nothing is written under a clock that is behind the ledger, nor under one that may be far ahead of it: points that
    expired are gone, and ``recorded_at`` never decreases, so that one booking in 2036 would stop all until then.
    """

    def __init__(self, shop: Shop) -> None:
        assert database.in_transaction(), "the write lock comes first"
        hold_lock(LOCK)
        self._shop = shop
        head = rows("SELECT seq, recorded_at, hash FROM transactions ORDER BY seq DESC LIMIT 1")
        self._seq, newest, self._hash = head[0] if head else (0, 0, GENESIS)
        self.now = shop.clock.now()
        if self.now < newest - CLOCK_TOLERANCE_SECONDS:
            raise Refused(
                f"the clock says {shop.clock.iso(self.now)}, but the newest booking is from {shop.clock.iso(newest)}",
                hint="Correct the clock. An earlier --now only works for reading.",
            )
        self._newest = newest
        self.recorded_at = max(self.now, newest)
        self._last_lot_id = int(value("SELECT COALESCE(MAX(id), 0) FROM lots"))
        self.accounts, self.books = Accounts(), read_books()
        self._lots: dict[int, dict[int, Lot]] = defaultdict(dict)  # of each account, by their ids
        self._whole: set[int] = set()  # the accounts whose open lots are all in _lots
        self._new_lots: list[Lot] = []
        self._terms: dict[int, Terms] = {}
        self._booked: list[tuple[_RowValues, Sequence[Move]]] = []  # each transaction, without its hash
        self._reasons: list[tuple[int, str]] = []

    def check_clock(self) -> None:
        """Refused when the clock may be far ahead of the ledger; the first booking of all has nothing to go by."""
        if self._newest and (doubt := clock_doubt(self._shop, since=self._newest)):
            raise Refused(doubt, hint="Nothing was booked. If the clock is right, run it again with --yes-clock.")

    def live_lots(self, account_ids: Sequence[int]) -> list[Lot]:
        """The lots of these accounts that hold points and have not expired, in the order of spending."""
        lots = []
        for account_id in account_ids:
            if account_id not in self._whole and account_id not in self.accounts.opened:
                self._whole.add(account_id)
                self._read_lots("account_id = ? AND remaining > 0", account_id)
            lots += [lot for lot in self._lots[account_id].values() if lot.remaining and lot.lives(self.now)]
        return sorted(lots, key=Lot.queue)

    def lots_of_order(self, order_id: int, account_id: int) -> list[Lot]:
        """All lots that an order gave to an account before this journal, in the order of spending."""
        lots = self._read_lots("order_id = ?", order_id)
        return sorted((lot for lot in lots if lot.account_id == account_id), key=Lot.queue)

    def past_lots(self, *, limit: int) -> list[Lot]:
        """Up to *limit* lots that hold points and have expired."""
        return self._read_lots("remaining > 0 AND expires_at <= ? ORDER BY expires_at, id LIMIT ?", self.now, limit)

    def _read_lots(self, condition: str, *values: object) -> list[Lot]:
        """The lots of the database that *condition* names, as this journal has them by now."""
        return [self._lots[lot.account_id].setdefault(lot.id, lot) for lot in read_lots(condition, *values)]

    def rely_on(self, terms: Terms) -> None:
        """Keep *terms* word for word: something is booked by them, be it nothing."""
        self._terms[terms.version] = terms

    def grant(
        self,
        account_id: int,
        points: int,
        *,
        terms: Terms,
        earned_at: int,
        active_from: int,
        expires_at: int | None,
        order_id: int | None = None,
    ) -> Lot:
        """A new lot of *points*; its entry is the caller's to book."""
        lot = Lot(
            self._last_lot_id + len(self._new_lots) + 1,
            account_id,
            order_id,
            terms.version,
            points,
            points,
            0,
            0,
            0,
            earned_at,
            active_from,
            expires_at,
        )
        self._new_lots.append(lot)
        self._lots[account_id][lot.id] = lot
        return lot

    def take(self, lots: Sequence[Lot], points: int, *, against_id: int, part: Part) -> list[Move]:
        """Take up to *points* from *lots*, in their order: none is touched while an earlier one holds any."""
        moves = []
        for lot in lots:
            taken = min(lot.remaining, points)
            if taken:
                lot.take(taken, part)
                moves.append(Move(lot.account_id, against_id, lot.id, -taken))
                points -= taken
        return moves

    def take_back(self, account_id: int, own: Sequence[Lot], points: int, *, clawback: str) -> list[Move]:
        """Take back *points* that an order gave to an account in *own* lots.

        What of them is still there goes first, then what has expired, which costs the customer nothing more. What
        was spent comes from the account's other lots, and what those do not hold is owed.
        """
        moves = self.take(own, points, against_id=self.books.issuance, part="reversed")
        left = points + sum(move.points for move in moves)
        for lot in own:
            again = min(lot.expired, left)
            if again:
                lot.reverse_expired(again)
                moves.append(Move(self.books.expiry, self.books.issuance, lot.id, -again))
                left -= again
        if left:
            moves += self.take(self.live_lots([account_id]), left, against_id=self.books.issuance, part="reversed")
            left = points + sum(move.points for move in moves)
        return moves + self.owe(account_id, left, clawback=clawback) if left else moves

    def owe(self, account_id: int, points: int, *, clawback: str) -> list[Move]:
        """Let *points* be owed for an account, until ``repay``; or be borne by the shop where the terms clamp, as far
        as nothing that its customer has can repay them."""
        owed = points
        if clawback == "clamp":
            lots = self.live_lots(self.accounts.of(self.accounts.holder(account_id)))
            owed = min(points, sum(lot.remaining for lot in lots))
        moves = []
        if owed:
            debt = self.accounts.debt(account_id)
            self.accounts.owed[debt] += owed
            moves.append(Move(debt, self.books.issuance, None, -owed))
        if points > owed:
            moves.append(Move(self.books.adjustment, self.books.issuance, None, owed - points))
        return moves

    def repay(self, customer_id: int, terms: Terms) -> None:
        """Let the customer's points repay what is owed, as far as they go; the pending ones last."""
        owed = self.accounts.owed
        for debt in self.accounts.debts(customer_id):
            if not owed[debt]:
                continue
            lots = self.live_lots(self.accounts.of(customer_id))
            lots.sort(key=lambda lot: lot.active_from > self.now)
            moves = self.take(lots, owed[debt], against_id=self.books.adjustment, part="reversed")
            repaid = -sum(move.points for move in moves)
            if repaid:
                owed[debt] -= repaid
                moves.append(Move(debt, self.books.adjustment, None, repaid))
                self.book(
                    "repayment",
                    f"{debt}/{self._seq + 1}",
                    moves,
                    account_id=debt,
                    points=repaid,
                    terms=terms,
                    effective_at=self.recorded_at,
                )

    def book(
        self,
        kind: BookingKind,
        source: str,
        moves: Sequence[Move],
        *,
        account_id: int,
        points: int,
        terms: Terms,
        effective_at: int,
        order_id: int | None = None,
        reason: str = "",
    ) -> None:
        """Add one transaction. *source* says what caused it, once and for all of its kind."""
        self._seq += 1
        self._terms[terms.version] = terms
        row = (
            self._seq,
            kind,
            f"{PROGRAM}/{kind}/{source}",
            account_id,
            points,
            order_id,
            terms.version,
            effective_at if effective_at < self.recorded_at else self.recorded_at,
            self.recorded_at,
        )
        self._booked.append((row, moves))
        if reason:
            self._reasons.append((self._seq, reason))

    def write(self) -> None:
        """Write everything, after proving that each account moved by what its lots did."""
        if self._booked:
            self.check_clock()
        transactions, entries, deltas = self._rows()
        self._prove(deltas)
        for terms in self._terms.values():
            use(terms, at=self.recorded_at)
        insert_many(
            "accounts",
            "id unit kind customer_id opened_for balance",
            [(one, UNIT, *whose, deltas.pop(one, 0)) for one, whose in self.accounts.opened.items()],
        )
        insert_many(
            "transactions",
            "seq kind source account_id points order_id terms_version effective_at recorded_at hash",
            transactions,
        )
        new_lots = [("goodwill" if lot.order_id is None else "earned", *cells(lot)) for lot in self._new_lots]
        insert_many("lots", ("origin", *COLUMNS), new_lots)
        insert_many("entries", "seq entry_no month account_id against_id lot_id points", entries)
        insert_many("transaction_reasons", "seq reason", self._reasons)
        set_many(
            "lots",
            "id",
            ("remaining", "consumed", "expired", "reversed"),
            [
                (lot.id, lot.remaining, lot.consumed, lot.expired, lot.reversed)
                for lots in self._lots.values()
                for lot in lots.values()
                if lot.changed and lot.id <= self._last_lot_id
            ],
        )
        add_many("accounts", "balance", deltas)

    def _rows(self) -> tuple[list[_RowValues], list[_RowValues], dict[int, int]]:
        """The rows of the transactions, each with its hash, and of their entries; and what each account gains."""
        transactions: list[_RowValues] = []
        entries: list[_RowValues] = []
        head, month = self._hash, month_of(self.recorded_at)
        deltas: dict[int, int] = defaultdict(int)
        for row, moves in self._booked:
            head = chained(head, row, moves)
            transactions.append((*row, head))
            for number, (account_id, against_id, lot_id, points) in enumerate(moves, 1):
                entries.append((row[0], number, month, account_id, against_id, lot_id, points))
                deltas[account_id] += points
                deltas[against_id] -= points
        return transactions, entries, deltas

    def _prove(self, deltas: Mapping[int, int]) -> None:
        """What each customer's account gains, its lots gain; all accounts together gain nothing."""
        gained = {one: sum([lot.remaining - lot.before for lot in lots.values()]) for one, lots in self._lots.items()}
        for account_id, delta in deltas.items():
            if account_id not in self.books and account_id not in self.accounts.owed:
                assert gained.pop(account_id, 0) == delta, f"account {account_id} is not the sum of its lots"
        assert not any(gained.values()), "a lot changed without an entry"
        assert sum(deltas.values()) == 0, "points were made or lost"


def chained(before: bytes, row: _RowValues, moves: Iterable[_RowValues]) -> bytes:
    """The hash of a transaction: over the one before, its own row (without the hash) and its entries."""
    text = _ROW % row + "".join([_MOVE % move for move in moves])
    return sha256(before + text.encode()).digest()


_ROW: Final = "%s %s %s %s %s %s %s %s %s"
_MOVE: Final = "\n%s %s %s %s"


def sources_from(beginning: str) -> tuple[str, str]:
    """The bounds of all sources that begin with *beginning*, the upper one not included: sources have an index."""
    return beginning, f"{beginning[:-1]}{chr(ord(beginning[-1]) + 1)}"
