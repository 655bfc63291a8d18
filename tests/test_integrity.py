"""A damaged database is found out, and what is said to be sound was looked at."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from retainctl.config import Shop
from retainctl.errors import BrokenInvariant
from retainctl.store.database import execute
from retainctl.store.dialect import file_is_the_database
from retainctl.store.integrity import check_database
from retainctl.store.migrations import append_only_tables
from retainctl.store.schema_dialect import append_only_triggers
from retainctl.store.transactions import writing
from tests.conftest import Terminal

ON_POSTGRES = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)


def test_a_row_that_names_nothing_is_found(shop: Shop) -> None:
    with writing():
        execute("INSERT INTO customers (id, created_at) VALUES (1, 0)")
        execute("INSERT INTO customer_keys (source, external_id, customer_id) VALUES ('till', '1', 1)")
    assert check_database()
    without_references(shop, "INSERT INTO customer_keys (source, external_id, customer_id) VALUES ('till', '2', 99)")

    with pytest.raises(BrokenInvariant, match=r"damaged: customer_keys: .* refers to a missing row of customers"):
        check_database()


def without_references(shop: Shop, statement: str) -> None:
    """Run *statement* as somebody does who switched off what holds the references."""
    if file_is_the_database():
        with sqlite3.connect(shop.folder / "retain.db") as outsider:
            outsider.execute(statement)
        return
    with psycopg.connect(shop.settings.database) as outsider:
        outsider.execute("SET session_replication_role = replica")
        outsider.execute(statement)


@pytest.fixture
def copied(folder: Path, database_url: str, postgres: str) -> Iterator[str]:
    """The shop's database, copied file by file, so that none of its pages is in the server's memory."""
    name = f"{database_url.partition('///')[2].partition('?')[0]}_copy"
    with psycopg.connect(database_url) as connection:
        connection.execute("INSERT INTO locks (name) VALUES ('one')")
    with psycopg.connect(postgres.format(name="postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {name.removesuffix('_copy')} STRATEGY FILE_COPY")
        settings = folder / "retainctl.toml"
        settings.write_text(settings.read_text().replace(database_url, postgres.format(name=name)))
        yield postgres.format(name=name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def damage(address: str, relation: str, *, page: int = 0) -> None:
    with psycopg.connect(address) as connection:
        row = connection.execute(
            "SELECT current_setting('data_directory') || '/' || pg_relation_filepath(%s)", (relation,)
        ).fetchone()
    assert row
    with Path(row[0]).open("r+b") as file:
        file.seek(page * 8_192)
        file.write(b"\xff" * 100)


@ON_POSTGRES
def test_a_page_that_cannot_be_read_is_found(copied: str, retainctl: Terminal) -> None:
    damage(copied, "locks")

    ended = retainctl("db", "check")

    assert ended.code == 70
    assert ended.stderr.startswith("retainctl: the database is damaged: invalid page in block 0 of relation")


@ON_POSTGRES
def test_an_index_is_checked_where_the_server_can(copied: str, retainctl: Terminal) -> None:
    damage(copied, "locks_pkey", page=1)
    assert retainctl("db", "check").code == 0
    with psycopg.connect(copied) as connection:
        connection.execute("CREATE EXTENSION amcheck")

    assert retainctl("db", "check").code == 70


@ON_POSTGRES
def test_it_is_said_what_was_not_checked(shop: Shop) -> None:
    assert check_database().endswith("to check the indexes too, install the extension amcheck")
    execute("CREATE EXTENSION amcheck")
    assert check_database() == "the database is intact"


@pytest.mark.parametrize("table", append_only_tables())
def test_a_table_that_lost_what_keeps_its_rows_is_found(shop: Shop, table: str) -> None:
    """As a dump does that another program read in again."""
    for trigger in sorted(append_only_triggers(table)):
        on = "" if file_is_the_database() else f" ON {table}"
        with writing():
            execute(f"DROP TRIGGER {trigger}{on}")
        with pytest.raises(BrokenInvariant, match=f"damaged: {table} can be changed, as it has no trigger {table}_"):
            check_database()


@ON_POSTGRES
def test_a_trigger_that_is_switched_off_is_none(shop: Shop) -> None:
    with writing():
        execute("ALTER TABLE consents DISABLE TRIGGER consents_append_only")
    with pytest.raises(BrokenInvariant, match="consents can be changed"):
        check_database()
