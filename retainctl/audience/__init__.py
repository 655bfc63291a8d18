"""Who: the segment language, and segments with who joined and who left.

``fields``       the catalogue: every field that an expression may name
``tree``         what an expression says, one frozen dataclass per construct
``lexer``, ``parser``   text to words, and words to tree; the grammar stands in the parser's docstring
``compiler``     tree to bound SQL conditions
``segments``     their files, creating, refreshing and showing; ``members`` who joined and left, ``explaining`` why
"""

from __future__ import annotations
