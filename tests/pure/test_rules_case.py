"""Reading a case and writing its result: strict by name, and unknown stays unknown."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from rules_samples import vignettes

from patients.rules import REQUIRED_SAFETY, ScreeningFacts, assess
from patients.rules.case import CaseError, read_case, write_result
from patients.rules.safety_list import DRAFT, SafetyList, SafetyRow
from patients.terms import Area, LiftTest, SafetyGate

Edit = Callable[[dict[str, Any]], object]


def case(edit: Edit = lambda _case: None) -> dict[str, Any]:
    edited = copy.deepcopy(vignettes()[0])
    edit(edited)
    return edited


def refusal(edit: Edit) -> tuple[str, str]:
    with pytest.raises(CaseError) as refused:
        read_case(case(edit))
    assert refused.value.id == "V01"
    return refused.value.field, refused.value.sentence


def test_case_with_only_an_id_reads_as_nothing_known() -> None:
    assert read_case({"id": "X"}) == ScreeningFacts()


def test_case_reads_answers_into_facts() -> None:
    facts = read_case(case())
    first = facts.areas[0]
    assert (facts.patient.bmi, facts.mother_or_sister_cellulite, first.area) == (
        22.0,
        True,
        Area.BUTTOCK_LEFT,
    )
    assert (first.lift_test, first.css_nm, first.visible_on_pinch) == (LiftTest.PERSIST, 2, True)


def test_case_without_bmi_computes_it() -> None:
    facts = read_case(case(lambda c: c["patient"].update(bmi=None, weight_kg=88, height_cm=166)))
    assert facts.patient.bmi == 31.9


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        (lambda c: c.update(colour="red"), "colour"),
        (lambda c: c["patient"].update(name="A"), "patient.name"),
        (lambda c: c["history"].update(mood="good"), "history.mood"),
        (lambda c: c["history"]["legs"].update(cold=True), "history.legs.cold"),
        (lambda c: c["safety"].update(other=[]), "safety.other"),
        (lambda c: c["areas"][1].update(lift="persist"), "areas[1].lift"),
        (lambda c: c["areas"][1]["css"].update(sum=7), "areas[1].css.sum"),
    ],
)
def test_case_with_unknown_key_is_refused_by_name(edit: Edit, field: str) -> None:
    name = field.rpartition(".")[2]
    assert refusal(edit) == (field, f"Unknown key “{name}”.")


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        (lambda c: c["areas"][0].update(lift_test="maybe"), "areas[0].lift_test"),
        (lambda c: c["areas"][0].update(area="nose"), "areas[0].area"),
        (lambda c: c["areas"][0].update(area=None), "areas[0].area"),
        (lambda c: c["areas"][1].update(area="buttock_left"), "areas[1].area"),
        (lambda c: c["areas"][0].update(visible_lying="no"), "areas[0].visible_lying"),
        (lambda c: c["areas"][0].update(sun_grade=4), "areas[0].sun_grade"),
        (lambda c: c["areas"][0].update(sun_grade=True), "areas[0].sun_grade"),
        (lambda c: c["areas"][0].update(lipo_signs=["scar"]), "areas[0].lipo_signs"),
        (lambda c: c["areas"][0].update(lipo_months_ago=-1), "areas[0].lipo_months_ago"),
        (lambda c: c["areas"][0]["css"].update(depth=1.5), "areas[0].css.depth"),
        (lambda c: c["safety"].update(absolute=["pregnancy"]), "safety.absolute"),
        (lambda c: c["safety"].update(allergies="soya"), "safety.allergies"),
        (lambda c: c["patient"].update(age=float("nan")), "patient.age"),
        (lambda c: c["patient"].update(sex="X"), "patient.sex"),
        (lambda c: c.update(patient=[]), "patient"),
        (lambda c: c.update(areas={}), "areas"),
        (lambda c: c.update(areas=["buttock_left"]), "areas[0]"),
        (lambda c: c["history"].update(expectations=["realistic"]), "history.expectations"),
        (lambda c: c.update(title=5), "title"),
        (lambda c: c.update(story=["a"]), "story"),
        (lambda c: c["patient"].update(age=10**400), "patient.age"),
        (lambda c: c["patient"].update(weight_kg=float("inf")), "patient.weight_kg"),
        (lambda c: c["patient"].update(bmi="22"), "patient.bmi"),
        (lambda c: c["history"].update(smoker=1), "history.smoker"),
        (lambda c: c["history"].update(legs=[]), "history.legs"),
    ],
)
def test_case_with_a_wrong_value_is_refused_at_its_field(edit: Edit, field: str) -> None:
    assert refusal(edit)[0] == field


def test_case_with_wrong_css_total_is_refused() -> None:
    assert refusal(lambda c: c["areas"][0]["css"].update(total=8)) == (
        "areas[0].css.total",
        "The total is 8 but the items add up to 7.",
    )


@pytest.mark.parametrize("total", [5, 10])
def test_case_with_a_total_that_no_missing_item_could_make_is_refused(total: int) -> None:
    # 2 + unknown + 2 + 0 + 2
    assert refusal(lambda c: c["areas"][0]["css"].update(total=total, depth=None)) == (
        "areas[0].css.total",
        f"The total is {total} but the items make 6 to 9.",
    )


@pytest.mark.parametrize("total", [6, 9])
def test_case_with_a_total_beside_a_missing_item_adds_nothing(total: int) -> None:
    facts = read_case(case(lambda c: c["areas"][0]["css"].update(total=total, depth=None)))
    assert facts.areas[0].css_depth is None


def test_case_names_a_long_or_nested_value_in_few_words() -> None:
    assert refusal(lambda c: c["patient"].update(sex="F" * 500))[1] == (
        f"Unknown value “{'F' * 40}…”."
    )
    assert refusal(lambda c: c["patient"].update(sex={"a": []}))[1] == "Unknown value “an object”."


def test_case_without_css_total_is_read() -> None:
    assert read_case(case(lambda c: c["areas"][0]["css"].pop("total"))) == read_case(case())


@pytest.mark.parametrize("data", [{}, {"id": None}, {"id": 5}, {"id": ""}, [], None])
def test_case_without_id_is_refused(data: Any) -> None:
    with pytest.raises(CaseError) as refused:
        read_case(data)
    assert (refused.value.id, refused.value.field) == ("", "id")


@pytest.mark.parametrize("key", ["absolute", "temporary", "allergies"])
def test_case_with_safety_list_not_asked_is_undecided(key: str) -> None:
    absent = assess(read_case(case(lambda c: c["safety"].pop(key))))
    null = assess(read_case(case(lambda c: c["safety"].update({key: None}))))
    assert (absent.outcome, absent) == ("undecided", null)


def test_case_without_safety_misses_every_required_answer() -> None:
    assert read_case(case(lambda c: c.pop("safety"))).safety.missing == REQUIRED_SAFETY


OWN_STOP = SafetyRow(
    code="own_tattoo",
    gate=SafetyGate.TEMPORARY,
    stem="TATTOO",
    question="Fresh tattoo here",
    sentence="A fresh tattoo here: let it heal. Screen again when it has.",
    is_required=True,
)
CLINIC = SafetyList(version=1, rows=(*DRAFT.rows, OWN_STOP), exclusions=DRAFT.exclusions)


def test_case_may_declare_an_item_of_the_clinics_own_list() -> None:
    declared = case(lambda c: c["safety"].update(temporary=["own_tattoo"]))
    verdict = assess(read_case(declared, CLINIC), CLINIC)
    assert (verdict.sub_outcome, verdict.reasons[0].code) == ("deferred", "T_TATTOO")
    assert assess(read_case(case(), CLINIC), CLINIC).missing == ()
    with pytest.raises(CaseError, match="Unknown code “own_tattoo”"):
        read_case(declared)


def test_case_without_a_list_misses_what_the_clinics_own_list_requires() -> None:
    unasked = case(lambda c: c["safety"].pop("temporary"))
    assert "own_tattoo" in read_case(unasked, CLINIC).safety.missing
    assert "own_tattoo" not in read_case(unasked).safety.missing


def test_case_with_cautions_not_asked_is_decided() -> None:
    assert assess(read_case(case(lambda c: c["safety"].pop("cautions")))).missing == ()


@pytest.mark.parametrize("key", ["lift_test", "css"])
def test_case_with_missing_exam_is_undecided_and_names_the_area(key: str) -> None:
    verdict = assess(read_case(case(lambda c: c["areas"][2].update({key: None}))))
    assert (verdict.outcome, verdict.areas[2].primary) == ("undecided", "undecided")
    assert {missing.area for missing in verdict.missing} == {Area.THIGH_POSTERIOR_LEFT}


def test_result_is_written_in_the_output_format() -> None:
    facts = read_case(case(lambda c: c["areas"][0].update(lift_test=None)))
    written = write_result("V01", assess(facts))
    assert list(written) == [
        "id",
        "areas",
        "outcome",
        "sub_outcome",
        "reasons",
        "excluded_agents",
        "prescriber_review",
        "missing",
        "rule_set",
    ]
    assert written["areas"][0] == {
        "area": "buttock_left",
        "primary": "undecided",
        "contributing": [],
        "treatable": "unknown",
    }
    assert written["missing"] == [
        {
            "field": "lift_test",
            "area": "buttock_left",
            "sentence": "Lift test: not recorded yet.",
        }
    ]
    assert json.loads(json.dumps(written)) == written


def test_result_asks_for_answers_by_keys_that_a_case_has() -> None:
    """A case gives the stage itself; raised areas, from which the form derives it, have no key."""
    facts = read_case(case(lambda c: c["areas"][0]["css"].update(nm=None, total=None)))
    written = write_result("V01", assess(facts))
    assert [row["field"] for row in written["missing"]] == ["css_nm"]
