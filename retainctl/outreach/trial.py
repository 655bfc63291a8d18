"""Trying templates in a process of its own, with limits: a hostile or mistaken one ends there, and soon.

The sandbox keeps a template from Python; the kernel keeps it from the machine's time and memory. Run as a program,
this module reads templates and contexts as JSON and answers with what they rendered to, or with what went wrong.
"""

from __future__ import annotations

import dataclasses
import json
import resource
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2.exceptions import TemplateError, TemplateSyntaxError

from retainctl.outreach.templates import Rendered, Renderer, Templates, Value, names_used

_CPU_SECONDS = 1  # beyond starting; a rendering takes a thousandth of it
_MEMORY_BYTES = 512 * 2**20
_PATIENCE_SECONDS = 20  # of the wall clock, on a busy machine
_LONGEST = 2**20  # characters that a rendering may have


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a trial: the names that the templates use, and for each context a message or its mistake.

    *fault* says what is wrong with the templates as such; then there is nothing else.
    """

    fault: str = ""
    names: frozenset[str] = frozenset()
    renderings: tuple[Rendered | str, ...] = ()


def run(templates: Templates, contexts: Sequence[Mapping[str, Value]]) -> Tried:
    """Try *templates* on *contexts*; it takes about a fifth of a second, whatever they hold."""
    question = json.dumps({"templates": templates.to_json(), "contexts": contexts})
    try:
        # -P: the folder that one happens to stand in lends it no modules.
        ended = subprocess.run(  # noqa: S603
            [sys.executable, "-P", "-m", __name__],
            input=question.encode(), capture_output=True, timeout=_PATIENCE_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return Tried("rendering takes too long")
    if ended.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return Tried("rendering takes too long")
    if ended.returncode:
        return Tried("rendering takes too much memory, or fails in a way of its own")
    answer = json.loads(ended.stdout)
    return Tried(
        answer["fault"],
        frozenset(answer["names"]),
        tuple(one if isinstance(one, str) else Rendered(**one) for one in answer["renderings"]),
    )


def _answer(question: dict[str, Any]) -> dict[str, Any]:
    """What this process, its limits set, finds out about the templates."""
    nothing: dict[str, Any] = {"fault": "", "names": [], "renderings": []}
    templates = Templates.from_json(question["templates"])
    try:
        nothing["names"] = sorted(names_used(templates))
        renderer = Renderer(templates)
    except TemplateSyntaxError as error:
        return nothing | {"fault": f"{_sentence(error)} (at {_line(error)!r})"}
    except (TemplateError, RecursionError, MemoryError, ArithmeticError, TypeError, ValueError) as error:
        return nothing | {"fault": _sentence(error)}
    return nothing | {"renderings": [_rendering(renderer, context) for context in question["contexts"]]}


def _rendering(renderer: Renderer, context: Mapping[str, Value]) -> dict[str, str] | str:
    try:
        rendered = renderer.render(context)
    except (TemplateError, RecursionError, MemoryError, ArithmeticError, TypeError, ValueError) as error:
        return _sentence(error)
    if len(rendered.html) + len(rendered.text) > _LONGEST:
        return "the message is longer than a million characters"
    return dataclasses.asdict(rendered)


def _sentence(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return "rendering takes too much memory"
    if isinstance(error, RecursionError):
        return "the template is nested too deeply"
    return str(error).rstrip(".")


def _line(error: TemplateSyntaxError) -> str:
    lines = (error.source or "").splitlines()
    return lines[error.lineno - 1].strip() if 0 < error.lineno <= len(lines) else ""


def _limit() -> None:
    """From here on this process may use only so much, and leaves no core behind."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + 1 + _CPU_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    _limit()
    json.dump(_answer(asked), sys.stdout)
