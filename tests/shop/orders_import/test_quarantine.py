"""Rows in quarantine are listed, shown and tried again, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from retainctl.clock import DAY_SECONDS, Clock
from retainctl.config import Shop
from retainctl.errors import WrongUsage
from retainctl.intake import import_runs
from retainctl.intake.import_runs import ImportOptions
from retainctl.intake.quarantine import dismiss, list_quarantined, show_held
from retainctl.shop.consent_import import import_consent
from retainctl.shop.customers_import import import_customers
from retainctl.shop.orders_import.planning import OrderOptions
from retainctl.shop.orders_import.retry import retry
from retainctl.store.database import rows, value
from tests.conftest import Terminal
from tests.planting import plant
from tests.shop.orders_import.conftest import HEADER, Bring, codes, counts, row
from tests.shop.orders_import.test_formats import FIRST, SHOPIFY, shopify_order

GOOD = [row(f"G{number}") for number in range(1, 31)]
GOOD_TOO = [row(f"H{number}") for number in range(1, 31)]


def test_a_row_is_listed_shown_and_booked_when_its_currency_is_stated(retainctl: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text("\n".join([HEADER, *GOOD, row("31", sku="TEA"), row("31", currency=""), ""]), encoding="utf-8")
    ended = retainctl("orders", "import", str(path), "--format", "jsonl")
    assert ended.code == 3
    assert json.loads(ended.stdout)["rows_quarantined"] == 2
    *notices, error = map(json.loads, ended.stderr.splitlines())
    assert [one["message"] for one in notices] == [
        f"{path}, line 33, currency: the currency is missing (set it with --currency) (no_currency)",
        f"{path}, line 32, order_id: another row of this order cannot be booked (order_incomplete)",
    ]
    assert error == {
        "kind": "error", "version": 1, "message": "2 rows are in quarantine",
        "hint": "List them: retainctl orders quarantine list", "exit_code": 3,
    }  # fmt: skip
    listed = retainctl("orders", "quarantine", "list", "--format", "jsonl")
    found, waiting = [json.loads(line) for line in listed.stdout.splitlines()]
    assert (waiting["line"], waiting["code"]) == (32, "order_incomplete")
    assert retainctl("orders", "show", "31").code == 2, "it would be worth less than it is"
    assert (found["line"], found["code"], found["column"]) == (33, "no_currency", "currency")
    shown = retainctl("orders", "quarantine", "show", str(found["id"]), "--format", "jsonl")
    assert json.loads(shown.stdout)["text"] == row("31", currency="")
    assert retainctl("orders", "quarantine", "retry").code == 3
    assert retainctl("orders", "quarantine", "retry", "--currency", "ILS").code == 0
    assert retainctl("orders", "quarantine", "list", "--format", "jsonl").stdout == ""
    lines = [json.loads(line) for line in retainctl("orders", "show", "31", "--format", "jsonl").stdout.splitlines()]
    assert [(line["part"], line["article"]) for line in lines] == [("sale", "TEA"), ("sale", "MUG")]
    assert retainctl("orders", "quarantine", "show", "99").code == 2


def test_however_many_rows_wait_they_are_tried_again(
    books: Shop, bring: Bring, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(
        books, HEADER, *(row(f"G{number}") for number in range(60)), *(row(f"{one}", currency="") for one in (1, 2, 3))
    )
    monkeypatch.setattr(import_runs, "MOST_QUARANTINED", 1)
    retry(books, (), OrderOptions())
    assert [one.document for one in list_quarantined(books)] == ["1", "2", "3"]


def test_a_row_that_the_source_has_told_again_since_is_not_booked_twice(shop: Shop, bring: Bring) -> None:
    bring(shop, HEADER, *GOOD, row("31", sku="TEA"), row("31", currency=""))
    bring(shop, HEADER, *GOOD, row("31", sku="TEA"), row("31"), name="b.csv")
    assert list_quarantined(shop) == []
    assert retry(shop, (), OrderOptions(currency="ILS")) == []
    assert rows("SELECT gross_minor FROM orders WHERE external_id = '31'") == [(4_000,)]


def test_a_file_with_rows_in_quarantine_is_not_booked_over_what_was_told_since(shop: Shop, bring: Bring) -> None:
    """The row of order 31 never comes again, so that the first file's stays in quarantine."""
    first = [HEADER, *GOOD, row("32"), row("31", quantity="x")]
    then = [HEADER, *GOOD, row("32", unit_price="49.50")]
    bring(shop, *first, name="a.csv")
    bring(shop, *then, name="b.csv")
    known = rows("SELECT external_id, version, gross_minor FROM orders ORDER BY id")
    assert ("32", 2, 9_900) in known
    for again in (False, True):
        assert bring(shop, *first, name="a.csv", again=again).row.rows_changed == 0
        assert rows("SELECT external_id, version, gross_minor FROM orders ORDER BY id") == known
        assert len(list_quarantined(shop)) == 1


def test_the_same_bad_row_of_every_night_is_one(shop: Shop, bring: Bring) -> None:
    for night in range(3):
        bring(shop, HEADER, *GOOD, row("31", quantity="x"), *[row(f"N{one}") for one in range(night)], name=f"{night}")
    assert len(list_quarantined(shop)) == 1


def test_a_row_that_was_set_aside_waits_for_nobody(books: Shop, bring: Bring) -> None:
    outcome = bring(books, shopify_order(1, test=True), shopify_order(2, currency=""), name="o.jsonl")
    assert counts(outcome) == (2, 0, 0, 0, 1, 0, 1)
    assert sorted(rows("SELECT disposition FROM held_rows")) == [("quarantined",), ("set_aside",)]
    ((aside,),) = rows("SELECT id FROM held_rows WHERE disposition = 'set_aside'")
    assert [one.code for one in list_quarantined(books)] == ["no_currency"]
    with pytest.raises(WrongUsage, match=f"row {aside} is not waiting in quarantine"):
        dismiss(books, [aside])


def test_bytes_that_were_no_text_are_read_in_the_right_encoding(shop: Shop, bring: Bring) -> None:
    bring(shop, HEADER, *GOOD, row("31", sku="ספל").encode("cp1255") + b"\n")
    (outcome,) = retry(shop, (), OrderOptions(encoding="cp1255"))
    assert counts(outcome) == (1, 1, 0, 0, 0, 0, 0)
    assert value("SELECT COUNT(*) FROM products WHERE sku = 'ספל'") == 1


def test_records_of_json_are_tried_again_whatever_is_wrong_with_them(shop: Shop, bring: Bring) -> None:
    good = [
        json.dumps({"id": number, "status": "completed", "currency": "ILS", "total": "5.00",
                    "date_created_gmt": "2025-01-05T08:00:00",
                    "line_items": [{"name": "Mug", "quantity": 1, "total": "5.00"}]})
        for number in range(1, 41)
    ]  # fmt: skip
    mended = good[0].replace('"id": 1', '"id": 99').replace('"ILS"', '""')
    outcome = bring(shop, '{"id": 7,', *good, mended, name="o.jsonl", format="woocommerce-json")
    assert outcome.row.rows_quarantined == 2
    (retried,) = retry(shop, (), OrderOptions(currency="ILS"))
    assert counts(retried) == (2, 1, 0, 0, 0, 0, 1)
    assert [held.code for held in list_quarantined(shop)] == ["bad_json"]


def test_rows_of_every_import_are_listed(shop: Shop, bring: Bring, tmp_path: Path) -> None:
    bring(shop, HEADER, *GOOD, row("31", quantity="x"))
    path = tmp_path / "people.csv"
    path.write_text("email,first_name\nno address,Dana\n")
    import_customers(shop, str(path), ImportOptions())
    assert [(one.rows_of, one.file, one.code) for one in list_quarantined(shop)] == [
        ("orders", "orders.csv", "bad_number"), ("customers", "people.csv", "bad_email"),
    ]  # fmt: skip
    assert [one.text for one in dismiss(shop, [2])] == ["no address,Dana"]
    assert [one.rows_of for one in list_quarantined(shop)] == ["orders"]


def test_a_row_that_is_booked_by_a_retry_without_its_e_mail_is_kept_as_such(shop: Shop, bring: Bring) -> None:
    bring(shop, HEADER, *GOOD, row("31", currency="", email="dana"))
    (outcome,) = retry(shop, (), OrderOptions(currency="ILS"))
    assert counts(outcome) == (1, 1, 0, 0, 0, 0, 0)
    assert [(one.id, one.code) for one in list_quarantined(shop)] == [(1, "bad_email")]
    assert retry(shop, (), OrderOptions(currency="ILS")) == []


def test_s19_an_address_in_what_is_told_of_a_row_is_masked_and_its_bytes_are_not(shop: Shop, bring: Bring) -> None:
    bad = row("31", quantity="dana@shop.example")
    outcome = bring(shop, HEADER, *GOOD, bad)
    assert outcome.quarantined[0].message == "'d***@s***.example' is not a number"
    assert [one.message for one in list_quarantined(shop)] == ["'d***@s***.example' is not a number"]
    assert show_held(shop, 1).text == bad


def test_those_rows_are_tried_again_that_are_named_and_of_orders_alone(
    shop: Shop, bring: Bring, tmp_path: Path
) -> None:
    bring(shop, HEADER, *GOOD, *GOOD_TOO, row("31", currency=""), row("32", currency=""), row("33", currency=""))
    path = tmp_path / "people.csv"
    path.write_text("email,first_name\nno address,Dana\n")
    import_customers(shop, str(path), ImportOptions())
    dismiss(shop, [3])
    for_shekels = OrderOptions(currency="ILS")
    assert [counts(one) for one in retry(shop, (1,), for_shekels)] == [(1, 1, 0, 0, 0, 0, 0)]
    assert [one.id for one in list_quarantined(shop)] == [2, 4]
    for not_waiting in (1, 3, 4):
        with pytest.raises(WrongUsage):
            retry(shop, (not_waiting,), for_shekels)
    assert [counts(one) for one in retry(shop, (), for_shekels)] == [(1, 1, 0, 0, 0, 0, 0)]
    assert [one.id for one in list_quarantined(shop)] == [4]
    assert rows("SELECT external_id FROM orders WHERE external_id < 'A' ORDER BY 1") == [("31",), ("32",)]


def test_however_many_rows_are_still_bad_they_stay_with_their_newest_reason(shop: Shop, bring: Bring) -> None:
    bad = [row(f"{number}", currency="", unit_price="x") for number in range(31, 34)]
    bring(shop, HEADER, *GOOD, *GOOD_TOO, *bad)
    (outcome,) = retry(shop, (), OrderOptions(currency="ILS"))
    assert counts(outcome) == (3, 0, 0, 0, 0, 0, 3)
    assert [(one.id, one.code) for one in list_quarantined(shop)] == [
        (1, "bad_number"),
        (2, "bad_number"),
        (3, "bad_number"),
    ]


def test_a_row_that_is_tried_again_allows_what_its_import_had_the_evidence_for(shop: Shop, bring: Bring) -> None:
    first = FIRST.format(status="paid", refunded="0.00").replace("90.00,20.00,0.00,110.00", "80.00,20.00,0.00,100.00")
    bring(shop, SHOPIFY, first.replace(",ILS,", ",,"), consent_evidence="the box at the checkout")
    assert value("SELECT COUNT(*) FROM consents") == 0
    retry(shop, (), OrderOptions(currency="ILS", consent_evidence="another"))
    assert rows("SELECT evidence FROM consents") == [("the box at the checkout",)]


def test_rows_that_name_no_order_stand_for_none_of_each_other(shop: Shop, bring: Bring) -> None:
    bring(shop, HEADER, *GOOD, "a,b")
    bring(shop, HEADER, *GOOD, "c,d", name="b.csv")
    assert [one.code for one in list_quarantined(shop)] == ["too_short", "too_short"]


def test_a_list_s_bad_row_stands_for_none_of_another_kind_of_list(shop: Shop, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("email\nnoa@@x.example\n")
    import_customers(shop, str(path), ImportOptions(source="fair"))
    import_consent(shop, str(path), ImportOptions(source="fair"), evidence="form", answer="yes")
    assert [one.rows_of for one in list_quarantined(shop)] == ["customers", "consent"]


def test_the_same_bad_row_of_every_night_is_one_though_it_names_no_order(shop: Shop, bring: Bring) -> None:
    for night in range(3):
        bring(shop, HEADER, *GOOD, *[row(f"N{one}") for one in range(night)], "31,2025-01-05", name=f"{night}.csv")
    assert [(one.file, one.line) for one in list_quarantined(shop)] == [("2.csv", 34)]


def test_rows_that_are_dismissed_are_told_in_their_order(shop: Shop, bring: Bring) -> None:
    bring(
        shop, HEADER, *[row(f"{number}") for number in range(200)], *[row(f"B{one}", quantity="x") for one in range(9)]
    )
    assert [one.id for one in dismiss(shop, [8, 1, 5])] == [1, 5, 8]


def test_a_file_whose_bad_rows_were_dismissed_brings_nothing_more(shop: Shop, bring: Bring) -> None:
    lines = [HEADER, *GOOD, row("31", quantity="x")]
    assert [bring(shop, *lines).row.outcome for _ in range(2)] == ["imported"] * 2
    dismiss(shop, [one.id for one in list_quarantined(shop)])
    assert bring(shop, *lines).row.outcome == "already imported"


def test_a_row_is_shown_and_tried_again_as_its_file_was_read(books: Shop, bring: Bring) -> None:
    header = "מספר;ordered_at;email;sku;quantity;unit_price;of,whom,it,was,asked,and,when,and,why"
    lines = [f"{number};05/01/2025;dana@shop.example;ספל;1;1.234,50;" for number in range(30)]
    bad = "31;06/03/2025;dana@shop.example;קנקן;1;1.234,50;"  # in the future
    text = "".join(f"{line}\n" for line in (header, *lines, bad)).encode("cp1255")
    mapping = 'numbers = "1.234,56"\ndates = "%d/%m/%Y"\n[columns]\norder_id = "מספר"'
    bring(books, text, mapping=mapping, encoding="cp1255", delimiter=";", currency="USD", source="haifa")
    assert show_held(books, 1).text == bad
    later = Shop(books.folder, books.settings, Clock(books.clock.zone, books.clock.now() + 5 * DAY_SECONDS))
    assert [counts(one) for one in retry(later, (), OrderOptions())] == [(1, 1, 0, 0, 0, 0, 0)]
    assert rows("SELECT source, currency, gross_minor FROM orders WHERE external_id = '31'") == [
        ("haifa", "USD", 123_450)
    ]
    assert rows("SELECT sku FROM products ORDER BY id") == [("ספל",), ("קנקן",)]


def test_what_came_back_of_an_order_settles_no_sale_that_waits_nor_a_sale_its_return(shop: Shop, bring: Bring) -> None:
    back = row("1", quantity="-1", status="refunded", ordered_at="2025-02-01")
    assert codes(bring(shop, HEADER, row("1", quantity="two"), *GOOD, name="a.csv")) == ["bad_number"]
    bring(shop, HEADER, back, name="b.csv")
    assert [one.document for one in list_quarantined(shop)] == ["1"], "the sale still waits"
    bring(shop, HEADER, row("1"), name="c.csv")
    assert list_quarantined(shop) == []

    larger = row("G1", quantity="-9", status="refunded", ordered_at="2025-02-01")
    assert codes(bring(shop, HEADER, larger, *GOOD[1:], name="d.csv")) == ["return_larger_than_order"]
    bring(shop, HEADER, row("G1", quantity="10"), name="e.csv")
    assert [one.code for one in list_quarantined(shop)] == ["return_larger_than_order"]
    bring(shop, HEADER, larger, name="f.csv")
    assert list_quarantined(shop) == []
    assert value("SELECT SUM(amount_minor) FROM order_returns WHERE external_id = 'G1'") == 9_000


def test_what_an_older_program_could_not_read_of_a_file_leaves_quarantine_when_the_file_is_read_again(
    shop: Shop, bring: Bring
) -> None:
    bring(shop, HEADER, *GOOD)
    bring(shop, HEADER, *GOOD_TOO, name="b.csv")
    for import_id, lines in ((1, GOOD), (2, GOOD_TOO)):
        plant("held_rows", import_id=import_id, disposition="quarantined", line=2, byte_offset=0, document="",
              column_name="", code="too_short", message="", raw_bytes=lines[0].encode())  # fmt: skip
    assert codes(bring(shop, HEADER, *GOOD, again=True)) == []
    assert [one.file for one in list_quarantined(shop)] == ["b.csv"], "the other file was not read again"
