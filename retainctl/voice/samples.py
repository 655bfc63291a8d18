"""The first file of a new survey, to be edited: one score, one open question, and the mail that asks."""

from __future__ import annotations

import json

_QUESTIONS = {
    "he": {
        "nps": "באיזו מידה תמליצו עלינו לחברים, מ-0 (בכלל לא) עד 10 (בהחלט כן)?",
        "csat": "כמה אתם מרוצים מהקנייה האחרונה אצלנו, מ-1 (בכלל לא) עד 5 (מאוד)?",
        "ces": "היה קל לקנות אצלנו. כמה אתם מסכימים, מ-1 (בכלל לא) עד 7 (לגמרי)?",
        "text": "מה הסיבה העיקרית לציון?",
    },
    "en": {
        "nps": "How likely are you to recommend us to a friend, from 0 (not at all) to 10 (certainly)?",
        "csat": "How satisfied are you with your last purchase, from 1 (not at all) to 5 (very)?",
        "ces": "It was easy to buy from us. How much do you agree, from 1 (not at all) to 7 (fully)?",
        "text": "What is the main reason for your score?",
    },
}
_NAMES = {"nps": "recommend", "csat": "satisfaction", "ces": "ease"}

_FILES = {
    "he": '''\
title = "מה דעתכם עלינו?"
# למי נשלח: שם של קהל (retainctl segments list).
audience = {audience}

[invitation]
subject = "שתי שאלות קצרות, {first_name}"
reason = "קניתם אצלנו וביקשתם לשמוע מאיתנו"
# {questions} הן השאלות שלמטה. את הקישור רואים רק אם public_url רשום ב-retainctl.toml.
body = """
שלום {first_name},

נשמח לשמוע מה דעתכם. זה לוקח פחות מדקה.

{questions}

{{% if survey_link %}}
[לתשובה]({survey_link})
{{% else %}}
כדי לענות, השיבו למייל הזה וכתבו את התשובה ליד מספר השאלה.

קוד התשובה: {survey_token}
{{% endif %}}

תודה!
"""

[[questions]]
name = "{name}"
kind = "{kind}"
text = "{score}"

[[questions]]
name = "comment"
kind = "text"
text = "{text}"

# איך נקרא קובץ תשובות: surveys import NAME FILE.
[answers]
respondent = "respondent"
token = "token"
''',
    "en": '''\
title = "What do you think of us?"
# Who is asked: the name of a segment (retainctl segments list).
audience = {audience}

[invitation]
subject = "Two short questions, {first_name}"
reason = "you bought from us and asked to hear from us"
# {questions} are those below. The link is there only where retainctl.toml has a public_url.
body = """
Hello {first_name},

We would like to hear what you think. It takes less than a minute.

{questions}

{{% if survey_link %}}
[Answer]({survey_link})
{{% else %}}
To answer, reply to this mail and write your answer beside the number of each question.

Your answer's code: {survey_token}
{{% endif %}}

Thank you!
"""

[[questions]]
name = "{name}"
kind = "{kind}"
text = "{score}"

[[questions]]
name = "comment"
kind = "text"
text = "{text}"

# How a file of answers is read: surveys import NAME FILE.
[answers]
respondent = "respondent"
token = "token"
''',
}


def sample(kind: str, *, language: str, audience: str) -> str:
    """The file of a survey that asks the *audience* for one score of *kind* and the reason for it."""
    texts = _QUESTIONS[language]
    written = {name: f"{{{{ {name} }}}}" for name in ("first_name", "questions", "survey_link", "survey_token")}
    return _FILES[language].format(
        name=_NAMES[kind],
        kind=kind,
        score=texts[kind],
        text=texts["text"],
        audience=json.dumps(audience, ensure_ascii=False),
        **written,
    )
