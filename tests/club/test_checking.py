"""The books are proved, and whatever is changed behind the ledger's back is found."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import peewee
import pytest

from retainctl.club import checking
from retainctl.club.awarding import award
from retainctl.club.balances import balances
from retainctl.club.chain_heads import compare_heads
from retainctl.club.checking import check
from retainctl.club.expiry import expire
from retainctl.club.ledger import GENESIS, Journal, Move, chained
from retainctl.club.spending import add, redeem
from retainctl.club.terms import read_club
from retainctl.config import Shop
from retainctl.errors import BadData, BrokenInvariant
from retainctl.store.database import database, execute, is_postgres, rows, value
from retainctl.store.transactions import writing
from tests.club.building import DAY, came_back, order, set_terms


@pytest.fixture
def books(shop: Shop) -> Shop:
    """A shop in whose ledger there is one of each kind."""
    set_terms(shop.folder, 'points_per = { ILS = "1" }\nexpiry_days = 30')
    order(shop, 1, [10_000, 5_000], at=shop.clock.now() - 40 * DAY)
    order(shop, 2, [10_000], at=shop.clock.now() - DAY)
    order(shop, 3, [10_000], at=shop.clock.now() - DAY, customer_id=3)
    award(shop)
    expire(shop)
    redeem(shop, 1, 100, source="basket:1")
    came_back(2, 10_000, at=shop.clock.now())
    award(shop)
    add(shop, 1, 150, source="complaint:1", reason="Sorry")
    check(shop)
    return shop


@contextmanager
def an_intruder() -> Iterator[None]:
    """Someone who may do everything in the database, triggers off and references unchecked."""
    if is_postgres():
        with writing():
            execute("SET LOCAL session_replication_role = replica")
            yield
    else:
        triggers = rows("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        execute("PRAGMA foreign_keys = 0")
        execute("PRAGMA ignore_check_constraints = 1")
        with writing():
            for name, _ in triggers:
                execute(f"DROP TRIGGER {name}")
            yield
            for _, sql in triggers:
                execute(sql)
        execute("PRAGMA ignore_check_constraints = 0")
        execute("PRAGMA foreign_keys = 1")


OF_A_LOT = "a lot is granted, remaining, consumed, expired and reversed as its entries say"
CHANGES = [
    ("UPDATE transactions SET points = points + 1 WHERE seq = 3", "every hash covers its transaction"),
    ("UPDATE transactions SET recorded_at = recorded_at + 1 WHERE seq = 2", "every hash covers its transaction"),
    ("UPDATE entries SET points = points + 1 WHERE seq = 3", "every hash covers its transaction"),
    ("UPDATE entries SET points = points + 1 WHERE seq = 7", "every hash covers its transaction"),
    ("DELETE FROM entries WHERE seq = 3", "every transaction has entries"),
    ("DELETE FROM transactions WHERE seq = 1", 'numbered without gaps" does not hold: 1 is missing'),
    ("DELETE FROM transactions WHERE seq = 2", 'numbered without gaps" does not hold: 2 is missing'),
    ("UPDATE accounts SET balance = balance + 1 WHERE kind = 'customer'", "all accounts together sum to zero"),
    (
        "UPDATE accounts SET balance = balance + CASE kind WHEN 'customer' THEN 2 ELSE -2 END"
        " WHERE customer_id = 3 OR kind = 'issuance'",
        'is the sum of its entries" does not hold: account 1',
    ),
    (
        "UPDATE accounts SET balance = balance - CASE kind WHEN 'customer' THEN 2 ELSE -2 END"
        " WHERE customer_id = 3 OR kind = 'issuance'",
        'is the sum of its entries" does not hold: account 1',
    ),
    (
        "INSERT INTO accounts (id, kind, customer_id, opened_for, balance)"
        " VALUES (90, 'customer', 9, 9, 5), (91, 'debt', 9, 9, -5)",
        'is the sum of its entries" does not hold: account 90',
    ),
    ("UPDATE accounts SET balance = balance - 1 WHERE kind = 'customer'", "all accounts together sum to zero"),
    (
        "UPDATE lots SET granted = granted + 5, remaining = remaining + 5 WHERE remaining > 0",
        "a customer's balance is what remains of the lots",
    ),
    (
        "UPDATE lots SET granted = granted - 5, remaining = remaining - 5 WHERE remaining > 5",
        "a customer's balance is what remains of the lots",
    ),
    ("UPDATE lots SET consumed = consumed - 1, expired = expired + 1 WHERE consumed > 0", OF_A_LOT),
    ("UPDATE lots SET consumed = consumed - 1, reversed = reversed + 1 WHERE consumed > 0", OF_A_LOT),
    ("UPDATE lots SET consumed = consumed + 1, reversed = reversed - 1 WHERE reversed > 0", OF_A_LOT),
    ("UPDATE lots SET expired = expired - 1, reversed = reversed + 1 WHERE expired > 0", OF_A_LOT),
    ("UPDATE lots SET expired = expired + 1, reversed = reversed - 1 WHERE reversed > 0", OF_A_LOT),
    ("UPDATE lots SET granted = granted + 1, reversed = reversed + 1 WHERE expired > 0", OF_A_LOT),
    ("UPDATE lots SET granted = granted - 1, reversed = reversed - 1 WHERE reversed > 0", OF_A_LOT),
    (
        "UPDATE lots SET remaining = remaining - order_id * 2 + 7, reversed = reversed + order_id * 2 - 7"
        " WHERE order_id IN (3, 4)",
        OF_A_LOT,
    ),
    (
        "INSERT INTO lots (id, account_id, origin, terms_version, granted, remaining, reversed, earned_at,"
        " active_from) SELECT 99, account_id, 'goodwill', 1, 5, 0, 5, 0, 0 FROM lots WHERE id = 1",
        OF_A_LOT,
    ),
    (
        "UPDATE lots SET account_id = (SELECT id FROM accounts WHERE customer_id = 3) WHERE expired > 0",
        "an entry of a lot is on the lot's account",
    ),
    ("UPDATE lots SET expires_at = expires_at + 1 WHERE expired > 0", "points expire once"),
    ("UPDATE lots SET expires_at = expires_at - 1 WHERE expired > 0", "points expire once"),
    ("UPDATE lots SET expires_at = NULL WHERE expired > 0", "points expire once"),
    (
        "UPDATE lots SET expires_at = (SELECT effective_at FROM transactions WHERE kind = 'redemption')"
        " WHERE consumed > 0",
        "nothing is redeemed before it is active or after it has expired",
    ),
    ("UPDATE lots SET active_from = active_from + 100000000 WHERE consumed > 0", "nothing is redeemed before"),
    ("UPDATE awards SET points = points + 1 WHERE order_id = 2", "an order's points are what its transactions"),
    ("UPDATE awards SET points = points - 1 WHERE order_id = 3", "an order's points are what its transactions"),
    (
        "INSERT INTO awards SELECT 99, account_id, 1, 1, 'ILS', 5 FROM lots WHERE id = 1",
        "an order's points are what its transactions",
    ),
    ("UPDATE awarded_lines SET points = points - 1 WHERE order_id = 4", "no more points than its lines earned"),
    ("DELETE FROM awarded_lines WHERE order_id = 3", "no more points than its lines earned"),
    ("DELETE FROM awards WHERE order_id = 3", "an order has points only by an award"),
]
CHANGES_THAT_POSTGRES_REFUSES = [("UPDATE lots SET reversed = reversed + 1 WHERE expired > 0", OF_A_LOT)]
CHANGES_WITH_NEW_HASHES = [
    (
        "UPDATE transactions SET recorded_at = recorded_at - 1, effective_at = effective_at - 1 WHERE seq = 7",
        'the time of booking never decreases" does not hold: transaction 7',
    ),
    (
        "UPDATE transactions SET recorded_at = recorded_at + 1 WHERE seq = 1",
        'the time of booking never decreases" does not hold: transaction 2',
    ),
    ("UPDATE transactions SET points = points + 1 WHERE kind = 'redemption'", "what was requested"),
    ("UPDATE transactions SET points = points - 1 WHERE kind = 'expiry'", "what was requested"),
    ("UPDATE transactions SET kind = 'repayment' WHERE kind = 'grant'", "what was requested"),
    ("UPDATE transactions SET effective_at = effective_at - 1 WHERE kind = 'expiry'", "points expire once"),
]


NEW_HASHES_THAT_POSTGRES_REFUSES = [
    (
        "UPDATE transactions SET recorded_at = (SELECT effective_at - 1 FROM transactions WHERE kind = 'expiry')",
        "points expire once",
    )
]


def test_a_change_behind_the_ledgers_back_is_found(books: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "_TRANSACTIONS_AT_A_TIME", 2)
    order(books, 4, [5_000], at=books.clock.now(), customer_id=3)
    came_back(3, 1_000, at=books.clock.now())
    award(books)
    changes = CHANGES if is_postgres() else CHANGES + CHANGES_THAT_POSTGRES_REFUSES
    told = {change: told_after(books, change) for change, _ in changes}
    assert [(change, told[change]) for change, promise in changes if promise not in told[change]] == []
    check(books)


def test_a_change_is_found_also_where_every_hash_was_made_anew(books: Shop) -> None:
    changes = CHANGES_WITH_NEW_HASHES + ([] if is_postgres() else NEW_HASHES_THAT_POSTGRES_REFUSES)
    told = {change: told_after(books, change, hashes="anew") for change, _ in changes}
    assert [(change, told[change]) for change, promise in changes if promise not in told[change]] == []
    check(books)


def told_after(shop: Shop, change: str, *, hashes: str = "kept") -> str:
    """What the check says after an intruder's *change*, which is taken back."""
    with an_intruder(), database.atomic() as part:
        execute(change)
        if hashes == "anew":
            hash_anew()
        try:
            check(shop)
        except BrokenInvariant as error:
            return str(error)
        finally:
            part.rollback()
    return ""


@pytest.mark.parametrize("table", ["transactions", "entries", "terms"])
@pytest.mark.parametrize("change", ["UPDATE {} SET {} = 1", "DELETE FROM {}"])
def test_what_was_booked_is_only_added_to(books: Shop, table: str, change: str) -> None:
    """Invariant 22."""
    column = {"transactions": "points", "entries": "points", "terms": "first_used_at"}[table]
    with pytest.raises(peewee.DatabaseError, match=f"{table} are only added to"), writing():
        execute(change.format(table, column))
    check(books)


def test_no_name_of_a_person_is_in_the_chain(books: Shop) -> None:
    """Invariant 22: what was written as a reason may be blanked, and the books still hold."""
    with writing():
        execute("UPDATE transaction_reasons SET reason = NULL")
    check(books)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE accounts SET balance = -1 WHERE kind = 'customer'",
        "UPDATE accounts SET balance = 1 WHERE kind = 'debt'",
        "UPDATE accounts SET balance = 1000000000001 WHERE kind = 'customer'",
        "UPDATE lots SET remaining = remaining + 1",
        "UPDATE lots SET remaining = -1, consumed = consumed + remaining + 1",
        "INSERT INTO entries (seq, entry_no, month, account_id, against_id, points)"
        " VALUES (1, 9, 24302, 5, 1, 1000000001)",
        "INSERT INTO entries (seq, entry_no, month, account_id, against_id, points) VALUES (1, 9, 24302, 5, 5, 1)",
        "INSERT INTO entries (seq, entry_no, month, account_id, against_id, points) VALUES (1, 9, 24302, 5, 1, 0)",
    ],
)
def test_the_database_itself_refuses_what_cannot_be(books: Shop, change: str) -> None:
    """Invariants 3, 4, 5 and 23."""
    with pytest.raises(peewee.IntegrityError), writing():
        execute(change)


def test_a_journal_proves_its_sums_before_it_writes(books: Shop) -> None:
    """Invariants 1 and 2: entries without their lot do not get in."""
    (terms,) = read_club(books).terms
    account_id = value("SELECT id FROM accounts WHERE customer_id = 3")
    with pytest.raises(AssertionError, match="is not the sum of its lots"), writing():
        journal = Journal(books)
        journal.book(
            "grant", "x:1", [Move(account_id, 4, None, 5)],
            account_id=account_id, points=5, terms=terms, effective_at=0,
        )  # fmt: skip
        journal.write()
    check(books)


def test_whoever_hashes_the_books_anew_is_found_by_the_heads_of_other_days(books: Shop, tmp_path: Path) -> None:
    """Invariant 22."""
    path = tmp_path / "points.heads"
    compare_heads(books, path)
    compare_heads(books, path)
    add(books, 1, 1, source="complaint:2", reason="Sorry")
    compare_heads(books, path)
    before = path.read_text().splitlines()
    assert [line.split()[0] for line in before] == ["8", "9"]
    with an_intruder():
        execute(
            "UPDATE transactions SET source = 'points/grant/complaint:99' WHERE source = 'points/grant/complaint:1'"
        )
        hash_anew()
    check(books)
    with pytest.raises(BrokenInvariant, match=r"transaction 8, recorded in .*points.heads, has changed"):
        compare_heads(books, path)
    assert path.read_text().splitlines() == before


def test_books_that_end_before_a_head_are_an_older_backup_s(books: Shop, tmp_path: Path) -> None:
    path = tmp_path / "points.heads"
    path.write_text(f"9 {'0' * 64} 2025-03-02T10:00:00+02:00\n")
    with pytest.raises(BrokenInvariant, match=r"transaction 9, recorded in .*points.heads, is missing"):
        compare_heads(books, path)
    path.write_text("nothing\n")
    with pytest.raises(BadData, match="line 1 is not a ledger head"):
        compare_heads(books, path)


def hash_anew() -> None:
    head = GENESIS
    for row in rows(
        "SELECT seq, kind, source, account_id, points, order_id, terms_version, effective_at, recorded_at"
        " FROM transactions ORDER BY seq"
    ):
        moves = rows(
            "SELECT account_id, against_id, lot_id, points FROM entries WHERE seq = ? ORDER BY entry_no", row[0]
        )
        head = chained(head, row, moves)
        execute("UPDATE transactions SET hash = ? WHERE seq = ?", head, row[0])


def test_an_order_of_more_than_a_billion_points_is_held_and_the_others_are_awarded(shop: Shop) -> None:
    """Invariant 23."""
    order(shop, 1, [999_999_999_999], at=shop.clock.now())
    order(shop, 2, [10_000], at=shop.clock.now())
    run = award(shop).row
    assert (run.orders, run.orders_awarded, run.orders_held) == (2, 1, 1)
    assert award(shop).row.orders_held == 1, "it is looked at again"
    check(shop)


def test_a_billion_points_are_not_too_many(shop: Shop) -> None:
    """Invariant 23."""
    order(shop, 1, [100_000_000_000], at=shop.clock.now())
    order(shop, 2, [10_000], at=shop.clock.now(), customer_id=2)
    assert award(shop).row.orders_held == 0
    order(shop, 2, [100_000_000_000], at=shop.clock.now(), customer_id=2)
    assert award(shop).row.orders_held == 0
    assert add(shop, 1, 10**9, source="complaint:1", reason="Sorry").available == 2 * 10**9
    assert balances(shop, [1, 2]) == {1: 2 * 10**9, 2: 10**9}


def test_an_order_that_is_edited_to_more_than_a_billion_points_is_held_and_the_others_are_awarded(shop: Shop) -> None:
    """Invariant 23."""
    order(shop, 1, [10_000], at=shop.clock.now())
    award(shop)
    order(shop, 1, [999_999_999_999], at=shop.clock.now())
    order(shop, 2, [20_000], at=shop.clock.now(), customer_id=2)
    run = award(shop).row
    assert (run.orders, run.orders_awarded, run.orders_held) == (2, 1, 1)
    assert balances(shop, [1, 2]) == {1: 100, 2: 200}
    order(shop, 1, [30_000], at=shop.clock.now())
    assert award(shop).row.points_earned == 200
    check(shop)
