"""What must hold for every screening, whatever was answered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from rules_samples import codes

from patients.rules import (
    REQUIRED_SAFETY,
    AreaFacts,
    LegFacts,
    PatientFacts,
    SafetyFacts,
    ScreeningFacts,
    Verdict,
    assess,
    what_would_change,
)
from patients.rules.case import write_result
from patients.rules.facts import ABSOLUTE, CAUTIONS, TEMPORARY
from patients.rules.stage import derive_stage
from patients.terms import (
    Allergen,
    Area,
    Crepe,
    Expectations,
    LiftTest,
    LipoOnset,
    LipoSign,
    Outcome,
    Recoil,
    Sex,
    Stemmer,
    SunSign,
)

# Higher is better. Undecided is no result at all, so it is never better than one.
RANK = {
    Outcome.CONTRAINDICATED_OR_DEFERRED: 0,
    Outcome.UNDECIDED: 0,
    Outcome.REFER: 1,
    Outcome.REDUCED_EXPECTATIONS: 2,
    Outcome.GOOD_CANDIDATE: 3,
}
TREATABLE_RANK = {"unknown": 0, "no": 0, "reduced": 1, "yes": 2}

answer = st.sampled_from([True, False, None])
mostly_no = st.sampled_from([False, False, False, False, True, None])
grade = st.sampled_from([0, 1, 2, 3, None])


def maybe(words: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from([*words, None])


def some(words: Any) -> st.SearchStrategy[Any]:
    return st.none() | st.frozensets(st.sampled_from(list(words)), max_size=4)


@st.composite
def any_area(draw: st.DrawFn, name: Area) -> AreaFacts:
    """An area of any answers, contradictions included."""
    drawn: dict[str, Any] = {}
    for field in AreaFacts.__dataclass_fields__.values():
        drawn[field.name] = draw(AREA_ANSWERS.get(field.name, answer))
    return AreaFacts(**drawn | {"area": name})


AREA_ANSWERS: dict[str, st.SearchStrategy[Any]] = {
    "area": st.none(),
    **dict.fromkeys(
        ["css_number", "css_depth", "css_morphology", "css_laxity", "css_nm", "sun_grade"], grade
    ),
    "lift_test": maybe(LiftTest),
    "crepey": maybe(Crepe),
    "recoil": maybe(Recoil),
    "sun_signs": some(SunSign),
    "lipo_signs": some(LipoSign),
    "lipo_onset": maybe(LipoOnset),
    "lipo_months_ago": maybe([0, 5, 5.9, 6, 11, 12, 48]),
    "lipo_count": maybe([0, 1, 2]),
    **dict.fromkeys(
        ["infection_or_inflammation", "suspicious_lesion", "actinic_keratosis"], mostly_no
    ),
}


@st.composite
def sound_area(draw: st.DrawFn, name: Area) -> AreaFacts:
    """A fully answered area whose stage, item e, counts and lift test agree with each other."""
    lying, standing, pinch, raised = draw(
        st.sampled_from(
            [
                (False, False, False, False),
                (False, False, True, False),
                (False, True, True, False),
                (True, True, True, False),
                (False, True, True, True),
            ]
        )
    )
    stage = derive_stage(lying, standing, pinch, raised).stage
    number = draw(st.sampled_from([1, 2, 3])) if standing else 0
    lifts = [LiftTest.NO_DIMPLES] if stage == 0 else list(LiftTest)
    lipo = draw(st.booleans())
    return AreaFacts(
        area=name,
        visible_lying=lying,
        visible_standing=standing,
        visible_on_pinch=pinch,
        raised_nodules=raised,
        css_number=number,
        css_depth=draw(st.sampled_from([1, 2, 3])) if number else 0,
        css_morphology=draw(st.sampled_from([0, 1, 2, 3])),
        css_laxity=draw(st.sampled_from([0, 1, 2, 3])),
        css_nm=stage,
        lift_test=draw(st.sampled_from(lifts)),
        crepey=draw(st.sampled_from(Crepe)),
        recoil=draw(st.sampled_from(Recoil)),
        scalloped_folds=draw(st.booleans()),
        localised_fat=draw(st.booleans()),
        infection_or_inflammation=draw(st.integers(0, 9)) == 0,
        sun_grade=draw(st.sampled_from([0, 0, 1, 2, 3])),
        sun_signs=frozenset(),
        sun_border_at_clothing=draw(st.booleans()),
        suspicious_lesion=draw(st.integers(0, 9)) == 0,
        actinic_keratosis=draw(st.integers(0, 9)) == 0,
        lipo_here=lipo,
        lipo_months_ago=draw(st.sampled_from([3, 6, 11, 12, 48])) if lipo else None,
        lipo_count=1 if lipo else 0,
        lipo_onset=draw(st.sampled_from(LipoOnset)) if lipo else None,
        lipo_signs=draw(st.frozensets(st.sampled_from(LipoSign), max_size=3)),
    )


def _area_sets(one_area: Any) -> st.SearchStrategy[tuple[AreaFacts, ...]]:
    names = st.lists(st.sampled_from(Area), max_size=4, unique=True)
    return names.flatmap(lambda chosen: st.tuples(*(one_area(name) for name in chosen)))


def _patients(unknown: bool) -> st.SearchStrategy[PatientFacts]:
    gap = [None] if unknown else []
    return st.builds(
        PatientFacts,
        age=st.sampled_from([32, 45, 17, 18, 66, *gap]),
        sex=st.sampled_from([*Sex, *gap]),
        bmi=st.sampled_from([22, 18.4, 29.9, 30.0, 34.9, 35.0, *gap]),
        fitzpatrick=st.sampled_from([2, 5, *gap]),
    )


def _legs(unknown: bool) -> st.SearchStrategy[LegFacts]:
    signs = answer if unknown else st.booleans()
    fields = dict.fromkeys(LegFacts.__dataclass_fields__, signs)
    rarely = mostly_no if unknown else st.integers(0, 5).map(lambda n: n == 0)
    positive = [None, *Stemmer] if unknown else [Stemmer.NEGATIVE] * 3 + [Stemmer.POSITIVE]
    fields |= {"new_unilateral_swelling": rarely, "symmetric_disproportion": rarely}
    fields |= {"pitting_oedema": rarely, "stemmer": st.sampled_from(positive)}
    return st.builds(LegFacts, **fields)


def _codes(items: Any) -> st.SearchStrategy[frozenset[str]]:
    words = sorted(item.value for item in items)
    return st.just(frozenset()) | st.frozensets(st.sampled_from(words), max_size=2)


def _safety(unknown: bool) -> st.SearchStrategy[SafetyFacts]:
    return st.builds(
        SafetyFacts,
        absolute=st.just(frozenset()) | _codes(ABSOLUTE),
        temporary=st.just(frozenset()) | _codes(TEMPORARY),
        cautions=_codes(CAUTIONS),
        allergies=_codes(Allergen),
        missing=st.just(frozenset())
        | st.frozensets(st.sampled_from(sorted(REQUIRED_SAFETY)), max_size=2 if unknown else 0),
    )


def _screenings(one_area: Any, unknown: bool) -> st.SearchStrategy[ScreeningFacts]:
    gap = [None] if unknown else []
    return st.builds(
        ScreeningFacts,
        patient=_patients(unknown),
        legs=_legs(unknown),
        safety=_safety(unknown),
        areas=_area_sets(one_area),
        bdd_screen_positive=st.sampled_from([False, False, True, *gap]),
        expectations=st.sampled_from([*Expectations, *gap]),
        major_weight_loss=st.sampled_from([False, True, *gap]),
        smoker=st.sampled_from([False, True, *gap]),
    )


anything = _screenings(any_area, unknown=True)
complete = _screenings(sound_area, unknown=False)


def _by_area(verdict: Verdict) -> dict[Area, tuple[str, tuple[str, ...], str]]:
    return {a.area: (a.primary, a.contributing, a.treatable) for a in verdict.areas}


def _whole(verdict: Verdict) -> tuple[str, str, bool, tuple[str, ...]]:
    return (
        verdict.outcome,
        verdict.sub_outcome,
        verdict.prescriber_review,
        verdict.excluded_agents,
    )


@given(anything)
def test_assess_is_total_and_every_sentence_can_be_said(facts: ScreeningFacts) -> None:
    verdict = assess(facts)
    written = write_result("any", verdict)
    assert [row for row in written["reasons"] if "%(" in row["sentence"]] == []
    assert len(verdict.areas) == len(facts.areas)


@given(anything)
def test_undecided_exactly_asks_for_something(facts: ScreeningFacts) -> None:
    verdict = assess(facts)
    if verdict.outcome == Outcome.UNDECIDED:
        assert len(verdict.missing) > 0
    if verdict.outcome in (Outcome.GOOD_CANDIDATE, Outcome.REDUCED_EXPECTATIONS):
        assert verdict.missing == ()


@given(complete)
def test_complete_answers_are_always_decided(facts: ScreeningFacts) -> None:
    verdict = assess(facts)
    expected = () if facts.areas else ("areas",)
    assert tuple(missing.field for missing in verdict.missing) == expected


@given(anything, st.sampled_from(sorted(ABSOLUTE | TEMPORARY)))
def test_adding_a_stop_never_improves_an_outcome(facts: ScreeningFacts, stop: Any) -> None:
    before = assess(facts)
    kind = "absolute" if stop in ABSOLUTE else "temporary"
    more = getattr(facts.safety, kind) | {stop.value}
    after = assess(replace(facts, safety=replace(facts.safety, **{kind: more})))
    assert after.outcome == Outcome.CONTRAINDICATED_OR_DEFERRED
    assert before.sub_outcome != "contraindicated" or after.sub_outcome == "contraindicated"


STOPS: dict[str, dict[str, Any]] = {
    "lesion": {"suspicious_lesion": True},
    "keratosis": {"actinic_keratosis": True},
    "infection": {"infection_or_inflammation": True},
    "liposuction": {"lipo_here": True, "lipo_months_ago": 5},
}
# Among the stops, the gravest word stands first.
GRAVEST = ["contraindicated", "deferred_urgent_referral", "deferred"]


@given(anything, st.sampled_from(["body image", "swelling", "age", *STOPS]))
def test_adding_a_stop_outside_the_lists_never_improves(facts: ScreeningFacts, stop: str) -> None:
    before, after = assess(facts), assess(_with_stop(facts, stop))
    if stop not in STOPS or facts.areas:
        assert after.outcome == Outcome.CONTRAINDICATED_OR_DEFERRED
    if before.sub_outcome in GRAVEST:
        assert GRAVEST.index(after.sub_outcome) <= GRAVEST.index(before.sub_outcome)


def _with_stop(facts: ScreeningFacts, stop: str) -> ScreeningFacts:
    if stop == "body image":
        return replace(facts, bdd_screen_positive=True)
    if stop == "swelling":
        return replace(facts, legs=replace(facts.legs, new_unilateral_swelling=True))
    if stop == "age":
        return replace(facts, patient=replace(facts.patient, age=17))
    areas = (replace(facts.areas[0], **STOPS[stop]), *facts.areas[1:]) if facts.areas else ()
    return replace(facts, areas=areas)


@given(anything, answer, st.sampled_from([None, 0, 5]), answer)
def test_history_alone_never_changes_anything(
    facts: ScreeningFacts, mother: bool | None, births: int | None, stable: bool | None
) -> None:
    told = replace(
        facts,
        mother_or_sister_cellulite=mother,
        pregnancies=births,
        weight_stable_3_months=stable,
    )
    assert assess(told) == assess(facts)


@given(anything, maybe(Sex), grade, some(SunSign), maybe([0, 1, 4]))
def test_what_is_only_recorded_never_changes_anything(
    facts: ScreeningFacts,
    sex: Sex | None,
    glogau: int | None,
    sun: frozenset[SunSign] | None,
    times: int | None,
) -> None:
    told = replace(
        facts,
        patient=replace(facts.patient, sex=sex, glogau=glogau),
        areas=tuple(replace(area, sun_signs=sun, lipo_count=times) for area in facts.areas),
    )
    assert assess(told) == assess(facts)


@given(complete)
def test_liposuction_without_a_trace_never_changes_the_result(facts: ScreeningFacts) -> None:
    """Rule P3: dents from before, no sign, over a year ago are history and nothing else."""
    signs: frozenset[LipoSign] = frozenset()
    never = {"lipo_here": False, "lipo_months_ago": None, "lipo_onset": None, "lipo_signs": signs}
    once = {"lipo_here": True, "lipo_months_ago": 24, "lipo_onset": LipoOnset.BEFORE}
    without = replace(facts, areas=tuple(replace(area, **never) for area in facts.areas))
    after = replace(facts, areas=tuple(replace(area, **never | once) for area in facts.areas))
    assert _by_area(assess(after)) == _by_area(assess(without))
    assert (_whole(assess(after)), codes(assess(after))) == (
        _whole(assess(without)),
        codes(assess(without)),
    )


@given(anything, answer)
def test_smoking_never_changes_candidacy(facts: ScreeningFacts, smoker: bool | None) -> None:
    changed = assess(replace(facts, smoker=smoker))
    before = assess(facts)
    assert (changed.outcome, changed.areas) == (before.outcome, before.areas)


@given(anything, _codes(CAUTIONS), _codes(Allergen))
def test_cautions_and_allergies_never_change_candidacy(
    facts: ScreeningFacts, cautions: frozenset[str], allergies: frozenset[str]
) -> None:
    changed = replace(facts.safety, cautions=cautions, allergies=allergies)
    after, before = assess(replace(facts, safety=changed)), assess(facts)
    assert (after.outcome, after.sub_outcome, after.areas) == (
        before.outcome,
        before.sub_outcome,
        before.areas,
    )


def _without_area_answer(facts: ScreeningFacts, data: st.DataObject) -> ScreeningFacts:
    place = data.draw(st.integers(0, len(facts.areas) - 1))
    names = [name for name in AreaFacts.__dataclass_fields__ if name != "area"]
    gap: dict[str, Any] = {data.draw(st.sampled_from(names)): None}
    areas = list(facts.areas)
    areas[place] = replace(areas[place], **gap)
    return replace(facts, areas=tuple(areas))


def _without_one_answer(facts: ScreeningFacts, data: st.DataObject) -> ScreeningFacts:
    where = data.draw(st.sampled_from(["area", "patient", "legs", "safety", "screening"]))
    if where == "area" and facts.areas:
        return _without_area_answer(facts, data)
    if where == "patient":
        gap: dict[str, Any] = {
            data.draw(st.sampled_from(["age", "sex", "bmi", "fitzpatrick"])): None
        }
        return replace(facts, patient=replace(facts.patient, **gap))
    if where == "legs":
        gap = {data.draw(st.sampled_from(sorted(LegFacts.__dataclass_fields__))): None}
        return replace(facts, legs=replace(facts.legs, **gap))
    if where == "safety":
        return replace(facts, safety=_without_safety_answer(facts.safety, data))
    names = ["bdd_screen_positive", "expectations", "major_weight_loss"]
    gap = {data.draw(st.sampled_from(names)): None}
    return replace(facts, **gap)


def _without_safety_answer(safety: SafetyFacts, data: st.DataObject) -> SafetyFacts:
    # What `safety_facts` does with an answer that becomes unknown.
    code = data.draw(st.sampled_from(sorted(ABSOLUTE | TEMPORARY))).value
    return replace(
        safety,
        absolute=safety.absolute - {code},
        temporary=safety.temporary - {code},
        missing=safety.missing | {code},
    )


@settings(max_examples=400)
@given(complete.filter(lambda facts: facts.areas), st.data())
def test_removing_an_answer_never_improves_the_outcome(
    facts: ScreeningFacts, data: st.DataObject
) -> None:
    before, after = assess(facts), assess(_without_one_answer(facts, data))
    assert after.outcome == Outcome.UNDECIDED or RANK[after.outcome] <= RANK[before.outcome]


@settings(max_examples=400)
@given(complete.filter(lambda facts: facts.areas), st.data())
def test_removing_an_answer_never_turns_an_area_normal(
    facts: ScreeningFacts, data: st.DataObject
) -> None:
    before, after = assess(facts), assess(_without_one_answer(facts, data))
    for was, now in zip(before.areas, after.areas, strict=True):
        assert TREATABLE_RANK[now.treatable] <= TREATABLE_RANK[was.treatable]
        became_normal = now.primary == "no_significant_finding" != was.primary
        assert became_normal is False


@given(anything)
def test_mirror_image_gives_mirrored_findings(facts: ScreeningFacts) -> None:
    mirrored = replace(
        facts, areas=tuple(replace(area, area=area.area.mirrored) for area in facts.areas)
    )
    here, there = assess(facts), assess(mirrored)
    assert {a.mirrored: found for a, found in _by_area(here).items()} == _by_area(there)
    assert (_whole(here), codes(here)) == (_whole(there), codes(there))


@given(anything, st.randoms(use_true_random=False))
def test_order_of_areas_does_not_matter(facts: ScreeningFacts, random: Any) -> None:
    shuffled = list(facts.areas)
    random.shuffle(shuffled)
    one, other = assess(facts), assess(replace(facts, areas=tuple(shuffled)))
    assert (_by_area(one), _whole(one), codes(one)) == (
        _by_area(other),
        _whole(other),
        codes(other),
    )


@settings(max_examples=40, deadline=None)
@given(anything)
def test_what_would_change_is_total_and_bounded(facts: ScreeningFacts) -> None:
    found = what_would_change(facts)
    assert len(found) <= len(facts.areas) + 8 * len(assess(facts).missing)
    assert [change for change in found if "%(" in change.sentence] == []
