"""The accounts of customers: read before they are asked for, and opened when there are none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from retainctl.store.database import rows, value
from retainctl.store.dialect import one_of


class Accounts:
    """Whose accounts there are, in a database transaction that holds the ledger's lock.

    A customer has one for points, and several after a merge; what is owed stands on accounts of its own.
    """

    def __init__(self) -> None:
        self._last_id = int(value("SELECT MAX(id) FROM accounts"))
        self._of: dict[int, list[int]] = {}
        self._debts: dict[int, list[int]] = {}
        self.owed: dict[int, int] = {}  # on each debt account
        self.opened: dict[int, tuple[str, int]] = {}  # the kind, and whose

    def load(self, customer_ids: Iterable[int]) -> None:
        """Read the accounts of these customers, all at once."""
        wanted = [one for one in set(customer_ids) if one not in self._of]
        for one in wanted:
            self._of[one] = []
        among, ids = one_of(wanted)
        query = f"SELECT id, kind, customer_id, balance FROM accounts WHERE customer_id {among} ORDER BY id"
        for account_id, kind, customer_id, balance in rows(query, ids):
            if kind == "customer":
                self._of[customer_id].append(account_id)
            else:
                self._debts.setdefault(customer_id, []).append(account_id)
                self.owed[account_id] = -balance

    def of(self, customer_id: int) -> list[int]:
        """The customer's accounts; empty when there never was one."""
        if customer_id not in self._of:
            self.load((customer_id,))
        return self._of[customer_id]

    def main(self, customer_id: int) -> int:
        """The account that the customer's new points go to."""
        accounts = self.of(customer_id)
        if not accounts:
            accounts.append(self._open("customer", customer_id))
        return accounts[0]

    def debts(self, customer_id: int) -> Sequence[int]:
        """The accounts of what the customer owes."""
        self.of(customer_id)
        return self._debts.get(customer_id, ())

    def debt(self, customer_id: int) -> int:
        """The account on which the customer owes what comes next."""
        if not self.debts(customer_id):
            self._debts[customer_id] = [self._open("debt", customer_id)]
            self.owed[self._last_id] = 0
        return self._debts[customer_id][0]

    def _open(self, kind: str, customer_id: int) -> int:
        self._last_id += 1
        self.opened[self._last_id] = (kind, customer_id)
        return self._last_id
