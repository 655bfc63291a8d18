"""The templates of a mailing: its own text in the shop's frame, and the shop's letterhead."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Final

from retainctl.config import Settings, Shop
from retainctl.errors import BadConfiguration, BadData
from retainctl.outreach import markdown
from retainctl.outreach.blocks import BLOCKS, MailBlock
from retainctl.outreach.direction import isolated_values, pieces
from retainctl.outreach.templates import Letterhead, Templates
from retainctl.wording import direction, signs_isolated

# The word that a country's law requires at the start of an advertisement's subject.
_ADVERTISEMENT_MARKS = {"IL": "פרסומת"}
_WHITE, _BLACK = "#ffffff", "#000000"
_TYPED: Final = ("what", "contact")  # the values that somebody typed as words, with a number among them perhaps
_NO_BLOCKS: Final[Mapping[str, MailBlock]] = {}


def templates_of(
    shop: Shop,
    *,
    subject: str,
    reason: str,
    body: str,
    purpose: str,
    text: str = "",
    preheader: str = "",
    constants: Mapping[str, str] | None = None,
    language: str = "",
    blocks: Mapping[str, MailBlock] = _NO_BLOCKS,
) -> Templates:
    """The templates of a mailing with *body* in Markdown; *text*, if given, replaces the plain text made of *body*.

    *constants* are further values that are the same in every message, *blocks* what the body may hold beside those of
    every mailing. It is in the shop's language unless another is named.
    The frame is ``templates/mail.html`` and ``mail.txt`` of the shop folder where they exist, else the built-in one.
    """
    if len(body) > markdown.LONGEST_BODY:
        raise BadData(f"the message is longer than {markdown.LONGEST_BODY} characters", hint="Shorten it.")
    language = language or shop.settings.language
    rtl = direction(language) == "rtl"
    known = {**BLOCKS[language], **blocks}
    plain = _typed(text, rtl=rtl) if text else markdown.to_text(body, known=known, rtl=rtl)
    given = {**_constants(shop.settings, language), **(constants or {})}
    given |= {name: signs_isolated(given[name]) for name in _TYPED if rtl and name in given}
    return Templates(
        subject=isolated_values(_typed(subject, rtl=rtl), html=False),
        reason=isolated_values(_typed(reason, rtl=rtl), html=False),
        preheader=isolated_values(_typed(preheader, rtl=rtl), html=False),
        body_html=isolated_values(markdown.to_html(body, known=known, rtl=rtl), html=True),
        body_text=isolated_values(plain, html=False),
        frame_html=isolated_values(_frame(shop, "mail.html"), html=True),
        frame_text=isolated_values(_frame(shop, "mail.txt"), html=False),
        mark=_ADVERTISEMENT_MARKS.get(shop.settings.country, "") if purpose == "marketing" else "",
        constants=given,
        letterhead=_letterhead(shop.settings),
    )


def _typed(template: str, *, rtl: bool) -> str:
    """*template* with the numbers isolated that somebody typed into it."""
    if not rtl:
        return template
    cut = enumerate(pieces(template))
    return "".join(piece if number % 2 else signs_isolated(piece) for number, piece in cut)


def _frame(shop: Shop, name: str) -> str:
    own = shop.own("templates") / name
    try:
        if own.is_file():
            return own.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfiguration(f"{own} cannot be read: {error}") from None
    return (files("retainctl.outreach") / name).read_text(encoding="utf-8")


def _constants(settings: Settings, language: str) -> dict[str, str]:
    return {
        "language": language,
        "direction": direction(language),
        "side": "right" if direction(language) == "rtl" else "left",
        "shop_name": settings.name,
        "sender_name": settings.sender.name or settings.name,
        "postal_address": settings.sender.postal_address,
        "contact": settings.sender.contact,
        "unsubscribe_address": _unsubscribe_address(settings),
        "logo": settings.mail.logo,
        "brand_color": settings.mail.brand_color,
        "brand_text": _readable_on(settings.mail.brand_color),
    }


def _readable_on(color: str) -> str:
    """White or black, whichever stands out more on *color*: either way by 4.5 to 1 at least."""
    brightness = _luminance(color)
    on_white, on_black = 1.05 / (brightness + 0.05), (brightness + 0.05) / (_luminance(_BLACK) + 0.05)
    return _WHITE if on_white >= min(4.5, on_black) else _BLACK


def _luminance(color: str) -> float:
    """The relative luminance of a colour ``#rrggbb``, from 0 (black) to 1 (white), as WCAG 2 defines it."""
    shares = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in shares)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _letterhead(settings: Settings) -> Letterhead:
    mail = settings.mail
    return Letterhead(
        shop_name=settings.name,
        from_address=mail.from_address,
        from_name=mail.from_name or settings.name,
        reply_to=mail.reply_to,
        unsubscribe_address=_unsubscribe_address(settings),
        public_url=settings.public_url.rstrip("/"),
        timezone=settings.timezone,
    )


def _unsubscribe_address(settings: Settings) -> str:
    """Where an unsubscription by mail goes: a mailbox that somebody reads."""
    mail = settings.mail
    return mail.unsubscribe_address or mail.reply_to or mail.from_address
