"""Somebody is found by id, then e-mail, then phone; guests are nobody; a conflict is told and never settled."""

from __future__ import annotations

from typing import get_args

from retainctl.config import Shop
from retainctl.normalising import email_address
from retainctl.shop.consent import AddressKind, contacts, suppress
from retainctl.shop.identity import Address, Found, Person, find_or_make, marks
from retainctl.store.database import rows, value


def email(text: str, *, verified: bool = False) -> Address:
    address = email_address(text)
    return Address("email", address.value, address.key, address.flag, verified)


def phone(number: str) -> Address:
    return Address("phone", number, number)


def person(external_id: str | None = None, *addresses: Address, source: str = "web", **attributes: str) -> Person:
    return Person(source, external_id, addresses, **attributes)


def one(shop: Shop, who: Person, *, overwrite: bool = True) -> Found:
    (found,) = find_or_make(shop, [who], overwrite=overwrite)
    return found


def test_a_customer_is_made_once_and_found_by_each_mark(shop: Shop) -> None:
    made = one(shop, person("17", email("Dana@example.com"), phone("+972501234567"), first_name="דנה"))
    assert made.outcome == "new"
    for who in (
        person("17"),
        person(None, email("dana@EXAMPLE.com")),
        person(None, phone("+972501234567")),
    ):
        assert (one(shop, who).customer_id, one(shop, who).outcome) == (made.customer_id, "unchanged")
    assert value("SELECT COUNT(*) FROM customers") == 1
    assert rows("SELECT kind, value, key FROM contact_points ORDER BY kind") == [
        ("email", "Dana@example.com", "dana@example.com"),
        ("phone", "+972501234567", "+972501234567"),
    ]


def test_the_same_id_of_two_shops_is_two_customers(shop: Shop) -> None:
    web, till = find_or_make(shop, [person("17"), person("17", source="till")])
    assert web.customer_id != till.customer_id


def test_two_shops_meet_in_one_customer_by_their_e_mail(shop: Shop) -> None:
    web = one(shop, person("17", email("dana@example.com")))
    till = one(shop, person("M-4", email("dana@example.com"), source="till"))
    assert till.customer_id == web.customer_id
    assert rows("SELECT source, external_id FROM customer_keys ORDER BY source") == [("till", "M-4"), ("web", "17")]


def test_a_guest_is_nobody(shop: Shop) -> None:
    assert one(shop, person(None, first_name="דנה")) == Found(None, "guest")
    assert value("SELECT COUNT(*) FROM customers") == 0


def test_the_e_mail_of_one_with_the_phone_of_another_is_told_and_nothing_is_merged(shop: Shop) -> None:
    dana, noa = find_or_make(
        shop, [person(None, email("dana@example.com")), person(None, email("noa@example.com"), phone("+972501234567"))]
    )
    found = one(shop, person(None, email("dana@example.com"), phone("+972501234567")))
    assert found.customer_id == dana.customer_id
    assert found.conflicts == (
        f"the e-mail belongs to customer {dana.customer_id}, the phone belongs to customer {noa.customer_id}",
    )
    assert found.contact_point_ids[1] is None
    assert value("SELECT customer_id FROM contact_points WHERE kind = 'phone'") == noa.customer_id
    assert value("SELECT COUNT(*) FROM customers WHERE merged_into IS NOT NULL") == 0


def test_strangers_who_share_a_phone_stay_strangers(shop: Shop) -> None:
    family = [
        person(None, email("dana@example.com"), phone("+972501234567")),
        person(None, email("noa@example.com"), phone("+972501234567")),
    ]
    dana, noa = find_or_make(shop, family)
    assert (noa.outcome, noa.conflicts) == (
        "new",
        (f"this is a new customer, the phone belongs to customer {dana.customer_id}",),
    )
    assert [one(shop, who).customer_id for who in family] == [dana.customer_id, noa.customer_id]
    assert rows("SELECT customer_id FROM contact_points WHERE kind = 'phone'") == [(dana.customer_id,)]


def test_a_phone_finds_nobody_for_another_id_of_the_same_shop(shop: Shop) -> None:
    first, second = one(shop, person("17", phone("+972501234567"))), one(shop, person("18", phone("+972501234567")))
    assert first.customer_id != second.customer_id
    assert one(shop, person("M-4", phone("+972501234567"), source="till")).customer_id == first.customer_id


def test_two_of_one_file_with_one_phone_and_an_id_each_are_two(shop: Shop) -> None:
    till, *web = [
        person("M-4", phone("+972501234567"), source="till"),
        *(person(number, phone("+972501234567")) for number in ("17", "18", "19")),
    ]
    found = find_or_make(shop, [till, *web])
    assert [one.customer_id == found[0].customer_id for one in found] == [True, True, False, False]
    assert len({one.customer_id for one in found}) == 3
    assert [one.customer_id for one in find_or_make(shop, [till, *web])] == [one.customer_id for one in found]


def test_a_phone_finds_who_brings_nothing_that_only_another_can_have(shop: Shop) -> None:
    made = one(shop, person(None, phone("+972501234567"), email("noreply@shop.example")))
    assert one(shop, person("17", email("dana@example.com"), phone("+972501234567"))).customer_id == made.customer_id
    assert one(shop, person(None, phone("+972501234567"))).customer_id == made.customer_id
    noa = one(shop, person(None, email("noa@example.com"), phone("+972501234567")))
    assert noa.customer_id != made.customer_id


def test_an_address_that_many_share_stands_for_somebody_only_when_there_is_nothing_better(shop: Shop) -> None:
    dana, noa, nobody = find_or_make(
        shop,
        [
            person(None, phone("+972501234567"), email("noreply@shop.example")),
            person(None, phone("+972521234567"), email("noreply@shop.example")),
            person(None, email("noreply@shop.example")),
        ],
    )
    assert dana.customer_id != noa.customer_id
    assert noa.conflicts == ()
    assert nobody.customer_id == dana.customer_id
    assert marks(person("1", email("test@test.com"))) == [("key", "web", "1")]


def test_a_change_is_written_down_with_what_stood_before(shop: Shop) -> None:
    made = one(shop, person("17", first_name="Dana", language="en"))
    assert one(shop, person("17", first_name="דנה")).outcome == "changed"
    assert one(shop, person("17", first_name="דנה")).outcome == "unchanged"
    assert rows("SELECT customer_id, field, before, after, source FROM customer_changes") == [
        (made.customer_id, "first_name", "Dana", "דנה", "web")
    ]
    assert rows("SELECT first_name, language FROM customers") == [("דנה", "en")]


def test_an_order_fills_what_is_missing_and_overwrites_nothing(shop: Shop) -> None:
    one(shop, person("17", first_name="Dana"))
    assert one(shop, person("17", first_name="D.", last_name="Levi"), overwrite=False).outcome == "changed"
    assert rows("SELECT first_name, last_name FROM customers") == [("Dana", "Levi")]


def test_the_first_row_of_an_import_counts_when_two_differ(shop: Shop) -> None:
    names = [person("17", first_name="Dana"), person("17", first_name="D.")]
    for expected in (["new", "unchanged"], ["unchanged", "unchanged"]):
        assert [found.outcome for found in find_or_make(shop, names)] == expected
    assert value("SELECT first_name FROM customers") == "Dana"


def test_a_customer_has_many_addresses_and_a_postal_one_houses_several(shop: Shop) -> None:
    home = Address("postal", "Herzl 1, Tel Aviv", "herzl 1 tel aviv")
    many = person("17", email("a@x.example"), email("b@x.example", verified=True), phone("+972501234567"), home)
    for _ in range(2):
        find_or_make(shop, [many, person("18", home)])
    assert value("SELECT COUNT(*) FROM contact_points") == 5
    assert value("SELECT COUNT(*) FROM contact_points WHERE verified = 1") == 1
    assert len(set(one(shop, many).contact_point_ids)) == 4


def test_an_address_is_verified_once_and_stays_so(shop: Shop) -> None:
    one(shop, person("17", email("A@x.example")))
    assert one(shop, person("17", email("A@x.example", verified=True))).outcome == "changed"
    assert one(shop, person("17", email("a@x.example"))).outcome == "unchanged"
    assert value("SELECT verified FROM contact_points") == 1
    assert rows("SELECT field, before, after, source FROM customer_changes") == [
        ("verified email", None, "a@x.example", "web")
    ]


def test_what_is_new_of_a_person_is_told_whichever_of_their_addresses_it_is(shop: Shop) -> None:
    one(shop, person("17", email("a@x.example")))
    assert one(shop, person("17", email("b@x.example"), email("a@x.example"))).outcome == "changed"
    verified = person("17", email("a@x.example", verified=True))
    assert [found.outcome for found in find_or_make(shop, [verified, verified])] == ["changed", "unchanged"]
    assert value("SELECT COUNT(*) FROM customer_changes") == 1


def test_the_id_counts_before_the_e_mail_and_the_e_mail_before_the_phone(shop: Shop) -> None:
    people = [
        person("17"),
        person(None, email("noa@example.com")),
        person("M-4", phone("+972501234567"), source="till"),
    ]
    dana, noa, tal = (found.customer_id for found in find_or_make(shop, people))
    found = one(shop, person("17", email("noa@example.com"), phone("+972501234567")))
    assert (found.customer_id, len(found.conflicts)) == (dana, 2)
    found = one(shop, person(None, email("noa@example.com"), phone("+972501234567")))
    assert (found.customer_id, len(found.conflicts)) == (noa, 1)
    assert one(shop, person(None, phone("+972501234567"))).customer_id == tal


def test_persons_of_more_than_one_batch_are_found_across_batches(shop: Shop) -> None:
    crowd = [person(str(number), email(f"a{number % 700}@x.example")) for number in range(1400)]
    found = find_or_make(shop, crowd)
    assert [one.outcome for one in found] == ["new"] * 700 + ["changed"] * 700
    assert value("SELECT COUNT(*) FROM customers") == 700
    assert value("SELECT COUNT(*) FROM customer_keys") == 1400
    assert {one.outcome for one in find_or_make(shop, crowd)} == {"unchanged"}


def test_an_address_that_gets_nothing_more_gets_nothing_however_it_is_written(shop: Shop) -> None:
    suppress("email", "dana@example.com", "hard_bounce", shop.clock.now(), "550 5.1.1")
    suppress("phone", "+972501234567", "complaint", shop.clock.now(), "a call")
    dana = one(shop, person("17", email("Dana@Example.com"), Address("phone", "050-123-4567", "+972501234567")))
    assert dana.customer_id is not None
    for kind in get_args(AddressKind):
        (found,) = contacts([dana.customer_id], kind=kind, purpose="service", at=shop.clock.now())[dana.customer_id]
        assert found.objection == "suppressed"
