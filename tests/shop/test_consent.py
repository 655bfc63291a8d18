"""No evidence, no consent; no consent, no mail; and a refusal stays one."""

from __future__ import annotations

import pytest

from retainctl.config import Shop
from retainctl.errors import Refused
from retainctl.shop import consent
from retainctl.shop.consent import Contact, Decision, blocked, contacts, record, revoke, suppress
from retainctl.shop.consent_history import list_consent, show_consent
from retainctl.store.database import execute, rows
from retainctl.store.transactions import writing
from tests.planting import give, plant_address
from tests.reach import contactable

DAY = 86_400


def customer(
    number: int, *addresses: str, flag: str = "", kind: str = "email", merged_into: int | None = None
) -> list[int]:
    """A customer with these addresses; returns the ids of the contact points, which are 10 a customer."""
    points = [number * 10 + place for place in range(len(addresses))]
    with writing():
        execute(
            "INSERT INTO customers (id, first_name, language, merged_into, created_at) VALUES (?, 'דנה', 'he', ?, 0)",
            number, merged_into,
        )  # fmt: skip
        for point, address in zip(points, addresses, strict=True):
            plant_address(number, address.lower(), id=point, kind=kind, value=address, flag=flag)
    return points


def say_yes(shop: Shop, point: int, *, at: int | None = None) -> bool:
    return give(shop, point, purpose="marketing", source="till", evidence="form 17", happened_at=at)


def say_no(shop: Shop, point: int, *, at: int | None = None) -> bool:
    return revoke(shop, point, purpose="marketing", source="phone", evidence="called on Sunday", happened_at=at)


def answer(shop: Shop, number: int) -> Contact | str:
    return contactable([number], purpose="marketing", at=shop.clock.now())[number]


def test_each_customer_has_an_address_or_a_reason(shop: Shop) -> None:
    (good,) = customer(1, "Dana@example.com")
    customer(2)
    (noreply,) = customer(3, "noreply@example.com", flag="role")
    (bounced,) = customer(4, "gone@example.com")
    customer(5, "silent@example.com")
    customer(6, merged_into=1)
    for point in (good, noreply, bounced):
        say_yes(shop, point)
    assert suppress("email", "gone@example.com", "hard_bounce", shop.clock.now(), "550 5.1.1")
    assert contactable([1, 2, 3, 4, 5, 6, 7], purpose="marketing", at=shop.clock.now()) == {
        1: Contact(good, "דנה", None, language="he"),
        2: "no_address",
        3: "not_mailable",
        4: "suppressed",
        5: "no_consent",
        6: "merged",
    }


def test_a_refusal_after_a_permission_at_another_address_is_new_on_the_same_day_too(shop: Shop) -> None:
    first, second = customer(1, "dana@example.com", "noa@example.com")
    now = shop.clock.now()
    assert say_no(shop, first, at=now - 7_200)
    assert say_yes(shop, second, at=now - 3_600)
    assert say_no(shop, first), "it is another word, and the last"
    assert answer(shop, 1) == "no_consent"
    assert not say_no(shop, first), "and this one is not"


def test_consent_holds_for_its_purpose_alone(shop: Shop) -> None:
    (point,) = customer(1, "dana@example.com")
    say_yes(shop, point)
    assert contactable([1], purpose="survey", at=shop.clock.now()) == {1: "no_consent"}


def test_consent_counts_from_when_it_was_given(shop: Shop) -> None:
    (point,) = customer(1, "dana@example.com")
    say_yes(shop, point, at=1000)
    assert contactable([1], purpose="marketing", at=999) == {1: "no_consent"}
    assert isinstance(contactable([1], purpose="marketing", at=1000)[1], Contact)


def test_the_latest_decision_counts_in_whatever_order_they_were_told(shop: Shop) -> None:
    (point,) = customer(1, "dana@example.com")
    say_no(shop, point, at=2000)
    say_yes(shop, point, at=1000)
    assert answer(shop, 1) == "no_consent"
    say_yes(shop, point, at=3000)
    assert isinstance(answer(shop, 1), Contact)


def test_a_refusal_on_file_holds_whatever_the_clock_says(shop: Shop) -> None:
    first, second = customer(1, "dana@example.com", "dana@work.example")
    say_yes(shop, first, at=1000)
    say_yes(shop, second, at=1000)
    say_no(shop, first, at=5000)
    assert contactable([1], purpose="marketing", at=2000) == {1: "no_consent"}
    say_yes(shop, second, at=4000)
    assert contactable([1], purpose="marketing", at=4500) == {1: "no_consent"}
    say_yes(shop, second, at=5001)
    assert isinstance(contactable([1], purpose="marketing", at=5001)[1], Contact)


def test_a_refusal_that_is_dated_tomorrow_is_listed_today_and_a_permission_is_not(shop: Shop) -> None:
    (first,), (second,) = customer(1, "dana@example.com"), customer(2, "noa@example.com")
    say_no(shop, first, at=shop.clock.now() + DAY)
    say_yes(shop, second, at=shop.clock.now() + DAY)
    assert [(one.customer_id, one.state) for one in list_consent(shop)] == [(1, "revoked")]


@pytest.mark.parametrize("refused_first", [True, False])
def test_a_refusal_and_a_permission_of_one_instant_are_a_refusal(shop: Shop, refused_first: bool) -> None:
    (point,) = customer(1, "dana@example.com")
    for say in (say_no, say_yes) if refused_first else (say_yes, say_no):
        say(shop, point, at=1000)
    assert answer(shop, 1) == "no_consent"
    assert [one.state for one in list_consent(shop, "1")] == ["revoked"]
    (noreply,) = customer(2, "noreply@example.com", flag="role")
    for say in (say_no, say_yes) if refused_first else (say_yes, say_no):
        say(shop, noreply, at=1000)
    assert [(one.state, one.evidence) for one in list_consent(shop, "2")] == [("not_mailable", "called on Sunday")]


def test_a_refusal_of_now_comes_after_a_permission_from_a_clock_that_was_ahead(shop: Shop) -> None:
    (point,) = customer(1, "dana@example.com")
    say_yes(shop, point, at=shop.clock.now() + DAY)
    say_no(shop, point)
    assert contactable([1], purpose="marketing", at=shop.clock.now() + 2 * DAY) == {1: "no_consent"}
    assert not say_no(shop, point)


@pytest.mark.parametrize("evidence", ["", "  ", "\n"])
def test_no_evidence_no_consent(shop: Shop, evidence: str) -> None:
    (point,) = customer(1, "dana@example.com")
    with pytest.raises(Refused, match="needs evidence"):
        give(shop, point, purpose="marketing", source="till", evidence=evidence)
    assert rows("SELECT * FROM consents") == []


def test_a_second_address_with_consent_is_written_to_when_the_first_has_none(shop: Shop) -> None:
    _, second = customer(1, "old@example.com", "new@example.com")
    say_yes(shop, second)
    assert answer(shop, 1) == Contact(second, "דנה", None, language="he")


def test_where_several_are_allowed_the_latest_permission_counts_then_the_verified_then_the_newest(shop: Shop) -> None:
    old, new = customer(1, "old@example.com", "new@example.com")
    say_yes(shop, old, at=1000)
    say_yes(shop, new, at=1000)

    def first() -> int:
        (found, _) = contacts([1], purpose="marketing", at=9000)[1]
        return found.contact_point_id

    assert first() == old  # of one file's row the first
    with writing():
        execute("UPDATE contact_points SET created_at = 7 WHERE id = ?", new)
    assert first() == new
    with writing():
        execute("UPDATE contact_points SET verified = 1 WHERE id = ?", old)
    assert first() == old
    say_yes(shop, new, at=2000)
    assert first() == new
    assert contacts([1], purpose="service", at=9000)[1][0].contact_point_id == new


def test_every_address_is_told_with_what_speaks_against_it(shop: Shop) -> None:
    good, silent, gone = customer(1, "good@example.com", "silent@example.com", "gone@example.com")
    say_yes(shop, good)
    suppress("email", "gone@example.com", "hard_bounce", shop.clock.now(), "550 5.1.1")

    def objections(purpose: consent.Use) -> list[tuple[int, str]]:
        found = contacts([1], purpose=purpose, at=shop.clock.now())[1]
        return [(one.contact_point_id, one.objection) for one in found]

    assert objections("marketing") == [(good, ""), (silent, "no_consent"), (gone, "suppressed")]
    assert objections("service") == [(good, ""), (silent, ""), (gone, "suppressed")]


def test_a_refusal_at_one_address_is_a_refusal_of_the_person(shop: Shop) -> None:
    first, second = customer(1, "dana@example.com", "dana@work.example")
    say_yes(shop, first, at=1000)
    say_yes(shop, second, at=1000)
    say_no(shop, first, at=2000)
    assert answer(shop, 1) == "no_consent"
    say_yes(shop, second, at=3000)
    assert answer(shop, 1) == Contact(second, "דנה", None, language="he")


def test_a_complaint_at_one_address_silences_the_other_and_a_bounce_does_not(shop: Shop) -> None:
    for number, reason in ((1, "complaint"), (2, "hard_bounce")):
        for point in customer(number, f"a{number}@example.com", f"b{number}@example.com"):
            say_yes(shop, point, at=1000)
        suppress("email", f"a{number}@example.com", reason, 2000, "report")  # type: ignore[arg-type]
    assert answer(shop, 1) == "no_consent"
    assert answer(shop, 2) == Contact(21, "דנה", None, language="he")


def with_phone(number: int = 1) -> tuple[int, int]:
    """A customer's e-mail and phone."""
    (mail,) = customer(number, f"dana{number}@example.com")
    with writing():
        return mail, plant_address(number, f"+97250123456{number}", id=number * 10 + 5, kind="phone")


def test_who_will_not_be_rung_up_may_be_written_to(shop: Shop) -> None:
    mail, phone = with_phone()
    say_yes(shop, mail, at=1000)
    say_no(shop, phone, at=2000)
    assert isinstance(answer(shop, 1), Contact)
    assert [(one.address, one.state) for one in list_consent(shop, "1")] == [
        ("dana1@example.com", "given"),
        ("+972501234561", "revoked"),
    ]
    for point, action in ((phone, "revoked"), (mail, "given")):
        told = Decision(point, "survey", action, "file", "box")  # type: ignore[arg-type]
        assert record(shop, [told]) == ["new"]


def test_a_refusal_at_each_address_is_recorded_though_the_person_refused_at_another(shop: Shop) -> None:
    first, second = customer(1, "dana@example.com", "dana@work.example")
    for point in (first, second):
        say_yes(shop, point, at=1000)
    assert [say_no(shop, point) for point in (first, second, second)] == [True, True, False]


def test_who_refuses_again_where_they_refused_before_is_heard(shop: Shop) -> None:
    """They had agreed since, at another of their addresses."""
    home, work = customer(1, "noa@home.example", "noa@work.example")
    say_no(shop, work, at=1000)
    say_yes(shop, home, at=2000)
    assert isinstance(answer(shop, 1), Contact)
    undated = Decision(work, "marketing", "revoked", "file", "an old list")
    assert [record(shop, [undated]), record(shop, [undated])] == [["new"], ["unchanged"]]
    assert answer(shop, 1) == "no_consent"


def test_of_several_refusals_the_newest_is_shown(shop: Shop) -> None:
    first, second = customer(1, "dana@example.com", "dana@work.example")
    for point, at, evidence in ((first, 2000, "called"), (second, 3000, "wrote"), (first, 1000, "at the till")):
        revoke(shop, point, purpose="marketing", source="phone", evidence=evidence, happened_at=at)
    assert [(one.state, one.evidence) for one in list_consent(shop)] == [("revoked", "wrote")] * 2


def test_a_refusal_is_shown_with_its_own_evidence_whatever_is_allowed_elsewhere_later(shop: Shop) -> None:
    first, second = customer(1, "dana@example.com", "dana@work.example")
    revoke(shop, first, purpose="marketing", source="phone", evidence="called", happened_at=2000)
    give(shop, second, purpose="marketing", source="web", evidence="box", happened_at=3000)
    assert ("dana@example.com", "revoked", "called") in [
        (one.address, one.state, one.evidence) for one in list_consent(shop)
    ]


@pytest.mark.parametrize("given_at", [2000, 3000])
def test_decisions_of_one_list_count_by_their_dates_and_not_by_their_rows(shop: Shop, given_at: int) -> None:
    (point,) = customer(1, "dana@example.com")
    told = [
        Decision(point, "marketing", "revoked", "file", "call", 3000),
        Decision(point, "marketing", "given", "file", "form", given_at),
        Decision(point, "marketing", "given", "file", "box"),
    ]
    assert sorted(record(shop, told)) == ["new", "new", "refused_before"]


@pytest.mark.parametrize("at_once", [True, False])
def test_a_permission_without_a_date_overrules_no_refusal_of_the_person_in_the_same_list(
    shop: Shop, at_once: bool
) -> None:
    first, second = customer(1, "dana@example.com", "dana@work.example")
    (noa,) = customer(2, "noa@example.com")
    refusal = Decision(first, "marketing", "revoked", "file", "call", shop.clock.now() - DAY)
    boxes = [Decision(point, "marketing", "given", "file", "box") for point in (second, noa)]
    lists = [[refusal, *boxes]] if at_once else [[refusal], boxes]
    assert [record(shop, one).count("refused_before") for one in lists][-1] == 1
    assert answer(shop, 1) == "no_consent"
    assert isinstance(answer(shop, 2), Contact)


def test_what_is_listed_of_an_address_is_what_was_said_there(shop: Shop) -> None:
    first, second = customer(1, "dana@example.com", "dana@work.example")
    give(shop, first, purpose="marketing", source="till", evidence="form 17", happened_at=1000)
    give(shop, second, purpose="marketing", source="web", evidence="box", happened_at=2000)
    mail, phone = with_phone(2)
    say_no(shop, mail, at=1000)
    revoke(shop, phone, purpose="marketing", source="till", evidence="a word", happened_at=2000)
    listed = [(one.address, one.state, one.evidence) for one in list_consent(shop)]
    assert listed == [
        ("dana@example.com", "given", "form 17"),
        ("dana@work.example", "given", "box"),
        ("dana2@example.com", "revoked", "called on Sunday"),
        ("+972501234562", "revoked", "a word"),
    ]


def test_what_is_listed_of_a_blocked_address_is_what_blocks_it_and_not_a_later_permission(shop: Shop) -> None:
    (point,) = customer(1, "gone@example.com")
    suppress("email", "gone@example.com", "hard_bounce", 2_000, "550 5.1.1")
    say_yes(shop, point, at=3_000)
    assert {(one.state, one.source, one.evidence) for one in list_consent(shop)} == {
        ("suppressed", "hard_bounce", "550 5.1.1")
    }


@pytest.mark.parametrize(
    ("reason", "before", "since"),
    [
        ("unsubscribed", "no_consent", ""),
        ("by_hand", "no_consent", ""),
        ("complaint", "suppressed", "suppressed"),
        ("hard_bounce", "suppressed", "suppressed"),
    ],
)
def test_what_an_address_refused_before_it_was_anybody_s_ends_at_most_by_a_later_permission(
    shop: Shop, reason: consent.SuppressionReason, before: str, since: str
) -> None:
    suppress("email", "dana@example.com", reason, 2000, "before we knew whose it was")
    (point,) = customer(1, "Dana@Example.com")
    assert (blocked(["Dana@Example.com", "noa@example.com"]) == {"Dana@Example.com"}) == bool(since)
    undated = record(shop, [Decision(point, "marketing", "given", "file", "box")])
    assert (undated == ["new"]) == (reason == "hard_bounce")
    say_yes(shop, point, at=2000)
    assert answer(shop, 1) == before
    say_yes(shop, point, at=2001)
    found = answer(shop, 1)
    assert (found if isinstance(found, str) else found.objection) == since


def test_the_same_decision_is_recorded_once(shop: Shop) -> None:
    (point,) = customer(1, "dana@example.com")
    told = [Decision(point, "marketing", "given", "file", "signup form", 1000)] * 3
    assert record(shop, told) == ["new", "unchanged", "unchanged"]
    assert record(shop, told) == ["unchanged"] * 3


def test_a_permission_without_a_date_never_overrules_a_refusal(shop: Shop) -> None:
    first, second = customer(1, "dana@example.com", "dana@work.example")
    nightly = [Decision(point, "marketing", "given", "file", "checkout box") for point in (first, second)]
    assert record(shop, nightly[:1]) == ["new"]
    say_no(shop, first)
    assert record(shop, nightly) == ["refused_before"] * 2
    assert answer(shop, 1) == "no_consent"


def test_phones_have_their_own_consent(shop: Shop) -> None:
    (point,) = customer(1, "+972501234567", kind="phone")
    say_yes(shop, point)
    assert isinstance(contactable([1], kind="phone", purpose="marketing", at=shop.clock.now())[1], Contact)
    assert answer(shop, 1) == "no_address"


def test_a_batch_is_of_any_size_when_recorded(shop: Shop) -> None:
    with writing():
        for point in range(1, 1102):
            execute("INSERT INTO customers (id, created_at) VALUES (?, 0)", point)
            plant_address(point, f"a{point}@x.example", id=point)
    decisions = [Decision(point, "survey", "given", "file", "form") for point in range(1, 1102)]
    assert record(shop, decisions) == ["new"] * 1101
    assert contactable([], purpose="survey", at=0) == {}


def test_what_was_decided_in_one_instant_is_shown_as_it_was_told_and_a_block_last(shop: Shop) -> None:
    first, second = customer(1, "dana@example.com", "dana@work.example")
    suppress("email", "dana@work.example", "hard_bounce", 1000, "550 5.1.1")
    for point, purpose in ((second, "survey"), (first, "marketing"), (second, "marketing")):
        give(shop, point, purpose=purpose, source="till", evidence="form", happened_at=1000)  # type: ignore[arg-type]
    assert [(one.address, one.purpose) for one in show_consent(shop, "1")] == [
        ("dana@work.example", "survey"),
        ("dana@example.com", "marketing"),
        ("dana@work.example", "marketing"),
        ("dana@work.example", ""),
    ]


def test_the_consent_of_one_customer_is_listed_alone(shop: Shop) -> None:
    for number in (1, 2, 3):
        say_yes(shop, customer(number, f"c{number}@example.com")[0])
    assert [[one.customer_id for one in list_consent(shop, str(number))] for number in (1, 2, 3)] == [[1], [2], [3]]


def test_it_is_kept_when_a_decision_was_recorded_and_when_it_was_made(shop: Shop) -> None:
    (point,) = customer(1, "dana@example.com")
    say_yes(shop, point, at=1000)
    assert rows("SELECT happened_at, recorded_at FROM consents") == [(1000, shop.clock.now())]
