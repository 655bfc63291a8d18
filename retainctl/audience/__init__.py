"""Segments: the language of their expressions, their members, and who joined and left.

``fields``       the catalogue: every field that an expression may name
``tree``         what an expression says, one frozen dataclass per construct
``lexer``, ``parser``   text to tokens, and tokens to tree; the grammar is in the parser's docstring
``compiler``     tree to bound SQL conditions
``segments``     their files, creating, refreshing and showing; ``members`` who joined and left, ``explaining`` why
"""

from __future__ import annotations
