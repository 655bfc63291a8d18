"""The owner's weekly digest: queued once a week, sent like any message, and it says what the reports say."""

from __future__ import annotations

import dataclasses
import email
import email.policy
import re
from email.message import EmailMessage

import pytest

from retainctl import digest
from retainctl.clock import DAY_SECONDS, Clock
from retainctl.config import Shop
from retainctl.outreach.outbox.delivering import deliver
from retainctl.store import installation
from retainctl.store.database import rows
from tests import past
from tests.conftest import Terminal


@pytest.fixture
def owned(shop: Shop) -> Shop:
    """A shop with an owner, a week with two orders, and one before it with one; a third of twelve came back."""
    installation.adopt()
    for number, days in ((1, ("2025-02-20", "2025-02-24")), (2, ("2025-03-01",)), (3, ("2025-03-02",))):
        past.customer(number)
        for day in days:
            past.order(number, day, 10_000)
    for number in range(4, 13):
        past.customer(number)
        for day in ("2024-10-05", "2024-10-06") if number < 7 else ("2024-10-05",):
            past.order(number, day, 10_000)
    return dataclasses.replace(shop, settings=dataclasses.replace(shop.settings, owner_email="owner@shop.example"))


def mail(shop: Shop) -> EmailMessage:
    """The one message that was sent."""
    assert deliver(shop).row.sent == 1
    (path,) = (shop.folder / "mail").glob("*.eml")
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    return message


def text(message: EmailMessage, kind: str = "plain") -> str:
    """Its words, without the marks of direction."""
    part = message.get_body((kind,))
    assert part is not None
    return re.sub("[\u2066-\u2069\u200e\u200f]", "", part.get_content())


def test_the_owner_gets_the_week_beside_the_one_before(owned: Shop) -> None:
    """24 February and 1 March are in the week that ended yesterday; 20 February before it, 2 March is today."""
    english = dataclasses.replace(owned, settings=dataclasses.replace(owned.settings, language="en"))
    done = digest.send(english)
    assert done.rows == (digest.Digest("2025-03-01", "owner@shop.example", "queued"),)
    message = mail(english)
    assert message["To"] == "owner@shop.example"
    assert re.sub("[\u2066-\u2069]", "", message["Subject"]) == f"The week at {owned.settings.name}: 2 orders, ₪200"
    assert f"The week at \u2068{owned.settings.name}\u2069: 2" in message["Subject"], "or the 2 stands before the name"
    said = text(message)
    assert "23 February 2025 – 1 March 2025, compared with the week before" in said
    assert "Customers who bought: 2 (▲ 100%)" in said
    assert "Orders: 2 (▲ 100%)" in said
    assert "Average order: ₪100 (unchanged)" in said
    assert "Net revenue: ₪200 (▲ 100%)" in said
    assert "a third of the customers come back to buy" in said.casefold()
    assert "What needs your attention\r\n\r\n- There is no backup" in said
    assert "List-Unsubscribe" not in message, "it is the owner's own"


def test_what_the_digest_before_has_said_is_not_said_again(owned: Shop) -> None:
    english = dataclasses.replace(owned, settings=dataclasses.replace(owned.settings, language="en"))

    def found(days: int) -> list[str]:
        later = dataclasses.replace(english, clock=Clock(owned.clock.zone, owned.clock.now() + days * DAY_SECONDS))
        words = digest.recipe_of(later, "").templates.constants
        digest.send(later)
        return [text for name, text in words.items() if name.endswith("_finding")]

    first = found(0)
    assert "A third of the customers come back to buy" in first
    assert found(7) == []
    past.order(3, "2025-03-10")
    news = found(14)
    assert "Two of five customers come back to buy" in news
    assert "A third of the customers come back to buy" not in news
    assert found(21) == [], "and what one digest left out is no news in the next"


def test_a_week_without_orders_says_that(shop: Shop) -> None:
    installation.adopt()
    settings = dataclasses.replace(shop.settings, owner_email="owner@shop.example", language="en")
    digest.send(dataclasses.replace(shop, settings=settings))
    assert "no orders" in mail(shop)["Subject"]


def test_a_week_without_orders_stands_beside_the_one_before(owned: Shop) -> None:
    """Eight days later: 3 to 9 March has none, and 24 February to 2 March had three."""
    english = dataclasses.replace(
        owned,
        settings=dataclasses.replace(owned.settings, language="en"),
        clock=Clock(owned.clock.zone, owned.clock.now() + 8 * DAY_SECONDS),
    )
    digest.send(english)
    message = mail(english)
    said = text(message)
    assert re.sub("[\u2066-\u2069]", "", message["Subject"]).endswith(": no orders, after 3 in the week before")
    assert "Customers who bought: 0 (▼ 100%)" in said
    assert "Orders: 0 (▼ 100%)" in said
    assert "Net revenue: ₪0 (▼ 100%)" in said


def test_the_amounts_of_a_week_are_of_every_currency_and_its_orders_too(owned: Shop) -> None:
    past.order(1, "2025-02-25", 5_000, currency="USD")
    english = dataclasses.replace(owned, settings=dataclasses.replace(owned.settings, language="en"))
    digest.send(english)
    message = mail(english)
    assert re.sub("[\u2066-\u2069]", "", message["Subject"]).endswith(": 3 orders, ₪200, $50")
    assert "Customers who bought: 2 (▲ 100%)" in text(message)


def test_a_week_of_guests_alone_says_that_they_were_guests(shop: Shop) -> None:
    installation.adopt()
    for day in ("2025-02-24", "2025-02-25"):
        past.order(None, day)
    settings = dataclasses.replace(shop.settings, owner_email="owner@shop.example", language="en")
    digest.send(dataclasses.replace(shop, settings=settings))
    assert re.sub("[\u2066-\u2069]", "", mail(shop)["Subject"]).endswith(": 2 orders by guests")


def test_where_nothing_needs_a_person_it_says_so(shop: Shop) -> None:
    installation.adopt()
    settings = dataclasses.replace(shop.settings, owner_email="owner@shop.example", language="en")
    digest.send(dataclasses.replace(shop, settings=settings))
    assert "Nothing needs your attention" in text(mail(shop))


def test_it_is_queued_once_for_a_week(owned: Shop) -> None:
    assert digest.send(owned).row.outcome == "queued"
    assert digest.send(owned).row.outcome == "already queued"
    tomorrow = dataclasses.replace(owned, clock=Clock(owned.clock.zone, owned.clock.now() + DAY_SECONDS))
    assert digest.send(tomorrow).row == digest.Digest("2025-03-02", "owner@shop.example", "queued")
    assert rows("SELECT to_address, customer_id FROM outbox") == [("owner@shop.example", None)] * 2


def test_what_needs_a_person_stands_in_it_in_the_shops_language(owned: Shop) -> None:
    past.returned(1, "2025-01-01", 5_000)
    digest.send(owned)
    said = text(mail(owned))
    assert "מה דורש טיפול" in said
    assert "- אין גיבוי" in said
    assert not re.search(
        r"[a-z]{4,}", said.replace("owner@shop.example", "").partition("מה דורש טיפול")[2].partition("--")[0]
    )


def test_without_an_owner_nobody_gets_it_and_nothing_is_wrong(shop: Shop, retainctl: Terminal) -> None:
    ended = retainctl("reports", "digest")
    assert (ended.code, ended.stdout, ended.stderr) == (0, "", "")
    assert rows("SELECT 1 FROM mailings") == []


def test_a_name_that_looks_like_markdown_or_a_template_is_only_a_name(owned: Shop) -> None:
    named = dataclasses.replace(
        owned, settings=dataclasses.replace(owned.settings, name="*{{ 7 * 7 }}*", language="en")
    )
    digest.send(named)
    message = mail(named)
    assert "*{{ 7 * 7 }}*" in text(message)
    assert "49" not in text(message).partition("{{")[0]
