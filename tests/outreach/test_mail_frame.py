"""How a mail looks, as far as its text tells: a card that fits a phone and the dark, in the shop's colour."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest

from retainctl.config import Shop
from retainctl.outreach.composing import templates_of
from retainctl.outreach.templates import Renderer, Templates, TemplateValue
from tests.outreach.test_rendering import with_mail, with_settings

VOID = {"meta", "img", "br", "hr"}
BODY = """\
# {{ what }}

Hello {{ first_name }}, ![cup](https://a.example/900.png)

{points}

[Buy]({{ link }}){button}
"""
CONTEXT: dict[str, TemplateValue] = {
    "first_name": "<Dana>",
    "points": 1_314,
    "points_value": "₪13.14",
    "unsubscribe_link": "https://a.example/u/1",
    "unsubscribe_mail": "mailto:out@a.example?subject=x",
}


def templates(shop: Shop, **changes: str) -> Templates:
    texts = {"subject": "{{ what }}", "reason": "You agreed.", "body": BODY, "purpose": "marketing"} | changes
    return templates_of(shop, constants={"what": "10% off", "link": "https://a.example/beans"}, **texts)  # type: ignore[arg-type]


def html_of(shop: Shop, **changes: str) -> str:
    return Renderer(templates(shop, **changes)).render(CONTEXT).html


class Outline(HTMLParser):
    """Every element that is opened, and whether each is closed in its place."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.opened: list[tuple[str, dict[str, str | None]]] = []
        self._open: list[str] = []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.opened.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in VOID
        self.opened.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag


@pytest.mark.parametrize("language", ["he", "en"])
def test_a_mail_is_one_card_with_one_headline_and_one_button_that_fits_every_phone(shop: Shop, language: str) -> None:
    html = html_of(shop, language=language, preheader="Until Sunday")
    outline = Outline(html)
    tags = [tag for tag, _ in outline.opened]

    assert (tags.count("h1"), html.count('class="button"'), tags.count("style")) == (1, 1, 1)
    assert "script" not in tags
    assert "link" not in tags
    assert all(attributes.get("role") == "presentation" for tag, attributes in outline.opened if tag == "table")
    # Nothing is wider than it may be: the only fixed width stands where Outlook alone reads it.
    assert {attributes["width"] for tag, attributes in outline.opened if "width" in attributes} == {"100%"}
    assert re.findall(r"(?<![-\w])width: ?(\w+)", html) == ["auto"] * html.count("width:auto")
    assert html.count("max-width:600px") == 1
    assert "img { max-width: 100%; height: auto; border: 0; }" in html
    assert '<!--[if mso]><table role="presentation" width="600"' in html
    assert html.count("[if mso]") == html.count("[endif]") == 3
    assert "&lt;Dana&gt;" in html
    assert len(html.encode()) < 12_000


def test_what_a_list_of_mails_shows_after_the_subject_is_hidden_in_the_mail(shop: Shop) -> None:
    html = html_of(shop, preheader="{{ first_name }}, 11+")

    hidden = re.search(r'<div style="display:none;[^"]*mso-hide:all;[^"]*">(.*?)</div>', html)
    assert hidden is not None
    assert hidden[1].startswith("\u2068&lt;Dana&gt;\u2069, \u206611+\u2069&#8199;")
    assert html.index("display:none") < html.index("החנות", html.index("<body"))
    assert "display:none" not in html_of(shop)


def test_a_logo_is_fetched_by_the_reader_alone_and_only_where_the_shop_has_one(shop: Shop) -> None:
    logo = "https://shop.example/logo.png?a=1&b=2"
    bare = html_of(shop, body="x")
    shown = html_of(with_mail(shop, logo=logo), body="x")

    assert [attributes for tag, attributes in Outline(bare).opened if tag == "img"] == []
    assert re.findall(r'(?:src|background|data)="|url\(|@import', bare) == []
    [image] = [attributes for tag, attributes in Outline(shown).opened if tag == "img"]
    assert (image["src"], image["alt"], image["height"]) == (logo, "החנות", "40")


def test_the_bar_and_the_button_have_the_shop_s_colour_and_words_that_can_be_read(shop: Shop) -> None:
    for color in ("#0b6e75", "#ffffff", "#000000", "#ffd400", "#777777", "#FF5500"):
        html = html_of(with_mail(shop, brand_color=color))
        words = re.search(r'class="button"[^>]*; color:(#\w{6});', html)
        assert words is not None
        assert f"border-top:5px solid {color};" in html
        assert contrast(color, words[1]) >= 4.5, color


def test_what_is_written_can_be_read_in_the_light_and_in_the_dark(shop: Shop) -> None:
    html = html_of(shop)
    dark = html.partition("@media (prefers-color-scheme: dark) {")[2].partition("</style>")[0]

    def told(name: str, within: str) -> dict[str, str]:
        """The colours that the class *name* gets: those of its own element, or of the rules of the dark."""
        rules = re.findall(rf"\.{name}[ ,][^{{]*{{([^}}]*)}}", within) or re.findall(rf'class="{name}[ "][^>]*', within)
        found = re.findall(r"(?<![-\w])(background|color): ?(#[0-9a-f]{6})", " ".join(rules))
        return dict(found)

    for where in (html.partition("</head>")[2], dark):
        ground, card, box = told("ground", where), told("card", where), told("box", where)
        for words, behind in (
            (card["color"], card), (told("name", where)["color"], ground), (told("foot", where)["color"], ground),
            (box.get("color", card["color"]), box), (told("quiet", where)["color"], box),
        ):  # fmt: skip
            assert contrast(words, behind["background"]) >= 4.5, (words, behind)
    assert '<meta name="color-scheme" content="light dark">' in html


def contrast(one: str, other: str) -> float:
    """The contrast of two colours by WCAG 2, from 1 to 21."""

    def luminance(color: str) -> float:
        shares = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
        return sum(weight * share for weight, share in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_the_look_is_approved_with_the_rest(shop: Shop) -> None:
    planned = templates(shop)
    for changed in (with_mail(shop, brand_color="#112233"), with_mail(shop, logo="https://a.example/b.png")):
        assert templates(changed) != planned


def test_a_mail_says_the_same_in_plain_text(shop: Shop) -> None:
    text = Renderer(templates(shop, language="en")).render(CONTEXT).text

    assert re.sub("[\u2066-\u2069]", "", text) == (
        "10% off\n\nHello <Dana>, cup\n\nYour club points: 1,314 (worth ₪13.14 in your next order)\n\n"
        "Buy:\nhttps://a.example/beans\n\n-- \nYou agreed.\n\nהחנות\nרחוב הרצל 1, חיפה\n04-8123456\n\n"
        "Would you rather not get our mail? At any time, answer this message with the word “stop”.\n"
        "To unsubscribe:\nhttps://a.example/u/1\nOr by mail: shop@shop.example\n"
    )


def test_who_has_no_points_sees_no_box(shop: Shop) -> None:
    rendered = Renderer(templates(shop)).render(CONTEXT | {"points": 0, "points_value": None})
    assert 'class="box"' not in rendered.html
    assert "נקודות" not in rendered.text


def test_phones_and_prices_keep_their_direction_among_hebrew_words(shop: Shop) -> None:
    sender = with_settings(shop).settings.sender
    shop = with_settings(shop, sender=type(sender)(sender.name, sender.postal_address, "+972-3-555-0100"))  # type: ignore[arg-type]
    made = templates(shop, subject="{{ first_name }}: 11+", body="{{ points_value }} {{ what }} 5+\n")
    rendered = Renderer(made).render(CONTEXT)

    assert rendered.subject == "פרסומת: \u2068<Dana>\u2069: \u206611+\u2069"
    assert "<p><bdi>₪13.14</bdi> 10% off \u20665+\u2069</p>" in rendered.html
    assert "<bdi>\u2066+972-3-555-0100\u2069</bdi>" in rendered.html
    assert "\n\u2068\u2066+972-3-555-0100\u2069\u2069\n" in rendered.text
