"""The files that the recipes of docs/contributing.md add. They do not ship; the tests run them.

``make docs`` writes them into the document, so that a recipe shows exactly what is checked, typed and run here.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from click.testing import CliRunner, Result

from retainctl import cli
from retainctl.terminal import Choices
from tests.conftest import NOW

Run = Callable[..., Result]

# What the document calls each file, and where it stands here.
FILES: Final = {
    "retainctl/store/migrations/m0042_shop_prices.py": "prices_tables.py",
    "retainctl/shop/prices.py": "prices.py",
    "commands/prices.py": "prices_commands.py",
    "retainctl/shop/visits.py": "visits.py",
    "commands/visits.py": "visits_commands.py",
    "retainctl/shop/guests.py": "guests.py",
    "commands/guests.py": "guests_commands.py",
    "retainctl/shop/orders_import/formats/kiosk.py": "formats/kiosk.py",
    "retainctl/insight/reports/sources.py": "reports/sources.py",
    "retainctl/outreach/rewards.py": "rewards.py",
    "retainctl/outreach/channels/gateway.py": "gateway.py",
    "jobs.toml": "jobs.toml",
    "retainctl/config.py": "parcels.py",
    "retainctl/store/migrations/m0043_shop_gifts.py": "gifts_tables.py",
}


def as_shown(file: str) -> str:
    """The text of *file* as it would stand in the engine."""
    text = (Path(__file__).parent / file).read_text(encoding="utf-8")
    if file == "parcels.py":  # it joins a module that is there
        text = text[text.index("@dataclass") :]
    return text.replace("tests.recipes.", "retainctl.shop.").replace("from commands.", "from .")


def command_line(folder: Path) -> Run:
    """The command line in the shop at *folder*, in this process: it has what the test added."""
    return lambda *words: CliRunner().invoke(cli.root, ["--shop", str(folder), "--now", NOW, *words], obj=Choices())
