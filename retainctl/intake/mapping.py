"""A mapping file: what the columns of somebody's own export mean, and how its numbers and dates are written.

numbers = "1.234,56"
dates = "%d/%m/%Y %H:%M"
timezone = "Asia/Jerusalem"

[columns]
ordered_at = ["תאריך", "שעה"]
status = ""

[constants]
currency = "ILS"
"""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from retainctl import schema
from retainctl.errors import BadConfiguration, WrongUsage
from retainctl.files import read_text
from retainctl.intake.cells import Column, plain_name
from retainctl.intake.file import InputFile
from retainctl.money import currency_code

M = TypeVar("M", bound="MappingFile")
_DATE_WORDS: Final = ("iso", "epoch", "excel")
UNANSWERED: Final = "unanswered"  # a setting of a first mapping that has questions


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingFile:
    """What a mapping file says.

    ``columns`` has for each role the header's name, several that are joined with a space, "" where the role is not to
    be read, or None where its usual names hold; ``constants`` a text that each row has. ``dates`` are iso, epoch, excel
    (days since 1900) or strptime's; where there are several, the one that fits. The header is sought from
    ``header_line`` on, and a row that begins with one of ``skip_rows`` is none; ``#`` there is any number. One that is
    ``unanswered`` reads nothing.
    """

    columns: Any = field(default_factory=dict)
    constants: Any = field(default_factory=dict)
    numbers: Literal["", "1234.56", "1,234.56", "1234,56", "1.234,56", "1 234,56", "1'234.56"] = ""
    dates: str | tuple[str, ...] = "iso"
    timezone: str = ""
    currency: str = ""
    header_line: int = 1
    skip_rows: tuple[str, ...] = ()
    unanswered: bool = False

    def __post_init__(self) -> None:
        for form in (self.dates,) if isinstance(self.dates, str) else self.dates:
            if form not in _DATE_WORDS and "%" not in form:
                raise ValueError(f"dates is {form!r}: use iso, epoch, excel or a format such as %d/%m/%Y %H:%M")
        if self.timezone:
            try:
                ZoneInfo(self.timezone)
            except (ZoneInfoNotFoundError, ValueError):
                raise ValueError(
                    f"timezone: {self.timezone!r} is not an IANA time zone such as Asia/Jerusalem"
                ) from None
        if self.currency:
            currency_code(self.currency)
        if self.header_line < 1 or not all(text.strip() for text in self.skip_rows):
            raise ValueError("header_line counts from 1, and skip_rows are texts that rows begin with")

    def mapped(self, columns: Sequence[Column]) -> tuple[Column, ...]:
        """*columns* as this file says."""
        named = dataclasses.asdict(self.columns) if self.columns else {}
        fixed = dataclasses.asdict(self.constants) if self.constants else {}
        chosen = {plain_name(name) for name in named.values() if isinstance(name, str) and name}
        return tuple(_mapped(one, named.get(one.role), fixed.get(one.role), chosen) for one in columns)

    @property
    def named(self) -> tuple[str, ...]:
        """The columns that it names, which a file must have."""
        values = dataclasses.asdict(self.columns).values() if self.columns else ()
        return tuple(name for one in values for name in ((one,) if isinstance(one, str) else one or ()) if name)

    @property
    def readings(self) -> dict[str, Any]:
        """The options of ``Values`` that it states."""
        zone = {"zone": ZoneInfo(self.timezone)} if self.timezone else {}
        return {"numbers": self.numbers, "dates": self.dates, **zone}


def _mapped(column: Column, named: str | tuple[str, ...] | None, fixed: str | None, chosen: Collection[str]) -> Column:
    """*column* as it is *named* or *fixed*; what was *chosen* for another one is no usual name of it any more."""
    if fixed is not None:
        return column._replace(constant=fixed)
    if named is None:
        names, otherwise = (
            tuple(one for one in some if plain_name(one) not in chosen) for some in (column.names, column.otherwise)
        )
        return column._replace(names=names, otherwise=otherwise)
    if isinstance(named, tuple):
        return column._replace(joined=named)
    return Column(column.role, (named,) if named else (), required=bool(named))


def mapping_text(path: Path | None) -> str:
    """The text of the mapping file at *path*; none where there is none."""
    if path is None:
        return ""
    try:
        return read_text(path)
    except FileNotFoundError:
        raise WrongUsage(f"there is no mapping file {path}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfiguration(f"{path} cannot be read: {getattr(error, 'strerror', error)}") from None


def find_rows(text: str, file: InputFile) -> None:
    """Tell *file* where the mapping in *text* says that its header stands, and what its footers begin with.

    That is asked before the header is known, which says what else the mapping may name.
    """
    with suppress(tomllib.TOMLDecodeError, RecursionError):  # read_mapping says so
        said = tomllib.loads(text)
        line, skipped = said.get("header_line", 1), said.get("skip_rows", [])
        file.header_line = line if isinstance(line, int) else 1
        file.skipped_rows = tuple(skipped) if isinstance(skipped, list) and all(map(str, skipped)) else ()


def read_mapping(text: str, kind: type[M], columns: Sequence[Column], *, name: str) -> M:
    """The mapping in *text*, which stood in the file called *name*; it may name the roles of *columns* alone.

    One whose questions are not answered yet is BadConfiguration.
    """
    with suppress(tomllib.TOMLDecodeError, RecursionError):  # which is told below
        if tomllib.loads(text).get(UNANSWERED):
            raise BadConfiguration(
                f"{schema.Source(name, text).at((UNANSWERED,))}: its questions are not answered yet",
                hint="Answer each TO DO in it, and take that line out.",
            )
    roles, fixed = (
        dataclasses.make_dataclass(name, [(one.role, hint, None) for one in columns], frozen=True)
        for name, hint in (("Columns", str | tuple[str, ...] | None), ("Constants", str | None))
    )
    tables = [("columns", roles, field(default_factory=roles)), ("constants", fixed, field(default_factory=fixed))]
    own = dataclasses.make_dataclass(kind.__name__, tables, bases=(kind,), frozen=True, kw_only=True)
    return schema.read_text(text, own, name=name)
