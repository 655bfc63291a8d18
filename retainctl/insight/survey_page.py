"""A survey's results as a page: each score on its scale with its interval, how often each answer came, comments."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from markupsafe import Markup

from retainctl.config import Shop
from retainctl.insight.charts import Bar, bars, scale
from retainctl.insight.labels import Label
from retainctl.insight.pages import Page, story_page
from retainctl.insight.periods import ALL_TIME
from retainctl.insight.story import FEW, Figure, Section, Story, Swatch, Telling
from retainctl.insight.svg import ACCENT, BAD, SECOND, tag
from retainctl.voice import results
from retainctl.voice.results import CommentRow, ResultRow
from retainctl.voice.scores import FAVOURABLE_POINTS, PASSIVES_FROM, PROMOTERS_FROM
from retainctl.voice.survey_file import Question
from retainctl.voice.surveys import SURVEYS
from retainctl.wording import count, day_in_words, isolated, named, percent

COMMENTS = 6  # that are shown; all of them are one command away
_DEFINITIONS: Final[tuple[Label, ...]] = (
    (
        "NPS = the share of promoters (9 and 10) minus the share of detractors (0 to 6), from -100 to 100.",
        f"NPS = שיעור הממליצים (9 ו־10) פחות שיעור המסתייגים (0 עד 6), בין {isolated('-100')} ל־{isolated('+100')}.",
    ),
    (
        "CSAT is the share of the two highest answers, CES of the three highest.",
        "שביעות רצון (CSAT) היא שיעור שתי התשובות הגבוהות ביותר; קלות (CES) – שיעור שלוש הגבוהות.",
    ),
    (
        "The line around a score is its 95% interval: with more answers it is shorter.",
        "הקו שסביב הציון מראה את אי־הוודאות (רווח בר־סמך של 95%): ככל שיש יותר תשובות הוא קצר יותר.",
    ),
)


def survey_page(shop: Shop, name: str) -> Page:
    """The page of the results of the survey *name*, in the shop's language."""
    survey = SURVEYS.read(shop, name).value
    telling = Telling(shop, ALL_TIME, results.results(shop, name))
    rows = {row.question: row for row in telling.rows}
    is_answered = any(row.answered for row in telling.rows)
    return story_page(
        shop,
        telling.say(f"Survey {named(name)}: {isolated(survey.title)}", f"סקר {named(name)}: {isolated(survey.title)}"),
        Story(
            finding=_finding(telling),
            figures=list(_figures(telling, rows, survey.questions)),
            sections=[
                *(_section(telling, name, one, rows[one.name]) for one in survey.questions if one.kind != "text"),
                *_said(telling, results.comments(shop, name)),
            ]
            if is_answered
            else [],
        ),
        when=day_in_words(shop.clock.today(), shop.settings.language),
        definitions=[telling.say(*one) for one in _DEFINITIONS],
    )


def _finding(telling: Telling) -> str:
    if not any(row.answered for row in telling.rows):
        return telling.say("Nobody has answered yet", "עדיין לא התקבלו תשובות")
    score = next((row for row in telling.rows if row.score is not None and row.answered >= FEW), None)
    if score is None:
        return telling.many(
            max(row.answered for row in telling.rows),
            ("1 answer has come in", "{} answers have come in"),
            ("התקבלה תשובה אחת", "התקבלו {} תשובות"),
        )
    if score.type != "nps":
        between = f"{percent(score.low)}–{percent(score.high)}"
        share = percent(score.score)
        if score.type == "csat":
            return telling.say(f"{share} are satisfied ({between})", f"{share} מרוצים ({isolated(between)})")
        return telling.say(f"{share} found it easy ({between})", f"ל־{share} היה קל ({isolated(between)})")
    points = isolated(f"NPS {_points(score.score)}")
    promoters, detractors = (percent(part / score.answered) for part in (score.promoters, score.detractors))
    return telling.say(
        f"{promoters} recommend us, {detractors} do not ({points})",
        f"{promoters} ממליצים עלינו, {detractors} מסתייגים ({points})",
    )


def _points(points: float) -> str:
    return isolated(f"{points:+.0f}".replace("+0", "0").replace("-0", "0") if abs(points) < 0.5 else f"{points:+.0f}")


def _figures(telling: Telling, rows: dict[str, ResultRow], questions: Sequence[Question]) -> Iterator[Figure]:
    say, any_row = telling.say, telling.rows[0]
    yield Figure(
        say("Answers", "תשובות"),
        count(max(row.answered for row in telling.rows)),
        say(f"{any_row.responded:,} of them were invited", f"{any_row.responded:,} מהן של לקוחות שהוזמנו להשיב")
        if any_row.invited
        else "",
    )
    if any_row.response_rate is not None:
        yield Figure(
            say("Response rate", "שיעור המשיבים"),
            percent(any_row.response_rate),
            say(f"{any_row.responded:,} of {any_row.invited:,}", f"{any_row.responded:,} מתוך {any_row.invited:,}"),
        )
    for question in questions:
        row = rows[question.name]
        if question.is_score and row.score is not None and row.low is not None and row.high is not None:
            points = question.kind == "nps"
            low, high = (_points(end) if points else percent(end) for end in (row.low, row.high))
            yield Figure(
                {"nps": "NPS", "csat": "CSAT", "ces": "CES"}[question.kind],
                _points(row.score) if points else percent(row.score),
                say(f"between {low} and {high}", f"בין {low} ל־{high}"),
            )


def _section(telling: Telling, name: str, question: Question, row: ResultRow) -> Section:
    tally = results.tally_of(name, question)
    answered = sum(tally.values())
    note = telling.many(answered, ("1 answer.", "{} answers."), ("תשובה אחת.", "{} תשובות."))
    if question.kind == "choice":
        drawn = [Bar(one, tally[one], f"{tally[one]:,}") for one in question.choices]
        return Section(question.text, bars(drawn, label=question.text, rtl=telling.rtl), note=note)
    drawn = [
        Bar(str(answer), tally[answer], f"{tally[answer]:,}", _fill(question, answer))
        for answer in range(question.lowest, question.highest + 1)
    ]
    chart = bars(drawn, label=question.text, rtl=telling.rtl, names=34)
    return Section(question.text, _on_its_scale(question, row) + chart, key=_key(telling, question), note=note)


def _fill(question: Question, answer: int) -> str:
    if question.kind != "nps":
        return ACCENT if answer > question.highest - FAVOURABLE_POINTS[question.kind] else SECOND
    return ACCENT if answer >= PROMOTERS_FROM else SECOND if answer >= PASSIVES_FROM else BAD


def _key(telling: Telling, question: Question) -> list[tuple[Swatch, str]]:
    say = telling.say
    if question.kind != "nps":
        return [("", say("Favourable", "תשובות חיוביות")), ("second", say("The others", "השאר"))]
    return [
        ("", say("Promoters", "ממליצים")),
        ("second", say("Passives", "אדישים")),
        ("bad", say("Detractors", "מסתייגים")),
    ]


def _on_its_scale(question: Question, row: ResultRow) -> Markup:
    if row.score is None or row.low is None or row.high is None:
        return Markup("")
    points = question.kind == "nps"
    edges = [-100.0, -50.0, 0.0, 50.0, 100.0] if points else [0.0, 0.25, 0.5, 0.75, 1.0]
    return scale(
        row.score,
        edges=edges,
        names=[_points(edge) if points else percent(edge) for edge in edges],
        shown=_points(row.score) if points else percent(row.score),
        label=question.text,
        interval=(row.low, row.high),
    )


def _said(telling: Telling, spoken: Sequence[CommentRow]) -> Iterator[Section]:
    """The latest comments; what was said in the same words stands once, with how often and by which scores."""
    scores: dict[str, list[int]] = defaultdict(list)  # the latest first
    times: Counter[str] = Counter()
    for one in reversed(spoken):
        if comment := one.comment.strip():
            times[comment] += 1
            if one.score is not None:
                scores[comment].append(one.score)
    quotes = Markup("").join(
        tag(
            "blockquote",
            *((tag("b", f"{_from_to(telling, scores[comment])} · "),) if scores[comment] else ()),
            tag("bdi", comment),
            *((tag("b", f" ×{times[comment]}"),) if times[comment] > 1 else ()),
        )
        for comment in list(times)[:COMMENTS]
    )
    title, total = telling.say("In their own words", "במילים שלהם"), f"{times.total():,}"
    if len(times) == times.total():
        note = telling.say(f"The latest {COMMENTS} of {total} comments.", f"{COMMENTS} ההערות האחרונות מתוך {total}.")
    else:
        note = telling.say(
            f"Of {total} comments the latest; the same words stand once, with how often they were written.",
            f"האחרונות מתוך {total} הערות; אותן מילים מופיעות פעם אחת, עם מספר הפעמים שנכתבו.",
        )
    if times:
        yield Section(title, quotes, note=note if times.total() > COMMENTS else "")


def _from_to(telling: Telling, scores: Sequence[int]) -> str:
    low, high = min(scores), max(scores)
    if low == high:
        return telling.say(f"score {low}", f"ציון {low}")
    return telling.say(f"scores {low}–{high}", f"ציונים {isolated(f'{low}–{high}')}")
