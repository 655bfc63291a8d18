"""Templates: the sandbox, what is not known, and the word that an advertisement begins with."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from retainctl.errors import BadData
from retainctl.outreach.templates import Renderer, Templates, TemplateValue, TooLong, marked, names_used


def templates(body: str, **parts: str) -> Templates:
    frame = '{% include "body" %}'
    values: dict[str, Any] = {"subject": "s", "reason": "r", "body_html": body, "body_text": body}
    values |= {"frame_html": frame, "frame_text": frame}
    return Templates(**(values | parts))


def text_of(body: str, **context: TemplateValue) -> str:
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
    assert text_of("{{ points * 2 + 1 }} {{ points * 0.5 }} {{ points % 7 }}", points=20) == "41 10.0 6"


def test_a_value_may_be_looked_for_in_a_list() -> None:
    body = "{% if city in ['Haifa', other] and city not in ('Eilat',) %}yes{% endif %}"

    assert text_of(body, city="Akko", other="Akko") == "yes"


# Each looks at the customer first, so that no trial on examples would have met what is inside.
GROWING = (
    "{{ 'x'.ljust(100000000) }}", "{{ 'x'|center(100000000) }}", "{{ '%100000000d' % 1 }}", "{{ 'x' * 100000000 }}",
    "{{ '{:100000000}'.format(1) }}", "{{ 'x'|format(1) }}", "{{ 'x'|replace('', 'xxxx') }}",
    "{{ 1|round(-900000000) }}",
    "{% for a in name %}{% for b in name %}x{% endfor %}{% endfor %}", "{% set a = name ~ name %}",
    "{% set a %}{{ name }}{% endset %}", "{% with a = name ~ name %}{% endwith %}", "{{ [[name], [name]] }}",
    "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}", "{% include 'body' %}{% include 'body' %}",
    "{% block b %}{{ self.b() }}{% endblock %}", "{% filter center(100000000) %}{% endfilter %}", "{{ 9**9**9 }}",
    "{% if name in [['x'] * 100000000] %}{% endif %}", "{{ {'a': name} }}", "{{ name[0] }}", "{{ name|list }}",
)  # fmt: skip


@pytest.mark.parametrize("body", GROWING)
def test_nothing_that_repeats_or_grows_is_for_templates_whoever_it_is_for(body: str) -> None:
    for part in ("body_html", "body_text", "subject", "reason"):
        with pytest.raises(BadData, match=r"is not allowed in templates|works on numbers") as refused:
            Renderer(templates("", **{part: f"{{% if name == 'F L' %}}{body}{{% endif %}}"})).render({"name": "F L"})
        assert not isinstance(refused.value, TooLong)


def test_to_look_for_names_is_not_to_work_anything_out() -> None:
    with pytest.raises(BadData, match="the filter center is not allowed in templates"):
        names_used(templates("{{ 'x'|center(100000000000) }}"))


@pytest.mark.parametrize(
    "body", ["{{ name|safe }}", "{% autoescape false %}{{ name }}{% endautoescape %}", "{{ name|xmlattr }}",
             "{{ name|urlize }}", "{{ name|tojson }}", "{{ name|map('safe')|first }}"],
)  # fmt: skip
def test_nothing_makes_a_value_markup(body: str) -> None:
    with pytest.raises(BadData, match="is not allowed in templates"):
        Renderer(templates(body))


def test_a_frame_holds_its_body_once_and_nothing_else() -> None:
    for frame in ("{% include 'body' %}{% include 'body' %}", "{% include 'frame' %}", "{% extends 'body' %}"):
        with pytest.raises(BadData, match="is not allowed in templates"):
            Renderer(templates("x", frame_html=frame))


def test_a_message_that_grows_too_long_for_one_customer_is_refused() -> None:
    renderer = Renderer(templates("{{ name }}" * 10_000))

    assert len(renderer.render({"name": "x" * 20}).html) == 200_000
    with pytest.raises(TooLong, match="the message is longer than 200,000 characters"):
        renderer.render({"name": "x" * 21})


def test_what_is_not_known_may_be_asked_for_but_not_printed() -> None:
    assert text_of("{{ city or 'here' }}", city=None) == "here"
    assert text_of("{{ city|default('here') }}", city=None) == "here"
    assert text_of("{% if city %}in {{ city }}{% else %}nowhere{% endif %}", city=None) == "nowhere"
    assert text_of("{% if city == 'Haifa' %}north{% else %}elsewhere{% endif %}", city=None) == "elsewhere"
    for body in ("{{ city }}", "{{ city|upper }}", "{{ 'in ' ~ city }}", "{{ city + 1 }}"):
        with pytest.raises(BadData, match=r"city is unknown for some customers|nothing"):
            text_of(body, city=None)


def test_nought_and_the_empty_text_are_known() -> None:
    assert text_of("{{ points }}+{{ points + 1 }} [{{ city }}]", points=0, city="") == "0+1 []"
    assert text_of("{{ points is defined }} {{ points|default(7) }} {{ points or 'none' }}", points=0) == "True 0 none"


def test_a_name_that_nobody_gave_is_a_mistake() -> None:
    for body in ("{{ nmae }}", "{{ nmae or 'x' }}", "{% if nmae %}x{% endif %}"):
        with pytest.raises(BadData, match="nmae"):
            text_of(body)


def test_none_is_never_printed() -> None:
    for body in ("{{ x }}", "{{ x|string }}", "{{ x ~ '' }}", "{{ x|e }}"):
        with pytest.raises(BadData, match="x is unknown for some customers"):
            text_of(body, x=None)


def test_values_are_escaped_in_html_and_not_in_text() -> None:
    rendered = Renderer(templates("{{ x }}")).render({"x": "<b>&"})

    assert rendered.html == "&lt;b&gt;&amp;"
    assert rendered.text == "<b>&\n"


SPOKEN = [
    ("{{ n|times }}", 1, "פעם אחת", "once"),
    ("{{ n|times }}", 2, "פעמיים", "twice"),
    ("{{ n|times }}", 1_200, "1,200 פעמים", "1,200 times"),
    ("{{ n|points }}", 1, "נקודה אחת", "1 point"),
    ("{{ n|points }}", 1_314, "1,314 נקודות", "1,314 points"),
    ("{{ (n * 2)|grouped }}", 600, "1,200", "1,200"),
    ("{{ n|prefixed('מ') }}", "קפה", "מקפה", "מקפה"),
    ("{{ n|prefixed('מ') }}", "A & B", "מ־\u2068A & B\u2069", "מ־\u2068A & B\u2069"),
]


@pytest.mark.parametrize(("body", "n", "hebrew", "english"), SPOKEN)
def test_some_filters_speak_the_language_of_the_mail(body: str, n: TemplateValue, hebrew: str, english: str) -> None:
    for language, said in (("he", hebrew), ("en", english)):
        rendered = Renderer(templates(body, constants={"language": language})).render({"n": n})  # type: ignore[arg-type]
        assert rendered.text == f"{said}\n"
        assert rendered.html == said.replace("&", "&amp;")


@pytest.mark.parametrize("filter_", ["times", "points", "grouped", "prefixed('x')"])
def test_what_is_not_known_is_told_by_every_filter(filter_: str) -> None:
    with pytest.raises(BadData, match="n is unknown for some customers"):
        text_of(f"{{{{ n|{filter_} }}}}", n=None)


def test_a_message_is_in_the_language_that_its_context_names() -> None:
    hebrew = templates("שלום {{ a }}", subject="נושא", constants={"language": "he"})  # type: ignore[arg-type]
    english = templates("Hello {{ b }}", subject="Subject", constants={"language": "en"})  # type: ignore[arg-type]
    both = dataclasses.replace(hebrew, translations={"en": english})
    assert Templates.from_json(both.to_json()) == both
    assert names_used(both) == {"a", "b"}

    renderer = Renderer(both)
    assert renderer.render({"a": 1, "language": "en", "b": 2}).text == "Hello 2\n"
    assert renderer.render({"a": 1}).subject == "נושא"
    for language in ("he", "fr", None):
        assert renderer.render({"a": 1, "language": language}).subject == "נושא"


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


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("10% off, until 12 December", "פרסומת: \u206610% off, until 12 December\u2069"),
        ("פרסומת - Sale", "פרסומת - \u2066Sale\u2069"),
        ("פרסומת", "פרסומת"),
    ],
)
def test_what_follows_the_word_in_english_keeps_its_own_direction(subject: str, expected: str) -> None:
    assert marked(subject, "פרסומת", language="en") == expected


def test_where_no_law_asks_for_it_there_is_no_word() -> None:
    assert marked("Sale", "") == "Sale"
