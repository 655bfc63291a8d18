"""What an invitation shows of its survey: the first score as a row of cells, and how to answer.

One touch of a cell answers: it opens the survey's page with that score, or a mail whose subject has the score and the
token, where the shop has no public address. All cells have one colour: red and green would tell people what to say.
"""

from __future__ import annotations

from typing import Final

from markupsafe import escape

from retainctl.outreach.blocks import MailBlock, button

SCORE: Final = "score"
ANSWER: Final = "answer"


def score_block(name: str, lowest: int, highest: int, ends: tuple[str, ...]) -> MailBlock:
    """The scores of the question called *name*; *ends* say what the lowest and the highest mean."""
    cells = "".join(_CELL.format(name=name, score=score) for score in range(lowest, highest + 1))
    html = _ROW.format(cells=cells)
    if ends:
        html += _ENDS.format(lowest=escape(ends[0]), highest=escape(ends[1]))
    return MailBlock(html, ends_in_words(lowest, highest, ends) or f"{lowest}–{highest}")


def ends_in_words(lowest: int, highest: int, ends: tuple[str, ...]) -> str:
    """``0 – not likely, 10 – very likely``; empty where the question does not say."""
    return f"{lowest} – {ends[0]}, {highest} – {ends[1]}" if ends else ""


def answer_block(language: str, *, is_scored: bool, is_one_question: bool) -> MailBlock:
    """How to answer: a button to the survey's page, or by mail."""
    words = _WORDS[language]
    by_mail = words["touch" if is_scored else "reply"]
    if is_scored and not is_one_question:
        by_mail += f" {words['more']}"
    html = _HOW.format(button=button("{{ survey_link }}", words["answer"]), by_mail=by_mail)
    return MailBlock(html, _HOW_IN_TEXT.format(**words))


# The table is as wide as the mail on every phone: eleven cells share 270 pixels.
_ROW: Final = """\
<table role="presentation" dir="ltr" width="100%" cellpadding="0" cellspacing="2" border="0" \
style="table-layout:fixed; margin:0 0 4px;"><tr>
{cells}</tr></table>
"""
_CELL: Final = """\
<td class="score" align="center" bgcolor="#efe9df" style="background:#efe9df; border-radius:6px;"><a href="\
{{% if survey_link %}}{{{{ survey_link }}}}?answer={name}:{score}\
{{% else %}}{{{{ answer_mail }}}}{name}:{score}%20{{{{ survey_token }}}}{{% endif %}}" \
style="display:block; padding:13px 0; font-size:15px; line-height:1.2; font-weight:bold; color:#241f19; \
text-decoration:none; word-break:normal; overflow-wrap:normal;">{score}</a></td>
"""
_ENDS: Final = """\
<table role="presentation" dir="ltr" width="100%" cellpadding="0" cellspacing="0" border="0" style="margin:0 0 20px;">\
<tr class="quiet" style="color:#685f54; font-size:13px;"><td class="quiet" dir="{{{{ direction }}}}" align="left" \
style="color:#685f54;">{lowest}</td><td class="quiet" dir="{{{{ direction }}}}" align="right" style="color:#685f54;">\
{highest}</td></tr></table>
"""
_HOW: Final = """\
{{% if survey_link %}}
{button}{{% else %}}
<p>{by_mail}</p>
{{% endif %}}
"""
_HOW_IN_TEXT: Final = """\
{{% if survey_link %}}
{answer}:
{{{{ survey_link }}}}
{{% else %}}
{reply}

{code}
{{{{ survey_token }}}}
{{% endif %}}
"""
_WORDS: Final = {
    "he": {
        "answer": "למילוי הסקר",
        "touch": "לחיצה על מספר פותחת מייל שהציון כבר רשום בו, ונשאר רק לשלוח.",
        "more": "באותו מייל אפשר לענות גם על המשך הסקר.",
        "reply": "כדי לענות, השיבו להודעה זו וכתבו את התשובה ליד מספר השאלה.",
        "code": "הקוד שלכם (אין צורך לשנות אותו):",
    },
    "en": {
        "answer": "Answer the survey",
        "touch": "Choose a number: a mail opens that has your score in it already. Just send it.",
        "more": "You may write your other answers there, too.",
        "reply": "To answer, reply to this mail and write your answer beside the number of each question.",
        "code": "Your code (there is no need to change it):",
    },
}
