"""The books are proved, and whatever is changed behind the ledger's back is found."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import peewee
import pytest

from retainctl.club.awarding import award
from retainctl.club.chain_heads import compare_heads
from retainctl.club.checking import check
from retainctl.club.expiry import expire
from retainctl.club.ledger import GENESIS, Journal, Move, chained
from retainctl.club.spending import add, redeem
from retainctl.club.terms import read_club
from retainctl.config import Shop
from retainctl.errors import BadData, BrokenInvariant
from retainctl.store.database import execute, is_postgres, rows, value
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


@pytest.mark.parametrize(
    ("change", "promise"),
    [
        ("UPDATE transactions SET points = points + 1 WHERE seq = 3", "every hash covers its transaction"),
        ("UPDATE transactions SET recorded_at = recorded_at + 1 WHERE seq = 2", "every hash covers its transaction"),
        ("UPDATE entries SET points = points + 1 WHERE seq = 3", "every hash covers its transaction"),
        ("DELETE FROM entries WHERE seq = 3", "every transaction has entries"),
        ("DELETE FROM transactions WHERE seq = 2", "numbered without gaps; 2 is missing"),
        ("UPDATE accounts SET balance = balance + 1 WHERE kind = 'customer'", "all accounts together sum to zero"),
        ("UPDATE accounts SET balance = balance + CASE kind WHEN 'customer' THEN 2 ELSE -2 END"
         " WHERE customer_id = 3 OR kind = 'issuance'", "an account's balance is the sum of its entries"),
        ("UPDATE lots SET granted = granted + 5, remaining = remaining + 5 WHERE remaining > 0",
         "a customer's balance is what remains of the lots"),
        ("UPDATE lots SET consumed = consumed - 1, expired = expired + 1 WHERE consumed > 0",
         "a lot is granted, remaining, consumed, expired and reversed as its entries say"),
        ("UPDATE lots SET expires_at = expires_at + 1 WHERE expired > 0", "points expire once"),
        ("UPDATE lots SET active_from = active_from + 100000000 WHERE consumed > 0", "nothing is redeemed before"),
        ("UPDATE awards SET points = points + 1 WHERE order_id = 2", "an order's points are what its transactions"),
        ("UPDATE awarded_lines SET points = points - 1 WHERE order_id = 3", "no more points than its lines earned"),
        ("DELETE FROM awards WHERE order_id = 3", "an order has points only by an award"),
    ],
)  # fmt: skip
def test_a_change_behind_the_ledgers_back_is_found(books: Shop, change: str, promise: str) -> None:
    with an_intruder():
        execute(change)
    with pytest.raises(BrokenInvariant, match=promise):
        check(books)


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
    with pytest.raises(BrokenInvariant, match=r"transaction 8, a head in .*points.heads, is not what it was"):
        compare_heads(books, path)
    assert path.read_text().splitlines() == before


def test_books_that_end_before_a_head_are_an_older_backup_s(books: Shop, tmp_path: Path) -> None:
    path = tmp_path / "points.heads"
    path.write_text(f"9 {'0' * 64} 2025-03-02T10:00:00+02:00\n")
    with pytest.raises(BrokenInvariant, match=r"transaction 9, a head in .*points.heads, is gone"):
        compare_heads(books, path)
    path.write_text("nothing\n")
    with pytest.raises(BadData, match="line 1 is no head of the ledger"):
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
