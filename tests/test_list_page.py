"""A list as a page: in the shop's language, with what was asked for and how many rows there are."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import re
from collections.abc import Iterator
from typing import get_origin, get_type_hints

import pytest

import retainctl as package
from retainctl.config import Shop
from retainctl.list_page import headings, in_hebrew, list_page
from retainctl.rows import Row, columns_of_words
from retainctl.shop.orders import OrderRow
from tests import past
from tests.conftest import MakeShop, Terminal


def row_types() -> Iterator[type[Row]]:
    """Every row type of the program, and none of those that the recipes' tests put into it for a while."""
    own = set()
    for module in pkgutil.walk_packages(package.__path__, "retainctl."):
        if not module.name.endswith("__main__"):
            own.add(importlib.import_module(module.name).__name__)
    waiting = [Row]
    while waiting:
        for one in waiting.pop().__subclasses__():
            waiting.append(one)
            if one.__module__ in own:
                yield one


def test_every_list_and_every_column_has_its_name_in_hebrew() -> None:
    """What the rows themselves name, such as the months of a cohort, has no other name."""
    kinds, columns = set(), set()
    for row_type in row_types():
        kinds.add(row_type.kind)
        hints = get_type_hints(row_type)
        columns |= {field.name for field in dataclasses.fields(row_type) if get_origin(hints[field.name]) is not dict}
    assert kinds - headings()["lists"].keys() == set()
    assert columns - headings()["columns"].keys() == set()
    every = headings()
    tables = [every[name] for name in ("lists", "columns", "words", "feminine_words")] + list(every["of"].values())
    assert all(text.strip() for table in tables for text in table.values())
    assert (every["of"].keys() | set(every["feminine"])) - kinds == set()


def test_every_word_of_the_program_has_its_hebrew_in_every_list() -> None:
    for row_type in row_types():
        for words in columns_of_words(row_type).values():
            assert [word for word in words if not in_hebrew(row_type.kind, "words", word)] == [], row_type.kind


def test_a_word_agrees_with_what_it_is_said_of() -> None:
    assert in_hebrew("campaign", "words", "planned") == "מתוכנן"
    assert in_hebrew("message", "words", "planned") == "מתוכננת"
    assert in_hebrew("refresh", "columns", "left") == "עזבו", "people who left a segment"
    assert in_hebrew("delivery", "columns", "left") == "נותרו", "messages that are left to be sent"


def test_a_list_of_a_hebrew_shop_is_hebrew(shop: Shop, retainctl: Terminal) -> None:
    past.customer(1, name="נועה", email="noa@example.com")
    past.order(1, "2025-01-05", 123_456)
    shown = retainctl("orders", "list", "--limit", "5", "--format", "html").stdout
    assert '<html lang="he" dir="rtl">' in shown
    assert "<h1>הזמנות</h1>" in shown
    assert f"<header><bdi>{shop.settings.name}</bdi><span>2 במרץ 2025</span></header>" in shown
    assert '<p class="lead">שורה אחת <code dir="ltr">orders list --limit 5</code></p>' in shown
    assert '<th class="word">מקור</th>' in shown
    assert ">₪1,234.56<" in shown
    assert ">ברוטו</th>" in shown
    assert ">הוחזר</th>" in shown, "money that came back, and no orders that did"
    assert "<bdi>שולמה</bdi>" in shown, "the state, in words"
    assert "--format" not in shown


def test_a_list_of_an_english_shop_is_english(make_shop: MakeShop) -> None:
    shown = Terminal(make_shop(language="en"))("segments", "list", "--format", "html").stdout
    assert '<html lang="en" dir="ltr">' in shown
    assert "<h1>Segments</h1>" in shown
    assert '<p class="lead">0 rows <code dir="ltr">segments list</code></p>' in shown
    assert '<th class="word">Expression</th>' in shown


def test_what_is_known_of_a_customer_stands_under_hebrew_words(shop: Shop, retainctl: Terminal) -> None:
    past.customer(1, name="נועה", email="noa@example.com")
    past.order(1, "2025-01-05", 123_456)
    shown = retainctl("customers", "show", "1", "--format", "html").stdout
    about = set(re.findall(r"<tr><td[^>]*><bdi>[^<]*</bdi></td><td[^>]*><bdi>([^<]*)</bdi>", shown))
    assert {"לקוח", "מייל", "הזמנות", "הזמנה"} <= about
    assert not [one for one in about if re.search("[a-z]", one)]


def test_every_list_has_an_english_title_that_a_person_would_write(make_shop: MakeShop) -> None:
    run = Terminal(make_shop(language="en"))
    assert "<h1>Surveys</h1>" in run("surveys", "list", "--format", "html").stdout
    assert "<h1>Refreshes</h1>" in run("segments", "refresh", "--format", "html").stdout
    titles = {list_page(one, ["a"], [["b"]], [], numeric=set(), shop=None).partition("<h1>")[2].partition("<")[0]
              for one in row_types()}  # fmt: skip
    assert {"RFM", "Balances", "Checks", "Digest"} <= titles
    assert not [one for one in titles if re.search("shs|eies$|ys$(?<!eys)|ss$", one)]


def test_where_there_are_more_rows_the_page_says_so(shop: Shop) -> None:
    page = list_page(OrderRow, ["source"], [["web"]] * 1_200, [], numeric=set(), shop=shop, more=True)
    assert "1,200 השורות הראשונות, ויש עוד" in page
    assert "The first 1,200 rows; there are more<" in list_page(
        OrderRow, ["source"], [["web"]] * 1_200, [], numeric=set(), shop=None, more=True
    )
    assert "1,200 שורות<" in list_page(OrderRow, ["source"], [["web"]] * 1_200, [], numeric=set(), shop=shop)


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
def test_a_name_that_is_a_word_of_the_program_too_stays_a_name(shop: Shop) -> None:
    page = list_page(OrderRow, ["source", "status"], [["paid", "paid"]], [], numeric=set(), shop=shop)
    assert "<bdi>paid</bdi>" in page
    assert "<bdi>שולמה</bdi>" in page


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
def test_nothing_in_a_cell_is_taken_for_markup(shop: Shop) -> None:
    page = list_page(OrderRow, ["<b>"], [["<script>"]], ["<i>"], numeric=set(), shop=shop, asked="<u>")
    assert not any(f"<{tag}>" in page for tag in ("b", "script", "i", "u"))
