"""One ordered list of rules says who may be written to."""

from __future__ import annotations

import re
from typing import get_args

from retainctl.config import Shop
from retainctl.outreach.contact import REASONS, Ask, Reason, Recipient, Refusal, verdicts
from retainctl.shop import consent
from retainctl.store.database import execute
from tests.outreach.people import customer


def test_every_reason_has_its_words_in_both_languages() -> None:
    assert list(REASONS) == list(get_args(Reason))
    assert {one for one in get_args(consent.Objection) if one} <= set(REASONS)
    for english, hebrew in REASONS.values():
        assert re.search("[a-z]", english)
        assert re.search("[א-ת]", hebrew)


def test_the_first_rule_that_speaks_against_somebody_is_the_reason(shop: Shop) -> None:
    ask = Ask("campaign", "spring", "marketing", shop.clock.now())
    dana, gone, silent = customer(shop), customer(shop, address="gone@example.com"), customer(shop, agrees=False)
    consent.suppress("email", "gone@example.com", "hard_bounce", 0, "550")
    merged = customer(shop, agrees=False)
    execute("UPDATE customers SET merged_into = ? WHERE id = ?", dana, merged)

    found = verdicts(shop, ask, [Recipient(one) for one in (dana, gone, silent, merged, 999)])
    refused = {person.customer_id: one.reason for person, one in found.items() if isinstance(one, Refusal)}
    assert refused == {gone: "suppressed", silent: "no_consent", merged: "merged"}
    assert Recipient(dana) in found
    assert Recipient(999) not in found
    assert verdicts(shop, ask, []) == {}


def test_of_two_who_have_become_one_the_second_is_refused_only_where_the_first_may_be_written_to(shop: Shop) -> None:
    ask = Ask("campaign", "spring", "marketing", shop.clock.now())
    dana, noa = customer(shop), customer(shop, agrees=False)
    twice = [Recipient(dana, None, 101), Recipient(dana, None, 102)]

    first, second = (verdicts(shop, ask, twice)[one] for one in twice)
    assert isinstance(first, consent.Contact)
    assert second == Refusal("already_sent")

    both = [Recipient(noa, None, 101), Recipient(noa, None, 102)]
    assert set(verdicts(shop, ask, both).values()) == {Refusal("no_consent")}
