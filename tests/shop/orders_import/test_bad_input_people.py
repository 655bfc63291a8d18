"""Who bought, badly written: the rows B43 to B52 of the matrix of bad input, on both databases."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from retainctl.config import Shop
from retainctl.shop.orders_import import assemble
from retainctl.store.database import rows, value
from tests.conftest import Terminal
from tests.shop.orders_import.conftest import HEADER, Bring, codes, counts, row

NAMED = HEADER + ",first_name"


def owners() -> dict[str, int | None]:
    return dict(rows("SELECT external_id, customer_id FROM orders"))


def test_b43_case_makes_no_other_person(shop: Shop, bring: Bring) -> None:
    bring(shop, HEADER, row("1", email="Dana@Shop.Example"), row("2", email="dana@shop.example"))
    assert rows("SELECT value, key FROM contact_points") == [("Dana@Shop.Example", "dana@shop.example")]
    assert len(set(owners().values())) == 1


def test_b44_plus_addresses_and_dots_are_other_persons(shop: Shop, bring: Bring) -> None:
    bring(shop, HEADER, row("1", email="dana@gmail.com"), row("2", email="dana+shop@gmail.com"),
          row("3", email="d.ana@gmail.com"))  # fmt: skip
    assert len(set(owners().values())) == 3


def test_b45_domains_and_names_of_other_scripts(shop: Shop, bring: Bring) -> None:
    outcome = bring(shop, HEADER, row("1", email="dana@bücher.example"), row("2", email="דנה@shop.example"))
    assert rows("SELECT key, flag FROM contact_points ORDER BY id") == [
        ("dana@xn--bcher-kva.example", ""), ("דנה@shop.example", "needs_smtputf8")
    ]  # fmt: skip
    assert "e-mails that need a server with SMTPUTF8: 1" in outcome.notes


@pytest.mark.parametrize(
    "email", ["dana", "a@b.example c@d.example", "mailto:a@b.example", "a@b.example.", "a@@b.example"]
)
def test_b46_a_bad_e_mail_never_loses_the_order(shop: Shop, bring: Bring, email: str) -> None:
    bad = row("1", email=email, phone="050-1234567")
    outcome = bring(shop, HEADER, bad, bad.replace("1,", "2,", 1))
    assert counts(outcome) == (2, 2, 0, 0, 0, 0, 0)
    assert owners()["1"] == owners()["2"] is not None
    assert rows("SELECT kind FROM contact_points") == [("phone",)]
    ((disposition, line, column, code, raw),) = rows(
        "SELECT disposition, line, column_name, code, raw_bytes FROM held_rows"
    )
    assert (disposition, line, column, code) == ("incomplete", 2, "email", "bad_email")
    assert bytes(raw) == f"{bad}\n".encode()


def test_b46_a_bad_e_mail_is_listed_once_until_somebody_has_looked(retainctl: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("\n".join([HEADER, row("1", email="dana@@shop.example"), ""]), encoding="utf-8")
    words = ("orders", "import", str(path), "--format", "jsonl")
    first = retainctl(*words)
    assert (first.code, json.loads(first.stdout)["rows_quarantined"], json.loads(first.stdout)["guest_orders"]) == (
        3, 0, 1,
    )  # fmt: skip
    assert "(bad_email)" in first.stderr
    assert "the order was booked without it" in first.stderr
    assert "dana" not in first.stderr
    again = retainctl(*words)
    assert (again.code, json.loads(again.stdout)["outcome"]) == (0, "already imported")
    assert json.loads(retainctl(*words, "--again").stdout)["rows_unchanged"] == 1
    (listed,) = [
        json.loads(line) for line in retainctl("orders", "quarantine", "list", "--format", "jsonl").stdout.splitlines()
    ]
    assert (listed["rows_of"], listed["line"], listed["column"], listed["code"]) == ("orders", 2, "email", "bad_email")
    assert retainctl("orders", "quarantine", "retry", str(listed["id"])).code == 2, "it is booked already"
    assert retainctl("orders", "quarantine", "retry", "--format", "jsonl").stdout == ""
    dismissed = json.loads(retainctl("orders", "quarantine", "dismiss", str(listed["id"]), "--format", "jsonl").stdout)
    assert "dana@@shop.example" in dismissed["text"]
    assert retainctl("orders", "quarantine", "list", "--format", "jsonl").stdout == ""
    assert retainctl("orders", "quarantine", "dismiss", str(listed["id"])).code == 2


def test_b46_a_named_address_is_read(shop: Shop, bring: Bring) -> None:
    bring(shop, HEADER, row("1", email="Dana <dana@shop.example>"), row("2", email=" dana@shop.example "))
    assert rows("SELECT key FROM contact_points") == [("dana@shop.example",)]


def test_b47_addresses_that_nobody_reads_are_flagged(shop: Shop, bring: Bring) -> None:
    outcome = bring(shop, HEADER, row("1", email="noreply@shop.example"), row("2", email="test@test.com"),
                    row("3", email="x1@marketplace.amazon.com"))  # fmt: skip
    assert rows("SELECT flag FROM contact_points ORDER BY id") == [("role",), ("test",), ("relay",)]
    assert None not in owners().values()
    assert outcome.notes[1:] == (
        "marketplace relay e-mails, kept but not mailed: 1",
        "role e-mails (noreply, postmaster), kept but not mailed: 1",
        "test e-mails, kept but not mailed: 1",
    )


def test_b48_one_is_known_by_phone_however_it_is_written(shop: Shop, bring: Bring) -> None:
    phones = ["050-1234567", "+972501234567", "972501234567", "(050) 123 4567"]
    bring(shop, HEADER, *[row(str(number), email="", phone=phone) for number, phone in enumerate(phones)])
    assert rows("SELECT key FROM contact_points") == [("+972501234567",)]
    assert len(set(owners().values())) == 1


def test_b48_a_phone_that_a_spreadsheet_damaged_is_left_out(shop: Shop, bring: Bring) -> None:
    outcome = bring(shop, HEADER, row("1", phone="5.01E+08"))
    assert (counts(outcome), codes(outcome)) == ((1, 1, 0, 0, 0, 0, 0), ["bad_phone"])
    assert rows("SELECT kind FROM contact_points") == [("email",)]


def test_b49_who_gives_neither_is_a_guest(shop: Shop, bring: Bring) -> None:
    outcome = bring(shop, HEADER, row("1", email=""), row("2", email="N/A", phone="-"))
    assert (outcome.row.orders, outcome.row.guest_orders, outcome.row.customers) == (0, 2, 0)
    assert owners() == {"1": None, "2": None}


def test_b50_an_e_mail_of_one_with_a_phone_of_another_merges_nobody(shop: Shop, bring: Bring) -> None:
    outcome = bring(
        shop, HEADER, row("A", email="a@shop.example", phone="050-1111111"),
        row("B", email="b@shop.example", phone="050-2222222"), row("C", email="a@shop.example", phone="050-2222222"),
    )  # fmt: skip
    who = owners()
    assert who["C"] == who["A"] != who["B"]
    assert value("SELECT COUNT(*) FROM customers") == 2
    assert "orders whose id, e-mail or phone belong to different customers; nobody was merged: 1" in outcome.notes


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("null", None), ("undefined", None), ("N/A", None), ("-", None), ("דנה\u202e", "דנה"), ("Dana 🙂", "Dana 🙂"),
        ("x" * 10_000, "x" * 200), ('"Dana\nBcc: x"', "Dana Bcc: x"),
        ('"Dana\nBcc: x@y.example"', None),
    ],
)  # fmt: skip
def test_b52_s3_names_are_cleaned(shop: Shop, bring: Bring, text: str, name: str | None) -> None:
    bring(shop, NAMED, f"{row('1')},{text}")
    assert rows("SELECT first_name FROM customers") == [(name,)]


def test_no_column_is_a_consent(shop: Shop, bring: Bring) -> None:
    bring(shop, HEADER, row("1"))
    assert value("SELECT COUNT(*) FROM consents") == 0
    assert rows("SELECT source FROM contact_points") == [("generic",)]


def test_an_order_fills_in_a_name_that_is_missing_and_changes_none(shop: Shop, bring: Bring) -> None:
    header = HEADER + ",first_name,last_name"
    bring(shop, header, f"{row('1')},Dana,")
    bring(shop, header, f"{row('2')},D.,Levi", name="b.csv")
    assert rows("SELECT first_name, last_name FROM customers") == [("Dana", "Levi")]


@pytest.mark.parametrize("number", ["null", "N/A", "-", ""])
def test_a_customer_s_number_that_says_nothing_is_nobody_s(shop: Shop, bring: Bring, number: str) -> None:
    lines = [f"{row(order, email=f'{order}@shop.example')},{number}" for order in ("1", "2")]
    bring(shop, HEADER + ",customer_id", *lines)
    assert rows("SELECT COUNT(*), (SELECT COUNT(*) FROM customer_keys) FROM customers") == [(2, 0)]


def test_buyers_whose_cells_join_to_the_same_letters_are_two(shop: Shop, bring: Bring) -> None:
    lines = [f"{row('1', email='')},K,im,", f"{row('2', email='')},Ki,m,", f"{row('3', email='')},Ki,,m"]
    bring(shop, HEADER + ",customer_id,first_name,last_name", *lines)
    assert rows("SELECT external_id, first_name, last_name FROM customer_keys JOIN customers ON id = customer_id"
                " ORDER BY 1") == [("K", "im", None), ("Ki", "m", "m")]  # fmt: skip


def test_an_address_that_an_order_gives_is_not_verified(shop: Shop, bring: Bring) -> None:
    bring(shop, HEADER, row("1", phone="050-2345678"))
    assert rows("SELECT kind, verified FROM contact_points ORDER BY kind") == [("email", 0), ("phone", 0)]


def test_a_bad_e_mail_is_told_once_however_many_buyers_come_between(
    books: Shop, bring: Bring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assemble, "KNOWN_BUYERS", 1)
    emails = ("dana@", "noa@shop.example", "dana@", "tal@shop.example", "dana@")
    outcome = bring(books, HEADER, *[row(f"{number}", email=one) for number, one in enumerate(emails)])
    assert [(held.document, held.code) for held in outcome.quarantined] == [("0", "bad_email")]


@pytest.mark.parametrize(
    "same",
    [
        {"phone": "0000000000", "email": ""},
        {"phone": "050-000-0000", "email": ""},
        {"email": "none@none.com"},
        {"email": "shop@shop.example"},  # the shop's own
    ],
)
def test_strangers_who_have_a_filler_in_common_are_no_customer_together(
    shop: Shop, bring: Bring, same: dict[str, str]
) -> None:
    lines = [f"{row(str(number), **same)},C-{number}" for number in (1, 2, 3)]
    bring(shop, f"{HEADER},customer_id", *lines)
    assert rows("SELECT COUNT(DISTINCT customer_id) FROM orders") == [(3,)]


@pytest.mark.parametrize("number", ["0", "000", "guest", "אורח"])
def test_guests_under_one_number_are_not_one_customer(shop: Shop, bring: Bring, number: str) -> None:
    lines = [f"{row('1', email='dana@shop.example')},{number}", f"{row('2', email='gil@shop.example')},{number}",
             f"{row('3', email='')},{number}"]  # fmt: skip
    bring(shop, f"{HEADER},customer_id", *lines)
    assert rows("SELECT COUNT(DISTINCT customer_id), COUNT(customer_id) FROM orders") == [(2, 2)]
