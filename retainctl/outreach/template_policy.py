"""What a template may say: values, conditions, arithmetic and the filters here, and nothing that repeats or remembers.

Without loops, calls and names of its own, each part of a template is worked out at most once and nothing grows upon
itself. So time and memory are bounded by the template's length, whoever it is rendered for: a trial on two examples
could not promise that, for a template may look at the customer first.
"""

from __future__ import annotations

from typing import Final

from jinja2 import Environment, nodes
from jinja2.exceptions import TemplateSyntaxError

LONGEST: Final = 200_000  # characters, of a template as of what it renders to; mail programs cut at half of it

# None of them gives markup or makes much out of little, as `safe`, `center` and `replace` do.
_FILTERS: Final = frozenset(
    {"abs", "capitalize", "d", "default", "e", "escape", "first", "float", "int", "last", "length", "lower", "string",
     "title", "trim", "truncate", "upper"}
)  # fmt: skip
_ALLOWED: Final = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Keyword, nodes.If, nodes.CondExpr,
    nodes.And, nodes.Or, nodes.Not, nodes.Compare, nodes.Operand, nodes.Test, nodes.Concat, nodes.Add, nodes.Sub,
    nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Neg, nodes.Pos,
)  # fmt: skip
_SPELLED: Final[dict[type[nodes.Node], str]] = {
    nodes.For: "{% for %}", nodes.Assign: "{% set %}", nodes.AssignBlock: "{% set %}", nodes.With: "{% with %}",
    nodes.Scope: "{% autoescape %}", nodes.FilterBlock: "{% filter %}", nodes.Call: "a call",
    nodes.Getattr: "a name after a dot", nodes.Getitem: "[ ] after a value", nodes.Pow: "**",
    nodes.List: "a list that is not after `in`", nodes.Tuple: "a list that is not after `in`",
}  # fmt: skip


def refuse(environment: Environment, source: str, *, includes: int = 0) -> None:
    """Nothing where *source* says only what templates may; else TemplateSyntaxError with the place.

    A frame *includes* the body, once at most.
    """
    if len(source) > LONGEST:
        raise TemplateSyntaxError(f"it is longer than {LONGEST:,} characters", lineno=0)
    waiting: list[nodes.Node] = [environment.parse(source)]
    while waiting:
        node = waiting.pop()
        if _is_body(node) and includes:
            includes -= 1
        elif isinstance(node, nodes.Filter) and node.name not in _FILTERS:
            raise _error(f"the filter {node.name}", node, source)
        elif not isinstance(node, (*_ALLOWED, nodes.Filter)):
            raise _error(_SPELLED.get(type(node), f"{{% {type(node).__name__.lower()} %}}"), node, source)
        waiting += _parts(node)


def _parts(node: nodes.Node) -> list[nodes.Node]:
    """What *node* is made of; what a list after ``in`` is made of stands in its place."""
    if (
        isinstance(node, nodes.Operand)
        and node.op in ("in", "notin")
        and isinstance(node.expr, nodes.List | nodes.Tuple)
    ):
        return list(node.expr.items)
    return [] if isinstance(node, nodes.Include) else list(node.iter_child_nodes())


def _is_body(node: nodes.Node) -> bool:
    return isinstance(node, nodes.Include) and isinstance(node.template, nodes.Const) and node.template.value == "body"


def _error(what: str, node: nodes.Node, source: str) -> TemplateSyntaxError:
    error = TemplateSyntaxError(f"{what} is not for templates", lineno=node.lineno or 0)
    error.source = source
    return error
