"""The fields of the segment language: every attribute of a customer that an expression may name, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from retainctl.facets import Attribute, all_attributes


@cache
def fields() -> Mapping[str, Attribute]:
    """The fields by their names."""
    return {name: one for name, one in all_attributes().items() if one.is_for_segments}
