"""Building whole messages: our press against the standard library's assembler and against text put together by hand.

Each variant builds the same Hebrew messages of 7 to 9 kB (a sandboxed template rendered for each customer, HTML and
text, all headers) in one process; starting the process and compiling the templates is part of it.
"""

from __future__ import annotations

import binascii
import sys
import tempfile
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path

from bench.measure import race, run
from retainctl.config import Shop, init_folder, read_shop
from retainctl.outreach.campaign_texts import sample
from retainctl.outreach.composing import templates_of
from retainctl.outreach.outbox.states import Candidate
from retainctl.outreach.rendering import Press
from retainctl.outreach.templates import Rendered, Renderer, Templates
from retainctl.store.opening import open_database
from retainctl.store.outreach import Mailing

COUNT = 10_000
_PARAGRAPH = "קלינו בשבילכם פולים חדשים מאתיופיה ומקולומביה, טחנו אותם לכל סוגי המכונות, וארזנו אותם ביד.\n\n"
_LINKS = {"unsubscribe_link": "mailto:shop@shop.example", "unsubscribe_mail": ""}


def main() -> None:
    if len(sys.argv) > 1:
        VARIANTS[sys.argv[1]]()
        return
    race(
        f"Build {COUNT:,} messages",
        {
            name: lambda name=name: run([sys.executable, "-m", "bench.build_messages", name])  # type: ignore[misc]
            for name in VARIANTS
        },
        rounds=3,
        work=f"Each process builds {COUNT:,} whole messages of {_size() / 1000:.1f} kB, one for each customer.",
    )


def ours() -> None:
    """The press as the outbox uses it."""
    with _opened() as (shop, mailing):
        press = Press(mailing)
        for addressee in _addressees():
            press.message(addressee, at=shop.clock.now())


def joined() -> None:
    """The floor: strings put together by hand, unescaped and unchecked, and base64."""
    with _opened() as (_, mailing):
        whole = _rendered(mailing, next(_addressees()))
        for addressee in _addressees():
            name = str(addressee.context["first_name"])
            b"".join(
                (
                    b"From: shop@shop.example\r\nTo: ",
                    addressee.to_address.encode(),
                    b"\r\nSubject: =?utf-8?b?",
                    binascii.b2a_base64((name + whole.subject).encode(), newline=False),
                    b"?=\r\n\r\n",
                    binascii.b2a_base64((name + whole.text).encode()),
                    binascii.b2a_base64((name + whole.html).encode()),
                )
            )


def standard_library() -> None:
    """The same templates, assembled by EmailMessage."""
    with _opened() as (shop, mailing):
        renderer = Renderer(Templates.from_json(mailing.templates))
        for addressee in _addressees():
            rendered = renderer.render({**addressee.context, **_LINKS})
            message = EmailMessage(policy=SMTP)
            message["From"], message["To"] = "החנות <shop@shop.example>", f"דנה <{addressee.to_address}>"
            message["Subject"], message["Message-ID"] = rendered.subject, addressee.message_id
            message["Date"] = format_datetime(shop.clock.local(shop.clock.now()))
            message.set_content(rendered.text, cte="base64")
            message.add_alternative(rendered.html, subtype="html", cte="base64")
            message.as_bytes()


VARIANTS = {"by hand, unchecked": joined, "retainctl": ours, "email.message.EmailMessage": standard_library}


class _opened:  # noqa: N801
    """A shop of its own and a mailing to print."""

    def __enter__(self) -> tuple[Shop, Mailing]:
        self._folder = tempfile.TemporaryDirectory()
        path = init_folder(
            Path(self._folder.name) / "shop",
            name="החנות",
            language="he",
            currency="ILS",
            timezone="Asia/Jerusalem",
            country="IL",
        )
        text = path.read_text(encoding="utf-8").replace('from_address = ""', 'from_address = "shop@shop.example"')
        path.write_text(text, encoding="utf-8")
        shop = read_shop(str(path.parent), now="2025-03-02T10:00")
        self._database = open_database(shop.database_url, now=shop.clock.now(), migrate=True)
        self._database.__enter__()
        said, body = sample("offer", language="he")
        templates = templates_of(
            shop,
            subject=said.subject,
            preheader=said.preheader,
            reason=said.reason,
            body=body + "\n" + _PARAGRAPH * 8,
            purpose="marketing",
            constants={"what": "10% הנחה על כל הקפה", "link": "https://shop.example/beans"},
        )
        return shop, Mailing.create(
            program="campaign",
            name="spring",
            class_="marketing",
            purpose="marketing",
            state="active",
            draft="",
            templates=templates.to_json(),
            plan_hash="",
            planned_at=shop.clock.now(),
        )

    def __exit__(self, *_: object) -> None:
        self._database.__exit__(None, None, None)
        self._folder.cleanup()


def _addressees() -> Iterator[Candidate]:
    for number in range(COUNT):
        yield Candidate(
            id=number,
            claim_no=0,
            state="planned",
            customer_id=number,
            contact_point_id=number,
            to_address=f"customer{number}@example.com",
            message_id=f"<{number:032x}@shop.example>",
            context={
                "name": f"דנה לוי {number}",
                "first_name": "דנה",
                "top_category": "קפה",
                "points": number,
                "points_value": f"₪{number / 100:.2f}",
                "last_order": "20 בפברואר 2025",
            },
        )


def _rendered(mailing: Mailing, addressee: Candidate) -> Rendered:
    renderer = Renderer(Templates.from_json(mailing.templates))
    return renderer.render({**addressee.context, **_LINKS})


def _size() -> int:
    with _opened() as (shop, mailing):
        return len(Press(mailing).message(next(_addressees()), at=shop.clock.now()))


if __name__ == "__main__":
    main()
