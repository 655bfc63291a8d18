"""What a first mapping asks: whatever would be booked wrong in silence is a TO DO, and nothing comes in before it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from retainctl.config import Shop
from retainctl.errors import BadData, RetainError
from retainctl.shop.orders_import.orders import import_orders
from retainctl.shop.orders_import.planning import OrderOptions
from retainctl.shop.orders_import.proposing import propose_mapping
from retainctl.store.database import rows

Propose = Callable[..., tuple[str, dict[str, Any]]]


@pytest.fixture
def propose(books: Shop, tmp_path: Path) -> Propose:
    """Make a first mapping of a file with this text: what it says, and as a table."""

    def propose(text: str, *, encoding: str = "utf-8") -> tuple[str, dict[str, Any]]:
        (tmp_path / "orders.csv").write_bytes(text.encode(encoding))
        said = propose_mapping(books, str(tmp_path / "orders.csv"))
        return said, tomllib.loads(said)

    return propose


@pytest.fixture
def bring_in(books: Shop, tmp_path: Path) -> Callable[..., list[tuple[Any, ...]]]:
    """Import the file by a mapping: what each order sold and gave back, in minor units."""

    def bring_in(mapping: str, *, encoding: str = "") -> list[tuple[Any, ...]]:
        (tmp_path / "first.toml").write_text(mapping.replace("unanswered = true\n", ""), encoding="utf-8")
        options = OrderOptions(mapping=tmp_path / "first.toml", source="x", encoding=encoding)
        assert import_orders(books, str(tmp_path / "orders.csv"), options).quarantined == ()
        return rows("SELECT external_id, status, gross_minor, currency FROM orders ORDER BY external_id")

    return bring_in


OF_ANY_FILE = ("No column says who bought", "These columns are not read")


def every_question(said: str) -> list[str]:
    return [line.removeprefix("# TO DO: ") for line in said.splitlines() if line.startswith("# TO DO: ")]


def asked(said: str) -> list[str]:
    """The questions of this very file."""
    return [question for question in every_question(said) if not question.startswith(OF_ANY_FILE)]


def of_orders(*cells: str, header: str) -> str:
    """A table with one more day a row."""
    return f"{header}\n" + "".join(f"{cell.replace('DAY', f'2025-01-{day:02}')}\n" for day, cell in enumerate(cells, 1))


# --- money ---------------------------------------------------------------------------------------------------------


def test_two_signs_of_currencies_are_left_to_do(
    propose: Propose, bring_in: Callable[..., list[tuple[Any, ...]]]
) -> None:
    said, mapping = propose(of_orders("1;DAY;₪1,200.50", "2;DAY;₪10.00", "3;DAY;$7.50", header="Order No;Date;Total"))
    assert "rows by sign: ₪ (2), $ (1)" in asked(said)[0]
    assert mapping["currency"] == "TO DO"
    with pytest.raises(BadData, match="'TO DO' is not a currency"):
        bring_in(said)


def test_amounts_without_a_sign_are_not_of_the_currency_whose_sign_others_have(propose: Propose) -> None:
    said, mapping = propose(of_orders("1;DAY;12.50", "2;DAY;$10.00", header="Order No;Date;Total"))
    assert "rows by sign: none (1), $ (1)" in asked(said)[0]
    assert mapping["currency"] == "TO DO"
    said, mapping = propose(of_orders("1;DAY;12.50", "2;DAY;₪10.00", header="Order No;Date;Total"))
    assert (asked(said), mapping["currency"]) == ([], "ILS")  # the shop's own need no sign


def test_a_column_of_currencies_is_known_by_its_cells_and_contradicted_by_signs(propose: Propose) -> None:
    header = "Order No;Date;Total;Geld"
    said, mapping = propose(of_orders("1;DAY;$12.50;USD", "2;DAY;$10.00;CAD", header=header))
    assert mapping["columns"]["currency"] == "Geld"
    assert "# Its cells are currencies: CAD, USD.\n" in said
    assert ("currency" in mapping, asked(said)) == (False, [])  # a dollar may be Canada's
    said, _ = propose(of_orders("1;DAY;40.00 €;CHF", "2;DAY;10.00 CHF;CHF", header=header))
    assert any(one.startswith("Amounts with a sign of another currency than Geld says: 1, such") for one in asked(said))


def test_a_column_of_signs_is_one_of_currencies(propose: Propose) -> None:
    _, mapping = propose(of_orders("1;DAY;12,50;zł", "2;DAY;10,00;zł", header="Order No;Date;Total;Waluta"))
    assert mapping["columns"]["currency"] == "Waluta"
    assert "currency" not in mapping


def test_the_shops_own_currency_claims_no_more_than_was_looked_at(propose: Propose) -> None:
    said, mapping = propose(of_orders("1;DAY;12.50", header="Order No;Date;Total"))
    assert "# No cells of a column are currencies, and no amount has the sign of one: the shop's own.\n" in said
    assert mapping["currency"] == "ILS"


@pytest.mark.parametrize(
    ("name", "cells"),
    [("Discount %", ("5", "0")), ("הנחה %", ("5", "0")), ("Rabatt Prozent", ("5", "0")), ("Discount", ("5%", "0%"))],
)
def test_a_percentage_is_no_discount_in_money(
    propose: Propose, bring_in: Callable[..., list[tuple[Any, ...]]], name: str, cells: tuple[str, ...]
) -> None:
    lines = [f"{n};DAY;Mug;{n};40.00;{cell}" for n, cell in enumerate(cells, 1)]
    said, mapping = propose(of_orders(*lines, header=f"Order;Date;Product;Qty;Price;{name}"))
    assert any(one.startswith(f"{name} is a percentage, and no discount in money") for one in asked(said))
    assert mapping["columns"].get("discount", "") == ""
    with pytest.raises(BadData, match="has no column TO DO"):
        bring_in(said)


def test_what_a_line_came_to_after_a_percentage_is_read_without_its_price(
    propose: Propose, bring_in: Callable[..., list[tuple[Any, ...]]]
) -> None:
    lines = ("1;DAY;Mug;2;40.00;5;76.00", "2;DAY;Mug;1;40.00;0;40.00")
    said, mapping = propose(of_orders(*lines, header="Order;Date;Product;Qty;Price;Discount %;Line total"))
    assert asked(said) == []
    assert (mapping["columns"]["unit_price"], mapping["columns"]["line_total"]) == ("", "Line total")
    assert bring_in(said) == [("1", "completed", 7_600, "ILS"), ("2", "completed", 4_000, "ILS")]


def test_a_price_that_the_rows_contradict_is_left_to_do(propose: Propose) -> None:
    lines = ("1;DAY;Mug;2;40.00;70.00", "2;DAY;Mug;1;40.00;40.00")
    said, _ = propose(of_orders(*lines, header="Order;Date;Product;Qty;Price;Line total"))
    assert asked(said)[0].startswith("Line total is not Qty times Price less the discount, in 1 of 2 rows, such as")


def test_whether_a_line_is_less_its_discount_already_is_left_to_do(
    propose: Propose, bring_in: Callable[..., list[tuple[Any, ...]]]
) -> None:
    lines = ("1;DAY;2;38.50;3.50", "2;DAY;1;10.00;0")
    said, mapping = propose(of_orders(*lines, header="Order No;Date;Qty;Item subtotal;Promo"))
    assert asked(said)[0].startswith("Is Item subtotal less Promo already? If it is, set line_total")
    assert mapping["columns"]["line_total"] == "TO DO"
    with pytest.raises(BadData, match="has no column unit_price, TO DO"):
        bring_in(said)
    answers = {'line_total = "TO DO"': 'unit_price = "Item subtotal"', 'discount = ""': 'discount = "Promo"'}
    before = said.replace('quantity = "Qty"', 'quantity = ""') + '[constants]\nquantity = "1"\n'
    for asked_for, answer in answers.items():
        before = before.replace(asked_for, answer)
    assert bring_in(before) == [("1", "completed", 3_500, "ILS"), ("2", "completed", 1_000, "ILS")]


def test_a_refund_of_another_sum_does_not_make_the_total_of_an_order_that_of_a_line(
    propose: Propose, bring_in: Callable[..., list[tuple[Any, ...]]]
) -> None:
    lines = ("1;Sale;DAY;12.00;2.00;1.00", "1;Refund;DAY;5.00;0;0", "2;Sale;DAY;7.00;2.00;0")
    said, mapping = propose(of_orders(*lines, header="Order No;Kind;Date;Total;Shipping;Discount"))
    assert asked(said) == []
    assert (mapping["columns"]["total"], mapping["columns"]["discount"]) == ("Total", "")
    assert bring_in(said) == [("1", "completed", 1_000, "ILS"), ("2", "completed", 500, "ILS")]


def test_a_discount_that_only_first_rows_have_is_the_orders(propose: Propose) -> None:
    header = "Order No;Date;Item;Qty;Price;Voucher"
    some = "".join(f"{n};2025-01-0{n};Mug;1;10.00;5.00\n;;Tea;2;7.00;\n" for n in (1, 2, 3))
    said, mapping = propose(f"{header}\n{some}")
    assert mapping["columns"]["order_discount"] == "Voucher"
    assert "# Only the first row of an order has it: 3 of 3.\n" in said
    said, mapping = propose(f"{header}\n1;2025-01-01;Mug;1;10.00;5.00\n1;2025-01-01;Tea;2;7.00;5.00\n")
    assert "Is Voucher of a line or of its order? Else call it order_discount." in asked(said)
    assert mapping["columns"]["discount"] == "Voucher"


def test_a_price_with_its_tax_is_no_tax_and_totals_that_differ_are_the_lines(propose: Propose) -> None:
    header = "מס' מסמך;תאריך;תיאור פריט;כמות;מחיר ליח' כולל מע״מ;סה״כ לתשלום"
    lines = "20;2025-01-01;ספל;2;40.00;80.00\n20;2025-01-01;תה;1;12.00;12.00\n"
    said, mapping = propose(f"{header}\n{lines}")
    assert asked(said) == []
    assert mapping["columns"] == {
        "order_id": "מס' מסמך", "ordered_at": "תאריך", "product": "תיאור פריט", "quantity": "כמות",
        "unit_price": "מחיר ליח' כולל מע״מ", "line_total": "סה״כ לתשלום",
    }  # fmt: skip


def test_quantities_that_read_in_two_ways_are_left_to_do_whatever_the_money_says(
    propose: Propose, bring_in: Callable[..., list[tuple[Any, ...]]]
) -> None:
    header = "Order number;Date;Item;Qty;Price"
    said, mapping = propose(of_orders("1;DAY;Cheese;1.500;12,50", "2;DAY;Cheese;2.250;12,50", header=header))
    assert asked(said)[0].startswith("The money is written as 1.234,56, by which '1.500' of Qty is 1500 pieces; as")
    assert mapping["numbers"] == "TO DO"
    with pytest.raises(RetainError, match="numbers cannot be 'TO DO'"):
        bring_in(said)
    said, mapping = propose(of_orders("1;DAY;Cheese;1,500;12,50", "2;DAY;Cheese;0,250;12,50", header=header))
    assert mapping["numbers"] == "1234,56"  # no number of thousands begins with 0
    assert bring_in(said) == [("1", "completed", 1_875, "ILS"), ("2", "completed", 313, "ILS")]


def test_amounts_below_nought_come_back_where_the_row_says_so_and_else_are_left_to_do(propose: Propose) -> None:
    header = "Order;Kind;Date;Item;Qty;Price"
    said, mapping = propose(of_orders("1;Sale;DAY;Mug;1;10.00", "1;Refund;DAY;Mug;1;($10.00)", header=header))
    assert mapping["negative_amounts"] == "refund"
    assert mapping["types"] == {"Sale": "sale", "Refund": "refund"}
    said, mapping = propose(of_orders("1;x;DAY;Mug;1;10.00", "2;x;DAY;Mug;1;-10.00", header=header))
    assert any(
        one.startswith("Rows with a negative Price: 1, such as '-10.00'. Set negative_am") for one in asked(said)
    )
    assert "negative_amounts" not in mapping
    said, mapping = propose(
        of_orders("1;Sale;DAY;Mug;1;9.00", "1;Sale;DAY;Club;1;-1.00", "2;Refund;DAY;Mug;1;9.00", header=header)
    )
    assert any(one.startswith("Rows of sales with a negative Price: 1, such as '-1.00' (Club).") for one in asked(said))


# --- words ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("Storniert", "cancelled"), ("Annulé", "cancelled"), ("Anulowane", "cancelled"), ("Отменён", "cancelled"),
        ("Zahlung ausstehend", "pending"), ("Pending payment", "pending"), ("On hold", "pending"),
        ("טרם שולם", "pending"), ("En attente de virement", "pending"), ("Oczekuje na płatność", "pending"),
        ("Retourniert", "refunded"), ("Chargeback", "refunded"), ("Returned", "refunded"), ("Devuelto", "refunded"),
        ("Versendet", "shipped"), ("Livré", "completed"), ("Erreur de paiement", "failed"), ("Betaald", "paid"),
        ("Draft", "TO DO"), ("Partially refunded", "TO DO"), ("Teilweise erstattet", "TO DO"), ("Unfug", "TO DO"),
        ("Not shipped", "TO DO"),
    ],
)  # fmt: skip
def test_a_word_of_the_trade_is_proposed_with_its_meaning_and_any_other_is_left_to_do(
    propose: Propose, bring_in: Callable[..., list[tuple[Any, ...]]], word: str, meaning: str
) -> None:
    said, mapping = propose(of_orders(f"1;DAY;10.00;{word}", "2;DAY;5.00;paid", header="Order No;Date;Total;Status"))
    assert mapping["statuses"] == {word: meaning}
    if meaning == "TO DO":
        assert asked(said)[0].endswith(f": {word}.")
        with pytest.raises(RetainError, match="cannot be 'TO DO'"):
            bring_in(said)
    else:
        assert asked(said) == []
        assert bring_in(said)[0] == ("1", meaning, 1_000, "ILS")


def test_an_order_refunded_in_part_is_a_sale_where_a_column_has_what_came_back(propose: Propose) -> None:
    lines = ("1;DAY;10,00;Teilweise erstattet;2,00", "2;DAY;5,00;Versendet;")
    _, mapping = propose(of_orders(*lines, header="Auftragsnr.;Datum;Gesamtsumme brutto;Status;Erstattungsbetrag"))
    assert mapping["statuses"] == {"Teilweise erstattet": "completed", "Versendet": "shipped"}
    assert mapping["columns"]["refunded"] == "Erstattungsbetrag"


def test_credit_invoices_with_positive_amounts_are_what_came_back(
    propose: Propose, bring_in: Callable[..., list[tuple[Any, ...]]]
) -> None:
    lines = ("1;חשבונית מס;DAY;100.00;", "2;חשבונית זיכוי;DAY;100.00;1", "3;הצעת מחיר;DAY;50.00;")
    said, mapping = propose(of_orders(*lines, header="מספר מסמך;סוג מסמך;תאריך;סה״כ;אסמכתא"))
    assert asked(said) == []
    assert mapping["columns"]["refund_of"] == "אסמכתא"
    assert mapping["types"] == {"חשבונית מס": "sale", "חשבונית זיכוי": "refund", "הצעת מחיר": "left_out"}
    assert bring_in(said) == [("1", "completed", 10_000, "ILS")]
    assert rows("SELECT SUM(amount_minor) FROM order_returns") == [(10_000,)]


def test_a_column_that_is_not_read_and_speaks_of_no_sale_is_asked_for(propose: Propose) -> None:
    lines = ("1;DAY;10.00;Sold", "2;DAY;10.00;Voided", "3;DAY;10.00;Sold", "4;DAY;10.00;Voided")
    said, _ = propose(of_orders(*lines, header="Order No;Date;Total;Remark"))
    assert asked(said)[0].startswith("Remark is not read, and has words such as Voided. If it says what a row or an")
    assert asked(said)[0].endswith("what each word means: Sold, Voided.")
    lines = ("1;DAY;10.00;Credit card", "2;DAY;10.00;Store credit", "3;DAY;10.00;Credit card", "4;DAY;10.00;Cash")
    said, _ = propose(of_orders(*lines, header="Order No;Date;Total;Payment type"))
    assert asked(said) == []


def test_delivery_among_the_goods_is_left_to_do_with_the_column_that_tells_it_apart(propose: Propose) -> None:
    lines = ("1;DAY;Miód;2;11.50;kg", "1;DAY;Koszt dostawy – kurier;1;15.99;usł.", "2;DAY;Miód;1;11.50;kg")
    said, _ = propose(of_orders(*lines, header="Order No;Date;Item;Qty;Price;J.m."))
    told = next(one for one in asked(said) if one.startswith("Rows of Item that are delivery: 1, such as"))
    assert told.endswith('set type = "J.m.", and under [types] "kg" = "sale", "usł." = "left_out".')


def test_a_column_that_an_import_would_take_for_its_name_is_said_to_be_left_out(
    propose: Propose, bring_in: Callable[..., list[tuple[Any, ...]]]
) -> None:
    lines = ("1;DAY;Mug;2;10.00;free", "2;DAY;Mug;1;10.00;free")
    said, mapping = propose(of_orders(*lines, header="Order No;Date;Product;Qty;Price;Shipping"))
    assert mapping["columns"]["shipping"] == ""
    assert asked(said) == ["Shipping is not read, as cells such as 'free' are no amounts of money."]
    assert bring_in(said) == [("1", "completed", 2_000, "ILS"), ("2", "completed", 1_000, "ILS")]


# --- rows ----------------------------------------------------------------------------------------------------------


def test_receipts_whose_numbers_begin_again_are_no_orders_before_somebody_says_so(
    propose: Propose, bring_in: Callable[..., list[tuple[Any, ...]]]
) -> None:
    header = "Receipt;Date;Email;Item;Qty;Price"
    lines = [f"{n % 2};DAY;c{n}@x.example;Mug;{1 + n % 3};10.00" for n in range(6)]
    said, mapping = propose(of_orders(*lines, header=header))
    told = next(one for one in asked(said) if one.startswith("Rows with one Receipt are one order: 2 orders at 6"))
    assert 'order_id = ["Date", "Receipt"]' in told
    assert mapping["columns"]["order_id"] == "TO DO"
    with pytest.raises(BadData, match="has no column TO DO"):
        bring_in(said)
    assert len(bring_in(said.replace('order_id = "TO DO"', 'order_id = ["Date", "Receipt"]'))) == 6


def test_totals_a_header_that_comes_again_and_words_below_are_no_orders(
    propose: Propose, bring_in: Callable[..., list[tuple[Any, ...]]]
) -> None:
    header = "Order No,Date,Email,Item,Qty,Price"
    line = "{},2025-01-05,a@x.example,Mug,{},10.00"
    said, mapping = propose(
        "\n".join(
            [header, line.format(1, 1), header, line.format(2, 2), "Razem: 2,,,,,30.00", "", "Printed by Till 9\n"]
        )
    )
    assert mapping["skip_rows"] == ["Order No", "Razem", "Printed"]
    assert asked(said) == []
    assert bring_in(said) == [("1", "completed", 1_000, "ILS"), ("2", "completed", 2_000, "ILS")]


def test_a_row_that_may_be_an_order_is_never_taken_for_a_total(propose: Propose) -> None:
    header = "Item,Order No,Date,Email,Qty,Price"
    rows_of = "Total repair,1,2025-01-05,a@x.example,1,10.00\nMug,2,2025-01-06,b@x.example,2,10.00\nTotal,,,,,30.00\n"
    assert "skip_rows" not in propose(f"{header}\n{rows_of}")[1]
    cut_off = f"{header}\nMug,2,2025-01-06,b@x.example,2,10.00\n1003"
    assert "skip_rows" not in propose(cut_off)[1]


def test_columns_whose_names_say_nothing_are_found_by_their_cells_each_by_what_was_found_before(
    propose: Propose, bring_in: Callable[..., list[tuple[Any, ...]]]
) -> None:
    lines = [f"{n};DAY;{n}0.00;;;" for n in range(1, 6)]
    said, mapping = propose(of_orders(*lines, "6;DAY;20.00;Refund;2;", header="Aaa;Bbb;Total;Ccc;Ddd;Eee"))
    assert {role: mapping["columns"][role] for role in ("order_id", "ordered_at", "total", "refund_of")} == {
        "order_id": "Aaa", "ordered_at": "Bbb", "total": "Total", "refund_of": "Ddd",
    }  # fmt: skip
    assert "# Its cells are ids of other orders: 1 of 1.\n" in said
    assert any(one.startswith("No name says which column is order_id. Aaa may be: 6 of its 6") for one in asked(said))


@pytest.mark.parametrize("above", [(), ("Orders of January",), ("Orders of January", "by till 9")])
def test_how_many_lines_stand_above_the_header_is_told(
    propose: Propose, bring_in: Callable[..., list[tuple[Any, ...]]], above: tuple[str, ...]
) -> None:
    header = "Order No;Date;Item;Qty;Price"
    table = of_orders("1;DAY;Mug;2;10.00", "2;DAY;Mug;1;10.00", header=header)
    said, mapping = propose("".join(f"{line}\n" for line in above) + table)
    assert mapping.get("header_line", 1) == len(above) + 1
    assert bring_in(said) == [("1", "completed", 2_000, "ILS"), ("2", "completed", 1_000, "ILS")]


def test_ids_that_stand_by_chance_in_another_column_are_no_refunds(propose: Propose) -> None:
    lines = [f"{n};DAY;{n}.00;{'2' if n == 5 else ''}" for n in range(1, 7)]
    assert "refund_of" not in propose(of_orders(*lines, header="Order No;Date;Total;Points"))[1]["columns"]
    lines = [f"{n};DAY;{n}.00;{'2;credit note' if n == 5 else ';'}" for n in range(1, 7)]
    assert propose(of_orders(*lines, header="Order No;Date;Total;See;Note"))[1]["columns"]["refund_of"] == "See"


def test_a_price_is_not_of_one_piece_while_whole_numbers_stand_beside_it(
    propose: Propose, bring_in: Callable[..., list[tuple[Any, ...]]]
) -> None:
    said, mapping = propose(of_orders("1;DAY;Mug;3;10.00", "2;DAY;Tea;1;5.00", header="Order No;Date;Item;How;Price"))
    assert asked(said)[0].startswith("No column of numbers is called like a quantity; pieces may stand in How.")
    assert mapping["columns"]["quantity"] == "TO DO"
    with pytest.raises(BadData, match="has no column TO DO"):
        bring_in(said)
    said, mapping = propose(of_orders("1;DAY;Mug;10.00", "2;DAY;Tea;5.00", header="Order No;Date;Item;Price"))
    assert mapping["constants"] == {"quantity": "1"}


def test_a_currency_that_is_not_the_shops_is_asked_for_where_only_cells_tell(propose: Propose) -> None:
    said, _ = propose(of_orders("1;DAY;12.50;ALL", "2;DAY;10.00;ALL", header="Order No;Date;Total;Size"))
    assert asked(said)[0].startswith("Is Size the currency? Each of its cells is ALL, which is not the shop's own.")


def test_a_status_that_cannot_be_one_is_told(propose: Propose) -> None:
    said, mapping = propose(of_orders("1;DAY;12.50;3", "2;DAY;10.00;7", header="Order No;Date;Total;Status"))
    assert asked(said) == ["Status cannot be read as status: it has cells such as '3'."]
    assert "status" not in mapping["columns"]  # an import takes it by its name, and refuses its words


def test_ids_are_told_by_their_cells_and_asked_for(propose: Propose) -> None:
    said, mapping = propose(of_orders("A-1;DAY;10.00", "A-2;DAY;12.00", header="Vorgang;Datum;Gesamt"))
    assert mapping["columns"]["order_id"] == "Vorgang"
    assert asked(said)[0].startswith("No name says which column is order_id. Vorgang may be: 2 of its 2 cells differ")


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        (("05/01/25 10:15", "25/01/25 11:20"), '# All of them fit, as \'05/01/25 10:15\'.\ndates = "%d/%m/%y %H:%M"'),
        (("25.01.2025, 10:15", "05.01.2025, 10:15"), 'dates = "%d.%m.%Y, %H:%M"'),
        (("25/01/2025 klo 9", "05/01/2025 klo 9"), "The dates such as '25/01/2025 klo 9' are in no usual form"),
        (("2025-01-25",) * 9 + ("soon",), "1 of 10 cells of Quand are no date as iso, which the others are, such as"),
    ],
)  # fmt: skip
def test_how_dates_are_written_is_told_or_which_of_them_are_none(
    propose: Propose, cells: tuple[str, ...], told: str
) -> None:
    lines = "".join(f"{n};{cell};{n}.00\n" for n, cell in enumerate(cells, 10))
    said, mapping = propose(f"Order No;Quand;Total\n{lines}")
    assert told in said
    assert mapping["columns"]["ordered_at"] == "Quand"


# --- languages -----------------------------------------------------------------------------------------------------

GERMAN = """Auftragsnr.;Bestelldatum;Uhrzeit;Kundennr.;Vorname;Nachname;E-Mail-Adresse;Auftragsstatus;Versandkosten;\
Gesamtsumme brutto;Währung;Art.-Nr.;Artikelbezeichnung;Menge;Einzelpreis brutto;Positionssumme brutto;MwSt.-Satz
A25-1;07.01.2025;11:40;28;Käthe;Krüger;k@example.de;Versendet;4,90;1.154,20;EUR;NM-9;Maschine;1;1.144,40;1.144,40;19 %
;;;;;;;;;;;GA-7;Nähgarn;2;2,45;4,90;19 %
A25-2;28.01.2025;09:29;35;Uwe;Böhm;u@example.de;Storniert;0,00;29,03;EUR;BW-1;Stoff;2,25;12,90;29,03;19 %
Summe: 2 Aufträge;;;;;;;;;;;;;;;;
"""
FRENCH = """Référence;N° commande;Passée le;Client;Courriel;Tél.;Nb articles;Sous-total TTC;Remise TTC;\
Frais de port TTC;Total payé TTC;Dont TVA;Remboursé TTC;Devise;État
TVN;3099;30/09/2024 20:58;Lina Robin;l@exemple.fr;050-3129077;1;45,90 €;-4,59 €;5,90 €;47,21 €;7,87 €;;EUR;Livré
TWW;3098;28/09/2024 18:59;Noé Dumas;n@exemple.fr;;2;1 299,00 €;;0,00 €;1 299,00 €;216,50 €;1 299,00 €;EUR;Remboursé
Total;2 commandes;;;;;;;;;;;;;
"""
POLISH = """Numer dokumentu|Rodzaj|Data wystawienia|Nabywca|E-mail nabywcy|Symbol|Nazwa towaru|Ilość|J.m.|Cena brutto|\
Rabat %|Wartość brutto|Stan płatności|Dokument korygowany|Waluta
FV 1|FV|16-01-2025|Grażyna Pięta|g@example.pl|SOK|Sok jabłkowy|2|szt.|10,00|10|18,00|Opłacone||PLN
FV 1|FV|16-01-2025|Grażyna Pięta|g@example.pl|SER|Ser owczy|1|szt.|7,00|0|7,00|Opłacone||PLN
KFS 1|KFS|19-01-2025|Grażyna Pięta|g@example.pl|SOK|Sok jabłkowy|-1|szt.|10,00|10|-9,00|Zwrócone|FV 1|PLN
Razem|||||||||||16,00|||
"""


def test_a_german_shop_comes_in_with_one_line_more(
    propose: Propose, bring_in: Callable[..., list[tuple[Any, ...]]]
) -> None:
    said, mapping = propose(GERMAN, encoding="cp1252")
    assert asked(said)[0].endswith("--encoding cp1252 if its letters are right so: Krüger | Böhm | Käthe")
    assert [one[:44] for one in asked(said)[1:]] == ["Rows that leave the cells of their order emp"]
    assert mapping["columns"] == {
        "order_id": "Auftragsnr.", "ordered_at": ["Bestelldatum", "Uhrzeit"], "customer_id": "Kundennr.",
        "first_name": "Vorname", "last_name": "Nachname", "email": "E-Mail-Adresse", "status": "Auftragsstatus",
        "shipping": "Versandkosten", "total": "Gesamtsumme brutto", "currency": "Währung", "sku": "Art.-Nr.",
        "product": "Artikelbezeichnung", "quantity": "Menge", "unit_price": "Einzelpreis brutto",
        "line_total": "Positionssumme brutto",
    }  # fmt: skip
    orders = bring_in(f"inherit = true\n{said}", encoding="cp1252")
    assert orders == [("A25-1", "shipped", 114_930, "EUR"), ("A25-2", "cancelled", 2_903, "EUR")]


def test_a_french_shop_comes_in_as_it_is(propose: Propose, bring_in: Callable[..., list[tuple[Any, ...]]]) -> None:
    said, mapping = propose(FRENCH)
    assert asked(said) == []
    assert mapping["columns"].items() >= {
        "order_id": "N° commande", "ordered_at": "Passée le", "name": "Client", "phone": "Tél.", "quantity": "",
        "shipping": "Frais de port TTC", "total": "Total payé TTC", "refunded": "Remboursé TTC", "currency": "Devise",
        "status": "État",
    }.items()  # fmt: skip
    assert "sku" not in mapping["columns"]
    orders = bring_in(said)
    assert orders == [("3098", "refunded", 129_900, "EUR"), ("3099", "completed", 4_131, "EUR")]


def test_a_polish_program_is_read_in_its_own_encoding(propose: Propose) -> None:
    said, mapping = propose(POLISH, encoding="cp1250")
    assert asked(said) == [
        "The file may be cp1250: import it with --encoding cp1250 if its letters are right so:"
        " Grażyna Pięta | Sok jabłkowy"
    ]
    assert mapping["columns"] == {
        "order_id": "Numer dokumentu", "type": "Rodzaj", "ordered_at": "Data wystawienia", "name": "Nabywca",
        "email": "E-mail nabywcy", "sku": "Symbol", "product": "Nazwa towaru", "quantity": "Ilość", "unit_price": "",
        "line_total": "Wartość brutto", "status": "Stan płatności", "refund_of": "Dokument korygowany",
        "currency": "Waluta",
    }  # fmt: skip
    assert mapping["types"] == {"FV": "sale", "KFS": "refund"}
    assert (mapping["negative_amounts"], mapping["skip_rows"]) == ("refund", ["Razem"])


@pytest.mark.parametrize(
    ("name", "cells", "role"),
    [
        ("Tax rate", ("17", "17"), "tax"), ("MwSt.-Satz", ("19", "7"), "tax"), ("Total weight", ("1.25", "2"), "total"),
        ("Product price", ("10.00", "12.50"), "product"), ("Nb articles", ("1", "3"), "sku"),
        ("Cancelled", ("no", "yes"), "cancelled_at"), ("Email sent", ("no", "yes"), "email"),
        ("Standort", ("Nord", "Süd"), "status"), ("Refund ID", ("17", "18"), "refunded"),
        ("Gesamtgewicht", ("1.25", "2"), "total"),
    ],
)  # fmt: skip
def test_a_name_says_nothing_that_its_cells_or_the_rest_of_it_deny(
    propose: Propose, name: str, cells: tuple[str, ...], role: str
) -> None:
    lines = [f"{n};DAY;{n}.00;{cell}" for n, cell in enumerate(cells, 1)]
    _, mapping = propose(of_orders(*lines, header=f"Order No;Date;Order total;{name}"))
    assert role == "total" or not mapping["columns"].get(role)
    assert mapping["columns"]["total"] == "Order total"


def test_columns_that_differ_by_a_sign_alone_are_two(
    propose: Propose, bring_in: Callable[..., list[tuple[Any, ...]]]
) -> None:
    header = "Order #;Date;Item;Item #;Qty;Price;Discount %;Discount;Line total"
    lines = ("1;DAY;Mug;M-1;2;40.00;10;8.00;72.00", "2;DAY;Mug;M-1;1;40.00;0;0;40.00")
    said, mapping = propose(of_orders(*lines, header=header))
    assert asked(said) == []
    assert mapping["columns"].items() >= {"sku": "Item #", "product": "Item", "discount": "Discount"}.items()
    assert bring_in(said) == [("1", "completed", 7_200, "ILS"), ("2", "completed", 4_000, "ILS")]
    assert rows("SELECT DISTINCT sku, name FROM products") == [("M-1", "Mug")]


def test_two_columns_of_discounts_are_asked_for(propose: Propose) -> None:
    said, _ = propose(
        of_orders("1;DAY;Mug;1;10.00;1.00;2.00", header="Order No;Date;Item;Qty;Price;Discount;Coupon amount")
    )
    assert "Is the discount in Discount or in Coupon amount? Set discount." in asked(said)
