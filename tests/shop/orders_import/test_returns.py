"""Returns meet their sales: whose they are, from which lines they take, and never more than an order has left."""

from __future__ import annotations

import pytest

from retainctl.clock import DAY_SECONDS, Clock
from retainctl.config import Shop
from retainctl.intake import csv_rows
from retainctl.shop.orders import doubtful_returns, list_orders, list_returns, show_order
from retainctl.shop.orders_import import returns
from retainctl.store.database import rows, value
from tests.shop.orders_import.conftest import HEADER, PIECES, Bring, codes, counts, row
from tests.shop.orders_import.test_formats import SHOPIFY, shopify_row

REFUNDS = HEADER + ",refund_of,shipping,tax"
ORDERS = [f"{row(f'G{number}')},,5.00,1.00" for number in range(1, 61)]  # each of two mugs, 20.00, with 6.00 upon it
UCI = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"


def back(reference: str, order: str, quantity: int, price: str = "10.00", **cells: str) -> str:
    """A return of mugs that names its order."""
    return f"{row(reference, quantity=str(-quantity), unit_price=price, **cells)},{order},,"


def invoice(number: str, quantity: int, at: str = "2011-01-01 10:00:00", customer: int = 17850) -> str:
    """A line of the UCI data: mugs at 2.50, which come back without the name of their order."""
    return f"{number},MUG,A MUG,{quantity},{at},2.5,{customer}.0,United Kingdom"


def taken() -> list[tuple[object, ...]]:
    """What came back: of which order and line, how many pieces, for how much."""
    return rows(
        f"SELECT r.external_id, o.external_id, r.order_line_no, r.{PIECES}, r.amount_minor FROM order_returns AS r"
        " LEFT JOIN orders AS o ON o.id = r.order_id ORDER BY r.external_id, r.line_no, r.part_no"
    )


def test_no_return_gives_back_more_pieces_or_more_money_than_its_order_has(shop: Shop, bring: Bring) -> None:
    outcome = bring(
        shop,
        REFUNDS,
        *ORDERS,
        back("pieces", "G1", 3, "1.00"),
        back("money", "G2", 1, "26.01"),
        back("of no article", "G3", 1, "26.01", sku=""),
        back("all", "G4", 1, "26.00"),
        back("some", "G5", 1, sku=""),
    )
    assert (counts(outcome), outcome.row.returns) == ((65, 62, 0, 0, 0, 0, 3), 2)
    assert codes(outcome) == ["return_larger_than_order"] * 3
    assert taken() == [("all", "G4", 1, 1, 2_600), ("some", "G5", None, 1, 1_000)], "shipping and tax come back too"


def test_a_return_that_states_a_total_is_booked(books: Shop, bring: Bring) -> None:
    outcome = bring(books, f"{REFUNDS},total", f"{ORDERS[0]},26.00", f"{back('R', 'G1', 1)},-10.00")
    assert codes(outcome) == []
    assert taken() == [("R", "G1", 1, 1, 1_000)]


def test_returns_that_are_too_large_together_take_what_there_is_the_earliest_first(shop: Shop, bring: Bring) -> None:
    outcome = bring(
        shop,
        REFUNDS,
        *ORDERS,
        back("A", "G1", 1, "15.00", ordered_at="2025-01-08"),
        back("B", "G1", 1, "15.00", ordered_at="2025-01-07"),
        back("C", "G2", 2, "1.00", ordered_at="2025-01-08"),
        back("D", "G2", 1, "1.00", ordered_at="2025-01-07"),
        back("E", "G3", 1, "15.00"),
        back("F", "G4", 1, "1.00"),
    )
    assert codes(outcome) == ["return_larger_than_order"] * 2
    then = bring(shop, REFUNDS, *ORDERS, back("G", "G3", 1, "15.00"), back("H", "G4", 2, "1.00"), name="b.csv")
    assert codes(then) == ["return_larger_than_order"] * 2, "what came back before counts too"
    assert taken() == [
        ("B", "G1", 1, 1, 1_500),
        ("D", "G2", 1, 1, 100),
        ("E", "G3", 1, 1, 1_500),
        ("F", "G4", 1, 1, 100),
    ]


def test_a_return_takes_from_the_line_of_its_own_price_and_then_from_others_of_its_article(
    shop: Shop, bring: Bring
) -> None:
    lines = [row("1", unit_price="12.00"), row("1", sku="TEA"), row("1"), row("1", unit_price="9.00")]
    bring(shop, REFUNDS, *[f"{line},,," for line in lines], back("R", "1", 5))
    assert taken() == [("R", "1", 3, 2, 2_000), ("R", "1", 1, 2, 2_000), ("R", "1", 4, 1, 1_000)]


def test_what_came_back_of_one_line_leaves_the_pieces_of_the_others(shop: Shop, bring: Bring) -> None:
    lines = [f"{row('1')},,,", f"{row('1', sku='TEA')},,,", *ORDERS]
    bring(shop, REFUNDS, *lines, back("A", "1", 2, "9.00"))
    outcome = bring(
        shop,
        REFUNDS,
        *lines,
        back("B", "1", 2, "9.00", sku="TEA"),
        back("C", "1", 1, "1.00"),
        back("D", "1", 1, "1.00", sku="TEA"),
        name="b.csv",
    )
    assert codes(outcome) == ["return_larger_than_order"] * 2
    assert taken() == [("A", "1", 1, 2, 1_800), ("B", "1", 2, 2, 1_800)]


def test_a_return_belongs_to_who_brought_it_back_and_counts_while_its_order_is_a_sale(shop: Shop, bring: Bring) -> None:
    bring(shop, REFUNDS, back("R", "1", 1, email="noa@shop.example"), back("S", "2", 1, email=""))
    noa = "SELECT s.returns_minor FROM customer_summaries AS s JOIN contact_points AS p USING (customer_id)"
    assert rows(noa) == [(1_000,)]
    bring(shop, REFUNDS, f"{row('1', status='cancelled')},,,", f"{row('2')},,,", name="b.csv")
    assert rows(
        "SELECT r.external_id, p.key FROM order_returns AS r JOIN contact_points AS p USING (customer_id) ORDER BY 1"
    ) == [("R", "noa@shop.example"), ("S", "dana@shop.example")]
    assert rows(noa) == [(1_000,)], "of Dana's sale; Noa's came from an order that is none"


def test_a_return_takes_from_an_order_of_its_own_shop(shop: Shop, bring: Bring) -> None:
    bring(shop, REFUNDS, back("R", "1", 3), source="haifa")
    bring(shop, REFUNDS, f"{row('1')},,,", source="haifa", name="b.csv")
    bring(shop, REFUNDS, back("R", "1", 1), source="eilat")
    assert [(one.source, one.state) for one in list_returns(shop, waiting=True, limit=9)] == [
        ("eilat", "waiting"),
        ("haifa", "too_large"),
    ]
    bring(shop, REFUNDS, f"{row('1')},,,", source="eilat", name="b.csv")
    assert rows("SELECT o.source FROM order_returns AS r JOIN orders AS o ON o.id = r.order_id") == [("eilat",)]


def test_an_unnamed_return_takes_from_a_sale_of_its_own_currency_in_the_same_second_at_latest(
    shop: Shop, bring: Bring
) -> None:
    bring(shop, UCI, invoice("1", 4), currency="USD")
    bring(shop, UCI, invoice("2", 4, "2011-01-02 10:00:00"), currency="EUR", name="b.csv")
    bring(
        shop,
        UCI,
        invoice("C3", -1),
        invoice("C4", -1, "2011-01-01 09:59:59"),
        invoice("C5", -1, "2011-01-03 10:00:00"),
        currency="USD",
        name="c.csv",
    )
    assert taken() == [("C3", "1", 1, 1, 250), ("C4", None, None, 1, 250), ("C5", "1", 1, 1, 250)]


def test_unnamed_returns_take_from_their_own_customer_s_sales_the_earliest_first(
    shop: Shop, bring: Bring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(returns, "BATCH_SIZE", 2)
    bring(
        shop,
        UCI,
        invoice("1", 4, customer=1),
        invoice("2", 4, customer=2),  # nothing comes back from these two
        *[invoice(f"{customer}", customer, customer=customer) for customer in (3, 4, 5)],
        invoice("C8", -2, "2011-01-09 10:00:00", customer=3),
        invoice("C9", -2, "2011-01-08 10:00:00", customer=3),
        invoice("C4", -5, "2011-01-09 10:00:00", customer=4),
        invoice("C5", -1, "2011-01-09 10:00:00", customer=5),
    )
    assert taken() == [
        ("C4", "4", 1, 4, 1_000),
        ("C4", None, None, 1, 250),
        ("C5", "5", 1, 1, 250),
        ("C8", "3", 1, 1, 250),
        ("C8", None, None, 1, 250),
        ("C9", "3", 1, 2, 500),
    ]


def test_a_return_is_shared_over_as_many_sales_as_it_takes_and_what_is_left_waits_for_more(
    shop: Shop, bring: Bring
) -> None:
    bring(
        shop,
        UCI,
        *[invoice(f"{day}", 1, f"2011-01-0{day} 10:00:00") for day in (1, 2, 3)],
        invoice("C9", -5, "2011-01-09 10:00:00"),
    )
    bring(shop, UCI, invoice("4", 1, "2011-01-04 10:00:00"), name="b.csv")
    assert taken() == [
        ("C9", "3", 1, 1, 250),
        ("C9", "2", 1, 1, 250),
        ("C9", "1", 1, 1, 250),
        ("C9", "4", 1, 1, 250),
        ("C9", None, None, 1, 250),
    ]
    assert rows("SELECT external_id, version FROM orders ORDER BY external_id") == [
        (str(day), 2) for day in (1, 2, 3, 4)
    ]


def test_a_row_that_names_the_order_it_refunds_is_a_return_by_whatever_sign(shop: Shop, bring: Bring) -> None:
    bring(shop, REFUNDS, f"{row('1')},,,", back("R", "1", 1).replace(",-1,", ",1,"))
    assert taken() == [("R", "1", 1, 1, 1_000)]
    assert rows("SELECT gross_minor, returns_minor FROM customer_summaries") == [(2_000, 1_000)]


def test_what_rows_of_one_order_give_back_of_another_is_taken_from_that_other(shop: Shop, bring: Bring) -> None:
    bring(shop, REFUNDS, f"{row('1')},,,", f"{row('2')},,,", back("1", "2", 1), back("1", "2", 0))
    assert taken() == [("1", "2", 1, 1, 1_000), ("1", "2", None, 0, 0)]


@pytest.mark.parametrize(("seconds", "state"), [(30 * DAY_SECONDS, "waiting"), (30 * DAY_SECONDS + 1, "overdue")])
def test_a_return_whose_order_has_not_come_for_thirty_days_is_overdue(
    shop: Shop, bring: Bring, seconds: int, state: str
) -> None:
    bring(shop, REFUNDS, back("R", "1", 1))
    later = Shop(shop.folder, shop.settings, Clock(shop.clock.zone, shop.clock.now() + seconds))
    assert [one.state for one in list_returns(later, waiting=True, limit=9)] == [state]
    assert doubtful_returns(later) == ({} if state == "waiting" else {"overdue": 1})


def test_a_return_that_is_larger_than_its_order_is_told_when_that_comes_and_counted_from_then_on(
    shop: Shop, bring: Bring
) -> None:
    bring(shop, REFUNDS, back("R", "1", 3))
    came = bring(shop, REFUNDS, f"{row('1')},,,", name="b.csv")
    assert [one.startswith("return R is larger than order 1") for one in came.attention] == [True]
    then = bring(shop, REFUNDS, f"{row('2')},,,", name="c.csv")
    told = "waiting returns larger than their order: 1"
    assert (then.attention, told in then.notes, told in came.notes) == ((), True, False)


def test_returns_are_shown_in_the_order_of_time_with_the_order_that_they_were_taken_from(
    books: Shop, bring: Bring
) -> None:
    lines = [back("S", "1", 1, ordered_at="2025-01-09"), back("R", "1", 1, ordered_at="2025-01-08")]
    bring(books, REFUNDS, f"{row('1')},,,", *lines)
    assert [one.reference for one in show_order(books, "1") if one.part == "return"] == ["R", "S"]
    bring(books, UCI, invoice("2", 1), invoice("C3", -1), invoice("C4", -1, customer=1), name="b.csv")
    told = [(one.reference, one.order, one.state) for one in list_returns(books, waiting=False, limit=9)]
    assert told == [("S", "1", "taken"), ("R", "1", "taken"), ("C4", "", "waiting"), ("C3", "2", "taken")]


def test_a_return_that_names_no_order_waits_for_as_long_as_it_takes(books: Shop, bring: Bring) -> None:
    bring(books, UCI, invoice("C3", -1))
    later = Shop(books.folder, books.settings, Clock(books.clock.zone, books.clock.now() + 31 * DAY_SECONDS))
    assert [one.state for one in list_returns(later, waiting=True, limit=9)] == ["waiting"]
    assert doubtful_returns(later) == {}


def test_who_only_brought_something_back_has_no_day_of_an_order(books: Shop, bring: Bring) -> None:
    bring(books, UCI, invoice("C3", -1))
    assert rows("SELECT orders, returns_minor, first_order_day, last_order_day FROM customer_summaries") == [
        (0, 250, None, None)
    ]


def test_of_orders_of_one_second_the_one_that_came_last_is_listed_first(books: Shop, bring: Bring) -> None:
    bring(books, HEADER, row("2"), row("1"), row("3"))
    assert [one.order for one in list_orders(books, limit=2)] == ["3", "1"]


def test_of_two_sales_of_one_second_the_one_of_the_higher_number_gives_back_line_by_line(
    books: Shop, bring: Bring
) -> None:
    bring(books, UCI, invoice("1", 1), invoice("2", 1), invoice("2", 1), invoice("C9", -2))
    assert taken() == [("C9", "2", 1, 1, 250), ("C9", "2", 2, 1, 250)]


def test_an_order_is_shown_with_what_came_back_of_which_line(books: Shop, bring: Bring) -> None:
    lines = [f"{row('1')},,,", f"{row('1', sku='TEA')},,,", back("R", "1", 1, sku="TEA", email="noa@shop.example")]
    bring(books, REFUNDS, *lines)
    parts = [(one.part, one.line, one.article, one.quantity, one.amount_minor) for one in show_order(books, "1")]
    assert parts == [("sale", 1, "MUG", 2, 2_000), ("sale", 2, "TEA", 2, 2_000), ("return", 2, "TEA", 1, 1_000)]
    assert [(one.gross_minor, one.returned_minor, one.lines) for one in list_orders(books, limit=9)] == [
        (4_000, 1_000, 2)
    ]
    ((noa,),) = rows("SELECT customer_id FROM contact_points WHERE key = 'noa@shop.example'")
    assert [one.customer for one in list_returns(books, waiting=False, limit=9)] == [noa]


def test_nothing_is_brought_back_of_a_tip(books: Shop, bring: Bring) -> None:
    bring(books, SHOPIFY, shopify_row(), shopify_row().replace(",Mug,40.00,MUG", ",Tip,40.00,"))
    outcome = bring(books, REFUNDS, back("R", "1", 1, sku="Tip"), source="shopify", name="b.csv")
    assert codes(outcome) == ["return_larger_than_order"]


def test_articles_whose_numbers_differ_in_case_are_two(books: Shop, bring: Bring) -> None:
    lines = [invoice("1", 1).replace("MUG,", f"{number},") for number in ("15056n", "15056N")]
    bring(books, UCI, *lines)
    assert rows("SELECT sku FROM products ORDER BY sku") == [("15056N",), ("15056n",)]


SALE = row("1", quantity="10")
REFUND = row("1", quantity="-1", status="refunded", ordered_at="2025-02-05", email="")
MARCH = row("1", quantity="-2", status="refunded", ordered_at="2025-03-01", email="")
CHANGED = row("1", quantity="10", status="shipped")
LARGER = row("1", quantity="-3", status="refunded", ordered_at="2025-02-05", email="")


@pytest.mark.parametrize(
    ("files", "back"),
    [
        ([[SALE], [REFUND]], [1_000]),
        ([[REFUND], [SALE]], [1_000]),
        ([[SALE, REFUND]], [1_000]),
        ([[SALE], [REFUND], [REFUND, row("2")], [SALE, row("3")]], [1_000]),
        ([[SALE], [REFUND], [SALE, REFUND]], [1_000]),
        ([[SALE, REFUND], [REFUND]], [1_000]),
        ([[REFUND], [SALE, REFUND]], [1_000]),
        ([[REFUND], [SALE, MARCH]], [1_000, 2_000]),
        ([[MARCH], [SALE, REFUND]], [1_000, 2_000]),
        ([[MARCH], [SALE, REFUND], [MARCH, row("2")], [SALE, REFUND, row("3")]], [1_000, 2_000]),
        ([[SALE], [REFUND], [MARCH]], [1_000, 2_000]),
        ([[REFUND], [MARCH], [SALE]], [1_000, 2_000]),
        ([[SALE], [REFUND], [CHANGED]], [1_000]),
        ([[SALE, REFUND], [CHANGED]], []),  # the order's own rows tell no return any more
        ([[SALE, REFUND], [MARCH], [CHANGED, REFUND]], [1_000, 2_000]),
        ([[SALE], [MARCH], [CHANGED, REFUND]], [1_000, 2_000]),
        ([[MARCH], [SALE], [SALE, REFUND]], [1_000, 2_000]),
        ([[SALE], [REFUND], [LARGER]], [3_000]),  # the same article at the same time, told anew
        ([[SALE], [REFUND, REFUND]], [1_000, 1_000]),
        ([[SALE], [REFUND], [REFUND, REFUND]], [1_000, 1_000]),
    ],
)
def test_what_comes_back_under_an_order_s_number_may_be_told_by_another_file(
    shop: Shop, bring: Bring, files: list[list[str]], back: list[int]
) -> None:
    for number, lines in enumerate(files):
        assert codes(bring(shop, HEADER, *lines, name=f"{number}.csv")) == []
    assert rows("SELECT is_sale, gross_minor FROM orders WHERE external_id = '1'") == [(1, 10_000)]
    found = rows(
        "SELECT SUM(r.amount_minor) FROM order_returns AS r JOIN orders AS o ON o.id = r.order_id"
        " WHERE o.external_id = '1' GROUP BY r.line_no ORDER BY MIN(r.returned_at), r.line_no"
    )
    assert [amount for (amount,) in found] == back
    assert value("SELECT COUNT(*) FROM order_returns WHERE order_id IS NULL") == 0
    assert value("SELECT returns_minor FROM customer_summaries") == sum(back)


def test_returns_of_one_number_that_stand_far_apart_are_told_again_as_they_were(
    shop: Shop, bring: Bring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_rows, "CHUNK_ROWS", 2)
    monkeypatch.setattr(csv_rows, "_ROWS_AT_ONCE", 1)
    tea = row("1", sku="TEA", quantity="-1", status="refunded", ordered_at="2025-02-06", email="")
    others = [row(str(number), quantity="-1", status="refunded", email="") for number in range(10, 20)]
    lines = [REFUND, *others, tea, REFUND]
    for name in ("a", "b", "c"):
        bring(shop, HEADER, *lines, *([row("9")] if name == "c" else []), name=f"{name}.csv", again=True)
        assert rows("SELECT COUNT(*), SUM(amount_minor) FROM order_returns WHERE external_id = '1'") == [(3, 3_000)]
    bring(shop, HEADER, SALE, row("1", sku="TEA"), name="sale.csv")
    assert value("SELECT COUNT(*) FROM order_returns WHERE external_id = '1' AND order_id IS NULL") == 0


@pytest.mark.parametrize(
    ("word", "code", "booked"),
    [
        ("refund", "", [(2_000, 1_000)]),
        ("Refund", "", [(2_000, 1_000)]),
        ("sale", "", [(3_000, None)]),
        ("", "", [(3_000, None)]),
        ("credit", "bad_type", []),
    ],
)
def test_a_row_says_in_our_own_words_what_it_is(
    shop: Shop, bring: Bring, word: str, code: str, booked: list[tuple[int, int | None]]
) -> None:
    others = [f"{row(str(number))},sale" for number in range(10, 60)]
    outcome = bring(shop, f"{HEADER},row_type", *others, f"{row('1')},sale", f"{row('1', quantity='1')},{word}")
    assert [one for one in codes(outcome) if one != "order_incomplete"] == [one for one in [code] if one]
    returned = "(SELECT SUM(amount_minor) FROM order_returns)"
    assert rows(f"SELECT gross_minor, {returned} FROM orders WHERE external_id = '1'") == booked


@pytest.mark.parametrize("email", ["gil@shop.example", ""])
def test_an_order_of_another_buyer_and_day_is_not_booked_over_the_known_one_of_its_number(
    shop: Shop, bring: Bring, email: str
) -> None:
    bring(shop, HEADER, row("1001"))
    other = row("1001", email=email, ordered_at="2025-02-05", sku="TEA")
    outcome = bring(shop, HEADER, other, row("2"), name="other.csv")
    assert counts(outcome)[:4] == (2, 1, 0, 1)
    assert outcome.trouble is not None
    assert str(outcome.trouble) == (
        "1 order is unlike the known order of the same number (another buyer and day, or no article in common),"
        " and left alone"
    )
    assert rows("SELECT gross_minor, version FROM orders WHERE external_id = '1001'") == [(2_000, 1)]
    options = {"newest": True}
    bring(shop, HEADER, other, row("2"), name="other.csv", **options)
    assert rows("SELECT version FROM orders WHERE external_id = '1001'") == [(2,)]


@pytest.mark.parametrize("change", [{"email": "gil@shop.example"}, {"ordered_at": "2025-02-05"}, {"email": ""}])
def test_an_order_of_which_the_buyer_or_the_day_alone_was_corrected_is_changed(
    shop: Shop, bring: Bring, change: dict[str, str]
) -> None:
    bring(shop, HEADER, row("1001"))
    outcome = bring(shop, HEADER, row("1001", **change), name="again.csv")
    assert (outcome.trouble, counts(outcome)[:3]) == (None, (1, 0, 1))


def test_what_came_back_before_any_sale_is_known_is_known_again(shop: Shop, bring: Bring) -> None:
    back = [
        row(order, quantity="-1", unit_price="10.00", status="refunded", ordered_at=f"2025-02-0{order}")
        for order in ("1", "2")
    ]
    first = bring(shop, HEADER, back[0])
    assert (counts(first), first.row.returns) == ((1, 1, 0, 0, 0, 0, 0), 1)
    then = bring(shop, HEADER, *back, name="later.csv")
    assert (counts(then), then.row.returns) == ((2, 1, 0, 1, 0, 0, 0), 1)
    assert counts(bring(shop, HEADER, *back, name="later.csv", again=True)) == (2, 0, 0, 2, 0, 0, 0)
    assert rows("SELECT external_id, amount_minor FROM order_returns ORDER BY 1") == [("1", 1_000), ("2", 1_000)]
