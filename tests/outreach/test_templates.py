"""Templates: the sandbox, what is not known, and the word that an advertisement begins with."""

from __future__ import annotations

from typing import Any

import pytest

from retainctl.errors import BadData
from retainctl.outreach.templates import Renderer, Templates, Value, marked, names_used


def templates(body: str, **parts: str) -> Templates:
    frame = '{% include "body" %}'
    values: dict[str, Any] = {"subject": "s", "reason": "r", "body_html": body, "body_text": body}
    values |= {"frame_html": frame, "frame_text": frame}
    return Templates(**(values | parts))


def text_of(body: str, **context: Value) -> str:
    return Renderer(templates(body)).render(context).text.rstrip("\n")


ESCAPES = (
    "{{ ''.__class__.__mro__ }}",
    "{{ x.__class__ }}",
    "{{ x|attr('__class__') }}",
    "{{ '{0.__class__}'.format(x) }}",
    "{{ '{0.__class__}'.format_map({'0': x}) }}",
    "{{ cycler.__init__.__globals__ }}",
    "{{ lipsum.__globals__['os'] }}",
    "{{ joiner }}",
    "{{ namespace() }}",
    "{{ range(10) }}",
    "{{ dict() }}",
    "{{ self.__init__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ config }}",
    "{{ request }}",
    "{{ get_flashed_messages.__globals__ }}",
    "{{ url_for.__globals__ }}",
    "{{ [].append(1) or [].__class__ }}",
    "{{ ().__class__.__bases__[0].__subclasses__() }}",
    "{{ x['__class__'] }}",
    "{% set y = x.__class__ %}{{ y }}",
    "{% import 'os' as os %}{{ os }}",
    "{% include '/etc/passwd' %}",
    "{% include '../../retainctl.toml' %}",
    "{% extends 'retainctl.toml' %}",
    "{% from 'os' import system %}",
    "{{ x.__init__.__globals__ }}",
    "{{ (x|string).__class__ }}",
    "{{ 10**4000000 }}",
    "{{ 'a' * 1000000000 }}",
    "{{ [1] * 1000000000 }}",
    "{{ x.format.__globals__ }}",
    "{{ ''|attr('format') }}",
    "{{ caller() }}",
    "{{ varargs }}",
)


@pytest.mark.parametrize("body", ESCAPES)
def test_no_template_reaches_beyond_its_values(body: str) -> None:
    try:
        found = text_of(body, x="value")
    except BadData:
        return
    assert "class" not in found
    assert "root:" not in found
    assert len(found) < 100


def test_arithmetic_on_numbers_is_for_templates() -> None:
    assert text_of("{{ points * 2 + 1 }}", points=20) == "41"


def test_what_is_not_known_may_be_asked_for_but_not_printed() -> None:
    assert text_of("{{ city or 'here' }}", city=None) == "here"
    assert text_of("{{ city|default('here') }}", city=None) == "here"
    assert text_of("{% if city %}in {{ city }}{% else %}nowhere{% endif %}", city=None) == "nowhere"
    assert text_of("{% if city == 'Haifa' %}north{% else %}elsewhere{% endif %}", city=None) == "elsewhere"
    for body in ("{{ city }}", "{{ city|upper }}", "{{ 'in ' ~ city }}", "{{ city.name }}", "{{ city + 1 }}"):
        with pytest.raises(BadData, match=r"city is not known of every customer|nothing"):
            text_of(body, city=None)


def test_a_name_that_nobody_gave_is_a_mistake() -> None:
    for body in ("{{ nmae }}", "{{ nmae or 'x' }}", "{% if nmae %}x{% endif %}"):
        with pytest.raises(BadData, match="nmae"):
            text_of(body)


def test_none_is_never_printed() -> None:
    for body in ("{{ x }}", "{{ x|string }}", "{{ [x]|join }}", "{{ '%s' % x }}"):
        with pytest.raises(BadData, match="x is not known of every customer"):
            text_of(body, x=None)


def test_values_are_escaped_in_html_and_not_in_text() -> None:
    rendered = Renderer(templates("{{ x }}")).render({"x": "<b>&"})

    assert rendered.html == "&lt;b&gt;&amp;"
    assert rendered.text == "<b>&\n"


def test_names_used_are_those_of_all_parts() -> None:
    found = names_used(
        templates("{{ a }}", subject="{{ b }}", reason="{% if c %}{% endif %}", frame_text="{{ subject }}")
    )

    assert found == {"a", "b", "c"}


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("מבצע", "פרסומת: מבצע"),
        ("", "פרסומת: "),
        ("פרסומת: מבצע", "פרסומת: מבצע"),
        ("פרסומת - מבצע", "פרסומת - מבצע"),
        ("פרסומת", "פרסומת"),
        ("  פרסומת מבצע", "פרסומת מבצע"),
        ("\u200fפרסומת\u200f מבצע", "פרסומת מבצע"),
        ("\u202b\u2067פרסומת\u2069\u202c: מבצע", "פרסומת: מבצע"),
        ("פ\u200bר\u200dס\u2060ו\ufeffמת: מבצע", "פרסומת: מבצע"),
        ("פִּרְסֹומֶת: מבצע", "פרסומת: מבצע"),
        ("[פרסומת] מבצע", "פרסומת מבצע"),
        ("*פרסומת* מבצע", "פרסומת מבצע"),
        ("פרסומתית", "פרסומת: פרסומתית"),
        ("מבצע (פרסומת)", "פרסומת: מבצע (פרסומת)"),
        ("👩\u200d👩\u200d👧 מבצע", "פרסומת: 👩\u200d👩\u200d👧 מבצע"),
    ],
)
def test_an_advertisement_begins_with_the_word_once(subject: str, expected: str) -> None:
    assert marked(subject, "פרסומת") == expected
    assert marked(marked(subject, "פרסומת"), "פרסומת") == expected


def test_where_no_law_asks_for_it_there_is_no_word() -> None:
    assert marked("Sale", "") == "Sale"
