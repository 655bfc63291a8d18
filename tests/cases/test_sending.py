"""Campaigns: everybody once, nobody who refused, and figures that add up."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from retainctl.audience import segments
from retainctl.config import Shop
from retainctl.intake.import_runs import ImportOptions
from retainctl.outreach import mailings
from retainctl.outreach.drafts import CAMPAIGN
from retainctl.outreach.outbox.checking import check
from retainctl.outreach.outbox.delivering import deliver
from retainctl.shop.consent_history import revoke_by_hand
from retainctl.shop.consent_import import import_consent
from retainctl.shop.customers_import import import_customers
from retainctl.shop.orders_import.orders import import_orders
from retainctl.shop.orders_import.planning import OrderOptions
from retainctl.store.database import value
from tests.cases.conftest import ORDERS, Write, codes, counts, exit_code
from tests.cases.mailing import letters, queued, ready
from tests.conftest import Terminal

AGREED = "external_id,first_name,email,accepts_marketing,consented_at"


def test_each_gets_a_campaign_once_over_a_pause_and_three_senders_at_the_same_second(
    shop: Shop, retainctl: Terminal, write: Write
) -> None:
    people = [f"{number},P{number},p{number}@example.com,yes,2025-01-10" for number in range(1, 41)]
    import_customers(shop, write("customers.csv", AGREED, *people), ImportOptions(), consent_evidence="form")
    segments.create(shop, "all", "email is known")
    ready(shop, "spring", audience="all")
    queued(shop, "spring")
    done = deliver(shop, limit=10).row
    assert (done.sent, done.left) == (10, 30)
    assert mailings.pause(CAMPAIGN, "spring", reason="a typo").state == "paused"
    done = deliver(shop).row
    assert (done.sent, done.left) == (0, 30)
    assert mailings.resume(CAMPAIGN, "spring").state == "active"

    with ThreadPoolExecutor(3) as pool:
        runs = list(pool.map(lambda _: retainctl("outbox", "deliver"), range(3)))
    assert [(run.code, run.stderr) for run in runs] == [(0, "")] * 3
    assert sum(int(run.stdout.splitlines()[1].split("\t")[0]) for run in runs) == 30
    assert Counter(letters(shop)) == {f"p{number}@example.com": 1 for number in range(1, 41)}
    check()

    again = mailings.plan(shop, CAMPAIGN, "spring")
    assert (again.candidates, again.recipients, again.already_sent) == (40, 0, 40)
    ready(shop, "summer", audience="all")
    queued(shop, "summer")
    assert deliver(shop).row.sent == 40
    ready(shop, "autumn", audience="all")  # a third one in the same week, of which the settings allow two
    third = mailings.plan(shop, CAMPAIGN, "autumn")
    assert (third.candidates, third.recipients, third.already_sent, third.budget) == (40, 0, 0, 40)


def test_of_every_kind_of_person_in_a_list_it_is_known_what_became_of_them(shop: Shop, write: Write) -> None:
    header = "external_id,first_name,email,phone,accepts_marketing,consented_at"
    people = [f"{number},P{number},p{number}@example.com,,yes,2025-01-10" for number in range(1, 121)]
    path = write(
        "customers.csv",
        header,
        *people,
        "201,A,,050-1234567,yes,2025-01-10",
        "202,B,noreply@example.com,,yes,2025-01-10",
        "203,C,c@example.com,,no,2025-01-10",
        "204,D,d@example.com,,,",
        "205,E,e@localhost,,yes,2025-01-10",
    )
    done = import_customers(shop, path, ImportOptions(), consent_evidence="form")
    assert (counts(done), exit_code(done)) == ((125, 125, 0, 0), 3)
    assert [(held.origin.line, held.code) for held in done.quarantined] == [(126, "bad_email")]
    revoke_by_hand(shop, "p7@example.com", reason="x")
    segments.create(shop, "all", "email is known or phone is known")
    ready(shop, "spring", audience="all")
    plan = queued(shop, "spring")
    assert (plan.candidates, plan.recipients, plan.no_address, plan.not_mailable, plan.no_consent) == (
        124, 119, 1, 1, 3,
    )  # fmt: skip
    assert (plan.merged, plan.suppressed, plan.already_sent, plan.budget) == (0, 0, 0, 0)

    revoke_by_hand(shop, "p8@example.com", reason="after the approval")
    late = write("late.csv", AGREED, "300,Z,z@example.com,yes,2025-01-10")
    import_customers(shop, late, ImportOptions(), consent_evidence="form")
    segments.refresh(shop, "all")
    runs = [deliver(shop, limit=50).row for _ in range(3)]
    assert [(run.sent, run.suppressed, run.left) for run in runs] == [(50, 1, 68), (50, 0, 18), (18, 0, 0)]
    assert {one.outcome: one.customers for one in mailings.outcomes(CAMPAIGN, "spring")} == {
        "no_address": 1, "no_consent": 3, "not_mailable": 1, "sent": 118, "suppressed": 1,
    }  # fmt: skip
    assert value("SELECT state FROM mailings") == "active"
    told = letters(shop)
    assert (len(told), {"z@example.com", "p7@example.com", "p8@example.com"} & set(told)) == (118, set())
    check()


def test_of_one_address_in_other_spellings_one_letter_goes_out_and_none_where_it_refused(
    shop: Shop, write: Write
) -> None:
    spelled = ["Noa@Example.com", "NOA+news@example.com", "gil@BÜCHER.example.com", "jose\u0301@example.com"]
    orders = [f"{number},2025-01-05T10:00:00+02:00,{who},A,1,10.00,ILS,completed" for number, who in enumerate(spelled)]
    import_orders(shop, write("orders.csv", ORDERS, *orders), OrderOptions())
    revoke_by_hand(shop, "NOA@EXAMPLE.COM", reason="by phone")
    agreed = ["noa@example.com", "NOA+news@example.com", "GIL@xn--bcher-kva.example.com", "jos\u00e9@example.com"]
    path = write("agreed.csv", "email,happened_at", *(f"{who},2025-02-01" for who in agreed))
    done = import_consent(shop, path, ImportOptions(), evidence="form", answer="yes")
    assert (counts(done), codes(done)) == ((4, 4, 0, 0), [])
    segments.create(shop, "all", "email is known")
    ready(shop, "spring", audience="all")
    plan = queued(shop, "spring")
    assert (plan.candidates, plan.recipients, plan.not_mailable, plan.no_consent) == (4, 2, 1, 1)
    assert deliver(shop).row.sent == 2
    assert letters(shop) == ["NOA+news@example.com", "gil@xn--bcher-kva.example.com"]
