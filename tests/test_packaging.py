"""What is installed is what stands in the folders, and the wheel works far from them."""

from __future__ import annotations

import configparser
import re
import tomllib
from fnmatch import fnmatch

from retainctl import __version__
from retainctl.cli import COMMANDS
from retainctl.manual import TOPICS
from tests.conftest import ROOT


def test_every_package_is_listed() -> None:
    """setup.cfg lists them by hand, because folders at the root install as one package."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    listed = setup["options"]["packages"].split()
    standing = {"retainctl.commands", "retainctl.schedules", "retainctl.docs"} | {
        ".".join(path.parent.relative_to(ROOT).parts) for path in (ROOT / "retainctl").rglob("__init__.py")
    }
    assert sorted(listed) == sorted(standing)


def test_every_data_file_is_packed() -> None:
    """Files that are not modules are named in setup.cfg, or they would be missing from the wheel."""
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    # setuptools parts the patterns by commas and lines, and takes a space as part of a name.
    patterns = {
        package: [pattern.strip() for pattern in re.split(r"[,\n]", value)]
        for package, value in setup["options.package_data"].items()
    }
    folders = {"retainctl": ROOT / "retainctl", "commands": ROOT / "commands", "schedules": ROOT / "schedules"}
    for wing, folder in folders.items():
        for path in folder.rglob("*"):
            if path.is_dir() or path.suffix in (".py", ".pyc"):
                continue
            room = next(one for one in path.parents if (one / "__init__.py").exists() or one.name == "schedules")
            package = ".".join(room.relative_to(ROOT).parts)
            package = package if wing == "retainctl" else f"retainctl.{package}"
            assert any(path.match(pattern) for pattern in patterns.get(package, [])), path


def test_every_page_of_help_and_every_manual_page_is_packed() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    packed = [pattern.strip() for pattern in setup["options.package_data"]["retainctl.docs"].split(",")]
    for topic, (name, _) in TOPICS.items():
        assert (ROOT / "docs" / name).is_file(), topic
        assert any(fnmatch(name, pattern) for pattern in packed), topic
        assert topic not in COMMANDS, "help TOPIC and help COMMAND are told apart by the word"
    assert setup["options.data_files"]["share/man/man1"] == "docs/man/*.1"


def test_the_direct_dependencies_are_few_and_bounded() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert len(project["dependencies"]) <= 10
    assert project["requires-python"] == ">=3.11"
    assert __version__ in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
