"""Why a segment has its members: its SQL, clause by clause, with how many customers are left after each."""

from __future__ import annotations

from retainctl.audience.compiler import Condition, Query
from retainctl.audience.segments import SECONDS, asked, read_segment, read_tree
from retainctl.audience.tree import Every
from retainctl.config import Shop
from retainctl.rows import Row
from retainctl.store.database import value
from retainctl.store.dialect import only_reading


class Step(Row, kind="step"):
    """One part of an expression, how many customers are left after it, and its SQL with the values for each ``?``."""

    condition: str
    customers: int
    sql: str
    values: tuple[object, ...]


def explain(shop: Shop, name: str) -> list[Step]:
    """How the members of the segment *name* are found now. The first row is all customers; each ``and`` adds a row.

    The SQL of all rows, joined in order, is the whole statement.
    """
    tree = read_tree(shop, name)
    query = asked(shop, tree)
    sources = tree.sources if isinstance(tree, Every) else (read_segment(shop, name).expression,)
    clauses = [Condition(f"SELECT c.id {query.tables.sql}", query.tables.values)]
    clauses += [Condition(f"AND ({one.sql})", one.values) for one in query.conditions]
    return [
        Step(
            condition=_on_one_line(source),
            customers=_count(Query(query.tables, query.conditions[:place])),
            sql=_on_one_line(clause.sql),
            values=tuple(clause.values),
        )
        for place, (source, clause) in enumerate(zip(("every customer", *sources), clauses, strict=True))
    ]


def _count(query: Query) -> int:
    whole = query.select("COUNT(*)")
    with only_reading(seconds=SECONDS):
        return int(value(whole.sql, *whole.values))


def _on_one_line(text: str) -> str:
    return " ".join(text.split())
