"""Names that are safe as files' names in any alphabet, and folders that cannot be read."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest

from retainctl import cli, definitions
from retainctl.audience import segments
from retainctl.audience.segments import SEGMENTS
from retainctl.config import Shop
from retainctl.definitions import (
    Kind,
    all_kinds,
    difference,
    hash_of,
    is_name,
    keep,
    kind_of,
    toml,
    version_that_ran,
    versions,
)
from retainctl.doctor import check_files
from retainctl.errors import BadConfiguration, Refused, WrongUsage
from retainctl.outreach import mailings
from retainctl.outreach.drafts import CAMPAIGN, CAMPAIGNS, write_draft
from retainctl.shop.opening import spare
from retainctl.store.database import execute, rows, value
from retainctl.terminal import Group
from tests.conftest import NOW, ROOT, Ended, Terminal


@pytest.mark.parametrize("name", ["loyal", "2024", "נאמנים", "לקוחות-vip", "café", "ürün_1", "会员", "a" * 64, "com10"])
def test_a_name_may_be_in_any_alphabet(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "", "a" * 65, "会" * 64 + "ab", "𠀀" * 60, "𝕳", "ＡＢ", "a b", "a.b", "..",
        "a/b", "a\\b", "a∕b", "a:b", "a*", 'a"', "a\0", "a\n",
        "Loyal", "É", "cafe\u0301", "\u202eabc", "נאמנים\u200f", "con", "nul", "lpt1", "😀", "\ud800",
    ],
)  # fmt: skip
def test_a_name_that_a_disk_or_a_person_could_read_otherwise_is_none(name: str) -> None:
    assert not is_name(name)
    with pytest.raises(WrongUsage, match="is not a valid segment name"):
        SEGMENTS.path(Path("/nowhere"), name)


def test_a_folder_that_cannot_be_read_is_told_and_not_taken_for_empty(tmp_path: Path) -> None:
    (tmp_path / "segments").write_text("")
    with pytest.raises(BadConfiguration, match="segments cannot be read: Not a directory"):
        SEGMENTS.names(tmp_path)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_a_folder_that_is_closed_to_this_user_is_told(tmp_path: Path) -> None:
    (tmp_path / "segments").mkdir(mode=0o700)
    os.seteuid(65_534)
    try:
        for ask in (lambda: SEGMENTS.names(tmp_path), lambda: SEGMENTS.text(tmp_path, "loyal")):
            with pytest.raises(BadConfiguration, match="cannot be read: Permission denied"):
                ask()
    finally:
        os.seteuid(0)


def test_a_new_file_takes_no_links_place(tmp_path: Path) -> None:
    path = tmp_path / "campaigns" / "spring.md"
    path.parent.mkdir()
    path.symlink_to("nowhere")
    with pytest.raises(Refused, match="the campaign spring already exists"):
        kind_of("campaign").write(tmp_path, "spring", "x")
    assert path.is_symlink()


def test_a_folder_in_the_place_of_a_file_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "segments" / "dd.toml").mkdir(parents=True)
    assert SEGMENTS.names(tmp_path) == ["dd"]
    with pytest.raises(BadConfiguration, match=r"dd\.toml cannot be read: Is a directory"):
        SEGMENTS.text(tmp_path, "dd")


def test_a_file_that_is_no_text_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "segments").mkdir()
    (tmp_path / "segments" / "dd.toml").write_bytes(b"\xff")
    with pytest.raises(BadConfiguration, match=r"dd\.toml cannot be read: it is not UTF-8"):
        SEGMENTS.text(tmp_path, "dd")


def test_what_is_not_there_is_wrong_usage_whatever_it_is(retainctl: Terminal) -> None:
    """Of names and of numbers alike: one exit code."""
    for words in (
        "segments show loyal", "segments refresh loyal", "segments count loyal", "campaigns check spring",
        "campaigns show spring", "campaigns draft spring --audience loyal", "surveys check autumn",
        "surveys results autumn", "surveys draft autumn --audience loyal", "jobs show monthly", "reports show yearly",
        "customers show 7", "customers merge 7 8 --reason x", "customers merge --undo 7", "orders show 7",
        "orders quarantine show 7", "points explain --order 7", "points add 7 5 --reason x --source s:1",
        "outbox show 7", "outbox resolve 7 --as sent --reason x",
    ):  # fmt: skip
        ran = retainctl(*words.split())
        assert (ran.code, ran.stdout) == (2, "") or words.startswith("segments refresh"), words
        assert ran.stderr.startswith("retainctl: ")
        assert "--help" not in ran.stderr, f"{words}: {ran.stderr}"


def test_a_segment_may_have_a_hebrew_name(retainctl: Terminal) -> None:
    assert retainctl("segments", "create", "נאמנים", "orders >= 5").code == 0
    assert (retainctl.folder / "segments" / "נאמנים.toml").is_file()
    assert retainctl("segments", "create", "others", "not in segment נאמנים").code == 0
    assert retainctl("segments", "count", "נאמנים").stdout == "0\n"


@dataclasses.dataclass(frozen=True, slots=True)
class Promise:
    """What a file of a kind that this test declares may say."""

    to: str
    by: tuple[str, ...] = ()
    kept: bool = True


promises = Group("promises", help="What the shop promised.")
import_module("retainctl.commands.definitions").definition_verbs(promises, "promise")
PROMISES = Kind(
    "promise", "promises", ".toml", make="promises draft {}", settings=Promise, parse=toml(Promise),
    first=lambda shop: f'# Of {shop.settings.name}.\nto = "everybody"\n',
)  # fmt: skip


@pytest.fixture
def promised(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """A shop in a house that has one kind of file more."""
    monkeypatch.setitem(definitions.KINDS, "promise", "tests.test_definitions:PROMISES")
    (shop.folder / "promises").mkdir()
    return shop


def say(shop: Shop, text: str) -> None:
    (shop.folder / "promises" / "spring.toml").write_text(text, encoding="utf-8")


def test_a_comment_an_empty_line_and_a_default_change_no_meaning(promised: Shop) -> None:
    say(promised, 'to = "dana"\nby = ["us"]\n')
    first = PROMISES.read(promised, "spring")
    say(promised, '# a word\n\nkept = true\nby = ["us"]   # and nobody else\n\nto = "dana"\n')
    assert PROMISES.read(promised, "spring").hash == first.hash
    for changed in ('to = "dana"\n', 'to = "noa"\nby = ["us"]\n', 'to = "dana"\nby = ["us"]\nkept = false\n'):
        say(promised, changed)
        assert PROMISES.read(promised, "spring").hash != first.hash
    assert hash_of(Promise("a", ("b",))) != hash_of(Promise("a", ("b", "b")))
    assert hash_of(Promise("a", ("b", "c"))) != hash_of(Promise("a", ("c", "b"))), "the order of a list says something"
    assert hash_of({"he": 1, "en": 2}) == hash_of({"en": 2, "he": 1}), "that of the keys of a table does not"


def test_a_setting_that_a_later_program_knows_changes_no_meaning_that_was_kept() -> None:
    later = dataclasses.make_dataclass(
        "later",
        [("until", str, ""), ("for_whom", dict, dataclasses.field(default_factory=dict))],
        bases=(Promise,),
        frozen=True,
    )
    assert hash_of(later("a", ("b",))) == hash_of(Promise("a", ("b",)))
    assert hash_of(later("a", ("b",), until="2027")) != hash_of(Promise("a", ("b",)))


def test_each_meaning_that_ran_is_kept_once_in_the_order_of_its_first_run(promised: Shop) -> None:
    for at, text in enumerate(('to = "dana"', '# why\nto = "dana"', 'to = "noa"', 'to = "dana"', 'to = "ron"')):
        say(promised, text)
        keep(PROMISES, PROMISES.read(promised, "spring"), now=at)
    assert rows("SELECT kind, name, version, text, first_used_at FROM definitions ORDER BY version") == [
        ("promise", "spring", 1, 'to = "dana"', 0),
        ("promise", "spring", 2, 'to = "noa"', 2),
        ("promise", "spring", 3, 'to = "ron"', 4),
    ]
    assert [one.version for one in versions(PROMISES, "spring")] == [1, 2, 3]
    assert versions(PROMISES, "autumn") == []


def test_each_name_counts_its_own_versions_and_a_copy_is_no_definition(promised: Shop) -> None:
    say(promised, 'to = "dana"')
    folder = promised.folder / "promises"
    for name in ("autumn.toml", "Spring copy.toml", "spring (1).toml"):
        (folder / name).write_text('to = "noa"', encoding="utf-8")
    assert PROMISES.names(promised.folder) == ["autumn", "spring"]
    for name in ("spring", "autumn"):
        keep(PROMISES, PROMISES.read(promised, name), now=0)
    assert rows("SELECT name, version FROM definitions ORDER BY name") == [("autumn", 1), ("spring", 1)]


def test_each_kind_counts_its_own_versions_and_the_newest_is_the_last_where_no_run_says_otherwise(
    promised: Shop,
) -> None:
    segments.create(promised, "spring", "orders >= 5")
    keep(SEGMENTS, SEGMENTS.read(promised, "spring"), now=0)
    for at, text in enumerate(('to = "dana"', 'to = "noa"', 'to = "ron"')):
        say(promised, text)
        keep(PROMISES, PROMISES.read(promised, "spring"), now=at)
    assert [[one.version for one in versions(kind, "spring")] for kind in (SEGMENTS, PROMISES)] == [[1], [1, 2, 3]]
    ran = version_that_ran(PROMISES, "spring")
    assert ran is not None
    assert (ran.version, ran.text) == (3, 'to = "ron"')


def test_the_version_that_ran_last_need_not_be_the_newest(shop: Shop) -> None:
    path = SEGMENTS.path(shop.folder, "loyal")
    segments.create(shop, "loyal", "orders >= 5")
    for number, text in ((2, 'expression = "orders >= 6"'), (1, "# as it was\nexpression = 'orders >= 5'")):
        path.write_text(text, encoding="utf-8")
        segments.refresh(shop, "loyal")
        ran = version_that_ran(SEGMENTS, "loyal")
        assert ran is not None
        assert ran.version == number
    assert value("SELECT COUNT(*) FROM definitions") == 2


def test_a_plan_says_by_which_version_of_its_file_it_was_made(shop: Shop) -> None:
    segments.create(shop, "everybody", "orders >= 0")
    path = write_draft(shop, "spring", kind="offer", audience="everybody")
    path.write_text(path.read_text(encoding="utf-8").replace(' = ""', ' = "x"'), encoding="utf-8")
    for text in ("\n", "\nAnd one thing more.\n"):
        path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")
        mailings.plan(shop, CAMPAIGN, "spring", dry_run=True)
        mailings.plan(shop, CAMPAIGN, "spring")
    assert rows(
        "SELECT d.version, d.text FROM mailings AS m JOIN definitions AS d ON d.id = m.definition_id ORDER BY m.id"
    ) == [(one.version, one.text) for one in versions(CAMPAIGNS, "spring")]
    assert [one.version for one in versions(CAMPAIGNS, "spring")] == [1, 2]


@pytest.mark.parametrize("database_url", ["sqlite:retain.db"])  # it is about a file
def test_of_several_who_make_one_file_at_once_one_does_and_the_others_are_refused(folder: Path) -> None:
    words = [sys.executable, "-m", "retainctl", "--shop", str(folder), "campaigns", "draft", "spring"]
    runs = [subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) for _ in range(4)]
    said = [run.communicate()[1] for run in runs]
    assert sorted(run.returncode for run in runs) == [0, 77, 77, 77]
    assert sum(b"the campaign spring already exists" in one for one in said) == 3


def test_the_files_of_every_kind_are_read_by_doctor_and_no_result_takes_their_place(promised: Shop) -> None:
    for kind in all_kinds():
        with pytest.raises(Refused, match="the shop's own files"):
            spare(promised, promised.folder / kind.folder / "result.csv")
    assert "promises" in {kind.folder for kind in all_kinds()}
    say(promised, "too = 1\n")
    with pytest.raises(BadConfiguration, match=r"promises/spring\.toml, line 1: unknown setting too"):
        check_files(promised, lambda _words: None)


def test_the_verbs_of_a_kind_that_is_only_declared(promised: Shop) -> None:
    def run(*words: str) -> Ended:
        script = (
            "import sys; from retainctl import cli, definitions\n"
            "definitions.KINDS['promise'] = 'tests.test_definitions:PROMISES'\n"
            "cli.COMMANDS['promises'] = ('tests.test_definitions:promises', 'What the shop promised.')\n"
            "cli.main(sys.argv[1:])"
        )
        asked = [sys.executable, "-c", script, "--shop", str(promised.folder), "--now", NOW, "promises", *words]
        ended = subprocess.run(asked, capture_output=True, text=True, cwd=ROOT, check=False)
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    assert run("draft", "spring") == Ended(0, "", "")
    assert run("draft", "spring").code == 77
    assert run("show", "spring").stdout == '# Of החנות.\nto = "everybody"\n'
    assert run("check", "spring") == Ended(0, "", "")
    head = "name\tstate\tversion\tfirst_used_at\n"
    assert run("list") == Ended(0, f"{head}spring\tnever ran\t\t\n", "")
    keep(PROMISES, PROMISES.read(promised, "spring"), now=promised.clock.now())
    assert run("list").stdout == f"{head}spring\tas it ran\t1\t2025-03-02T10:00:00+02:00\n"
    say(promised, 'to = "dana"\n')
    assert "\tchanged\t1\t" in run("list").stdout
    say(promised, "to = 1\n")
    assert "\tfaulty\t1\t" in run("list").stdout
    assert run("check", "spring").code == 78
    assert "+to = 1\n" in run("diff", "spring").stdout
    unknown = run("diff", "sprong")
    assert (unknown.code, unknown.stderr) == (
        2,
        "retainctl: there is no promise sprong\n  Did you mean spring?\n",
    )


def test_a_diff_shows_what_changed_since_the_last_run(retainctl: Terminal) -> None:
    path = retainctl.folder / "segments" / "loyal.toml"
    path.parent.mkdir()
    path.write_text('expression = "orders >= 5"\n')
    assert retainctl("segments", "diff", "loyal") == Ended(0, "", "the segment loyal never ran\n")
    assert retainctl("segments", "check", "loyal") == Ended(0, "", "")
    retainctl("segments", "refresh")
    assert retainctl("segments", "diff", "loyal") == Ended(0, "", "")
    path.write_text('# who comes back\nexpression = "orders >= 5"\n')
    commented = retainctl("segments", "diff", "loyal")
    assert commented.stderr == "only comments, blank lines or the order of settings differ\n"
    assert "+# who comes back\n" in commented.stdout
    path.write_text('expression = "orders >= 6"')
    assert retainctl("segments", "diff", "loyal") == Ended(
        0,
        "--- segments/loyal.toml (version 1)\n+++ segments/loyal.toml (now)\n@@ -1 +1 @@\n"
        '-expression = "orders >= 5"\n+expression = "orders >= 6"\n',
        "",
    )
    path.write_text('expression = "in segment lost"')
    wrong = retainctl("segments", "check", "loyal")
    assert (wrong.code, wrong.stderr) == (65, "retainctl: the segment loyal is not ready: 1 fault\n")
    assert "there is no segment lost" in wrong.stdout


def test_a_version_whose_text_was_erased_is_said_to_be_gone(shop: Shop) -> None:
    segments.create(shop, "loyal", "orders >= 5")
    execute("UPDATE definitions SET text = NULL")
    assert difference(shop, SEGMENTS, "loyal") == (
        "", "the text of version 1, which the segment loyal last ran with, was erased",
    )  # fmt: skip


def test_every_kind_has_the_verbs_of_its_files() -> None:
    context = click.Context(cli.root)
    for kind in all_kinds():
        group = cli.root.get_command(context, kind.folder)
        assert isinstance(group, click.Group)
        assert {"check", "list", "show", "diff"} <= set(group.commands), kind.noun


@pytest.mark.parametrize("noun", ["segment", "campaign", "survey"])
def test_what_is_no_file_of_text_is_told_at_once(shop: Shop, noun: str) -> None:
    kind = kind_of(noun)
    path = shop.folder / kind.folder / f"odd{kind.ending}"
    path.parent.mkdir(exist_ok=True)
    os.mkfifo(path)
    with pytest.raises(BadConfiguration, match="cannot be read: it is not a regular file"):
        kind.read(shop, "odd")
    path.unlink()
    path.write_text("# " + "x" * (1 << 20))
    with pytest.raises(BadConfiguration, match="cannot be read: it is larger than 1 MB"):
        kind.read(shop, "odd")
