"""The house stands in a row: each package of the engine imports only what stands to its left."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from retainctl import cli, output, terminal
from retainctl.errors import WrongUsage, exit_codes
from retainctl.store.migrations import MIGRATIONS
from tests.conftest import ROOT

ROW = (
    "errors manual clock countries money wording normalising rows people result files schema html_page spreadsheets "
    "config list_page store definitions facets intake shop club audience outreach voice insight jobs demo needs digest "
    "doctor drawing output terminal commands cli"
).split()
# Which library may be imported where; a name ending in a dot is a package.
ONLY_IN = {
    "yagmail": {"retainctl.outreach.channels.mail"},
    "rich": {"retainctl.drawing"},
    "tabulate": {"retainctl.output"},
    "click": {"retainctl.terminal", "retainctl.cli", "commands"},
    "sqlite3": {"retainctl.store"},
    "psycopg": {"retainctl.store"},
}
NEVER_IN_COMMANDS = {"peewee", "retainctl.store"}


def modules() -> Iterator[tuple[str, Path]]:
    """Every module of the program, by the name of its file: commands stand beside retainctl."""
    for wing in ("retainctl", "commands", "schedules"):
        for path in sorted((ROOT / wing).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            yield ".".join(parts).removesuffix(".__init__"), path


def imports(path: Path) -> Iterator[str]:
    """What *path* imports, wherever in it the import stands; ``from a import b`` is both ``a`` and ``a.b``."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def place(name: str) -> int | None:
    """Where the module called *name* stands in the row; None for what is not of the house."""
    wing, _, rest = name.partition(".")
    if wing in ("commands", "schedules"):
        return ROW.index("commands")
    room = rest.partition(".")[0]
    return ROW.index(room) if wing == "retainctl" and room in ROW else None


@pytest.mark.parametrize(("name", "path"), list(modules()))
def test_a_room_imports_only_what_stands_to_its_left(name: str, path: Path) -> None:
    here = place(name)
    if name in ("retainctl", "retainctl.__main__"):
        return
    assert here is not None, f"{name} has no place in the row"
    for imported in imports(path):
        there = place(imported)
        assert there is None or there <= here, f"{name} imports {imported}"


@pytest.mark.parametrize(("name", "path"), list(modules()))
def test_a_library_is_imported_only_in_its_room(name: str, path: Path) -> None:
    for imported in imports(path):
        rooms = ONLY_IN.get(imported.partition(".")[0], {name})
        assert any(name == room or name.startswith(f"{room}.") for room in rooms), f"{name} imports {imported}"
        if name.startswith("commands"):
            assert not any(imported == one or imported.startswith(f"{one}.") for one in NEVER_IN_COMMANDS), imported


@pytest.mark.parametrize(("name", "path"), list(modules()))
def test_the_engine_asks_neither_the_system_for_the_time_nor_the_environment(name: str, path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if name != "retainctl.clock":
        assert not re.search(r"\btime\.time\(|datetime\.now\(|date\.today\(|utcnow\(", text), name
    if name != "retainctl.config":
        assert not re.search(r"os\.environ|os\.getenv", text), name
    if name not in ("retainctl.output", "retainctl.cli"):
        assert not re.search(r"(?<![\w.])print\(|sys\.std(out|err)\.write", text), name


@pytest.mark.parametrize(("name", "path"), list(modules()))
def test_a_store_that_differs_by_database_differs_in_its_dialects(name: str, path: Path) -> None:
    if name not in ("retainctl.store.dialect", "retainctl.store.schema_dialect", "retainctl.store.database"):
        assert "is_postgres" not in path.read_text(encoding="utf-8"), name
    if not name.startswith("retainctl.store."):
        assert "file_is_the_database" not in path.read_text(encoding="utf-8"), name


def test_what_reads_files_knows_no_shop() -> None:
    for name, path in modules():
        if name.startswith("retainctl.intake"):
            text = path.read_text(encoding="utf-8").replace("retainctl orders quarantine", "")
            assert not re.search(
                r"\b(orders|customers?|products?|buyers?|articles?|surveys?)\b", text, re.IGNORECASE
            ), name


def test_help_imports_no_engine_and_no_library_but_click() -> None:
    script = (
        "import sys; sys.argv = ['retainctl', '--help']\n"
        "from retainctl import cli\n"
        "cli.run(['--help'])\n"
        "print(sorted(name for name in sys.modules if name.startswith('retainctl.')))\n"
        "print(sorted({'peewee', 'rich', 'tabulate', 'jinja2', 'yagmail', 'smtplib', 'psycopg'} & set(sys.modules)))\n"
    )
    lines = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd="/"
    ).stdout.splitlines()
    assert lines[-2:] == ["['retainctl.cli', 'retainctl.errors', 'retainctl.manual', 'retainctl.terminal']", "[]"]


def test_every_command_and_option_has_help() -> None:
    assert len(list(commands())) > len(cli.COMMANDS)
    for words, command in commands():
        assert command.help, words
        for parameter in command.params:
            if parameter.param_type_name == "option":
                assert getattr(parameter, "help", None), f"{words} {parameter.opts}"


def test_the_terminal_offers_every_format_of_the_output() -> None:
    assert terminal.FORMATS == output.FORMATS


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command of the program by its words; loading it proves that it imports."""
    context = click.Context(cli.root)
    for noun in cli.COMMANDS:
        command = cli.root.get_command(context, noun)
        assert command is not None
        yield noun, command
        if isinstance(command, click.Group):
            yield from nested(noun, command)


def nested(words: str, group: click.Group) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        yield f"{words} {name}", command
        if isinstance(command, click.Group):
            yield from nested(f"{words} {name}", command)


def test_at_least_one_row_is_asked_for_and_a_list_has_an_end() -> None:
    limits = {words: one for words, command in commands() for one in command.params if one.name == "limit"}
    assert {"orders list", "customers list", "outbox list", "outbox deliver"} <= limits.keys()
    assert len(limits) > 5
    for words, limit in limits.items():
        assert isinstance(limit.type, click.IntRange)
        assert (limit.type.min, limit.type.min_open) == (1, False), words
        assert limit.default or words == "outbox deliver", words


# What each command cannot do without.
NEEDED = """
    init: DIR
    orders import: FILE...
    orders mapping: FILE
    orders show: ORDER
    orders quarantine show: ROW
    orders quarantine dismiss: ROW...
    customers import: FILE...
    customers show: CUSTOMER
    products import: FILE...
    consent import: FILE...
    consent show: CUSTOMER
    consent reinstate: --reason
    consent revoke: CUSTOMER|ADDRESS|TOKEN --reason
    points import: FILE... --mode
    points redeem: CUSTOMER POINTS --source
    points add: CUSTOMER POINTS --source --reason
    points take: CUSTOMER POINTS --source --reason
    points statement: CUSTOMER
    segments create: NAME EXPRESSION
    campaigns approve: NAME HASH
    outbox show: ID
    outbox resolve: ID... --as --reason
    surveys approve: NAME HASH
    surveys import: NAME FILE
    reports show: REPORT
    reports build: FOLDER
    schedules show: --style
    completion: SHELL
"""
# And these, the name of what is meant.
BY_NAME = """
    segments show, segments count, segments explain, segments export, segments check, segments diff,
    campaigns draft, campaigns check, campaigns plan, campaigns send, campaigns pause, campaigns resume,
    campaigns cancel,
    campaigns show, campaigns diff, surveys draft, surveys check, surveys plan, surveys send, surveys pause,
    surveys resume, surveys cancel, surveys show, surveys run, surveys results, surveys diff, jobs show
"""


def test_a_command_says_what_it_cannot_do_without(capsys: pytest.CaptureFixture[str]) -> None:
    needed = dict(line.strip().split(": ") for line in NEEDED.strip().splitlines())
    needed |= dict.fromkeys((" ".join(name.split()) for name in BY_NAME.split(",")), "NAME")
    found = {
        words: " ".join(one.human_readable_name if isinstance(one, click.Argument) else one.opts[0] for one in required)
        for words, command in commands()
        if (required := [one for one in command.params if one.required])
    }
    assert found == needed
    for words, names in needed.items():
        assert cli.run(words.split()) == WrongUsage.exit_code
        assert (
            f"missing {'option' if names.startswith('-') else 'argument'} '{names.split()[0]}'"
            in capsys.readouterr().err
        )


@pytest.mark.parametrize(("name", "path"), list(modules()))
def test_what_a_program_does_otherwise_is_declared_and_not_asked_for(name: str, path: Path) -> None:
    assert not re.search(r"program\b[^=\n]*[!=]= ?[\"']", path.read_text(encoding="utf-8")), name


_IN_SQL = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE|TABLE)\s+(?:IF\s+NOT\s+EXISTS\s+)?([a-z_]+)")


def owners() -> dict[str, str]:
    """The room of each table: a migration's name begins with it. What the ground has is everybody's."""
    found = {}
    for migration in MIGRATIONS:
        package = migration.name.partition("_")[0].replace("ground", "store")
        assert package in ROW, f"the name of migration {migration.name} begins with no package of retainctl/"
        for table in re.findall(r"CREATE TABLE (\w+)", inspect.getsource(sys.modules[migration.up.__module__])):
            found[table] = package
    return found


def tables_named(source: str) -> set[str]:
    """The words that stand where SQL names a table, in the strings of *source* that are no docstrings, and the tables
    that functions of the store are handed by name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found |= set(_IN_SQL.findall(node.value))
        if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in ("insert_many", "take_ids", "set_many", "add_many", "note_growth", "filled_at_once"):
                found |= {str(argument.value) for argument in node.args if isinstance(argument, ast.Constant)}
    return found


@pytest.mark.parametrize(("name", "path"), list(modules()))
def test_a_room_asks_only_tables_of_its_own_and_of_rooms_to_its_left(name: str, path: Path) -> None:
    here = place(name)
    if here is None or name.startswith("retainctl.store.migrations"):
        return
    for table in sorted(tables_named(path.read_text(encoding="utf-8")) & set(owners())):
        assert ROW.index(owners()[table]) <= here, f"{name} asks {table}, which is {owners()[table]}'s"


def test_the_wall_sees_a_table_however_it_is_asked() -> None:
    for planted in ("rows('SELECT 1 FROM outbox')", 'f"UPDATE accounts SET {x}"', "insert_many('lots', (), [])"):
        assert tables_named(planted) & set(owners()), planted


@pytest.mark.parametrize("path", sorted((ROOT / "retainctl").rglob("__init__.py")), ids=lambda path: path.parent.name)
def test_the_map_of_a_room_names_what_stands_in_it(path: Path) -> None:
    text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    lines = "".join(re.findall(r"(?m)^``\w+``.*", text))
    named = set(re.findall(r"``(\w+)``", lines))
    standing = {one.stem for one in path.parent.iterdir()} - {"__init__", "__pycache__", "facet"}
    assert not named or {one for one in named if one.islower()} == standing


def named_here(tree: ast.Module) -> Iterator[str]:
    """The names that a module gives to classes, wherever they stand, and to kinds of values."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and node.name != "Meta":  # peewee's own word
            yield node.name
    for node in tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else None
        if isinstance(target, ast.Name) and re.match(r"_?[A-Z]\w*[a-z]", target.id):
            yield target.id


def test_a_name_of_a_class_means_one_thing() -> None:
    seen: dict[str, str] = {}
    for module, path in modules():
        for name in named_here(ast.parse(path.read_text(encoding="utf-8"))):
            plain = name.lstrip("_")
            assert plain not in seen, f"{module} and {seen[plain]} both have a {plain}"
            seen[plain] = module
    assert {"Shop", "Progress", "Candidate"} <= set(seen)


def test_exit_codes_are_listed_in_order() -> None:
    assert list(exit_codes()) == sorted(exit_codes())
