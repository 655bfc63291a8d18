"""The templates of a mailing, and rendering them: Jinja in its sandbox, with plain values only.

The sandbox keeps a template away from Python. The restrictions in ``template_policy`` keep its use of time and memory
within bounds for every customer; before a mailing is planned, ``sandbox`` tries it in a process of its own.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from jinja2 import DictLoader, StrictUndefined, Undefined, meta
from jinja2.exceptions import SecurityError, TemplateSyntaxError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from retainctl.errors import BadData
from retainctl.outreach import template_policy
from retainctl.outreach.direction import as_written
from retainctl.outreach.filters import filters
from retainctl.wording import direction, isolated

TemplateValue = str | int | None  # the only types that a template gets

_INVISIBLE = "\u00ad\u034f\u0591-\u05c7\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff"


class TooLong(BadData):
    """A message is too long, which is the fault of its templates and not of its recipient."""


@dataclass(frozen=True, slots=True)
class Letterhead:
    """The shop's settings for a mailing's envelope, headers and links, as they were when it was planned."""

    shop_name: str = ""
    from_address: str = ""
    from_name: str = ""
    reply_to: str = ""
    unsubscribe_address: str = ""
    public_url: str = ""
    timezone: str = "UTC"


@dataclass(frozen=True, slots=True)
class Templates:
    """Everything that a mailing's messages are made of, as it was when it was planned.

    *frame_html* and *frame_text* include *body_html* and *body_text*, and also see *subject*, *reason*, *preheader* and
    the *constants* (the sender's name and address, the language). *mark* is the word that the law requires at the start
    of an advertisement's subject, or ''. *letterhead* is what the headers and links are made of. *translations* are the
    same message in other languages, each for those who are known to read it.
    """

    subject: str
    reason: str
    body_html: str
    body_text: str
    frame_html: str
    frame_text: str
    mark: str = ""
    constants: dict[str, str] = field(default_factory=dict)
    letterhead: Letterhead = field(default_factory=Letterhead)
    preheader: str = ""
    translations: dict[str, Templates] = field(default_factory=dict)

    @property
    def in_each_language(self) -> tuple[Templates, ...]:
        """These templates, and those of the other languages."""
        return self, *self.translations.values()

    @property
    def own(self) -> tuple[str, ...]:
        """The mailing's own templates, without the frames."""
        return self.subject, self.reason, self.preheader, self.body_text, self.body_html

    @property
    def frames(self) -> tuple[str, ...]:
        return self.frame_text, self.frame_html

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Templates:
        return cls._of(json.loads(text))

    @classmethod
    def _of(cls, found: dict[str, Any]) -> Templates:
        translations = {language: cls._of(one) for language, one in found.get("translations", {}).items()}
        letterhead = Letterhead(**found.get("letterhead", {}))
        return cls(**{**found, "letterhead": letterhead, "translations": translations})


@dataclass(frozen=True, slots=True)
class Rendered:
    """The rendered texts of one message."""

    subject: str
    reason: str
    text: str
    html: str


class Unknown(Undefined):
    """A value that is unknown for this customer: false in a condition, an error where it would be printed."""

    __slots__ = ()

    def __str__(self) -> str:
        return self._fail_with_undefined_error()


def _joined(pieces: Iterable[str]) -> str:
    """The pieces of a rendering as one text; TooLong where it exceeds the limit."""
    kept, room = [], template_policy.LONGEST
    for piece in pieces:
        room -= len(piece)
        if room < 0:
            raise TooLong(f"the message is longer than {template_policy.LONGEST:,} characters")
        kept.append(piece)
    return "".join(kept)


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's sandbox without global functions; * and % work on numbers only, and too long output is refused."""

    intercepted_binops = frozenset(["*", "%"])
    concat = staticmethod(_joined)

    def __init__(self, *, autoescape: bool, sources: Mapping[str, str], language: str = "en") -> None:
        super().__init__(
            autoescape=autoescape,
            undefined=StrictUndefined,
            loader=DictLoader(sources),
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self.globals.clear()
        self.filters.update(filters(language))

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if isinstance(left, str) or isinstance(right, str):
            raise SecurityError(f"{operator} works on numbers, not on text")
        return super().call_binop(context, operator, left, right)


class Renderer:
    """Templates, compiled once, ready to render for many customers.

    A context's *language* says which translation is its message. Whatever goes wrong in a template becomes BadData with
    a message, or TooLong.
    """

    def __init__(self, templates: Templates) -> None:
        self._own = _Edition(templates)
        self._translations = {language: _Edition(one) for language, one in templates.translations.items()}

    def render(self, context: Mapping[str, TemplateValue]) -> Rendered:
        """The message for *context*, in which None is an unknown value."""
        return self._edition(context).render(context)

    def reason(self, context: Mapping[str, TemplateValue]) -> str:
        """Only the reason why this customer gets the message."""
        return self._edition(context).reason(context)

    def _edition(self, context: Mapping[str, TemplateValue]) -> _Edition:
        return self._translations.get(str(context.get("language")), self._own)


class _Edition:
    """The templates of one language, compiled."""

    def __init__(self, templates: Templates) -> None:
        self._constants = templates.constants
        self._mark = templates.mark
        self._language = language = templates.constants.get("language", "en")
        sources = {"frame": templates.frame_text, "body": templates.body_text}
        text = _Sandbox(autoescape=False, sources=sources, language=language)
        sources = {"frame": templates.frame_html, "body": templates.body_html}
        html = _Sandbox(autoescape=True, sources=sources, language=language)
        with _told():
            _refuse(templates, text)
            self._subject = text.from_string(templates.subject)
            self._reason = text.from_string(templates.reason)
            self._preheader = text.from_string(templates.preheader)
            self._text = text.get_template("frame")
            self._html = html.get_template("frame")
            for sandbox in (text, html):
                sandbox.get_template("body")  # so that a syntax error in it shows now

    def render(self, context: Mapping[str, TemplateValue]) -> Rendered:
        with _told():
            values = self._values(context)
            reason = self._reason.render(values).strip()
            subject = marked(self._subject.render(values).strip(), self._mark, language=self._language)
            preheader = self._preheader.render(values).strip()
            values |= {"reason": reason, "subject": subject, "preheader": preheader}
            text = re.sub(r"\n{3,}", "\n\n", self._text.render(values)).strip() + "\n"
            return Rendered(subject, reason, text, self._html.render(values))

    def reason(self, context: Mapping[str, TemplateValue]) -> str:
        with _told():
            return self._reason.render(self._values(context)).strip()

    def _values(self, context: Mapping[str, TemplateValue]) -> dict[str, Any]:
        values: dict[str, Any] = dict(self._constants)
        for name, value in context.items():
            values[name] = _unknown(name) if value is None else value
        return values


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except TooLong:
        raise
    except TemplateSyntaxError as error:
        raise BadData(f"the template is not valid: {str(error.message).rstrip('.')}{_place(error)}") from None
    except MemoryError:
        raise BadData("the template takes too much memory") from None
    except RecursionError:
        raise BadData("the template is nested too deeply") from None
    except Exception as error:
        raise BadData(f"the template is not valid: {str(error).rstrip('.') or type(error).__name__}") from None


def _place(error: TemplateSyntaxError) -> str:
    """The line with the error, to add to the message; empty where the template only ends too soon."""
    lines = (error.source or "").splitlines()
    if str(error.message).startswith("Unexpected end") or not 0 < error.lineno < len(lines) + 1:
        return ""
    return f" (in {as_written(lines[error.lineno - 1]).strip()!r})"


def names_used(templates: Templates) -> set[str]:
    """The names that the templates use from a customer's context."""
    sandbox = _Sandbox(autoescape=False, sources={})
    names: set[str] = set()
    for one in templates.in_each_language:
        with _told():
            _refuse(one, sandbox)  # first, because finding the names evaluates constant expressions
            for text in (*one.own, *one.frames):
                names |= meta.find_undeclared_variables(sandbox.parse(text)) - one.constants.keys()
    return names - {"reason", "subject", "preheader"}


def _refuse(templates: Templates, sandbox: _Sandbox) -> None:
    for source in templates.own:
        template_policy.refuse(sandbox, source)
    for frame in templates.frames:
        template_policy.refuse(sandbox, frame, includes=1)


def marked(subject: str, mark: str, *, language: str = "he") -> str:
    """*subject* with *mark* as its first word, once: added, unless it is already there, even after invisible marks.

    What follows in a *language* that runs the other way is isolated: the mark's direction would tear it apart.
    """
    if not mark:
        return subject
    word = f"[{_INVISIBLE}]*".join(mark)
    found = re.match(rf"[\W{_INVISIBLE}]*{word}[{_INVISIBLE}]*(?!\w)[\])}}>\"'*»]*", subject)
    rest = subject[found.end() :] if found else f": {subject}"
    said = rest.lstrip(" :-–—")
    if said and direction(language) == "ltr":
        rest = rest.removesuffix(said) + isolated(said)
    return mark + rest


def _unknown(name: str) -> Unknown:
    return Unknown(f"{name} is unknown for some customers: write {{{{ {name} or '…' }}}}", name=name)
