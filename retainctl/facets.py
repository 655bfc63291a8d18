"""What each package knows of a customer, stated once, in its own room.

Segments and templates ask for the attributes, ``customers show`` for what holds now and for the history, a merge for
what follows a customer. A package that knows something has a module ``facet`` with one ``FACET``, and a line below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib import import_module
from typing import Final, Literal, NamedTuple

from retainctl.config import Shop

# By their names: the packages stand further to the right, and each is read only when a facet is asked for.
_PACKAGES: Final = ("shop", "club", "audience", "outreach", "voice")

# What an attribute's SQL gives: a whole number, minor units of the shop's currency, a day as days since 1970, the day
# from which days are counted, a text, a category as a path, or the kind of contact point that a condition is asked of.
AttributeKind = Literal["number", "money", "date", "days_since", "text", "category", "contact"]


@dataclass(frozen=True, slots=True)
class Viewpoint:
    """What attributes are asked of: the day, the shop's currency, and which customers; None is all."""

    now: int
    today: date
    currency: str
    one_currency: bool = False  # it is known that every order is in the shop's currency
    customer_ids: Sequence[int] | None = None


class Joined(NamedTuple):
    """A query with at most one row a ``customer_id``, known in an attribute's SQL by *alias*, and its values."""

    alias: str
    query: Callable[[Viewpoint], tuple[str, Sequence[object]]]


def joins(sources: Iterable[Joined], question: Viewpoint) -> tuple[str, list[object]]:
    """The SQL that joins *sources*, each once, to the customer ``c``, and its values."""
    sql, values = "", list[object]()
    for source in sorted(set(sources)):
        query, bound = source.query(question)
        sql += f" LEFT JOIN ({query}) {source.alias} ON {source.alias}.customer_id = c.id"
        values += bound
    return sql, values


@dataclass(frozen=True, slots=True)
class Attribute:
    """One thing that is known of a customer.

    *sql* reads ``c``, the customer, and the source; it is NULL where the thing is not known. *meanings* and *example*
    are in English and in Hebrew; one without an example is nothing for templates.
    """

    name: str
    kind: AttributeKind
    meanings: tuple[str, str]
    sql: str
    source: Joined | None = None
    example: tuple[str | int, str | int] | None = None
    is_for_segments: bool = True


class Fact(NamedTuple):
    """One thing that holds now of a customer."""

    about: str
    what: str
    detail: str


class Event(NamedTuple):
    """One thing that happened to a customer, or that they did."""

    at: int
    about: str
    what: str
    detail: str


class Moved(NamedTuple):
    """Two customers who become one, or are two again."""

    merge_id: int
    survivor_id: int
    merged_id: int


@dataclass(frozen=True, slots=True)
class Facet:
    """What one package knows of a customer.

    *moved_by_merge* are its tables whose rows follow a customer (by ``customer_id``), each with its primary key: a
    merge writes every moved row down, and its undoing gives them back. What a merge or its undoing asks beyond that is
    done by *merged* and *parted*, under the locks that *locks* name.
    """

    attributes: tuple[Attribute, ...] = ()
    now: Callable[[Shop, int], Iterable[Fact]] = lambda _shop, _customer_id: ()
    history: Callable[[Shop, int], Iterable[Event]] = lambda _shop, _customer_id: ()
    moved_by_merge: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    locks: tuple[str, ...] = ()
    merged: Callable[[Shop, Moved], None] = lambda _shop, _moved: None
    parted: Callable[[Shop, Moved], None] = lambda _shop, _moved: None


@cache
def all_facets() -> tuple[Facet, ...]:
    """Every package's, in the order of the house."""
    return tuple(import_module(f"retainctl.{package}.facet").FACET for package in _PACKAGES)


@cache
def all_attributes() -> Mapping[str, Attribute]:
    """Every attribute by its name."""
    return {one.name: one for facet in all_facets() for one in facet.attributes}
