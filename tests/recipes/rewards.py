"""Rewards: what a file in rewards/ says is sent to a segment, each message with a token of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from retainctl.config import Shop
from retainctl.definitions import Defined, Fault, Kind, toml
from retainctl.outreach import lint, planning
from retainctl.outreach.composing import templates_of
from retainctl.outreach.programs import Addressed, Program, Recipe


@dataclass(frozen=True, slots=True)
class Reward:
    """What the file of a reward says."""

    words: str
    audience: str


def recipe_of(shop: Shop, defined: Defined[Reward]) -> Recipe:
    """What the reward asks to be planned."""
    templates = templates_of(
        shop, subject="A reward", reason="You are loyal.", body=defined.value.words, purpose="marketing"
    )
    return Recipe("reward", defined.name, "marketing", templates, defined.value.audience, defined)


def faults(shop: Shop, defined: Defined[Reward]) -> Iterator[Fault]:
    """What keeps the reward from being planned."""
    yield from lint.audience_faults(shop, defined.value.audience, where="audience")
    templates = recipe_of(shop, defined).templates
    yield from lint.faults_of_templates(shop, templates, program="reward", purpose="marketing")


def links(to: Addressed) -> dict[str, str | None]:
    """What its templates see beside the customer and the ways to unsubscribe."""
    return {"reward_token": to.sign("reward", f"{to.mailing_id}.{to.customer_id}")}


REWARDS: Final = Kind(
    "reward",
    "rewards",
    ".toml",
    make="rewards draft {}",
    settings=Reward,
    parse=toml(Reward),
    first=lambda _shop: 'words = "For {{ first_name or \'you\' }}: {{ reward_token }}"\naudience = ""\n',
    faults=faults,
    last_run=partial(planning.last_run, "reward"),
)
REWARD: Final = Program(
    "reward",
    "rewards",
    labels=("reward", "הטבה"),
    recipe=lambda shop, name: recipe_of(shop, REWARDS.read(shop, name)),
    links=links,
)
