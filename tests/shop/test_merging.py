"""A merge moves all that a customer has, is written down row by row, and can be undone."""

from __future__ import annotations

import pytest

from retainctl.config import Shop
from retainctl.errors import Refused, WrongUsage
from retainctl.shop.identity import Address, Person, find_or_make
from retainctl.shop.merging import merge, undo
from retainctl.shop.summaries import summarise
from retainctl.store.database import execute, rows, value
from retainctl.store.transactions import writing

DAY = 86_400


def person(external_id: str, email: str, **attributes: str) -> Person:
    return Person("web", external_id, (Address("email", email, email),), **attributes)


def order(external_id: str, customer_id: int, gross: int, *, day: int, currency: str = "ILS", sale: int = 1) -> None:
    execute(
        "INSERT INTO orders (source, external_id, customer_id, ordered_at, order_day, order_month, status, is_sale,"
        " currency, gross_minor, content_hash, import_id) VALUES ('web', ?, ?, ?, ?, ?, 'paid', ?, ?, ?, ?, 1)",
        external_id,
        customer_id,
        day * DAY,
        day,
        23640,
        sale,
        currency,
        gross,
        b"x",
    )


def returned(external_id: str, customer_id: int, amount: int, *, order_id: int | None = None) -> None:
    execute(
        "INSERT INTO order_returns (source, external_id, line_no, customer_id, order_id, quantity_thousandths,"
        " amount_minor, currency, returned_at, return_day, content_hash, import_id)"
        " VALUES ('web', ?, 1, ?, ?, 1000, ?, 'ILS', 0, 0, ?, 1)",
        external_id,
        customer_id,
        order_id,
        amount,
        b"x",
    )


@pytest.fixture
def two(shop: Shop) -> tuple[int, int]:
    """Dana, who bought twice and has points, and Dana's second account, which bought once and brought back once."""
    dana, again = find_or_make(
        shop, [person("1", "dana@x.example", first_name="דנה"), person("2", "d@y.example", last_name="Levi")]
    )
    assert dana.customer_id is not None
    assert again.customer_id is not None
    with writing():
        execute(
            "INSERT INTO imports (id, kind, file_name, sha256, source, format, options, imported_at)"
            " VALUES (1, 'orders', 'x', ?, 'web', 'generic', '{}', 0)",
            "0" * 64,
        )
        order("A", dana.customer_id, 1000, day=1)
        order("B", dana.customer_id, 2000, day=5)
        order("C", again.customer_id, 4000, day=9)
        returned("R", again.customer_id, 500)
        execute(
            "INSERT INTO accounts (id, kind, customer_id, opened_for, balance)"
            " VALUES (11, 'customer', ?, ?, 30), (12, 'customer', ?, ?, 40)",
            dana.customer_id,
            dana.customer_id,
            again.customer_id,
            again.customer_id,
        )
        summarise([dana.customer_id, again.customer_id])
    return dana.customer_id, again.customer_id


def everything() -> list[list[tuple[object, ...]]]:
    return [
        rows(f"SELECT * FROM {table} ORDER BY 1, 2")
        for table in (
            "customers",
            "customer_keys",
            "contact_points",
            "orders",
            "order_returns",
            "accounts",
            "customer_summaries",
        )
    ]


def summary(customer_id: int) -> list[tuple[object, ...]]:
    return rows(
        "SELECT orders, gross_minor, returns_minor, first_order_day, last_order_day FROM customer_summaries"
        " WHERE customer_id = ?",
        customer_id,
    )


def test_all_that_the_merged_customer_had_is_the_survivor_s(shop: Shop, two: tuple[int, int]) -> None:
    dana, again = two
    done = merge(shop, survivor_id=dana, merged_id=again, reason="one person, two accounts")
    assert (done.contact_points, done.keys, done.orders, done.returns) == (1, 1, 1, 1)
    assert summary(dana) == [(3, 7000, 500, 1, 9)]
    assert summary(again) == []
    assert value("SELECT SUM(balance) FROM accounts WHERE customer_id = ?", dana) == 70
    assert rows("SELECT first_name, last_name, merged_into FROM customers ORDER BY id") == [
        ("דנה", "Levi", None),
        (None, "Levi", dana),
    ]
    (found,) = find_or_make(shop, [person("2", "d@y.example")])
    assert (found.customer_id, found.outcome) == (dana, "unchanged")


def test_undoing_a_merge_leaves_everything_as_it_was(shop: Shop, two: tuple[int, int]) -> None:
    dana, again = two
    before = everything()
    done = merge(shop, survivor_id=dana, merged_id=again, reason="one person")
    assert everything() != before
    undone = undo(shop, done.merge_id)
    assert undone.undone_at == "2025-03-02T10:00:00+02:00"
    assert everything() == before
    with pytest.raises(Refused, match="already undone"):
        undo(shop, done.merge_id)


def test_what_came_since_stays_the_survivor_s_when_a_merge_is_undone(shop: Shop, two: tuple[int, int]) -> None:
    dana, again = two
    done = merge(shop, survivor_id=dana, merged_id=again, reason="one person")
    with writing():
        order("D", dana, 8000, day=12)
        execute("UPDATE customers SET last_name = 'Cohen' WHERE id = ?", dana)
    undo(shop, done.merge_id)
    assert summary(dana) == [(3, 11_000, 0, 1, 12)]
    assert summary(again) == [(1, 4000, 500, 9, 9)]
    assert value("SELECT last_name FROM customers WHERE id = ?", dana) == "Cohen"


def test_the_survivor_s_own_names_stay_and_those_that_they_lack_are_taken_over(
    shop: Shop, two: tuple[int, int]
) -> None:
    dana, again = two
    execute("UPDATE customers SET first_name = 'Dana', language = 'en' WHERE id = ?", again)
    names = "SELECT first_name, last_name, language FROM customers ORDER BY id"
    done = merge(shop, survivor_id=dana, merged_id=again, reason="one person")
    assert rows(names) == [("דנה", "Levi", "en"), ("Dana", "Levi", "en")]
    undo(shop, done.merge_id)
    assert rows(names) == [("דנה", None, None), ("Dana", "Levi", "en")]


def test_undoing_a_merge_takes_nothing_from_a_third(shop: Shop, two: tuple[int, int]) -> None:
    dana, again = two
    (third,) = find_or_make(shop, [person("3", "third@x.example")])
    done = merge(shop, survivor_id=dana, merged_id=again, reason="one person")
    with writing():
        for table, what in (
            ("orders", "external_id = 'C'"),
            ("order_returns", "external_id = 'R'"),
            ("customer_keys", "external_id = '2'"),
            ("contact_points", "key = 'd@y.example'"),
        ):
            execute(f"UPDATE {table} SET customer_id = ? WHERE {what}", third.customer_id)
    undo(shop, done.merge_id)
    for table in ("orders", "order_returns", "customer_keys", "contact_points"):
        assert value(f"SELECT COUNT(*) FROM {table} WHERE customer_id = ?", again) == 0


def test_what_the_survivor_brought_back_stays_theirs_though_its_sale_has_not_come(
    shop: Shop, two: tuple[int, int]
) -> None:
    dana, again = two
    with writing():
        returned("S", dana, 300)
        summarise([dana])
    before = everything()
    undo(shop, merge(shop, survivor_id=dana, merged_id=again, reason="one person").merge_id)
    assert everything() == before


def test_two_merges_into_one_are_undone_each_by_itself(shop: Shop, two: tuple[int, int]) -> None:
    dana, again = two
    (third,) = find_or_make(shop, [person("3", "third@x.example", last_name="Cohen", language="en")])
    assert third.customer_id is not None
    with writing():
        order("T", third.customer_id, 16_000, day=12)
        returned("S", dana, 700, order_id=value("SELECT id FROM orders WHERE external_id = 'A'"))
        summarise([third.customer_id])
    first = merge(shop, survivor_id=dana, merged_id=again, reason="one person")
    second = merge(shop, survivor_id=dana, merged_id=third.customer_id, reason="and a third")
    assert rows("SELECT last_name, language FROM customers WHERE id = ?", dana) == [("Levi", "en")]
    undo(shop, first.merge_id)
    assert rows("SELECT last_name, language FROM customers WHERE id = ?", dana) == [(None, "en")]
    assert [summary(one)[0][:3] for one in (dana, again)] == [(3, 19_000, 700), (1, 4_000, 500)]
    assert summary(third.customer_id) == []
    with pytest.raises(Refused):
        undo(shop, first.merge_id)
    undo(shop, second.merge_id)
    assert rows("SELECT last_name, language FROM customers WHERE id = ?", dana) == [(None, None)]
    assert [summary(one)[0][1] for one in (dana, again, third.customer_id)] == [3_000, 4_000, 16_000]


def test_a_chain_of_merges_is_undone_from_its_end(shop: Shop, two: tuple[int, int]) -> None:
    dana, again = two
    (third,) = find_or_make(shop, [person("3", "third@x.example")])
    assert third.customer_id is not None
    before = everything()
    first = merge(shop, survivor_id=dana, merged_id=again, reason="one person")
    second = merge(shop, survivor_id=third.customer_id, merged_id=dana, reason="and a third")
    with pytest.raises(Refused, match="since been merged into another"):
        undo(shop, first.merge_id)
    undo(shop, second.merge_id)
    undo(shop, first.merge_id)
    assert everything() == before


def test_nobody_is_merged_twice_or_with_themselves_or_with_nobody(shop: Shop, two: tuple[int, int]) -> None:
    dana, again = two
    with pytest.raises(WrongUsage, match="with itself"):
        merge(shop, survivor_id=dana, merged_id=dana, reason="x")
    with pytest.raises(WrongUsage, match="no customer 99"):
        merge(shop, survivor_id=dana, merged_id=99, reason="x")
    merge(shop, survivor_id=dana, merged_id=again, reason="one person")
    with pytest.raises(Refused, match="merged into customer"):
        merge(shop, survivor_id=dana, merged_id=again, reason="x")
    with pytest.raises(Refused, match="merged into customer"):
        merge(shop, survivor_id=again, merged_id=dana, reason="x")


def test_a_summary_counts_sales_by_currency_and_no_return_of_what_was_no_sale(shop: Shop, two: tuple[int, int]) -> None:
    dana, _ = two
    with writing():
        order("E", dana, 700, day=20, currency="USD")
        order("F", dana, 900, day=21, sale=0)
        returned("S", dana, 900, order_id=value("SELECT id FROM orders WHERE external_id = 'F'"))
        returned("T", dana, 100, order_id=value("SELECT id FROM orders WHERE external_id = 'A'"))
        summarise([dana])
    assert rows(
        "SELECT currency, orders, gross_minor, returns_minor FROM customer_summaries WHERE customer_id = ?"
        " ORDER BY currency",
        dana,
    ) == [("ILS", 2, 3000, 100), ("USD", 1, 700, 0)]


def test_a_merge_that_was_never_made_is_not_undone(shop: Shop, two: tuple[int, int]) -> None:
    with pytest.raises(WrongUsage, match="there is no merge 1"):
        undo(shop, 1)
