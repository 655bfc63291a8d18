"""The templates of a mailing: its own text in the shop's frame, and the shop's letterhead."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files

from retainctl.config import Settings, Shop
from retainctl.errors import BadConfiguration, BadData
from retainctl.outreach import markdown
from retainctl.outreach.templates import Letterhead, Templates

# The word that a country's law requires at the start of an advertisement's subject.
_ADVERTISEMENT_MARKS = {"IL": "פרסומת"}


def templates_of(
    shop: Shop,
    *,
    subject: str,
    reason: str,
    body: str,
    purpose: str,
    text: str = "",
    constants: Mapping[str, str] | None = None,
) -> Templates:
    """The templates of a mailing with *body* in Markdown; *text*, if given, replaces the plain text made of *body*.

    *constants* are further values that are the same in every message.
    The frame is ``templates/mail.html`` and ``mail.txt`` of the shop folder where they exist, else the built-in one.
    """
    if len(body) > markdown.LONGEST_BODY:
        raise BadData(f"the message is longer than {markdown.LONGEST_BODY} characters", hint="Shorten it.")
    return Templates(
        subject=subject,
        reason=reason,
        body_html=markdown.to_html(body),
        body_text=text or markdown.to_text(body),
        frame_html=_frame(shop, "mail.html"),
        frame_text=_frame(shop, "mail.txt"),
        mark=_ADVERTISEMENT_MARKS.get(shop.settings.country, "") if purpose == "marketing" else "",
        constants=_constants(shop.settings) | dict(constants or {}),
        letterhead=_letterhead(shop.settings),
    )


def _frame(shop: Shop, name: str) -> str:
    own = shop.own("templates") / name
    try:
        if own.is_file():
            return own.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfiguration(f"{own} cannot be read: {error}") from None
    return (files("retainctl.outreach") / name).read_text(encoding="utf-8")


def _constants(settings: Settings) -> dict[str, str]:
    return {
        "language": settings.language,
        "direction": settings.direction,
        "side": "right" if settings.direction == "rtl" else "left",
        "shop_name": settings.name,
        "sender_name": settings.sender.name or settings.name,
        "postal_address": settings.sender.postal_address,
        "contact": settings.sender.contact,
    }


def _letterhead(settings: Settings) -> Letterhead:
    mail = settings.mail
    return Letterhead(
        shop_name=settings.name,
        from_address=mail.from_address,
        from_name=mail.from_name or settings.name,
        reply_to=mail.reply_to,
        # Where an unsubscription by mail goes: a mailbox that somebody reads.
        unsubscribe_address=mail.unsubscribe_address or mail.reply_to or mail.from_address,
        public_url=settings.public_url.rstrip("/"),
        timezone=settings.timezone,
    )
