"""What a shop keeps as one file each, by name: segments/loyal.toml is the segment called loyal.

A package that has a kind of such files declares it as one ``Kind``, and has a line below. What a file said when it
first ran is kept, once for each of its meanings: a comment or an empty line changes none.
"""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import json
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, Final, Generic, Literal, NamedTuple, TypeVar

from retainctl import schema
from retainctl.config import Shop
from retainctl.errors import BadConfiguration, Refused, RetainError, WrongUsage, did_you_mean
from retainctl.files import write_text
from retainctl.rows import Row
from retainctl.store.database import rows
from retainctl.store.dialect import hold_lock
from retainctl.store.transactions import in_one_transaction

# Each noun, and where its kind stands: by name, for the packages stand further to the right.
KINDS: Final = {
    "segment": "retainctl.audience.segments:SEGMENTS",
    "campaign": "retainctl.outreach.drafts:CAMPAIGNS",
    "survey": "retainctl.voice.surveys:SURVEYS",
}

V = TypeVar("V")
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


class Fault(Row, kind="fault"):
    """One thing that is wrong, and what to do about it."""

    where: str
    fault: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Defined(Generic[V]):
    """What the file called *name* says: its *text*, the *value* read from it, and the hash of that meaning."""

    name: str
    text: str
    value: V
    hash: str


class KeptVersion(NamedTuple):
    """A version of a definition that ran; its text is None where it was erased."""

    id: int
    version: int
    hash: str
    text: str | None
    first_used_at: int


class DefinitionRow(Row, kind="definition"):
    """One that has a file: the version by which it ran last, and whether the file says something else since."""

    name: str
    state: Literal["never ran", "as it ran", "changed", "faulty"]
    version: int | None
    first_used_at: str | None


@dataclass(frozen=True, slots=True)
class Kind(Generic[V]):
    """A folder of a shop in which each file that ends in *ending* defines a *noun*.

    *make* is the command for a new one, *settings* the dataclass of what its TOML may hold. *parse* makes the value of
    a text that stands somewhere, *first* the text of a new one for a person to finish, and *faults* says what keeps a
    readable one from running. *last_run* is the id of the version by which the one of a name ran last.
    """

    noun: str
    folder: str
    ending: str
    make: str
    settings: type[Any]
    parse: Callable[[Shop, str, str], V]
    first: Callable[[Shop], str] = lambda _shop: ""
    faults: Callable[[Shop, Defined[V]], Iterable[Fault]] = lambda _shop, _defined: ()
    last_run: Callable[[str], int | None] = lambda _name: None

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

    def text(self, shop_folder: Path, name: str) -> str:
        """The text of the one called *name*; WrongUsage names the nearest where there is none."""
        path = self.path(shop_folder, name)
        try:
            return path.read_text(encoding="utf-8")
        except FileNotFoundError:
            make = f"Make it: retainctl {self.make.format(name)}"
            hint = did_you_mean(name, self.names(shop_folder), otherwise=make)
            raise WrongUsage(f"there is no {self.noun} called {name}", hint=hint) from None
        except PermissionError as error:
            raise Refused(f"{path} cannot be read: {error.strerror}", hint="Check its owner and mode.") from None
        except (OSError, UnicodeDecodeError) as error:
            told = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise BadConfiguration(f"{path} cannot be read: {told}") from None

    def read(self, shop: Shop, name: str) -> Defined[V]:
        """What the one called *name* says; BadConfiguration or BadData where it is not as it should be."""
        text = self.text(shop.folder, name)
        value = self.parse(shop, text, f"{self.folder}/{name}{self.ending}")
        return Defined(name, text, value, hash_of(value))

    def write(self, shop_folder: Path, name: str, text: str) -> Path:
        """The file of a new one called *name*, which holds *text*; where anything has that name, Refused."""
        path = self.path(shop_folder, name)
        if path.exists() or path.is_symlink():
            raise Refused(f"there is a {self.noun} called {name} already", hint=f"Change its file: {path}")
        path.parent.mkdir(mode=0o700, exist_ok=True)
        write_text(path, text)
        return path


def toml(settings: type[V]) -> Callable[[Shop, str, str], V]:
    """The parser of a kind whose files are TOML of *settings* and nothing else."""
    return lambda _shop, text, where: schema.read_text(text, settings, name=where)


def kind_of(noun: str) -> Kind[Any]:
    """The kind of file that defines a *noun*."""
    kind: Kind[Any] = resolve_name(KINDS[noun])
    return kind


def all_kinds() -> tuple[Kind[Any], ...]:
    """Every kind, in the order of the house."""
    return tuple(map(kind_of, KINDS))


def hash_of(value: object) -> str:
    """The hash of what *value* means."""
    canonical = json.dumps(_plain(value), sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _plain(value: Any) -> Any:
    """*value* without what it leaves at its default, so that a setting which is added later changes no old meaning."""
    if dataclasses.is_dataclass(value):
        said = [(field, getattr(value, field.name)) for field in dataclasses.fields(value)]
        return {field.name: _plain(one) for field, one in said if one != _default(field)}
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


def _default(field: dataclasses.Field[Any]) -> object:
    return field.default if field.default_factory is dataclasses.MISSING else field.default_factory()


@in_one_transaction
def keep(kind: Kind[Any], defined: Defined[Any], *, now: int) -> int:
    """Keep what is about to run by *defined*; the id of its version. A meaning that ran before makes no new one."""
    hold_lock("definitions")
    same = [one.id for one in versions(kind, defined.name) if one.hash == defined.hash]
    return same[0] if same else _add(kind, defined, now=now)


def _add(kind: Kind[Any], defined: Defined[Any], *, now: int) -> int:
    made = rows(
        """INSERT INTO definitions (kind, name, version, hash, text, first_used_at)
           SELECT ?, ?, COALESCE(MAX(version), 0) + 1, ?, ?, ? FROM definitions WHERE kind = ? AND name = ?
           RETURNING id""",
        *(kind.noun, defined.name, defined.hash, defined.text, now, kind.noun, defined.name),
    )
    return int(made[0][0])


def versions(kind: Kind[Any], name: str) -> list[KeptVersion]:
    """What the one called *name* said when it ran, oldest first."""
    columns = ", ".join(KeptVersion._fields)
    found = rows(f"SELECT {columns} FROM definitions WHERE kind = ? AND name = ? ORDER BY version", kind.noun, name)
    return [KeptVersion(*row) for row in found]


def version_that_ran(kind: Kind[Any], name: str) -> KeptVersion | None:
    """The version by which the one called *name* ran last; None where it never did."""
    found, last_id = versions(kind, name), kind.last_run(name)
    return next((one for one in found if one.id == last_id), found[-1] if found else None)


def list_definitions(shop: Shop, kind: Kind[Any]) -> list[DefinitionRow]:
    """Every one of the *kind* that has a file."""
    return [_row(shop, kind, name) for name in kind.names(shop.folder)]


def _row(shop: Shop, kind: Kind[Any], name: str) -> DefinitionRow:
    meaning, ran = _meaning(shop, kind, name), version_that_ran(kind, name)
    if ran is None:
        return DefinitionRow(name, "never ran" if meaning else "faulty", None, None)
    state: Any = "faulty" if not meaning else "as it ran" if meaning == ran.hash else "changed"
    return DefinitionRow(name, state, ran.version, shop.clock.iso(ran.first_used_at))


def difference(shop: Shop, kind: Kind[Any], name: str) -> tuple[str, str]:
    """The file now against the version that ran last, as a unified diff, and what is to be said of it."""
    now, ran, file = kind.text(shop.folder, name), version_that_ran(kind, name), f"{kind.folder}/{name}{kind.ending}"
    if ran is None:
        return "", f"the {kind.noun} {name} never ran"
    if ran.text is None:
        return "", f"version {ran.version} of the {kind.noun} {name} ran last, and its text was erased"
    lines = difflib.unified_diff(
        ran.text.splitlines(), now.splitlines(), f"{file} (version {ran.version})", f"{file} (now)", lineterm=""
    )
    changed = "".join(f"{line}\n" for line in lines)
    same = changed and _meaning(shop, kind, name) == ran.hash
    return changed, "only comments, blank lines or the order of settings differ" if same else ""


def _meaning(shop: Shop, kind: Kind[Any], name: str) -> str:
    """The hash of what the file means; nothing where it is not as it should be."""
    try:
        return kind.read(shop, name).hash
    except RetainError:
        return ""
