"""The manners that all commands share: the global options, opening the shop, showing rows."""

from __future__ import annotations

import re
import shlex
import signal
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial, update_wrapper
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click
from click.core import ParameterSource

from retainctl.errors import WrongUsage

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    _TextType = click.ParamType[str]

    from retainctl.config import Shop
    from retainctl.output import OutputFormat
    from retainctl.result import Result
    from retainctl.rows import Row
else:
    _TextType = click.ParamType  # older ones take no type

F = TypeVar("F", bound=Callable[..., Any])


class _RowId(click.IntRange):
    """The number of a row, from one to what a database can number; that need not stand in every help."""

    def _describe_range(self) -> str:
        return ""


ROW_ID = _RowId(1, 2**63 - 1)
DAY: Final = click.DateTime(formats=["%Y-%m-%d"])
FORMATS = ("table", "json", "jsonl", "csv", "tsv", "markdown", "html")  # output.FORMATS, held equal by a test


class Name(_TextType):
    """A name, as files have it: letters and their accents in one, however they were typed; a shell completes it."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ARG002
        return unicodedata.normalize("NFC", value)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:  # noqa: ARG002
        from click.shell_completion import CompletionItem

        noun = ctx.parent.info_name if ctx.parent else None
        names: Iterable[str] = ()
        with suppress(Exception):  # a shell that completes shows no errors
            names = _names(noun, ctx.find_root().ensure_object(Choices).shop)
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def _names(noun: str | None, shop: str | None) -> Iterable[str]:
    """What the things are called that the command *noun* is about."""
    from retainctl.config import read_shop
    from retainctl.definitions import all_kinds
    from retainctl.insight.reports import all_reports
    from retainctl.jobs.table import read_jobs

    if noun == "reports":
        return all_reports()
    if noun == "jobs":
        return read_jobs(read_shop(shop))
    return next((kind.names(read_shop(shop).folder) for kind in all_kinds() if kind.folder == noun), ())


composed: Final = Name()


@dataclass(slots=True)
class Choices:
    """What the global options said, before the noun or after the verb."""

    shop: str | None = None
    now: str | None = None
    form: OutputFormat | None = None
    quiet: bool = False
    no_color: bool = False
    debug: bool = False
    has_printed: bool = False  # the command, its result or a part of it
    opened: Shop | None = None  # the shop that the command works on, from its opening on
    command: str = ""  # its noun and verb
    words: Sequence[str] = ()  # all that was typed
    columns: tuple[str, ...] = ()


def choices() -> Choices:
    """The global options of the command that is running."""
    return click.get_current_context().find_root().ensure_object(Choices)


def _keep(context: click.Context, parameter: click.Parameter, given: Any) -> None:
    if given not in (None, False):
        setattr(context.find_root().ensure_object(Choices), str(parameter.name), given)


def global_options() -> list[click.Parameter]:
    """The options that stand before the noun and after the verb alike."""
    option = partial(click.Option, expose_value=False, callback=_keep)
    return [
        option(
            ["--shop"], metavar="DIR", help="The shop folder; default: $RETAINCTL_SHOP, else the nearest one upwards."
        ),
        option(["--now"], metavar="TIME", help="Use this as the current time: 2025-03-01T09:00."),
        option(["--format", "form"], type=click.Choice(FORMATS), help="The output format."),
        option(["-q", "--quiet"], is_flag=True, help="Show only results and errors."),
        option(["--no-color"], is_flag=True, help="Disable colours."),
        option(["--debug"], is_flag=True, help="Show tracebacks."),
    ]


class _Output(click.Path):
    """A file to write to; ``-`` is standard output, as where none is named."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return None if value == "-" else super().convert(value, param, ctx)


output_option = click.option(
    "--output", type=_Output(path_type=Path, dir_okay=False), help="Write to FILE, or with - to standard output."
)


def _split(context: click.Context, parameter: click.Parameter, given: str | None) -> None:
    names = tuple(name.strip() for name in (given or "").split(",") if name.strip())
    if given is not None and not names:
        raise click.BadParameter("no column is named", context, parameter)  # an empty variable is not all columns
    _keep(context, parameter, names or None)


# On the verbs that list: the columns that they show, in every format.
columns_option = click.option(
    "--columns", metavar="NAME,…", expose_value=False, callback=_split, help="Show only these columns, in this order."
)


class Command(click.Command):
    """A verb, with the global options after its own."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.params += global_options()
        self.context_settings.setdefault("help_option_names", ["-h", "--help"])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb. Who asked for JSON gets a whole document even of one that has nothing to say."""
        choices().command = ctx.command_path.partition(" ")[2]
        answer = super().invoke(ctx)
        if choices().form == "json" and not choices().has_printed:
            show([], row_type=_done())
        return answer


def _done() -> type[Row]:
    from retainctl.rows import Done

    return Done


class Group(click.Group):
    """A noun with its verbs, in the order in which one uses them."""

    command_class = Command

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.context_settings.setdefault("help_option_names", ["-h", "--help"])

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(self.commands)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):  # each with its whole first sentence
            formatter.write_dl([(name, verb.get_short_help_str(limit=200)) for name, verb in self.commands.items()])


def add_verb(group: Group, name: str, verb: Any, noun: str) -> None:
    """Give *group* the *verb* that several nouns share: it is called with its *noun* first, and so is its docstring."""
    own = update_wrapper(partial(verb, noun), verb)
    vars(own)["__click_params__"] = list(vars(verb).get("__click_params__", ()))  # click takes its list apart
    group.command(name, help=(verb.__doc__ or "").format(noun=noun, group=group.name))(own)


def read_words(words: Sequence[str]) -> None:
    """Read *words* as if they were typed after ``retainctl``, and run nothing; WrongUsage where one is wrong."""
    command = click.get_current_context().find_root().command
    context = click.Context(command, info_name="retainctl", obj=Choices(), **command.context_settings)
    rest = list(words)
    try:
        while isinstance(command, click.Group):
            _, rest, _ = command.make_parser(context).parse_args(rest)
            if not rest:
                raise click.UsageError("missing command", ctx=context)
            name, found, rest = command.resolve_command(context, rest)
            assert found is not None, "an unknown command is an error"
            command, context = found, click.Context(found, info_name=name, parent=context, **found.context_settings)
        command.make_context(context.info_name, rest, parent=context.parent)
    except click.UsageError as error:
        named = error.param.type if isinstance(error, click.BadParameter) and error.param else None
        if not isinstance(named, click.Path):  # a file may come later than the words that name it
            message, hint = told(error)
            raise WrongUsage(message, hint=hint) from None


def named_command(words: Sequence[str], *, besides: Iterable[str] = ()) -> click.Context:
    """The context of the command that *words* name, after ``retainctl``.

    An unknown one is click's error, and may have meant what is known *besides*.
    """
    context = click.get_current_context().find_root()
    for word in words:
        group = context.command
        if not isinstance(group, click.Group):
            raise click.UsageError(f"{context.command_path} has no commands", ctx=context)
        known = group.list_commands(context)
        if word not in known:
            possible = known if context.parent else [*known, *besides]
            raise click.NoSuchCommand(word, possibilities=possible, ctx=context)
        found = group.get_command(context, word)
        assert found is not None, "it is listed"
        context = click.Context(found, info_name=word, parent=context, **found.context_settings)
    return context


def told(error: click.ClickException) -> tuple[str, str]:
    """What click found wrong, as a sentence of ours, and where to look."""
    message = " ".join(error.format_message().split()).rstrip(".")
    asked = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "retainctl"
    return message[:1].lower() + message[1:], f"See: {asked} --help"


def somebody_is_there() -> bool:
    """Whether a person at a terminal can be asked."""
    return sys.stdin.isatty()


def agreed(question: str) -> bool:
    """Whether the person at the terminal says yes to *question*."""
    click.echo(f"{question} [y/N] ", nl=False, err=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


# On the verbs whose work under a clock that is far ahead could not be undone.
yes_clock = click.option(
    "--yes-clock", "trust_clock", is_flag=True, help="Trust the clock, although nothing was written for 40 days."
)


@contextmanager
def opened_shop(
    *,
    migrate: bool = False,
    older: bool = False,
    trust_clock: bool = False,
    writes: bool = False,
    output: Path | None = None,
) -> Iterator[Shop]:
    """The shop that the options name, its database open while the block runs; its clock trusted if one says so.

    Where the block *writes* in the end, a database that can only be read is told at once. Refused, where *output* is
    one of the shop's own files.
    """
    from retainctl.shop.opening import opened, spare
    from retainctl.store.waiting import told_of_waiting

    chosen = choices()
    named, asked = chosen.shop, {"migrate": migrate, "older": older, "trust_clock": trust_clock, "writes": writes}
    with told_of_waiting(note), opened(named, now=chosen.now, **asked) as shop:
        chosen.opened = shop
        if output is not None:
            spare(shop, output)
        yield shop


@contextmanager
def until_stopped() -> Iterator[Callable[[], bool]]:
    """While the block runs, SIGTERM, SIGHUP and Ctrl-C only ask it to end: what it is given says whether they did.

    After the block the signal has its usual effect; a second one has it at once.
    """
    heard: list[int] = []
    usual = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)}

    def restore() -> None:
        for number, handler in usual.items():
            signal.signal(number, handler)

    def ask(number: int, _frame: FrameType | None) -> None:
        heard.append(number)
        restore()

    for number in usual:
        signal.signal(number, ask)
    try:
        yield lambda: bool(heard)
    finally:
        restore()
    if heard:
        signal.raise_signal(heard[0])


def show(
    rows: Sequence[Row],
    *,
    row_type: type[Row],
    notes: Sequence[str] = (),
    path: Path | None = None,
    more: bool = False,
) -> None:
    """Print *rows*, the result of the command, in the format that was asked for; or write them to *path*.

    Where there are *more* than these, JSON says so.
    """
    from retainctl import output

    chosen = choices()
    chosen.has_printed = True
    output.show(
        rows, row_type=row_type, form=chosen.form, notes=notes, path=path, more=more,
        chosen=chosen.columns, color=not chosen.no_color, shop=chosen.opened, asked=_asked(chosen.words),
    )  # fmt: skip


def _asked(words: Sequence[str]) -> str:
    """The command that was typed, without where it works and how it shows."""
    kept, left_out = [], False
    for word in words:
        if left_out:
            left_out = False
        elif word.partition("=")[0] in ("--shop", "--format", "--output", "--now"):
            left_out = "=" not in word
        else:
            kept.append(word)
    return shlex.join(kept)


@contextmanager
def recorded(shop: Shop, name: str, *, dry_run: bool = False) -> Iterator[Callable[[Result[Any]], Result[Any]]]:
    """A run of the command *name* while the block runs; hand what it yields the result, to keep. A dry run leaves
    none."""
    from retainctl.store import runs

    if dry_run:
        yield lambda result: result
        return
    with runs.recorded(shop, name) as run:
        yield run.result


def conclude(result: Result[Row], *, row_type: type[Row]) -> None:
    """Show what a piece of work came to, and end as it says; a table or list of nothing only to who asked for it."""
    if result.rows or choices().form is not None:
        show(result.rows, row_type=row_type)
    tell(result)


def tell(result: Result[Any]) -> None:
    """Say what is to be said of a piece of work beside its rows, and end as it says."""
    for sentence in result.attention:
        say(sentence)
    for sentence in result.notes:
        note(sentence)
    if result.trouble:
        raise result.trouble


ALL: Final = 1 << 62  # more rows than there are


class RowLimit(click.IntRange):
    """How many rows at most: a number from one on, or all."""

    name = "limit"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        is_all = isinstance(value, str) and value.strip().lower() == "all"
        return ALL if is_all else min(int(super().convert(value, param, ctx)), ALL)


def limited(usual: int, of_what: str) -> Callable[[Any], Any]:
    """The option ``--limit`` of a command that lists *of_what*, *usual* at most where nothing is said."""
    limit = click.option(
        "--limit",
        type=RowLimit(min=1),
        default=usual,
        show_default=True,
        metavar="N|all",
        help=f"Maximum number of {of_what}.",
    )
    return lambda command: limit(columns_option(command))


def show_first(limit: int, listed: Callable[[int], Sequence[Row]], *, row_type: type[Row]) -> None:
    """Print the first *limit* of the rows that *listed* gives, which is asked for one more, and say if there are more.

    That is said off a terminal too: whoever takes a part for the whole needs to know. Whoever gave --limit knows.
    """
    rows = listed(limit + 1)
    show(rows[:limit], row_type=row_type, more=len(rows) > limit)
    is_usual = click.get_current_context().get_parameter_source("limit") is ParameterSource.DEFAULT
    if len(rows) > limit and is_usual and not choices().quiet:
        say(f"only the first {limit} are shown; use --limit N or --limit all to see more")


def show_text(text: str, *, path: Path | None = None) -> None:
    """Print *text*, which is the result of the command; or write it to *path*. To who asked for JSON it is a row."""
    from retainctl import output
    from retainctl.rows import Text

    if path is None and output.is_json(choices().form):
        show([Text(text)], row_type=Text)
        return
    choices().has_printed = True
    output.show_text(text, path=path)


def show_page(text: str) -> None:
    """Print a page that is written in Markdown: as it reads on a terminal, and as it stands elsewhere."""
    from retainctl import output

    output.show_page(text, color=not choices().no_color)


@contextmanager
def progress(title: str, *, total: Callable[[], int | None] = lambda: None) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal, unless --quiet; call what it yields with each step's size.

    *total* says where the bar ends, if that can be known, and is asked only where there is a bar.
    """
    from retainctl import drawing

    chosen = choices()
    with drawing.progress(title, total=total, quiet=chosen.quiet, color=not chosen.no_color) as advance:
        yield advance


def for_this_shop(text: str, shop: str | None) -> str:
    """The commands in *text* with the *shop* that was named, so that they can be copied as they stand."""
    named = f"retainctl --shop {shlex.quote(shop)} " if shop else "retainctl "
    return re.sub(r"\bretainctl (?=[a-z])(?!init\b|demo\b)", lambda _: named, text)


def say(sentence: str) -> None:
    """Print what needs attention on stderr."""
    from retainctl import output

    output.say(for_this_shop(sentence, choices().shop), form=choices().form)


def note(sentence: str) -> None:
    """Print a notice on stderr: to a person at a terminal, unless --quiet."""
    if not choices().quiet:
        from retainctl import output

        output.note(for_this_shop(sentence, choices().shop), form=choices().form, color=not choices().no_color)
