"""Who may be written to: what was refused stays refused, whatever file comes after it and wherever it is taken."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest

from retainctl.audience import segments
from retainctl.config import Shop, init_folder, read_shop
from retainctl.intake.import_runs import ImportOptions
from retainctl.outreach.outbox.delivering import deliver
from retainctl.shop.consent_history import export_consent, list_consent, revoke_by_hand
from retainctl.shop.consent_import import import_consent
from retainctl.shop.customers_import import import_customers
from retainctl.shop.exporting import export_customers
from retainctl.shop.orders_import.orders import import_orders
from retainctl.shop.orders_import.planning import OrderOptions
from retainctl.store.database import rows
from retainctl.store.opening import open_database
from tests.cases.conftest import Write, codes, counts, on, reached
from tests.cases.mailing import letters, queued, ready

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


def said(shop: Shop) -> list[tuple[str, str, str, str]]:
    """What holds at each address for each purpose, and since which day."""
    return [(one.address, one.purpose, one.state, one.since[:10]) for one in list_consent(shop)]


def test_no_list_that_comes_later_lifts_a_refusal_and_a_permission_that_was_given_later_does(
    shop: Shop, write: Write
) -> None:
    form = write(
        "form.csv",
        "external_id,first_name,email,accepts_marketing,consented_at",
        "1,Noa,noa@example.com,yes,2026-01-10T09:00:00+02:00",
        "2,Gil,gil@example.com,yes,2026-01-10T09:00:00+02:00",
    )
    import_customers(on(shop, "2026-02-01T10:00"), form, ImportOptions(), consent_evidence="sign-up form")
    revoke_by_hand(on(shop, "2026-03-01T10:00"), "noa@example.com", reason="mail of 1 March")
    shop = on(shop, "2026-04-01T10:00")
    refused = [
        ("noa@example.com", "marketing", "revoked", "2026-03-01"),
        ("noa@example.com", "survey", "revoked", "2026-03-01"),
        ("gil@example.com", "marketing", "given", "2026-01-10"),
    ]
    same = import_customers(shop, form, ImportOptions(again=True), consent_evidence="sign-up form")
    assert (counts(same), said(shop)) == ((2, 0, 0, 2), refused)

    till = write(
        "till.csv",
        "external_id,first_name,email,accepts_marketing",
        "1,Noa B,NOA@example.com,yes",
        "2,Gil,gil@example.com,yes",
    )
    undated = import_customers(shop, till, ImportOptions(), consent_evidence="till")
    assert (counts(undated), said(shop)) == ((2, 0, 1, 1), refused)

    def agreed(day: str) -> None:
        path = write("agreed.csv", "email,happened_at", f"noa@example.com,{day}")
        import_consent(shop, path, ImportOptions(), evidence="fair", answer="yes")

    agreed("2026-02-15")
    assert said(shop) == refused
    order = write(
        "orders.csv",
        "Name,Email,Financial Status,Accepts Marketing,Currency,Subtotal,Total,Created at,Lineitem quantity,"
        "Lineitem name,Lineitem price",
        "#1,noa@example.com,paid,yes,ILS,10.00,10.00,2026-03-20 10:00:00 +0200,1,Mug,10.00",
    )
    import_orders(shop, order, OrderOptions(consent_evidence="check-out"))
    agreed("2026-02-15")
    assert said(shop) == [("noa@example.com", "marketing", "given", "2026-03-20"), *refused[1:]]
    agreed("2026-03-25")
    assert said(shop) == [("noa@example.com", "marketing", "given", "2026-03-25"), *refused[1:]]
    assert reached(shop) == [1, 2]


def test_refusals_come_along_to_another_shop_with_their_days_and_a_list_of_customers_permits_nobody(
    folder: Path, tmp_path: Path, write: Write
) -> None:
    form = write(
        "form.csv",
        "external_id,first_name,email,accepts_marketing,consented_at",
        "1,Noa,noa@example.com,yes,2026-01-10",
        "2,Gil,gil@example.com,yes,2026-01-10",
    )
    customers, consents = tmp_path / "customers.csv", tmp_path / "consents.csv"
    old = read_shop(str(folder), now="2026-04-01T10:00")
    with open_database(old.database_url, now=old.clock.now()):
        import_customers(on(old, "2026-02-01T10:00"), form, ImportOptions(), consent_evidence="form")
        for who in ("noa", "stranger"):
            revoke_by_hand(on(old, "2026-03-01T10:00"), f"{who}@example.com", reason="wrote to us")
        before = said(old)
        with customers.open("wb") as file:
            assert export_customers(old, file) == 2
        with consents.open("wb") as file:
            assert export_consent(old, file) == 5
    place = tmp_path / "other"
    init_folder(place, name="Other", language="en", currency="ILS", timezone="Asia/Jerusalem", country="IL")
    new = read_shop(str(place), now="2026-05-01T10:00")
    with open_database(new.database_url, now=new.clock.now(), migrate=True):
        import_customers(new, str(customers), ImportOptions(), consent_evidence="moved from the old shop")
        assert (said(new), reached(new)) == ([], [])
        done = import_consent(new, str(consents), ImportOptions())
        assert (counts(done), codes(done)) == ((5, 5, 0, 0), [])
        assert said(new) == before
        assert (before[0], reached(new)) == (("noa@example.com", "marketing", "revoked", "2026-03-01"), [2])
        late = write(
            "late.csv", "external_id,email,accepts_marketing,consented_at", "3,stranger@example.com,yes,2026-02-01"
        )
        import_customers(new, late, ImportOptions(), consent_evidence="form")
        assert reached(new) == [2]
        assert {(one[2], one[3]) for one in said(new) if one[0] == "stranger@example.com"} == {
            ("revoked", "2026-03-01")
        }


@pytest.fixture
def noa(shop: Shop, write: Write) -> Shop:
    """A customer of two addresses who refused at the one on 2 July and agreed at the other on the sixth."""
    path = write(
        "customers.csv", "external_id,first_name,email,email_2", "1,Noa,noa@home.example.com,noa@work.example.com"
    )
    import_customers(on(shop, "2026-07-01T10:00"), path, ImportOptions())
    july = on(shop, "2026-07-02T10:00")
    revoke_by_hand(july, "noa@work.example.com", reason="by phone")
    assert reached(july) == []
    path = write("agreed.csv", "email,happened_at", "noa@home.example.com,2026-07-06T09:00:00+03:00")
    july = on(shop, "2026-07-06T10:00")
    import_consent(july, path, ImportOptions(), evidence="form", answer="yes")
    assert reached(july) == [1]
    return july


def test_who_refuses_again_at_another_address_than_they_agreed_at_is_not_written_to(noa: Shop, write: Write) -> None:
    home, survey, work, work_survey = said(on(noa, "2026-07-06T10:00"))
    assert (home[1:3], work[1:3]) == (("marketing", "given"), ("marketing", "revoked"))
    assert survey[1:] == work_survey[1:] == ("survey", "revoked", "2026-07-02")
    july = on(noa, "2026-07-08T10:00")
    revoke_by_hand(july, "noa@work.example.com", reason="wrote from work")
    assert reached(july) == []
    assert said(july) == [
        (f"noa@{place}.example.com", purpose, "revoked", "2026-07-08")
        for place in ("home", "work")
        for purpose in ("marketing", "survey")
    ]
    july = on(noa, "2026-07-09T10:00")
    old = write("old.csv", "email,answer", "noa@work.example.com,unsubscribed")
    import_consent(july, old, ImportOptions(), evidence="old list")
    assert reached(july) == []
    july = on(noa, "2026-07-10T10:00")
    revoke_by_hand(july, "1", reason="by phone")
    assert reached(july) == []


@pytest.mark.parametrize("way", ["list", "number"])
def test_a_second_refusal_counts_by_whichever_way_it_comes(noa: Shop, write: Write, way: str) -> None:
    july = on(noa, "2026-07-09T10:00")
    if way == "number":
        revoke_by_hand(july, "1", reason="by phone")
    else:
        old = write("old.csv", "email,answer", "noa@work.example.com,unsubscribed")
        assert counts(import_consent(july, old, ImportOptions(), evidence="old list")) == (1, 1, 0, 0)
    assert reached(july) == []


def test_an_approved_letter_is_not_sent_to_who_refused_at_their_other_address_meanwhile(noa: Shop) -> None:
    segments.create(noa, "agreed", "consented marketing")
    ready(noa, "spring", audience="agreed")
    assert queued(noa, "spring").recipients == 1
    july = on(noa, "2026-07-08T10:05")
    revoke_by_hand(july, "noa@work.example.com", reason="wrote from work: no more")
    done = deliver(july).row
    assert (done.sent, done.suppressed, done.left) == (0, 1, 0)
    assert letters(noa) == []
