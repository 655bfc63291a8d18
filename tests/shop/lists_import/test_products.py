"""Products in from a file: what is empty changes nothing, and members never pay more than others."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import click
import pytest

from retainctl import cli
from retainctl.config import Shop
from retainctl.errors import BadData
from retainctl.intake.import_runs import FileResult, Imported, ImportOptions
from retainctl.intake.quarantine import list_quarantined
from retainctl.intake.values import NUMBER_STYLES
from retainctl.shop.catalogue import ProductRow, list_products
from retainctl.shop.products_import import PRODUCTS
from retainctl.store.database import execute, rows, value
from retainctl.store.transactions import writing
from tests.conftest import Terminal

HEADER = "sku,name,category,brand,price,member_price,cost,stock,image_url,active\n"
COFFEE = "C-1,Coffee,Kitchen>Coffee,Elite,39.90,34.90,20,12,https://shop.example/c.png,yes\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "products.csv"


def bring(
    shop: Shop,
    file: Path,
    text: str,
    *,
    numbers: str = "1234.56",
    currency: str = "",
    again: bool = False,
    mapping: str = "",
) -> FileResult[Imported]:
    file.write_text(text, encoding="utf-8")
    written = file.with_name("mapping.toml") if mapping else None
    if written:
        written.write_text(mapping, encoding="utf-8")
    options = ImportOptions(again=again, numbers=numbers, currency=currency, mapping=written)
    return PRODUCTS.import_file(shop, str(file), options)


def counts(outcome: FileResult[Imported]) -> tuple[int, ...]:
    """New, changed, unchanged, quarantined."""
    row = outcome.row
    return row.rows_new, row.rows_changed, row.rows_unchanged, row.rows_quarantined


def test_a_product_is_kept_whole_and_once(shop: Shop, file: Path) -> None:
    assert counts(bring(shop, file, HEADER + COFFEE)) == (1, 0, 0, 0)
    assert counts(bring(shop, file, HEADER + COFFEE, again=True)) == (0, 0, 1, 0)
    assert rows(
        "SELECT sku, name, category, brand, currency, price_minor, member_price_minor, cost_minor, stock, image_url,"
        " active FROM products"
    ) == [("C-1", "Coffee", "Kitchen > Coffee", "Elite", "ILS", 3990, 3490, 2000, 12, "https://shop.example/c.png", 1)]


@pytest.mark.parametrize("nothing", ["", " ", "NULL", "N/A", " null "])
def test_an_empty_cell_changes_nothing(shop: Shop, file: Path, nothing: str) -> None:
    bring(shop, file, HEADER + COFFEE)
    assert counts(bring(shop, file, f"{HEADER}C-1,{nothing},{nothing},,{nothing},,,11,,no\n")) == (0, 1, 0, 0)
    (product,) = list_products()
    assert (product.name, product.price_minor, product.stock, product.active) == ("Coffee", 3990, 11, False)
    assert value("SELECT category FROM products") == "Kitchen > Coffee"


@pytest.mark.parametrize(
    ("stated", "mapped", "currency"), [("", "", "ILS"), ("", "USD", "USD"), ("EUR", "", "EUR"), ("EUR", "USD", "EUR")]
)
def test_the_currency_of_a_list_is_the_stated_one_or_its_mapping_s_or_the_shop_s(
    shop: Shop, file: Path, stated: str, mapped: str, currency: str
) -> None:
    bring(shop, file, HEADER + COFFEE, currency=stated, mapping=f'currency = "{mapped}"\n')
    assert rows("SELECT currency, price_minor FROM products") == [(currency, 3990)]


def test_a_list_is_read_anew_when_its_numbers_are_stated_to_be_of_another_form(shop: Shop, file: Path) -> None:
    text = HEADER + COFFEE.replace("39.90,34.90,20", "1.234,,")
    for numbers, outcome, minor in (
        ("1234.56", (1, 0, 0, 0), 1_234),
        ("1.234,56", (0, 1, 0, 0), 1_234_000),
        ("1.234,56", (0, 0, 0, 0), 1_234_000),
    ):
        assert counts(bring(shop, file, text, numbers=numbers, currency="KWD")) == outcome
        assert rows("SELECT price_minor FROM products") == [(minor,)]


def test_what_orders_said_of_a_product_is_filled_up(shop: Shop, file: Path) -> None:
    with writing():
        execute("INSERT INTO products (sku, name) VALUES ('C-1', 'coffee')")
    assert counts(bring(shop, file, HEADER + COFFEE)) == (0, 1, 0, 0)
    assert rows("SELECT name, price_minor FROM products") == [("Coffee", 3990)]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("C-2,,,,10,12,,,,", "member_price_above_price"),
        ("C-1,,,,,50,,,,", "member_price_above_price"),
        ("C-1,,,,30,,,,,", "member_price_above_price"),
        (",Tea,,,,,,,,", "no_sku"),
        ("C-2,,,,ten,,,,,", "bad_number"),
        ("C-2,,,,-1,,,,,", "negative_price"),
        ("C-2,,,,10,-1,,,,", "negative_price"),
        ("C-2,,,,10,,-0.01,,,", "negative_price"),
        ("C-2,,,,1.005,,,,,", "too_fine"),
        ("C-2,,,,,,,1.5,,", "bad_quantity"),
        ("C-2,,,,,,,,javascript:alert(1),", "bad_url"),
        ("C-2,,,,,,,,,perhaps", "bad_answer"),
    ],
)
def test_a_row_that_cannot_be_true_is_quarantined(shop: Shop, file: Path, row: str, code: str) -> None:
    bring(shop, file, HEADER + COFFEE)
    before = rows("SELECT * FROM products")
    outcome = bring(shop, file, f"{HEADER}{row}\n")
    assert [held.code for held in outcome.quarantined] == [code]
    assert rows("SELECT * FROM products") == before


def test_an_article_is_the_same_with_spaces_around_its_number(shop: Shop, file: Path) -> None:
    bring(shop, file, HEADER + COFFEE)
    assert counts(bring(shop, file, HEADER + COFFEE.replace("C-1,", " C-1 ,").replace("39.90", "38.90"))) == (
        0,
        1,
        0,
        0,
    )
    assert rows("SELECT sku, price_minor FROM products") == [("C-1", 3890)]


def test_members_may_pay_what_everybody_pays(shop: Shop, file: Path) -> None:
    assert counts(bring(shop, file, HEADER + "C-2,,,,10,10,,,,\n")) == (1, 0, 0, 0)
    assert rows("SELECT price_minor, member_price_minor FROM products") == [(1000, 1000)]


def test_an_article_may_be_free_and_cost_nothing(shop: Shop, file: Path) -> None:
    assert counts(bring(shop, file, HEADER + "C-2,,,,0,0,0.00,,,\n")) == (1, 0, 0, 0)
    assert rows("SELECT price_minor, member_price_minor, cost_minor FROM products") == [(0, 0, 0)]


def test_a_corrected_row_leaves_quarantine_and_the_first_file_brings_nothing_more(shop: Shop, file: Path) -> None:
    bad, good = HEADER + COFFEE + "C-2,Tea,,,ten,,,,,\n", HEADER + "C-1,Mocha,,,,,,,,\nC-2,Tea,,,10,,,,,\n"
    bring(shop, file, bad)
    assert len(list_quarantined(shop)) == 1
    bring(shop, file, HEADER + "C-3,Jam,,,,,,,,\n")
    assert bring(shop, file, bad).row.outcome == "already imported"
    assert len(list_quarantined(shop)) == 1
    bring(shop, file, good)
    assert list_quarantined(shop) == []
    assert [(one.name, one.price_minor) for one in list_products()][:2] == [("Mocha", 3990), ("Tea", 1000)]


def test_an_article_that_stands_twice_and_differs_is_told(shop: Shop, file: Path) -> None:
    outcome = bring(shop, file, HEADER + COFFEE + COFFEE + "C-1,Tea,,,,,,,,\n")
    assert counts(outcome) == (1, 0, 1, 1)
    assert value("SELECT name FROM products") == "Coffee"


def test_a_number_that_can_be_read_in_two_ways_stops_the_import(shop: Shop, file: Path) -> None:
    text = 'sku,price\nC-1,"1,234"\n'
    with pytest.raises(BadData, match="is ambiguous"):
        bring(shop, file, text)
    assert counts(bring(shop, file, text, numbers="1,234.56")) == (1, 0, 0, 0)
    assert value("SELECT price_minor FROM products") == 123_400


def test_prices_of_another_currency_are_not_mixed(shop: Shop, file: Path) -> None:
    bring(shop, file, HEADER + COFFEE)
    bring(shop, file, "sku,price\nC-1,11.50\n", currency="USD")
    assert rows("SELECT currency, price_minor, member_price_minor, cost_minor FROM products") == [
        ("USD", 1150, None, None)
    ]


def test_the_columns_of_a_shop_s_own_export(shop: Shop, file: Path) -> None:
    text = "Variant SKU,Title,Vendor,Product Category,Variant Price,Cost per item,Status\n"
    text += "C-1,קפה,עלית,מטבח > קפה,39.90,,archived\n"
    assert counts(bring(shop, file, text)) == (1, 0, 0, 0)
    (product,) = list_products(category="מטבח")
    assert (product.name, product.brand, product.price_minor, product.active) == ("קפה", "עלית", 3990, False)


def test_products_are_searched_by_letters_and_by_category(shop: Shop, file: Path) -> None:
    bring(shop, file, HEADER + COFFEE + "T_1,Tea,Kitchen,,,,,,,\nK-1,Knife,Kitchenware,,,,,,,\n")
    assert [one.sku for one in list_products(category="kitchen")] == ["C-1", "T_1"]
    assert [one.sku for one in list_products(query="_")] == ["T_1"]
    assert [one.sku for one in list_products(query=" ELITE ")] == ["C-1"]
    assert [one.sku for one in list_products(limit=2)] == ["C-1", "K-1"]


def test_a_new_article_is_active_unless_its_row_says_otherwise(shop: Shop, file: Path) -> None:
    bring(shop, file, "sku,name,category\nC-1,Coffee,Kitchen\n")
    (product,) = list_products(category="Kitchen")
    assert product.active
    assert [one.sku for one in list_products(category="kitchen")] == ["C-1"]
    assert list_products(category="Kitch") == []


def test_the_command(retainctl: Terminal, file: Path) -> None:
    products = cast("click.Group", cli.root.get_command(click.Context(cli.root), "products"))
    import_ = products.commands["import"]
    (numbers,) = [option for option in import_.params if option.name == "numbers"]
    assert tuple(cast("click.Choice[str]", numbers.type).choices) == tuple(NUMBER_STYLES)
    file.write_text(HEADER + COFFEE, encoding="utf-8")
    assert retainctl("products", "import", str(file)).code == 0
    assert retainctl("products", "list", "--format", "csv").stdout == (
        "sku,name,category,brand,currency,price_minor,member_price_minor,cost_minor,stock,active,image_url\n"
        "C-1,Coffee,Kitchen > Coffee,Elite,ILS,3990,3490,2000,12,yes,https://shop.example/c.png\n"
    )


@pytest.mark.parametrize("columns", ["active,published", "published,active"])
def test_a_column_that_has_the_better_name_counts_wherever_it_stands(shop: Shop, file: Path, columns: str) -> None:
    cells = columns.replace("active", "no").replace("published", "yes")
    outcome = bring(shop, file, f"sku,{columns}\nC-1,{cells}\n")
    assert [one.active for one in list_products()] == [False]
    assert "columns not read: published" in outcome.notes


def test_a_list_that_left_a_row_in_quarantine_is_read_again(shop: Shop, file: Path) -> None:
    bad = HEADER + COFFEE + "C-2,Tea,,,ten,,,,,\n"
    assert [counts(bring(shop, file, bad)) for _ in range(2)] == [(1, 0, 0, 1), (0, 0, 1, 1)]
    assert len(list_quarantined(shop)) == 1


def test_an_article_is_active_or_not_in_the_words_of_shops(shop: Shop, file: Path) -> None:
    active, inactive = ("active", "Published", "yes", "פעיל", "1"), ("draft", "Archived", "no", "לא פעיל", "0")
    lines = [f"{place:02},{word}\n" for place, word in enumerate((*active, *inactive))]
    assert counts(bring(shop, file, "sku,active\n" + "".join(lines))) == (10, 0, 0, 0)
    assert [one.active for one in list_products()] == [True] * 5 + [False] * 5


def test_a_list_that_is_read_in_another_currency_is_another_list(shop: Shop, file: Path) -> None:
    text = "sku,name,price\nC-1,Coffee,10\n"
    for currency, outcome in (("ILS", "imported"), ("ILS", "already imported"), ("USD", "imported")):
        assert bring(shop, file, text, currency=currency).row.outcome == outcome


def test_an_older_price_that_comes_back_byte_for_byte_is_the_price_again(shop: Shop, file: Path) -> None:
    dear, cheap = "sku,price\nMUG,60.00\n", "sku,price\nMUG,50.00\n"
    for text in (dear, cheap, dear):
        assert bring(shop, file, text).row.outcome == "imported"
    assert rows("SELECT price_minor FROM products") == [(6_000,)]
    assert bring(shop, file, dear).row.outcome == "already imported"


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])  # it is about cells
def test_each_price_has_the_decimals_of_its_own_row_s_currency(shop: Shop, file: Path) -> None:
    lines = ("C-1,1500,1400,1000,JPY", "C-2,1.234,1.233,1.2,KWD", "C-3,9.90,8.9,7,", "C-4,9.90,8.9,7,NULL")
    assert counts(bring(shop, file, "\n".join(["sku,price,member_price,cost,currency", *lines, ""]))) == (4, 0, 0, 0)
    assert [one[1:] for one in rows("SELECT sku, currency, price_minor, member_price_minor, cost_minor FROM products"
                                    " ORDER BY sku")] == [
        ("JPY", 1_500, 1_400, 1_000), ("KWD", 1_234, 1_233, 1_200), ("ILS", 990, 890, 700), ("ILS", 990, 890, 700),
    ]  # fmt: skip


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])  # it is about bytes
def test_a_list_that_was_read_in_a_wrong_encoding_is_read_again_in_the_right_one(shop: Shop, file: Path) -> None:
    file.write_bytes("sku,name\nC-1,קפה\n".encode("cp1255"))
    for encoding, outcome in (("cp1252", "imported"), ("cp1255", "imported"), ("cp1255", "already imported")):
        assert PRODUCTS.import_file(shop, str(file), ImportOptions(encoding=encoding)).row.outcome == outcome
    assert value("SELECT name FROM products") == "קפה"


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
@pytest.mark.parametrize(
    "header",
    [
        "Variant SKU,Title,Category path,Vendor,Currency,Variant Price,Club price,Cost per item,Variant Inventory Qty"
        ",Image Src,Status",
        "Article,Product name,Categories,Vendor,Currency,Regular price,מחיר לחבר,cost,stock,image,published",
        "מק״ט,שם מוצר,קטגוריה,מותג,מטבע,מחיר,מחיר מועדון,עלות,מלאי,תמונה,פעיל",
        "product id,product,product category,brand,currency,price,member_price,cost,stock,image_url,active",
    ],
    ids=range(4),
)
def test_a_list_is_read_by_the_names_that_shops_give_its_columns(shop: Shop, file: Path, header: str) -> None:
    line = "C-1,Coffee,Kitchen,Elite,USD,39.90,34.90,20,12,https://shop.example/c.png,no"
    outcome = bring(shop, file, f"{header}\n{line}\n")
    assert (counts(outcome), outcome.notes) == ((1, 0, 0, 0), ())
    assert list_products() == [
        ProductRow(
            "C-1", "Coffee", "Kitchen", "Elite", "USD", 3990, 3490, 2000, 12, False, "https://shop.example/c.png"
        )
    ]
