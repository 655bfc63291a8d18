"""``retainctl completion``."""

from __future__ import annotations

import click

from retainctl.terminal import Command, show_text


@click.command(cls=Command)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]), metavar="SHELL")
def completion(shell: str) -> None:
    """Print what lets SHELL complete commands, options and the names of the shop's segments, campaigns and so on.

    \b
      eval "$(retainctl completion bash)"      in ~/.bashrc
      retainctl completion fish > ~/.config/fish/completions/retainctl.fish
    """
    from click.shell_completion import get_completion_class

    root = click.get_current_context().find_root().command
    found = get_completion_class(shell)
    assert found is not None, "click completes all three"
    show_text(found(root, {}, "retainctl", "_RETAINCTL_COMPLETE").source() + "\n")
