"""From a planned mailing to each recipient's message.

A mailing keeps its templates and its letterhead as they were when it was planned, so that what was approved is sent,
even if the settings have changed since. ``Press`` compiles them once, adds each recipient's links, and makes complete
messages as bytes.
"""

from __future__ import annotations

from datetime import datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

from retainctl.errors import BadData
from retainctl.outreach import message
from retainctl.outreach.outbox.states import Candidate
from retainctl.outreach.programs import Addressed, program_of
from retainctl.outreach.templates import Letterhead, Renderer, Templates, TooLong
from retainctl.outreach.tokens import Signer, signer
from retainctl.store.outreach import Mailing

UNSUBSCRIBE = "unsubscribe"  # the purpose of a token with the subject "CONTACT_POINT.MAILING"


class Press:
    """Makes the messages of one mailing; create it once and use it for all of them."""

    def __init__(self, mailing: Mailing) -> None:
        """BadData where no message can be made of the mailing's templates and letterhead."""
        templates = Templates.from_json(mailing.templates)
        self._mailing = mailing
        self._letterhead = templates.letterhead
        self._zone = ZoneInfo(self._letterhead.timezone)
        self._renderer = Renderer(templates)
        self._signer = signer(mailing.planned_at)
        self._assembler = _assembler(self._letterhead, mailing)

    def message(self, addressee: Candidate, *, at: int) -> bytes:
        """The complete message as it is sent, dated *at*; equal addressees give equal bytes. BadData where it cannot be
        made, and TooLong where that is the templates' fault.

        Beside the context, templates see ``unsubscribe_mail`` (a mailto link) and ``unsubscribe_link`` (https where the
        shop has a public_url, else that mailto), both unknown in a service message; and the program's own links.
        """
        links = links_of(
            self._letterhead, self._mailing, addressee.contact_point_id, addressee.customer_id, self._signer
        )
        name = addressee.context.get("name")
        try:
            rendered = self._renderer.render({**addressee.context, **links})
            return self._assembler.assemble(
                to=message.Mailbox(addressee.to_address, name if isinstance(name, str) else ""),
                subject=rendered.subject,
                at=datetime.fromtimestamp(at, self._zone),
                message_id=addressee.message_id,
                text=rendered.text,
                html=rendered.html,
                headers=_unsubscribe_headers(links["unsubscribe_mail"], links["unsubscribe_link"]),
            )
        except BadData as error:
            kind = TooLong if isinstance(error, TooLong) else BadData
            raise kind(f"the message for customer {addressee.customer_id} cannot be created: {error}") from None


def links_of(
    letterhead: Letterhead, mailing: Mailing, contact_point_id: int | None, customer_id: int | None, signs: Signer
) -> dict[str, str | None]:
    """The links of one recipient, as templates see them."""
    public_url = letterhead.public_url
    links: dict[str, str | None] = {"unsubscribe_link": None, "unsubscribe_mail": None}
    if mailing.purpose != "service":
        token = signs.sign(UNSUBSCRIBE, f"{contact_point_id}.{mailing.id}")
        links["unsubscribe_mail"] = f"mailto:{letterhead.unsubscribe_address}?subject=unsubscribe%20{token}"
        links["unsubscribe_link"] = f"{public_url}/u/{token}" if public_url else links["unsubscribe_mail"]
    answer_to = letterhead.reply_to or letterhead.from_address
    addressed = Addressed(mailing.id, mailing.planned_at, customer_id, public_url, signs.sign, answer_to)
    return links | dict(program_of(mailing.program).links(addressed))


def _unsubscribe_headers(by_mail: str | None, link: str | None) -> list[bytes]:
    """RFC 2369's header with the mail address always, and RFC 8058's one click where the shop has a public address."""
    if by_mail is None:
        return []
    if link == by_mail:
        return [message.plain_header("List-Unsubscribe", f"<{by_mail}>")]
    return [
        message.plain_header("List-Unsubscribe", f"<{link}>", f"<{by_mail}>"),
        message.plain_header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
    ]


def _assembler(letterhead: Letterhead, mailing: Mailing) -> message.Assembler:
    """The headers that all messages of *mailing* share."""
    domain = letterhead.from_address.rpartition("@")[2]
    constant = []
    if letterhead.reply_to:
        constant.append(message.mailbox_header("Reply-To", message.Mailbox(letterhead.reply_to)))
    if mailing.purpose == "service":
        constant.append(message.plain_header("Auto-Submitted", "auto-generated"))
    else:
        constant.append(message.phrase_header("List-Id", letterhead.shop_name, f"{mailing.purpose}.{domain}"))
    constant.append(
        message.plain_header("Feedback-ID", f"{quote(mailing.name)}:{mailing.program}:{mailing.class_}:{domain}")
    )
    return message.Assembler(sender=message.Mailbox(letterhead.from_address, letterhead.from_name), constant=constant)
