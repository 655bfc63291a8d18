"""Trying templates in a process of their own, with limits, so that a hostile or broken one cannot do harm.

Jinja's sandbox keeps a template away from Python; the kernel limits its time and memory. Run as a program, this module
reads templates and contexts as JSON, and answers with the rendered messages or the errors.
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

from retainctl.errors import BadData
from retainctl.outreach.templates import Rendered, Renderer, Templates, TemplateValue, names_used

_CPU_SECONDS = 1  # after start-up; rendering takes a thousandth of it
_MEMORY_BYTES = 512 * 2**20
_PATIENCE_SECONDS = 20  # of wall-clock time, for a busy machine


@dataclass(frozen=True, slots=True)
class Tried:
    """The result of a trial: the names that the templates use, and for each context the message or its error.

    *fault* says what is wrong with the templates themselves; then the rest is empty.
    """

    fault: str = ""
    names: frozenset[str] = frozenset()
    renderings: tuple[Rendered | str, ...] = ()


def run(templates: Templates, contexts: Sequence[Mapping[str, TemplateValue]]) -> Tried:
    """Try *templates* on *contexts*; this takes about a fifth of a second, whatever they contain."""
    question = json.dumps({"templates": templates.to_json(), "contexts": contexts})
    try:
        # -P: no modules are imported from the working directory.
        ended = subprocess.run(  # noqa: S603
            [sys.executable, "-P", "-m", __name__],
            input=question.encode(),
            capture_output=True,
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Tried("the template takes too long")
    if ended.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        return Tried("the template takes too long")
    if ended.returncode:
        return Tried("the template takes too much memory")
    answer = json.loads(ended.stdout)
    return Tried(
        answer["fault"],
        frozenset(answer["names"]),
        tuple(one if isinstance(one, str) else Rendered(**one) for one in answer["renderings"]),
    )


def _answer(question: dict[str, Any]) -> dict[str, Any]:
    """The answer to *question*, worked out within the limits of this process."""
    answer: dict[str, Any] = {"fault": "", "names": [], "renderings": []}
    templates = Templates.from_json(question["templates"])
    try:
        answer["names"] = sorted(names_used(templates))
        renderer = Renderer(templates)
    except BadData as error:
        return answer | {"fault": str(error)}
    return answer | {"renderings": [_rendering(renderer, context) for context in question["contexts"]]}


def _rendering(renderer: Renderer, context: Mapping[str, TemplateValue]) -> dict[str, str] | str:
    try:
        rendered = renderer.render(context)
    except BadData as error:
        return str(error)
    return dataclasses.asdict(rendered)


def _limit() -> None:
    """Limit the CPU time and memory of this process from here on, and its core dumps to none."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime) + 1 + _CPU_SECONDS
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    _limit()
    json.dump(_answer(asked), sys.stdout)
