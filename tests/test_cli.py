"""How the program ends: one sentence, the right code, and nothing of a secret."""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from retainctl import cli
from retainctl.config import Shop, read_shop
from retainctl.errors import BadConfiguration
from retainctl.manual import TOPICS
from retainctl.store.database import execute
from retainctl.store.dialect import insert_many
from retainctl.store.transactions import writing
from tests.conftest import ROOT, Terminal

pytestmark = pytest.mark.parametrize("database_url", ["sqlite:retain.db"])


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["orders", "import", "no.csv"], 2, "retainctl: there is no file no.csv; nothing was imported\n"),
        (["orders", "import", "a" * 300], 2, f"retainctl: there is no file {'a' * 300}; nothing was imported\n"),
        (
            ["customers", "export", "--output", "/proc/none/x.csv"],
            2,
            "retainctl: there is no folder /proc/none; /proc/none/x.csv was not written\n",
        ),
        (["orders", "import", "/proc"], 2, "retainctl: /proc is not a regular file\n"),
        (["orders", "mapping", "no.csv"], 2, "retainctl: there is no file no.csv\n"),
        (["orders", "quarantine", "retry", "--mapping", "no.toml"], 2, "retainctl: there is no mapping file no.toml\n"),
        (
            ["campaigns", "pause", "none"],
            2,
            "retainctl: no campaign none was planned\n  List them: retainctl campaigns list\n",
        ),
        (["db", "backup", "/proc/none/x.backup"], 78, "retainctl: /proc/none: No such file or directory\n"),
        (["reports", "check"], 2, "retainctl: no goal was given\n"),
        (["reports"], 2, "Usage: retainctl reports"),
        (["report"], 2, "retainctl: no such command 'report'. Did you mean 'reports'?\n  See: retainctl --help\n"),
        (["reports", "show"], 2, "retainctl: missing argument 'REPORT'\n  See: retainctl reports show --help\n"),
        (["orders", "quarantine", "dismiss"], 2, "retainctl: missing argument 'ROW...'\n"),
        (["surveys", "run", "x"], 2, "retainctl: surveys run needs --yes when not on a terminal\n"),
    ],
)
def test_what_cannot_be_is_one_sentence(retainctl: Terminal, words: list[str], code: int, sentence: str) -> None:
    ended = retainctl(*words)
    assert (ended.code, ended.stdout) == (code, "")
    assert ended.stderr.startswith(sentence)


@pytest.mark.parametrize("encoding", ["hex", "rot13", "zlib", "idna", "undefined", "nonsense"])
def test_an_encoding_of_no_text_is_refused(retainctl: Terminal, folder: Path, encoding: str) -> None:
    (folder / "orders.csv").write_text("order_id\n1\n")
    ended = retainctl("orders", "import", str(folder / "orders.csv"), "--encoding", encoding)
    assert (ended.code, ended.stderr.splitlines()[0]) == (2, f"retainctl: unknown encoding {encoding}")


def test_a_number_that_no_row_has_is_wrong_usage(retainctl: Terminal) -> None:
    assert retainctl("outbox", "show", "9" * 39).code == 2


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_an_error_is_json_where_json_was_asked_for(retainctl: Terminal, form: str) -> None:
    ended = retainctl("segments", "create", "gold", "teir = 1", "--format", form)
    told = json.loads(ended.stderr)
    assert (told["kind"], told["exit_code"], ended.code) == ("error", 65, 65)


def test_who_sees_a_part_of_the_rows_is_told_unless_they_asked_for_it(
    shop: Shop, retainctl: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    run = "INSERT INTO runs (name, period, due_at, started_at, ended_at, exit_code) VALUES ('nightly', ?, 0, 0, 0, 0)"
    for number in range(20):
        execute(run, f"nightly:{number}")
    whole = retainctl("jobs", "show", "nightly")
    assert (whole.stdout.count("\n"), whole.stderr) == (21, "")

    execute(run, "nightly:20")
    part = retainctl("jobs", "show", "nightly")
    assert part.stdout.count("\n") == 21
    assert part.stderr == "only the first 20 are shown; use --limit N or --limit all to see more\n"
    for words, lines in ((("--limit", "20"), 21), (("--quiet",), 21), (("--limit", "21"), 22)):
        assert cli.run(["--shop", str(shop.folder), "jobs", "show", "nightly", *words]) == 0
        told = capsys.readouterr()
        assert (told.out.count("\n"), told.err) == (lines, "")


def test_a_fault_of_ours_leaves_its_traceback_in_the_log(shop: Shop, retainctl: Terminal) -> None:
    execute("ALTER TABLE products RENAME TO lost")
    ended = retainctl("products", "list")
    assert ended.code == 1
    assert f"The traceback is in {shop.folder}/retainctl.log; report it." in ended.stderr
    [line] = (shop.folder / "retainctl.log").read_text(encoding="utf-8").splitlines()
    assert "run=0 products list: Traceback (most recent call last):\\n" in line
    assert "products" in line.rpartition("\\n")[2], "and it says what was missing"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("customers", "list", "--limt", "1", "--format", "json"), 2),
        (("--format=jsonl", "customers", "show", "nobody"), 2),
        (("customrs", "--format", "json"), 2),
        (("--format", "json", "customers"), 2),
        (("points", "redeem", "1", "x", "--format", "json"), 2),
        (("points", "redeem", "1", "1", "--format", "json"), 2),
        (("customers", "show", "nobody", "--format", "json", "--debug"), 2),
    ],
)
def test_who_asks_for_json_is_told_in_json_alone(retainctl: Terminal, words: tuple[str, ...], code: int) -> None:
    ended = retainctl(*words)
    [line] = ended.stderr.splitlines()
    told = json.loads(line)
    assert (ended.code, ended.stdout, told["kind"], told["exit_code"]) == (code, "", "error", code)
    assert ("traceback" in told) == ("--debug" in words)


def test_who_asks_for_json_gets_a_whole_document_even_of_nothing_and_of_a_text(
    retainctl: Terminal, folder: Path
) -> None:
    def asked(*words: str) -> tuple[str, list[dict[str, object]]]:
        ended = retainctl(*words, "--format", "json")
        assert (ended.code, ended.stderr) == (0, ""), words
        told = json.loads(ended.stdout)
        return told["kind"], told["rows"]

    for words in ("config check", "points check", "db check", "db migrate", "outbox check"):
        assert asked(*words.split()) == ("done", []), words
    assert asked("doctor", "--needs") == ("need", [])
    assert asked("segments", "refresh") == ("refresh", [])
    retainctl("segments", "create", "all", "orders >= 0")
    assert asked("segments", "count", "all") == ("segment_count", [{"segment": "all", "members": 0}])
    assert asked("segments", "check", "all") == ("fault", [])
    assert asked("surveys", "draft", "spring") == (
        "definition_file", [{"name": "spring", "file": str(folder / "surveys" / "spring.toml")}],
    )  # fmt: skip
    assert asked("segments", "diff", "all") == ("text", [{"text": None}])
    kind, rows = asked("schedules", "show", "--style", "cron")
    assert (kind, list(rows[0])) == ("schedule_file", ["name", "text"])
    assert retainctl("schedules", "show", "--style", "cron", "--format", "csv").code == 2
    assert retainctl("config", "check", "--format", "jsonl").stdout == ""
    assert retainctl("config", "check").stdout == ""


def test_marks_of_a_copied_cell_are_taken_off(retainctl: Terminal) -> None:
    assert retainctl("customers", "list", "--format", "\u2068csv\u2069").code == 0


def test_a_password_stands_neither_in_the_settings_nor_in_a_sentence(
    retainctl: Terminal, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "retainctl.toml"
    text = path.read_text(encoding="utf-8")
    for address in ("shop:hunter2@db/x", "shop@db/x?password=hunter2", "/x?host=db&p%61ssword=hunter2"):
        path.write_text(text.replace("sqlite:retain.db", f"postgresql://{address}"), encoding="utf-8")
        ended = retainctl("config", "show")
        assert (ended.code, ended.stdout) == (78, "")
        assert "must not contain a password" in ended.stderr
        assert "hunter2" not in ended.stderr
    path.write_text(text.replace("sqlite:retain.db", "postgresql://env:SHOP_DATABASE"), encoding="utf-8")
    for held in ("mysql://u:hunter2@db.example/x", "retain.db"):
        monkeypatch.setenv("SHOP_DATABASE", held)
        with pytest.raises(BadConfiguration, match="the value of env:SHOP_DATABASE does not start with"):
            _ = read_shop(str(folder)).database_url
    monkeypatch.setenv("SHOP_DATABASE", "postgres://u:hunter2%zz@db.example/x")
    ended = retainctl("points", "check", "--debug")
    assert ended.code == 78
    assert ended.stderr.startswith("Traceback (most recent call last):\n")
    assert "retainctl: the database address is not valid\n" in ended.stderr
    assert "hunter2" not in ended.stderr
    monkeypatch.setenv("SHOP_DATABASE", "postgres://u:hunter2@db.example/x")
    assert read_shop(str(folder)).database_url == "postgresql://u:hunter2@db.example/x"


def test_a_hint_names_the_shop_that_was_named(tmp_path: Path, folder: Path) -> None:
    named = tmp_path / "my shop"
    folder.rename(named)
    ended = Terminal(tmp_path)("--shop", str(named), "orders", "show", "7")
    assert ended.stderr == f"retainctl: there is no order 7\n  List them: retainctl --shop '{named}' orders list\n"
    there = Terminal(named)("orders", "show", "7")
    assert there.stderr == "retainctl: there is no order 7\n  List them: retainctl orders list\n"


def test_what_needs_attention_names_the_shop_that_was_named(tmp_path: Path, folder: Path) -> None:
    bad = tmp_path / "bad.csv"
    rows = "".join(f"{number},2025-01-05,1,5.00,ILS\n" for number in range(40))
    bad.write_text(f"order_id,ordered_at,quantity,unit_price,currency\n{rows}41,2025-01-05,x,5.00,ILS\n")
    ended = Terminal(tmp_path)("--shop", str(folder), "orders", "import", str(bad))
    assert (ended.code, f"retainctl --shop {folder} orders quarantine list" in ended.stderr) == (3, True)
    job = Terminal(tmp_path)("--shop", str(folder), "jobs", "run", "nightly")
    assert (job.code, f"retainctl --shop {folder} orders quarantine list" in job.stderr) == (3, True)


def test_what_was_guessed_stands_in_the_result_and_in_no_mail_of_cron(retainctl: Terminal, folder: Path) -> None:
    """A log, a table and JSON tell it alike; what is no fault goes not to stderr."""
    (folder / "o.csv").write_text(
        "order_id;ordered_at;email;sku;quantity;unit_price;gift\n1;2025-01-05;a@example.com;MUG;1;5;x\n"
    )
    notes = ["columns are separated by a semicolon", "columns not read: gift"]
    logged = retainctl("orders", "import", str(folder / "o.csv"), "--dry-run")
    assert (logged.code, logged.stderr) == (0, "")
    assert all(note in logged.stdout for note in notes)
    told = retainctl("orders", "import", str(folder / "o.csv"), "--format", "json")
    assert [note for note in json.loads(told.stdout)["rows"][0]["notes"] if note in notes] == notes


@pytest.mark.parametrize(
    ("number", "code"), [(errno.ENOSPC, 74), (errno.EDQUOT, 74), (errno.EIO, 74), (errno.EACCES, 78)]
)
def test_a_disk_that_is_full_or_fails_needs_somebody_and_what_cannot_be_written_is_set_up_wrong(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, number: int, code: int
) -> None:
    class Device(io.StringIO):
        def write(self, _text: str) -> int:
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr("sys.stdout", Device())
    assert cli.run(["--shop", str(folder), "reports", "list"]) == code
    assert capsys.readouterr().err.startswith(f"retainctl: {os.strerror(number)}\n")


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("--now", "0001-01-01", "jobs", "list"), 2, "is not a plausible time"),
        (("--now", "9999-12-31", "jobs", "list"), 2, "is not a plausible time"),
        (("orders", "list", "--limit", "9" * 30), 0, ""),
        (("orders", "list", "--limit", "all"), 0, ""),
        (("orders", "list", "--limit", "none"), 2, "is not a valid limit"),
        (("orders", "import", "FILE", "--delimiter", ",,"), 2, "',,' cannot separate columns"),
        (("orders", "import", "FILE", "--delimiter", '"'), 2, "cannot separate columns"),
        (("products", "import", "FILE", "--delimiter", "ab"), 2, "'ab' cannot separate columns"),
        (("points", "statement", "1", "--from", "0001-01-01", "--to", "9999-12-31"), 2, "no customer matches"),
    ],
)
def test_an_odd_word_is_told_and_is_no_fault_of_ours(
    retainctl: Terminal, tmp_path: Path, words: tuple[str, ...], code: int, told: str
) -> None:
    (tmp_path / "file.csv").write_text("order_id,ordered_at,quantity,unit_price\n1,2025-01-05,1,5\n")
    ended = retainctl(*[str(tmp_path / "file.csv") if word == "FILE" else word for word in words])
    assert (ended.code, told in ended.stderr, "internal error" in ended.stderr) == (code, True, False)


@pytest.mark.parametrize("form", ["table", "json"])
def test_a_header_moves_no_terminal(retainctl: Terminal, tmp_path: Path, form: str) -> None:
    (tmp_path / "file.csv").write_text("a\x1b[2J,b\u202ec,d\x9be\n1,2,3\n", encoding="utf-8")
    ended = retainctl("orders", "import", str(tmp_path / "file.csv"), "--format", form)
    assert ended.code == 65
    assert not set("\x1b\u202e\x9b") & set(ended.stderr)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("retainctl seg", ["segments"]),
        ("retainctl segments s", ["show"]),
        ("retainctl segments show loy", ["loyal"]),
        ("retainctl segments show ", ["loyal", "new"]),
        ("retainctl --shop elsewhere segments show ", []),
        ("retainctl campaigns check ", ["spring"]),
        ("retainctl jobs run ni", ["nightly"]),
        ("retainctl reports show co", ["cohorts"]),
        ("retainctl orders list --li", ["--limit"]),
    ],
)
def test_a_shell_completes_words_and_the_shop_s_own_names(
    retainctl: Terminal, folder: Path, words: str, found: list[str]
) -> None:
    for name in ("loyal", "new"):
        retainctl("segments", "create", name, "orders >= 1")
    retainctl("campaigns", "draft", "spring", "--kind", "offer", "--audience", "loyal")
    script = retainctl("completion", "bash")
    assert (script.code, "complete -o nosort -F _retainctl_completion retainctl" in script.stdout) == (0, True)
    asked = words.split(" ")
    ended = subprocess.run(
        [sys.executable, "-c", "from retainctl.cli import main; main()"], capture_output=True, text=True, check=True,
        env=os.environ | {"RETAINCTL_SHOP": str(folder), "_RETAINCTL_COMPLETE": "bash_complete",
                          "COMP_WORDS": words, "COMP_CWORD": str(len(asked) - 1)},
    )  # fmt: skip
    assert [line.split(",")[1] for line in ended.stdout.splitlines() if line] == found


def test_the_usual_short_words_are_known(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def told(*words: str) -> str:
        assert cli.run(list(words)) == 0
        return capsys.readouterr().out

    assert told("help", "orders", "import") == told("orders", "import", "--help")
    assert told("help") == told("--help")
    assert told("-V").startswith("retainctl, version ")
    told("orders", "list", "-q", "--shop", str(folder))


def test_a_dash_is_standard_output(retainctl: Terminal) -> None:
    for words in (["reports", "show", "orders"], ["customers", "export"], ["orders", "export"]):
        dashed, bare = retainctl(*words, "--output", "-"), retainctl(*words)
        assert (dashed.code, dashed.stdout) == (0, bare.stdout)
        assert bare.stdout
    assert retainctl("segments", "create", "buyers", "orders >= 1").code == 0
    assert retainctl("segments", "export", "buyers", "--output", "-").code == 0


def in_a_shell(folder: Path, command: str) -> tuple[int, str]:
    """The exit code of *command*, with its redirections, and what it said on stderr."""
    words = ["bash", "-c", f"{sys.executable} -m retainctl --shop {folder} {command}; exit ${{PIPESTATUS[0]}}"]
    ended = subprocess.run(words, capture_output=True, text=True, check=False, cwd="/")
    return ended.returncode, ended.stderr


@pytest.mark.parametrize("command", ["orders list 2>&-", "orders list <&-", "config check >&-"])
def test_a_stream_that_is_closed_is_no_error(folder: Path, command: str) -> None:
    assert in_a_shell(folder, command) == (0, "")


@pytest.mark.parametrize("command", ["orders list", "orders export", "reports show orders", "help exit-codes"])
def test_a_result_that_can_go_nowhere_is_not_taken_for_done(folder: Path, command: str) -> None:
    code, said = in_a_shell(folder, f"{command} >&-")
    assert (code, said.splitlines()[0]) == (74, "retainctl: the standard output is closed")


def test_whoever_has_read_enough_of_a_result_may_leave(shop: Shop) -> None:
    with writing():
        insert_many("customers", ("first_name", "created_at"), [(f"name {number}", 0) for number in range(20_000)])
    for command in ("customers export", "customers list --limit all", "customers export --format json"):
        assert in_a_shell(shop.folder, f"{command} | head -1") == (0, ""), command


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "iso8859-8"])
def test_results_are_utf_8_whatever_the_locale_says(folder: Path, encoding: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "retainctl", "--shop", str(folder), "config", "show", "--format", "tsv"],
        capture_output=True, check=False, cwd="/", env=os.environ | {"PYTHONIOENCODING": encoding},
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert "החנות".encode() in ended.stdout


def test_a_file_that_is_read_is_not_written_over(retainctl: Terminal, tmp_path: Path) -> None:
    path = tmp_path / "till.csv"
    path.write_text("a,b\n1,2\n")
    ended = retainctl("orders", "mapping", str(path), "--output", str(path))
    assert (ended.code, path.read_text()) == (2, "a,b\n1,2\n")
    missing = retainctl("orders", "import", str(path), "--mapping", str(tmp_path / "none.toml"))
    assert (missing.code, "there is no mapping file" in missing.stderr) == (2, True)


def test_help_explains_a_topic_and_a_command_and_lists_both(retainctl: Terminal) -> None:
    page = retainctl("help", "exit-codes")
    assert (page.code, page.stderr) == (0, "")
    assert page.stdout == (ROOT / "docs" / "reference" / "exit-codes.md").read_text(encoding="utf-8")
    assert retainctl("help", "orders", "import").stdout == retainctl("orders", "import", "--help").stdout
    whole = retainctl("help").stdout
    assert whole == retainctl("--help").stdout
    assert "RETAINCTL_SHOP" in whole
    assert all(topic in whole for topic in TOPICS)
    assert all(len(line) <= 80 for line in whole.splitlines())


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["exitcodes"], "no such command 'exitcodes'. Did you mean 'exit-codes'?"),
        (["orders", "impor"], "no such command 'impor'. Did you mean 'import'?"),
        (["doctor", "x"], "retainctl doctor has no commands"),
        (["money", "x"], "money is one topic"),
    ],
)
def test_help_of_what_is_not_there_is_refused(retainctl: Terminal, words: list[str], sentence: str) -> None:
    ended = retainctl("help", *words)
    assert (ended.code, ended.stdout) == (2, "")
    assert ended.stderr.splitlines()[0] == f"retainctl: {sentence}"


def test_an_option_that_is_missing_is_one_sentence(retainctl: Terminal) -> None:
    ended = retainctl("schedules", "show")
    assert ended.stderr.splitlines()[0] == "retainctl: missing option '--style'. Choose from: cron, systemd"


def test_what_cannot_be_told_changes_no_exit_code(shop: Shop, tmp_path: Path) -> None:
    """A crontab line that ends in >>/var/log/shop.log 2>&1, on a disk that is full."""
    bad = tmp_path / "bad.csv"
    bad.write_text("email,first_name\nnot an address,Dana\nnoa@example.com,Noa\n", encoding="utf-8")
    program = [sys.executable, "-m", "retainctl", "--shop", str(shop.folder)]
    for words, code in ((["customers", "import", str(bad), "--source", "x"], 3), (["customers", "show", "99"], 2)):
        with Path("/dev/full").open("w") as full:
            ended = subprocess.run([*program, *words], stdout=subprocess.PIPE, stderr=full, check=False)
        assert ended.returncode == code, words


@pytest.mark.usefixtures("database_url")
def test_words_and_names_of_files_are_utf_8_whatever_the_locale_says(tmp_path: Path) -> None:
    if shutil.which("localedef") is None or not Path("/usr/share/i18n/charmaps").is_dir():
        pytest.skip("no locale but the system's own can be made here")
    locales = tmp_path / "locales"
    locales.mkdir()
    made = ["localedef", "-i", "en_US", "-f", "ISO-8859-1", str(locales / "en_US.ISO-8859-1")]
    subprocess.run(made, check=True, capture_output=True)
    env = {"LOCPATH": str(locales), "LANG": "en_US.ISO-8859-1", "PATH": os.environ["PATH"]}
    words = [sys.executable, "-m", "retainctl", "init", "חנות", "--name", "קפה"]
    subprocess.run(words, cwd=tmp_path, env=env, check=True, capture_output=True)
    assert (tmp_path / "חנות" / "retainctl.toml").is_file()
    assert 'name = "קפה"' in (tmp_path / "חנות" / "retainctl.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("words", [("consent", "revoke", "9", "--reason"), ("orders", "import", "x.csv", "--source")])
def test_a_word_that_is_no_utf_8_is_wrong_usage(retainctl: Terminal, words: tuple[str, ...]) -> None:
    ended = retainctl(*words, "caf\udce9")
    assert (ended.code, "is not UTF-8" in ended.stderr) == (2, True)
