"""A hostile template ends soon, in a process of its own, and is a fault."""

from __future__ import annotations

import re
import resource
import subprocess
import sys
from typing import Any

import pytest

from retainctl.outreach import sandbox
from retainctl.outreach.templates import Rendered, Templates, TemplateValue
from tests.conftest import ROOT

FRAME = '{% include "body" %}'
LOOPS = "".join(f"{{% for v{depth} in letters %}}" for depth in range(12)) + "x" + "{% endfor %}" * 12
MANY: dict[str, TemplateValue] = {"name": "Dana", "letters": "abcdefghijklmnopqrstuvwxyz", "long": "x" * 1_000}


def tried(body: str) -> sandbox.Tried:
    return sandbox.run(Templates("subject", "reason", body, body, FRAME, FRAME), [MANY])


def test_a_template_renders_as_it_will_and_says_what_it_uses() -> None:
    found = tried("Hello {{ name }}")

    assert found == sandbox.Tried(
        "", frozenset({"name"}), (Rendered("subject", "reason", "Hello Dana\n", "Hello Dana"),)
    )


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (LOOPS, "{% for %} is not allowed in templates"),
        ("{{ '%999999999d' % 1 }}", "% works on numbers, not on text"),
        ("{{ 'a'.center(10000000000) }}", "a call is not allowed in templates"),
        ("{{ 'a'|center(10000000000) }}", "the filter center is not allowed in templates"),
        ("{{ 10**4000000 }}", "** is not allowed in templates"),
        ("{{ 'a' * 10000000000 }}", "* works on numbers, not on text"),
        ("{{ long }}" * 201, "the message is longer than 200,000 characters"),
        ("a" * 200_001, "it is longer than 200,000 characters"),
        ("{{ " + "9 * " * 5_000 + "9 }}", "nested too deeply"),
        ("(" * 5000 + "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", "the template is nested too deeply"),
        ("{{ name", "unexpected end of template, expected 'end of print statement'"),
        ("{% if name %}", "Unexpected end of template"),
        ("{{ name.__class__ }}", "a name after a dot is not allowed in templates"),
    ],
)
def test_a_hostile_template_is_refused_soon(body: str, fault: str) -> None:
    before = spent_seconds()
    found = tried(body)

    said = found.fault or found.renderings[0]
    assert isinstance(said, str)
    assert fault in said
    assert spent_seconds() - before < 5, "the trial itself is given one second, and starting it takes some"


@pytest.mark.parametrize("part", range(6))
def test_a_frame_includes_the_body_once_and_nothing_else_includes_anything(part: int) -> None:
    parts: list[Any] = ["subject", "reason", "text", "<p>html</p>", FRAME, FRAME]
    assert sandbox.run(Templates(*parts), [MANY]).fault == ""
    for included in (parts[part] + FRAME, parts[part] + '{% include "frame" %}'):
        changed = [included if place == part else text for place, text in enumerate(parts)]
        assert "{% include %} is not allowed in templates" in sandbox.run(Templates(*changed), [MANY]).fault


def test_a_trial_that_ends_without_an_answer_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert tried("Hello").fault == "the template takes too much memory"


def test_a_trial_that_does_not_come_to_an_end_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "_PATIENCE_SECONDS", 0.001)
    assert tried("Hello").fault == "the template takes too long"


def spent_seconds() -> float:
    """The processor time of this process and of those it has started and outlived, however busy the machine is."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def test_a_trial_has_little_time_and_memory_and_leaves_no_core_behind() -> None:
    ask = (
        "import resource; from retainctl.outreach import sandbox; sandbox._limit();"
        "print(*(resource.getrlimit(getattr(resource, one)) for one in ('RLIMIT_CPU', 'RLIMIT_AS', 'RLIMIT_CORE')))"
    )
    shown = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    seconds, bytes_, core = re.findall(r"\((\d+), (\d+)\)", shown)
    assert int(seconds[0]) <= 10
    assert (bytes_, core) == ((str(512 * 2**20),) * 2, ("0", "0"))
