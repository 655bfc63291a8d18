"""Tree to SQL that means the same on both databases; every value is bound, and every name is from the catalogue.

An unknown value (NULL) fulfils no comparison: such a condition is false, and its ``not`` is true.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from retainctl.audience import tree
from retainctl.clock import day_number
from retainctl.errors import BadData
from retainctl.facets import Attribute, Joined, Viewpoint, joins
from retainctl.normalising import category_steps
from retainctl.shop.consent import permissions

MAX_CONDITIONS = 500


@dataclass(frozen=True, slots=True)
class Condition:
    """SQL with a ``?`` for each of its values."""

    sql: str
    values: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression is evaluated with: the day, the currency, the other segments and the categories."""

    question: Viewpoint
    read_segment: Callable[[str], tree.Tree]
    categories: Callable[[], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Query:
    """The customers that an expression finds: *tables* with one row per customer, and the conditions on it."""

    tables: Condition
    conditions: tuple[Condition, ...]

    def select(self, columns: str, *, end: str = "") -> Condition:
        """The whole statement: *columns* of ``c``, the customers."""
        where = " AND ".join(f"({condition.sql})" for condition in self.conditions)
        sql = f"SELECT {columns} {self.tables.sql}" + (f" AND {where}" if where else "") + end
        return Condition(sql, self.tables.values + tuple(v for one in self.conditions for v in one.values))


def compiled(whole: tree.Tree, scope: Scope) -> Query:
    """*whole* as a query, with one condition for each part that its outermost ``and`` joins."""
    compiler = _Compiler(scope)
    parts = whole.parts if isinstance(whole, tree.Every) else (whole,)
    conditions = tuple(compiler.condition(part) for part in parts)
    return Query(_tables(compiler.sources, scope), conditions)


def _tables(used: set[Joined], scope: Scope) -> Condition:
    sql, values = joins(used, scope.question)
    return Condition(f"FROM customers c{sql} WHERE c.merged_into IS NULL", tuple(values))


class _Compiler:
    """Translates each construct to SQL, and collects the tables that this needs."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.sources: set[Joined] = set()
        self.within: list[str] = []
        self.count = 0

    def condition(self, one: tree.Tree) -> Condition:
        self.count += 1
        if self.count > MAX_CONDITIONS:
            raise BadData(f"the expression and its segments have more than {MAX_CONDITIONS} conditions")
        match one:
            case tree.Every(parts):
                return self._joined(parts, "AND")
            case tree.Either(parts):
                return self._joined(parts, "OR")
            case tree.Not(part):
                inner = self.condition(part)
                return Condition(f"({inner.sql}) IS NOT TRUE", inner.values)
            case tree.Comparison(field, operator, value):
                return self._of(field, f"{operator} ?", value)
            case tree.Between(field, low, high):
                return self._of(field, "BETWEEN ? AND ?", low, high)
            case tree.OneOf(field, values):
                return self._of(field, f"IN ({_marks(values)})", *values)
            case tree.Known(field):
                return self._of(field, "IS NOT NULL")
            case tree.Bought():
                return self._bought(one)
            case tree.Consented(purpose):
                return self._consented(purpose)
            case tree.InSegment(name):
                return self._segment(name)

    def _joined(self, parts: tuple[tree.Tree, ...], word: str) -> Condition:
        conditions = [self.condition(part) for part in parts]
        sql = f" {word} ".join(f"({condition.sql})" for condition in conditions)
        return Condition(sql, tuple(value for condition in conditions for value in condition.values))

    def _of(self, field: Attribute, comparison: str, *given: tree.Value) -> Condition:
        if field.kind == "contact":
            return _contact(field, comparison, given)
        if field.source:
            self.sources.add(field.source)
        return Condition(f"{field.sql} {comparison}", tuple(self._bound(value) for value in given))

    def _bound(self, value: tree.Value) -> int | str:
        if isinstance(value, tree.Ago):
            value = value.day(self.scope.question.today)
        return day_number(value) if isinstance(value, date) else value

    def _bought(self, bought: tree.Bought) -> Condition:
        where, values = "o.is_sale = 1 AND l.kind = 'sale' AND l.quantity_thousandths > 0", list[object]()
        if bought.what == "category":
            # Compared here, because SQLite ignores case in ASCII only.
            found = [category for category in self.scope.categories() if _is_within(category, bought.name)]
            among = f"category IN ({_marks(found)})" if found else "FALSE"
            where += f" AND l.product_id IN (SELECT id FROM products WHERE {among})"
            values += found
        elif bought.what != "anything":
            columns = ("sku", "name") if bought.what == "product" else ("brand",)
            named = " OR ".join(f"{column} = ?" for column in columns)
            where += f" AND l.product_id IN (SELECT id FROM products WHERE {named})"
            values += [bought.name] * len(columns)
        if bought.since is not None:
            where += " AND o.order_day >= ?"
            values.append(self._bound(bought.since))
        times = ""
        if bought.times != 1:
            times = " GROUP BY o.customer_id HAVING COUNT(DISTINCT o.id) >= ?"
            values.append(bought.times)
        return Condition(
            "c.id IN (SELECT o.customer_id FROM order_lines l JOIN orders o ON o.id = l.order_id"
            f" WHERE o.customer_id IS NOT NULL AND {where}{times})",
            tuple(values),
        )

    def _consented(self, purpose: str) -> Condition:
        """The same rule as in a plan, for e-mail: the only channel that messages go by."""
        sql, values = permissions(at=self.scope.question.now)
        return Condition(
            f"c.id IN (SELECT customer_id FROM ({sql}) AS allowed WHERE kind = 'email' AND purpose = ?)",
            (*values, purpose),
        )

    def _segment(self, name: str) -> Condition:
        if name in self.within:
            raise BadData(
                "circular segment reference: " + " in ".join([*self.within[self.within.index(name) :], name]),
                hint=f"Remove one of them from segments/{name}.toml.",
            )
        self.within.append(name)
        try:
            return self.condition(self.scope.read_segment(name))
        finally:
            self.within.pop()


def _contact(field: Attribute, comparison: str, given: tuple[tree.Value, ...]) -> Condition:
    """A condition that is true when at least one contact point of the customer fulfils it."""
    sql = "c.id IN (SELECT p.customer_id FROM contact_points p WHERE p.kind = ?"
    values: list[object] = [field.sql]
    if given:
        # The key ends in @domain, and a domain holds no @: so the match cannot begin inside a longer domain.
        ends = " OR ".join("substr(p.key, length(p.key) - ? + 1) = ?" for _ in given)
        sql += f" AND ({ends})"
        for domain in given:
            values += [len(f"@{domain}"), f"@{domain}"]
    else:
        assert comparison == "IS NOT NULL"
    return Condition(sql + ")", tuple(values))


def _is_within(category: str, name: str) -> bool:
    """Whether *name* is one level, or several consecutive levels, of the path *category*."""
    path, wanted = category_steps(category), category_steps(name)
    return bool(wanted) and any(path[at : at + len(wanted)] == wanted for at in range(len(path)))


def _marks(values: Sequence[object]) -> str:
    return ", ".join("?" * len(values))
