"""Inviting: planned and approved like a campaign, each with a token of their own, nobody twice."""

from __future__ import annotations

import email
import email.policy
import io
import json
import os
import pty
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest

from retainctl.clock import DAY_SECONDS
from retainctl.config import Shop, read_shop
from retainctl.errors import BadData, Refused, WrongUsage
from retainctl.insight.reports.campaigns import campaigns
from retainctl.outreach import mailings, tokens
from retainctl.outreach.direction import as_written
from retainctl.outreach.outbox.delivering import deliver
from retainctl.shop import consent
from retainctl.store.database import execute, rows, value
from retainctl.terminal import agreed
from retainctl.voice.answering import AnswerOptions, import_answers
from retainctl.voice.invitations import invite
from retainctl.voice.results import results
from retainctl.voice.surveys import PURPOSE, SURVEY, SURVEYS, draft
from tests.conftest import NOW, Terminal
from tests.outreach.people import customer
from tests.outreach.test_rendering import bodies, parsed, with_mail, with_settings


@pytest.fixture
def asking(folder: Path, shop: Shop) -> Shop:
    """A shop that may write, with the survey ``spring`` for the segment ``buyers``: everybody."""
    path = folder / "retainctl.toml"
    text = path.read_text(encoding="utf-8")
    for name, value_ in (
        ("postal_address", "הרצל 1, תל אביב"),
        ("contact", "03-5550100"),
        ("from_address", "shop@shop.example"),
    ):
        text = text.replace(f'{name} = ""', f'{name} = "{value_}"')
    path.write_text(text, encoding="utf-8")
    (folder / "segments").mkdir(exist_ok=True)
    (folder / "segments" / "buyers.toml").write_text('expression = "orders >= 0"\n')
    asking = read_shop(str(folder), now=NOW)
    draft(asking, "spring", kind="nps", audience="buyers")
    return asking


def mails(shop: Shop) -> dict[str, str]:
    """The text of each mail that was written as a file, by its recipient."""
    found = {}
    for path in (shop.folder / "mail").rglob("*.eml"):
        mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        body = mail.get_body(("plain",))
        assert body is not None
        found[str(mail["To"].addresses[0].addr_spec)] = as_written(body.get_content()).replace("\r\n", "\n")
    return found


def test_the_audience_is_planned_with_everybody_else_excluded_for_a_reason(asking: Shop) -> None:
    customer(asking, purpose="survey")
    customer(asking, purpose="marketing")  # agreed to advertisements, not to surveys
    customer(asking, address=None)
    plan = mailings.plan(asking, SURVEY, "spring")
    assert (plan.candidates, plan.recipients, plan.no_consent, plan.no_address) == (3, 1, 1, 1)
    assert value("SELECT COUNT(*) FROM outbox") == 0


def test_a_run_queues_what_was_approved_and_nobody_is_invited_twice(asking: Shop) -> None:
    for _ in range(3):
        customer(asking, purpose="survey")
    plan = mailings.plan(asking, SURVEY, "spring")
    assert invite(asking, "spring", plan.hash).invitations == 3
    again = mailings.plan(asking, SURVEY, "spring")
    assert (again.recipients, again.already_sent) == (0, 3)
    customer(asking, purpose="survey")
    later = mailings.plan(asking, SURVEY, "spring")
    assert (later.recipients, later.already_sent) == (1, 3)
    assert invite(asking, "spring", later.hash).invitations == 1
    assert rows("SELECT COUNT(*), COUNT(DISTINCT customer_id) FROM outbox") == [(4, 4)]


def test_what_was_not_approved_or_has_changed_is_refused(asking: Shop) -> None:
    customer(asking, purpose="survey")
    plan = mailings.plan(asking, SURVEY, "spring")
    with pytest.raises(Refused, match="has the hash"):
        invite(asking, "spring", "0" * 16)
    path = asking.folder / "surveys" / "spring.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("תודה!", "תודה רבה!"), encoding="utf-8")
    with pytest.raises(Refused, match="has changed since it was planned"):
        invite(asking, "spring", plan.hash)
    assert value("SELECT COUNT(*) FROM outbox") == 0


def test_only_the_hash_that_was_sent_is_taken_for_sent(asking: Shop) -> None:
    customer(asking, purpose="survey")
    plan = mailings.plan(asking, SURVEY, "spring")
    invite(asking, "spring", plan.hash)
    with pytest.raises(Refused, match="no plan waiting for approval"):
        invite(asking, "spring", "0" * 16)
    assert invite(asking, "spring", plan.hash).invitations == 0


def test_a_sender_that_changed_since_the_plan_is_refused(asking: Shop) -> None:
    customer(asking, purpose="survey")
    plan = mailings.plan(asking, SURVEY, "spring")
    with pytest.raises(Refused, match="the sender or the time zone of the survey spring has changed") as refused:
        invite(with_mail(asking, from_address="other@shop.example"), "spring", plan.hash)
    assert refused.value.hint.endswith("retainctl surveys plan spring")
    assert invite(asking, "spring", plan.hash).invitations == 1


def test_the_invitation_asks_each_question_and_is_answered_by_reply_with_its_own_token(asking: Shop) -> None:
    ids = [customer(asking, first_name, purpose="survey") for first_name in ("דנה", "נועה")]
    invite(asking, "spring", mailings.plan(asking, SURVEY, "spring").hash)
    assert deliver(asking).row.sent == 2
    found = mails(asking)
    assert len(found) == 2
    for one, name in zip(ids, ("דנה", "נועה"), strict=True):
        text = found[f"customer{one}@example.com"]
        assert f"שלום {name}" in text
        assert "1/2" in text
        assert "באיזו מידה סביר שתמליצו עלינו" in text
        assert "השיבו להודעה זו" in text
        [token] = re.findall(r"הקוד שלכם .*:\n(\S+)", text)
        mailing = value("SELECT id FROM mailings WHERE program = 'survey'")
        assert tokens.verify(token, PURPOSE, asking.clock.now()) == f"{mailing}.{one}"


def test_an_invitation_lists_the_choices_of_a_question(asking: Shop) -> None:
    path = asking.folder / "surveys" / "spring.toml"
    choice = '[[questions]]\nname = "found"\nkind = "choice"\ntext = "How?"\nchoices = ["a friend", "the web"]\n'
    path.write_text(path.read_text(encoding="utf-8") + choice, encoding="utf-8")
    one = customer(asking, purpose="survey")
    invite(asking, "spring", mailings.plan(asking, SURVEY, "spring").hash)
    deliver(asking)
    text = mails(asking)[f"customer{one}@example.com"].replace("\r\n", "\n")
    assert "How?\n\n- a friend\n- the web\n" in text


def test_an_invitation_is_no_advertisement_and_says_how_to_be_left_alone(asking: Shop) -> None:
    customer(asking, purpose="survey")
    invite(asking, "spring", mailings.plan(asking, SURVEY, "spring").hash)
    deliver(asking)
    [path] = (asking.folder / "mail").rglob("*.eml")
    mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert asking.settings.country == "IL"
    assert "פרסומת" not in mail["Subject"]
    assert mail["List-Unsubscribe"].startswith("<mailto:shop@shop.example?subject=unsubscribe%20v1.")


def test_an_invitation_is_good_for_half_a_year(asking: Shop) -> None:
    one = customer(asking, purpose="survey")
    invite(asking, "spring", mailings.plan(asking, SURVEY, "spring").hash)
    deliver(asking)
    [token] = re.findall(r"הקוד שלכם .*:\n(\S+)", mails(asking)[f"customer{one}@example.com"])
    ends = asking.clock.now() + 180 * DAY_SECONDS
    assert tokens.verify(token, PURPOSE, ends - 1).endswith(f".{one}")
    with pytest.raises(BadData, match="has expired"):
        tokens.verify(token, PURPOSE, ends)


def test_where_the_shop_has_a_public_address_the_invitation_has_a_link(asking: Shop) -> None:
    path = asking.folder / "retainctl.toml"
    path.write_text('public_url = "https://shop.example"\n' + path.read_text(encoding="utf-8"), encoding="utf-8")
    shop = read_shop(str(asking.folder), now=NOW)
    one = customer(shop, purpose="survey")
    invite(shop, "spring", mailings.plan(shop, SURVEY, "spring").hash)
    deliver(shop)
    text = mails(shop)[f"customer{one}@example.com"]
    assert re.search(r"https://shop\.example/s/v1\.\S+", text)
    assert "הקוד שלכם" not in text


def test_the_contact_budget_holds_for_invitations_too(asking: Shop) -> None:
    customer(asking, purpose="survey")
    for name in ("spring", "summer"):  # two a week is the limit
        if name != "spring":
            draft(asking, name, kind="csat", audience="buyers")
        invite(asking, name, mailings.plan(asking, SURVEY, name).hash)
        assert deliver(asking).row.sent == 1
    draft(asking, "autumn", kind="ces", audience="buyers")
    plan = mailings.plan(asking, SURVEY, "autumn")
    assert (plan.recipients, plan.budget) == (0, 1)


def test_who_took_back_their_consent_is_not_written_to_although_it_was_approved(asking: Shop) -> None:
    one = customer(asking, purpose="survey")
    invite(asking, "spring", mailings.plan(asking, SURVEY, "spring").hash)
    point = value("SELECT id FROM contact_points WHERE customer_id = ?", one)
    consent.revoke(asking, point, purpose="survey", source="phone", evidence="called")
    assert deliver(asking).row.sent == 0
    assert mails(asking) == {}


def test_answers_with_the_token_make_the_response_rate(asking: Shop, tmp_path: Path) -> None:
    for _ in range(4):
        customer(asking, purpose="survey")
    invite(asking, "spring", mailings.plan(asking, SURVEY, "spring").hash)
    deliver(asking)
    [token] = re.findall(r"הקוד שלכם .*:\n(\S+)", next(iter(mails(asking).values())))
    file = tmp_path / "answers.csv"
    file.write_text(f"token,recommend,comment\n{token},10,מצוין\n", encoding="utf-8")
    assert import_answers(asking, "spring", str(file), AnswerOptions()).row.rows_new == 1
    row = results(asking, "spring")[0]
    assert (row.invited, row.responded, row.response_rate, row.promoters) == (4, 1, 0.25, 1)


def test_a_survey_without_an_audience_invites_nobody(asking: Shop) -> None:
    (asking.folder / "surveys" / "till.toml").write_text(
        'title = "Till"\n[[questions]]\nname = "a"\nkind = "csat"\ntext = "?"\n'
    )
    with pytest.raises(WrongUsage, match="has no invitation"):
        mailings.plan(asking, SURVEY, "till")


def test_an_invitation_with_a_fault_is_not_planned(asking: Shop) -> None:
    path = asking.folder / "surveys" / "spring.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("{{ first_name }}", "{{ frist_name }}"), encoding="utf-8")
    with pytest.raises(BadData, match="unknown name frist_name"):
        mailings.plan(asking, SURVEY, "spring")


def test_who_asks_says_who_they_are_as_who_advertises_does(asking: Shop) -> None:
    sender = replace(asking.settings.sender, postal_address="")
    nobody = replace(asking, settings=replace(asking.settings, sender=sender))
    with pytest.raises(BadData, match="the sender's postal address is empty, but the law requires it"):
        mailings.plan(nobody, SURVEY, "spring")


def test_a_survey_that_asks_no_segment_or_one_that_is_not_there_is_not_planned(asking: Shop) -> None:
    draft(asking, "summer", kind="csat")
    with pytest.raises(BadData, match="it is empty"):
        mailings.plan(asking, SURVEY, "summer")
    path = draft(asking, "autumn", kind="csat")
    path.write_text(path.read_text(encoding="utf-8").replace('audience = ""', 'audience = "buyrs"'), encoding="utf-8")
    with pytest.raises(BadData, match="there is no segment buyrs"):
        mailings.plan(asking, SURVEY, "autumn")


def test_the_commands_plan_approve_and_send_as_those_of_campaigns_do(asking: Shop, retainctl: Terminal) -> None:
    customer(asking, purpose="survey"), customer(asking, agrees=False)
    counted = retainctl("surveys", "plan", "spring", "--dry-run", "--format", "json")
    assert (counted.code, json.loads(counted.stdout)["rows"][0]["recipients"]) == (0, 1)
    assert value("SELECT COUNT(*) FROM mailings") == 0

    planned = retainctl("surveys", "plan", "spring", "--format", "jsonl")
    assert (planned.code, planned.stderr) == (0, "")
    plan_hash = json.loads(planned.stdout)["hash"]
    unapproved = retainctl("surveys", "send", "spring")
    assert (unapproved.code, unapproved.stdout) == (77, "")
    assert unapproved.stderr == (
        "retainctl: the survey spring is not approved\n"
        f"  Review it, then: retainctl surveys approve spring {plan_hash}\n"
    )
    assert "באיזו מידה סביר שתמליצו עלינו" in retainctl("surveys", "show", "spring", "--sample", "1").stdout
    assert retainctl("surveys", "approve", "spring", "0123456789abcdef").code == 77
    approved = retainctl("surveys", "approve", "spring", plan_hash)
    assert approved.stdout == f"name\tstate\thash\tmessages\nspring\tapproved\t{plan_hash}\t0\n"
    for messages in (1, 0):
        sent = retainctl("surveys", "send", "spring")
        assert (sent.code, sent.stdout.splitlines()[1]) == (0, f"spring\tactive\t{plan_hash}\t{messages}")
    assert retainctl("surveys", "show", "spring").stdout == (
        "name\tstate\thash\toutcome\tcustomers\n"
        f"spring\tactive\t{plan_hash}\tno_consent\t1\nspring\tactive\t{plan_hash}\tplanned\t1\n"
    )
    assert retainctl("surveys", "pause", "spring").stdout.splitlines()[1].startswith("spring\tpaused")
    assert retainctl("surveys", "resume", "spring").stdout.splitlines()[1].startswith("spring\tactive")


def test_a_run_is_the_three_in_one_and_asks_nobody_off_a_terminal(asking: Shop, retainctl: Terminal) -> None:
    customer(asking, purpose="survey")
    counted = retainctl("surveys", "run", "spring", "--dry-run", "--format", "json")
    assert (counted.code, json.loads(counted.stdout)["rows"][0]["recipients"]) == (0, 1)
    unasked = retainctl("surveys", "run", "spring")
    assert (unasked.code, unasked.stdout) == (2, "")
    assert unasked.stderr == (
        "retainctl: surveys run needs --yes when not on a terminal\n"
        "  Add --yes, or only plan it: retainctl surveys plan spring\n"
    )
    assert value("SELECT COUNT(*) FROM mailings") == 0

    sent = retainctl("surveys", "run", "spring", "--yes")
    plan_hash = str(value("SELECT plan_hash FROM mailings"))[:16]
    assert (sent.code, sent.stderr) == (0, "")
    assert sent.stdout == f"survey\thash\tinvitations\nspring\t{plan_hash}\t1\n"
    assert invite(asking, "spring", plan_hash).invitations == 0

    again = retainctl("surveys", "run", "spring", "--yes", "--format", "json")
    told = json.loads(again.stdout)
    assert (again.code, told["kind"], told["rows"][0]["invitations"]) == (0, "survey_run", 0)
    assert value("SELECT COUNT(*) FROM outbox") == 1
    assert f"spring\tactive\t{plan_hash}" in retainctl("surveys", "show", "spring").stdout, "nothing took its place"
    assert [(one.mailing, one.state) for one in campaigns(asking)] == [(1, "active")]


@pytest.mark.parametrize(("answer", "code", "invited"), [(b"y\n", 0, 1), (b"n\n", 77, 0), (b"\x04", 77, 0)])
def test_at_a_terminal_a_run_shows_its_plan_and_asks(asking: Shop, answer: bytes, code: int, invited: int) -> None:
    customer(asking, purpose="survey")
    ours, theirs = pty.openpty()
    os.write(ours, answer)
    words = ["--shop", str(asking.folder), "--now", NOW, "surveys", "run", "spring"]
    ended = subprocess.run([sys.executable, "-m", "retainctl", *words], stdin=theirs, capture_output=True, check=False)
    os.close(ours)
    os.close(theirs)
    assert ended.stdout.startswith(b"name\thash\tcandidates")
    assert ended.stderr.startswith(b"Queue the invitations (1)? [y/N] ")
    assert ended.returncode == code
    assert value("SELECT COUNT(*) FROM outbox") == invited


def test_at_a_terminal_too_a_run_prints_one_document(asking: Shop) -> None:
    customer(asking, purpose="survey")
    ours, theirs = pty.openpty()
    os.write(ours, b"y\n")
    words = ["--shop", str(asking.folder), "--now", NOW, "surveys", "run", "spring", "--format", "json"]
    ended = subprocess.run([sys.executable, "-m", "retainctl", *words], stdin=theirs, capture_output=True, check=False)
    os.close(ours)
    os.close(theirs)
    assert json.loads(ended.stdout)["kind"] == "survey_run"


def test_the_command_checks_questions_and_invitation(asking: Shop, retainctl: Terminal) -> None:
    ended = retainctl("surveys", "check", "spring")
    assert (ended.code, ended.stderr) == (0, "")
    assert [line.split("\t")[:3] for line in ended.stdout.splitlines()] == [
        ["question", "type", "progress"], ["recommend", "nps", "1/2"], ["comment", "text", "2/2"],
    ]  # fmt: skip
    path = asking.folder / "surveys" / "spring.toml"
    path.write_text(path.read_text(encoding="utf-8").replace("{{ first_name }}", "{{ frist_name }}"), encoding="utf-8")
    faulty = retainctl("surveys", "check", "spring")
    assert faulty.code == 65
    assert faulty.stderr == (
        "templates: unknown name frist_name. Did you mean first_name?\n"
        "retainctl: the survey spring is not ready: 1 fault\n"
    )


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        *(dict.fromkeys(("y\n", "Y\n", "yes\n", "YES\n", " y \n"), True).items()),
        *(dict.fromkeys(("", "\n", "n\n", "no\n", "yep\n", "כן\n"), False).items()),
    ],
)
def test_only_a_yes_is_a_yes(monkeypatch: pytest.MonkeyPatch, answer: str, expected: bool) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    assert agreed("Queue the invitations (1)?") is expected


def html_mails(shop: Shop) -> dict[str, str]:
    """The HTML of each mail that was written as a file, by its recipient."""
    found = {}
    for path in (shop.folder / "mail").rglob("*.eml"):
        mail = parsed(path.read_bytes())
        found[str(mail["To"].addresses[0].addr_spec)] = bodies(mail)[1]
    return found


def scores_of(html: str) -> list[tuple[str, str]]:
    """Where each cell of the row of scores leads, and what it shows."""
    [row] = re.findall(
        r'<table role="presentation" dir="ltr" width="100%"[^>]*table-layout:fixed;.*?</table>', html, re.S
    )
    return re.findall(r'<td class="score"[^>]*><a href="([^"]*)"[^>]*>(\d+)</a></td>', row)


def test_the_score_is_a_row_of_cells_and_each_is_a_mail_that_holds_its_answer(asking: Shop, tmp_path: Path) -> None:
    one = customer(asking, purpose="survey")
    asking = with_mail(asking, reply_to="answers+1@shop.example")
    invite(asking, "spring", mailings.plan(asking, SURVEY, "spring").hash)
    deliver(asking)
    html = html_mails(asking)[f"customer{one}@example.com"]
    cells = scores_of(html)

    assert [shown for _, shown in cells] == [str(score) for score in range(11)]
    subjects = [unquote(href.removeprefix("mailto:answers+1@shop.example?subject=")) for href, _ in cells]
    token = subjects[0].split()[1]
    assert subjects == [f"recommend:{score} {token}" for score in range(11)]
    # The token stands in links alone: nothing that is read is longer than a phone is wide.
    words = re.sub(r"<style>.*?</style>|<div.*?</div>|<[^>]*>", " ", html, flags=re.S).split()
    assert max(map(len, words)) < 25
    assert "word-break: break-word" in html

    path = asking.folder / "surveys" / "spring.toml"
    text = path.read_text(encoding="utf-8").replace('# subject = "subject"', 'subject = "Subject"')
    path.write_text(text + '[answers.columns]\nBody = "comment"\n', encoding="utf-8")
    file = tmp_path / "replies.csv"
    file.write_text(f"Subject,Body\nRe: {subjects[9]},מצוין\n", encoding="utf-8")
    assert import_answers(asking, "spring", str(file), AnswerOptions()).row.rows_new == 1
    found = "SELECT r.customer_id, a.question, a.score, a.words FROM answers a JOIN responses r ON r.id = a.response_id"
    assert rows(f"{found} ORDER BY a.question") == [(one, "comment", None, "מצוין"), (one, "recommend", 9, None)]


def test_where_the_shop_has_a_public_address_each_score_is_a_link(asking: Shop) -> None:
    shop = with_settings(asking, public_url="https://shop.example")
    one = customer(shop, purpose="survey")
    invite(shop, "spring", mailings.plan(shop, SURVEY, "spring").hash)
    deliver(shop)
    html = html_mails(shop)[f"customer{one}@example.com"]

    links = [href for href, _ in scores_of(html)]
    base = links[0].removesuffix("?answer=recommend:0")
    assert base.startswith("https://shop.example/s/v1.")
    assert links == [f"{base}?answer=recommend:{score}" for score in range(11)]
    assert f'class="button" href="{base}"' in html


def test_an_invitation_is_in_the_language_that_its_customer_reads(asking: Shop) -> None:
    ids = [customer(asking, name, purpose="survey") for name in ("דנה", "Anna")]
    execute("UPDATE customers SET language = 'en' WHERE id = ?", ids[1])
    (asking.folder / "surveys" / "spring.toml").unlink()
    draft(asking, "spring", kind="csat", audience="buyers")
    made = mailings.plan(asking, SURVEY, "spring")
    invite(asking, "spring", made.hash)
    deliver(asking)
    found, html = mails(asking), html_mails(asking)

    assert (made.he, made.en) == (1, 1)
    assert (
        "1/2 עד כמה אתם מרוצים מהקנייה האחרונה שלכם אצלנו?\n\n1 – בכלל לא, 5 – מאוד\n" in found["customer1@example.com"]
    )
    english = found["customer2@example.com"]
    assert "1/2 How satisfied are you with your last purchase from us?\n\n1 – not at all, 5 – very\n" in english
    assert [len(scores_of(html[f"customer{one}@example.com"])) for one in ids] == [5, 5]
    assert not re.search("[א-ת]", english.replace("החנות", "").replace(asking.settings.sender.postal_address, ""))


@pytest.mark.parametrize(
    ("before", "after", "fault"),
    [
        ('\nreason = "You get', '\n# "You get', "reason is empty"),
        ("\n[en.questions]\n", "\n[en.questions]\n# ", "recommend is missing"),
        ("\n[en.ends]\n", "\n[en.ends]\n# ", "recommend is missing"),
        ("\n[en]\n", '\n[he]\nreason = "x"\n[en]\n', "he is the shop's own language"),
        ("Thank you!", "<b>Thank you!</b>", "it has HTML, which customers would see as <b>"),
        ("{answer}\n\nThank", "{anwser}\n\nThank", "there is no block {anwser}"),
        ('kind = "text"\n', 'kind = "choice"\nchoices = ["a", "b"]\n',
         "comment has choices, and an answer must repeat one letter for letter"),
    ],
)  # fmt: skip
def test_what_a_translated_invitation_lacks_is_told(asking: Shop, before: str, after: str, fault: str) -> None:
    execute("UPDATE customers SET language = 'en' WHERE id = ?", customer(asking, purpose="survey"))
    path = asking.folder / "surveys" / "spring.toml"
    path.unlink()
    draft(asking, "spring", kind="nps", audience="buyers")
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")
    assert [one.fault for one in SURVEYS.faults(asking, SURVEYS.read(asking, "spring"))] == [fault]
