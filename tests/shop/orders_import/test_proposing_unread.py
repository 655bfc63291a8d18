"""What no word is known of is asked, whatever its language: nothing that may change what is booked is silently left."""

from __future__ import annotations

import pytest

from tests.shop.orders_import.test_proposing_asks import Propose, bring_in, every_question, of_orders, propose

__all__ = ["bring_in", "propose"]
LINES = "Order,Date,Email,SKU,Qty,Price"
TEN = range(10)


def lines(*more: str, name: str = "X", line: str = "MUG,{pieces},12.50") -> str:
    """A table of ten orders, each of its rows with one of the cells *more* in a column called *name*."""
    cells = [f"A{one},DAY,c{one}@shop.example,{line.format(pieces=1 + one % 2)},{more[one % len(more)]}" for one in TEN]
    return of_orders(*cells, header=f"{LINES},{name}")


@pytest.mark.parametrize(
    ("name", "cells", "shown"),
    [
        ("Fragt", ["39.00", "49.00"], "Fragt ('39.00' and other numbers)"),
        ("送料", ["500"], "送料 ('500' and other numbers)"),
        ("Durum", ["Tamam", "İptal edildi"], "Durum (the words Tamam, İptal edildi)"),
        ("Line Type", ["Sale", "Payment"], "Line Type (the words Sale, Payment)"),
        ("Grund", [*[""] * 8, "Farbe falsch 17", "Zu klein 4"], "Grund ('Farbe falsch 17', in 2 of 10 rows)"),
        ("Anuló el", ["2025-03-01", "2025-03-04", *[""] * 8], "Anuló el ('2025-03-01', in 2 of 10 rows)"),
    ],
)
def test_a_column_that_may_change_what_is_booked_is_asked_in_any_language(
    propose: Propose, name: str, cells: list[str], shown: str
) -> None:
    said, mapping = propose(lines(*cells, name=name))
    (question,) = [one for one in every_question(said) if one.startswith("These columns are not read.")]
    assert question.endswith(f"under [columns] by what it is: {shown}.")
    assert mapping["unanswered"] is True


@pytest.mark.parametrize(
    ("name", "cells"),
    [
        ("Note", [f"please ring twice {one}" for one in TEN]),
        ("Country", ["Israel"]),
        ("Tax rate", ["17%", "0%"]),
        ("Points", ["0"]),
    ],
)
def test_what_changes_nothing_is_not_asked(propose: Propose, name: str, cells: list[str]) -> None:
    said, mapping = propose(lines(*cells, name=name))
    assert every_question(said) == []
    assert "unanswered" not in mapping


def test_who_bought_is_asked_where_no_column_says_it(propose: Propose) -> None:
    said, _ = propose(of_orders(*(f"A{one},DAY,MUG,1,12.50" for one in TEN), header="Order,Date,SKU,Qty,Price"))
    assert [one for one in every_question(said) if one.startswith("No column says who bought")]


@pytest.mark.parametrize("name", ["Unit price with VAT", "Price inc VAT", "Cena s VAT", "Precio con IVA"])
def test_a_price_with_its_tax_is_a_price(propose: Propose, name: str) -> None:
    cells = [f"A{one},DAY,c{one}@shop.example,MUG,2,12.50" for one in TEN]
    _, mapping = propose(of_orders(*cells, header=f"Order,Date,Email,SKU,Qty,{name}"))
    assert "tax" not in mapping["columns"]
    assert name in mapping["columns"].values()


def test_a_name_beside_an_article_s_number_is_the_article_s_where_it_goes_with_it(propose: Propose) -> None:
    cells = [f"A{one},DAY,c{one % 3}@shop.example,S{one % 2},{('Mug', 'Tea')[one % 2]},2,12.50" for one in TEN]
    _, mapping = propose(of_orders(*cells, header="Order,Date,Email,SKU,Name,Qty,Price"))
    assert (mapping["columns"]["product"], mapping["columns"].get("name")) == ("Name", None)
    cells = [f"A{one},DAY,c{one % 3}@shop.example,S{one % 2},{('Dana', 'Gil', 'Noa')[one % 3]},2,12.50" for one in TEN]
    _, mapping = propose(of_orders(*cells, header="Order,Date,Email,SKU,Name,Qty,Price"))
    assert (mapping["columns"]["name"], mapping["columns"].get("product")) == ("Name", None)


def test_numbers_are_nobody_s_name(propose: Propose) -> None:
    cells = [f"A{one},DAY,c{one}@shop.example,MUG,{1 + one % 3},12.50" for one in TEN]
    said, mapping = propose(of_orders(*cells, header="Commande,Date,Email,Article,Nombre,Prix"))
    assert "name" not in mapping["columns"]
    assert "Nombre" in " ".join(every_question(said))


def test_a_currency_in_a_name_against_a_column_of_others_is_asked(propose: Propose) -> None:
    cells = [f"A{one},DAY,c{one}@shop.example,{('USD', 'EUR')[one % 2]},20.00" for one in TEN]
    said, _ = propose(of_orders(*cells, header="Order,Date,Email,Order currency,Total (EUR)"))
    assert [one for one in every_question(said) if "is called EUR, and Order currency has EUR, USD" in one]


@pytest.mark.parametrize(("sign", "is_asked"), [("kr", True), ("¥", True), ("₪", False), ("€", False)])
def test_a_sign_that_several_currencies_have_is_asked(propose: Propose, sign: str, is_asked: bool) -> None:
    cells = [f"A{one},DAY,c{one}@shop.example,20.00 {sign}" for one in TEN]
    said, _ = propose(of_orders(*cells, header="Order,Date,Email,Total"))
    assert any(f"written with {sign}, which is" in one for one in every_question(said)) is is_asked


def test_what_moves_a_terminal_moves_none_in_a_mapping(propose: Propose) -> None:
    said, _ = propose(lines("\x1b]0;x\x07", "ok", name="\x1b[31mred"))
    assert said.isprintable() or all(line.isprintable() for line in said.splitlines())


def test_a_time_of_the_day_is_no_order_s_number(propose: Propose) -> None:
    cells = [f"DAY,{10 + one}:{17 + one},K{one},c{one}@shop.example,20.00" for one in TEN]
    _, mapping = propose(of_orders(*cells, header="Date,Tid,Kvitto,Email,Total"))
    assert mapping["columns"]["order_id"] == "Kvitto"
