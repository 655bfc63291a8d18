"""Answers from a file: read strictly, kept once, and counted exactly."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from retainctl.clock import parse_instant
from retainctl.config import Shop
from retainctl.errors import BadData
from retainctl.intake.csv_rows import CHUNK_ROWS
from retainctl.intake.import_runs import FileResult
from retainctl.outreach import tokens
from retainctl.shop import identity, merging
from retainctl.shop.customers import show_customer
from retainctl.store.database import execute, rows, value
from retainctl.store.outreach import Mailing
from retainctl.store.transactions import writing
from retainctl.voice.answering import AnswerOptions, AnswersImported, import_answers
from retainctl.voice.results import CommentRow, comments, results
from retainctl.voice.surveys import PURPOSE
from tests.conftest import Terminal

SURVEY_FILE = """
title = "Spring"

[[questions]]
name = "recommend"
kind = "nps"
text = "Would you recommend us?"

[[questions]]
name = "found"
kind = "choice"
text = "How did you find us?"
choices = ["a friend", "the web"]

[[questions]]
name = "why"
kind = "text"
text = "Why?"

[answers]
respondent = "who"
token = "token"
email = "email"
customer = "customer"
source = "till"
answered_at = "when"
missing = ["NA"]

[answers.columns]
score = "recommend"
"""
HEADER = "who,token,email,customer,when,score,found,why\n"
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite:retain.db"])


@pytest.fixture
def survey(shop: Shop) -> Shop:
    """A shop with the survey ``spring``."""
    (shop.folder / "surveys").mkdir()
    (shop.folder / "surveys" / "spring.toml").write_text(SURVEY_FILE, encoding="utf-8")
    return shop


def take(
    shop: Shop, text: str | bytes, options: AnswerOptions | None = None, name: str = "answers.csv"
) -> FileResult[AnswersImported]:
    path = shop.folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return import_answers(shop, "spring", str(path), options or AnswerOptions())


def counts(row: AnswersImported) -> tuple[int, int, int, int, int, int]:
    return row.rows_read, row.rows_new, row.rows_changed, row.rows_unchanged, row.rows_blank, row.rows_quarantined


def customer(shop: Shop, *, external_id: str, email: str) -> int:
    address = identity.Address("email", email, email.lower())
    [found] = identity.find_or_make(shop, [identity.Person("till", external_id, (address,))])
    assert found.customer_id is not None
    return found.customer_id


def invite(shop: Shop, ids: list[int], *, states: list[str]) -> None:
    """The invitations of ``spring`` as the outbox leaves them."""
    with writing():
        mailing = Mailing.create(
            program="survey", name="spring", class_="marketing", purpose="survey", state="active",
            plan_hash="x", planned_at=0,
        )  # fmt: skip
        for number, (one, state) in enumerate(zip(ids, states, strict=True)):
            point = value("SELECT id FROM contact_points WHERE customer_id = ?", one)
            execute(
                "INSERT INTO outbox (month, mailing_id, customer_id, contact_point_id, channel, message_key,"
                " message_id, class, to_address, state, next_at)"
                " VALUES (0, ?, ?, ?, 'files', ?, ?, 'marketing', 'x', ?, 0)",
                mailing.id, one, point, f"key{number}", f"id{number}", state,
            )  # fmt: skip


def test_answers_are_kept_once_and_a_missing_one_is_counted(survey: Shop) -> None:
    text = HEADER + 'r1,,,,2025-02-01,9,a friend,"טוב, ומהר"\nr2,,,,2025-02-02,NA,,\n\nr3,,,,,3,the web,NA\n'
    first = take(survey, text)
    assert counts(first.row) == (4, 3, 0, 0, 1, 0)
    assert first.row.outcome == "imported"
    assert rows("SELECT question, score, words FROM answers ORDER BY response_id, question") == [
        ("found", None, "a friend"), ("recommend", 9, None), ("why", None, "טוב, ומהר"),
        ("found", None, "the web"), ("recommend", 3, None),
    ]  # fmt: skip
    nps, friend, web, why = results(survey, "spring")
    assert (nps.answered, nps.missing, nps.promoters, nps.detractors, nps.score) == (2, 1, 1, 1, 0.0)
    assert (friend.choice, friend.favourable, friend.score) == ("a friend", 1, 0.5)
    assert (web.choice, web.favourable) == ("the web", 1)
    assert (why.answered, why.missing, why.score) == (1, 2, None)


def test_the_same_file_is_known_and_again_changes_nothing(survey: Shop) -> None:
    text = HEADER + "r1,,,,,9,,\nr2,,,,,8,,\n"
    take(survey, text)
    assert take(survey, text, name="copy.csv").row.outcome == "already imported"
    assert counts(take(survey, text, AnswerOptions(again=True)).row) == (2, 0, 0, 2, 0, 0)
    assert value("SELECT MAX(version) FROM responses") == 1


def test_a_file_is_read_again_once_its_survey_asks_otherwise(survey: Shop) -> None:
    text = HEADER + "r1,,,,,9,,-\n"
    take(survey, text)
    path = survey.folder / "surveys" / "spring.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('missing = ["NA"]', 'missing = ["-"]'), encoding="utf-8")
    assert counts(take(survey, text).row) == (1, 0, 1, 0, 0, 0)
    assert rows("SELECT question FROM answers") == [("recommend",)]


def test_a_changed_answer_is_a_new_version(survey: Shop) -> None:
    take(survey, HEADER + "r1,,,,,9,,well\nr2,,,,,8,,\n")
    assert counts(take(survey, HEADER + "r1,,,,,4,,\nr2,,,,,8,,\n").row) == (2, 0, 1, 1, 0, 0)
    assert rows("SELECT respondent, version FROM responses ORDER BY respondent") == [("r1", 2), ("r2", 1)]
    assert rows("SELECT score, words FROM answers ORDER BY response_id") == [(4, None), (8, None)]


def test_who_answered_is_a_customer_by_token_email_or_id(survey: Shop) -> None:
    dana = customer(survey, external_id="7", email="Dana@Example.com")
    noa = customer(survey, external_id="8", email="noa@example.com")
    with writing():
        mailing = Mailing.create(
            program="survey", name="spring", class_="marketing", purpose="survey", state="active",
            plan_hash="x", planned_at=0,
        )  # fmt: skip
    token = tokens.signer(survey.clock.now()).sign(PURPOSE, f"{mailing.id}.{noa}")
    outcome = take(
        survey, HEADER + f",{token},,,,10,,\n,,DANA@example.com,,,9,,\nr3,,,7,,8,,\nr4,,nobody@example.com,,,1,,\n"
    )
    assert counts(outcome.row) == (4, 4, 0, 0, 0, 0)
    assert outcome.row.customers == 2
    assert rows("SELECT respondent, customer_id FROM responses ORDER BY id") == [
        (f"customer:{noa}", noa), (f"customer:{dana}", dana), ("r3", dana), ("r4", None),
    ]  # fmt: skip


def test_where_address_and_id_name_two_the_address_says_who_answered(survey: Shop) -> None:
    noa = customer(survey, external_id="8", email="noa@example.com")
    customer(survey, external_id="7", email="dana@example.com")
    take(survey, HEADER + "r1,,noa@example.com,7,,9,,\n")
    assert rows("SELECT customer_id FROM responses") == [(noa,)]


def test_the_response_rate_is_of_those_to_whom_an_invitation_was_sent(survey: Shop) -> None:
    states = ["sent", "sent", "failed", "sent", "planned", "deferred", "suppressed", "expired", "unknown"]
    ids = [customer(survey, external_id=str(number), email=f"c{number}@example.com") for number in range(len(states))]
    invite(survey, ids, states=states)
    take(survey, HEADER + "r0,,,0,,10,,\nr2,,,2,,9,,\nr9,,,,,9,,\n")
    row = results(survey, "spring")[0]
    assert (row.invited, row.responded, row.response_rate) == (3, 1, 1 / 3)


def test_who_answered_twice_counts_twice_and_that_is_said(survey: Shop) -> None:
    for number in (7, 8):
        customer(survey, external_id=str(number), email=f"c{number}@example.com")
    take(survey, HEADER + "r1,,,7,,10,,\nr2,,,7,,9,,\nr3,,,8,,9,,\nr4,,,,,9,,\nr5,,,,,9,,\n")
    assert {(row.answered, row.repeated) for row in results(survey, "spring") if row.type == "nps"} == {(5, 1)}


def test_who_was_invited_by_two_mailings_counts_once(survey: Shop) -> None:
    dana = customer(survey, external_id="7", email="dana@example.com")
    for key in ("first", "second"):
        invite(survey, [dana], states=["sent"])
        with writing():
            execute("UPDATE outbox SET message_key = ?, message_id = ? WHERE message_key = 'key0'", key, key)
    take(survey, HEADER + "r1,,,7,,9,,\n")
    row = results(survey, "spring")[0]
    assert (row.invited, row.responded) == (1, 1)


def test_an_answer_follows_its_customer_through_merges_and_counts_for_the_invitation(survey: Shop) -> None:
    first, second, third = (customer(survey, external_id=str(n), email=f"c{n}@example.com") for n in range(3))
    invite(survey, [first], states=["sent"])
    take(survey, HEADER + "r0,,,0,,10,,\n")
    merging.merge(survey, survivor_id=second, merged_id=first, reason="one person")
    merging.merge(survey, survivor_id=third, merged_id=second, reason="one person")
    assert value("SELECT customer_id FROM responses") == third
    row = results(survey, "spring")[0]
    assert (row.invited, row.responded) == (1, 1)


BAD = [
    ("r1,,,,,11,,", "score", "bad_score", "'11' is not a score from 0 to 10"),
    ("r1,,,,,7.5,,", "score", "bad_score", "'7.5' is not a score from 0 to 10"),
    ("r1,,,,,٧,,", "score", "bad_score", "'٧' is not a score from 0 to 10"),
    ("r1,,,,,7,the moon,", "found", "bad_choice", "'the moon' is not one of the choices: a friend, the web"),
    (",,,,,7,,", "who", "no_respondent", "the row has no respondent"),
    ("r1,v1.x.y.z,,,,7,,", "token", "bad_token", "the token is not valid in this shop"),
    ("r1,,,,01/02/2025,7,,", "when", "bad_date", "'01/02/2025' is not an ISO 8601 date"),
]


@pytest.mark.parametrize(("line", "column", "code", "message"), BAD)
def test_a_row_that_cannot_be_read_is_quarantined(
    survey: Shop, line: str, column: str, code: str, message: str
) -> None:
    outcome = take(survey, HEADER + "r0,,,,,9,,\n" + line + "\n")
    assert counts(outcome.row) == (2, 1, 0, 0, 0, 1)
    [held] = outcome.quarantined
    assert (held.column, held.code, str(held.message)) == (column, code, message)
    assert rows("SELECT line, code, raw_bytes FROM held_rows") == [(3, code, (line + "\n").encode())]


def test_whoever_answers_twice_in_one_file_counts_once(survey: Shop) -> None:
    outcome = take(
        survey, HEADER + "r1,,,,,9,,\nr1,,,,,9,,\nr1,,,,,2,,\n" + "".join(f"x{n},,,,,8,,\n" for n in range(30))
    )
    assert counts(outcome.row) == (33, 31, 0, 1, 0, 1)
    assert outcome.quarantined[0].code == "answered_twice"
    assert value("SELECT score FROM answers WHERE response_id = 1") == 9


def invitation(survey: Shop, customer_id: int, *, expires_at: int | None = None) -> str:
    """The token of an invitation of theirs to the survey."""
    with writing():
        mailing = Mailing.create(
            program="survey", name="spring", class_="marketing", purpose="survey", state="active",
            plan_hash="x", planned_at=0,
        )  # fmt: skip
    return tokens.signer(survey.clock.now()).sign(PURPOSE, f"{mailing.id}.{customer_id}", expires_at=expires_at)


def test_one_invitation_is_one_answer_and_the_newest_counts(survey: Shop) -> None:
    noa = customer(survey, external_id="8", email="noa@example.com")
    token = invitation(survey, noa)
    text = HEADER + (
        f"r1,{token},,,2025-02-01T09:00,9,,good\nr7,{token},,,2025-02-03T09:00,2,,not so good\n"
        f"r9,{token},,,2025-02-02T09:00,5,,\nr2,,,,2025-02-02T09:00,7,,\n"
    )
    assert counts(take(survey, text).row) == (4, 2, 1, 1, 0, 0)
    assert counts(take(survey, text, AnswerOptions(again=True)).row) == (4, 0, 0, 4, 0, 0)
    assert counts(take(survey, HEADER + f"r1,{token},,,2025-01-31T09:00,10,,\n").row) == (1, 0, 0, 1, 0, 0)
    assert rows(
        "SELECT r.respondent, r.customer_id, r.version, a.score FROM responses r JOIN answers a ON a.response_id = r.id"
        " WHERE a.score IS NOT NULL ORDER BY r.id"
    ) == [(f"customer:{noa}", noa, 2, 2), ("r2", None, 1, 7)]  # fmt: skip
    assert counts(take(survey, HEADER + f"r1,{token},,,,4,,\n").row) == (1, 0, 1, 0, 0, 0)


def test_whoever_answers_after_a_merge_is_who_they_are_now_and_still_the_one_who_was_invited(survey: Shop) -> None:
    noa, dana = (customer(survey, external_id=str(n), email=f"c{n}@example.com") for n in range(2))
    token = invitation(survey, noa)
    merging.merge(survey, survivor_id=dana, merged_id=noa, reason="one person")
    take(survey, HEADER + f"r1,{token},,,,9,,\n")
    assert rows("SELECT respondent, customer_id FROM responses") == [(f"customer:{noa}", dana)]


def test_of_two_answers_to_one_invitation_without_a_time_somebody_looks(survey: Shop) -> None:
    token = invitation(survey, customer(survey, external_id="8", email="noa@example.com"))
    outcome = take(survey, HEADER + f"r1,{token},,,,9,,\nr7,{token},,,,2,,\n")
    assert counts(outcome.row) == (2, 1, 0, 0, 0, 1)
    assert outcome.quarantined[0].code == "answered_twice"


def test_of_two_answers_at_one_time_somebody_looks_although_an_older_one_stands_between_them(survey: Shop) -> None:
    token = invitation(survey, customer(survey, external_id="8", email="noa@example.com"))
    outcome = take(
        survey,
        HEADER + f"r1,{token},,,2025-02-03T09:00,2,,\nr2,{token},,,2025-02-02T09:00,5,,\n"
        f"r3,{token},,,2025-02-03T09:00,9,,\nr4,,,,,8,,\n",
    )
    assert counts(outcome.row) == (4, 2, 0, 1, 0, 1)
    assert outcome.quarantined[0].code == "answered_twice"
    assert rows("SELECT score FROM answers ORDER BY response_id") == [(2,), (8,)]


def test_an_invitation_that_has_expired_is_answered_no_more(survey: Shop) -> None:
    now = survey.clock.now()
    token = invitation(survey, customer(survey, external_id="8", email="noa@example.com"), expires_at=now)
    outcome = take(survey, HEADER + f"r1,{token},,,,9,,\n")
    assert [held.message for held in outcome.quarantined] == ["the token has expired"]
    assert take(survey, HEADER + f"r1,{token},,,2025-03-01T09:00,9,,\n").row.rows_new == 1  # answered in time


@pytest.mark.parametrize(("program", "name"), [("survey", "autumn"), ("campaign", "spring")])
def test_a_token_of_another_survey_is_refused(survey: Shop, program: str, name: str) -> None:
    noa = customer(survey, external_id="8", email="noa@example.com")
    with writing():
        other = Mailing.create(
            program=program, name=name, class_="marketing", purpose="survey", state="active",
            plan_hash="x", planned_at=0,
        )  # fmt: skip
    token = tokens.signer(survey.clock.now()).sign(PURPOSE, f"{other.id}.{noa}")
    outcome = take(survey, HEADER + f"r1,{token},,,,9,,\n")
    assert [held.message for held in outcome.quarantined] == ["the token belongs to another survey"]


def test_a_file_of_mostly_bad_rows_is_refused_whole(survey: Shop) -> None:
    with pytest.raises(BadData, match="5 of 5 rows are bad"):
        take(survey, HEADER + "".join(f"r{n},,,,,99,,\n" for n in range(5)))
    assert value("SELECT COUNT(*) FROM imports") == 0


def test_a_file_without_the_score_is_refused_whole(survey: Shop) -> None:
    with pytest.raises(BadData, match="has no column when, score"):
        take(survey, "who,found\nr1,a friend\n")


def test_bytes_that_are_no_text_quarantine_their_row_or_are_replaced_and_marked(survey: Shop) -> None:
    data = (HEADER + "r1,,,,,9,,good\n").encode() + b"r2,,,,,3,,caf\x81 bad\n" + b"r3,,,,,8,,fine\n" * 1
    strict = take(survey, data, AnswerOptions(encoding="cp1252"))
    assert counts(strict.row) == (3, 2, 0, 0, 0, 1)
    assert (strict.quarantined[0].code, strict.quarantined[0].origin.raw_bytes) == (
        "bad_bytes", b"r2,,,,,3,,caf\x81 bad\n",
    )  # fmt: skip
    replaced = take(survey, data, AnswerOptions(encoding="cp1252", errors="replace"))
    assert counts(replaced.row) == (3, 1, 0, 2, 0, 0)
    assert replaced.row.answers_replaced == 1
    assert comments(survey, "spring") == [
        CommentRow("r1", None, "why", 9, False, "good"),
        CommentRow("r3", None, "why", 8, False, "fine"),
        CommentRow("r2", None, "why", 3, True, "caf\ufffd bad"),
    ]


def test_an_answer_that_its_source_corrected_takes_the_place_of_the_one_before(survey: Shop) -> None:
    def scores(*lines: str) -> list[tuple[int | None]]:
        take(survey, HEADER + "".join(f"{line}\n" for line in lines))
        return rows("SELECT score FROM answers WHERE question = 'recommend' ORDER BY response_id")

    assert scores("r1,,,,2025-02-01,9,,") == [(9,)]
    assert scores("r1,,,,2025-02-01,3,,") == [(3,)], "the same day, corrected"
    assert scores("r1,,,,2025-01-31,8,,") == [(3,)], "an older one is no news"
    assert scores("r1,,,,2025-02-02,7,,") == [(7,)]


@ON_SQLITE
def test_an_answer_whose_customer_is_known_only_later_becomes_theirs(survey: Shop) -> None:
    text = HEADER + "r1,,dana@example.com,,,9,,\n"
    assert counts(take(survey, text).row) == (1, 1, 0, 0, 0, 0)
    dana = customer(survey, external_id="17", email="dana@example.com")
    assert counts(take(survey, text, AnswerOptions(again=True)).row) == (1, 0, 1, 0, 0, 0)
    assert rows("SELECT respondent, customer_id FROM responses") == [("r1", dana)]


@ON_SQLITE
def test_a_file_of_answers_is_read_as_its_survey_says_and_else_as_usual(survey: Shop) -> None:
    path = survey.folder / "surveys" / "spring.toml"
    path.write_text(SURVEY_FILE.replace('missing = ["NA"]', 'dates = "%d/%m/%Y"'), encoding="utf-8")
    words = ("NA", "N/A", "-", "", "na", "good")
    take(survey, HEADER + "".join(f"r{number},,,,03/02/2025,9,,{word}\n" for number, word in enumerate(words)))
    assert rows("SELECT words FROM answers WHERE question = 'why' ORDER BY response_id") == [("na",), ("good",)]
    assert set(rows("SELECT answered_at FROM responses")) == {(parse_instant("2025-02-03T12:00", survey.clock.zone),)}


@ON_SQLITE
def test_comments_stand_in_the_order_of_their_answers_each_with_the_first_score(survey: Shop) -> None:
    more = SURVEY_FILE.replace(
        "[answers]",
        """[[questions]]
name = "ease"
kind = "ces"
text = "Was it easy?"

[[questions]]
name = "also"
kind = "text"
text = "What else?"

[answers]""",
    )
    (survey.folder / "surveys" / "spring.toml").write_text(more, encoding="utf-8")
    take(survey, f"{HEADER.strip()},ease,also\nr2,,,,,9,,good,1,more\nr1,,,,,3,,bad,7,less\n")
    assert [(one.respondent, one.comment, one.score) for one in comments(survey, "spring")] == [
        ("r2", "more", 9),
        ("r2", "good", 9),
        ("r1", "less", 3),
        ("r1", "bad", 3),
    ]


def test_a_comment_without_a_score_is_shown(survey: Shop) -> None:
    take(survey, HEADER + "r1,,,,,9,,good\nr2,,,,,,,no score\n")
    assert [(row.comment, row.score) for row in comments(survey, "spring")] == [("good", 9), ("no score", None)]


def test_a_dry_run_counts_and_writes_nothing(survey: Shop) -> None:
    outcome = take(survey, HEADER + "r1,,,,,9,,\n", AnswerOptions(dry_run=True))
    assert (outcome.row.outcome, outcome.row.rows_new) == ("dry run", 1)
    for table in ("imports", "responses", "answers", "held_rows"):
        assert value(f"SELECT COUNT(*) FROM {table}") == 0


def test_the_command_shows_what_became_of_the_file(survey: Shop, retainctl: Terminal) -> None:
    path = survey.folder / "answers.csv"
    path.write_text(HEADER + "r1,,,,,9,,=1+1\nr2,,,,,77,,\n", encoding="utf-8")
    ended = retainctl("surveys", "import", "spring", str(path))
    assert (ended.code, ended.stdout) == (
        3,
        "file\tsource\toutcome\trows_read\trows_new\trows_changed\trows_unchanged\trows_set_aside\trows_blank"
        "\trows_quarantined\tcustomers\tanswers_replaced\tnotes\n"
        f"{path}\tspring\timported\t2\t1\t0\t0\t0\t0\t1\t0\t0\t\n",
    )
    assert ended.stderr == (
        f"{path}, line 3, score: '77' is not a score from 0 to 10 (bad_score)\n"
        "retainctl: 1 row is in quarantine\n"
        "  Correct them in the file and import it again. List them: retainctl orders quarantine list\n"
    )
    shown = retainctl("surveys", "results", "spring", "--comments")
    assert shown.stdout == "respondent\tcustomer\tquestion\tscore\treplaced\tcomment\nr1\t\twhy\t9\tno\t=1+1\n"


NAUGHTY = [
    "<script>alert(1)</script>", "'; DROP TABLE answers; --", "\u202eהפוך", "{{ 7 * 7 }}", "=cmd|' /C calc'!A0",
    "\x1b]0;x\x07",
]  # fmt: skip


def test_whatever_is_said_is_shown_and_does_nothing(survey: Shop, retainctl: Terminal) -> None:
    lines = "".join(f'r{n},,,,,9,,"{text}"\n' for n, text in enumerate(NAUGHTY))
    assert counts(take(survey, HEADER + lines).row)[1] == len(NAUGHTY)
    assert [row.comment for row in comments(survey, "spring")] == NAUGHTY
    html = retainctl("surveys", "results", "spring", "--comments", "--format", "html").stdout
    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    sheet = retainctl("surveys", "results", "spring", "--comments", "--format", "csv").stdout
    assert "\x1b" not in sheet
    assert ",'=cmd" in sheet


FRENCH = """
title = "After the visit"

[[questions]]
name = "recommend"
kind = "nps"
text = "Would you recommend us?"

[[questions]]
name = "satisfaction"
kind = "csat"
scale = [1, 10]
text = "How satisfied are you?"

[[questions]]
name = "reason"
kind = "text"
text = "Why?"

[answers]
respondent = "id"
missing = ["NA"]

[answers.columns]
nps = "recommend"
explication = "reason"
"""


def test_the_french_retailers_answers_give_its_figures(retainctl: Terminal, folder: Path, shared: Path) -> None:
    (folder / "surveys").mkdir()
    (folder / "surveys" / "stores.toml").write_text(FRENCH, encoding="utf-8")
    file = str(shared / "data/survey/nps_french_retailer.csv.gz")
    words = ("surveys", "import", "stores", file, "--encoding", "cp1252", "--errors", "replace", "--format", "json")
    ended = retainctl(*words)
    [row] = json.loads(ended.stdout)["rows"]
    assert (ended.code, ended.stderr) == (0, "")
    assert (row["rows_read"], row["rows_new"], row["answers_replaced"]) == (13_954, 13_954, 10)
    assert json.loads(retainctl(*words, "--again").stdout)["rows"][0]["rows_unchanged"] == 13_954

    expected = json.loads((shared / "data/expected/nps_french_retailer.json").read_text())
    nps, satisfaction, reason = json.loads(retainctl("surveys", "results", "stores", "--format", "json").stdout)["rows"]
    assert (nps["promoters"], nps["passives"], nps["detractors"]) == (8_465, 3_953, 1_194)
    assert (nps["answered"], nps["missing"]) == (13_612, expected["nps_missing"])
    assert round(nps["score"], 4) == 53.4161
    assert (round(nps["low"], 2), round(nps["high"], 2)) == (52.31, 54.5)  # plain: 52.32 and 54.51
    assert (satisfaction["answered"], round(satisfaction["mean"], 6)) == (13_893, 8.349385)
    assert round(satisfaction["score"], 5) == expected["satisfaction"]["top2box_9_10"]
    assert reason["answered"] == expected["comments"]
    found = json.loads(retainctl("surveys", "results", "stores", "--comments", "--format", "json").stdout)["rows"]
    marked = [row for row in found if row["replaced"]]
    assert len(marked) == 10
    assert all("\ufffd" in row["comment"] for row in marked)
    assert not any("\ufffd" in row["comment"] for row in found if not row["replaced"])


def test_a_number_is_of_the_shop_that_the_survey_names_whoever_has_it_elsewhere(survey: Shop) -> None:
    dana = customer(survey, external_id="7", email="dana@example.com")
    identity.find_or_make(survey, [identity.Person("web", number) for number in ("7", "9")])
    take(survey, HEADER + "r1,,,7,,9,,\nr2,,,9,,8,,\n")
    assert rows("SELECT respondent, customer_id FROM responses ORDER BY 1") == [("r1", dana), ("r2", None)]


def test_an_answer_is_its_customer_s_as_soon_as_they_are_known(survey: Shop) -> None:
    text = HEADER + "r1,,noa@example.com,,,9,,\nr2,,,8,,8,,\n"
    take(survey, text)
    noa = customer(survey, external_id="8", email="noa@example.com")
    assert counts(take(survey, text, AnswerOptions(again=True)).row) == (2, 0, 2, 0, 0, 0)
    assert rows("SELECT customer_id FROM responses") == [(noa,), (noa,)]


def test_each_survey_has_its_own_results(survey: Shop) -> None:
    """Their questions may have the same names, and a campaign the name of a survey."""
    (survey.folder / "surveys" / "autumn.toml").write_text(SURVEY_FILE, encoding="utf-8")
    dana, noa = (customer(survey, external_id=f"{n}", email=f"c{n}@example.com") for n in range(2))
    invite(survey, [dana], states=["sent"])
    invite_key = "UPDATE outbox SET message_key = message_key || 'x', message_id = message_id || 'x'"
    with writing():
        execute(invite_key)
    invite(survey, [noa], states=["sent"])
    with writing():
        execute("UPDATE mailings SET program = 'campaign' WHERE id = (SELECT MAX(id) FROM mailings)")
    take(survey, HEADER + "r1,,,,,9,a friend,good\n")
    path = survey.folder / "autumn.csv"
    path.write_text(HEADER + "r1,,,0,,2,the web,bad\nr2,,,1,,,,\n", encoding="utf-8")
    import_answers(survey, "autumn", str(path), AnswerOptions())
    found = results(survey, "spring")
    assert [(one.answered, one.missing, one.invited, one.responded) for one in found] == [(1, 0, 1, 0)] * 4
    assert (found[0].score, found[1].favourable, found[2].favourable) == (100.0, 1, 0)
    assert [one.comment for one in comments(survey, "spring")] == ["good"]


def test_an_answer_is_of_whom_its_source_names_last(survey: Shop) -> None:
    dana, noa = (customer(survey, external_id=f"{n}", email=f"c{n}@example.com") for n in range(2))
    for cell, who in (("c0@example.com", dana), ("c1@example.com", noa), ("", None)):
        take(survey, HEADER + f"r1,,{cell},,,9,,\n")
        assert rows("SELECT customer_id FROM responses") == [(who,)]


def test_spaces_around_a_respondent_s_name_make_nobody_else_of_them(survey: Shop) -> None:
    take(survey, HEADER + "r1,,,,2025-02-01,9,,\n r1 ,,,,2025-02-02,3,,\n")
    assert rows("SELECT respondent, score FROM responses JOIN answers ON response_id = id") == [("r1", 3)]


@pytest.mark.parametrize("cell", [" ", "NA ", " N/A"])
def test_a_cell_that_says_nothing_is_no_answer_whatever_spaces_are_about_it(survey: Shop, cell: str) -> None:
    text = SURVEY_FILE.replace('["NA"]', '["NA", "N/A"]')
    (survey.folder / "surveys" / "spring.toml").write_text(text, encoding="utf-8")
    done = take(survey, HEADER + f"r1,,,,,{cell},the web,{cell}\n")
    assert (done.row.rows_new, done.quarantined) == (1, ())
    assert rows("SELECT question FROM answers") == [("found",)]


def test_a_respondent_who_stands_in_a_file_again_and_again_is_booked_once_and_counted(survey: Shop) -> None:
    for number in range(4):
        customer(survey, external_id=str(number), email=f"c{number}@example.com")
    lines = [f"r{n % 3},,,{n % 3},2025-02-{1 + n:02},{n},,\n" for n in range(9)]
    done = take(survey, HEADER + "".join(lines) + "r3,,,3,,1,,\n")
    assert (done.row.rows_read, done.row.rows_new, done.row.rows_changed, done.row.customers) == (10, 4, 6, 4)
    assert rows("SELECT respondent, score FROM responses JOIN answers ON response_id = id ORDER BY respondent") == [
        ("r0", 6), ("r1", 7), ("r2", 8), ("r3", 1)
    ]  # fmt: skip


def test_customers_are_counted_over_all_of_a_file(survey: Shop) -> None:
    for number in range(5):
        customer(survey, external_id=str(number), email=f"c{number}@example.com")
    several = range(CHUNK_ROWS * 3)
    done = take(survey, HEADER + "".join(f"r{n},,,{n if n < 4 else 4},,1,,\n" for n in several))
    assert (done.row.rows_new, done.row.customers) == (len(several), 5)


def test_times_of_answers_are_read_in_the_form_that_the_survey_states(survey: Shop) -> None:
    path = survey.folder / "surveys" / "spring.toml"
    text = path.read_text(encoding="utf-8").replace("[answers]", '[answers]\ndates = "%d/%m/%Y %H:%M"')
    path.write_text(text, encoding="utf-8")
    take(survey, HEADER + "r1,,,,01/02/2025 09:00,9,,\n")
    assert rows("SELECT answered_at FROM responses") == [(1_738_393_200,)]


def test_a_column_that_is_mapped_to_a_question_must_be_there(survey: Shop) -> None:
    path = survey.folder / "surveys" / "spring.toml"
    path.write_text(path.read_text(encoding="utf-8") + 'reason = "why"\n', encoding="utf-8")
    with pytest.raises(BadData, match="has no column reason"):
        take(survey, HEADER + "r1,,,,,9,,\n")


def test_the_scores_that_a_customer_gave_and_when_are_in_their_history(survey: Shop) -> None:
    dana = customer(survey, external_id="7", email="dana@example.com")
    take(survey, HEADER + "r1,,,7,2025-02-01T09:00,9,a friend,good\nr2,,,7,,3,,\n")
    told = [(fact.at, fact.what, fact.detail) for fact in show_customer(survey, dana) if fact.about == "answer"]
    assert told == [("2025-02-01T09:00:00+02:00", "spring", "recommend: 9")]


def test_comments_stand_together_by_who_made_them_beside_their_first_score(survey: Shop) -> None:
    path = survey.folder / "surveys" / "spring.toml"
    text = path.read_text(encoding="utf-8")
    more = (
        '[[questions]]\nname = "ease"\nkind = "ces"\ntext = "?"\n',
        '[[questions]]\nname = "also"\nkind = "text"\ntext = "?"\n',
    )
    path.write_text(text.replace("[answers]", f"{more[0]}{more[1]}[answers]"), encoding="utf-8")
    take(survey, "who,when,score,found,why,ease,also\nr1,,9,,a,1,b\nr2,,8,,c,2,d\n")
    told = [(one.respondent, one.question, one.score, one.comment) for one in comments(survey, "spring")]
    assert told == [("r1", "also", 9, "b"), ("r1", "why", 9, "a"), ("r2", "also", 8, "d"), ("r2", "why", 8, "c")]


def test_where_nobody_was_invited_there_is_no_rate_of_response(survey: Shop) -> None:
    take(survey, HEADER + "r1,,,,,9,,\n")
    assert [(one.invited, one.response_rate) for one in results(survey, "spring")] == [(0, None)] * 4


def test_an_answer_by_mail_is_read_from_its_subject(survey: Shop) -> None:
    noa, dana = (customer(survey, external_id=str(n), email=f"c{n}@example.com") for n in (8, 9))
    by_mail = SURVEY_FILE.partition("[answers.columns]")[0].replace('token = "token"', 'subject = "subject"')
    by_mail = by_mail.replace('answered_at = "when"', "")
    (survey.folder / "surveys" / "spring.toml").write_text(by_mail, encoding="utf-8")
    token = invitation(survey, noa)
    lines = [
        "who,subject,email,why",  # there is no column of scores
        f",Re: recommend:9 {token} [was: 3],,fine",
        f",recommend:11 {invitation(survey, dana)},,",
        ",Fwd: hello,c9@example.com,no score",
        ",Fwd: hello,c9@example.com,",
        f",Re: unrecommend:9 {token},,",
        ",recommend:8 v1.x.y.z,,",
        *(f"x{number},recommend:5,," for number in range(90)),
    ]
    outcome = take(survey, "\n".join(lines) + "\n")

    assert [(held.column, held.code) for held in outcome.quarantined] == [
        ("recommend", "bad_score"), ("subject", "no_answer"), ("subject", "no_answer"), ("subject", "bad_token"),
    ]  # fmt: skip
    given = """SELECT r.customer_id, a.question, a.score, a.words FROM responses r
        JOIN answers a ON a.response_id = r.id WHERE r.customer_id IS NOT NULL ORDER BY r.id, a.question"""
    assert rows(given) == [
        (noa, "recommend", 9, None), (noa, "why", None, "fine"), (dana, "why", None, "no score"),
    ]  # fmt: skip
    assert value("SELECT COUNT(*) FROM answers WHERE score = 5") == 90


@ON_SQLITE
def test_the_score_that_is_written_counts_before_the_one_that_was_touched(survey: Shop) -> None:
    noa = customer(survey, external_id="8", email="c8@example.com")
    text = SURVEY_FILE.replace('token = "token"', 'subject = "subject"').replace('answered_at = "when"', "")
    (survey.folder / "surveys" / "spring.toml").write_text(text, encoding="utf-8")
    take(survey, f"who,subject,email,customer,score,found,why\n,recommend:9 {invitation(survey, noa)},,,2,,\n")
    assert rows("SELECT score FROM answers WHERE score IS NOT NULL") == [(2,)]


@ON_SQLITE
def test_a_column_of_scores_must_be_there_unless_a_subject_has_them(survey: Shop) -> None:
    with pytest.raises(BadData, match="score"):
        take(survey, "who,when,why\nr1,2025-02-01T09:00,fine\n")


def test_middling_answers_are_not_favourable_where_nobody_gave_the_highest(shop: Shop) -> None:
    """Of 1 to 5 the two highest count, whatever was given: 4 does, 3 does not."""
    (shop.folder / "surveys").mkdir()
    (shop.folder / "surveys" / "spring.toml").write_text(
        'title = "Spring"\n[[questions]]\nname = "pleased"\nkind = "csat"\ntext = "Are you pleased?"\n',
        encoding="utf-8",
    )
    take(shop, "respondent,pleased\nr1,3\nr2,4\nr3,3\n")
    (row,) = results(shop, "spring")
    assert (row.favourable, row.answered) == (1, 3)
