"""What a shop keeps as one file each, by name: segments/loyal.toml is the segment called loyal."""

from __future__ import annotations

import difflib
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from retainctl.errors import BadConfiguration, Refused, WrongUsage
from retainctl.files import write_text

MAX_LETTERS: Final = 64
_MAX_BYTES: Final = 200  # a file system stops at 255, and the ending and a backup's own come on top
_RULE: Final = f"It is of small letters, digits, _ and -, and no longer than {MAX_LETTERS}."
# What Windows keeps for itself, with any ending: a folder that is copied there must arrive whole.
_DEVICES: Final = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))}


def is_name(text: str) -> bool:
    """Whether something may be called *text*: letters of any alphabet, digits, ``_`` and ``-``, safe as a file's name.

    There is one way to write each name: composed, of plain and small letters, so that no two look alike or are one
    on some disks.
    """
    return (
        0 < len(text) <= MAX_LETTERS
        and len(text.encode("utf-8", "replace")) <= _MAX_BYTES
        and all(mark in "_-" or unicodedata.category(mark)[0] in "LNM" for mark in text)
        and text == unicodedata.normalize("NFKC", text).lower()
        and text not in _DEVICES
    )


@dataclass(frozen=True, slots=True)
class Shelf:
    """A folder of a shop in which each file that ends in *ending* is a *noun*; *make* is the command for a new one."""

    noun: str
    folder: str
    ending: str
    make: str

    def names(self, shop_folder: Path) -> list[str]:
        """The names of all that have a file, in order; Refused where the folder cannot be read."""
        folder = shop_folder / self.folder
        try:
            files = [path.name for path in folder.iterdir()]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise Refused(f"{folder} cannot be read: {error.strerror}", hint="Check its owner and mode.") from None
        found = (name.removesuffix(self.ending) for name in files if name.endswith(self.ending))
        return sorted(name for name in found if is_name(name))

    def path(self, shop_folder: Path, name: str) -> Path:
        """Where the one called *name* stands, or would stand; WrongUsage where nothing can be called so."""
        if not is_name(name):
            raise WrongUsage(f"{name!r} is not a {self.noun}'s name", hint=_RULE)
        return shop_folder / self.folder / f"{name}{self.ending}"

    def read(self, shop_folder: Path, name: str) -> str:
        """The text of the one called *name*; WrongUsage names the nearest where there is none."""
        path = self.path(shop_folder, name)
        try:
            return path.read_text(encoding="utf-8")
        except FileNotFoundError:
            nearest = difflib.get_close_matches(name, self.names(shop_folder), n=1)
            raise WrongUsage(
                f"there is no {self.noun} called {name}",
                hint=f"Did you mean {nearest[0]}?" if nearest else f"Make it: retainctl {self.make.format(name)}",
            ) from None
        except PermissionError as error:
            raise Refused(f"{path} cannot be read: {error.strerror}", hint="Check its owner and mode.") from None
        except (OSError, UnicodeDecodeError) as error:
            told = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise BadConfiguration(f"{path} cannot be read: {told}") from None

    def write(self, shop_folder: Path, name: str, text: str) -> Path:
        """The file of a new one called *name*, which holds *text*; where anything has that name, Refused."""
        path = self.path(shop_folder, name)
        if path.exists() or path.is_symlink():
            raise Refused(f"there is a {self.noun} called {name} already", hint=f"Change its file: {path}")
        path.parent.mkdir(mode=0o700, exist_ok=True)
        write_text(path, text)
        return path
