"""Permissions in from a file: each with its evidence, or quarantined."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Literal

import pytest

from retainctl.clock import Clock
from retainctl.config import Shop
from retainctl.errors import BadConfiguration, BadData, WrongUsage
from retainctl.intake.import_runs import FileResult, Imported, ImportOptions
from retainctl.shop.consent import Contact, Purpose, Use, suppress
from retainctl.shop.consent_history import list_consent, revoke_by_hand
from retainctl.shop.consent_import import import_consent
from retainctl.shop.identity import Address, Person, find_or_make
from retainctl.store.database import rows, value
from tests.conftest import Terminal
from tests.reach import contactable


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "consent.csv"


@pytest.fixture
def dana(shop: Shop) -> int:
    (found,) = find_or_make(
        shop,
        [
            Person(
                "web",
                "17",
                (Address("email", "dana@example.com", "dana@example.com"), Address("phone", "x", "+972502345678")),
            )
        ],
    )
    assert found.customer_id is not None
    return found.customer_id


def bring(
    shop: Shop, file: Path, text: str, *, evidence: str = "", again: bool = False, answer: Literal["", "yes"] = ""
) -> FileResult[Imported]:
    file.write_text(text, encoding="utf-8")
    options = ImportOptions(source="fair", again=again)
    return import_consent(shop, str(file), options, evidence=evidence, answer=answer)


def test_a_list_of_addresses_is_a_list_of_permissions(shop: Shop, dana: int, file: Path) -> None:
    text = "email\nDana@Example.com\n"
    assert bring(shop, file, text, evidence="form of the fair, box 3", answer="yes").row.rows_new == 1
    assert bring(shop, file, text, evidence="form of the fair, box 3", answer="yes", again=True).row.rows_unchanged == 1
    assert rows("SELECT purpose, action, source, evidence FROM consents") == [
        ("marketing", "given", "fair", "form of the fair, box 3")
    ]
    assert not isinstance(contactable([dana], purpose="marketing", at=shop.clock.now())[dana], str)


def test_a_row_states_its_own_answer_date_purpose_evidence_and_wording(shop: Shop, dana: int, file: Path) -> None:
    bring(
        shop,
        file,
        "email,phone,purpose,action,at,evidence,wording\n"
        'dana@example.com,,survey,given,2024-03-01T09:00,card 4,"yes, write to me"\n'
        ",050-2345678,marketing,לא,2024-04-01,call 5,\n",
    )
    assert rows("SELECT purpose, action, happened_at, evidence, wording FROM consents ORDER BY id") == [
        ("survey", "given", 1_709_276_400, "card 4", "yes, write to me"),
        ("marketing", "revoked", 1_712_005_199, "call 5", ""),  # the day's last second
    ]


def test_a_row_without_an_answer_is_a_permission_as_its_day_began(shop: Shop, dana: int, file: Path) -> None:
    bring(shop, file, "email,at\ndana@example.com,2025-03-02\n", evidence="form", answer="yes")
    assert rows("SELECT action, happened_at FROM consents") == [("given", shop.clock.start_of(shop.clock.today()))]
    assert not isinstance(contactable([dana], purpose="marketing", at=shop.clock.now())[dana], str)


def test_the_evidence_of_a_row_counts_before_that_of_the_whole_file(shop: Shop, dana: int, file: Path) -> None:
    bring(shop, file, "email,phone,evidence\ndana@example.com,,card 4\n,050-2345678,\n", evidence="form", answer="yes")
    assert rows("SELECT evidence FROM consents ORDER BY id") == [("card 4",), ("form",)]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("dana@example.com,yes,", "no_evidence"),
        ("nobody@example.com,yes,card", "unknown_address"),
        ("dana@,no,card", "bad_address"),
        (",no,card", "no_address"),
        ("dana@example.com,perhaps,card", "bad_answer"),
    ],
)
def test_a_row_that_proves_nothing_is_quarantined(shop: Shop, dana: int, file: Path, row: str, code: str) -> None:
    outcome = bring(shop, file, f"email,action,evidence\n{row}\n")
    assert [held.code for held in outcome.quarantined] == [code]
    assert value("SELECT COUNT(*) FROM consents") == 0


REFUSALS = (
    "no", "N", "false", "0", "off", "unsubscribed", "Unsubscribe", "opted out", "opt-out", "OPT_OUT", "optout",
    "revoked", "withdrawn", "refused", "declined", "denied", "rejected", "blocked", "Blocklisted", "blacklisted",
    "bounced", "hard bounce", "cleaned", "complained", "spam", "suppressed", "never", "stop", "do not contact",
    "Do-Not-Email", "לא", "מסרבת", "סירב", "הסר", "הוסרה", "הסרה", "חסום", "ביטל", "לא מאשר", "לא מאושר",
    "nope", "No thanks", "unsub", "removed", "לא רוצה", "לא מעוניינת",
)  # fmt: skip
SILENCES = (
    "never_subscribed", "Not Subscribed", "never asked", "pending", "unconfirmed", "unknown", "לא נשאל", "לא ידוע",
)  # fmt: skip


def test_a_refusal_needs_no_evidence(shop: Shop, dana: int, file: Path) -> None:
    outcome = bring(shop, file, "email,action\ndana@example.com,no\n")
    assert outcome.quarantined == ()
    assert rows("SELECT action, evidence FROM consents") == [("revoked", f"the file {file}")]


@pytest.mark.parametrize(
    ("column", "no"), [("wants mail?", "no"), ("Marketing", "לא"), ("Mail OK", "nope"), ("Remark", "unsubscribed")]
)
def test_nobody_agrees_by_an_answer_for_all_where_a_column_says_no(
    shop: Shop, dana: int, file: Path, column: str, no: str
) -> None:
    text = f"email,{column},visits\ndana@example.com,{{}},0\n"
    with pytest.raises(BadData, match="somebody did not agree: the column"):
        bring(shop, file, text.format(no), evidence="form", answer="yes")
    assert value("SELECT COUNT(*) FROM consents") == 0
    assert bring(shop, file, text.format("a word"), evidence="form", answer="yes").row.rows_new == 1


def test_a_refusal_is_one_and_a_silence_is_no_permission_however_they_are_spelled(shop: Shop, file: Path) -> None:
    """Where nobody answered the row is no fault of the file either: it is set aside, be they all of its rows."""
    spelled = [f"a{number}@example.com,{word}\n" for number, word in enumerate((*REFUSALS, *SILENCES))]
    addresses = [Address("email", one.partition(",")[0], one.partition(",")[0]) for one in spelled]
    find_or_make(shop, [Person("web", one.key, (one,)) for one in addresses])
    assert bring(shop, file, "email,action\n" + "".join(spelled[: len(REFUSALS)]), evidence="moved").quarantined == ()
    assert rows("SELECT action, COUNT(*) FROM consents GROUP BY action") == [("revoked", len(REFUSALS) - 4)]
    assert rows("SELECT key, reason FROM suppressions ORDER BY key, reason") == sorted(
        (f"a{REFUSALS.index(word)}@example.com", reason)
        for word, reason in (
            ("hard bounce", "hard_bounce"), ("cleaned", "hard_bounce"), ("complained", "complaint"),
            ("spam", "complaint"),
        )
    )  # fmt: skip
    silent = bring(shop, file, "email,action\n" + "".join(spelled[len(REFUSALS) :]), evidence="moved")
    assert (silent.row.rows_set_aside, silent.quarantined) == (len(SILENCES), ())
    assert rows("SELECT DISTINCT disposition, code FROM held_rows") == [("set_aside", "no_answer")]
    assert value("SELECT COUNT(*) FROM consents") == len(REFUSALS) - 4


FORBIDDEN = [
    ("unsubscribed", "yes"), ("unsubscribed_at", "2025-02-01"), ("UNSUB_TIME", "2025-02-01 10:00:00"),
    ("opted_out", "1"), ("Opt Out", "TRUE"), ("do_not_contact", "x"), ("Do Not Email", "v"), ("Blocklisted", "true"),
    ("blacklisted", "כן"), ("CLEAN_TIME", "2025-02-01 10:00:00"), ("Email Suppressions", "HARD_BOUNCE"),
    ("suppressed", "complaint"), ("Bounced", "2"), ("complained_at", "01.02.2025"), ("spam", "yes"), ("הוסר", "כן"),
    ("תאריך הסרה", "2025-02-01"),
]  # fmt: skip


@pytest.mark.parametrize("answered", ["", "yes", "SUBSCRIBED"])
def test_a_column_that_forbids_is_never_left_unread(shop: Shop, file: Path, answered: str) -> None:
    """Whatever else the row says, and whether its file has a column of answers or its bringer answers for all."""
    for number, (column, cell) in enumerate(FORBIDDEN):
        address = f"a{number}@example.com"
        (found,) = find_or_make(shop, [Person("web", address, (Address("email", address, address),))])
        assert found.customer_id is not None
        head, tail = (",answer", f",{answered}") if answered else ("", "")
        text = f"email,{column}{head}\n{address},{cell}{tail}\n"
        outcome = bring(shop, file, text, evidence="moved", answer="" if answered else "yes")
        assert outcome.row.rows_new == 1, column
        told = contactable([found.customer_id], purpose="marketing", at=shop.clock.now())
        assert told[found.customer_id] in ("no_consent", "suppressed"), column
    assert rows("SELECT reason, COUNT(*) FROM suppressions GROUP BY reason ORDER BY reason") == [
        ("complaint", 3), ("hard_bounce", 2),
    ]  # fmt: skip
    assert rows("SELECT action, COUNT(*) FROM consents GROUP BY action") == [("revoked", len(FORBIDDEN) - 5)]


def test_a_refusal_is_of_its_own_time_and_not_of_the_permission_before_it(shop: Shop, dana: int, file: Path) -> None:
    head = "Email Address,OPTIN_TIME,UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_REASON\n"
    row = "dana@example.com,2024-05-01 08:00:00,2025-02-01 10:00:00,Spring,NORMAL\n"
    bring(shop, file, head + row, evidence="moved")
    assert rows("SELECT action, happened_at FROM consents") == [("revoked", 1_738_404_000)]
    late = "email,email marketing consent,email marketing consent timestamp,email suppressions\n"
    bring(shop, file, f"{late}dana@example.com,SUBSCRIBED,2024-03-01 10:00:00,HARD_BOUNCE\n", evidence="moved")
    assert contactable([dana], purpose="marketing", at=shop.clock.now()) == {dana: "suppressed"}


def test_the_day_of_a_permission_is_not_that_of_a_refusal_beside_it(shop: Shop, dana: int, file: Path) -> None:
    bring(shop, file, "email,consented_at,unsubscribed\ndana@example.com,2024-05-01,yes\n")
    assert rows("SELECT action, happened_at FROM consents") == [("revoked", shop.clock.now())]


def test_a_column_that_forbids_nothing_blocks_nobody(shop: Shop, dana: int, file: Path) -> None:
    text = "email,answer,cleaned,complained,bounced\ndana@example.com,yes,no,0,לא\n"
    bring(shop, file, text, evidence="form")
    assert rows("SELECT reason FROM suppressions") == []
    assert not isinstance(contactable([dana], purpose="marketing", at=shop.clock.now())[dana], str)


@pytest.mark.parametrize(
    "column", ["Member Status Code", "newsletter", "gdpr consent", "Unsub Campaign", "דיוור חודשי"]
)
def test_a_column_that_may_be_an_answer_and_is_not_known_stops_the_file(
    shop: Shop, dana: int, file: Path, column: str
) -> None:
    with pytest.raises(BadData, match=f"the column {column} may say who agreed"):
        bring(shop, file, f"email,{column}\ndana@example.com,yes\n", evidence="moved", answer="yes")
    assert value("SELECT COUNT(*) FROM imports") == 0


def test_who_answers_for_all_does_not_overrule_what_the_file_says(shop: Shop, dana: int, file: Path) -> None:
    with pytest.raises(WrongUsage, match="says itself who agreed"):
        bring(shop, file, "email,answer\ndana@example.com,no\n", evidence="moved", answer="yes")
    outcome = bring(shop, file, "email,unsubscribed\ndana@example.com,no\n", evidence="moved")
    assert (outcome.row.rows_set_aside, value("SELECT COUNT(*) FROM consents")) == (1, 0)
    assert bring(shop, file, "email,unsubscribed\ndana@example.com,no\n", evidence="x", answer="yes").row.rows_new == 1


def test_a_refusal_of_an_address_that_nobody_has_yet_is_kept_for_when_somebody_does(shop: Shop, file: Path) -> None:
    text = "email,answer,at\nlater@example.com,no,2025-02-01T10:00\n"
    assert bring(shop, file, text, evidence="moved").row.rows_new == 1
    assert bring(shop, file, text, evidence="moved", again=True).row.rows_unchanged == 1
    (found,) = find_or_make(shop, [Person("web", "19", (Address("email", "later@example.com", "later@example.com"),))])
    assert found.customer_id is not None
    bring(shop, file, "email\nlater@example.com\n", evidence="form", answer="yes")
    told = contactable([found.customer_id], purpose="marketing", at=shop.clock.now())
    assert told == {found.customer_id: "no_consent"}


@pytest.mark.parametrize(("purpose", "code"), [("service", "bad_purpose"), ("Survey", ""), ("", "")])
def test_a_consent_is_to_marketing_or_to_surveys(shop: Shop, dana: int, file: Path, purpose: str, code: str) -> None:
    outcome = bring(shop, file, f"email,action,evidence,purpose\ndana@example.com,yes,card,{purpose}\n")
    assert [held.code for held in outcome.quarantined] == [one for one in [code] if one]
    assert rows("SELECT purpose FROM consents") == ([] if code else [(purpose.casefold() or "marketing",)])


@pytest.mark.parametrize(
    ("word", "purpose"),
    [
        ("דברי פרסומת", "marketing"),
        ("פרסומת", "marketing"),
        ("דיוור", "marketing"),
        ("סקר", "survey"),
        ("סקרים", "survey"),
    ],
)
def test_a_purpose_may_be_said_in_hebrew(shop: Shop, dana: int, file: Path, word: str, purpose: str) -> None:
    outcome = bring(shop, file, f"מייל,action,evidence,מטרה\ndana@example.com,yes,card, {word} \n")
    assert outcome.quarantined == ()
    assert rows("SELECT purpose FROM consents") == [(purpose,)]
    both: tuple[Purpose, ...] = ("marketing", "survey")
    refused = [contactable([dana], purpose=asked, at=shop.clock.now()) == {dana: "no_consent"} for asked in both]
    assert refused == [asked != purpose for asked in both]


PHONE = "+972502000001"


@pytest.mark.parametrize("named", ["dana@example.com", "050-2000001", "web:17", "1"])
def test_who_refuses_by_hand_refuses_at_every_address_however_they_are_named(
    shop: Shop, file: Path, named: str
) -> None:
    addresses = (
        Address("email", "dana@example.com", "dana@example.com"),
        Address("phone", PHONE, PHONE),
    )
    (found,) = find_or_make(shop, [Person("web", "17", addresses)])
    bring(shop, file, "email,at,action,evidence\ndana@example.com,2025-02-01,yes,card\n")
    assert found.customer_id is not None
    told = revoke_by_hand(shop, named, reason="she called on Sunday")
    assert {(one.address, one.purpose, one.state) for one in told} == {
        (address, purpose, "revoked") for address in ("dana@example.com", PHONE) for purpose in ("marketing", "survey")
    }
    assert contactable([found.customer_id], purpose="marketing", at=shop.clock.now()) == {
        found.customer_id: "no_consent"
    }


def test_a_list_without_dates_overrules_no_refusal(shop: Shop, dana: int, file: Path) -> None:
    revoke_by_hand(shop, "dana@example.com", reason="wrote to us")
    outcome = bring(shop, file, "email\ndana@example.com\n", evidence="form", answer="yes")
    assert outcome.row.rows_unchanged == 1
    assert outcome.notes == ("undated permissions of customers who refused; the refusal stays: 1",)
    assert contactable([dana], purpose="marketing", at=shop.clock.now()) == {dana: "no_consent"}


def test_a_later_permission_with_its_date_counts(shop: Shop, dana: int, file: Path) -> None:
    bring(shop, file, "email,at,action,evidence\ndana@example.com,2024-01-01,no,call\n")
    bring(shop, file, "email,at,action,evidence\ndana@example.com,2024-02-01,yes,card\n")
    assert not isinstance(contactable([dana], purpose="marketing", at=shop.clock.now())[dana], str)


def test_a_stranger_who_refused_is_lifted_by_their_own_later_permission_alone(shop: Shop, file: Path) -> None:
    revoke_by_hand(shop, "noa@example.com", reason="wrote to us")
    (found,) = find_or_make(shop, [Person("web", "18", (Address("email", "noa@example.com", "noa@example.com"),))])
    noa = found.customer_id
    assert noa is not None

    def answer(purpose: Use = "marketing") -> Contact | str:
        return contactable([noa], purpose=purpose, at=shop.clock.now() + 86_400)[noa]

    outcome = bring(shop, file, "email\nnoa@example.com\n", evidence="form", answer="yes")
    assert outcome.notes == ("undated permissions of customers who refused; the refusal stays: 1",)
    bring(shop, file, "email,at,evidence\nnoa@example.com,2025-03-01,card\n", answer="yes")
    assert answer() == "no_consent"
    assert isinstance(answer("service"), Contact)  # no advertisement, which is what was refused
    assert [(one.purpose, one.state, one.source) for one in list_consent(shop, str(noa))] == [
        ("marketing", "revoked", "person"), ("survey", "revoked", "person"),
    ]  # fmt: skip

    later = dataclasses.replace(shop, clock=Clock(shop.clock.zone, shop.clock.now() + 7_200))
    bring(later, file, "email,at,evidence\nnoa@example.com,2025-03-02T11:00,card at the till\n", answer="yes")
    assert isinstance(answer(), Contact)
    assert answer("survey") == "no_consent"
    assert [(one.state, one.evidence) for one in list_consent(later, str(noa))] == [
        ("given", "card at the till"), ("revoked", "wrote to us"),
    ]  # fmt: skip

    suppress("email", "noa@example.com", "hard_bounce", shop.clock.now(), "550 5.1.1")
    assert answer() == answer("service") == "suppressed"


def test_of_a_permission_and_a_refusal_of_one_day_the_refusal_holds(shop: Shop, dana: int, file: Path) -> None:
    revoke_by_hand(shop, "dana@example.com", reason="called at 10:00")
    bring(shop, file, "email,at,action,evidence\ndana@example.com,2025-03-02,yes,card\n")
    assert contactable([dana], purpose="marketing", at=shop.clock.now() + 3 * 86_400) == {dana: "no_consent"}
    assert "revoked" in {one.state for one in list_consent(shop, str(dana))}
    assert "given" not in {one.state for one in list_consent(shop, str(dana)) if one.address == "dana@example.com"}


@pytest.mark.parametrize("at", ["2025-03-02", "2025-03-02T09:00", "2025-03-02T18:00", "2025-03-03T07:00:00+02:00"])
def test_a_refusal_holds_at_once_whatever_its_date(shop: Shop, dana: int, file: Path, at: str) -> None:
    bring(shop, file, "email,at,action,evidence\ndana@example.com,2025-03-01,yes,card\n")
    assert not isinstance(contactable([dana], purpose="marketing", at=shop.clock.now())[dana], str)
    bring(shop, file, f"email,at,action,evidence\ndana@example.com,{at},no,call\n")
    assert contactable([dana], purpose="marketing", at=shop.clock.now() - 1800) == {dana: "no_consent"}


@pytest.mark.parametrize("at", ["2025-03-02T10:00:01", "2025-03-03"])
def test_nobody_has_agreed_tomorrow(shop: Shop, dana: int, file: Path, at: str) -> None:
    outcome = bring(shop, file, f"email,at,action,evidence\ndana@example.com,{at},yes,card\n")
    assert [held.code for held in outcome.quarantined] == ["future_date"]
    assert rows("SELECT * FROM consents") == []


def test_a_permission_of_this_very_second_counts(shop: Shop, dana: int, file: Path) -> None:
    bring(shop, file, "email,at,action,evidence\ndana@example.com,2025-03-02T10:00,yes,card\n")
    assert not isinstance(contactable([dana], purpose="marketing", at=shop.clock.now())[dana], str)


def test_of_two_addresses_in_a_list_the_one_that_nobody_has_is_nobody_s(shop: Shop, dana: int, file: Path) -> None:
    bring(shop, file, "email,evidence\nnobody@example.com,card 1\ndana@example.com,card 2\n", answer="yes")
    assert rows("SELECT evidence FROM consents") == [("card 2",)]


def test_the_command(shop: Shop, dana: int, retainctl: Terminal, file: Path) -> None:
    file.write_text("email\ndana@example.com\nnobody@example.com\n" + "dana@example.com\n" * 40, encoding="utf-8")
    words = ("consent", "import", str(file), "--evidence", "form", "--purpose", "survey", "--format", "jsonl")
    open_ = retainctl(*words)
    assert (open_.code, "does not say who agreed" in open_.stderr) == (65, True)
    done = retainctl(*words, "--answer", "yes")
    assert done.code == 3
    assert '"rows_new": 1, "rows_changed": 0, "rows_unchanged": 40' in done.stdout
    assert "no customer has this address" in done.stderr
    assert retainctl("consent", "list", str(dana)).stdout == (
        "customer_id\taddress\tpurpose\tstate\tsince\tsource\tevidence\n"
        f"{dana}\tdana@example.com\tsurvey\tgiven\t2025-03-02T10:00:00+02:00\tfile\tform\n"
    )


@pytest.mark.parametrize("verb", [("export",), ("list", "--format", "csv")], ids=["export", "list"])
def test_what_is_exported_makes_the_same_states_and_days_in_another_shop(
    shop: Shop, retainctl: Terminal, file: Path, tmp_path: Path, verb: tuple[str, ...]
) -> None:
    customers = tmp_path / "customers.csv"
    customers.write_text(
        "external_id,first_name,email,email_2,phone\n1,Noa,noa@example.com,noa@work.example.com,050-2345678\n"
        "2,Gil,gil@example.com,,\n3,Roni,roni@example.com,,\n4,Tal,noreply@example.com,,\n5,Uri,uri@example.com,,\n",
        encoding="utf-8",
    )
    imported = retainctl("customers", "import", str(customers))
    assert imported.code == 0, imported.stderr
    bring(
        shop, file,
        "email,phone,purpose,action,at,evidence,wording\n"
        "noa@work.example.com,,marketing,yes,2024-01-10T09:00:00+02:00,=card 1,I agree\n"
        "noa@example.com,,marketing,no,2024-02-10T09:00:00+02:00,call,\n"
        ",050-2345678,survey,yes,2024-03-10T09:00:00+02:00,till,\n"
        "gil@example.com,,marketing,yes,2024-04-10T09:00:00+03:00,form,\n"
        "roni@example.com,,marketing,yes,2024-05-10T09:00:00+03:00,form,\n"
        "noreply@example.com,,marketing,yes,2024-05-10T09:00:00+03:00,form,\n"
        "roni@example.com,,,hard bounce,2024-06-10T09:00:00+03:00,550 5.1.1,\n"
        "uri@example.com,,,complained,2024-07-10T09:00:00+03:00,abuse desk,\n"
        "later@example.com,,,no,2024-08-10T09:00:00+03:00,letter,\n",
    )  # fmt: skip
    other = Terminal(tmp_path / "other")
    made = other("init", str(other.folder), "--language", "he", "--currency", "ILS", "--timezone", "Asia/Jerusalem")
    assert made.code == 0, made.stderr
    assert other("customers", "import", str(customers)).code == 0
    file.write_text(retainctl("consent", *verb).stdout, encoding="utf-8")
    brought = other("consent", "import", str(file))
    assert (brought.code, brought.stderr) == (0, "")
    states = ("consent", "list")
    before, after = (
        [line.split("\t")[1:5] for line in where(*states).stdout.splitlines()] for where in (retainctl, other)
    )
    assert len(before) == 10
    assert after == (before if verb == ("export",) else [one for one in before if one[0] != "noreply@example.com"])
    assert other("consent", "import", str(file), "--again").stdout.split("\n")[1].split("\t")[4:6] == ["0", "0"]
    # The refusal of somebody who is nobody's customer went along, but in a list of customers' addresses.
    newcomer = other("customers", "import", "-", stdin="email\nlater@example.com\n")
    assert newcomer.code == 0, newcomer.stderr
    told = other("consent", "list", "later@example.com").stdout
    assert ("revoked\t2024-08-10T09:00:00+03:00" in told) == (verb == ("export",))


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])  # it is about cells
def test_evidence_and_wording_are_kept_up_to_two_thousand_letters(shop: Shop, dana: int, file: Path) -> None:
    bring(shop, file, f"email,evidence,wording\ndana@example.com,{'a' * 2000},{'b' * 2001}\n", answer="yes")
    assert rows("SELECT evidence, wording FROM consents") == [("a" * 2000, "b" * 2000)]


@pytest.mark.parametrize("column", ["address", "E-mail", "דוא״ל"])
@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
def test_the_column_of_the_e_mail_has_many_names(shop: Shop, dana: int, file: Path, column: str) -> None:
    assert bring(shop, file, f"{column}\ndana@example.com\n", evidence="form", answer="yes").row.rows_new == 1


def test_a_list_that_is_for_another_purpose_or_has_other_evidence_is_another_list(
    shop: Shop, dana: int, file: Path
) -> None:
    file.write_text("email,answer\ndana@example.com,yes\n", encoding="utf-8")
    asked: list[tuple[Purpose, str]] = [
        ("marketing", "form"),
        ("survey", "form"),
        ("survey", "card"),
        ("survey", "card"),
    ]
    outcomes = [import_consent(shop, str(file), ImportOptions(), purpose=one, evidence=proof) for one, proof in asked]
    assert [one.row.outcome for one in outcomes] == ["imported"] * 3 + ["already imported"]
    assert rows("SELECT purpose FROM consents ORDER BY id") == [("marketing",), ("survey",)]


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
@pytest.mark.parametrize(
    "header",
    [
        "email,phone,purpose,action,at,evidence,wording",
        "E-mail,Phone number,purpose,answer,optin_time,evidence,text",
        "Email address,Mobile,purpose,Email marketing consent,Email marketing consent timestamp,evidence,text",
        "Customer email,Telephone,purpose,consent,consented_at,ראיה,wording",
        "מייל,נייד,מטרה,אישור,תאריך,אסמכתא,נוסח",
        "mail,טלפון,purpose,accepts_marketing,date,evidence,text",
        "אימייל,phone,purpose,answer,happened_at,evidence,text",
    ],
    ids=range(7),
)
def test_a_list_is_read_by_the_names_that_others_give_its_columns(
    shop: Shop, dana: int, file: Path, header: str
) -> None:
    outcome = bring(shop, file, f"{header}\ndana@example.com,0502345678,survey,no,2025-02-01T10:00,card 4,never\n")
    assert (outcome.row.rows_new, outcome.notes) == (1, ())
    is_utc = "optin_time" in header or "timestamp" in header  # Mailchimp's and Klaviyo's
    assert rows("SELECT purpose, action, happened_at, evidence, wording FROM consents") == [
        ("survey", "revoked", 1_738_404_000 if is_utc else 1_738_396_800, "card 4", "never")
    ]


def test_a_permission_that_comes_to_light_between_two_refusals_of_one_address_is_no_ground(
    shop: Shop, dana: int, file: Path
) -> None:
    """Refused in January; a list says so again in March, without a day; then a form of February turns up."""
    bring(shop, file, "email,at,answer\ndana@example.com,2025-01-05,no\n", evidence="mail")
    bring(shop, file, "email,answer\ndana@example.com,no\n", evidence="list of those who left")
    bring(shop, file, "email,at,answer\ndana@example.com,2025-02-01,yes\n", evidence="form of the fair")
    assert contactable([dana], purpose="marketing", at=shop.clock.now()) == {dana: "no_consent"}
    for _ in range(2):  # on one day it is one word
        outcome = bring(shop, file, "email,answer,x\ndana@example.com,no,1\n", evidence="list", again=True)
        assert outcome.row.rows_unchanged == 1


def test_a_mapping_says_what_the_words_of_answers_mean(shop: Shop, file: Path, tmp_path: Path) -> None:
    addresses = [f"p{number}@example.com" for number in range(4)]
    find_or_make(shop, [Person("web", one, (Address("email", one, one),)) for one in addresses])
    mapping = tmp_path / "words.toml"
    mapping.write_text('[answers]\n"gladly" = "yes"\nNoWay = "no"\n"?" = ""\n', encoding="utf-8")
    answers = ["Gladly", "no way", "?", "yes"]
    text = "".join(f"p{number}@example.com,{answer}\n" for number, answer in enumerate(answers))
    file.write_text(f"email,answer\n{text}", encoding="utf-8")
    with pytest.raises(BadData) as caught:
        import_consent(shop, str(file), ImportOptions(), evidence="form")
    assert "'Gladly' is neither yes nor no" in caught.value.hint
    done = import_consent(shop, str(file), ImportOptions(mapping=mapping), evidence="form")
    assert (done.row.rows_new, done.row.rows_set_aside) == (3, 1)
    assert [row[0] for row in rows("SELECT action FROM consents ORDER BY id")] == ["given", "revoked", "given"]


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ('maybe = "perhaps"', 'the answer \'maybe\' is \'perhaps\': use "yes", "no" or ""'),
        ('unsubscribed = "yes"', "the answer 'unsubscribed' says no, and is never a yes"),
        ('"No Way" = "no"\nno_way = "no"', "one answer is named twice"),
    ],
)
def test_a_word_that_cannot_mean_that_is_refused(
    shop: Shop, file: Path, tmp_path: Path, answers: str, said: str
) -> None:
    (tmp_path / "words.toml").write_text(f"[answers]\n{answers}\n", encoding="utf-8")
    file.write_text("email,answer\np0@example.com,yes\n", encoding="utf-8")
    with pytest.raises(BadConfiguration, match=re.escape(said)):
        import_consent(shop, str(file), ImportOptions(mapping=tmp_path / "words.toml"), evidence="form")
