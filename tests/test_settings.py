"""Each setting has its sentence beside its field; from these the first file and the reference are written."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

import pytest

from retainctl import schema
from retainctl.club.terms import Club, Terms
from retainctl.config import FILE_NAME, Settings, init_folder, read_shop
from retainctl.errors import BadConfiguration
from retainctl.jobs.table import Job, JobsFile
from tests.conftest import Terminal


def without_sentence(one: type) -> list[str]:
    """The settings of a file of the class *one* that have none."""
    found = []
    for setting in schema.settings(one):
        if not setting.sentence:
            found.append(setting.name)
        if setting.is_table:
            found += without_sentence(setting.kind)
    return found


@pytest.mark.parametrize("one", [Settings, Club, Terms, JobsFile, Job])
def test_every_setting_has_its_sentence(one: type) -> None:
    assert without_sentence(one) == []


def test_a_setting_without_a_sentence_is_seen() -> None:
    @dataclass
    class Inner:
        """A table."""

        wide: Annotated[int, "How wide it is."] = 1
        high: int = 2

    assert without_sentence(dataclasses.make_dataclass("Outer", [("inner", Inner)])) == ["high"]


def test_a_first_file_names_every_setting_and_changes_no_default(tmp_path: Path) -> None:
    path = init_folder(tmp_path, name="שם", language="he", currency="nis", timezone="Asia/Jerusalem", country="il")
    settings = read_shop(str(tmp_path)).settings
    defaults = Settings("שם", "he", "ILS", "Asia/Jerusalem", "IL")
    assert settings == dataclasses.replace(defaults, sender=dataclasses.replace(defaults.sender, name="שם"))

    shown = path.read_text(encoding="utf-8")
    commented = "".join(line.removeprefix("# ") if " = " in line else line for line in shown.splitlines(keepends=True))
    assert schema.read_text(commented, Settings, name=FILE_NAME) == settings
    for table in (one for one in schema.settings(Settings) if one.is_table):
        section = shown.partition(f"\n[{table.name}]\n")[2].partition("\n[")[0]
        for one in schema.settings(table.kind):
            assert f"# {one.sentence}\n" in section
            assert f"\n{one.name} = " in section.replace("\n# ", "\n")


def test_the_country_is_known_by_the_time_zone_of_one_alone(retainctl: Terminal, tmp_path: Path) -> None:
    for zone, country in (("Asia/Jerusalem", "IL"), ("Europe/London", "")):
        made = tmp_path / zone
        assert retainctl("init", str(made), "--timezone", zone).code == 0
        assert read_shop(str(made)).settings.country == country


@pytest.mark.parametrize("name", ['a "b" \\c', "two\nlines", "a\x7fb", "tab\there", "פ״ת"])
def test_a_name_is_kept_as_it_was_given(tmp_path: Path, name: str) -> None:
    init_folder(tmp_path, name=name, language="he", currency="ILS", timezone="Asia/Jerusalem", country="")
    assert read_shop(str(tmp_path)).settings.name == name


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('quiet_from = "21:00"', 'quiet_from = "21:60"', "'21:60' is not a time such as 21:00"),
        ('quiet_until = "08:00"', 'quiet_until = "24:00"', "'24:00' is not a time such as 21:00"),
        ("name = ", 'public_url = "http://shop.example"\nname = ', "public_url must start with https://"),
        ("name = ", 'ping_url = "http://check.example"\nname = ', "ping_url must start with https://"),
    ],
)
def test_what_would_fail_at_night_is_refused_at_once(folder: Path, before: str, after: str, said: str) -> None:
    path = folder / FILE_NAME
    path.write_text(path.read_text(encoding="utf-8").replace(before, after, 1), encoding="utf-8")
    with pytest.raises(BadConfiguration, match=said):
        read_shop(str(folder))


@dataclass
class Inner:
    """A table."""

    price: float = 0.0


@dataclass
class Shapes:
    """A setting of each shape."""

    table: Inner = field(default_factory=Inner)
    by_name: dict[str, str] = field(default_factory=dict)
    several: tuple[int, ...] = ()
    text: str | None = None
    is_on: bool = False


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("table = 5", "table must be a table, not 5"),
        ("table = {price = true}", "price must be a number, not True"),
        ("by_name = 5", "by_name must be a table, not 5"),
        ("by_name = {ILS = 5}", "ILS must be a string, not 5"),
        ("several = 5", "several must be a list, not 5"),
        ("several = [1, true]", "several must be a whole number, not True"),
        ("text = 5", "text must be a string, not 5"),
        ("is_on = 1", "is_on must be true or false, not 1"),
    ],
)
def test_a_setting_of_another_shape_is_one_sentence(written: str, said: str) -> None:
    with pytest.raises(BadConfiguration, match=rf"^shop\.toml(, line 1)?: {re.escape(said)}$"):
        schema.read_text(written, Shapes, name="shop.toml")
