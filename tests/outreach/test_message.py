"""The bytes of a mail, read back with the standard library's own parser."""

from __future__ import annotations

import dataclasses
import email
import email.policy
from collections.abc import Callable
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from zoneinfo import ZoneInfo

import pytest

from retainctl.errors import BadData
from retainctl.outreach.message import Assembler, Mailbox, mailbox_header, phrase_header, plain_header, text_header

AT = datetime(2025, 3, 2, 10, 0, tzinfo=ZoneInfo("Asia/Jerusalem"))
SHOP = Mailbox("shop@shop.example", "החנות")
DANA = Mailbox("dana@example.com", "דנה לוי")


def assembled(
    *,
    to: Mailbox = DANA,
    subject: str = "שלום",
    text: str = "גוף\n",
    html: str = "<p>גוף</p>\n",
    sender: Mailbox = SHOP,
) -> bytes:
    return Assembler(sender=sender).assemble(
        to=to, subject=subject, at=AT, message_id="<0a1b@shop.example>", text=text, html=html
    )


def parsed(message: bytes) -> EmailMessage:
    """The message as the standard library reads it: without a defect, every line ended and short."""
    assert b"\r" not in message.replace(b"\r\n", b"")
    assert b"\n" not in message.replace(b"\r\n", b"")
    assert max(len(line) for line in message.split(b"\r\n")) <= 76
    found = email.message_from_bytes(message, policy=email.policy.default)
    # Of two alternatives a program shows the last that it can.
    assert [(part.get_content_type(), part.defects) for part in found.walk()] == [
        ("multipart/alternative", []), ("text/plain", []), ("text/html", []),
    ]  # fmt: skip
    assert set(found.keys()) == {"From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"}
    return found


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


SUBJECTS = (
    "Hello",
    "שלום",
    "מבצע אביב: 20% הנחה על כל סוגי הקפה, רק השבוע, לחברי המועדון ולבני משפחותיהם, בכל הסניפים",
    "שנה טובה 🍎🍯 " * 12,
    "a" * 300,
    "A long English subject that does not fit on one line of a header and has to be folded somewhere in its middle",
    "=?utf-8?b?16nXnNeV150=?= is not decoded twice",
    "x",
    "café",
    "e\u0301" * 80,
)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_a_subject_comes_back_as_it_was(subject: str) -> None:
    assert parsed(assembled(subject=subject))["Subject"] == subject


NAMES = (
    "Dana Levi",
    'Dana "D." Levi',
    "Levi, Dana",
    "back\\slash",
    "דנה לוי",
    "=?x?=",
    "a@b",
    "D (x)",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_name_comes_back_as_it_was_with_its_address(name: str) -> None:
    message = parsed(assembled(to=Mailbox("dana@example.com", name), sender=Mailbox("shop@shop.example", name)))

    assert message["To"].addresses == (Address(name, addr_spec="dana@example.com"),)
    assert message["From"].addresses == (Address(name, addr_spec="shop@shop.example"),)


@pytest.mark.parametrize("letter", ["ד", "D", "👩"])
def test_a_very_long_name_is_cut_between_characters(letter: str) -> None:
    # The parser of Python before 3.13 puts spaces between the words of a name, so they are put together here.
    message = parsed(assembled(to=Mailbox("dana@example.com", letter * 90)))

    assert message["To"].addresses[0].display_name.replace(" ", "") == letter * 90
    assert message["To"].addresses[0].addr_spec == "dana@example.com"


def test_an_address_without_a_name_stands_alone() -> None:
    assert b"\r\nTo: dana@example.com\r\n" in assembled(to=Mailbox("dana@example.com"))


BODIES = (
    "",
    "שלום\n",
    "\n.\n.\r\n\r.\r\nQUIT\r\n",
    "no end of line",
    "--=_0\nboundary?\n",
    "א" * 5000,
    "nul \x00 and tab \t\n",
    "\u2028\u2029\x0b\x0c\x85\n",
)


@pytest.mark.parametrize("text", BODIES)
def test_a_body_comes_back_as_it_was_and_never_as_a_line_on_the_wire(text: str) -> None:
    message = assembled(text=text, html=text)

    expected = text.replace("\r\n", "\n").replace("\r", "\n")
    assert body(parsed(message), "plain") == expected
    assert body(parsed(message), "html") == expected
    assert b"\r\n.\r\n" not in message


def test_equal_values_give_equal_bytes_and_another_id_another_boundary() -> None:
    assert assembled() == assembled()
    boundary = parsed(assembled()).get_boundary()
    other = Assembler(sender=SHOP).assemble(
        to=DANA, subject="שלום", at=AT, message_id="<0a1c@shop.example>", text="", html=""
    )
    assert parsed(other).get_boundary() != boundary


BREAKS = (
    "x\n\nbody",
    "x\r\nBcc: e@example.com",
    "\r",
    "\x00",
    "x\n y",
    "x\u2028y",
    "x\u2029y",
    "x\x85y",
    "\x1b[0m",
    "\ud800",
)


@pytest.mark.parametrize("value", BREAKS)
def test_what_would_open_another_header_is_refused(value: str) -> None:
    builds: tuple[Callable[[], bytes], ...] = (
        lambda: assembled(subject=value),
        lambda: assembled(to=Mailbox("dana@example.com", value)),
        lambda: assembled(sender=Mailbox("shop@shop.example", value)),
        lambda: assembled(to=Mailbox(f"dana@example.com{value}")),
        lambda: plain_header("Feedback-ID", value),
        lambda: plain_header("List-Unsubscribe", "<mailto:a@b>", value),
        lambda: phrase_header("List-Id", value, "club.shop.example"),
        lambda: phrase_header("List-Id", "club", value),
        lambda: text_header("Subject", value),
        lambda: mailbox_header("Reply-To", Mailbox(value)),
    )
    for build in builds:
        with pytest.raises(BadData):
            build()


ADDRESSES = (
    "", "dana", "@example.com", "dana@", "dana@example.com>", "<dana@example.com>", "a@b> SIZE=1\r\nRCPT TO:<e@x",
    "dana@example.com, noa@example.com", "dana @example.com", "דנה@example.com", "dana@דוגמה.co.il",
    ".dana@example.com", "dana..levi@example.com", "dana@example..com", "dana@example.com\n",
    '"a b"@example.com', "dana@[127.0.0.1]",
)  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
def test_what_is_no_plain_address_is_never_written_to(address: str) -> None:
    with pytest.raises(BadData, match="has no valid e-mail address"):
        assembled(to=Mailbox(address))


@pytest.mark.parametrize(
    "message_id", ["", "0a1b@shop.example", "<0a1b @shop.example>", "<a>\r\nBcc: x@y", "<a>\n", "<>"]
)
def test_a_message_id_has_its_form(message_id: str) -> None:
    with pytest.raises(BadData, match="not a valid Message-ID"):
        Assembler(sender=SHOP).assemble(to=DANA, subject="x", at=AT, message_id=message_id, text="", html="")


def test_half_a_character_in_a_body_is_refused() -> None:
    with pytest.raises(BadData, match="half of a surrogate pair"):
        assembled(text="\ud83d")


def test_further_headers_stand_among_the_others() -> None:
    assembler = Assembler(sender=SHOP, constant=[plain_header("Feedback-ID", "spring:campaign")])
    message = email.message_from_bytes(
        assembler.assemble(
            to=DANA, subject="x", at=AT, message_id="<0a1b@shop.example>", text="", html="",
            headers=[plain_header("List-Unsubscribe", "<https://shop.example/u/t>", "<mailto:leave@shop.example>")],
        ),
        policy=email.policy.default,
    )  # fmt: skip

    assert message["Feedback-ID"] == "spring:campaign"
    assert message["List-Unsubscribe"] == "<https://shop.example/u/t>, <mailto:leave@shop.example>"


def test_a_mailbox_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        DANA.name = "x"  # type: ignore[misc]


@pytest.mark.parametrize("name", ["From", "Reply-To"])
def test_a_header_is_folded_where_it_would_be_too_long_and_only_there(name: str) -> None:
    for many in range(1, 51):
        phrase, whole = "x" * many, f'{name}: "{"x" * many}" <dana.levi@shop.example>'
        header = phrase_header(name, phrase, "dana.levi@shop.example").decode()
        assert header == (whole if len(whole) <= 76 else whole.replace(" <", "\r\n <")) + "\r\n", many
