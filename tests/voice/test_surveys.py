"""A survey's file: drafted in the shop's language, checked question by question, refused where it cannot be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from retainctl import cli
from retainctl.audience import segments
from retainctl.config import Shop
from retainctl.errors import BadConfiguration, Refused, WrongUsage
from retainctl.voice.survey_file import Question, QuestionKind
from retainctl.voice.surveys import SURVEYS, QuestionRow, draft, list_surveys, questions_of
from tests.conftest import MakeShop, Terminal

QUESTION = '[[questions]]\nname = "{name}"\nkind = "{kind}"\ntext = "{text}"\n'


def write(shop: Shop, text: str, name: str = "spring") -> None:
    (shop.folder / "surveys").mkdir(exist_ok=True)
    (shop.folder / "surveys" / f"{name}.toml").write_text('title = "Spring"\n' + text, encoding="utf-8")


@pytest.mark.parametrize("kind", ["nps", "csat", "ces"])
def test_a_draft_is_a_survey_that_can_be_read(shop: Shop, kind: str) -> None:
    draft(shop, "spring", kind=kind)
    survey = SURVEYS.read(shop, "spring").value
    assert [question.kind for question in survey.questions] == [kind, "text"]
    assert survey.questions[0].name == {"nps": "recommend", "csat": "satisfaction", "ces": "ease"}[kind]
    assert survey.invitation is not None
    assert "{{ first_name }}" in survey.invitation.subject


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])
@pytest.mark.parametrize(("words", "kind"), [((), "nps"), (("--kind", "csat"), "csat"), (("--kind", "ces"), "ces")])
def test_a_draft_asks_what_and_whom_it_was_told_to_ask(shop: Shop, words: tuple[str, ...], kind: str) -> None:
    segments.create(shop, "loyal", "orders >= 2")
    assert cli.run(["--shop", str(shop.folder), "surveys", "draft", "spring", "--audience", "loyal", *words]) == 0
    survey = SURVEYS.read(shop, "spring").value
    assert (survey.questions[0].kind, survey.audience) == (kind, "loyal")


@pytest.mark.parametrize(("language", "words"), [("he", "באיזו מידה סביר שתמליצו"), ("en", "How likely are you to")])
def test_a_draft_speaks_the_shops_language(make_shop: MakeShop, language: str, words: str) -> None:
    folder = make_shop(language=language)
    retainctl = Terminal(folder)
    assert retainctl("surveys", "draft", "spring").code == 0
    text = (folder / "surveys" / "spring.toml").read_text(encoding="utf-8")
    assert f'text = "{words}' in text


def test_a_draft_never_replaces_a_file(shop: Shop) -> None:
    path = draft(shop, "spring", kind="nps")
    path.write_text("mine")
    with pytest.raises(Refused, match="the survey spring already exists"):
        draft(shop, "spring", kind="nps")
    assert path.read_text() == "mine"


@pytest.mark.parametrize("name", ["../spring", "Spring", "a b", "", "a" * 65])
def test_a_name_that_could_leave_the_folder_is_refused(shop: Shop, name: str) -> None:
    with pytest.raises(WrongUsage, match="is not a valid survey name"):
        draft(shop, name, kind="nps")
    with pytest.raises(WrongUsage, match="is not a valid survey name"):
        SURVEYS.read(shop, name)


def test_more_than_five_questions_are_warned_of_and_each_shows_how_far_along_it_is(shop: Shop) -> None:
    write(shop, "".join(QUESTION.format(name=f"q{n}", kind="csat", text=f"Question {n}?") for n in range(1, 8)))
    rows = questions_of(SURVEYS.read(shop, "spring").value)
    assert rows[0] == QuestionRow("q1", "csat", "1/7", "Question 1?", "")
    assert [row.progress for row in rows][-1] == "7/7"
    assert [bool(row.warning) for row in rows] == [False] * 5 + [True] * 2
    assert rows[5].warning == "question 6: after 5 questions, fewer people answer"


def test_a_survey_that_begins_with_work_or_talks_too_long_is_warned_of(shop: Shop) -> None:
    def warnings(*questions: tuple[str, str]) -> list[str]:
        write(
            shop,
            "".join(QUESTION.format(name=f"q{n}", kind=kind, text=text) for n, (kind, text) in enumerate(questions)),
        )
        return [row.warning for row in questions_of(SURVEYS.read(shop, "spring").value)]

    assert warnings(("text", "Why?"), ("nps", "How likely?")) == ["start with a question that one click can answer", ""]
    assert warnings(("nps", "How likely?"), ("text", "Why?")) == ["", ""]
    assert warnings(("text", "Why?")) == [""]
    long = "longer than 200 characters: few people read it to the end"
    assert warnings(("nps", "x" * 200), ("csat", "x" * 201)) == ["", long]


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])  # it is about a file
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("questions = []", "a survey needs questions"),
        (QUESTION.format(name="a", kind="nps", text="?") * 2, "questions with different names"),
        (QUESTION.format(name="a b", kind="nps", text="?"), "the question name 'a b' must consist of a-z"),
        (QUESTION.format(name="a", kind="npx", text="?"), "kind cannot be 'npx'"),
        (QUESTION.format(name="a", kind="nps", text="?") + "scale = [1, 10]\n", "its scale is \\[0, 10\\]"),
        (QUESTION.format(name="a", kind="csat", text="?") + "scale = [5, 1]\n", "its lowest and highest"),
        (QUESTION.format(name="a", kind="choice", text="?"), "must have choices"),
        (
            QUESTION.format(name="a", kind="nps", text="?") + '[answers.columns]\nx = "b"\n',
            "is for the question b, which does not exist",
        ),
        (QUESTION.format(name="a", kind="csat", text="?") + "scale = [1, 3, 5]\n", "its lowest and highest"),
        (QUESTION.format(name="a", kind="csat", text="?") + "scale = [3, 3]\n", "its lowest and highest"),
        (QUESTION.format(name="a", kind="text", text="?") + "scale = [1, 5]\n", "its lowest and highest"),
        (QUESTION.format(name="a", kind="csat", text="?") + 'choices = ["x"]\n', "must have choices if its kind is"),
        (QUESTION.format(name="a" * 41, kind="csat", text="?"), "a-z, 0-9 and _, 40 at most"),
        (QUESTION.format(name="a", kind="nps", text="?") + '[answers]\ncustomer = "id"\n', "set both customer"),
        (QUESTION.format(name="a", kind="nps", text="?") + '[answers]\nsource = "web"\n', "set both customer"),
        (QUESTION.format(name="a", kind="nps", text="?") + 'ends = ["low"]\n', "the ends of a must say"),
        (QUESTION.format(name="a", kind="text", text="?") + 'ends = ["low", "high"]\n', "the ends of a must say"),
        (QUESTION.format(name="a", kind="nps", text="?") + '[en.questions]\nb = "?"\n', "b, which is translated, does"),
        ('audience = "buyers"\n' + QUESTION.format(name="a", kind="nps", text="?"), "needs an invitation"),
        ('tittle = "x"\n' + QUESTION.format(name="a", kind="nps", text="?"), "Did you mean title"),
    ],
)
def test_a_survey_that_cannot_be_is_refused(shop: Shop, text: str, said: str) -> None:
    write(shop, text)
    with pytest.raises(BadConfiguration) as refused:
        SURVEYS.read(shop, "spring")
    assert re.search(said, f"{refused.value} {refused.value.hint}")


def test_the_surveys_are_listed(shop: Shop) -> None:
    draft(shop, "spring", kind="nps")
    write(shop, QUESTION.format(name="a", kind="csat", text="?"), name="autumn")
    write(shop, 'title = "unclosed\n', name="broken")
    assert [(row.survey, row.state, row.questions, row.audience) for row in list_surveys(shop)] == [
        ("autumn", "draft", 1, ""), ("broken", "faulty", 0, ""), ("spring", "draft", 2, ""),
    ]  # fmt: skip


def test_a_survey_that_is_not_there_says_how_to_make_it(retainctl: Terminal, folder: Path) -> None:
    ended = retainctl("surveys", "results", "spring")
    assert (ended.code, ended.stdout) == (2, "")
    assert ended.stderr == "retainctl: there is no survey spring\n  Create it: retainctl surveys draft spring\n"


@pytest.mark.parametrize(
    ("kind", "scale", "ends"),
    [("nps", (), (0, 10)), ("csat", (), (1, 5)), ("ces", (), (1, 7)), ("csat", (1, 10), (1, 10))],
)
def test_a_score_is_on_the_scale_of_its_kind_unless_the_question_has_its_own(
    kind: QuestionKind, scale: tuple[int, ...], ends: tuple[int, int]
) -> None:
    question = Question("q", kind, "?", scale)
    assert (question.lowest, question.highest) == ends
