"""The accounts of customers: read before they are asked for, and opened when there are none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from retainctl.store.database import rows, value
from retainctl.store.dialect import one_of

UNIT: Final = "points"


class ShopAccounts(NamedTuple):
    """The shop's own accounts, against which customers' are booked."""

    issuance: int
    redemption: int
    expiry: int
    adjustment: int


def read_books() -> ShopAccounts:
    """The shop's own accounts in this unit."""
    return ShopAccounts(**dict(rows("SELECT kind, id FROM accounts WHERE opened_for IS NULL AND unit = ?", UNIT)))


class Accounts:
    """Whose accounts there are, in a database transaction that holds the ledger's lock.

    A customer has one for points and one for what is owed, each opened for them; a survivor has those of all who were
    merged into them too, and what is earned and owed from then on stands on the survivor's own.
    """

    def __init__(self) -> None:
        self._last_id = int(value("SELECT MAX(id) FROM accounts"))
        self._points: dict[int, dict[int, int]] = {}  # of each customer, by whom they were opened for
        self._debts: dict[int, dict[int, int]] = {}
        self._whose: dict[int, tuple[int, int]] = {}  # who has the account, and whom it was opened for
        self.owed: dict[int, int] = {}  # on each debt account
        self.opened: dict[int, tuple[str, int, int]] = {}  # the kind, who has it, and whom it was opened for

    def load(self, customer_ids: Iterable[int]) -> None:
        """Read the accounts of these customers, all at once."""
        wanted = [one for one in set(customer_ids) if one not in self._points]
        for one in wanted:
            self._points[one], self._debts[one] = {}, {}
        among, ids = one_of(wanted)
        query = f"""
            SELECT id, kind, customer_id, opened_for, balance FROM accounts WHERE customer_id {among} AND unit = ?
            ORDER BY opened_for
        """
        for account_id, kind, customer_id, opened_for, balance in rows(query, ids, UNIT):
            self._keep(account_id, kind, customer_id, opened_for)
            if kind == "debt":
                self.owed[account_id] = -balance

    def of(self, customer_id: int) -> list[int]:
        """The customer's accounts for points; empty when there never was one."""
        if customer_id not in self._points:
            self.load((customer_id,))
        return [*self._points[customer_id].values()]

    def main(self, customer_id: int) -> int:
        """The account that the customer's new points go to."""
        self.of(customer_id)
        own = self._points[customer_id].get(customer_id)
        return self._open("customer", customer_id, customer_id) if own is None else own

    def debts(self, customer_id: int) -> list[int]:
        """The accounts of what the customer owes."""
        self.of(customer_id)
        return [account_id for _, account_id in sorted(self._debts[customer_id].items())]

    def debt(self, account_id: int) -> int:
        """The account on which is owed what *account_id* does not hold."""
        customer_id, opened_for = self._whose[account_id]
        debt = self._debts[customer_id].get(opened_for)
        if debt is None:
            debt = self._open("debt", customer_id, opened_for)
            self.owed[debt] = 0
        return debt

    def holder(self, account_id: int) -> int:
        """Who has an account that was read or opened."""
        return self._whose[account_id][0]

    def _open(self, kind: str, customer_id: int, opened_for: int) -> int:
        self._last_id += 1
        self.opened[self._last_id] = (kind, customer_id, opened_for)
        self._keep(self._last_id, kind, customer_id, opened_for)
        return self._last_id

    def _keep(self, account_id: int, kind: str, customer_id: int, opened_for: int) -> None:
        (self._points if kind == "customer" else self._debts)[customer_id][opened_for] = account_id
        self._whose[account_id] = (customer_id, opened_for)
