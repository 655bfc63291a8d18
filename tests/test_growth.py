"""The schema grows under a filled database: words, columns, and tables that others refer to, made anew."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any

import peewee
import pytest

from retainctl.club.checking import check
from retainctl.config import Shop
from retainctl.facets import all_facets
from retainctl.store import opening
from retainctl.store.database import database, execute, rows, value
from retainctl.store.dialect import file_is_the_database
from retainctl.store.integrity import check_database
from retainctl.store.migrations import MIGRATIONS, Migration, m0002_shop, m0003_club
from retainctl.store.opening import open_database
from retainctl.store.schema import Schema
from retainctl.store.transactions import writing
from tests.conftest import ROOT
from tests.filled import fill

WORDS = dict(
    re.findall(
        r"CREATE TABLE (\w+) \((\w+) TEXT NOT NULL PRIMARY KEY\) STRICT, WITHOUT ROWID;",
        "".join(path.read_text("utf-8") for path in (ROOT / "retainctl/store/migrations").glob("m*.py")),
    )
)


def made(script: str, table: str) -> str:
    """The statement of a migration that makes *table*."""
    found = re.search(rf"CREATE TABLE {table} \(.*?\n\)[^;]*;", script, re.DOTALL)
    assert found, table
    return found[0]


def grow(schema: Schema) -> None:
    """What a later version might ask: a word more in every open list, a column, and four tables made anew."""
    for table, column in WORDS.items():
        schema.execute(f"INSERT INTO {table} ({column}) VALUES ('grown')")
    schema.create("ALTER TABLE customers ADD COLUMN nickname TEXT; CREATE INDEX nicknames ON customers (nickname);")
    orders = made(m0002_shop.TABLES, "orders").replace("'failed')", "'failed', 'lost')")
    schema.rebuild(
        "orders",
        orders.replace("    status TEXT", "    ordered_in TEXT NOT NULL,\n    status TEXT"),
        columns={"ordered_in": "'shop'"},
    )
    schema.rebuild(
        "customers",
        "CREATE TABLE customers (id INTEGER PRIMARY KEY, first_name TEXT, last_name TEXT,"
        " language TEXT REFERENCES languages (language), merged_into INTEGER REFERENCES customers (id),"
        " nickname TEXT, created_at INTEGER NOT NULL) STRICT;",
    )
    for script, table in ((m0002_shop.TABLES, "consents"), (m0003_club.TABLES, "accounts")):
        schema.rebuild(table, made(script, table))


def content(table: str) -> list[dict[str, Any]]:
    """The rows of *table*, in any order that is always the same."""
    found = execute(f"SELECT * FROM {table}")
    names = [column[0] for column in found.description]
    plain = [[bytes(cell) if isinstance(cell, memoryview) else cell for cell in row] for row in found.fetchall()]
    return in_order([dict(zip(names, row, strict=True)) for row in plain])


def in_order(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(found, key=lambda row: repr(sorted(row.items())))


def guards() -> set[tuple[str, ...]]:
    """Every index, trigger and reference of the database, but for the names that it gave them itself."""
    if file_is_the_database():
        objects = rows("SELECT type, tbl_name, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND type <> 'table'")
        references = rows(
            'SELECT \'reference\', m.name, f."from", f."table" FROM sqlite_master AS m'
            " JOIN pragma_foreign_key_list(m.name) AS f WHERE m.type = 'table'"
        )
    else:
        objects = rows(
            "SELECT 'trigger', CAST(CAST(tgrelid AS regclass) AS TEXT), CAST(tgname AS TEXT), pg_get_triggerdef(oid)"
            " FROM pg_trigger WHERE NOT tgisinternal"
            " UNION ALL SELECT 'index', CAST(tablename AS TEXT), '', regexp_replace(indexdef, 'INDEX \\S+', '')"
            " FROM pg_indexes WHERE schemaname = current_schema()"
        )
        references = rows(
            "SELECT 'reference', CAST(CAST(conrelid AS regclass) AS TEXT), '', pg_get_constraintdef(oid)"
            " FROM pg_constraint WHERE contype IN ('f', 'p', 'u')"
        )
    return {tuple(map(str, one)) for one in (*objects, *references)}


Grown = tuple[Shop, dict[str, list[dict[str, Any]]], set[tuple[str, ...]]]


@pytest.fixture
def grown(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Grown:
    """A filled shop whose database was brought to the next version; its rows and its guards as they were before."""
    fill(shop)
    before = {table: content(table) for table in database.get_tables()}
    guarded = guards()
    monkeypatch.setattr(opening, "MIGRATIONS", (*MIGRATIONS, Migration(999, "growth", grow)))
    with open_database(shop.database_url, now=0, migrate=True):
        pass
    return shop, before, guarded


def test_a_filled_database_grows_and_keeps_every_row_key_and_guard(grown: Grown) -> None:
    shop, before, guarded = grown
    assert not [table for table, found in before.items() if not found], "a table without a row proves nothing"
    new: dict[str, dict[str, Any]] = {"orders": {"ordered_in": "shop"}, "customers": {"nickname": None}}
    for table, found in before.items():
        added = [{WORDS[table]: "grown"}] if table in WORDS else []
        if table != "schema_migrations":
            assert content(table) == in_order([row | new.get(table, {}) for row in found] + added), table
    assert guarded <= guards()
    check(shop)
    check_database()


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)  # SQLite has no roles
def test_who_may_do_what_with_a_table_may_do_it_when_it_was_made_anew(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(shop)
    role = f"clerk_{os.getpid()}"
    rights = "SELECT table_name, privilege_type FROM information_schema.table_privileges WHERE grantee = ?"
    with writing():
        execute(f"CREATE ROLE {role}")
        execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}")
        execute(f"GRANT INSERT, UPDATE ON orders, accounts TO {role}")
        execute("GRANT SELECT ON consents TO PUBLIC")
    try:
        granted = set(rows(rights, role))
        assert {("orders", "UPDATE"), ("accounts", "INSERT"), ("customers", "SELECT")} < granted
        monkeypatch.setattr(opening, "MIGRATIONS", (*MIGRATIONS, Migration(999, "growth", grow)))
        with open_database(shop.database_url, now=0, migrate=True):
            assert set(rows(rights, role)) == granted
    finally:
        with writing():
            execute(f"DROP OWNED BY {role}")
            execute(f"DROP ROLE {role}")


def refused(statement: str) -> None:
    with pytest.raises(peewee.DatabaseError), writing():
        execute(statement)


def test_what_was_made_anew_is_used_as_before(grown: Grown) -> None:
    with writing():
        execute("UPDATE orders SET status = 'lost'")
        newest = value("SELECT MAX(id) FROM customers")
        assert value("INSERT INTO customers (created_at) VALUES (0) RETURNING id") > newest
    refused("UPDATE orders SET status = 'never heard of'")
    refused("DELETE FROM orders WHERE id = (SELECT MAX(order_id) FROM order_lines)")
    refused("UPDATE order_lines SET order_id = 999999")
    refused("UPDATE consents SET source = 'x'")
    refused("DELETE FROM consents")
    refused("UPDATE accounts SET balance = -1 WHERE kind = 'customer'")
    refused("INSERT INTO accounts (id, kind) VALUES (99, 'issuance')")


ERASURES = {
    "customer_changes": ("before = NULL, after = NULL", "field = NULL"),
    "consents": ("evidence = 'erased'", "evidence = 'another form'"),
    "suppressions": ("key = NULL, evidence = 'erased'", "key = 'new@shop.example'"),
    "reinstatements": ("key = NULL, evidence = 'erased'", "evidence = 'another call'"),
    "order_versions": ("content = NULL", "content = '{}'"),
    "transaction_reasons": ("reason = NULL", "reason = 'another'"),
    "definitions": ("text = NULL", "text = 'another'"),
}


def test_a_row_may_lose_its_personal_words_and_nothing_else(shop: Shop) -> None:
    fill(shop)
    for table, (erased, rewritten) in ERASURES.items():
        refused(f"UPDATE {table} SET {rewritten}")
        refused(f"UPDATE {table} SET {erased}, {other_column(table)}")
        refused(f"DELETE FROM {table}")
        with writing():
            execute(f"UPDATE {table} SET {erased}")
        refused(f"UPDATE {table} SET {rewritten}")
    check(shop)


def other_column(table: str) -> str:
    """What changes one more column of *table*, to a value that it could have."""
    column = {
        "definitions": "first_used_at",
        "order_versions": "replaced_at",
        "transaction_reasons": "seq",
        "suppressions": "suppressed_at",
        "reinstatements": "reinstated_at",
        "customer_changes": "changed_at",
        "consents": "happened_at",
    }[table]
    return f"{column} = {column} + 1"


def test_a_migration_that_loses_a_row_is_not_applied(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(shop)
    careless: Callable[[Schema], None] = lambda schema: schema.execute("DELETE FROM products")  # noqa: E731
    monkeypatch.setattr(opening, "MIGRATIONS", (*MIGRATIONS, Migration(999, "careless", careless)))
    before = value("SELECT COUNT(*) FROM products")
    with (
        pytest.raises(Exception, match=r"refers to a missing row|violates"),
        open_database(shop.database_url, now=0, migrate=True),
    ):
        pass
    assert value("SELECT COUNT(*) FROM products") == before
    assert value("SELECT MAX(number) FROM schema_migrations") == MIGRATIONS[-1].number


# What refers to a customer and stays where it was when they are merged: accounts are moved by the club itself,
# summaries and members are found anew, and the others say what happened to whom at the time.
STAYS = {
    "accounts",
    "customer_changes",
    "customer_merges",
    "customer_summaries",
    "customers",
    "outbox",
    "recipients",
    "segment_members",
}


def test_what_refers_to_a_customer_moves_with_them_or_stays_for_a_reason(shop: Shop) -> None:
    refers = {
        table
        for table in database.get_tables()
        for reference in database.get_foreign_keys(table)
        if reference.dest_table == "customers"
    }
    assert refers - STAYS == {table for facet in all_facets() for table in facet.moved_by_merge}
