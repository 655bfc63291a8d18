"""The press: whole messages, in the shop's language, that say only what they should."""

from __future__ import annotations

import dataclasses
import email
import email.policy
import re
import socket
from email.message import EmailMessage

import pytest

from retainctl.clock import DAY_SECONDS
from retainctl.config import Shop
from retainctl.errors import BadConfiguration, BadData
from retainctl.outreach import tokens
from retainctl.outreach.composing import templates_of
from retainctl.outreach.outbox.states import Candidate
from retainctl.outreach.rendering import Press
from tests.outreach.conftest import MakeMailing

AT = 1_740_988_800  # the morning after it was planned
DANA = Candidate(
    id=1,
    claim_no=0,
    state="planned",
    customer_id=7,
    contact_point_id=17,
    to_address="dana@example.com",
    message_id="<0123456789abcdef0123456789abcdef@shop.example>",
    context={"first_name": "דנה", "name": "דנה לוי", "orders": 5},
)


def parsed(message: bytes) -> EmailMessage:
    assert b"\n" not in message.replace(b"\r\n", b"")
    assert max(len(line) for line in message.split(b"\r\n")) <= 998
    found = email.message_from_bytes(message, policy=email.policy.default)
    assert not found.defects
    assert not any(part.defects for part in found.walk())
    return found


def bodies(message: EmailMessage) -> tuple[str, str]:
    """The text without the marks around its values, and the HTML without their elements."""
    text, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    shown = re.sub("[\u2066-\u2069]", "", text.get_content()), re.sub("</?bdi>", "", html.get_content())
    return shown[0].replace("\r\n", "\n"), shown[1].replace("\r\n", "\n")


def with_mail(shop: Shop, **values: str) -> Shop:
    mail = dataclasses.replace(shop.settings.mail, **values)  # type: ignore[arg-type]
    return dataclasses.replace(shop, settings=dataclasses.replace(shop.settings, mail=mail))


def with_settings(shop: Shop, **values: str) -> Shop:
    return dataclasses.replace(shop, settings=dataclasses.replace(shop.settings, **values))  # type: ignore[arg-type]


def test_a_hebrew_message_comes_back_as_it_was_written(shop: Shop, make_mailing: MakeMailing) -> None:
    message = parsed(Press(make_mailing()).message(DANA, at=AT))

    assert dict(message.items()) | {"List-Unsubscribe": "…", "Content-Type": "…"} == {
        "From": "החנות <shop@shop.example>",
        "To": "דנה לוי <dana@example.com>",
        "Subject": "פרסומת: מבצע לחברי המועדון",
        "Date": "Mon, 03 Mar 2025 10:00:00 +0200",
        "Message-ID": "<0123456789abcdef0123456789abcdef@shop.example>",
        "List-Id": "החנות <marketing.shop.example>",
        "Feedback-ID": "spring:campaign:marketing:shop.example",
        "List-Unsubscribe": "…",
        "MIME-Version": "1.0",
        "Content-Type": "…",
    }
    text, html = bodies(message)
    assert text.startswith("שלום דנה,\n\nיש לנו קפה חדש.\n\n-- \nקיבלת את ההודעה כי קנית אצלנו 5 פעמים.\n\nהחנות\n")
    assert "רחוב הרצל 1, חיפה\n04-8123456\n" in text
    assert '<html lang="he" dir="rtl">' in html
    assert '<body class="ground" dir="rtl"' in html
    assert "<p>שלום דנה,</p>" in html


def test_equal_addressees_get_equal_bytes(shop: Shop, make_mailing: MakeMailing) -> None:
    mailing = make_mailing()

    assert Press(mailing).message(DANA, at=AT) == Press(mailing).message(DANA, at=AT)


def test_a_refusal_by_mail_carries_a_token_that_names_recipient_and_mailing(
    shop: Shop, make_mailing: MakeMailing
) -> None:
    mailing = make_mailing()
    message = parsed(Press(mailing).message(DANA, at=AT))

    header = message["List-Unsubscribe"]
    assert header.startswith("<mailto:shop@shop.example?subject=unsubscribe%20v1.")
    assert "List-Unsubscribe-Post" not in message
    token = header.removeprefix("<mailto:shop@shop.example?subject=unsubscribe%20").removesuffix(">")
    assert tokens.verify(token, "unsubscribe", shop.clock.now()) == f"17.{mailing.id}"
    assert [body.count(token) for body in bodies(message)] == [1, 1]


def test_a_refusal_by_mail_goes_to_the_mailbox_that_somebody_reads(shop: Shop, make_mailing: MakeMailing) -> None:
    asked, read = with_mail(shop, reply_to="dana@shop.example"), []
    for using in (asked, with_mail(asked, unsubscribe_address="leave@shop.example")):
        message = parsed(Press(make_mailing(using=using)).message(DANA, at=AT))
        read.append(message["List-Unsubscribe"].partition("?")[0])

    assert read == ["<mailto:dana@shop.example", "<mailto:leave@shop.example"]


@pytest.mark.parametrize(("name", "shown"), [("", "החנות"), ("דנה מהחנות", "דנה מהחנות")])
def test_a_message_is_from_the_name_that_the_shop_sends_by_and_its_answer_goes_where_the_shop_says(
    shop: Shop, make_mailing: MakeMailing, name: str, shown: str
) -> None:
    named = with_mail(shop, from_name=name, reply_to="dana@shop.example")
    message = parsed(Press(make_mailing(using=named)).message(DANA, at=AT))
    assert (message["From"], message["Reply-To"]) == (f"{shown} <shop@shop.example>", "dana@shop.example")


def test_one_click_is_offered_only_where_the_shop_has_a_public_address(shop: Shop, make_mailing: MakeMailing) -> None:
    public = with_settings(shop, public_url="https://club.shop.example")
    message = parsed(Press(make_mailing(using=public)).message(DANA, at=AT))

    links = message["List-Unsubscribe"].split(", ")
    assert links[0].startswith("<https://club.shop.example/u/v1.")
    assert links[1].startswith("<mailto:shop@shop.example?subject=unsubscribe%20v1.")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    text, html = bodies(message)
    assert all(link.strip("<>") in html for link in links)
    assert links[0].strip("<>") in text
    assert "\nאו במייל: shop@shop.example\n" in text


def test_a_service_message_is_no_advertisement(shop: Shop, make_mailing: MakeMailing) -> None:
    message = parsed(Press(make_mailing(purpose="service")).message(DANA, at=AT))

    assert message["Subject"] == "מבצע לחברי המועדון"
    assert message["Auto-Submitted"] == "auto-generated"
    assert not {"List-Unsubscribe", "List-Unsubscribe-Post", "List-Id"} & set(message.keys())
    assert "הסר" not in bodies(message)[0]


def test_an_invitation_has_the_token_of_its_own_answer(shop: Shop, make_mailing: MakeMailing) -> None:
    public = with_settings(shop, public_url="https://club.shop.example/")
    mailings = [
        make_mailing(
            purpose="survey", program="survey", body='{{ survey_link or "השיבו להודעה: " ~ survey_token }}', using=using
        )
        for using in (shop, public)
    ]
    by_reply, by_link = (bodies(parsed(Press(one).message(DANA, at=AT)))[0].splitlines()[0] for one in mailings)

    token = by_reply.removeprefix("השיבו להודעה: ")
    assert tokens.verify(token, "survey", shop.clock.now()) == f"{mailings[0].id}.7"
    assert tokens.verify(token, "survey", mailings[0].planned_at + 180 * DAY_SECONDS - 1)
    with pytest.raises(BadData, match="expired"):
        tokens.verify(token, "survey", mailings[0].planned_at + 180 * DAY_SECONDS)
    linked = by_link.removeprefix("https://club.shop.example/s/")
    assert tokens.verify(linked, "survey", shop.clock.now()) == f"{mailings[1].id}.7"


def test_a_name_is_never_markup(shop: Shop, make_mailing: MakeMailing) -> None:
    name = "<img src=x onerror=alert(1)>"
    addressee = dataclasses.replace(DANA, context={"first_name": name, "orders": 1})
    text, html = bodies(parsed(Press(make_mailing()).message(addressee, at=AT)))

    assert name not in html
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    assert name in text


def test_text_that_names_a_file_stays_text(
    shop: Shop, make_mailing: MakeMailing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(shop.folder)
    for text in ("/etc/passwd", "retainctl.toml", "~/.yagmail", "file:///etc/passwd"):
        mailing = make_mailing(subject=text, reason=text, body=f"{text}\n\n{{{{ first_name }}}}")
        addressee = dataclasses.replace(DANA, context={"first_name": text, "name": text})
        message = parsed(Press(mailing).message(addressee, at=AT))

        assert len(list(message.walk())) == 3  # the two bodies and what holds them
        assert bodies(message)[0].startswith(f"{text}\n\n{text}\n\n-- \n{text}\n")
        assert not any(secret in body for body in bodies(message) for secret in ("root:", "database ="))


def test_rendering_fetches_nothing(shop: Shop, make_mailing: MakeMailing) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/x"
        (shop.folder / "templates").mkdir()
        (shop.folder / "templates" / "mail.html").write_text(
            f'<link rel="stylesheet" href="{address}"><img src="{address}">{{% include "body" %}}', encoding="utf-8"
        )
        html = bodies(parsed(Press(make_mailing(body=f"![x]({address})")).message(DANA, at=AT)))[1]

        assert html.count(address) == 3
        with pytest.raises(BlockingIOError):
            server.accept()


def test_what_goes_wrong_is_told_without_the_persons_data(shop: Shop, make_mailing: MakeMailing) -> None:
    press = Press(make_mailing(subject="{{ first_name }}"))
    for addressee in (
        dataclasses.replace(DANA, to_address="dana probe@example.com"),
        dataclasses.replace(DANA, context={"first_name": "probe\nprobe", "orders": 1}),
        dataclasses.replace(DANA, context={"first_name": "x", "name": "probe\r", "orders": 1}),
    ):
        with pytest.raises(BadData, match=r"^the message for customer 7 cannot be created: ") as told:
            press.message(addressee, at=AT)
        assert "probe" not in str(told.value)


def test_no_value_opens_a_second_header(shop: Shop, make_mailing: MakeMailing) -> None:
    plain, named = make_mailing(), make_mailing(subject="{{ first_name }}.")
    for bad in ("x\n\nbody", "x\r\nBcc: e@example.com", "x\rx", "x\x00", "x\n y", "x\u2028y", "x\x85y"):
        for mailing, addressee in (
            (named, dataclasses.replace(DANA, context={"first_name": bad, "orders": 1})),
            (plain, dataclasses.replace(DANA, context={**DANA.context, "name": bad})),
            (plain, dataclasses.replace(DANA, to_address=f"dana@example.com{bad[1:]}")),
            (make_mailing(using=with_settings(shop, name=bad)), DANA),
            (make_mailing(using=with_mail(shop, from_name=bad)), DANA),
        ):
            with pytest.raises(BadData):
                Press(mailing).message(addressee, at=AT)
        for field in ("from_address", "reply_to", "unsubscribe_address"):
            with pytest.raises(ValueError, match="is not an e-mail address"):
                with_mail(shop, **{field: bad})


def test_a_shop_without_an_address_cannot_print(shop: Shop, make_mailing: MakeMailing) -> None:
    with pytest.raises(BadData, match="the header From has no valid e-mail address"):
        Press(make_mailing(using=with_mail(shop, from_address="")))


def test_the_shops_own_frame_takes_the_place_of_ours(shop: Shop, make_mailing: MakeMailing) -> None:
    (shop.folder / "templates").mkdir()
    (shop.folder / "templates" / "mail.html").write_text("<b>{{ shop_name }}</b>{% include 'body' %}", encoding="utf-8")

    html = bodies(parsed(Press(make_mailing()).message(DANA, at=AT)))[1]
    assert html.startswith("<b>החנות</b><p>שלום דנה,</p>")


def test_a_frame_that_cannot_be_read_is_told(shop: Shop, make_mailing: MakeMailing) -> None:
    (shop.folder / "templates").mkdir()
    (shop.folder / "templates" / "mail.txt").write_bytes(b"\xe9")
    with pytest.raises(BadConfiguration, match=r"mail\.txt cannot be read"):
        make_mailing()


def test_a_text_of_its_own_takes_the_place_of_the_one_that_is_made_of_the_body(shop: Shop) -> None:
    def text_of(own: str) -> str:
        made = templates_of(shop, purpose="marketing", subject="s", reason="r", body="Hello *Dana*", text=own)
        return made.body_text.strip()

    assert (text_of(""), text_of("Plain, Dana")) == ("Hello Dana", "Plain, Dana")


@pytest.mark.parametrize(("language", "side"), [("he", "right"), ("en", "left")])
def test_a_frame_begins_on_the_side_where_the_shop_s_language_does(shop: Shop, language: str, side: str) -> None:
    speaking = dataclasses.replace(shop, settings=dataclasses.replace(shop.settings, language=language))  # type: ignore[arg-type]
    made = templates_of(speaking, purpose="service", subject="s", reason="r", body="b")
    direction = "rtl" if language == "he" else "ltr"
    assert (made.constants["side"], made.constants["direction"], made.constants["language"]) == (
        side,
        direction,
        language,
    )


@pytest.mark.parametrize(("legal", "shown"), [("סבאוס בע״מ", "סבאוס בע״מ"), ("", "החנות")])
def test_an_advertisement_names_the_one_who_sends_it(
    shop: Shop, make_mailing: MakeMailing, legal: str, shown: str
) -> None:
    sender = dataclasses.replace(shop.settings.sender, name=legal)
    mailing = make_mailing(using=dataclasses.replace(shop, settings=dataclasses.replace(shop.settings, sender=sender)))
    text, html = bodies(parsed(Press(mailing).message(DANA, at=AT)))
    assert f"\n{shown}\n" in text
    assert f">{shown}<" in html or f">{shown} · " in html
