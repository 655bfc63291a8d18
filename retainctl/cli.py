"""The root command: a static table of groups, so that ``--help`` imports no engine, and errors to exit codes."""

from __future__ import annotations

import errno
import importlib
import io
import itertools
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType
from typing import Any, NoReturn, cast

import click

from retainctl import __version__
from retainctl.errors import (
    HUNG_UP,
    INTERRUPTED,
    TERMINATED,
    BadConfiguration,
    DiskTrouble,
    RetainError,
    WrongUsage,
    exit_codes,
)
from retainctl.manual import TOPICS
from retainctl.terminal import Choices, for_this_shop, global_options, told

# Noun or verb -> where it is, and its help. The summaries stand here so that --help imports no command.
GROUPS: dict[str, dict[str, tuple[str, str]]] = {
    "Customers and orders": {
        "orders": ("retainctl.commands.orders:orders", "Import, export and inspect orders."),
        "customers": ("retainctl.commands.customers:customers", "Import, list, merge and export customers."),
        "products": ("retainctl.commands.products:products", "Import and list products."),
        "consent": ("retainctl.commands.consent:consent", "Import, show and revoke consent, with its evidence."),
    },
    "The club": {
        "points": ("retainctl.commands.points:points", "Award, redeem, expire and explain points; check the ledger."),
        "segments": ("retainctl.commands.segments:segments", "Define customer segments and keep them up to date."),
    },
    "Writing to customers": {
        "campaigns": ("retainctl.commands.campaigns:campaigns", "Draft, check, plan, approve and send campaigns."),
        "surveys": ("retainctl.commands.surveys:surveys", "Send surveys, import the answers, show the scores."),
        "outbox": ("retainctl.commands.outbox:outbox", "Send queued messages and show their status."),
    },
    "Insight": {
        "reports": ("retainctl.commands.reports:reports", "Reports: retention, cohorts, RFM and others."),
    },
    "Running it": {
        "init": ("retainctl.commands.init:init", "Create a shop folder."),
        "demo": ("retainctl.commands.demo:demo", "Create a demo shop and run the whole workflow on it."),
        "config": ("retainctl.commands.config:config", "Show and check the shop's settings."),
        "doctor": ("retainctl.commands.doctor:doctor", "Check that everything is set up correctly."),
        "jobs": ("retainctl.commands.jobs:jobs", "List and run the scheduled jobs."),
        "schedules": ("retainctl.commands.schedules:schedules", "Generate cron or systemd files for the jobs."),
        "db": ("retainctl.commands.db:db", "Back up, check and migrate the database."),
        "completion": ("retainctl.commands.completion:completion", "Let a shell complete commands and names."),
        "help": ("retainctl.commands.help:help_", "Explain a topic or a command."),
    },
}
COMMANDS = {name: where for group in GROUPS.values() for name, where in group.items()}


class Root(click.Group):
    """``retainctl``: finds the command in the table, and imports only that one."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        if cmd_name not in COMMANDS:
            raise click.NoSuchCommand(cmd_name, possibilities=COMMANDS, ctx=ctx)
        module, _, name = COMMANDS[cmd_name][0].partition(":")
        return cast("click.Command", getattr(importlib.import_module(module), name))

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise ReaderLeft from None  # click would end with 1

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        for heading, group in GROUPS.items():
            with formatter.section(heading):
                formatter.write_dl([(name, summary) for name, (_, summary) in group.items()], col_max=12)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Topics: retainctl help TOPIC"):
            formatter.write_text(", ".join(TOPICS))
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(code), words) for code, words in exit_codes().items()])


# Tables isolate what is read from right to left; copied from one, a name brings these marks along.
_ISOLATES = dict.fromkeys((0x2068, 0x2069))


class ReaderLeft(BaseException):
    """Whoever read the output has had enough of it."""


class ClosedOutput(io.TextIOBase):
    """A standard output that was closed before we began: what is written to it would be lost."""

    def write(self, text: str, /) -> int:  # noqa: ARG002
        raise DiskTrouble("the standard output is closed", hint="To discard the result, send it to /dev/null.")

    @property
    def buffer(self) -> ClosedOutput:
        return self

    def writable(self) -> bool:
        return True


class Stopped(BaseException):
    """A signal asked the program to end at the next safe point."""

    def __init__(self, exit_code: int) -> None:
        self.exit_code = exit_code


root = Root(
    "retainctl",
    params=[*global_options()],
    help="Customer retention for an online shop: orders, points, segments, campaigns, surveys.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
click.version_option(__version__, "-V", "--version", prog_name="retainctl")(root)


class _Stderr(io.TextIOWrapper):
    """Stderr: what cannot be told changes nothing of what was done, nor the exit code."""

    def write(self, text: str, /) -> int:
        with suppress(OSError):
            super().write(text)
        return len(text)

    def flush(self) -> None:
        with suppress(OSError):
            super().flush()


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and end with its exit code."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:  # it was closed before we began; no other file may take its number
            null = open(os.devnull, mode, encoding="utf-8")  # noqa: SIM115, PTH123
            setattr(sys, name, ClosedOutput() if name == "stdout" else null)
    if arguments is None and sys.getfilesystemencoding().lower() != "utf-8":
        # So are words and the names of files, which were read by the locale before we began.
        os.execv(sys.executable, [sys.executable, "-X", "utf8", *sys.orig_argv[1:]])  # noqa: S606
    if isinstance(sys.stdout, io.TextIOWrapper):  # names are in any language, whatever the locale says
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr = _Stderr(sys.stderr.detach(), encoding="utf-8", errors="backslashreplace", line_buffering=True)
    os.umask(0o077)  # what it writes holds people's names: nobody else may read it
    for number, code in ((signal.SIGTERM, TERMINATED), (signal.SIGHUP, HUNG_UP)):
        signal.signal(number, _stopper(code))
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    words = [word.translate(_ISOLATES) for word in (sys.argv[1:] if arguments is None else arguments)]
    chosen = Choices(words=words)
    try:
        for word in words:
            if not word.isascii() and any("\ud800" <= letter <= "\udfff" for letter in word):
                raise WrongUsage(f"{word!r} is not UTF-8", hint="Save the script, or name the file, in UTF-8.")
        # A command that calls ctx.exit(n) comes back here with n.
        result = root.main(args=words, prog_name="retainctl", standalone_mode=False, obj=chosen)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except click.exceptions.NoArgsIsHelpError as error:
        from retainctl.output import is_json

        if is_json(form := chosen.form or _form_in(words)):
            hint = for_this_shop(f"See: {error.ctx.command_path} --help" if error.ctx else "", chosen.shop)
            _tell("missing command", hint=hint, exit_code=error.exit_code, form=form, trace="")
        else:
            error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except Stopped as stopped:
        return stopped.exit_code
    except (BrokenPipeError, ReaderLeft):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        trace = "".join(traceback.format_exception(error)) if chosen.debug else ""
        message, hint, exit_code = _explained(error)
        if exit_code == RetainError.exit_code and chosen.opened and not isinstance(error, RetainError):
            from retainctl.store.runs import LOG_NAME, log_error  # nobody saw it happen, where cron ran it

            log_error(chosen.opened, 0, chosen.command, error)
            hint = f"The traceback is in {chosen.opened.folder / LOG_NAME}; report it."
        form = chosen.form or _form_in(words)
        _tell(
            message,
            hint=for_this_shop(hint, chosen.shop),
            exit_code=exit_code,
            form=form,
            trace=trace,
            color=not chosen.no_color,
        )
        return exit_code


def _form_in(words: Sequence[str]) -> str | None:
    """The format that *words* ask for, where they were not read as far as that."""
    joined = [word.removeprefix("--format=") for word in words if word.startswith("--format=")]
    apart = [following for word, following in itertools.pairwise(words) if word == "--format"]
    return next(iter((*joined, *apart)), None)


def _explained(error: Exception) -> tuple[str, str, int]:
    """What went wrong in a sentence, what to do about it, and the exit code."""
    if isinstance(error, RetainError):
        return str(error), error.hint, error.exit_code
    if isinstance(error, click.ClickException):
        return *told(error), error.exit_code
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            return f"{place}{error.strerror or error}", "Free some space, or check the disk.", DiskTrouble.exit_code
        hint = "Check the path, its owner and its permissions."
        return f"{place}{error.strerror or error}", hint, BadConfiguration.exit_code
    return (
        f"internal error: {type(error).__name__}: {error}",
        "Run the command again with --debug and report the traceback.",
        1,
    )


def _tell(message: str, *, hint: str, exit_code: int, form: str | None, trace: str, color: bool = False) -> None:
    """Say on stderr what went wrong: a sentence, or JSON where JSON was asked for."""
    from retainctl.output import cell, complain, is_json, json_line

    # What a file's header brings along moves no terminal.
    message, hint = ("\n".join(map(cell, text.splitlines())) for text in (message, hint))
    if is_json(form):
        more = {"traceback": trace} if trace else {}
        click.echo(json_line("error", message=message, hint=hint or None, exit_code=exit_code, **more), err=True)
        return
    click.echo(trace, err=True, nl=False)
    complain(message, hint=hint, color=color)


def _stopper(exit_code: int) -> Any:
    def stop(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)  # a second one ends at once
        raise Stopped(exit_code)

    return stop
