"""A survey's results as a page, and all pages in one folder."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from retainctl.config import Shop
from retainctl.insight import building
from retainctl.insight.periods import ALL_TIME
from retainctl.insight.reports import all_reports, as_read
from retainctl.insight.survey_page import survey_page
from retainctl.voice.answering import AnswerOptions, import_answers
from tests.conftest import Terminal
from tests.insight.test_pages import english, figures, plain, said
from tests.voice.test_answering import HEADER, SURVEY_FILE


@pytest.fixture
def asked(shop: Shop) -> Shop:
    """A shop with the survey ``spring``: two promoters, one passive and one detractor, seven comments, a blank one."""
    (shop.folder / "surveys").mkdir()
    (shop.folder / "surveys" / "spring.toml").write_text(SURVEY_FILE, encoding="utf-8")
    lines = [(str(score), "the web" if score > 8 else "a friend", f"because {score}") for score in (10, 9, 8, 3)]
    lines += [("", "", f"word {number}") for number in range(3)] + [("", "", "  ")]
    rows = "".join(f"r{number},,,,,{score},{found},{why}\n" for number, (score, found, why) in enumerate(lines))
    path = shop.folder / "answers.csv"
    path.write_text(HEADER + rows, encoding="utf-8")
    import_answers(shop, "spring", str(path), AnswerOptions())
    return shop


def test_a_score_stands_with_its_interval_and_every_answer_with_its_count(asked: Shop) -> None:
    made = survey_page(english(asked), "spring")
    assert (plain(made.title), plain(made.finding)) == (
        "Survey spring: Spring",
        "7 answers have come in",
    )
    assert said(made.html)[0] == "7 answers have come in"
    found = figures(made.html)
    assert found["Answers"] == ("7", ""), "whoever said anything"
    assert found["NPS"][0] == "+25"
    assert re.fullmatch(r"between -\d+ and \+\d+", found["NPS"][1])
    counts = re.findall(r"<title>(\d+): (\d+)</title>", made.html)
    assert counts[:4] == [("3", "1"), ("8", "1"), ("9", "1"), ("10", "1")]
    assert re.findall(r"<title>([^<]*a friend[^<]*|[^<]*the web[^<]*)</title>", plain(made.html))[:2] == [
        "a friend: 2", "the web: 2",
    ]  # fmt: skip


def test_the_latest_six_comments_stand_on_the_page_with_their_score(asked: Shop) -> None:
    made = survey_page(english(asked), "spring").html
    quoted = re.findall(r"<blockquote>(?:<b>score (\d+) · </b>)?<bdi>([^<]*)</bdi></blockquote>", made)
    assert quoted == [
        ("", "word 2"), ("", "word 1"), ("", "word 0"), ("3", "because 3"), ("8", "because 8"), ("9", "because 9"),
    ]  # fmt: skip
    assert "The latest 6 of 7 comments." in made


def test_a_survey_without_answers_is_a_page_too(shop: Shop) -> None:
    (shop.folder / "surveys").mkdir()
    (shop.folder / "surveys" / "spring.toml").write_text(SURVEY_FILE, encoding="utf-8")
    made = survey_page(shop, "spring")
    assert plain(made.title) == "סקר spring: Spring"
    assert "<h1>עדיין לא התקבלו תשובות</h1>" in made.html
    assert figures(made.html) == {"תשובות": ("0", "")}
    assert not re.search("<blockquote>|<svg", made.html), "no scale of noughts"


@pytest.mark.parametrize(
    ("kind", "finding"), [("csat", r"75% are satisfied \(\d+%–\d+%\)"), ("ces", r"75% found it easy \(\d+%–\d+%\)")]
)
def test_a_survey_without_an_nps_finds_something_too(shop: Shop, kind: str, finding: str) -> None:
    (shop.folder / "surveys").mkdir()
    text = f'title = "Sat"\n[[questions]]\nname = "score"\nkind = "{kind}"\ntext = "How?"\n'
    (shop.folder / "surveys" / "sat.toml").write_text(text, encoding="utf-8")
    path = shop.folder / "answers.csv"
    path.write_text("respondent,score\n" + "".join(f"r{n},{score}\n" for n, score in enumerate((5, 5, 5, 1) * 4)))
    import_answers(shop, "sat", str(path), AnswerOptions())
    made = plain(survey_page(english(shop), "sat").finding)
    assert re.fullmatch(finding, made), made


def test_a_survey_with_an_nps_finds_who_recommends(asked: Shop) -> None:
    path = asked.folder / "more.csv"
    more = "".join(f"m{number},,,,,{score},the web,\n" for number, score in enumerate((10, 9, 9, 10, 8, 0)))
    path.write_text(HEADER + more, encoding="utf-8")
    import_answers(asked, "spring", str(path), AnswerOptions())
    assert plain(survey_page(english(asked), "spring").finding) == "60% recommend us, 20% do not (NPS +40)"


def test_comments_in_the_same_words_stand_once_and_all_are_counted(asked: Shop) -> None:
    path = asked.folder / "more.csv"
    path.write_text(
        HEADER + "".join(f"t{score},,,,,{score},the web,thanks!\n" for score in (8, 10, 9)), encoding="utf-8"
    )
    import_answers(asked, "spring", str(path), AnswerOptions())
    made = plain(survey_page(english(asked), "spring").html)
    assert "<b>scores 8–10 · </b><bdi>thanks!</bdi><b> ×3</b>" in made
    assert made.count("thanks!") == 1
    assert "Of 10 comments the latest; the same words stand once" in made


def test_what_somebody_wrote_is_never_markup(asked: Shop) -> None:
    path = asked.folder / "more.csv"
    path.write_text(HEADER + 'evil,,,,,5,the web,"<script>x</script>"\n', encoding="utf-8")
    import_answers(asked, "spring", str(path), AnswerOptions())
    assert "<bdi>&lt;script&gt;x&lt;/script&gt;</bdi>" in survey_page(asked, "spring").html


def test_every_report_and_survey_is_built_and_the_first_page_leads_to_them(asked: Shop, tmp_path: Path) -> None:
    folder = tmp_path / "new" / "pages"
    folder.mkdir(parents=True)
    (folder / "mine.txt").write_text("left alone", encoding="utf-8")
    written = building.build(asked, folder, ALL_TIME).rows
    names = [f"{name}.html" for name in as_read(all_reports())] + ["survey-spring.html"]
    assert [row.file for row in written] == names
    assert sorted(path.name for path in folder.iterdir()) == sorted([*names, "index.html", "mine.txt"])
    index = (folder / "index.html").read_text(encoding="utf-8")
    assert re.findall(r'<a href="([^"]*)">', index) == names
    assert f">{written[-1].finding}</a>" in index
    assert (folder / "retention.html").stat().st_mode & 0o777 == 0o600
    building.build(asked, folder, ALL_TIME)


def test_the_page_by_the_command_line(asked: Shop, retainctl: Terminal, tmp_path: Path) -> None:
    shown = retainctl("surveys", "results", "spring", "--format", "html")
    assert (shown.code, shown.stderr) == (0, "")
    assert '<html lang="he" dir="rtl">' in shown.stdout
    built = retainctl("reports", "build", str(tmp_path / "pages"), "--last", "90d", "--format", "csv")
    assert built.stdout.splitlines()[0] == "file,title,finding"
    taken = tmp_path / "file"
    taken.touch()
    assert retainctl("reports", "build", str(taken)).code == 2


def test_a_survey_whose_file_is_wrong_stops_no_other_page(asked: Shop, retainctl: Terminal, tmp_path: Path) -> None:
    (asked.folder / "surveys" / "broken.toml").write_text('title = "unclosed', encoding="utf-8")
    ended = retainctl("reports", "build", str(tmp_path / "pages"), "--format", "csv")
    assert (ended.code, len(ended.stdout.splitlines())) == (3, 1 + len(all_reports()) + 1)
    assert "survey-broken.html: " in ended.stderr
    assert (tmp_path / "pages" / "survey-spring.html").exists()
