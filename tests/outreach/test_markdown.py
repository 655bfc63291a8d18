"""A Markdown body with Jinja inside, as HTML and as text."""

from __future__ import annotations

import pytest

from retainctl.outreach.blocks import BLOCKS, MailBlock
from retainctl.outreach.markdown import faults, to_html, to_text

CASES = [
    ("שלום {{ first_name }},\n", "<p>שלום {{ first_name }},</p>\n", "שלום {{ first_name }},\n"),
    ("# Title\n\n**bold**\n", "<h1>Title</h1>\n<p><strong>bold</strong></p>\n", "Title\n\nbold\n"),
    ("[buy]({{ link }})\n", '<p><a href="{{ link }}">buy</a></p>\n', "buy ({{ link }})\n"),
    ("<https://a.example/>\n", '<p><a href="https://a.example/">https://a.example/</a></p>\n', "https://a.example/\n"),
    ("<shop@a.example>\n", '<p><a href="mailto:shop@a.example">shop@a.example</a></p>\n', "shop@a.example\n"),
    ("bye,\nthe shop\n", "<p>bye,<br />\nthe shop</p>\n", "bye,\nthe shop\n"),
    ("- a\n- b\n", "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n", "- a\n- b\n"),
    ("3. a\n4. b\n", '<ol start="3">\n<li>a</li>\n<li>b</li>\n</ol>\n', "3. a\n4. b\n"),
    ("one\n\n---\n\ntwo\n", "<p>one</p>\n<hr />\n<p>two</p>\n", "one\n\n--------------------\n\ntwo\n"),
    ("    a\n    b\n", "<pre><code>a\nb\n</code></pre>\n", "    a\n    b\n"),
    ("> said\n", "<blockquote>\n<p>said</p>\n</blockquote>\n", "> said\n"),
    ("<script>x</script>\n", "<p>&lt;script&gt;x&lt;/script&gt;</p>\n", "<script>x</script>\n"),
    ('{{ x or "it\'s *me*" }} & co\n', '<p>{{ x or "it\'s *me*" }} &amp; co</p>\n', '{{ x or "it\'s *me*" }} & co\n'),
    (
        "{% if a < 2 %}\nyes\n{% endif %}\n",
        "{% if a < 2 %}\n<p>yes</p>\n{% endif %}\n",
        "{% if a < 2 %}\n\nyes\n\n{% endif %}\n",
    ),
    ("one{% if a %} two{% endif %}\n", "<p>one{% if a %} two{% endif %}</p>\n", "one{% if a %} two{% endif %}\n"),
    ("qj0z {{ a }}\n", "<p>qj0z {{ a }}</p>\n", "qj0z {{ a }}\n"),
    ("![a cup](https://a.example/c.png)\n", '<p><img src="https://a.example/c.png" alt="a cup" /></p>\n', "a cup\n"),
    ("[x](javascript:alert(1))\n", "<p>[x](javascript:alert(1))</p>\n", "[x](javascript:alert(1))\n"),
]


@pytest.mark.parametrize(("source", "html", "text"), CASES)
def test_markdown_becomes_html_and_text(source: str, html: str, text: str) -> None:
    assert to_html(source) == html
    assert to_text(source) == text


def test_a_list_inside_a_condition_is_a_list() -> None:
    source = "{% if a %}\n- one\n- two\n{% endif %}\nafter\n"

    assert to_html(source) == "{% if a %}\n<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n{% endif %}\n<p>after</p>\n"
    assert to_text(source) == "{% if a %}\n\n- one\n- two\n\n{% endif %}\n\nafter\n"


@pytest.mark.parametrize("source", ["{% a {{ b }} c\n", "{{ a }} {{ b\n", "{# a %} {% b\n"])
def test_a_tag_that_is_never_closed_is_text(source: str) -> None:
    assert to_text(source) == source


def test_many_tags_on_a_line_that_is_not_theirs_alone_are_read_once() -> None:
    source = "{%%}" * 60 + "x\n"
    assert to_text(source) == source


def test_a_paragraph_that_is_one_link_and_its_word_is_a_button() -> None:
    html, text = (
        convert("[**To** the beans]({{ link }}?a=1&b=2){button}\n\nafter\n") for convert in (to_html, to_text)
    )

    assert html.startswith('<table role="presentation"')
    assert '<a class="button" href="{{ link }}?a=1&amp;b=2" style="' in html
    assert ">**To**" not in html
    assert "><strong>To</strong> the beans</a></td></tr></table>\n<p>after</p>\n" in html
    assert text == "To the beans:\n{{ link }}?a=1&b=2\n\nafter\n"
    assert "{button}" not in html + text


def test_a_word_in_braces_alone_is_the_block_of_that_name() -> None:
    known = {"cup": MailBlock("<table>{{ cup }}</table>\n", "{% if cup %}\nA cup: {{ cup }}\n{% endif %}\n")}

    assert to_html("a\n\n{cup}\n\nb\n", known=known) == "<p>a</p>\n<table>{{ cup }}</table>\n<p>b</p>\n"
    assert to_text("a\n\n{cup}\n\nb\n", known=known) == "a\n\n{% if cup %}\nA cup: {{ cup }}\n{% endif %}\n\nb\n"
    assert to_html("a {cup}\n", known=known) == "<p>a {cup}</p>\n"


def test_a_number_with_its_sign_is_isolated_in_a_body_that_runs_from_right_to_left() -> None:
    source = "גיל 11+, <https://a.example/5+>, `11+`\n"

    for convert in (to_html, to_text):
        assert convert(source, rtl=True).count("\u2066") == 1
        assert "גיל \u206611+\u2069," in convert(source, rtl=True)
        assert "\u2066" not in convert(source)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("| a | b |\n| --- | --- |\n| 1 | 2 |\n", "it has a table, of which customers would see the bars and dashes"),
        ("a | b\n--|--\n1 | 2\n", "it has a table, of which customers would see the bars and dashes"),
        ("one <b>{{ name }}</b>\n", "it has HTML, which customers would see as <b>"),
        ("<div>\none\n</div>\n", "it has HTML, which customers would see as <div>"),
        ("<!-- later -->\n", "it has HTML, which customers would see as <!-- later -->"),
        ("{pionts}\n", "there is no block {pionts}"),
        ("{first_name}\n", "there is no block {first_name}"),
        ("see [a](https://a.example){button}\n", "{button} must follow a link that is a paragraph of its own"),
        ("- [a](https://a.example){button}\n", None),
        ("{button}\n", "{button} must follow a link that is a paragraph of its own"),
        ("a | b, 1 < 2, <3, <shop@a.example>, {% if a < 2 %}x{% endif %}\n\n---\n", None),
        ("{points}\n\n[a]({{ link }}){button}\n", None),
    ],
)
def test_what_customers_would_see_as_it_was_typed_is_a_fault(body: str, fault: str | None) -> None:
    assert [one.fault for one in faults(body, BLOCKS["en"])] == ([fault] if fault else [])
