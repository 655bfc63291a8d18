"""``retainctl help``."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from retainctl.manual import TOPICS, page
from retainctl.terminal import Command, named_command, show_page


def _complete(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    root = context.find_root().command
    assert isinstance(root, click.Group)
    named = {name: words for name, (_, words) in TOPICS.items()} | dict.fromkeys(root.list_commands(context), "")
    if context.params.get("words"):  # after the first word only commands go on
        return []
    return [CompletionItem(name, help=words) for name, words in named.items() if name.startswith(incomplete)]


@click.command("help", cls=Command)
@click.argument("words", nargs=-1, metavar="[TOPIC|COMMAND...]", shell_complete=_complete)
def help_(words: tuple[str, ...]) -> None:
    """Explain a TOPIC, or a command as its --help does; with neither, list both.

    \b
      retainctl help exit-codes
      retainctl help orders import
    """
    if words and words[0] in TOPICS:
        if len(words) > 1:
            raise click.UsageError(f"{words[0]} is one topic", ctx=click.get_current_context())
        show_page(page(words[0]))
        return
    context = named_command(words, besides=TOPICS)
    click.echo(context.get_help(), color=context.color)
