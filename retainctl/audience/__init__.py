"""Who: the segment language, and segments with who joined and who left.

``fields``       the catalogue: every field that an expression may name
``tree``         what an expression says, one frozen dataclass per construct
``parser``       text to tree; the grammar stands in its docstring
``compiler``     tree to bound SQL conditions
``segments``     their files, creating, refreshing, showing and explaining
"""

from __future__ import annotations
