"""A program that sends is a row and a declaration: a third one, with a kind of file and links of its own."""

from __future__ import annotations

import email
import email.policy

import pytest

from retainctl import definitions
from retainctl.audience import segments
from retainctl.config import Shop
from retainctl.definitions import versions
from retainctl.errors import BadData, Refused
from retainctl.insight.reports import Wording, report_called
from retainctl.outreach import mailings, programs
from retainctl.outreach.direction import as_written
from retainctl.outreach.mailings import Changed
from retainctl.outreach.outbox.delivering import deliver
from retainctl.outreach.programs import MailingOutcome
from retainctl.outreach.tokens import verify
from retainctl.store.database import execute
from tests.outreach.people import customer
from tests.recipes.rewards import REWARD, REWARDS


@pytest.fixture
def rewarding(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A shop in a house that has one program more, with a reward for two customers, of whom one agreed."""
    monkeypatch.setitem(definitions.KINDS, "reward", "tests.recipes.rewards:REWARDS")
    monkeypatch.setitem(programs.PROGRAMS, "reward", "tests.recipes.rewards:REWARD")
    execute("INSERT INTO programs (program) VALUES ('reward')")
    customer(shop), customer(shop, agrees=False)
    segments.create(shop, "loyal", "orders >= 0")
    write(shop, "For {{ first_name or 'you' }}: {{ reward_token }}")
    return shop


def write(shop: Shop, words: str) -> None:
    (shop.folder / "rewards").mkdir(exist_ok=True)
    (shop.folder / "rewards" / "spring.toml").write_text(f'words = "{words}"\naudience = "loyal"\n', encoding="utf-8")


def test_a_third_program_is_planned_approved_and_sent_as_the_others(rewarding: Shop) -> None:
    with pytest.raises(Refused, match="the reward spring has no plan") as refused:
        mailings.approve(rewarding, REWARD, "spring", "0" * 16)
    assert refused.value.hint == "Make one: retainctl rewards plan spring"
    planned = mailings.plan(rewarding, REWARD, "spring")
    assert (planned.recipients, planned.no_consent) == (1, 1)
    mailings.approve(rewarding, REWARD, "spring", planned.hash)
    assert mailings.send(rewarding, REWARD, "spring") == Changed("spring", "active", planned.hash, 1)
    assert mailings.outcomes(REWARD, "spring")[0] == MailingOutcome("spring", "active", planned.hash, "no_consent", 1)

    assert deliver(rewarding).row.sent == 1
    [path] = (rewarding.folder / "mail").iterdir()
    body = email.message_from_bytes(path.read_bytes(), policy=email.policy.default).get_body(("plain",))
    assert body is not None
    token = as_written(body.get_content()).split("For דנה: ")[1].split()[0]
    assert verify(token, "reward", rewarding.clock.now()).endswith(".1")
    assert [one.version for one in versions(REWARDS, "spring")] == [1]
    assert Wording(report_called("campaigns"), "he").value("program", "reward") == "הטבה"


def test_its_own_links_are_known_to_the_check_and_another_program_s_are_not(rewarding: Shop) -> None:
    write(rewarding, "{{ survey_token }}")
    with pytest.raises(BadData, match="the reward spring is not ready: unknown name survey_token") as refused:
        mailings.plan(rewarding, REWARD, "spring")
    assert refused.value.hint == "See all faults: retainctl rewards check spring"
