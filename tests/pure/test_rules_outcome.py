"""What a review finds in one area: the classes of domain.md 1.10, cell by cell."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.terms import Area
from treatments.rules.comparability import Pair, Shot
from treatments.rules.outcome import (
    Circumstances,
    Finding,
    Grades,
    Outcome,
    classify,
    confounders,
    needs_reason_to_continue,
    weight_confounds,
)
from treatments.rules.pairs import Framing, Picture, judge
from treatments.rules.sentence import Sentence

START = Grades(css=8, cr_pcss=3, pr_pcss=3)
CLEAR, RESPONSE, MIXED = Outcome.CLEAR_RESPONSE, Outcome.RESPONSE, Outcome.MIXED
SAME, WORSE = Outcome.NO_CHANGE, Outcome.WORSE
ONLY_CLINICIAN = "Only the clinician’s grades are better."
ONLY_PATIENT = "Only the patient’s grades are better."


def found(
    css: int = 0, cr: int = 0, pr: int = 0, gais: int = 0, *, area: Area = Area.BUTTOCK_LEFT
) -> Finding:
    """Class one area whose grades moved by so much; below 0 is better, but for the GAIS."""
    now = Grades(css=8 + css, cr_pcss=3 + cr, pr_pcss=3 + pr, s_gais=gais)
    return classify(area, START, now)


def templates(lines: tuple[Sentence, ...]) -> list[str]:
    return [line.template for line in lines]


@pytest.mark.parametrize(
    ("css", "cr", "pr", "gais", "outcome"),
    [
        # nothing moved, or by less than its noise
        (0, 0, 0, 0, SAME),
        (-1, 0, 0, 0, SAME),
        (1, 0, 0, 0, SAME),
        # 2-level composite
        (0, -2, -2, 0, CLEAR),
        (-5, -3, -2, 3, CLEAR),
        (0, -2, -1, 0, RESPONSE),
        (0, -1, -2, 0, RESPONSE),
        # 1-level composite
        (0, -1, -1, 0, RESPONSE),
        # CSS with the patient
        (-2, 0, -1, 0, RESPONSE),
        (-2, 0, 0, 1, RESPONSE),
        (-1, 0, -1, 0, MIXED),
        (-1, 0, 0, 1, MIXED),
        # only one of the two
        (-2, 0, 0, 0, MIXED),
        (0, -1, 0, 0, MIXED),
        (0, -3, 0, 0, MIXED),
        (0, 0, -1, 0, MIXED),
        (0, 0, 0, 1, MIXED),
        (0, 0, -3, 3, MIXED),
        # both, on scales that make no response together
        (0, -1, 0, 1, MIXED),
        # worse, whatever else is better
        (2, 0, 0, 0, WORSE),
        (0, 1, 0, 0, WORSE),
        (0, 0, 0, -1, WORSE),
        (2, -2, -2, 3, WORSE),
        (-6, 1, -2, 3, WORSE),
        (-6, -2, -2, -1, WORSE),
        # a higher PR-PCSS is not among what 1.10 calls worse
        (0, 0, 1, 0, SAME),
    ],
)
def test_class_of_a_fully_graded_area(
    css: int, cr: int, pr: int, gais: int, outcome: Outcome
) -> None:
    assert found(css, cr, pr, gais).outcome == outcome


@pytest.mark.parametrize(("fall", "outcome"), [(1, SAME), (2, MIXED)])
def test_css_counts_from_2_points_lower(fall: int, outcome: Outcome) -> None:
    assert found(css=-fall).outcome == outcome


@pytest.mark.parametrize(("rise", "outcome"), [(1, SAME), (2, WORSE)])
def test_css_counts_from_2_points_higher(rise: int, outcome: Outcome) -> None:
    assert found(css=rise).outcome == outcome


def test_one_point_is_named_as_noise() -> None:
    noise = "CSS differs by 1 point, which is within the noise of one observer."
    nothing = "Nothing moved by more than the noise of its scale."
    assert templates(found(css=-1).reasons) == [noise, nothing]
    assert templates(found().reasons) == [nothing]


def test_reasons_name_what_made_the_class_and_what_speaks_against_it() -> None:
    assert templates(found(css=2, cr=-1, pr=-1).reasons) == [
        "CSS is %(points)d points higher.",
        "CR-PCSS and PR-PCSS are both at least 1 level lower.",
    ]
    assert found(cr=1).reasons[0].values == {"before": 3, "now": 4}


@pytest.mark.parametrize(
    ("moved", "why"),
    [
        ({"cr": -1}, ONLY_CLINICIAN),
        ({"css": -3}, ONLY_CLINICIAN),
        ({"pr": -1}, ONLY_PATIENT),
        ({"gais": 2}, ONLY_PATIENT),
        (
            {"cr": -1, "gais": 1},
            "Both are better, but not on scales that make a response together.",
        ),
    ],
)
def test_mixed_says_who_saw_it(moved: dict[str, int], why: str) -> None:
    assert why in templates(found(**moved).reasons)


@pytest.mark.parametrize("moved", [{"cr": -1, "pr": -1}, {"pr": -1}, {"cr": -1}])
def test_one_level_is_called_weak_evidence(moved: dict[str, int]) -> None:
    weak = "A step of this size in one patient is weak evidence: it is seen without treatment too."
    assert templates(found(**moved).reasons)[-1] == weak


@pytest.mark.parametrize(
    ("moved", "disagree"),
    [
        ({}, False),
        ({"cr": -1}, True),
        ({"pr": -1}, True),
        ({"cr": -1, "pr": -1}, False),
        ({"css": -2, "gais": 1}, False),
        ({"cr": 1}, True),
        ({"cr": 1, "gais": -1}, False),
        ({"cr": -1, "gais": -1}, True),
        ({"pr": 1}, True),
    ],
)
def test_patient_and_clinician_disagree_when_only_one_moved(
    moved: dict[str, int], disagree: bool
) -> None:
    assert found(**moved).disagree is disagree


# What is missing ----------------------------------------------------------------------------------


def test_missing_css_leaves_open_what_it_could_have_said() -> None:
    found = classify(Area.BUTTOCK_LEFT, START, Grades(cr_pcss=3, pr_pcss=3, s_gais=0))
    assert (found.outcome, found.possible) == (None, (WORSE, SAME, MIXED))
    assert templates(found.missing) == ["The CSS of this review is not complete."]
    assert found.reasons == ()


def test_missing_opinion_leaves_a_better_score_open() -> None:
    found = classify(Area.BUTTOCK_LEFT, START, Grades(css=4, cr_pcss=1))
    assert (found.outcome, found.possible) == (None, (WORSE, MIXED, RESPONSE, CLEAR))
    assert templates(found.missing) == [
        "The patient’s PR-PCSS of this review is missing.",
        "The patient’s comparison with the start (S-GAIS) is missing.",
    ]


def test_worse_by_one_grade_is_worse_whatever_is_missing() -> None:
    found = classify(Area.BUTTOCK_LEFT, START, Grades(css=10))
    assert (found.outcome, found.disagree) == (WORSE, False)


def test_everything_missing_cannot_be_said() -> None:
    found = classify(Area.BUTTOCK_LEFT, Grades(), Grades())
    assert (found.outcome, found.possible) == (None, (WORSE, SAME, MIXED, RESPONSE))
    assert len(found.missing) == 3


def test_css_missing_at_the_start_cannot_be_said_though_the_review_is_complete() -> None:
    start = replace(START, css=None)
    found = classify(Area.BUTTOCK_LEFT, start, Grades(css=8, cr_pcss=3, pr_pcss=3, s_gais=0))
    assert found.outcome is None
    assert templates(found.missing) == ["The CSS at the start is not complete."]


def test_pcss_that_the_clinic_does_not_use_is_not_compared_and_that_is_said() -> None:
    found = classify(Area.BUTTOCK_LEFT, Grades(css=8), Grades(css=8, s_gais=0))
    assert (found.outcome, found.missing) == (SAME, ())
    assert [(line.template, line.values) for line in found.notes] == [
        ("%(scale)s was not taken at the start, so it is not compared.", {"scale": name})
        for name in ("CR-PCSS", "PR-PCSS")
    ]


@pytest.mark.parametrize(("gais", "outcome"), [(-1, WORSE), (0, MIXED), (1, RESPONSE)])
def test_area_without_pcss_photographs_goes_by_css_and_gais(gais: int, outcome: Outcome) -> None:
    found = classify(Area.KNEE_LEFT, START, Grades(css=6, s_gais=gais))
    assert (found.outcome, found.missing) == (outcome, ())
    assert templates(found.notes) == [
        "Outside the validated region: the CSS was tested on buttocks and backs of thighs."
    ]


@pytest.mark.parametrize(("start", "is_floor"), [(0, True), (1, True), (2, False)])
def test_start_of_0_or_1_is_a_floor(start: int, is_floor: bool) -> None:
    begun = Grades(css=4, cr_pcss=start, pr_pcss=3)
    found = classify(Area.BUTTOCK_LEFT, begun, Grades(css=4, cr_pcss=start, pr_pcss=3, s_gais=0))
    said = [line.values for line in found.notes]
    assert said == ([{"scale": "CR-PCSS", "before": start}] if is_floor else [])


# Properties ---------------------------------------------------------------------------------------

CSS, PCSS, GAIS = st.integers(0, 15), st.integers(0, 4), st.integers(-3, 3)
STARTS = st.builds(Grades, css=CSS, cr_pcss=PCSS, pr_pcss=PCSS)
REVIEWS = st.builds(Grades, css=CSS, cr_pcss=PCSS, pr_pcss=PCSS, s_gais=GAIS)
AREAS = st.sampled_from(Area)
NAMES = ("css", "cr_pcss", "pr_pcss", "s_gais")


@given(AREAS, STARTS, REVIEWS)
def test_complete_area_always_has_a_class(area: Area, start: Grades, now: Grades) -> None:
    found = classify(area, start, now)
    assert found.outcome is not None
    assert (found.possible, found.missing) == ((found.outcome,), ())


@given(AREAS, STARTS, REVIEWS)
def test_left_and_right_are_classed_alike(area: Area, start: Grades, now: Grades) -> None:
    there = classify(area.mirrored, start, now)
    assert replace(there, area=area) == classify(area, start, now)


@given(AREAS, STARTS, REVIEWS, st.sampled_from(NAMES))
def test_better_grade_never_makes_a_lower_class(
    area: Area, start: Grades, now: Grades, name: str
) -> None:
    value = getattr(now, name)
    better = min(value + 1, 3) if name == "s_gais" else max(value - 1, 0)
    before, after = (classify(area, start, each) for each in (now, replace(now, **{name: better})))
    assert after.outcome is not None
    assert before.outcome is not None
    assert after.outcome >= before.outcome


@given(AREAS, STARTS, REVIEWS, st.sets(st.sampled_from(NAMES), min_size=1), st.booleans())
def test_leaving_something_out_takes_a_class_away_and_never_makes_another(
    area: Area, start: Grades, now: Grades, gone: set[str], at_start: bool
) -> None:
    whole = classify(area, start, now).outcome
    if at_start and "css" in gone:
        start = replace(start, css=None)
    found = classify(area, start, replace(now, **dict.fromkeys(gone)))
    assert found.outcome in (whole, None)
    assert whole in found.possible


@given(AREAS, STARTS, REVIEWS, st.sampled_from(("css", "s_gais")))
def test_missing_css_or_gais_is_never_no_change(
    area: Area, start: Grades, now: Grades, gone: str
) -> None:
    found = classify(area, start, replace(now, **{gone: None}))
    assert found.outcome != SAME
    assert len(found.missing) == 1


# Going on after session 10 ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outcomes", "needs"),
    [
        ([SAME, SAME], True),
        ([SAME, WORSE], True),
        ([WORSE], True),
        ([SAME, None], True),
        ([], True),
        ([SAME, MIXED], False),
        ([RESPONSE, SAME], False),
        ([CLEAR], False),
        ([WORSE, MIXED], False),
    ],
)
def test_going_on_needs_a_reason_unless_an_area_is_better(
    outcomes: list[Outcome | None], needs: bool
) -> None:
    assert needs_reason_to_continue(outcomes) is needs


# Beside the classes -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "confounds"),
    [("58.2", True), ("58.3", False), ("61.7", False), ("61.8", True), ("60.0", False)],
)
def test_weight_counts_from_3_of_100(now: str, confounds: bool) -> None:
    assert weight_confounds(Decimal("60.0"), Decimal(now)) is confounds


def test_confounders_stand_in_a_fixed_order_and_name_what_is_not_known() -> None:
    assert templates(confounders(Circumstances(sessions=5, planned=12))) == [
        "Weight is not known on both days.",
        "It is not known who scored the start.",
        "No pair of photographs: there is none of the same view from both days.",
        "Sessions held: %(sessions)d of %(planned)d.",
    ]


def test_confounders_of_a_review_that_knows_everything() -> None:
    seen = Circumstances(
        weight_before=Decimal("60.0"),
        weight_now=Decimal("58.0"),
        same_rater=False,
        pair=Pair.WITH_CAVEATS,
        caveats=(Sentence("Taken %(days)d days after a session.", {"days": 7}),),
        sessions=10,
        planned=12,
        missed=2,
        days_since_session=7,
    )
    lines = confounders(seen)
    assert [line.template % line.values for line in lines] == [
        "Weight 58.0 kg, was 60.0 kg: weight alone can change the look, for the better or for the worse.",
        "Another person scored the start: 1 or 2 points can come from the change of eyes.",
        "Photographs: comparable with caveats.",
        "Taken 7 days after a session.",
        "Sessions held: 10 of 12.",
        "Sessions missed: 2.",
        "Days since the last session: 7.",
    ]


SESSION = date(2026, 10, 1)


def shot(days: int, weight: str | None) -> Shot:
    on = date.fromordinal(SESSION.toordinal() + days)
    return Shot(on, (SESSION,), Decimal(weight) if weight else None)


@pytest.mark.parametrize(
    ("days", "weight", "pair"),
    [
        (14, "60.0", Pair.COMPARABLE),
        (13, "60.0", Pair.WITH_CAVEATS),
        (14, "57.0", Pair.WITH_CAVEATS),
        (14, None, Pair.WITH_CAVEATS),
        (13, None, Pair.WITH_CAVEATS),
        (13, "57.0", Pair.WITH_CAVEATS),
        (14, "56.9", Pair.NOT_COMPARABLE),
        (14, "63.0", Pair.WITH_CAVEATS),
        (14, "63.1", Pair.NOT_COMPARABLE),
    ],
)
def test_pair_is_judged_by_swelling_and_weight(days: int, weight: str | None, pair: Pair) -> None:
    start = Shot(date(2026, 9, 1), (), Decimal("60.0"))
    picture = Picture("back_relaxed", setup=1)
    found = judge(
        (start, shot(days, weight)), (picture, picture), likeness=1.0, framing=Framing(1, 0)
    )
    assert found.pair == pair
