"""A customer is found by any of their names, and shown whole."""

from __future__ import annotations

import dataclasses
import io

import pytest

from retainctl.config import Shop, read_shop
from retainctl.errors import WrongUsage
from retainctl.intake.cells import RowError
from retainctl.normalising import email_address
from retainctl.shop import exporting
from retainctl.shop.consent import suppress
from retainctl.shop.consent_history import list_consent, revoke_by_hand, show_consent
from retainctl.shop.customer_columns import COLUMNS
from retainctl.shop.customer_lookup import CUSTOMER
from retainctl.shop.customers import find_customer, list_customers, show_customer
from retainctl.shop.exporting import MOST_ADDRESSES, export_customers
from retainctl.shop.identity import Address, Person, find_or_make
from retainctl.shop.merging import merge, undo
from retainctl.store.database import execute, rows, value
from retainctl.store.transactions import writing
from tests.conftest import Terminal
from tests.planting import give, on_day, plant, plant_address


def two_customers(shop: Shop) -> tuple[int, int]:
    found = find_or_make(
        shop,
        [
            Person(
                "web",
                "A-17",
                (
                    Address("email", "Dana@example.com", "dana@example.com", verified=True),
                    Address("phone", "050-234-5678", "+972502345678"),
                ),
                first_name="דנה",
                last_name="לוי",
                language="he",
            ),
            Person("till", "100%", (Address("email", "noa_k@example.org", "noa_k@example.org"),), first_name="Noa"),
        ],
    )
    assert found[0].customer_id is not None
    assert found[1].customer_id is not None
    return found[0].customer_id, found[1].customer_id


@pytest.mark.parametrize(
    "text", ["dana@EXAMPLE.com", "+972502345678", "050-2345678", "web:A-17", " Dana <dana@example.com> "]
)
def test_a_customer_is_found_by_any_mark(shop: Shop, text: str) -> None:
    dana, _ = two_customers(shop)
    assert find_customer(shop, text) == dana
    assert find_customer(shop, str(dana)) == dana


def test_a_customer_is_found_by_a_number_as_long_as_a_number_can_be(shop: Shop) -> None:
    two_customers(shop)
    with writing():
        execute("INSERT INTO customers (id, created_at) VALUES (?, 0)", 10**18 - 1)
    assert find_customer(shop, "9" * 18) == 10**18 - 1
    with pytest.raises(WrongUsage, match="no customer matches"):
        find_customer(shop, "9" * 19)


@pytest.mark.parametrize("text", ["", "nobody@example.com", "999", "web:999", "dana", "00", "9" * 30])
def test_nobody_is_said_to_be_nobody(shop: Shop, text: str) -> None:
    two_customers(shop)
    with pytest.raises(WrongUsage, match="no customer matches"):
        find_customer(shop, text)


def test_who_was_merged_is_found_as_the_survivor(shop: Shop) -> None:
    dana, noa = two_customers(shop)
    merge(shop, survivor_id=dana, merged_id=noa, reason="one person")
    assert find_customer(shop, str(noa)) == dana
    assert find_customer(shop, "noa_k@example.org") == dana
    assert [customer.customer_id for customer in list_customers(shop)] == [dana]


@pytest.mark.parametrize(
    ("query", "expected"),
    [(" לוי ", 1), ("DANA@", 1), ("noa_k", 1), ("_", 1), ("100%", 1), ("%", 1), ("example", 2), ("\\", 0), ("", 2)],
)
def test_a_search_takes_every_letter_as_it_is(shop: Shop, query: str, expected: int) -> None:
    two_customers(shop)
    assert len(list_customers(shop, query=query)) == expected


def test_a_listing_ends_where_it_is_told(shop: Shop) -> None:
    two_customers(shop)
    assert len(list_customers(shop, limit=1)) == 1


def test_all_that_is_known_is_shown_in_the_order_of_time(shop: Shop) -> None:
    dana, _ = two_customers(shop)
    point = value("SELECT id FROM contact_points WHERE customer_id = ? AND kind = 'email'", dana)
    give(shop, point, purpose="marketing", source="till", evidence="form 17", happened_at=1_700_000_000)
    find_or_make(shop, [Person("web", "A-17", first_name="Dana")])
    assert [(fact.at, fact.about, fact.what, fact.detail) for fact in show_customer(shop, dana)] == [
        (None, "customer", "id", str(dana)),
        (None, "customer", "name", "Dana לוי"),
        (None, "customer", "language", "he"),
        (None, "customer", "id at web", "A-17"),
        (None, "email", "Dana@example.com", "verified, marketing given"),
        (None, "phone", "050-234-5678", "no consent"),
        ("2023-11-15T00:13:20+02:00", "consent", "marketing given", "Dana@example.com: form 17 (till)"),
        ("2025-03-02T10:00:00+02:00", "customer", "created", ""),
        ("2025-03-02T10:00:00+02:00", "change", "first_name", "דנה → Dana (web)"),
    ]


def test_what_was_bought_brought_back_merged_and_parted_is_in_the_history(shop: Shop) -> None:
    dana, noa = two_customers(shop)
    plant("imports", id=1, kind="orders", file_name="o.csv", sha256="0" * 64, source="web", format="generic",
          options="{}", imported_at=0)  # fmt: skip
    plant("orders", id=1, source="web", external_id="W1", customer_id=dana, ordered_at=1_700_000_000, order_day=19_675,
          order_month=24_286, status="paid", is_sale=1, currency="USD", gross_minor=12_050, content_hash=b"x",
          import_id=1)  # fmt: skip
    plant("order_returns", source="web", external_id="R1", line_no=1, customer_id=dana, order_id=1,
          quantity_thousandths=1000, amount_minor=2_050, currency="USD", returned_at=1_700_100_000, return_day=19_676,
          content_hash=b"x", import_id=1)  # fmt: skip
    done = merge(shop, survivor_id=dana, merged_id=noa, reason="one person")
    undo(shop, done.merge_id)
    told = [(fact.about, fact.what, fact.detail) for fact in show_customer(shop, dana) if fact.at]
    assert told == [
        ("order", "W1", "paid, 120.50 USD (web)"),
        ("return", "R1", "20.50 USD (web)"),
        ("customer", "created", ""),
        ("merge", "1", f"customer {noa} into customer {dana}: one person"),
        ("merge", "1", "undone"),
    ]


def test_a_merge_and_its_undoing_stand_each_at_its_own_time(shop: Shop) -> None:
    dana, noa = two_customers(shop)
    done = merge(shop, survivor_id=dana, merged_id=noa, reason="one person")
    undo(read_shop(str(shop.folder), now="2026-04-05T11:00"), done.merge_id)
    for one in (dana, noa):
        told = [(fact.at, fact.detail) for fact in show_customer(shop, one) if fact.about == "merge"]
        assert told == [
            ("2025-03-02T10:00:00+02:00", f"customer {noa} into customer {dana}: one person"),
            ("2026-04-05T11:00:00+03:00", "undone"),
        ]


def test_an_export_has_addresses_in_the_order_in_which_they_became_known(shop: Shop) -> None:
    addresses = tuple(Address("email", one, one) for one in ("z@x.example", "a@x.example"))
    find_or_make(shop, [Person("web", "21", addresses)])
    exported = io.BytesIO()
    export_customers(shop, exported, for_excel=False)
    header, line = (one.split(",") for one in exported.getvalue().decode().splitlines())
    told = dict(zip(header, line, strict=True))
    assert (told["email"], told["email_2"]) == ("z@x.example", "a@x.example")


def test_all_of_a_household_have_its_postal_address(shop: Shop) -> None:
    home = Address("postal", "1 Herzl St", "1 herzl st")
    people = find_or_make(shop, [Person("web", str(number), (home,), f"N{number}") for number in (21, 22)])
    assert rows("SELECT customer_id FROM contact_points WHERE kind = 'postal' ORDER BY customer_id") == [
        (one.customer_id,) for one in people
    ]


@pytest.mark.parametrize("address", ["noreply@shop.example", "test@test.com", "x7kq2@marketplace.amazon.co.uk"])
def test_nobody_is_known_by_an_address_that_is_nobody_s(shop: Shop, address: str) -> None:
    given = email_address(address)
    shared = Address("email", given.value, given.key, flag=given.flag)
    first, second = find_or_make(shop, [Person("web", str(number), (shared,)) for number in (21, 22)])
    assert first.customer_id != second.customer_id


def test_a_row_finds_its_customer_by_what_of_it_is_known(shop: Shop) -> None:
    """An id counts before an e-mail; where the id says nobody, the e-mail still does; a phone may be a household's."""
    dana, noa = two_customers(shop)
    asked = [
        ("A-17", "", ""), ("A-99", "dana@example.com", ""), ("", "dana@example.com", ""), ("", "", "050-2345678"),
        ("A-99", "", "050-2345678"), ("", "x@example.com", "050-2345678"), ("A-99", "", ""),
    ]  # fmt: skip
    with writing():
        execute("INSERT INTO customer_keys (source, external_id, customer_id) VALUES ('till', 'A-17', ?)", noa)
    found = CUSTOMER.find(shop, "till", asked)
    assert [one if isinstance(one, int) else one.code for one in found] == [
        noa, dana, dana, dana, "unknown_customer", "unknown_customer", "unknown_customer",
    ]  # fmt: skip
    (found_anywhere,) = CUSTOMER.find(shop, "", [("A-17", "dana@example.com", "")])
    assert isinstance(found_anywhere, RowError)
    assert found_anywhere.code == "several_customers"


def test_who_was_merged_twice_is_found_as_the_last_that_they_became(shop: Shop) -> None:
    dana, noa = two_customers(shop)
    (gil,) = find_or_make(shop, [Person("web", "9", first_name="Gil")])
    assert gil.customer_id is not None
    merge(shop, survivor_id=dana, merged_id=noa, reason="one person")
    merge(shop, survivor_id=gil.customer_id, merged_id=dana, reason="one person")
    assert [find_customer(shop, str(one)) for one in (noa, dana, gil.customer_id)] == [gil.customer_id] * 3


def test_of_a_long_history_the_newest_is_shown(shop: Shop) -> None:
    dana, _ = two_customers(shop)
    point = value("SELECT id FROM contact_points WHERE customer_id = ? AND kind = 'email'", dana)
    for at in (1000, 3000, 2000):
        give(shop, point, purpose="marketing", source="till", evidence=f"form {at}", happened_at=at)
    facts = [(fact.what, fact.detail) for fact in show_customer(shop, dana, limit=2) if fact.at]
    assert facts == [("marketing given", "Dana@example.com: form 3000 (till)"), ("created", "")]


def test_a_refusal_by_hand_is_of_every_address_and_purpose(shop: Shop) -> None:
    dana, _ = two_customers(shop)
    states = revoke_by_hand(shop, str(dana), reason="called on Sunday")
    assert [(state.address, state.purpose, state.state) for state in states] == [
        ("Dana@example.com", "marketing", "revoked"),
        ("Dana@example.com", "survey", "revoked"),
        ("050-234-5678", "marketing", "revoked"),
        ("050-234-5678", "survey", "revoked"),
    ]
    revoke_by_hand(shop, str(dana), reason="called on Sunday")
    assert value("SELECT COUNT(*) FROM consents") == 4


def test_who_has_no_address_has_nothing_to_refuse(shop: Shop) -> None:
    (nobody,) = find_or_make(shop, [Person("web", "9", first_name="Gil")])
    with pytest.raises(WrongUsage, match=f"customer {nobody.customer_id} has no e-mail or phone whose consent"):
        revoke_by_hand(shop, str(nobody.customer_id), reason="called")


def test_a_refusal_that_names_no_purpose_is_of_both(shop: Shop, retainctl: Terminal) -> None:
    two_customers(shop)
    ended = retainctl("consent", "revoke", "dana@example.com", "--reason", "called on Sunday")
    assert {line.split("\t")[2] for line in ended.stdout.splitlines()[1:]} == {"marketing", "survey"}


def test_a_refusal_of_an_address_that_nobody_has_is_not_lost(shop: Shop) -> None:
    (state,) = revoke_by_hand(shop, "Stranger@example.com", reason="wrote to us")
    assert (state.customer_id, state.address, state.state) == (None, "stranger@example.com", "revoked")
    assert rows("SELECT kind, key, reason, evidence FROM suppressions") == [
        ("email", "stranger@example.com", "person", "wrote to us")
    ]


def test_the_whole_history_is_shown_and_the_latest_decision_listed(shop: Shop) -> None:
    dana, noa = two_customers(shop)
    point = value("SELECT id FROM contact_points WHERE key = 'dana@example.com'")
    give(shop, point, purpose="marketing", source="till", evidence="form 17", happened_at=1000)
    revoke_by_hand(shop, "dana@example.com", reason="wrote to us", purpose="marketing")
    assert [(event.action, event.evidence, event.source) for event in show_consent(shop, str(dana))] == [
        ("given", "form 17", "till"),
        ("revoked", "wrote to us", "by hand"),
        ("revoked", "wrote to us", "by hand"),  # at the phone
    ]
    state, phone = list_consent(shop)
    assert (phone.address, phone.state) == ("050-234-5678", "revoked")
    assert (state.state, state.evidence, state.since) == ("revoked", "wrote to us", "2025-03-02T10:00:00+02:00")
    assert list_consent(shop, str(noa)) == []


def test_a_list_that_stops_says_so(shop: Shop, retainctl: Terminal) -> None:
    find_or_make(shop, [Person("web", str(number)) for number in range(101)])
    stopped = retainctl("customers", "list")
    assert (stopped.code, len(stopped.stdout.splitlines())) == (0, 101)
    assert stopped.stderr == "only the first 100 are shown; use --limit N or --limit all to see more\n"
    assert retainctl("customers", "list", "--quiet").stderr == ""
    assert retainctl("customers", "list", "--limit", "100").stderr == ""
    assert retainctl("customers", "list", "--limit", "200").stdout.count("\n") == 102


def test_the_commands(shop: Shop, retainctl: Terminal) -> None:
    dana, noa = two_customers(shop)
    listed = retainctl("customers", "list", "--query", "לוי")
    assert (listed.code, listed.stderr) == (0, "")
    assert listed.stdout == (
        "customer_id\tfirst_name\tlast_name\tlanguage\temail\tphone\torders\tlast_order\n"
        f"{dana}\tדנה\tלוי\the\tDana@example.com\t050-234-5678\t0\t\n"
    )
    merged = retainctl("customers", "merge", str(dana), str(noa), "--reason", "one person", "--format", "csv")
    assert (merged.code, merged.stderr) == (0, "")
    assert merged.stdout == (
        "merge_id,survivor_id,merged_id,reason,merged_at,undone_at,contact_points,keys,orders,returns,responses\n"
        f"1,{dana},{noa},one person,2025-03-02T10:00:00+02:00,,1,1,0,0,0\n"
    )
    assert retainctl("customers", "merge", "--undo", "1").code == 0
    again = retainctl("customers", "merge", "--undo", "1")
    assert (again.code, again.stdout, again.stderr) == (77, "", "retainctl: merge 1 was already undone\n")
    for words in (
        [str(dana)],
        [str(dana), str(noa)],
        [str(dana), str(noa), "--reason", " "],
        ["--reason", "one person"],
    ):
        asked = retainctl("customers", "merge", *words)
        assert (asked.code, "Give SURVIVOR, MERGED" in asked.stderr.replace("give", "Give")) == (2, True), words
    for words in ([str(dana)], [str(dana), str(noa)], ["--reason", "one person"]):
        asked = retainctl("customers", "merge", "--undo", "1", *words)
        assert (asked.code, "--undo cannot be combined" in asked.stderr) == (2, True), words
    nobody = retainctl("customers", "show", "x@example.com")
    assert nobody.code == 2
    assert nobody.stderr.splitlines()[0] == "retainctl: no customer matches 'x@example.com'"
    revoked = retainctl("consent", "revoke", "dana@example.com", "--reason", "wrote", "--purpose", "survey")
    assert revoked.stdout.splitlines()[1].split("\t")[:4] == [str(dana), "Dana@example.com", "survey", "revoked"]
    assert len(retainctl("consent", "show", str(dana)).stdout.splitlines()) == 3
    assert len(retainctl("consent", "list").stdout.splitlines()) == 3


def test_an_address_that_nothing_is_sent_to_is_told_of_who_has_it_and_of_nobody_else(shop: Shop) -> None:
    dana, noa = two_customers(shop)
    suppress("email", "noa_k@example.org", "hard_bounce", shop.clock.now(), "550 5.1.1")
    suppress("phone", "dana@example.com", "complaint", shop.clock.now(), "report")  # of another kind
    told = [[(event.address, event.source) for event in show_consent(shop, str(one))] for one in (dana, noa)]
    assert told == [[], [("noa_k@example.org", "hard_bounce")]]


def test_merges_of_one_instant_are_told_in_the_order_in_which_they_were_made(shop: Shop) -> None:
    dana, noa = two_customers(shop)
    (tal,) = find_or_make(shop, [Person("web", "tal")])
    assert tal.customer_id is not None
    for merged_id in (noa, tal.customer_id):
        merge(shop, survivor_id=dana, merged_id=merged_id, reason="one person")
    for merge_id in (2, 1):
        undo(shop, merge_id)
    told = [(fact.what, fact.detail.split()[0]) for fact in show_customer(shop, dana) if fact.about == "merge"]
    assert told == [("1", "customer"), ("1", "undone"), ("2", "customer"), ("2", "undone")]


def test_a_list_adds_up_what_was_bought_in_every_currency(shop: Shop) -> None:
    dana, _ = two_customers(shop)
    for currency, orders, last in (("ILS", 3, "2024-05-01"), ("USD", 4, "2024-04-01"), ("JPY", 0, None)):
        last_day = on_day(last)[0] if last else None
        plant("customer_summaries", customer_id=dana, currency=currency, orders=orders, gross_minor=1, returns_minor=1,
              first_order_day=last_day, last_order_day=last_day)  # fmt: skip
    assert [(one.orders, one.last_order) for one in list_customers(shop)] == [(7, "2024-05-01"), (0, None)]


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
def test_a_list_has_the_address_of_each_kind_that_became_known_first(shop: Shop) -> None:
    addresses = tuple(Address("email", one, one) for one in ("z@x.example", "a@x.example"))
    find_or_make(shop, [Person("web", "21", addresses)])
    assert [one.email for one in list_customers(shop)] == ["z@x.example"]


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])  # it is about pages
@pytest.mark.parametrize("ids", [(1, 2, 3, 10, 30), (1, 20, 21, 22), ()])
def test_an_export_has_everybody_once_and_whole_wherever_its_pages_end(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, ids: tuple[int, ...]
) -> None:
    monkeypatch.setattr(exporting, "PAGE", 2)
    with writing():
        for one in ids:
            plant("customers", id=one, created_at=0)
            plant("customer_keys", source="web", external_id=f"K{one}", customer_id=one)
            plant_address(one, f"{one}@x.example")
    exported = io.BytesIO()
    assert export_customers(shop, exported) == len(ids)
    lines = [line.split(",") for line in exported.getvalue().decode().splitlines()[1:]]
    assert [(line[0], line[2], line[6]) for line in lines] == [(f"{one}", f"K{one}", f"{one}@x.example") for one in ids]


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])  # it is about columns
def test_an_export_has_as_many_addresses_as_an_import_reads(shop: Shop) -> None:
    addresses = tuple(Address("email", f"{one}@x.example", f"{one}@x.example") for one in range(MOST_ADDRESSES + 1))
    find_or_make(shop, [Person("web", "21", addresses)])
    exported = io.BytesIO()
    export_customers(shop, exported)
    header, line = (one.split(",") for one in exported.getvalue().decode().splitlines())
    roles = {column.role for column in COLUMNS}
    assert [name for name in header[1:] if name not in roles] == []
    assert [cell for cell in line if "@" in cell] == [f"{one}@x.example" for one in range(MOST_ADDRESSES)]


def test_of_an_address_is_shown_whether_it_may_be_written_to_and_of_a_house_only_where_it_stands(shop: Shop) -> None:
    home = Address("postal", "1 Herzl St", "1 herzl st")
    role = Address("email", "noreply@x.example", "noreply@x.example", flag="role")
    (found,) = find_or_make(shop, [Person("web", "21", (home, role))])
    assert found.customer_id is not None
    suppress("email", "noreply@x.example", "hard_bounce", shop.clock.now(), "550 5.1.1")
    facts = [(fact.about, fact.detail) for fact in show_customer(shop, found.customer_id)]
    assert ("postal", "") in facts
    assert ("email", "role, no consent, suppressed (hard_bounce)") in facts


def test_an_export_has_the_numbers_of_a_customer_in_the_order_of_their_shops(shop: Shop) -> None:
    mail = (Address("email", "a@x.example", "a@x.example"),)
    find_or_make(
        shop, [Person(source, number, mail) for source, number in (("web", "1"), ("till", "3"), ("till", "2"))]
    )
    exported = io.BytesIO()
    assert export_customers(shop, exported) == 3
    lines = [line.split(",")[1:3] for line in exported.getvalue().decode().splitlines()[1:]]
    assert lines == [["till", "2"], ["till", "3"], ["web", "1"]]


def test_an_external_id_may_have_a_colon_and_a_phone_may_be_digits_alone(shop: Shop) -> None:
    home = Address("phone", "050-234-5678", "+972502345678")
    find_or_make(shop, [Person("till", "12:7", (home,), first_name="Dana")])
    (dana,) = [row[0] for row in rows("SELECT id FROM customers")]
    assert find_customer(shop, "till:12:7") == dana
    assert find_customer(shop, "972502345678") == dana


def test_a_phone_is_read_by_the_shop_s_own_country(shop: Shop) -> None:
    german = dataclasses.replace(shop, settings=dataclasses.replace(shop.settings, country="DE"))
    find_or_make(german, [Person("web", "1", (Address("phone", "030 901820", "+4930901820"),))])
    (customer,) = [row[0] for row in rows("SELECT id FROM customers")]
    assert find_customer(german, "030 901820") == customer


def test_of_an_address_that_refused_it_is_shown_that_it_did(shop: Shop) -> None:
    dana, _ = two_customers(shop)
    revoke_by_hand(shop, "dana@example.com", reason="wrote to us", purpose="marketing")
    facts = [one.detail for one in show_customer(shop, dana) if one.what.casefold() == "dana@example.com"]
    assert any("marketing revoked" in detail for detail in facts), facts
