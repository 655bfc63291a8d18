"""Definitions: what a shop keeps as one file each, by name. segments/loyal.toml defines the segment loyal.

A package with such files declares them as one ``Kind``, and has a line in ``KINDS``. When a definition runs, its text
is kept as a new version, unless its meaning ran before: a change of comments or blank lines makes no new version.
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
from retainctl.files import only_here, read_text, write_text
from retainctl.rows import Row
from retainctl.store.database import rows
from retainctl.store.dialect import hold_lock
from retainctl.store.transactions import in_one_transaction

# Each noun, and where its kind is declared: by name, because this module may not import those packages.
KINDS: Final = {
    "segment": "retainctl.audience.segments:SEGMENTS",
    "campaign": "retainctl.outreach.drafts:CAMPAIGNS",
    "survey": "retainctl.voice.surveys:SURVEYS",
}

V = TypeVar("V")
MAX_LETTERS: Final = 64
_MAX_BYTES: Final = 200  # file systems allow 255, which must also hold the ending and the suffix of a backup
_RULE: Final = f"Use at most {MAX_LETTERS} small letters, digits, _ and -."
# Names that Windows reserves, with any ending: a shop folder must stay copyable to it.
_DEVICES: Final = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))}


def is_name(text: str) -> bool:
    """Whether *text* is a valid name: letters of any alphabet, digits, ``_`` and ``-``, safe as a file name.

    Each name has one spelling: normalised (NFKC) and in lower case, so that no two names look alike, or are the same
    file on some disks.
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
    """What the file of *name* says: its *text*, the *value* read from it, and the hash of that value."""

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


class DefinitionFile(Row, kind="definition_file"):
    """A definition's file, which was made to be edited."""

    name: str
    file: str


class DefinitionRow(Row, kind="definition"):
    """A definition with a file: the version that last ran, and whether the file has changed since."""

    name: str
    state: Literal["never ran", "as it ran", "changed", "faulty"]
    version: int | None
    first_used_at: str | None


@dataclass(frozen=True, slots=True)
class Kind(Generic[V]):
    """A folder of a shop in which each file that ends in *ending* defines a *noun*.

    *make* is the command that creates one, *settings* the dataclass of what its TOML may hold. *parse* turns a text and
    its place into the value, *first* gives the text of a new file for a person to edit, and *faults* yields what keeps
    a valid one from running. *last_run* gives the id of the version that last ran under a name.
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
        """The names of all definitions with a file, sorted; BadConfiguration where the folder cannot be read."""
        folder = shop_folder / self.folder
        try:
            files = [path.name for path in folder.iterdir()]
        except FileNotFoundError:
            return []
        except OSError as error:
            hint = "Check its owner and mode."
            raise BadConfiguration(f"{folder} cannot be read: {error.strerror}", hint=hint) from None
        found = (name.removesuffix(self.ending) for name in files if name.endswith(self.ending))
        return sorted(name for name in found if is_name(name))

    def path(self, shop_folder: Path, name: str) -> Path:
        """The path of the file of *name*, whether or not it exists; WrongUsage where *name* is not valid."""
        if not is_name(name):
            raise WrongUsage(f"{name!r} is not a valid {self.noun} name", hint=_RULE)
        return shop_folder / self.folder / f"{name}{self.ending}"

    def text(self, shop_folder: Path, name: str) -> str:
        """The text of the file of *name*; where there is none, WrongUsage suggests the closest name."""
        path = self.path(shop_folder, name)
        try:
            return read_text(path)
        except FileNotFoundError:
            create = f"Create it: retainctl {self.make.format(name)}"
            hint = did_you_mean(name, self.names(shop_folder), otherwise=create)
            raise WrongUsage(f"there is no {self.noun} {name}", hint=hint) from None
        except UnicodeDecodeError:
            raise BadConfiguration(f"{path} cannot be read: it is not UTF-8") from None
        except OSError as error:
            hint = "Check its owner and mode."
            raise BadConfiguration(f"{path} cannot be read: {error.strerror}", hint=hint) from None

    def read(self, shop: Shop, name: str) -> Defined[V]:
        """The definition *name*, read from its file; BadConfiguration or BadData where it is not valid."""
        text = self.text(shop.folder, name)
        value = self.parse(shop, text, f"{self.folder}/{name}{self.ending}")
        return Defined(name, text, value, hash_of(value))

    def write(self, shop_folder: Path, name: str, text: str) -> Path:
        """Create the file of *name* with *text*, and return its path; Refused where something has that path.

        Of several who create it at once the first does.
        """
        path = self.path(shop_folder, name)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        with only_here(path.parent):
            if path.exists() or path.is_symlink():
                raise Refused(f"the {self.noun} {name} already exists", hint=f"Edit its file: {path}")
            write_text(path, text)
        return path


def toml(settings: type[V]) -> Callable[[Shop, str, str], V]:
    """The parser for a kind whose files are plain TOML of *settings*."""
    return lambda _shop, text, where: schema.read_text(text, settings, name=where)


def kind_of(noun: str) -> Kind[Any]:
    """The kind of file that defines a *noun*."""
    kind: Kind[Any] = resolve_name(KINDS[noun])
    return kind


def all_kinds() -> tuple[Kind[Any], ...]:
    """Every kind, in the order of ``KINDS``."""
    return tuple(map(kind_of, KINDS))


def hash_of(value: object) -> str:
    """The hash of ``content_of`` *value*."""
    return hashlib.sha256(content_of(value).encode()).hexdigest()


def content_of(value: object) -> str:
    """What *value* says, as JSON of one form, without what it leaves at its default."""
    return json.dumps(_plain(value), sort_keys=True, ensure_ascii=False, default=str)


def _plain(value: Any) -> Any:
    """*value* without what it leaves at its default, so that a setting added later changes nothing said before it."""
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
    """Keep *defined*, which is about to run, and return the id of its version; the same meaning has the same id."""
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
    """The versions of *name* that ran, oldest first."""
    columns = ", ".join(KeptVersion._fields)
    found = rows(f"SELECT {columns} FROM definitions WHERE kind = ? AND name = ? ORDER BY version", kind.noun, name)
    return [KeptVersion(*row) for row in found]


def version_that_ran(kind: Kind[Any], name: str) -> KeptVersion | None:
    """The version of *name* that last ran; None where it never ran."""
    found, last_id = versions(kind, name), kind.last_run(name)
    return next((one for one in found if one.id == last_id), found[-1] if found else None)


def list_definitions(shop: Shop, kind: Kind[Any]) -> list[DefinitionRow]:
    """Every definition of *kind* with a file."""
    return [_row(shop, kind, name) for name in kind.names(shop.folder)]


def _row(shop: Shop, kind: Kind[Any], name: str) -> DefinitionRow:
    meaning, ran = _meaning(shop, kind, name), version_that_ran(kind, name)
    if ran is None:
        return DefinitionRow(name, "never ran" if meaning else "faulty", None, None)
    state: Any = "faulty" if not meaning else "as it ran" if meaning == ran.hash else "changed"
    return DefinitionRow(name, state, ran.version, shop.clock.iso(ran.first_used_at))


def difference(shop: Shop, kind: Kind[Any], name: str) -> tuple[str, str]:
    """The file compared with the version that last ran, as a unified diff, and a remark where one is needed."""
    now, ran, file = kind.text(shop.folder, name), version_that_ran(kind, name), f"{kind.folder}/{name}{kind.ending}"
    if ran is None:
        return "", f"the {kind.noun} {name} never ran"
    if ran.text is None:
        return "", f"the text of version {ran.version}, which the {kind.noun} {name} last ran with, was erased"
    lines = difflib.unified_diff(
        ran.text.splitlines(), now.splitlines(), f"{file} (version {ran.version})", f"{file} (now)", lineterm=""
    )
    changed = "".join(f"{line}\n" for line in lines)
    same = changed and _meaning(shop, kind, name) == ran.hash
    return changed, "only comments, blank lines or the order of settings differ" if same else ""


def _meaning(shop: Shop, kind: Kind[Any], name: str) -> str:
    """The hash of what the file means; empty where the file is not valid."""
    try:
        return kind.read(shop, name).hash
    except RetainError:
        return ""
