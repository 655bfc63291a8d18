"""``retainctl demo``."""

from __future__ import annotations

from pathlib import Path

import click

from retainctl.terminal import Command, choices, note, progress, show


@click.command(cls=Command)
@click.argument("folder", metavar="[DIR]", default="demo-shop", type=click.Path(path_type=Path, file_okay=False))
def demo(folder: Path) -> None:
    """Create a demo shop with two years of history in DIR (demo-shop) and run the whole workflow on it.

    Every step is a command that you can run yourself. Nothing leaves the folder: the mails are files in DIR/mail.

    \b
      retainctl demo
    """
    from retainctl.demo.walk import STEPS, DemoStep, Walk

    done = []
    with progress("The demo", total=lambda: STEPS) as advance:
        for step in Walk(folder.resolve(), choices().now).steps():
            done.append(step)
            advance(1)
    show(done, row_type=DemoStep)
    note(f"Open {folder}/pages/index.html, the mails in {folder}/mail, and try: retainctl --shop {folder} reports list")
