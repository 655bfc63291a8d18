"""A Markdown body with Jinja inside, as HTML and as text."""

from __future__ import annotations

import pytest

from retainctl.outreach.markdown import to_html, to_text

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
