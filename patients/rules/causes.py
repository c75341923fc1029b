"""Step A: how much each cause shapes the look of one area (domain notes 2.2).

Tables in the order of the notes: laxity L, sun U, liposuction P, adiposity O, cellulite C, and
the limits that reduce what a course can do. A lesser row of a table may be met beside a graver
one; the gravest sets the level.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_noop as _

from patients.rules.facts import AreaFacts, Number
from patients.rules.judge import (
    Judgement,
    Maybe,
    Rule,
    Values,
    both,
    count_at_least,
    either,
    is_,
    judge,
    negate,
    within,
)
from patients.rules.stage import StageFinding, css_class, css_total, css_without_laxity
from patients.terms import Cause, Crepe, CssClass, Level, LiftTest, LipoOnset, LipoSign, Recoil

TELLING = (LipoSign.ADHERENT, LipoSign.FIBROSIS, LipoSign.TRACK_LINEAR, LipoSign.V_SIGN)
MAJOR = frozenset(TELLING) | {LipoSign.ASYMMETRY}
MINOR = frozenset({LipoSign.PORT_SCAR, LipoSign.HOLLOW, LipoSign.DYSCHROMIA})

# Raised areas only tell stage II from III, which no rule asks for.
OBSERVATIONS = ("visible_standing", "visible_lying", "visible_on_pinch")


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaCase:
    """One area, with its stage and the answers about the patient that its rules read."""

    area: AreaFacts
    stage: StageFinding
    bmi: Number | None = None
    major_weight_loss: bool | None = None
    lipo_nearby: bool = False


def _lift(case: AreaCase) -> LiftTest | None:
    """Read the lift test; without any dent there is nothing to lift, so none was due."""
    if case.area.lift_test is None and case.stage.highest == 0:
        return LiftTest.NO_DIMPLES
    return case.area.lift_test


def _lifts(case: AreaCase, result: LiftTest) -> Maybe:
    return is_(_lift(case), result)


def _draping(case: AreaCase, grade: int) -> Maybe:
    return is_(case.area.css_laxity, grade)


def _minor_laxity_signs(case: AreaCase) -> tuple[Maybe, ...]:
    return (
        is_(case.area.crepey, Crepe.MARKED),
        is_(case.area.recoil, Recoil.SLOW),
        case.area.scalloped_folds,
        case.major_weight_loss,
    )


def _minors_at_least(case: AreaCase, wanted: int) -> Maybe:
    return count_at_least(wanted, _minor_laxity_signs(case))


def _laxity_values(case: AreaCase) -> Values:
    return {
        "laxity": case.area.css_laxity or 0,
        "signs": _minor_laxity_signs(case).count(True),
    }


def _some_looseness(case: AreaCase) -> Maybe:
    """Rule L4: draping 2, dents that clear, or draping 1 or minor signs that add up."""
    return either(
        _draping(case, 2),
        _lifts(case, LiftTest.DISAPPEAR),
        both(_draping(case, 1), _lifts(case, LiftTest.PARTLY_IMPROVE)),
        both(_draping(case, 1), _minors_at_least(case, 1)),
        _minors_at_least(case, 2),
    )


def _some_looseness_sentence(case: AreaCase) -> str:
    """Say the sign that was seen, the plainest first."""
    if _lifts(case, LiftTest.PARTLY_IMPROVE) and case.area.css_laxity:
        return _(
            "Draping %(laxity)s of 3, and lifting only partly clears the dents: looseness "
            "contributes. A course does not tighten skin, so explain that looseness will remain."
        )
    if _lifts(case, LiftTest.DISAPPEAR):
        return _(
            "Lifting the skin clears the dents: looseness contributes. A course does not tighten "
            "skin, so explain that looseness will remain."
        )
    if case.area.css_laxity:
        return _(
            "Draping %(laxity)s of 3: looseness contributes. A course does not tighten skin, so "
            "explain that looseness will remain."
        )
    return _(
        "The skin shows %(signs)s signs of looseness (such as crepe, slow recoil, folds or large "
        "weight loss): looseness contributes. Explain that it will remain after a course."
    )


_LOOSENESS_NEEDS = ("crepey", "recoil", "scalloped_folds", "major_weight_loss")

LAXITY: tuple[Rule[AreaCase], ...] = (
    Rule(
        id="L1",
        level=Level.DOMINANT,
        when=lambda case: _draping(case, 3),
        says=_("Severe draping (laxity 3) means that looseness leads."),
        code="F_LAXITY_DOMINANT",
        template=_(
            "Severe draping (laxity 3 of 3): looseness leads here. Injections act under the skin "
            "and do not tighten it. Offer an opinion on skin tightening or surgery."
        ),
        needs=("css_laxity",),
    ),
    Rule(
        id="L2",
        level=Level.DOMINANT,
        when=lambda case: both(
            within(case.area.css_laxity, 2, 4), _lifts(case, LiftTest.DISAPPEAR)
        ),
        says=_("Laxity of 2 or more with dents that clear on lifting means that looseness leads."),
        code="F_LAXITY_DOMINANT",
        template=_(
            "Loose (laxity %(laxity)s of 3), and lifting the skin clears the dents: looseness "
            "leads here. Injections act under the skin and do not tighten it. Offer an opinion on "
            "skin tightening."
        ),
        values=_laxity_values,
        needs=("css_laxity", "lift_test"),
    ),
    Rule(
        id="L3",
        level=Level.DOMINANT,
        when=lambda case: both(_lifts(case, LiftTest.DISAPPEAR), _minors_at_least(case, 2)),
        says=_(
            "Dents that clear on lifting with two or more minor signs of looseness mean that "
            "looseness leads."
        ),
        code="F_LAXITY_DOMINANT",
        template=_(
            "Lifting the skin clears the dents, and %(signs)s more signs of loose skin are there: "
            "looseness leads here. Injections do not tighten skin. Offer an opinion on skin "
            "tightening."
        ),
        values=_laxity_values,
        needs=("lift_test", *_LOOSENESS_NEEDS),
    ),
    Rule(
        id="L4",
        level=Level.CONTRIBUTING,
        when=_some_looseness,
        says=_(
            "Laxity 2, or dents that clear on lifting, or laxity 1 with dents that partly clear "
            "or with one minor sign, or two minor signs, means that looseness contributes."
        ),
        code="F_LAXITY_CONTRIBUTING",
        template=_some_looseness_sentence,
        values=_laxity_values,
        needs=("css_laxity", "lift_test", *_LOOSENESS_NEEDS),
    ),
    Rule(
        id="L5",
        level=Level.NONE,
        when=lambda case: _draping(case, 1),
        says=_("Laxity 1 alone is common and is recorded only."),
    ),
)

SUN: tuple[Rule[AreaCase], ...] = (
    Rule(
        id="U1",
        level=Level.DOMINANT,
        when=lambda case: both(
            either(
                is_(case.area.sun_grade, 3),
                both(is_(case.area.sun_grade, 2), case.area.sun_border_at_clothing),
            ),
            case.stage.at_most(1),
        ),
        says=_(
            "Sun grade 3, or grade 2 that stops at the clothing line, at stage I or lower, means "
            "that sun damage leads."
        ),
        code="F_SUN_DOMINANT",
        template=_(
            "Sun damage grade %(grade)s of 3, and few or no dents: sun damage leads here. "
            "Injections do not change it. Offer a skin check and advice from dermatology."
        ),
        values=lambda case: {"grade": case.area.sun_grade or 0},
        needs=("sun_grade", "sun_border_at_clothing", *OBSERVATIONS),
    ),
    Rule(
        id="U2",
        level=Level.CONTRIBUTING,
        when=lambda case: within(case.area.sun_grade, 2, 4),
        says=_("Sun grade 2 or more otherwise means that sun damage contributes."),
        code="F_SUN_CONTRIBUTING",
        template=_(
            "Sun damage grade %(grade)s of 3: it contributes to the look and will remain after a "
            "course. Explain this, and advise sun protection."
        ),
        values=lambda case: {"grade": case.area.sun_grade or 0},
        needs=("sun_grade",),
    ),
)


def _has(case: AreaCase, sign: LipoSign) -> Maybe:
    signs = case.area.lipo_signs
    return None if signs is None else sign in signs


def _major_lipo_signs(case: AreaCase) -> tuple[Maybe, ...]:
    began_after = is_(case.area.lipo_onset, LipoOnset.AFTER)
    return (*(_has(case, sign) for sign in sorted(MAJOR)), began_after)


def _minor_lipo_signs(case: AreaCase) -> tuple[Maybe, ...]:
    return tuple(_has(case, sign) for sign in sorted(MINOR))


def _lipo_leads(case: AreaCase) -> Maybe:
    """Rule P1: liposuction here, two major signs, one of them telling by itself."""
    return both(
        case.area.lipo_here,
        count_at_least(2, _major_lipo_signs(case)),
        either(*(_has(case, sign) for sign in TELLING)),
    )


def _lipo_contributes(case: AreaCase) -> Maybe:
    """Rule P2: liposuction here, and one major or two minor signs."""
    return both(
        case.area.lipo_here,
        either(
            count_at_least(1, _major_lipo_signs(case)),
            count_at_least(2, _minor_lipo_signs(case)),
        ),
    )


def _lipo_left_nothing(case: AreaCase) -> Maybe:
    """Rule P3: liposuction here, no sign at all, and the dents were there before."""
    return both(
        case.area.lipo_here,
        is_(case.area.lipo_onset, LipoOnset.BEFORE),
        None if case.area.lipo_signs is None else not case.area.lipo_signs,
    )


def _ask_again_sentence(case: AreaCase) -> str:
    """Prompt only when the signs of a procedure are there without its history."""
    if _major_lipo_signs(case).count(True) < 2:
        return ""
    if case.lipo_nearby:
        return _(
            "Signs of an earlier procedure are seen here, and liposuction is recorded beside this "
            "area. Ask whether it reached here."
        )
    return _(
        "Signs of an earlier procedure are seen here without its history. Ask again about "
        "procedures, injections and injury."
    )


_LIPO_NEEDS = ("lipo_here", "lipo_signs", "lipo_onset")

LIPOSUCTION: tuple[Rule[AreaCase], ...] = (
    Rule(
        id="P0",
        level=Level.NONE,
        when=lambda case: negate(case.area.lipo_here),
        says=_(
            "Without liposuction here there are no after-effects; two or more major signs without "
            "history are a prompt to ask again."
        ),
        code="M_MISSING",
        template=_ask_again_sentence,
    ),
    Rule(
        id="P1",
        level=Level.DOMINANT,
        when=_lipo_leads,
        says=_(
            "Liposuction here with two or more major signs, one of them adherent, fibrosis, linear "
            "track or V-sign, means that its after-effects lead."
        ),
        code="F_POSTLIPO_DOMINANT",
        template=_(
            "Liposuction here with %(signs)s main signs (such as onset afterwards, lines, a hard "
            "plate or stuck skin): its after-effects lead. Injections are not expected to correct "
            "them. Offer the opinion of a plastic surgeon."
        ),
        values=lambda case: {"signs": _major_lipo_signs(case).count(True)},
        needs=_LIPO_NEEDS,
    ),
    Rule(
        id="P2",
        level=Level.CONTRIBUTING,
        when=_lipo_contributes,
        says=_(
            "Liposuction here with one major sign, two minor signs, or only onset afterwards and "
            "asymmetry, means that its after-effects contribute."
        ),
        code="F_POSTLIPO_CONTRIBUTING",
        template=_(
            "Liposuction here left some traces: they contribute to the look and will remain after "
            "a course. Explain this, and compare with photographs from before it."
        ),
        needs=_LIPO_NEEDS,
    ),
    Rule(
        id="P3",
        level=Level.NONE,
        when=_lipo_left_nothing,
        says=_("Liposuction here without any sign, with dents from before, changes nothing."),
    ),
)


def _bmi_values(case: AreaCase) -> Values:
    return {"bmi": "" if case.bmi is None else f"{case.bmi:.1f}"}


ADIPOSITY: tuple[Rule[AreaCase], ...] = (
    Rule(
        id="O1",
        level=Level.CONTRIBUTING,
        when=lambda case: within(case.bmi, 30, 35),
        says=_("A BMI from 30 to under 35 contributes in all areas."),
        code="F_ADIPOSITY_CONTRIBUTING",
        template=_(
            "BMI %(bmi)s: deeper fat makes dents stand out and limits what a course can change. "
            "Offer weight advice alongside, and record weight at each visit."
        ),
        values=_bmi_values,
        needs=("bmi",),
    ),
    Rule(
        id="O2",
        level=Level.PRESENT,
        when=lambda case: within(case.bmi, 35, float("inf")),
        says=_("A BMI of 35 or more is recorded in all areas and decided for the whole patient."),
        code="F_ADIPOSITY_CONTRIBUTING",
        template=_(
            "BMI %(bmi)s: deeper fat makes dents stand out in every area. What to do is decided "
            "for the whole body, not for one area."
        ),
        values=_bmi_values,
        needs=("bmi",),
    ),
)

LOCAL_FAT: tuple[Rule[AreaCase], ...] = (
    Rule(
        id="F1",
        level=Level.CONTRIBUTING,
        when=lambda case: case.area.localised_fat,
        says=_("Thick soft fat that is smooth on pinching is localised fat, not cellulite."),
        code="F_LOCALISED_FAT",
        template=_(
            "Thick soft fat in this area: it shapes the outline and is not cellulite. Explain the "
            "difference, and discuss other options for it."
        ),
        needs=("localised_fat",),
    ),
)

_STAGE_SENTENCES: Mapping[int | None, str] = {
    1: _(
        "Dents show on pinching or contraction only: stage I cellulite is present, a common "
        "feature of skin. Keep this stage as the baseline."
    ),
    2: _(
        "Dents visible without pinching: stage II cellulite is present, a common feature of "
        "healthy skin. Keep this stage as the baseline."
    ),
    3: _(
        "Dents visible standing, and also lying or with raised areas: stage III cellulite is "
        "present, a common feature of skin. Keep this stage as the baseline."
    ),
    None: _(
        "Dents are visible: cellulite is present, a common feature of skin. Complete the "
        "stage to keep it as the baseline."
    ),
}

_CLASS_SENTENCES: Mapping[CssClass | None, str] = {
    CssClass.MILD: _(
        "CSS %(total)s of 15 (%(without_laxity)s without laxity): mild. Keep it as the baseline."
    ),
    CssClass.MODERATE: _(
        "CSS %(total)s of 15 (%(without_laxity)s without laxity): moderate. Keep it as the "
        "baseline."
    ),
    CssClass.SEVERE: _(
        "CSS %(total)s of 15 (%(without_laxity)s without laxity): severe. Keep it as the baseline."
    ),
}


def _css_values(case: AreaCase) -> Values:
    return {
        "total": css_total(case.area) or 0,
        "without_laxity": css_without_laxity(case.area) or 0,
    }


CELLULITE: tuple[Rule[AreaCase], ...] = (
    Rule(
        id="C0",
        level=Level.NONE,
        when=lambda case: case.stage.at_most(0),
        says=_("Stage 0 means that there is no cellulite."),
        code="F_NO_CELLULITE",
        template=_(
            "No dents standing, lying or on pinching: no cellulite here, so mesotherapy for "
            "cellulite has nothing to treat. Look at the other findings of this area."
        ),
    ),
    Rule(
        id="C1",
        level=Level.PRESENT,
        when=lambda case: case.stage.at_least(1),
        says=_("Stage I or higher means that cellulite is present."),
        code="F_CELLULITE_PRESENT",
        template=lambda case: _STAGE_SENTENCES[case.stage.stage],
        needs=OBSERVATIONS,
    ),
    Rule(
        id="CSS",
        level=Level.PRESENT,
        when=lambda case: both(case.stage.at_least(1), css_total(case.area) is not None),
        says=_("The CSS total classes cellulite as mild (1-5), moderate (6-10) or severe (11-15)."),
        code="F_CELLULITE_PRESENT",
        template=lambda case: _CLASS_SENTENCES.get(css_class(css_total(case.area)), ""),
        values=_css_values,
    ),
    Rule(
        id="L0",
        level=Level.PRESENT,
        when=lambda case: both(case.stage.at_least(1), _lifts(case, LiftTest.PERSIST)),
        says=_("Dents that stay when the skin is lifted speak against looseness."),
        code="F_DIMPLES_PERSIST_ON_LIFT",
        template=_(
            "The dents stay when the skin above is lifted: they are tethered, and loose skin is "
            "not what makes them. Look for cellulite, or for traces of a procedure."
        ),
    ),
)


def _deep_sentence(case: AreaCase) -> str:
    if case.area.css_depth == 3:
        return _(
            "Deep dents (depth 3 of 3): deep, tethered dents change little with injections. Explain "
            "this, and mention that other treatments release them."
        )
    return _(
        "CSS %(total)s of 15 is severe: a course changes little in severe cellulite. Explain this, "
        "and mention other treatments."
    )


LIMITS: tuple[Rule[AreaCase], ...] = (
    Rule(
        id="C2",
        level=Level.CONTRIBUTING,
        when=lambda case: either(is_(case.area.css_depth, 3), within(css_total(case.area), 11, 16)),
        says=_("A CSS total of 11 or more, or depth 3, reduces what a course can change."),
        code="F_DEEP_OR_SEVERE",
        template=_deep_sentence,
        values=_css_values,
        # No needs: an area with visible dents asks for every CSS item anyway (areas.py).
    ),
    Rule(
        id="C3",
        level=Level.CONTRIBUTING,
        when=lambda case: both(
            case.stage.at_least(1), case.stage.at_most(1), is_(case.area.css_number, 0)
        ),
        says=_("Stage I without any depression at rest leaves little room to improve."),
        code="F_FLOOR_STAGE_I",
        template=_(
            "Nothing shows at rest, dents appear only on pinching: there is little left to improve. "
            "Say so kindly; leaving it untreated is a good option."
        ),
        needs=(*OBSERVATIONS, "css_number"),
    ),
    Rule(
        id="D",
        level=Level.CONTRIBUTING,
        when=lambda case: both(case.area.lipo_here, within(case.area.lipo_months_ago, 6, 12)),
        says=_("Liposuction here from 6 to under 12 months ago reduces what can be judged."),
        code="F_POSTLIPO_CONTRIBUTING",
        template=_(
            "Liposuction here under a year ago: the area may still be settling, so a change is "
            "harder to judge. Explain this, or wait until a year has passed."
        ),
        needs=("lipo_here", "lipo_months_ago"),
    ),
)

CAUSES: Mapping[Cause, tuple[Rule[AreaCase], ...]] = {
    Cause.CELLULITE: CELLULITE,
    Cause.LAXITY: LAXITY,
    Cause.SUN_DAMAGE: SUN,
    Cause.POST_LIPOSUCTION: LIPOSUCTION,
    Cause.ADIPOSITY: ADIPOSITY,
    Cause.LOCALISED_ADIPOSITY: LOCAL_FAT,
}


def judge_causes(case: AreaCase) -> Mapping[Cause, Judgement[AreaCase]]:
    """Judge every cause of one area; the order of causes is the order in which they are shown."""
    return {cause: judge(case, table) for cause, table in CAUSES.items()}
