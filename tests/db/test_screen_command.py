"""`manage.py screen`: every case answered in order, every refusal named, no case in another's way."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests import make

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).resolve().parents[2]
VIGNETTES = ROOT / "tests" / "data" / "vignettes.json"
COMPARED = ("areas", "outcome", "sub_outcome", "excluded_agents", "prescriber_review")


@dataclass
class Ran:
    status: int
    out: str
    err: str

    @property
    def results(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.out)
        return found


def screen(path: Path, *options: str) -> Ran:
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("screen", str(path), *options, stdout=out, stderr=err)
    except SystemExit as ended:
        return Ran(int(str(ended.code)), out.getvalue(), err.getvalue())
    return Ran(0, out.getvalue(), err.getvalue())


@pytest.fixture
def file(tmp_path: Path) -> Any:
    def write(content: Any) -> Path:
        path = tmp_path / "cases.json"
        text = content if isinstance(content, str) else json.dumps(content)
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_screen_answers_the_vignettes_in_order() -> None:
    cases = json.loads(VIGNETTES.read_text(encoding="utf-8"))["vignettes"]
    ran = screen(VIGNETTES)
    assert (ran.status, ran.err) == (0, "")
    assert [result["id"] for result in ran.results] == [case["id"] for case in cases]
    for result, case in zip(ran.results, cases, strict=True):
        assert {key: result[key] for key in COMPARED} == {
            key: case["expected"][key] for key in COMPARED
        }


def test_screen_reads_a_bare_list(file: Any) -> None:
    ran = screen(file([{"id": "A"}]))
    assert (ran.status, ran.results[0]["outcome"]) == (0, "undecided")


def test_screen_of_no_case_writes_an_empty_list(file: Any) -> None:
    assert screen(file([])) == Ran(0, "[]\n", "")


def test_screen_runs_the_others_beside_a_case_that_cannot_be_read(file: Any) -> None:
    ran = screen(file([{"id": "A"}, {"id": "B", "patient": {"agee": 3}}, 7, {"id": "C"}]))
    assert ran.status == 1
    assert [result["id"] for result in ran.results] == ["A", "B", None, "C"]
    assert ran.results[1] == {"id": "B", "error": "patient.agee: Unknown key “agee”."}
    assert ran.results[2] == {"id": None, "error": "id: Every case needs an id."}
    assert ran.err.splitlines() == [
        "B: patient.agee: Unknown key “agee”.",
        "case 3: id: Every case needs an id.",
    ]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999", "9" * 5_000, "-1"])
def test_screen_refuses_a_number_that_no_answer_has(file: Any, number: str) -> None:
    ran = screen(file(f'[{{"id": "A", "patient": {{"age": {number}}}}}, {{"id": "B"}}]'))
    assert ran.status == 1
    assert ran.results[0] == {
        "id": "A",
        "error": "patient.age: Expected a number from 0 to 130.",
    }
    assert ran.results[1]["outcome"] == "undecided"


def test_screen_refuses_a_key_that_stands_twice(file: Any) -> None:
    ran = screen(file('[{"id": "A", "patient": {"age": 17, "age": 30}}]'))
    assert ran.results == [{"id": "A", "error": "patient.age (twice): Unknown key “age (twice)”."}]


def test_screen_refuses_a_nested_value_at_its_field(file: Any) -> None:
    deep = "[" * 500 + "]" * 500
    ran = screen(file(f'[{{"id": "A", "patient": {{"sex": {deep}}}}}]'))
    assert ran.results == [{"id": "A", "error": "patient.sex: Unknown value “a list”."}]


def test_screen_names_an_unknown_key_beside_the_cases_and_goes_on(file: Any) -> None:
    ran = screen(file({"version": 1, "vignettes": [{"id": "A"}], "author": "me"}))
    assert (ran.status, len(ran.results)) == (1, 1)
    assert ran.err == "Unknown key “author” beside the cases.\n"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "This is not JSON: Expecting value: line 1 column 1 (char 0)."),
        ("{", "This is not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("5", "Expected a list of cases, or an object with “vignettes”."),
        ("{}", "Expected a list of cases, or an object with “vignettes”."),
        ({"version": 2, "vignettes": []}, "Expected version 1 of the case format."),
        ({"version": True, "vignettes": []}, "Expected version 1 of the case format."),
        ({"version": "1", "vignettes": []}, "Expected version 1 of the case format."),
        ([{"id": "A"}, {"id": "A"}], "The id “A” is given to more than one case."),
    ],
)
def test_screen_refuses_a_file_in_one_sentence(file: Any, content: Any, sentence: str) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("screen", str(file(content)))
    assert sentence in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1
    assert refused.value.returncode == 1


def test_screen_of_no_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read: No such file or directory"):
        call_command("screen", str(tmp_path / "none.json"))


def test_screen_of_bytes_that_are_no_text_says_so(tmp_path: Path) -> None:
    path = tmp_path / "cases.json"
    path.write_bytes(b"\xff\xfe[]")
    with pytest.raises(CommandError, match="is not UTF-8 text"):
        call_command("screen", str(path))


def test_screen_writes_no_character_that_steers_a_terminal(file: Any) -> None:
    ran = screen(file([{"id": "A\u001b[31m\nB", "x": 1}]))
    assert ran.err == "A?[31m?B: x: Unknown key “x”.\n"
    assert "\u001b" not in ran.out


TATTOO = {
    "gate": "temporary",
    "question": "Fresh tattoo in the area",
    "sentence": "A fresh tattoo: the skin is healing. Screen again after 6 weeks.",
}


def test_screen_uses_the_list_that_the_clinic_signed_and_says_which(file: Any) -> None:
    make.safety_list(changed={"gallstones": {"gate": "absolute"}})
    path = file([{"id": "A", "safety": {"cautions": ["gallstones"]}}])
    ran = screen(path)
    assert ran.err == "Safety list 1, signed in this clinic, is used.\n"
    assert (ran.status, ran.results[0]["sub_outcome"]) == (0, "contraindicated")


def test_screen_with_draft_leaves_the_clinics_list_aside(file: Any) -> None:
    make.safety_list(changed={"gallstones": {"gate": "absolute"}})
    ran = screen(file([{"id": "A", "safety": {"cautions": ["gallstones"]}}]), "--draft")
    assert (ran.err, ran.results[0]["outcome"]) == ("", "undecided")


def test_screen_reads_items_of_the_clinics_own(file: Any) -> None:
    own = make.safety_list(added=[TATTOO]).rows.get(question=TATTOO["question"])
    path = file([{"id": "A", "safety": {"temporary": [own.code]}}])
    assert screen(path).results[0]["sub_outcome"] == "deferred"
    assert screen(path, "--draft").results[0] == {
        "id": "A",
        "error": f"safety.temporary: Unknown code “{own.code}”.",
    }


def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "manage.py", "screen", *arguments],
        cwd=ROOT,
        capture_output=True,
        check=False,
        env={"DEBUG": "true", **options.pop("env", {})},
        **options,
    )


@pytest.mark.parametrize("name", ["empty.sqlite3", "no/such/folder.sqlite3"])
def test_screen_works_as_a_command_without_a_migrated_database(tmp_path: Path, name: str) -> None:
    database = {"DATABASE_URL": f"sqlite:///{tmp_path / name}"}
    ran = run("-", input=VIGNETTES.read_bytes(), env=database)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert len(json.loads(ran.stdout)) == 15


def test_screen_without_a_file_ends_with_2() -> None:
    assert run().returncode == 2
