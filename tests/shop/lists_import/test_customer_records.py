"""Customers as JSON, of two shops' own interfaces and of anybody."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from retainctl.config import Shop
from retainctl.intake.import_runs import FileResult, Imported, ImportOptions
from retainctl.shop.customers_import import import_customers
from retainctl.shop.exporting import MOST_ADDRESSES
from retainctl.store.database import rows, value

SHOPIFY = {
    "id": 9013808660771, "email": "dana@example.com", "first_name": "דנה", "last_name": "לוי", "verified_email": True,
    "phone": "+972502345678",
    "default_address": {"company": "Mugs", "address1": "Herzl 1", "address2": "Floor 3", "city": "Tel Aviv",
                        "province_code": "TA", "zip": "61000", "country_code": "IL", "phone": "03-6123456"},
    "email_marketing_consent": {"state": "subscribed", "consent_updated_at": "2024-09-23T18:15:47-04:00"},
    "sms_marketing_consent": {"state": "not_subscribed", "consent_updated_at": None},
}  # fmt: skip
WOOCOMMERCE = {
    "id": 25, "email": "noa@example.com", "first_name": "Noa", "date_created_gmt": "2017-03-21T19:09:28",
    "billing": {"email": "pay@example.com", "phone": "050-2345678", "company": "Mugs",
                "address_1": "Herzl 2", "address_2": "Floor 4", "city": "Haifa", "state": "HA", "postcode": "31000",
                "country": "IL"},
}  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "customers.json"


def bring(shop: Shop, file: Path, text: str, *, evidence: str = "", again: bool = False) -> FileResult[Imported]:
    file.write_text(text, encoding="utf-8")
    return import_customers(shop, str(file), ImportOptions(again=again), consent_evidence=evidence)


@pytest.mark.parametrize("indent", [None, 2])
def test_a_list_of_shopify_s(shop: Shop, file: Path, indent: int | None) -> None:
    text = json.dumps({"customers": [SHOPIFY]}, indent=indent)
    assert bring(shop, file, text, evidence="checkout box").row.rows_new == 1
    assert bring(shop, file, text, evidence="checkout box", again=True).row.rows_unchanged == 1
    assert rows("SELECT source, external_id FROM customer_keys") == [("shopify", "9013808660771")]
    assert rows("SELECT kind, key, verified FROM contact_points ORDER BY id") == [
        ("email", "dana@example.com", 1),
        ("phone", "+972502345678", 0),
        ("phone", "+97236123456", 0),
        ("postal", "mugs herzl 1 floor 3 tel aviv ta 61000 il", 0),
    ]
    assert rows("SELECT action, happened_at, evidence FROM consents") == [("given", 1_727_129_747, "checkout box")]


@pytest.mark.parametrize("asked_for", ["verified_email", "email_marketing_consent"])
def test_a_list_of_shopify_s_that_was_asked_for_with_some_of_its_fields(shop: Shop, file: Path, asked_for: str) -> None:
    """Either of the two fields that nobody else's records have says whose it is."""
    others = {"verified_email", "email_marketing_consent"} - {asked_for}
    record = {name: said for name, said in SHOPIFY.items() if name not in others}
    assert bring(shop, file, json.dumps({"customers": [record]}), evidence="checkout box").row.rows_new == 1
    verified = int(asked_for == "verified_email")
    assert rows("SELECT kind, key, verified FROM contact_points ORDER BY id") == [
        ("email", "dana@example.com", verified),
        ("phone", "+972502345678", 0),
        ("phone", "+97236123456", 0),
        ("postal", "mugs herzl 1 floor 3 tel aviv ta 61000 il", 0),
    ]
    assert rows("SELECT action, happened_at FROM consents") == [("given", 1_727_129_747)] * (1 - verified)


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])  # it is about columns
@pytest.mark.parametrize("kind", ["email", "phone", "postal"])
def test_of_a_long_list_of_addresses_as_many_are_kept_as_there_are_columns(shop: Shop, file: Path, kind: str) -> None:
    written = {"email": "{}@example.com", "phone": "050-234567{}", "postal": "Herzl {}"}[kind]
    known = {"email": "{}@example.com", "phone": "+97250234567{}", "postal": "herzl {}"}[kind]
    lists = {f"{kind}s": [written.format(number) for number in range(MOST_ADDRESSES + 1)]}
    outcome = bring(shop, file, json.dumps({"customer_id": "17", **lists}) + "\n")
    assert (outcome.row.rows_new, outcome.quarantined) == (1, ())
    assert rows("SELECT kind, key FROM contact_points ORDER BY id") == [
        (kind, known.format(number)) for number in range(MOST_ADDRESSES)
    ]


def test_a_list_of_woocommerce_s(shop: Shop, file: Path) -> None:
    bring(shop, file, json.dumps([WOOCOMMERCE]))
    assert rows("SELECT source, external_id FROM customer_keys") == [("woocommerce", "25")]
    assert [row[0] for row in rows("SELECT key FROM contact_points ORDER BY id")] == [
        "noa@example.com",
        "pay@example.com",
        "+972502345678",
        "mugs herzl 2 floor 4 haifa ha 31000 il",
    ]


def test_lines_of_anybody_s(shop: Shop, file: Path) -> None:
    lines = [
        {"customer_id": "17", "First Name": "Dana", "emails": ["a@example.com", "b@example.com"], "language": "he-IL"},
        {"customer_id": "18", "phones": ["050-2345678"]},
    ]
    assert bring(shop, file, "".join(json.dumps(line) + "\n" for line in lines)).row.rows_new == 2
    assert rows("SELECT external_id FROM customer_keys ORDER BY 1") == [("17",), ("18",)]
    assert value("SELECT COUNT(*) FROM contact_points") == 3
    assert value("SELECT language FROM customers ORDER BY id") == "he"


def test_records_that_cannot_be_trusted_are_quarantined(shop: Shop, file: Path) -> None:
    good = "".join(json.dumps({"customer_id": str(number)}) + "\n" for number in range(1, 101))
    deep = '{"customer_id":' + "[" * 30 + "]" * 30 + "}"
    bad = f'{{"email": "a@example.com", "email": "b@example.com"}}\n{deep}\n{{"email": NaN}}\n{{"first_name": "Gil"}}\n'
    outcome = bring(shop, file, good + bad)
    assert outcome.row.rows_new == 100
    assert [(held.origin.line, held.code) for held in outcome.quarantined] == [
        (101, "duplicate_key"),
        (102, "too_deep"),
        (103, "bad_number"),
        (104, "nobody"),
    ]


def test_real_records(shop: Shop, shared: Path, file: Path) -> None:
    for name in ("go_shopify_fixtures/customer.json", "shopify_api_fixtures/customers_search.json"):
        row = import_customers(shop, str(shared / "data/platform" / name), ImportOptions()).row
        assert (row.rows_new, row.rows_quarantined, row.source) == (1, 0, "shopify"), name
    examples = json.loads((shared / "data/platform/woocommerce_rest/customers_response_examples.json").read_bytes())
    outcome = bring(shop, file, json.dumps(next(one for one in examples if isinstance(one, list))))
    assert (outcome.row.rows_new, outcome.row.rows_quarantined, outcome.row.source) == (2, 0, "woocommerce")
    assert [held.code for held in outcome.quarantined] == ["bad_phone", "bad_phone"]
    assert rows("SELECT first_name FROM customers ORDER BY id DESC")[:2] == [("John",), ("João",)]
