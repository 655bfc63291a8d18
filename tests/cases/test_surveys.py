"""Answers of a survey: what is a score and what is none, and how sure the figure is."""

from __future__ import annotations

import pytest

from retainctl.config import Shop
from retainctl.errors import BadData
from retainctl.intake.import_runs import ImportOptions
from retainctl.shop.customers_import import import_customers
from retainctl.voice.answering import AnswerOptions, import_answers
from retainctl.voice.results import CommentRow, ResultRow, comments, results
from retainctl.voice.surveys import draft
from tests.cases.conftest import Write, codes, counts, exit_code, on

HEADER = "respondent,recommend,comment"


def tally(shop: Shop) -> tuple[int, int, int | None, int | None, int | None]:
    """Answered, missing, promoters, passives and detractors."""
    one = results(shop, "nps1")[0]
    return one.answered, one.missing, one.promoters, one.passives, one.detractors


def interval(one: ResultRow) -> list[float]:
    return [round(each, 6) for each in (one.score, one.low, one.high) if each is not None]


def test_what_is_no_score_is_none_and_a_file_of_many_such_is_the_wrong_one(shop: Shop, write: Write) -> None:
    draft(shop, "nps1", kind="nps")
    odd = ["q1,6.5,", "q2,8.5,", "q3,11,", "q4,-1,", "q5,9.0,", "q6,ten,", "q7,,only words", "q8,N/A,", "q9,１０,"]
    path = write("odd.csv", HEADER, *(f"p{score},{score}," for score in range(11)), *odd)
    with pytest.raises(BadData, match="6 of 20 rows are bad") as refused:
        import_answers(shop, "nps1", path, AnswerOptions())
    assert refused.value.exit_code == 65
    assert tally(shop) == (0, 0, 0, 0, 0)

    few = [f"p{number},{number % 11}," for number in range(1, 61)]
    path = write("few.csv", HEADER, *few, "q1,6.5,", "q5,9.0,", "p3,10,changed her mind")
    done = import_answers(shop, "nps1", path, AnswerOptions())
    assert (counts(done), exit_code(done)) == ((63, 61, 0, 0), 3)
    assert [(held.origin.line, held.code) for held in done.quarantined] == [(62, "bad_score"), (64, "answered_twice")]
    assert tally(shop) == (61, 0, 11, 10, 40)
    # (11.75 - 40.75) / 64, give or take 1.959964 * sqrt((52.5 / 64 - (29 / 64)^2) / 64); the score itself is -29 / 61.
    score, words = results(shop, "nps1")
    assert interval(score) == [-47.540984, -64.525369, -26.099631]
    assert score.mean is not None
    assert round(score.mean, 6) == 4.901639
    assert (words.answered, words.missing) == (0, 61)


@pytest.fixture
def elsewhere(shop: Shop, write: Write) -> Shop:
    """A shop of two customers, whose survey is asked in another tool that has its own names for everything."""
    path = draft(shop, "nps1", kind="nps")
    text = path.read_text(encoding="utf-8")
    for before, after in (("respondent", "Response ID"), ("token", "")):
        (line,) = (one for one in text.splitlines() if one.startswith(f"{before} = "))
        text = text.replace(line, f'{before} = "{after}"')
    path.write_text(
        f'{text}\nemail = "E-mail"\nanswered_at = "Date submitted"\ndates = "%Y-%m-%d %H:%M:%S"\n'
        '[answers.columns]\n"How likely?" = "recommend"\n"Why?" = "comment"\n',
        encoding="utf-8",
    )
    customers = write("customers.csv", "external_id,email", "1,noa@example.com", "2,gil@example.com")
    import_customers(shop, customers, ImportOptions())
    return on(shop, "2026-11-27T10:00")


def test_an_export_of_a_survey_tool_comes_in_under_its_own_names_and_the_next_day_s_brings_the_new_ones(
    elsewhere: Shop, write: Write
) -> None:
    lines = [
        '"Response ID";"Date submitted";"E-mail";"How likely?";"Why?"',
        '"1";"2026-11-01 10:00:00";"NOA@example.com";"9";"שירות; מצוין"',
        '"2";"";"gil@example.com";"";""',
        '"3";"2026-11-02 10:00:00";"stranger@example.com";"2";"late\nagain"',
        '"4";"2026-11-03 10:00:00";"noa@example.com";"3";"changed"',
    ]
    path = write("answers.csv", *lines, mark=True)
    done = import_answers(elsewhere, "nps1", path, AnswerOptions())
    assert (counts(done), codes(done), done.row.customers) == ((4, 4, 0, 0), [], 2)
    assert tally(elsewhere) == (3, 1, 1, 0, 2)
    # (1.75 - 2.75) / 6, give or take 1.959964 * sqrt((4.5 / 6 - (1 / 6)^2) / 6); the score itself is -1 / 3.
    score, words = results(elsewhere, "nps1")
    assert interval(score) == [-33.333333, -84.666506, 51.333173]
    assert score.mean == 14 / 3
    assert score.repeated == 1, "one customer answered twice"
    assert (words.answered, words.missing) == (3, 1)
    assert comments(elsewhere, "nps1") == [
        CommentRow("1", 1, "comment", 9, False, "שירות; מצוין"),
        CommentRow("3", None, "comment", 2, False, "late\nagain"),
        CommentRow("4", 1, "comment", 3, False, "changed"),
    ]
    again = import_answers(elsewhere, "nps1", path, AnswerOptions())
    assert (again.row.outcome, counts(again)) == ("already imported", (0, 0, 0, 0))
    path = write("answers.csv", *lines, '"5";"2026-11-04 10:00:00";"";"10";""', mark=True)
    tomorrow = on(elsewhere, "2026-11-28T10:00")
    assert counts(import_answers(tomorrow, "nps1", path, AnswerOptions())) == (5, 1, 0, 4)
    assert tally(tomorrow) == (4, 1, 2, 0, 2)
    assert interval(results(tomorrow, "nps1")[0])[0] == 0
