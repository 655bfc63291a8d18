"""Whole cases as shops have them: a file in, and every figure, state and day that follows from it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from retainctl.club.awarding import award
from retainctl.club.balances import balances
from retainctl.config import Shop
from retainctl.intake.import_runs import ImportOptions
from retainctl.shop.consent_history import list_consent, revoke_by_hand
from retainctl.shop.consent_import import import_consent
from retainctl.shop.customers_import import import_customers
from retainctl.shop.orders_import.orders import import_orders
from retainctl.shop.orders_import.planning import OrderOptions
from retainctl.store.database import rows
from tests.reach import contactable

MAILCHIMP = (
    '"Email Address","First Name","Last Name",Address,"Phone Number",Birthday,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,'
    "CONFIRM_TIME,CONFIRM_IP,LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,{left}LEID,EUID,NOTES,TAGS"
)
LEFT = "UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON_OTHER,"
CLEANED = "CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID,"
KLAVIYO = (
    "Email,Klaviyo ID,First Name,Last Name,Organization,Title,Phone Number,Address,Address 2,City,State / Region,"
    "Country,Zip Code,Latitude,Longitude,Source,IP Address,Email Marketing Consent,Email Marketing Consent Timestamp,"
    "Historic Customer Lifetime Value,Total Customer Lifetime Value,Predicted Customer Lifetime Value,"
    "Average Order Value,Historic Number Of Orders,First Active,Last Active,Profile Created On,Date Added,"
    "Last Open,Last Click,Average Days Between Orders,Email Suppressions"
)


@pytest.fixture
def town(shop: Shop, tmp_path: Path) -> Shop:
    """Six customers of the shop."""
    names = ["noa", "gil", "roni", "tal", "uri", "dana"]
    lines = [f"{number},{name},{name}@example.com" for number, name in enumerate(names, 1)]
    path = tmp_path / "customers.csv"
    path.write_text("\n".join(["external_id,first_name,email", *lines]) + "\n", encoding="utf-8")
    import_customers(shop, str(path), ImportOptions())
    return shop


def listed(path: Path, header: str, *people: dict[str, str]) -> str:
    """A list of permissions as a tool for mails exports it, in which only the cells of *people* are filled."""
    names = [name.strip('"') for name in header.split(",")]
    lines = [",".join(f'"{person.get(name, "")}"' for name in names) for person in people]
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return str(path)


def reached(shop: Shop) -> list[int]:
    """Who of the six may be written to."""
    may = contactable(list(range(1, 7)), purpose="marketing", at=shop.clock.now())
    return [number for number, why in may.items() if not isinstance(why, str)]


def test_lists_of_mailchimp_say_who_agreed_who_left_and_whom_no_mail_reaches(town: Shop, tmp_path: Path) -> None:
    joined = {"OPTIN_TIME": "2024-05-01 08:00:00", "CONFIRM_TIME": "2024-05-01 08:00:00", "TAGS": '""VIP""'}
    left = joined | {"LAST_CHANGED": "2025-02-01 10:00:00"}
    files = {
        "subscribed": ("", "dana", joined),
        "unsubscribed": (LEFT, "noa", left | {"UNSUB_TIME": "2025-02-01 10:00:00", "UNSUB_REASON": "NORMAL"}),
        "cleaned": (CLEANED, "gil", left | {"CLEAN_TIME": "2025-02-01 10:00:00"}),
    }
    for name, (columns, who, cells) in files.items():
        person = {"Email Address": f"{who}@example.com", "MEMBER_RATING": "2"} | cells
        file = listed(tmp_path / f"{name}.csv", MAILCHIMP.format(left=columns), person)
        answer: Literal["", "yes"] = "yes" if name == "subscribed" else ""  # those who agreed have no column for it
        options = ImportOptions(source="mailchimp")
        done = import_consent(town, file, options, evidence="moved from Mailchimp", answer=answer)
        assert (done.row.rows_new, done.quarantined) == (1, ())
    assert rows("SELECT customer_id, action, happened_at FROM consents JOIN contact_points AS p"
                " ON p.id = contact_point_id ORDER BY customer_id") == [
        (1, "revoked", 1_738_404_000),  # 10:00 of UTC
        (6, "given", 1_714_550_400),
    ]  # fmt: skip
    assert rows("SELECT reason FROM suppressions") == [("hard_bounce",)]
    assert reached(town) == [6]


def test_a_list_of_klaviyo_permits_those_alone_who_agreed_and_are_not_suppressed(town: Shop, tmp_path: Path) -> None:
    asked, when, kept = "Email Marketing Consent", "Email Marketing Consent Timestamp", "Email Suppressions"
    file = listed(
        tmp_path / "klaviyo.csv",
        KLAVIYO,
        {"Email": "roni@example.com", asked: "NEVER_SUBSCRIBED"},
        {"Email": "tal@example.com", asked: "UNSUBSCRIBED", when: "2025-02-01 10:00:00", kept: "UNSUBSCRIBED"},
        {"Email": "uri@example.com", asked: "SUBSCRIBED", when: "2024-03-01 10:00:00", kept: "HARD_BOUNCE"},
        {"Email": "dana@example.com", asked: "SUBSCRIBED", when: "2024-03-01 10:00:00"},
    )
    done = import_consent(town, file, ImportOptions(source="klaviyo"), evidence="moved from Klaviyo")
    assert (done.row.rows_new, done.row.rows_set_aside, done.quarantined) == (3, 1, ())
    assert reached(town) == [6]
    assert rows("SELECT reason FROM suppressions") == [("hard_bounce",)]


def test_one_address_in_other_spellings_is_one_person_and_one_refusal(shop: Shop, tmp_path: Path) -> None:
    spelled = [
        "Noa@Example.com", " noa@example.COM ", "Noa Levi <NOA@EXAMPLE.COM>", "noa+news@example.com",
        "gil@bücher.example.com", "Gil@xn--bcher-kva.example.com", "gil@BÜCHER.example.com", "jose\u0301@example.com",
        "jos\u00e9@example.com",
    ]  # fmt: skip
    lines = [
        f"{number},2025-01-0{number}T10:00:00+02:00,{address},A,1,10.00,ILS,completed"
        for number, address in enumerate(spelled, 1)
    ]
    path = tmp_path / "orders.csv"
    header = "order_id,ordered_at,email,sku,quantity,unit_price,currency,status"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    done = import_orders(shop, str(path), OrderOptions())
    assert (done.row.rows_new, done.row.rows_quarantined, done.row.customers, done.row.orders) == (9, 0, 4, 9)
    assert rows("SELECT customer_id, orders FROM customer_summaries ORDER BY customer_id") == [
        (1, 3), (2, 1), (3, 3), (4, 2)
    ]  # fmt: skip
    revoke_by_hand(shop, "NOA@EXAMPLE.COM", reason="by phone")
    assert {(one.customer_id, one.state) for one in list_consent(shop)} == {(1, "revoked")}


SHOPIFY = (
    "Name,Email,Financial Status,Currency,Subtotal,Shipping,Taxes,Total,Discount Amount,Created at,Lineitem quantity,"
    "Lineitem name,Lineitem price,Lineitem sku,Refunded Amount,Lineitem discount"
)


def test_further_lines_of_shopify_s_orders_earn_and_come_back_with_the_first(shop: Shop, tmp_path: Path) -> None:
    lines = [SHOPIFY]
    for number, status, back in ((1, "paid", 0), (2, "refunded", 160), (3, "voided", 0), (4, "partially_refunded", 25)):
        who = f"c{number}@example.com"
        day = "2025-01-05 10:00:00 +0200"
        lines.append(f"#{number},{who},{status},ILS,150.00,10.00,0.00,160.00,0,{day},1,Mug,100.00,MUG,{back}.00,0")
        lines.append(f"#{number},{who},,,,,,,,{day},2,Beans,25.00,BEAN,,0")
    lines.append(
        "#5,c5@example.com,paid,ILS,100.00,0.00,0.00,112.00,0,2025-01-05 10:00:00 +0200,1,Mug,60.00,MUG,0.00,0"
    )
    lines.append("#5,c5@example.com,,,,,,,,2025-01-05 10:00:00 +0200,1,Tip,12.00,,,0")
    lines.append("#5,c5@example.com,,,,,,,,2025-01-05 10:00:00 +0200,1,Beans,40.00,BEAN,,0")
    path = tmp_path / "orders.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = import_orders(shop, str(path), OrderOptions())
    assert (done.row.rows_read, done.row.rows_new, done.row.customers, done.row.orders, done.row.returns) == (
        11,
        11,
        5,
        4,
        3,
    )
    assert rows(
        "SELECT external_id, status, gross_minor, (SELECT COALESCE(SUM(amount_minor), 0) FROM order_returns"
        " WHERE order_id = o.id) FROM orders AS o ORDER BY id"
    ) == [
        ("#1", "paid", 15_000, 0),
        ("#2", "refunded", 15_000, 15_000),
        ("#3", "voided", 15_000, 0),
        ("#4", "paid", 15_000, 2_500),
        ("#5", "paid", 10_000, 0),
    ]
    award(shop)
    found = balances(shop, [1, 2, 3, 4, 5])
    assert [found[number] for number in range(1, 6)] == [150, 0, 0, 125, 100]


def test_numbers_that_are_words_keep_their_noughts_and_those_a_spreadsheet_broke_wait(
    shop: Shop, tmp_path: Path
) -> None:
    path = tmp_path / "customers.csv"
    path.write_bytes(
        b'\xef\xbb\xbf"Customer ID",First Name,Last Name,Email,Accepts Email Marketing,Phone,Default Address Zip,'
        b"Accepts SMS Marketing\r\n'00123,Noa,Levi,noa@example.com,yes,050-1234567,0620101,no\r\n"
        b"00124,Gil,,gil@example.com,no,'+972521234567,,no\r\n9.01E+12,Roni,,roni@example.com,no,5.01E+08,,no\r\n"
        b"123,Tal,,tal@example.com,no,0501234568,,no\r\n"
    )
    done = import_customers(shop, str(path), ImportOptions(source="shopify"))
    assert (done.row.rows_read, done.row.rows_new, done.row.rows_quarantined) == (4, 3, 1)
    assert [held.code for held in done.quarantined] == ["damaged_id"]
    assert rows("SELECT first_name FROM customers ORDER BY id") == [("Noa",), ("Gil",), ("Tal",)]
    assert rows("SELECT key FROM contact_points WHERE kind = 'phone' ORDER BY id") == [
        ("+972501234567",), ("+972521234567",), ("+972501234568",)
    ]  # fmt: skip
    orders = tmp_path / "orders.csv"
    lines = ["order_id,ordered_at,email,sku,quantity,unit_price,currency,status"]
    lines += [
        f"{number},2025-01-05,a@example.com,{sku},{pieces},1.00,ILS,completed"
        for number, sku, pieces in (("007", "0042", "1"), ("7", "42", "1"), ("7.0", "42", "1.0"), ("1E+05", "42", "1"))
    ]
    orders.write_text("\n".join(lines) + "\n", encoding="utf-8")
    booked = import_orders(shop, str(orders), OrderOptions())
    assert [held.code for held in booked.quarantined] == ["damaged_id"]
    assert rows("SELECT external_id FROM orders ORDER BY id") == [("007",), ("7",), ("7.0",)]
    assert rows("SELECT sku FROM products ORDER BY sku") == [("0042",), ("42",)]
