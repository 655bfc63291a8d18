"""A server may be wrong about an address; a person who complains or refuses is not."""

from __future__ import annotations

import dataclasses
from datetime import date
from pathlib import Path

import pytest

from retainctl.clock import DAY_SECONDS, Clock
from retainctl.config import Shop
from retainctl.errors import Refused, WrongUsage
from retainctl.shop.consent import Contact, Decision, blocked, record, suppress
from retainctl.shop.consent_history import list_consent, revoke_by_hand, show_consent
from retainctl.shop.identity import Address, Person, find_or_make
from retainctl.shop.reinstating import reinstate
from retainctl.store.database import rows, value
from retainctl.store.transactions import writing
from tests.conftest import Terminal
from tests.planting import give
from tests.reach import contactable

PHONE = Address("phone", "050-123-4567", "+972501234567")


def email(name: str) -> Address:
    return Address("email", f"{name}@example.com", f"{name}@example.com")


def people(shop: Shop, *names: str) -> list[int]:
    """Customers who agreed to marketing, each at an address of that name."""
    made = find_or_make(shop, [Person("web", name, (email(name),)) for name in names])
    for name in names:
        point = value("SELECT id FROM contact_points WHERE key = ?", f"{name}@example.com")
        give(shop, point, purpose="marketing", source="till", evidence="form 17", happened_at=1000)
    return [one.customer_id for one in made if one.customer_id is not None]


def customers() -> list[int]:
    return [row[0] for row in rows("SELECT id FROM customers")]


def bounce(shop: Shop, *names: str, days_ago: int = 0) -> None:
    for name in names:
        at = shop.clock.now() - days_ago * DAY_SECONDS
        assert suppress("email", f"{name}@example.com", "hard_bounce", at, "outbox 7: 550 5.1.1")


def reached(shop: Shop, people: list[int]) -> list[bool]:
    found = contactable(people, purpose="marketing", at=shop.clock.now())
    return [isinstance(found[one], Contact) for one in people]


def later(shop: Shop, seconds: int) -> Shop:
    return dataclasses.replace(shop, clock=Clock(shop.clock.zone, shop.clock.now() + seconds))


def test_who_bounced_is_written_to_again_and_may_bounce_again(shop: Shop) -> None:
    (dana,) = people(shop, "dana")
    bounce(shop, "dana")
    assert reached(shop, [dana]) == [False]

    (again,) = reinstate(shop, ["Dana@Example.com"], reason="she rang")
    assert (again.address, again.evidence) == ("dana@example.com", "outbox 7: 550 5.1.1")
    assert again.bounced_at == shop.clock.iso(shop.clock.now())
    assert reached(shop, [dana]) == [True]
    assert blocked(["dana@example.com"]) == set()
    assert [(one.state, one.evidence) for one in list_consent(shop, str(dana))] == [("given", "form 17")]

    tomorrow = later(shop, DAY_SECONDS)
    bounce(tomorrow, "dana")
    assert reached(tomorrow, [dana]) == [False]
    assert blocked(["dana@example.com"]) == {"dana@example.com"}
    said = [(one.action, one.evidence) for one in show_consent(shop, str(dana))]
    assert said[0] == ("given", "form 17")
    assert sorted(said[1:3]) == [("reinstated", "she rang"), ("suppressed", "outbox 7: 550 5.1.1")]
    assert said[3:] == [("suppressed", "outbox 7: 550 5.1.1")]


def test_all_that_bounced_from_a_day_on_are_written_to_again(shop: Shop) -> None:
    known = people(shop, "dana", "noa", "gil")
    bounce(shop, "dana", days_ago=2)
    bounce(shop, "noa", days_ago=1)
    bounce(shop, "gil")
    yesterday = date.fromordinal(shop.clock.today().toordinal() - 1)
    assert [one.address for one in reinstate(shop, [], since=yesterday, reason="the relay was wrong")] == [
        "noa@example.com",
        "gil@example.com",
    ]
    assert reached(shop, known) == [False, True, True]
    assert reinstate(shop, [], since=yesterday, reason="the relay was wrong") == []


@pytest.mark.parametrize("reason", ["complaint", "unsubscribed", "by_hand", "person"])
def test_only_a_bounce_is_taken_back(shop: Shop, reason: str) -> None:
    (dana,) = people(shop, "dana")
    bounce(shop, "dana")
    suppress("email", "dana@example.com", reason, shop.clock.now(), "she complained")  # type: ignore[arg-type]
    reinstate(shop, ["dana@example.com"], reason="she rang")
    assert reached(shop, [dana]) == [False]
    with pytest.raises(Refused, match=r"dana@example\.com did not bounce"):
        reinstate(shop, ["dana@example.com"], reason="she rang")


def test_all_are_written_to_again_or_none(shop: Shop) -> None:
    known = people(shop, "dana", "noa")
    bounce(shop, "dana")
    with pytest.raises(Refused, match=r"noa@example\.com did not bounce"):
        reinstate(shop, ["dana@example.com", "noa@example.com"], reason="they rang")
    with pytest.raises(WrongUsage, match="'x' is neither an e-mail address nor a phone number"):
        reinstate(shop, ["dana@example.com", "x"], reason="they rang")
    with pytest.raises(WrongUsage, match="for a reason"):
        reinstate(shop, ["dana@example.com"], reason=" ")
    assert reached(shop, known) == [False, True]


def test_a_bounce_by_a_clock_that_was_ahead_is_taken_back_too(shop: Shop) -> None:
    (dana,) = people(shop, "dana")
    bounce(later(shop, DAY_SECONDS), "dana")
    reinstate(shop, ["dana@example.com"], reason="she rang")
    assert reached(shop, [dana]) == [True]


def test_an_old_list_of_bounces_takes_nothing_away_again(shop: Shop, retainctl: Terminal, tmp_path: Path) -> None:
    (dana,) = people(shop, "dana")
    bounces = tmp_path / "bounces.csv"
    bounces.write_text("email,answer,date\ndana@example.com,hard bounced,2025-02-01\n", encoding="utf-8")
    assert retainctl("consent", "import", str(bounces), "--source", "list").code == 0
    assert reached(shop, [dana]) == [False]
    assert retainctl("consent", "reinstate", "dana@example.com", "--reason", "she rang").code == 0
    assert retainctl("consent", "import", str(bounces), "--source", "list", "--again").code == 0
    assert reached(shop, [dana]) == [True]


def test_the_command_says_which_and_needs_one(shop: Shop, retainctl: Terminal) -> None:
    people(shop, "dana")
    bounce(shop, "dana")
    today = shop.clock.today().isoformat()
    assert retainctl("consent", "reinstate", "--reason", "she rang").code == 2
    ended = retainctl("consent", "reinstate", "--since", today, "--reason", "she rang", "--format", "tsv")
    assert (ended.code, ended.stdout.splitlines()[1].split("\t")[0]) == (0, "dana@example.com")
    ended = retainctl("consent", "reinstate", "dana@example.com", "--reason", "she rang")
    assert (ended.code, "dana@example.com did not bounce" in ended.stderr) == (77, True)


def test_who_refuses_by_a_phone_that_nobody_has_yet_refuses_at_every_address(shop: Shop) -> None:
    revoke_by_hand(shop, "050-123-4567", reason="called: no mail, no calls")
    find_or_make(shop, [Person("web", "1", (email("dana"), PHONE))])
    (dana,) = customers()
    mail = value("SELECT id FROM contact_points WHERE kind = 'email'")
    before, after = shop.clock.now() - 1, shop.clock.now() + 1
    give(shop, mail, purpose="marketing", source="till", evidence="form 17", happened_at=before)
    assert reached(later(shop, 10), customers()) == [False]
    (row,) = [one for one in list_consent(shop, str(dana)) if one.address == "dana@example.com"][:1]
    assert (row.state, row.evidence) == ("revoked", "called: no mail, no calls")
    assert record(shop, [Decision(mail, "survey", "given", "list", "an undated list")]) == ["refused_before"]
    give(shop, mail, purpose="marketing", source="till", evidence="form 18", happened_at=after)
    assert reached(later(shop, 10), customers()) == [True]


def test_a_later_refusal_of_an_address_that_nobody_has_is_the_one_that_counts(shop: Shop) -> None:
    revoke_by_hand(shop, "dana@example.com", reason="wrote to us")
    revoke_by_hand(later(shop, 100), "dana@example.com", reason="wrote again")
    assert rows("SELECT evidence FROM suppressions ORDER BY suppressed_at") == [("wrote to us",), ("wrote again",)]
    find_or_make(shop, [Person("web", "1", (email("dana"),))])
    between = shop.clock.now() + 50
    point = value("SELECT id FROM contact_points")
    give(shop, point, purpose="marketing", source="till", evidence="form 17", happened_at=between)
    assert reached(later(shop, 1000), customers()) == [False]


def test_a_refusal_without_a_date_that_is_told_again_is_one(shop: Shop, retainctl: Terminal, tmp_path: Path) -> None:
    refusals = tmp_path / "refusals.csv"
    refusals.write_text("email,answer\ndana@example.com,no\n", encoding="utf-8")
    for now in ("2025-03-03T10:00", "2025-03-04T10:00"):
        assert retainctl("--now", now, "consent", "import", str(refusals), "--again").code == 0
    assert value("SELECT COUNT(*) FROM suppressions") == 1


def test_what_a_list_calls_dead_is_no_fault_of_our_server(shop: Shop) -> None:
    dana, noa = people(shop, "dana", "noa")
    bounce(shop, "dana")
    with writing():
        suppress("email", "noa@example.com", "hard_bounce", shop.clock.now(), "the file cleaned.csv")
    assert [one.address for one in reinstate(shop, [], since=shop.clock.today(), reason="wrong")] == [
        "dana@example.com"
    ]
    assert reached(shop, [dana, noa]) == [True, False]
    assert [one.address for one in reinstate(shop, ["noa@example.com"], reason="she rang")] == ["noa@example.com"]
