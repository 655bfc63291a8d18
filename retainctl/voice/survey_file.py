"""What the file of a survey says: its questions, its invitation, and how a file of answers is read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Literal

SCALES = {"nps": (0, 10), "csat": (1, 5), "ces": (1, 7)}

QuestionKind = Literal["nps", "csat", "ces", "choice", "text"]


@dataclass(frozen=True, slots=True)
class Question:
    """One question. nps, csat and ces have a scale [lowest, highest], and ends that say what these two mean; a choice
    has choices."""

    name: str
    kind: QuestionKind
    text: str
    scale: tuple[int, ...] = ()
    ends: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9_]{1,40}", self.name, re.ASCII):
            raise ValueError(f"the question name {self.name!r} must consist of a-z, 0-9 and _, 40 at most")
        if self.scale and (self.kind not in SCALES or len(self.scale) != 2 or self.scale[0] >= self.scale[1]):
            raise ValueError(f"the scale of {self.name} must be its lowest and highest score, such as [1, 5]")
        if self.kind == "nps" and self.scale not in ((), SCALES["nps"]):
            raise ValueError(f"{self.name} is an NPS question: its scale is [0, 10]")
        if self.ends and (self.kind not in SCALES or len(self.ends) != 2):
            raise ValueError(f"the ends of {self.name} must say what its lowest and its highest score mean")
        if (self.kind == "choice") != bool(self.choices):
            raise ValueError(f"{self.name} must have choices if its kind is choice, and only then")

    @property
    def is_score(self) -> bool:
        return self.kind in SCALES

    @property
    def lowest(self) -> int:
        return (self.scale or SCALES[self.kind])[0]

    @property
    def highest(self) -> int:
        return (self.scale or SCALES[self.kind])[1]


@dataclass(frozen=True, slots=True)
class Invitation:
    """The invitation mail: *body* is Markdown, in which ``{{ questions }}`` is replaced by the questions, and
    ``{answer}`` by the way to answer."""

    subject: str
    body: str
    reason: str
    preheader: str = ""


@dataclass(frozen=True, slots=True)
class Translated:
    """The invitation for customers who are known to read another language; *questions* and *ends* by a question's
    name."""

    subject: str = ""
    preheader: str = ""
    reason: str = ""
    body: str = ""
    questions: dict[str, str] = field(default_factory=dict)
    ends: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AnswersFile:
    """How a file of answers is read: which columns identify the respondent, and which column answers which question.

    The respondent is a customer where a column has the invitation's token, the e-mail address, or the customer's id in
    *source*; otherwise only the column *respondent* identifies them. *subject* is the column with the subjects of
    answers that came by mail: a touch of a score writes the score and the token there.
    """

    respondent: str = "respondent"
    token: str = ""
    email: str = ""
    customer: str = ""
    source: str = ""
    subject: str = ""
    answered_at: str = ""
    dates: str = "iso"
    missing: tuple[str, ...] = ("NA", "N/A", "-")
    columns: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if bool(self.customer) != bool(self.source):
            raise ValueError("set both customer (a column) and source (the shop its ids are from), or neither")


@dataclass(frozen=True, slots=True)
class Survey:
    """The file of a survey. Without an *invitation* to its *audience* (a segment), answers can only be imported."""

    title: str
    questions: tuple[Question, ...]
    invitation: Invitation | None = None
    audience: str = ""
    answers: AnswersFile = field(default_factory=AnswersFile)
    he: Translated = field(default_factory=Translated)
    en: Translated = field(default_factory=Translated)

    def __post_init__(self) -> None:
        names = [question.name for question in self.questions]
        if not names or len(set(names)) < len(names):
            raise ValueError("a survey needs questions with different names")
        for column, name in self.answers.columns.items():
            if name not in names:
                raise ValueError(f"the column {column} is for the question {name}, which does not exist")
        for translated in (self.he, self.en):
            for name in (*translated.questions, *translated.ends):
                if name not in names:
                    raise ValueError(f"the question {name}, which is translated, does not exist")
        if self.audience and self.invitation is None:
            raise ValueError("a survey with an audience needs an invitation")

    def translations(self, own: str) -> dict[str, Survey]:
        """The survey as customers see it who read another language than the shop's *own*, by language."""
        return {
            language: self._translated(said)
            for language, said in (("he", self.he), ("en", self.en))
            if language != own and said != Translated()
        }

    def _translated(self, said: Translated) -> Survey:
        questions = tuple(
            replace(one, text=said.questions.get(one.name, ""), ends=said.ends.get(one.name, ()))
            for one in self.questions
        )
        invitation = Invitation(said.subject, said.body, said.reason, said.preheader)
        return replace(self, questions=questions, invitation=invitation, he=Translated(), en=Translated())

    def column_of(self, question: Question) -> str:
        """The column that answers *question*: the one mapped to it, else the one with its name."""
        mapped = {name: column for column, name in self.answers.columns.items()}
        return mapped.get(question.name, question.name)
