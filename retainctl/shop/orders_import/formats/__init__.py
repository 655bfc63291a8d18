"""The formats that orders may come in. Each is one small module here with a ``FORMAT``; the folder is the list.

The engine names none of them: a module that is added is known, and one that is deleted is missed by nothing.
"""

from __future__ import annotations

import importlib
import pkgutil

from retainctl.errors import WrongUsage
from retainctl.shop.orders_import.format import Format


def all_formats() -> dict[str, Format]:
    """Every format by its name, in the order of their names."""
    found = [importlib.import_module(f"{__name__}.{module.name}").FORMAT for module in pkgutil.iter_modules(__path__)]
    return {format_.name: format_ for format_ in sorted(found, key=lambda one: one.name)}


def format_named(name: str) -> Format:
    """The format called *name*, or WrongUsage that lists them."""
    formats = all_formats()
    if name not in formats:
        raise WrongUsage(f"no format is called {name}", hint="There are: " + ", ".join(formats) + ".")
    return formats[name]
