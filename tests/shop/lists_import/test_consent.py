"""Permissions in from a file: each with its evidence, or quarantined."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from retainctl.clock import Clock
from retainctl.config import Shop
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


def bring(shop: Shop, file: Path, text: str, *, evidence: str = "", again: bool = False) -> FileResult[Imported]:
    file.write_text(text, encoding="utf-8")
    return import_consent(shop, str(file), ImportOptions(source="fair", again=again), evidence=evidence)


def test_a_list_of_addresses_is_a_list_of_permissions(shop: Shop, dana: int, file: Path) -> None:
    text = "email\nDana@Example.com\n"
    assert bring(shop, file, text, evidence="form of the fair, box 3").row.rows_new == 1
    assert bring(shop, file, text, evidence="form of the fair, box 3", again=True).row.rows_unchanged == 1
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
    bring(shop, file, "email,at\ndana@example.com,2025-03-02\n", evidence="form")
    assert rows("SELECT action, happened_at FROM consents") == [("given", shop.clock.start_of(shop.clock.today()))]
    assert not isinstance(contactable([dana], purpose="marketing", at=shop.clock.now())[dana], str)


def test_the_evidence_of_a_row_counts_before_that_of_the_whole_file(shop: Shop, dana: int, file: Path) -> None:
    bring(shop, file, "email,phone,evidence\ndana@example.com,,card 4\n,050-2345678,\n", evidence="form")
    assert rows("SELECT evidence FROM consents ORDER BY id") == [("card 4",), ("form",)]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("dana@example.com,,", "no_evidence"),
        ("nobody@example.com,,card", "unknown_address"),
        ("dana@,,card", "bad_address"),
        (",,card", "no_address"),
        ("dana@example.com,perhaps,card", "bad_answer"),
        ("dana@example.com,never_subscribed,card", "no_answer"),
    ],
)
def test_a_row_that_proves_nothing_is_quarantined(shop: Shop, dana: int, file: Path, row: str, code: str) -> None:
    outcome = bring(shop, file, f"email,action,evidence\n{row}\n")
    assert [held.code for held in outcome.quarantined] == [code]
    assert value("SELECT COUNT(*) FROM consents") == 0


@pytest.mark.parametrize(("purpose", "code"), [("service", "bad_purpose"), ("Survey", ""), ("", "")])
def test_a_consent_is_to_marketing_or_to_surveys(shop: Shop, dana: int, file: Path, purpose: str, code: str) -> None:
    outcome = bring(shop, file, f"email,action,evidence,purpose\ndana@example.com,yes,card,{purpose}\n")
    assert [held.code for held in outcome.quarantined] == [one for one in [code] if one]
    assert rows("SELECT purpose FROM consents") == ([] if code else [(purpose.casefold() or "marketing",)])


def test_a_list_without_dates_overrules_no_refusal(shop: Shop, dana: int, file: Path) -> None:
    revoke_by_hand(shop, "dana@example.com", reason="wrote to us")
    outcome = bring(shop, file, "email\ndana@example.com\n", evidence="form")
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

    outcome = bring(shop, file, "email\nnoa@example.com\n", evidence="form")
    assert outcome.notes == ("undated permissions of customers who refused; the refusal stays: 1",)
    bring(shop, file, "email,at,evidence\nnoa@example.com,2025-03-01,card\n")
    assert answer() == "no_consent"
    assert isinstance(answer("service"), Contact)  # no advertisement, which is what was refused
    assert [(one.purpose, one.state, one.source) for one in list_consent(shop, str(noa))] == [
        ("marketing", "revoked", "by_hand"), ("survey", "revoked", "by_hand"),
    ]  # fmt: skip

    later = dataclasses.replace(shop, clock=Clock(shop.clock.zone, shop.clock.now() + 7_200))
    bring(later, file, "email,at,evidence\nnoa@example.com,2025-03-02T11:00,card at the till\n")
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
    bring(shop, file, "email,evidence\nnobody@example.com,card 1\ndana@example.com,card 2\n")
    assert rows("SELECT evidence FROM consents") == [("card 2",)]


def test_the_command(shop: Shop, dana: int, retainctl: Terminal, file: Path) -> None:
    file.write_text("email\ndana@example.com\nnobody@example.com\n" + "dana@example.com\n" * 40, encoding="utf-8")
    done = retainctl("consent", "import", str(file), "--evidence", "form", "--purpose", "survey", "--format", "jsonl")
    assert done.code == 3
    assert '"rows_new": 1, "rows_changed": 0, "rows_unchanged": 40' in done.stdout
    assert "no customer has this address" in done.stderr
    assert retainctl("consent", "list", str(dana)).stdout == (
        "customer_id\taddress\tpurpose\tstate\tsince\tsource\tevidence\n"
        f"{dana}\tdana@example.com\tsurvey\tgiven\t2025-03-02T10:00:00+02:00\tfile\tform\n"
    )


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])  # it is about cells
def test_evidence_and_wording_are_kept_up_to_two_thousand_letters(shop: Shop, dana: int, file: Path) -> None:
    bring(shop, file, f"email,evidence,wording\ndana@example.com,{'a' * 2000},{'b' * 2001}\n")
    assert rows("SELECT evidence, wording FROM consents") == [("a" * 2000, "b" * 2000)]


@pytest.mark.parametrize("column", ["address", "E-mail", "דוא״ל"])
@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
def test_the_column_of_the_e_mail_has_many_names(shop: Shop, dana: int, file: Path, column: str) -> None:
    assert bring(shop, file, f"{column}\ndana@example.com\n", evidence="form").row.rows_new == 1


def test_a_list_that_is_for_another_purpose_or_has_other_evidence_is_another_list(
    shop: Shop, dana: int, file: Path
) -> None:
    file.write_text("email\ndana@example.com\n", encoding="utf-8")
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
    assert rows("SELECT purpose, action, happened_at, evidence, wording FROM consents") == [
        ("survey", "revoked", 1_738_396_800, "card 4", "never")
    ]
