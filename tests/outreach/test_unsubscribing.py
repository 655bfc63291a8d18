"""A refusal that comes back with its token."""

from __future__ import annotations

import pytest

from retainctl.audience import segments
from retainctl.config import Shop
from retainctl.errors import BadData
from retainctl.outreach import mailings, tokens
from retainctl.outreach.drafts import CAMPAIGN
from retainctl.outreach.rendering import UNSUBSCRIBE
from retainctl.outreach.unsubscribing import unsubscribe
from retainctl.shop.consent import PURPOSES
from retainctl.store.database import rows
from tests.conftest import Terminal
from tests.outreach.conftest import MakeMailing
from tests.outreach.people import customer
from tests.outreach.test_drafts import finished
from tests.planting import give
from tests.reach import contactable


def token_of(shop: Shop) -> str:
    """The token in the message that the one customer of the shop got."""
    mailings.plan(shop, CAMPAIGN, "spring")
    text = mailings.samples(CAMPAIGN, "spring", 1)[0].text
    return text.partition("subject=unsubscribe%20")[2].partition("\n")[0]


def test_the_token_of_a_message_is_the_end_of_such_messages(shop: Shop, retainctl: Terminal) -> None:
    dana, noa = customer(shop), customer(shop, "נועה")
    finished(shop)
    segments.refresh(shop, "everybody")
    token = token_of(shop)

    ended = retainctl("consent", "revoke", "--token", token, "--reason", "answered on Sunday")
    assert (ended.code, ended.stderr) == (0, "")
    assert "marketing\trevoked" in ended.stdout
    found = contactable([dana, noa], purpose="marketing", at=shop.clock.now())
    assert found[dana] == "no_consent"
    assert found[noa] != "no_consent"
    assert unsubscribe(shop, token, reason="again") == unsubscribe(shop, token, reason="and again")
    assert mailings.plan(shop, CAMPAIGN, "spring").no_consent == 1


def test_who_refuses_a_survey_has_refused_offers_too(shop: Shop, make_mailing: MakeMailing) -> None:
    dana = customer(shop)
    ((point,),) = rows("SELECT id FROM contact_points")
    give(shop, point, purpose="survey", source="till", evidence="form 18")
    make_mailing()
    mailing, now = make_mailing(program="survey", purpose="survey"), shop.clock.now()
    assert mailing.id != point

    unsubscribe(shop, tokens.signer(now).sign(UNSUBSCRIBE, f"{point}.{mailing.id}"), reason="answered on Sunday")
    for purpose in PURPOSES:
        assert contactable([dana], purpose=purpose, at=now)[dana] == "no_consent"


@pytest.mark.parametrize(
    "text",
    [
        "unsubscribe {}", "Re: unsubscribe {}", "הסירו אותי: {}.", "https://club.shop.example/u/{}", "<{}>",
        "mailto:shop@shop.example?subject=unsubscribe%20{}",
    ],
)  # fmt: skip
def test_the_token_is_found_in_a_subject_and_in_a_link(shop: Shop, text: str) -> None:
    dana = customer(shop)
    finished(shop)
    segments.refresh(shop, "everybody")

    unsubscribe(shop, text.format(token_of(shop)), reason="answered on Sunday")
    assert contactable([dana], purpose="marketing", at=shop.clock.now())[dana] == "no_consent"


def test_a_refusal_outlives_what_it_answers(shop: Shop) -> None:
    """As after an older backup was restored: the message that it answers need not be known any more."""
    dana = customer(shop)
    ((point,),) = rows("SELECT id FROM contact_points")
    give(shop, point, purpose="survey", source="till", evidence="form 18")
    sign = tokens.signer(shop.clock.now()).sign
    with pytest.raises(BadData, match="of an address that is not in this shop's database") as refused:
        unsubscribe(shop, sign(UNSUBSCRIBE, "999.1"), reason="answered on Sunday")
    assert refused.value.hint.startswith("Name the address: retainctl consent revoke ADDRESS")
    unsubscribe(shop, sign(UNSUBSCRIBE, f"{point}.999"), reason="answered on Sunday")
    for purpose in PURPOSES:
        assert contactable([dana], purpose=purpose, at=shop.clock.now())[dana] == "no_consent"


def test_nobody_is_unsubscribed_by_somebody_elses_token(shop: Shop) -> None:
    dana = customer(shop)
    finished(shop)
    segments.refresh(shop, "everybody")
    token = token_of(shop)

    for forged in (
        token[:-1] + ("A" if token[-1] != "A" else "B"),
        tokens.signer(shop.clock.now()).sign("survey", "1.1"),
        token + "A",
        "x",
    ):
        with pytest.raises(BadData, match="not valid in this shop"):
            unsubscribe(shop, forged, reason="x")
    assert contactable([dana], purpose="marketing", at=shop.clock.now())[dana] != "no_consent"
