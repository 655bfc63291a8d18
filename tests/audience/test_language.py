"""The segment language: what it finds, on both databases, and how it says what is wrong."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path

import pytest

from retainctl.audience import segments
from retainctl.audience.tree import Ago, Unit
from retainctl.config import Shop
from retainctl.errors import BadData, TryLater, WrongUsage
from retainctl.shop.consent import Decision, record
from retainctl.store.database import execute, rows, value
from retainctl.store.dialect import only_reading
from retainctl.store.transactions import writing
from tests import past
from tests.planting import plant_address


@pytest.fixture
def town(shop: Shop) -> Shop:
    """Five customers on 2 March 2025: a lapsed one, a loyal one, one of one order, one who never bought, one merged."""
    past.product("KAFE", category="Kitchen > Coffee", brand="Elite")
    past.product("TEH", name="Green tea", category="Kitchen > Tea")
    past.product("MUG", category="100% Pottery_")
    past.customer(1, name="דנה", language="he", email="Dana@Gmail.com")
    past.customer(2, name="O'Brien", language="en", email="ob@mail.example")
    past.customer(3, name="Noa")
    past.customer(4, name="Lior", language="he", email="lior@notgmail.com")
    past.customer(5, name="Twin", email="twin@gmail.com")
    past.order(1, "2024-01-10", 20_000, skus=["KAFE"])
    past.order(1, "2024-11-02", 10_050, skus=["KAFE", "MUG"], returned_minor=10_000)
    past.order(1, "2024-11-03", 99_900, is_sale=False, skus=["TEH"])
    past.order(2, "2024-12-03", 5_000, skus=["TEH"])
    past.order(2, "2024-12-04", 5_000, currency="USD", skus=["KAFE"])
    past.order(2, "2025-03-01", 5_001)
    past.order(3, "2025-02-28", 0)
    with writing():
        execute("UPDATE customers SET merged_into = 1 WHERE id = 5")
        for action, at in (("given", 100), ("revoked", 2_000_000_000)):  # a refusal holds before its date
            for point in (1, 2) if action == "given" else (2,):
                execute(
                    "INSERT INTO consents (contact_point_id, purpose, action, happened_at, recorded_at, source,"
                    " evidence) VALUES (?, 'marketing', ?, ?, 0, 'shop', 'form')",
                    point, action, at,
                )  # fmt: skip
    points(1, 60)
    points(1, 60)
    points(2, 30)
    points(2, 200, active_from=shop.clock.now() + 1)
    points(2, 200, expires_at=shop.clock.now())
    for one, owed in ((1, 20), (3, 120)):
        with writing():
            execute(
                "INSERT INTO accounts (id, kind, customer_id, opened_for, balance) VALUES (?, 'debt', ?, ?, ?)",
                20 + one,
                one,
                one,
                -owed,
            )
    points(3, 100)
    return shop


def points(customer_id: int, remaining: int, *, active_from: int = 0, expires_at: int | None = None) -> None:
    """Put a lot of points into the tables."""
    with writing():
        execute("INSERT INTO terms (version, content, first_used_at) VALUES (1, '{}', 0) ON CONFLICT DO NOTHING")
        execute(
            "INSERT INTO accounts (id, kind, customer_id, opened_for) VALUES (?, 'customer', ?, ?)"
            " ON CONFLICT DO NOTHING",
            10 + customer_id, customer_id, customer_id,
        )  # fmt: skip
        execute(
            "INSERT INTO lots (id, account_id, origin, terms_version, granted, remaining, earned_at, active_from,"
            " expires_at) SELECT COUNT(*) + 1, ?, 'goodwill', 1, ?, ?, 0, ?, ? FROM lots",
            10 + customer_id, remaining, remaining, active_from, expires_at,
        )  # fmt: skip


FOUND: list[tuple[str, list[int]]] = [
    ("orders >= 2", [1, 2]),
    ("orders = 0", [4]),
    ("orders != 2", [2, 3, 4]),
    ("orders between 1 and 2", [1, 3]),
    ("orders between 1 and 1", [3]),
    ("orders in (0, 3)", [2, 4]),
    ("orders not in (0, 3)", [1, 3]),
    ("ORDERS >= 2 AND NOT orders > 2", [1]),
    ("orders = 1 or orders = 2 and language = he", [1, 3]),
    ("(orders = 1 or orders = 2) and language = he", [1]),
    ("not (orders = 1 or orders = 2)", [2, 4]),
    ("not ((orders = 1 or orders = 2) and language = he)", [2, 3, 4]),
    ("spent >= 200.50", [1]),
    ("spent > 200.50", []),
    ("spent = 100.01", [2]),  # the dollars are another money
    ("returned > 0", [1]),
    ("average_order < 60", [2, 3]),
    ("average_order > 50", [1, 2]),  # of two orders in shekels, half an agora more
    ("average_order is missing", [4]),
    ("first_order on 2024-12-03", [2]),
    ("last_order before 90 days ago", [1]),
    ("last_order before 2025-02-28", [1]),
    ("last_order BEFORE 90 DAYS AGO", [1]),
    ("CONSENTED MARKETING", [1]),
    ("BOUGHT ANYTHING AT LEAST 2 TIMES", [1, 2]),
    ("last_order before 2025-03-01", [1, 3]),
    ("last_order since 2 days ago", [2, 3]),
    ("last_order after 2025-02-28", [2]),
    ("last_order after 3 months ago and last_order < today", [2, 3]),
    ("last_order between 2025-02-28 and 2025-03-01", [2, 3]),
    ("last_order between 2025-02-28 and 2025-02-28", [3]),
    ("last_order between 2 days ago and 2 days ago", [3]),
    ("last_order is missing", [4]),
    ("not last_order before 90 days ago", [2, 3, 4]),
    ("points >= 100", [1]),
    ("points = 0", [3, 4]),
    ("points between 30 and 100", [1, 2]),
    ("language = he", [1, 4]),
    ("language != he", [2, 3]),
    ("language is known", [1, 2, 4]),
    ('first_name = "דנה"', [1]),
    ("first_name = דנה", [1]),
    ("first_name = 'O''Brien'", [2]),
    ("email is known", [1, 2, 4]),
    ("phone is missing", [1, 2, 3, 4]),
    ('email_domain = "GMail.com"', [1]),
    ("email_domain in ('gmail.com', 'mail.example')", [1, 2]),
    ('email_domain != "gmail.com"', [2, 3, 4]),
    ('bought category "Coffee"', [1, 2]),
    ('bought category "kitchen > coffee"', [1, 2]),
    ("bought category Kitchen", [1, 2]),
    ("bought category Coffe", []),
    ('bought category "100% pottery_"', [1]),
    ('bought category "100%"', []),
    ("bought category Tea", [2]),  # what was never sold was never bought
    ("bought product TEH", [2]),
    ('bought product "Green tea"', [2]),
    ("bought brand Elite", [1, 2]),
    ("bought category Coffee at least 2 times", [1]),
    ("bought category Coffee since 2024-12-01", [2]),
    ("bought category Coffee since 2024-12-04", [2]),
    ("bought category Coffee since 2024-12-05", []),
    ("bought category Coffee since 2024-06-01 at least 2 times", []),
    ("bought category Coffee at least 2 times since 2024-06-01", []),
    ("bought anything at least 1 time since 2024-12-04", [2]),
    ("consented marketing", [1]),
    ("not consented marketing", [2, 3, 4]),
    ("consented survey", []),
]


def test_an_expression_finds(town: Shop) -> None:
    for expression, found in FOUND:
        assert segments.matching_ids(town, expression) == found, expression


def test_times_are_orders_and_a_line_that_sold_nothing_is_none(shop: Shop) -> None:
    past.product("KAFE", category="Coffee")
    twins, twice, nothing, shipping = (past.customer(number) for number in range(1, 5))
    past.order(twins, "2025-01-01", skus=["KAFE", "KAFE"])
    for day in ("2025-01-01", "2025-01-02"):
        past.order(twice, day, skus=["KAFE"])
    zero, free = past.order(nothing, "2025-01-01", skus=["KAFE"]), past.order(shipping, "2025-01-01", skus=["KAFE"])
    past.order(None, "2025-01-01", skus=["KAFE"])
    with writing():
        execute("UPDATE order_lines SET quantity_thousandths = 0 WHERE order_id = ?", zero)
        execute("UPDATE order_lines SET kind = 'shipping' WHERE order_id = ?", free)

    for what in ("product KAFE", "category Coffee", "anything"):
        assert segments.matching_ids(shop, f"bought {what}") == [twins, twice]
        assert segments.matching_ids(shop, f"bought {what} at least 2 times") == [twice]
        assert segments.matching_ids(shop, f"not bought {what}") == [nothing, shipping]


def test_who_may_be_rung_up_may_not_be_written_to_for_that(shop: Shop) -> None:
    by_mail, by_phone = past.customer(1, email="dana@shop.example"), past.customer(2)
    with writing():
        points = [value("SELECT id FROM contact_points"), plant_address(by_phone, "+972502345678", kind="phone", id=9)]
    record(shop, [Decision(point, "marketing", "given", "till", "form 17", 100) for point in points])
    assert segments.matching_ids(shop, "consented marketing") == [by_mail]


@pytest.mark.parametrize(
    ("today", "count", "unit", "day"),
    [
        ("2025-03-31", 1, "month", "2025-02-28"),
        ("2025-05-31", 1, "month", "2025-04-30"),
        ("2025-01-31", 1, "month", "2024-12-31"),
        ("2025-03-30", 14, "month", "2024-01-30"),
        ("2025-12-02", 12, "month", "2024-12-02"),
        ("2025-03-02", 1, "year", "2024-03-02"),
        ("2024-02-29", 3, "year", "2021-02-28"),
        ("2025-03-02", 2, "week", "2025-02-16"),
        ("2025-03-02", 0, "day", "2025-03-02"),
    ],
)
def test_so_far_back_is_the_same_day_or_the_last_of_a_shorter_month(
    today: str, count: int, unit: Unit, day: str
) -> None:
    assert Ago(count, unit).day(date.fromisoformat(today)).isoformat() == day


def test_a_name_is_found_however_its_letters_are_composed(shop: Shop) -> None:
    past.customer(1, name="Zoé")
    assert segments.matching_ids(shop, "first_name = 'Zoe\u0301'") == [1]


def test_a_domain_may_be_in_hebrew(shop: Shop) -> None:
    past.customer(1, email="dana@xn--9dbd1a4b.example")
    assert segments.matching_ids(shop, "email_domain = 'חנות.example'") == [1]


def test_money_is_of_one_currency_where_all_orders_are(shop: Shop) -> None:
    past.customer(1)
    past.order(1, "2025-01-01", 20_050)
    assert segments.matching_ids(shop, "spent = 200.50 and average_order >= 200") == [1]


def test_money_of_another_currency_is_none_of_the_shop_s_even_where_there_is_no_other(shop: Shop) -> None:
    past.customer(1)
    past.order(1, "2025-01-01", 20_050, currency="USD")
    assert segments.matching_ids(shop, "spent >= 1") == []
    assert segments.matching_ids(shop, "orders >= 1 and spent = 0") == [1]


def test_points_are_there_from_their_first_second_and_not_in_their_last(shop: Shop) -> None:
    now = shop.clock.now()
    for one, (first, end) in enumerate([(now, None), (now + 1, None), (now - 9, now + 1), (now - 9, now)], 1):
        points(past.customer(one), 5, active_from=first, expires_at=end)
    assert segments.matching_ids(shop, "points >= 5") == [1, 3]


def test_a_segment_stands_in_another(town: Shop) -> None:
    segments.create(town, "loyal", "orders >= 2")
    segments.create(town, "2024-vip", "in segment loyal and not language = en")
    assert segments.member_ids(town, "2024-vip") == [1]
    segments.create(town, "both", "in segment 2024-vip or in segment loyal and in segment loyal")
    assert segments.member_ids(town, "both") == [1, 2]


def test_segments_in_a_circle_are_refused(town: Shop) -> None:
    segments.create(town, "one", "orders >= 2")
    segments.create(town, "two", "in segment one")
    (town.folder / "segments/one.toml").write_text("expression = 'not in segment two'")
    with pytest.raises(BadData, match="circular segment reference: one in two in one"):
        segments.refresh(town, "two")


def test_segments_that_multiply_each_other_are_refused(shop: Shop) -> None:
    folder = shop.folder / "segments"
    folder.mkdir()
    (folder / "s0.toml").write_text("expression = 'orders > 1'")
    for number in range(1, 12):
        below = f"in segment s{number - 1}"
        (folder / f"s{number}.toml").write_text(f"expression = '{below} or {below}'")
    with pytest.raises(BadData, match="more than 500 conditions"):
        segments.refresh(shop, "s11")


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])  # it is about a file
@pytest.mark.parametrize(
    ("expression", "told", "hint"),
    [
        ("teir = gold", "unknown field teir\n  teir = gold\n  ^", "Use one of: orders, spent,"),
        ("order >= 5", "unknown field order\n  order >= 5\n  ^", "Did you mean orders?"),
        ("orders > 1 and (spend > 5)", "unknown field spend\n  orders > 1 and (spend > 5)\n" + " " * 18 + "^",
         "Did you mean spent?"),
        ("orders > 1\nadn spent > 5", "unexpected adn\n  adn spent > 5\n  ^", "Did you mean and?"),
        ("orders >=", 'expected a whole number\n  orders >=\n           ^', ""),
        ("orders >= 99999999999999999999", "99999999999999999999 has more than 12 digits\n", ""),
        ("orders between 5 and 1", "is reversed: 1 must come first\n  orders between 5 and 1\n" + " " * 23 + "^", ""),
        ("spent between 200.50 and 200", "200 must come first", ""),
        ("last_order between 2025-02-01 and 2025-01-01", "2025-01-01 must come first", ""),
        ("last_order between 10 days ago and 90 days ago", "90 must come first", ""),
        ("orders >= 2.5", "expected a whole number\n  orders >= 2.5\n            ^", ""),
        ("orders", "expected a comparison after orders\n  orders\n        ^", "Use one of"),
        ("spent > 20.555", "20.555 has more decimals than ILS allows\n  spent > 20.555\n          ^", ""),
        ("spent > 1e5", "expected an amount", "major units"),
        ("spent > 1234567890123", "'1234567890123' is not a number", ""),
        ("spent since today", "expected a comparison after spent", ""),
        ("last_order bfore today", "expected a comparison after last_order", "Did you mean before?"),
        ("last_order before 2025-02-30", "there is no day 2025-02-30", ""),
        ("orders in (1, 2", 'expected ")"', ""),
        ("orders in ()", "expected a whole number", ""),
        ("last_order before 90 dyas ago", "one of day, week, month, year, days,", "Did you mean days?"),
        ("last_order before 99999 years ago", "too long ago", ""),
        ("last_order before 90", "one of day", ""),
        ("last_order before yesterday", "expected a day\n  last_order before yesterday\n" + " " * 20 + "^",
         "Write 2025-03-01, today, or 90 days ago."),
        ("last_order after", "expected a day", ""),
        ("orders > 1 and", "expected a condition\n", ""),
        ("orders > 1 and 5", "5 is not a condition\n  orders > 1 and 5\n" + " " * 17 + "^", ""),
        ("first_name < 'a'", "first_name is text and has no order", "Use =, != or in."),
        ("email_domain > 'gmail.com'", "email_domain is text and has no order", "Use =, != or in."),
        ("email_domain = 'a b'", "'a b' is not a domain\n  email_domain = 'a b'\n                 ^", "gmail.com"),
        ("email = 'a@b'", 'expected "is known" or "is missing"', "Write: email is known"),
        ("language in he", 'expected "("', ""),
        ("language = 'he", "unclosed quote\n  language = 'he\n             ^", ""),
        ("orders > 5 ; drop table orders", "unexpected ;", ""),
        ("orders > 5)", "unexpected )", ""),
        ("(orders > 5", 'expected ")"', ""),
        ("", "the expression is empty\n  \n  ^", "orders >= 5"),
        ("bought category", "expected a text", ""),
        ("bought categroy Coffee", "one of anything, category", "Did you mean category?"),
        ("bought anything at least 0 times", "0 is less than 1", ""),
        ("consented to", "one of marketing, survey", ""),
        ("in segment ../loyal", "unexpected .", ""),
        ("in segment 'a/b'", "expected a segment name", ""),
        ("orders > 5 \x1b]0;pwn\x07", "unexpected control character\n  orders > 5  ]0;pwn ", ""),
    ],
)  # fmt: skip
def test_a_mistake_is_shown_where_it_is(shop: Shop, expression: str, told: str, hint: str) -> None:
    with pytest.raises(BadData) as caught:
        segments.matching_ids(shop, expression)
    assert told in str(caught.value)
    assert hint in caught.value.hint


def test_an_expression_has_its_bounds(shop: Shop) -> None:
    assert segments.matching_ids(shop, "(" * 31 + "orders > 1" + ")" * 31) == []
    assert segments.matching_ids(shop, " and ".join(["orders > 1"] * 100)) == [], "side by side is not nested"
    for expression in ("(" * 32 + "orders > 1" + ")" * 32, "not " * 32 + "orders > 1", "(" * 4000):
        with pytest.raises(BadData, match="nested too deeply: 32 brackets"):
            segments.matching_ids(shop, expression)
    with pytest.raises(BadData, match="longer than 4096 bytes"):
        segments.matching_ids(shop, f"first_name = '{'ש' * 2048}'")


@pytest.mark.parametrize(
    ("day", "hint"),
    [("01/02/2025", "2025-02-01 or 2025-01-02"), ("13.2.2025", "2025-02-13"), ("40/40/2025", "2025-02-01")],
)
def test_a_date_that_can_be_read_in_two_ways_is_not_guessed(shop: Shop, day: str, hint: str) -> None:
    with pytest.raises(BadData, match=f"{day} is not a valid date") as told:
        segments.matching_ids(shop, f"last_order after {day}")
    assert told.value.hint == f"Write it with the year first: {hint}."


STRANGE = [
    "' OR 1=1 --", "'; DROP TABLE customers; --", '" OR ""="', "\\", "%", "_", "?", "%s", "%(x)s", "$1", ":1", "{}",
    "\x00", "\ud800", "\u202e", "𝕳", "' UNION SELECT 1,2 --", "1); DELETE FROM customers; --",
    "\r\n", "NULL", "(select 1)", "/* */", "’",
]  # fmt: skip


@pytest.mark.parametrize("text", STRANGE)
def test_a_value_is_only_ever_a_value(town: Shop, text: str) -> None:
    quoted = "'" + text.replace("'", "''") + "'"
    for expression in (f"first_name = {quoted}", f"bought category {quoted}", f"bought product {quoted}"):
        if text in "\0\ud800":
            with pytest.raises(BadData, match="unexpected control character"):
                segments.matching_ids(town, expression)
        else:
            assert segments.matching_ids(town, expression) == []
    for expression in (text, f"{text} = 1", f"email_domain in ({quoted})", f"orders = {text}", f"in segment {text}"):
        with pytest.raises((BadData, WrongUsage)):
            segments.matching_ids(town, expression)
    assert value("SELECT COUNT(*) FROM customers") == 5


def test_asking_writes_nothing(shop: Shop) -> None:
    with pytest.raises(Exception, match=r"readonly|read-only"), only_reading(seconds=5):
        execute("INSERT INTO customers (id, created_at) VALUES (1, 0)")
    with writing():
        execute("INSERT INTO customers (id, created_at) VALUES (1, 0)")


def test_asking_within_a_transaction_leaves_it_to_write(shop: Shop) -> None:
    with writing():
        execute("INSERT INTO customers (id, created_at) VALUES (1, 0)")
        assert segments.matching_ids(shop, "orders = 0") == [1]
        execute("INSERT INTO customers (id, created_at) VALUES (2, 0)")
    assert segments.matching_ids(shop, "orders = 0") == [1, 2]


def test_a_query_that_takes_too_long_is_stopped(shop: Shop) -> None:
    bomb = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) FROM n"
    with pytest.raises(TryLater, match=r"was stopped after 0\.2 seconds"), only_reading(seconds=0.2):
        rows(bomb)
    assert value("SELECT 1") == 1


def test_a_mistake_in_a_file_names_the_file(shop: Shop) -> None:
    Path(shop.folder / "segments").mkdir()
    Path(shop.folder / "segments/odd.toml").write_text("expression = 'order > 5'")
    with pytest.raises(BadData, match=r"segments/odd\.toml: unknown field order"):
        segments.refresh(shop, "odd")


def test_what_follows_a_query_that_had_a_limit_has_none(shop: Shop) -> None:
    with only_reading(seconds=0.01):
        rows("SELECT 1")
    time.sleep(0.02)
    many = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) SELECT COUNT(*) FROM n"
    assert value(many) == 100_000
