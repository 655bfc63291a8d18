"""Values among words of the other direction."""

from __future__ import annotations

import pytest

from retainctl.outreach.direction import as_written, isolated_values, pieces

HTML = [
    ("<p>Hi {{ name }},</p>", "<p>Hi <bdi>{{ name }}</bdi>,</p>"),
    (
        '<a href="{{ url }}" title="{{ name }}">{{ name }}</a>',
        '<a href="{{ url }}" title="{{ name }}"><bdi>{{ name }}</bdi></a>',
    ),
    ("<title>{{ name }}</title>{{ name }}", "<title>{{ name }}</title><bdi>{{ name }}</bdi>"),
    ("<style>a { b: {{ c }} }</style>", "<style>a { b: {{ c }} }</style>"),
    ("<!--[if mso]>{{ name }}<![endif]-->", "<!--[if mso]><bdi>{{ name }}</bdi><![endif]-->"),
    ("1 < 2 {{ name }}", "1 < 2 <bdi>{{ name }}</bdi>"),
    ("<b{% if x %} id={{ y }}{% endif %}>{{ z }}</b>", "<b{% if x %} id={{ y }}{% endif %}><bdi>{{ z }}</bdi></b>"),
    ("{{ currency }}{{ spent }} {{ orders }}", "<bdi>{{ currency }}{{ spent }} {{ orders }}</bdi>"),
    ("{{ a }}, {{ b }}", "<bdi>{{ a }}</bdi>, <bdi>{{ b }}</bdi>"),
    ("{{ what }} {{ reason }} {{ unsubscribe_link }} {{ survey_token }}", None),
    ("<p>{{name}}, {{- points -}}</p>", "<p><bdi>{{name}}</bdi>, <bdi>{{- points -}}</bdi></p>"),
    ("{{-survey_link}} {{- what -}} {{reason}} {{ survey_token|upper }}", None),
    ("<TITLE>{{ name }}</Title>{{ name }}", "<TITLE>{{ name }}</Title><bdi>{{ name }}</bdi>"),
    ("<STYLE>a { b: {{ c }} }</STYLE><Script>{{ c }}</SCRIPT>", None),
    ("{{ 'x' }}{# {{ name }} #}{% if a %}", "<bdi>{{ 'x' }}</bdi>{# {{ name }} #}{% if a %}"),
]


@pytest.mark.parametrize(("template", "expected"), HTML)
def test_a_value_is_isolated_in_html_where_it_is_a_word(template: str, expected: str | None) -> None:
    assert isolated_values(template, html=True) == (expected or template)
    assert as_written(isolated_values(template, html=True)) == template


def test_a_value_is_isolated_in_text_unless_it_is_copied_letter_for_letter() -> None:
    template = "<{{ name }}> {{ points|points }}: {{ link }} {{ unsubscribe_mail }} {{ unsubscribe_address }}"

    expected = template.replace("{{ name }}", "\u2068{{ name }}\u2069")
    expected = expected.replace("{{ points|points }}", "\u2068{{ points|points }}\u2069")
    assert isolated_values(template, html=False) == expected


def test_a_tag_that_does_not_end_is_left_to_the_check() -> None:
    assert list(pieces("a {{ b }} {{ c")) == ["a ", "{{ b }}", " {{ c"]
    assert isolated_values("{{ " * 50_000, html=True) == "{{ " * 50_000
