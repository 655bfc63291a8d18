"""What templates know of a customer."""

from __future__ import annotations

import re

import pytest

from retainctl.club import spending
from retainctl.config import Shop
from retainctl.outreach.contexts import build, example
from retainctl.outreach.programs import PROGRAMS, Addressed, program_of
from retainctl.outreach.templates import Renderer, Templates
from retainctl.shop.consent import Contact
from retainctl.store.database import execute, value
from tests.conftest import ROOT
from tests.outreach.people import customer
from tests.outreach.test_rendering import with_settings
from tests.planting import on_day, plant
from tests.reach import contactable

ALL = {
    "orders", "spent", "first_order", "last_order", "days_since_order",
    "name", "first_name", "last_name", "currency", "points", "points_value", "top_category",
}  # fmt: skip


def contacts(shop: Shop, *ids: int) -> dict[int, Contact]:
    found = contactable(ids, purpose="marketing", at=shop.clock.now())
    return {customer_id: one for customer_id, one in found.items() if isinstance(one, Contact)}


def summary(
    customer_id: int, currency: str = "ILS", *, orders: int = 5, gross: int = 123450, returns: int = 450
) -> None:
    plant(
        "customer_summaries",
        customer_id=customer_id,
        currency=currency,
        orders=orders,
        gross_minor=gross,
        returns_minor=returns,
        first_order_day=on_day("2024-01-31")[0],
        last_order_day=on_day("2025-02-20")[0],
    )


def bought(shop: Shop, customer_id: int, *categories: str, number: int) -> None:
    """One order with a line of each of *categories*."""
    import_id = plant(
        "imports",
        kind="orders",
        file_name="x",
        sha256="0" * 64,
        source="shop",
        format="generic",
        options="{}",
        imported_at=0,
    )
    order = plant(
        "orders",
        source="shop",
        external_id=str(number),
        customer_id=customer_id,
        ordered_at=0,
        order_day=on_day("2025-02-20")[0],
        order_month=on_day("2025-02-20")[1],
        status="paid",
        is_sale=1,
        currency="ILS",
        gross_minor=100,
        content_hash=b"",
        import_id=import_id,
    )
    for line, category in enumerate(categories):
        plant("products", sku=category, category=category)
        product = value("SELECT id FROM products WHERE sku = ?", category)
        plant(
            "order_lines",
            order_id=order,
            line_no=line,
            kind="sale",
            product_id=product,
            quantity_thousandths=9000,
            unit_price="1",
            amount_minor=900,
        )


def test_a_known_customer_is_told_of_in_plain_values(shop: Shop) -> None:
    dana = customer(shop)
    summary(dana)
    bought(shop, dana, "Kitchen > Coffee", "Candles", number=1)
    bought(shop, dana, "Kitchen > Coffee", number=2)

    assert build(shop, contacts(shop, dana), names=ALL) == {
        dana: {
            "name": "דנה לוי",
            "first_name": "דנה",
            "last_name": "לוי",
            "currency": "₪",
            "orders": 5,
            "spent": "1,230.00",
            "first_order": "31 בינואר 2024",
            "last_order": "20 בפברואר 2025",
            "days_since_order": 10,
            "points": 0,
            "points_value": None,
            "top_category": "Coffee",
        }
    }


def test_the_top_category_is_of_most_sales_and_not_of_most_lines(shop: Shop) -> None:
    dana = customer(shop)
    bought(shop, dana, "Tea", "Tea", "Tea", "Candles", number=1)
    bought(shop, dana, "Candles", number=2)
    for number in (3, 4, 5):
        bought(shop, dana, "Soap", number=number)
    execute("UPDATE orders SET is_sale = 0, status = 'cancelled' WHERE external_id IN ('3', '4', '5')")
    for number in (6, 7, 8):
        bought(shop, dana, "Tips", number=number)
    execute("UPDATE order_lines SET kind = 'tip' WHERE product_id = (SELECT id FROM products WHERE sku = 'Tips')")
    assert build(shop, contacts(shop, dana), names={"top_category"})[dana]["top_category"] == "Candles"


def test_of_an_unknown_customer_nothing_is_made_up(shop: Shop) -> None:
    somebody = customer(shop, None, None)

    assert build(shop, contacts(shop, somebody), names=ALL) == {
        somebody: {
            "name": None,
            "first_name": None,
            "last_name": None,
            "currency": "₪",
            "orders": 0,
            "spent": "0.00",
            "first_order": None,
            "last_order": None,
            "days_since_order": None,
            "points": 0,
            "points_value": None,
            "top_category": None,
        }
    }


def test_the_english_shop_says_it_in_english(shop: Shop) -> None:
    english = with_settings(shop, language="en", currency="GBP")
    somebody = customer(shop, None, "Levi")
    summary(somebody, "GBP", orders=1)
    summary(somebody, "EUR", orders=2, gross=999)

    known = build(english, contacts(shop, somebody), names=ALL)[somebody]
    assert (known["first_name"], known["name"]) == (None, "Levi")
    assert (known["orders"], known["spent"], known["currency"]) == (3, "1,230.00", "£")
    assert known["last_order"] == "20 February 2025"


def test_what_is_not_used_is_not_kept(shop: Shop) -> None:
    dana = customer(shop)

    assert build(shop, contacts(shop, dana), names={"orders", "what"}) == {dana: {"name": "דנה לוי", "orders": 0}}


@pytest.mark.parametrize("language", ["he", "en"])
def test_the_examples_have_the_names_that_customers_have(shop: Shop, language: str) -> None:
    speaking = with_settings(shop, language=language)
    dana = customer(shop)

    assert set(example(speaking, known=True)) == set(example(speaking, known=False)) == ALL
    assert set(build(speaking, contacts(shop, dana), names=ALL)[dana]) == ALL
    kinds = {name: type(value) for name, value in example(speaking, known=True).items()}
    summary(dana)
    bought(shop, dana, "Coffee", number=1)
    spending.add(shop, dana, 1_314, source="gift", reason="a gift")
    context = build(speaking, contacts(shop, dana), names=ALL)[dana]
    assert {name: type(value) for name, value in context.items()} == kinds
    assert (context["points"], context["points_value"]) == (1_314, "\u2066₪13.14\u2069")


@pytest.mark.parametrize("language", ["he", "en"])
def test_no_greeting_has_a_hole_where_a_name_should_be(shop: Shop, language: str) -> None:
    speaking = with_settings(shop, language=language)
    body = "Hi{% if first_name %} {{ first_name }}{% endif %},"
    templates = Templates("s", "r", body, body, '{% include "body" %}', '{% include "body" %}')
    for first, last in (("דנה", "לוי"), (None, "לוי"), ("דנה", None), (None, None), ("", "")):
        somebody = customer(shop, first, last)

        context = build(speaking, contacts(shop, somebody), names={"first_name"})[somebody]
        assert Renderer(templates).render(context).text == f"Hi{' דנה' if first else ''},\n"


def test_of_categories_that_are_as_frequent_the_first_in_the_alphabet_is_the_top(shop: Shop) -> None:
    dana = customer(shop)
    for number, category in enumerate(("Tea", "Candles", "Soap"), 1):
        bought(shop, dana, category, number=number)
    assert build(shop, contacts(shop, dana), names={"top_category"})[dana]["top_category"] == "Candles"


def test_the_document_tells_of_the_names_that_a_message_can_show(shop: Shop) -> None:
    table = (ROOT / "docs" / "how-to" / "campaigns.md").read_text(encoding="utf-8").partition("| name | what")[2]
    told = {
        name
        for line in table.partition("\n\n")[0].splitlines()[2:]
        for name in re.findall(r"`(\w+)`", line.split("|")[1])
    }
    links = {"what", "link", "shop_name", "unsubscribe_link", "unsubscribe_mail"}
    to = Addressed(1, 0, 1, "", lambda *_, **_more: "v1.token", "shop@shop.example")
    for program in PROGRAMS:
        links |= set(program_of(program).links(to))
    assert told == set(example(shop, known=True)) | links
