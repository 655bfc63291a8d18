"""Campaigns from draft to outbox."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from retainctl import cli
from retainctl.audience import segments
from retainctl.clock import Clock
from retainctl.config import Shop
from retainctl.errors import BadData, Refused, RetainError, WrongUsage
from retainctl.outreach import mailings, tokens
from retainctl.outreach.campaigns import list_campaigns
from retainctl.outreach.direction import as_written
from retainctl.outreach.drafts import CAMPAIGN, CampaignOutcome, write_draft
from retainctl.outreach.mailings import CandidateRow, Changed
from retainctl.outreach.outbox import queueing
from retainctl.outreach.outbox.delivering import Delivery, deliver
from retainctl.outreach.outbox.listing import list_messages
from retainctl.outreach.rendering import UNSUBSCRIBE
from retainctl.store import installation
from retainctl.store.database import execute, rows, value
from tests.conftest import NOW, Terminal
from tests.outreach.conftest import MakeMailing
from tests.outreach.outbox.conftest import make_customers
from tests.outreach.people import customer
from tests.outreach.test_drafts import edited, finished
from tests.outreach.test_planning import sent
from tests.outreach.test_rendering import bodies, parsed, with_mail, with_settings


@pytest.fixture
def ready(shop: Shop) -> Path:
    """A finished draft to three customers, of whom one did not agree."""
    customer(shop), customer(shop, "נועה"), customer(shop, agrees=False)
    path = finished(shop)
    segments.refresh(shop, "everybody")
    return path


def planned(shop: Shop) -> str:
    return mailings.plan(shop, CAMPAIGN, "spring").hash


def approved(shop: Shop) -> str:
    plan_hash = planned(shop)
    mailings.approve(shop, CAMPAIGN, "spring", plan_hash)
    return plan_hash


def counted(name: str = "spring") -> dict[str, int]:
    return {outcome.outcome: outcome.customers for outcome in mailings.outcomes(CAMPAIGN, name)}


def test_a_campaign_goes_from_draft_to_outbox_and_nothing_is_sent(shop: Shop, ready: Path) -> None:
    plan_hash = approved(shop)

    assert mailings.send(shop, CAMPAIGN, "spring") == Changed("spring", "active", plan_hash, 2)
    assert rows("SELECT to_address, state FROM outbox ORDER BY customer_id") == [
        ("customer1@example.com", "planned"), ("customer2@example.com", "planned"),
    ]  # fmt: skip
    assert value("SELECT sent_at FROM mailings") == shop.clock.now()
    assert mailings.send(shop, CAMPAIGN, "spring") == Changed("spring", "active", plan_hash, 0)
    assert value("SELECT COUNT(*) FROM outbox") == 2


def test_each_step_of_a_mailing_keeps_its_own_time(shop: Shop, ready: Path) -> None:
    def later(minutes: int) -> Shop:
        return dataclasses.replace(shop, clock=Clock(shop.clock.zone, now + 60 * minutes))

    now = shop.clock.now()
    plan_hash = planned(shop)
    mailings.approve(later(1), CAMPAIGN, "spring", plan_hash)
    mailings.send(later(2), CAMPAIGN, "spring")
    mailings.approve(later(3), CAMPAIGN, "spring", planned(later(3)))

    assert rows("SELECT planned_at, approved_at, sent_at FROM mailings ORDER BY id") == [
        (now, now + 60, now + 120),
        (now + 180, now + 180, None),
    ]
    assert set(rows("SELECT next_at FROM outbox")) == {(now + 120,)}
    assert [row.planned_at for row in list_campaigns(later(9))] == ["2025-03-02T10:03:00+02:00"]


def test_a_draft_that_is_not_ready_cannot_be_planned(shop: Shop, ready: Path) -> None:
    edited(ready, 'why = "חג"', 'why = ""')
    edited(ready, 'what = "קפה חדש"', 'what = ""')

    with pytest.raises(BadData, match="not ready: why is empty, and 1 more") as refused:
        mailings.plan(shop, CAMPAIGN, "spring")
    assert refused.value.hint == "See all faults: retainctl campaigns check spring"
    assert value("SELECT COUNT(*) FROM mailings") == 0


def test_what_is_not_approved_is_not_sent(shop: Shop, ready: Path) -> None:
    with pytest.raises(RetainError, match="the campaign spring has no plan"):
        mailings.send(shop, CAMPAIGN, "spring")
    plan_hash = planned(shop)

    with pytest.raises(Refused, match="the campaign spring is not approved") as refused:
        mailings.send(shop, CAMPAIGN, "spring")
    assert refused.value.exit_code == 77
    assert refused.value.hint.endswith(f"retainctl campaigns approve spring {plan_hash}")
    assert value("SELECT COUNT(*) FROM outbox") == 0


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("קפה חדש", "תה חדש"), ("2025-03-16", "2025-03-17"), ('why = "חג"', 'why = "אביב"'),
        ('audience = "everybody"', 'audience = "others"'), ("שלום", "היי"),
    ],
)  # fmt: skip
def test_a_file_that_changed_after_its_plan_or_its_approval_is_refused(
    shop: Shop, ready: Path, before: str, after: str
) -> None:
    segments.create(shop, "others", "orders >= 0")
    plan_hash = approved(shop)
    edited(ready, before, after)

    with pytest.raises(Refused, match="has changed since it was planned"):
        mailings.approve(shop, CAMPAIGN, "spring", plan_hash)
    with pytest.raises(Refused, match="has changed since it was planned"):
        mailings.send(shop, CAMPAIGN, "spring")
    assert value("SELECT COUNT(*) FROM outbox") == 0


def test_a_sender_that_changed_after_the_plan_or_the_approval_is_refused(shop: Shop, ready: Path) -> None:
    plan_hash = approved(shop)
    for changed in (
        *(with_mail(shop, **{name: "other@shop.example"})
          for name in ("from_address", "from_name", "reply_to", "unsubscribe_address")),
        with_settings(shop, name="another shop"), with_settings(shop, public_url="https://club.shop.example"),
    ):  # fmt: skip
        with pytest.raises(Refused, match="the sender or the time zone of the campaign spring has changed"):
            mailings.approve(changed, CAMPAIGN, "spring", plan_hash)
        with pytest.raises(Refused, match="has changed since it was planned") as refused:
            mailings.send(changed, CAMPAIGN, "spring")
        assert (
            refused.value.hint == "Plan it again, review it, and approve the new plan: retainctl campaigns plan spring"
        )
    assert value("SELECT COUNT(*) FROM outbox") == 0
    assert mailings.send(shop, CAMPAIGN, "spring").messages == 2


def test_who_comes_in_after_the_plan_gets_nothing(shop: Shop, ready: Path) -> None:
    approved(shop)
    customer(shop)
    segments.refresh(shop, "everybody")

    assert mailings.send(shop, CAMPAIGN, "spring").messages == 2


def test_a_plan_asks_its_segment_anew_and_a_dry_run_changes_nothing(shop: Shop, ready: Path) -> None:
    new = customer(shop)
    found = mailings.plan(shop, CAMPAIGN, "spring", dry_run=True)
    assert (found.candidates, found.recipients) == (3, 2)
    assert value("SELECT COUNT(*) FROM segment_members WHERE customer_id = ?", new) == 0

    made = mailings.plan(shop, CAMPAIGN, "spring")
    assert (made.candidates, made.recipients) == (4, 3)
    assert value("SELECT excluded FROM recipients WHERE customer_id = ?", new) == ""


def test_a_dry_run_sends_nothing(shop: Shop, ready: Path) -> None:
    plan_hash = approved(shop)

    assert mailings.send(shop, CAMPAIGN, "spring", dry_run=True) == Changed("spring", "approved", plan_hash, 2)
    assert value("SELECT COUNT(*) FROM outbox") == 0


def test_a_paused_campaign_is_paused_until_it_is_resumed(shop: Shop, ready: Path) -> None:
    plan_hash = approved(shop)
    with pytest.raises(Refused, match="is not active"):
        mailings.pause(CAMPAIGN, "spring")
    mailings.send(shop, CAMPAIGN, "spring")

    assert mailings.pause(CAMPAIGN, "spring", reason="the price is wrong") == Changed("spring", "paused", plan_hash, 0)
    assert mailings.pause(CAMPAIGN, "spring").state == "paused"
    assert value("SELECT state FROM mailings") == "paused"
    assert mailings.resume(CAMPAIGN, "spring").state == "active"
    assert rows("SELECT state, pause_reason FROM mailings") == [("active", "")]

    execute("UPDATE mailings SET program = 'survey'")
    approved(shop)
    mailings.send(shop, CAMPAIGN, "spring")
    mailings.pause(CAMPAIGN, "spring")  # a survey of that name goes on
    assert rows("SELECT program, state FROM mailings ORDER BY id") == [("survey", "active"), ("campaign", "paused")]


def test_what_is_cancelled_is_never_sent_and_may_be_planned_again(shop: Shop, ready: Path) -> None:
    plan_hash = approved(shop)
    assert mailings.cancel(shop, CAMPAIGN, "spring") == Changed("spring", "cancelled", plan_hash, 0)
    with pytest.raises(WrongUsage, match="has no plan"):
        mailings.send(shop, CAMPAIGN, "spring")
    with pytest.raises(Refused, match="it was cancelled; nothing was queued"):  # whoever had read it before that
        queueing.queue(shop, value("SELECT id FROM mailings WHERE state = 'cancelled'"))

    approved(shop)
    mailings.send(shop, CAMPAIGN, "spring")
    installation.adopt()
    assert deliver(shop, limit=1).row.sent == 1
    with pytest.raises(Refused, match="is being sent") as refused:
        mailings.cancel(shop, CAMPAIGN, "spring")
    assert refused.value.hint == "Pause it first: retainctl campaigns pause spring"
    mailings.pause(CAMPAIGN, "spring")
    assert deliver(shop).row.left == 1, "what is paused waits"

    assert mailings.cancel(shop, CAMPAIGN, "spring") == Changed("spring", "cancelled", plan_hash, 1)
    assert deliver(shop).row == Delivery(0, 0, 0, 0, 0, 0, 0, 0)
    assert rows("SELECT state, COUNT(*) FROM outbox GROUP BY state ORDER BY state") == [("cancelled", 1), ("sent", 1)]
    with pytest.raises(Refused, match="is not active"):
        mailings.resume(CAMPAIGN, "spring")

    planned(shop)
    with pytest.raises(Refused, match="is not approved"):
        mailings.cancel(shop, CAMPAIGN, "spring")
    assert rows(
        "SELECT COUNT(*) FROM recipients WHERE mailing_id = (SELECT MAX(id) FROM mailings) AND excluded = ''"
    ) == [(1,)], "whoever was written to is not written to again"


def test_all_that_waits_of_a_name_is_cancelled_and_not_the_newest_alone(shop: Shop, ready: Path) -> None:
    approved(shop)
    mailings.send(shop, CAMPAIGN, "spring")
    mailings.pause(CAMPAIGN, "spring")
    customer(shop)
    approved(shop)
    assert rows("SELECT state FROM mailings ORDER BY id") == [("paused",), ("approved",)]
    mailings.cancel(shop, CAMPAIGN, "spring")
    assert rows("SELECT state FROM mailings ORDER BY id") == [("cancelled",), ("cancelled",)]
    assert rows("SELECT DISTINCT state FROM outbox") == [("cancelled",)]


def test_a_message_that_was_sent_at_the_first_try_had_one(shop: Shop, ready: Path) -> None:
    approved(shop)
    mailings.send(shop, CAMPAIGN, "spring")
    installation.adopt()
    assert [one.attempts for one in list_messages(shop)] == [0, 0]
    deliver(shop)
    assert [(one.state, one.attempts) for one in list_messages(shop)] == [("sent", 1), ("sent", 1)]


def test_a_pause_holds_back_every_mailing_of_the_campaign_that_is_under_way(shop: Shop, ready: Path) -> None:
    for _ in range(2):  # whoever came in since the first is in the second
        plan_hash = approved(shop)
        mailings.send(shop, CAMPAIGN, "spring")
        customer(shop)
    planned(shop)
    installation.adopt()

    assert mailings.pause(CAMPAIGN, "spring") == Changed("spring", "paused", plan_hash, 0)
    assert deliver(shop).row.sent == 0
    assert mailings.resume(CAMPAIGN, "spring") == Changed("spring", "active", plan_hash, 0)
    assert deliver(shop).row.sent == 3
    assert [state for (state,) in rows("SELECT state FROM mailings ORDER BY id")] == ["active", "active", "planned"]


def test_a_resume_lets_go_what_a_server_stopped_although_a_newer_mailing_goes_on(shop: Shop, ready: Path) -> None:
    for _ in range(2):
        approved(shop)
        mailings.send(shop, CAMPAIGN, "spring")
        customer(shop)
    execute("UPDATE mailings SET state = 'paused', pause_reason = 'refused' WHERE id = (SELECT MIN(id) FROM mailings)")

    mailings.resume(CAMPAIGN, "spring")
    assert rows("SELECT state, pause_reason FROM mailings") == [("active", ""), ("active", "")]


def test_every_candidate_is_accounted_for_at_every_hour(shop: Shop, ready: Path) -> None:
    plan_hash = planned(shop)
    assert mailings.outcomes(CAMPAIGN, "spring") == [
        CampaignOutcome("spring", "planned", plan_hash, "no_consent", 1),
        CampaignOutcome("spring", "planned", plan_hash, "planned", 2),
    ]
    mailings.approve(shop, CAMPAIGN, "spring", plan_hash)
    mailings.send(shop, CAMPAIGN, "spring")
    assert counted() == {"no_consent": 1, "planned": 2}

    execute("UPDATE outbox SET state = 'sent' WHERE customer_id = 1")
    execute("UPDATE outbox SET state = 'unknown' WHERE customer_id = 2")
    assert counted() == {"no_consent": 1, "sent": 1, "unknown": 1}


def test_every_recipient_can_be_shown_with_their_own_reason(shop: Shop, ready: Path, make_mailing: MakeMailing) -> None:
    planned(shop)

    reason = "קיבלתם הודעה זו כי אישרתם ל״החנות״ לשלוח לכם הצעות ועדכונים."
    assert list(mailings.candidates(CAMPAIGN, "spring")) == [
        CandidateRow(1, "planned", reason), CandidateRow(2, "planned", reason), CandidateRow(3, "no_consent", ""),
    ]  # fmt: skip
    sent(shop, make_mailing().id, 1)
    assert [one.outcome for one in mailings.candidates(CAMPAIGN, "spring")] == ["planned", "planned", "no_consent"]


def test_a_mailing_of_several_batches_leaves_nobody_out_and_nobody_twice(
    shop: Shop, ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queueing, "_BATCH", 2)
    new = make_customers(shop, [f"new{n}@example.com" for n in range(502)])
    approved(shop)
    made = mailings.send(shop, CAMPAIGN, "spring").messages

    assert made == 504
    assert [one.customer for one in mailings.candidates(CAMPAIGN, "spring")] == [1, 2, 3, *new]
    assert [one for (one,) in rows("SELECT customer_id FROM outbox ORDER BY customer_id")] == [1, 2, *new]


def test_the_way_out_in_a_sample_is_of_the_one_who_reads_it(shop: Shop, ready: Path) -> None:
    customer(shop, address=None)
    last = customer(shop)
    segments.refresh(shop, "everybody")
    planned(shop)
    sample = mailings.samples(CAMPAIGN, "spring", 9)[-1]
    point, mailing = value("SELECT MAX(id) FROM contact_points"), value("SELECT id FROM mailings")
    assert point != last
    assert sample.customer == last
    token = tokens.found_in(sample.text)
    assert tokens.verify(token, UNSUBSCRIBE, shop.clock.now()) == f"{point}.{mailing}"


def test_a_sample_is_what_a_recipient_will_read(shop: Shop, ready: Path) -> None:
    planned(shop)

    first, second = mailings.samples(CAMPAIGN, "spring", 5)
    assert (first.customer, first.subject) == (1, "פרסומת: קפה חדש")
    shown = as_written(first.text)
    assert shown.startswith("קפה חדש\n\nשלום דנה,\n\nהכנו הצעה מיוחדת בשבילכם.\n\nלהתראות,\nצוות החנות\n")
    assert "להסרה מרשימת התפוצה:\nmailto:shop@shop.example?subject=unsubscribe%20v1." in shown
    assert "שלום \u2068נועה\u2069," in second.text


def test_the_list_says_where_each_campaign_stands(shop: Shop, ready: Path) -> None:
    write_draft(shop, "autumn", kind="greeting", audience="")
    (shop.folder / "campaigns" / "broken.md").write_text("x", encoding="utf-8")
    plan_hash = approved(shop)

    assert [(row.name, row.type, row.state, row.hash, row.recipients) for row in list_campaigns(shop)] == [
        ("autumn", "greeting", "draft", "", 0), ("broken", "", "faulty", "", 0),
        ("spring", "offer", "approved", plan_hash, 2),
    ]  # fmt: skip


def test_the_command_line_from_draft_to_outbox(shop: Shop, retainctl: Terminal) -> None:
    customer(shop), customer(shop, agrees=False)
    segments.create(shop, "everybody", "orders >= 0")
    assert retainctl("campaigns", "draft", "spring", "--kind", "offer", "--audience", "everybody").code == 0

    ended = retainctl("campaigns", "check", "spring")
    assert (ended.code, ended.stderr) == (65, "retainctl: the campaign spring is not ready: 2 faults\n")
    assert ended.stdout == (
        "where\tfault\tremedy\n"
        "front matter\twhy is empty\tSay why you write to these customers, and why now.\n"
        "front matter\twhat is empty\tSay what you offer or tell them.\n"
    )
    path = shop.folder / "campaigns" / "spring.md"
    path.write_text(path.read_text(encoding="utf-8").replace(' = ""', ' = "קפה"'), encoding="utf-8")
    ended = retainctl("campaigns", "check", "spring")
    assert (ended.code, ended.stdout, ended.stderr) == (0, "", "")

    head, line = retainctl("campaigns", "plan", "spring").stdout.splitlines()
    made = dict(zip(head.split("\t"), line.split("\t"), strict=True))
    assert (made["candidates"], made["recipients"], made["no_consent"]) == ("2", "1", "1")
    ended = retainctl("campaigns", "send", "spring")
    assert (ended.code, ended.stdout) == (77, "")
    assert retainctl("campaigns", "approve", "spring", "0123456789abcdef").code == 77
    assert retainctl("campaigns", "approve", "spring", made["hash"]).stdout == (
        f"name\tstate\thash\tmessages\nspring\tapproved\t{made['hash']}\t0\n"
    )
    tried = retainctl("campaigns", "send", "spring", "--dry-run")
    assert tried.stdout.splitlines()[1] == f"spring\tapproved\t{made['hash']}\t1"
    assert value("SELECT COUNT(*) FROM outbox") == 0
    assert retainctl("campaigns", "send", "spring").stdout.splitlines()[1] == f"spring\tactive\t{made['hash']}\t1"
    assert retainctl("campaigns", "show", "spring").stdout == (
        "campaign\tstate\thash\toutcome\tcustomers\n"
        f"spring\tactive\t{made['hash']}\tno_consent\t1\nspring\tactive\t{made['hash']}\tplanned\t1\n"
    )


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
def test_what_is_typed_after_a_campaign_reaches_it(shop: Shop, ready: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def typed(*words: str) -> str:
        capsys.readouterr()
        assert cli.run(["--shop", str(shop.folder), "--now", NOW, "campaigns", *words]) == 0
        return capsys.readouterr().out

    approved(shop)
    for count in (1, 2):
        assert len(re.findall(r"^\d: פרסומת: ", typed("show", "spring", "--sample", str(count)), re.MULTILINE)) == count
    pages = [typed("show", "spring", "--sample", str(number), "--format", "html") for number in (1, 2)]
    assert all(one.lower().startswith("<!doctype html>") for one in pages), "the mail itself, and no table of it"
    assert ["דנה" in one for one in pages] == [True, False], "each is of one recipient"
    assert (
        cli.run(["--shop", str(shop.folder), "campaigns", "show", "spring", "--sample", "9", "--format", "html"]) == 2
    )
    assert "the plan of spring has 2 recipients, and no recipient 9" in capsys.readouterr().err
    assert [line.split("\t")[1] for line in typed("show", "spring", "--candidates").splitlines()[1:]] == [
        "planned",
        "planned",
        "no_consent",
    ]
    typed("send", "spring")
    typed("pause", "spring", "--reason", "the price is wrong")
    assert rows("SELECT state, pause_reason FROM mailings") == [("paused", "the price is wrong")]


def test_everybody_gets_the_message_in_the_language_that_they_are_known_to_read(shop: Shop) -> None:
    for first_name, language in (("דנה", "he"), ("Anna", "en"), ("נועה", None)):
        execute("UPDATE customers SET language = ? WHERE id = ?", language, customer(shop, first_name))
    path = finished(shop)
    edited(path, '[en]\nwhat = "קפה חדש"', '[en]\nwhat = "New coffee"')
    made = mailings.plan(shop, CAMPAIGN, "spring")
    mailings.approve(shop, CAMPAIGN, "spring", made.hash)
    mailings.send(shop, CAMPAIGN, "spring")
    deliver(shop)

    assert (made.recipients, made.he, made.en) == (3, 2, 1)
    found = {}
    for eml in (shop.folder / "mail").iterdir():
        message = parsed(eml.read_bytes())
        text, html = bodies(message)
        found[str(message["To"].addresses[0].addr_spec)] = (
            message["Subject"],
            text.splitlines()[2],
            html.split("\n")[1],
        )
    hebrew, english = '<html lang="he" dir="rtl">', '<html lang="en" dir="ltr">'
    assert found == {
        "customer1@example.com": ("פרסומת: קפה חדש", "שלום דנה,", hebrew),
        "customer2@example.com": ("פרסומת: \u2066New coffee\u2069", "Hello Anna,", english),
        "customer3@example.com": ("פרסומת: קפה חדש", "שלום נועה,", hebrew),
    }
    reasons = [one.reason for one in mailings.candidates(CAMPAIGN, "spring")]
    assert [reason.partition(" ")[0] for reason in reasons] == ["קיבלתם", "You", "קיבלתם"]
    assert [one.subject for one in mailings.samples(CAMPAIGN, "spring", 2)] == [
        "פרסומת: קפה חדש",
        "פרסומת: \u2066New coffee\u2069",
    ]
