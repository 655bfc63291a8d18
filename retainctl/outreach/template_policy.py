"""What a template may contain: values, conditions, arithmetic and the filters here, but no loops or assignments.

Without loops, calls and variables of its own, each part of a template is evaluated at most once, so that time and
memory are bounded by the template's length for every customer. A trial on two examples could not guarantee that,
because a template may behave differently for another customer.
"""

from __future__ import annotations

from typing import Final

from jinja2 import Environment, nodes
from jinja2.exceptions import TemplateSyntaxError

from retainctl.outreach import filters

LONGEST: Final = 200_000  # characters, of a template and of its output; mail programs cut off at half of it

# None of them produces markup or long output from short input, as `safe`, `center` and `replace` do.
_FILTERS: Final = frozenset(
    {"abs", "capitalize", "d", "default", "e", "escape", "first", "float", "int", "last", "length", "lower", "string",
     "title", "trim", "truncate", "upper", *filters.NAMES}
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
    """Raise TemplateSyntaxError, with the place, where *source* contains what templates may not.

    *includes* is how often it may include the body: once for a frame.
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
    """The parts of *node*; a list after ``in`` is replaced by its items."""
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
    error = TemplateSyntaxError(f"{what} is not allowed in templates", lineno=node.lineno or 0)
    error.source = source
    return error
