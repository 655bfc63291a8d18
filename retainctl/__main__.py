"""``python -m retainctl`` is the same as ``retainctl``."""

from __future__ import annotations

from retainctl.cli import main

main()
