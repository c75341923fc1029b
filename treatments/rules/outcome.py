"""What one review finds in one area, against the start of the course (domain.md 1.10).

One class per area, with its reasons; never one number for a course. What was not taken is never
read as "unchanged": a class is given only where every value that a missing grade could have leads
to the same one. The smallest change that counts is 2 points of the CSS, 1 level of a PCSS and 1
level of the GAIS (domain.md 1.3 to 1.5); none of these was validated for a single patient.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum
from itertools import product

from django.utils.translation import gettext_noop as _

from patients.terms import Area
from treatments.rules.comparability import CONFOUNDING_SHARE, Pair
from treatments.rules.scores import has_pcss, is_validated
from treatments.rules.sentence import Sentence, Value

CSS_POINTS = 2  # less is within the noise of one observer
CSS_TOP, PCSS_TOP = 15, 4
FLOOR = 1  # a PCSS of 0 or 1 at the start leaves no room for a step that means anything
GAIS_LEVELS = (-1, 0, 1)  # as far as the rule tells levels apart


class Outcome(IntEnum):
    """The classes of domain.md 1.10, in their order; the numbers only order them."""

    WORSE = 0
    NO_CHANGE = 1
    MIXED = 2
    RESPONSE = 3
    CLEAR_RESPONSE = 4


BETTER = frozenset({Outcome.MIXED, Outcome.RESPONSE, Outcome.CLEAR_RESPONSE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Grades:
    """What both people gave one area on one day; None: not given.

    `css` is the total, 0 to 15; `cr_pcss` the clinician's and `pr_pcss` the patient's own grade,
    0 to 4; `s_gais` the patient's comparison with the start, -3 to +3, never given at the start.
    The clinician's GAIS stands beside the class and is no part of it, as in 1.10.
    """

    css: int | None = None
    cr_pcss: int | None = None
    pr_pcss: int | None = None
    s_gais: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The class of one area: None when it cannot be said, then `possible` holds more than one.

    `missing` names what was not taken; `notes` say how far the area can be judged at all.
    """

    area: Area
    outcome: Outcome | None
    possible: tuple[Outcome, ...]
    reasons: tuple[Sentence, ...]
    missing: tuple[Sentence, ...] = ()
    notes: tuple[Sentence, ...] = ()
    disagree: bool = False


@dataclass(frozen=True, slots=True)
class _Moves:
    """How far each grade moved. CSS and PCSS: below 0 is better. GAIS: above 0 is better."""

    css: int
    cr: int
    pr: int
    gais: int

    @property
    def is_worse(self) -> bool:
        return self.css >= CSS_POINTS or self.cr >= 1 or self.gais <= -1

    @property
    def clinician_is_better(self) -> bool:
        return self.css <= -CSS_POINTS or self.cr <= -1

    @property
    def patient_is_better(self) -> bool:
        return self.pr <= -1 or self.gais >= 1

    def composite(self, levels: int) -> bool:
        """Say whether both PCSS grades of the area are at least so many levels better."""
        return self.cr <= -levels and self.pr <= -levels


def classify(area: Area, start: Grades, now: Grades) -> Finding:
    """Class one area at one review by domain.md 1.10.

    Anything worse goes before anything better: it is never hidden behind it. Where both are
    better, but on scales that make no response together (CR-PCSS with S-GAIS alone), the area
    is mixed. A PCSS that was not taken at the start, or whose photographs do not show the region,
    is not compared, and that is said; the CSS and the patient's S-GAIS always are.
    """
    choices = tuple(_choices(area, start, now))
    moves = [_Moves(*each) for each in product(*choices)]
    possible = tuple(sorted({_class_of(each) for each in moves}))
    known = _Moves(*(each[0] if len(each) == 1 else 0 for each in choices))
    outcome = possible[0] if len(possible) == 1 else None
    return Finding(
        area=area,
        outcome=outcome,
        possible=possible,
        reasons=tuple(_reasons(outcome, known, start, now)),
        missing=tuple(_missing(area, start, now)),
        notes=tuple(_notes(area, start)),
        disagree=all(_disagree(each) for each in moves),
    )


def _class_of(moves: _Moves) -> Outcome:
    if moves.is_worse:
        return Outcome.WORSE
    if moves.composite(2):
        return Outcome.CLEAR_RESPONSE
    if moves.composite(1) or (moves.css <= -CSS_POINTS and moves.patient_is_better):
        return Outcome.RESPONSE
    if moves.clinician_is_better or moves.patient_is_better:
        return Outcome.MIXED
    return Outcome.NO_CHANGE


def _choices(area: Area, start: Grades, now: Grades) -> Iterator[tuple[int, ...]]:
    """Yield the moves that each grade may have made: one when it is known."""
    yield _moves_between(start.css, now.css, CSS_TOP)
    for before, after in ((start.cr_pcss, now.cr_pcss), (start.pr_pcss, now.pr_pcss)):
        compared = has_pcss(area) and before is not None
        yield _moves_between(before, after, PCSS_TOP) if compared else (0,)
    yield GAIS_LEVELS if now.s_gais is None else (now.s_gais,)


def _moves_between(before: int | None, after: int | None, top: int) -> tuple[int, ...]:
    befores = range(top + 1) if before is None else (before,)
    afters = range(top + 1) if after is None else (after,)
    return tuple(sorted({late - early for early in befores for late in afters}))


def _disagree(moves: _Moves) -> bool:
    """Say whether only one of the two saw the area move, or each the other way."""
    clinician = _direction(moves.clinician_is_better, moves.css >= CSS_POINTS or moves.cr >= 1)
    patient = _direction(moves.patient_is_better, moves.pr >= 1 or moves.gais <= -1)
    return clinician != patient


def _direction(better: bool, worse: bool) -> int:
    return better - worse


def _reasons(
    outcome: Outcome | None, moves: _Moves, start: Grades, now: Grades
) -> Iterator[Sentence]:
    """Yield what made the class, then what else moved; all of it known."""
    if moves.css >= CSS_POINTS:
        yield Sentence(_("CSS is %(points)d points higher."), {"points": moves.css})
    if moves.cr >= 1:
        yield Sentence(
            _("CR-PCSS is higher: %(now)d, was %(before)d."), _pair(start, now, "cr_pcss")
        )
    if moves.gais <= -1:
        yield Sentence(_("The patient calls it worse than at the start."))
    if moves.composite(2):
        yield Sentence(_("CR-PCSS and PR-PCSS are both at least 2 levels lower."))
    elif moves.composite(1):
        yield Sentence(_("CR-PCSS and PR-PCSS are both at least 1 level lower."))
    elif moves.cr <= -1:
        yield Sentence(
            _("CR-PCSS is lower: %(now)d, was %(before)d."), _pair(start, now, "cr_pcss")
        )
    elif moves.pr <= -1:
        yield Sentence(
            _("PR-PCSS is lower: %(now)d, was %(before)d."), _pair(start, now, "pr_pcss")
        )
    if moves.css <= -CSS_POINTS:
        yield Sentence(_("CSS is %(points)d points lower."), {"points": -moves.css})
    elif abs(moves.css) == 1:
        yield Sentence(_("CSS differs by 1 point, which is within the noise of one observer."))
    if moves.gais >= 1:
        yield Sentence(_("The patient calls it better than at the start."))
    if moves.pr >= 1:
        yield Sentence(
            _("PR-PCSS is higher: %(now)d, was %(before)d."), _pair(start, now, "pr_pcss")
        )
    if outcome == Outcome.MIXED:
        yield _why_mixed(moves)
    if outcome in (Outcome.RESPONSE, Outcome.MIXED):
        yield Sentence(
            _(
                "A step of this size in one patient is weak evidence: it is seen without treatment too."
            )
        )
    if outcome == Outcome.NO_CHANGE:
        yield _why_no_change(moves)


def _why_mixed(moves: _Moves) -> Sentence:
    if not moves.patient_is_better:
        return Sentence(_("Only the clinician’s grades are better."))
    if not moves.clinician_is_better:
        return Sentence(_("Only the patient’s grades are better."))
    return Sentence(_("Both are better, but not on scales that make a response together."))


def _why_no_change(moves: _Moves) -> Sentence:
    if moves.pr >= 1:
        # 1.10 names CSS, CR-PCSS and S-GAIS for "worse", and not the PR-PCSS.
        return Sentence(_("A higher PR-PCSS alone makes no class; read it beside the rest."))
    return Sentence(_("Nothing moved by more than the noise of its scale."))


def _pair(start: Grades, now: Grades, name: str) -> dict[str, Value]:
    return {"before": getattr(start, name), "now": getattr(now, name)}


def _missing(area: Area, start: Grades, now: Grades) -> Iterator[Sentence]:
    """Name what was not taken, the start first."""
    if start.css is None:
        yield Sentence(_("The CSS at the start is not complete."))
    if now.css is None:
        yield Sentence(_("The CSS of this review is not complete."))
    if has_pcss(area) and start.cr_pcss is not None and now.cr_pcss is None:
        yield Sentence(_("The CR-PCSS of this review is missing."))
    if has_pcss(area) and start.pr_pcss is not None and now.pr_pcss is None:
        yield Sentence(_("The patient’s PR-PCSS of this review is missing."))
    if now.s_gais is None:
        yield Sentence(_("The patient’s comparison with the start (S-GAIS) is missing."))


def _notes(area: Area, start: Grades) -> Iterator[Sentence]:
    """Say how far this area can be judged: floor, region, scales without a start."""
    if not is_validated(area):
        yield Sentence(
            _("Outside the validated region: the CSS was tested on buttocks and backs of thighs.")
        )
    if not has_pcss(area):
        return
    taken = {"CR-PCSS": start.cr_pcss, "PR-PCSS": start.pr_pcss}
    for name, before in taken.items():
        if before is None:
            yield Sentence(
                _("%(scale)s was not taken at the start, so it is not compared."), {"scale": name}
            )
        elif before <= FLOOR:
            yield Sentence(
                _("%(scale)s began at %(before)d, which leaves no room to fall by much."),
                {"scale": name, "before": before},
            )


# The course ---------------------------------------------------------------------------------------


def needs_reason_to_continue(outcomes: Collection[Outcome | None]) -> bool:
    """Say whether going on after session 10 needs a written reason (domain.md 1.10, 4.7).

    It does unless at least one area is better for somebody. An area that cannot be said counts as
    not better, and so does a review without any area: a missing score opens no gate.
    """
    return not any(outcome in BETTER for outcome in outcomes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What stands beside a comparison. Weights in kg; `same_rater` None when that is not known."""

    weight_before: Decimal | None = None
    weight_now: Decimal | None = None
    same_rater: bool | None = None
    pair: Pair = Pair.NONE
    caveats: tuple[Sentence, ...] = ()  # of the pair, but for the weight, which stands by itself
    sessions: int = 0
    planned: int = 0
    missed: int = 0
    days_since_session: int | None = None


def weight_confounds(before: Decimal | None, now: Decimal | None) -> bool:
    """Say whether the weight moved by 3 of 100 or more, which alone can change the look [S32]."""
    return (
        before is not None and now is not None and abs(now - before) >= before * CONFOUNDING_SHARE
    )


def confounders(seen: Circumstances) -> tuple[Sentence, ...]:
    """List what has to be read beside the classes, always in the same order."""
    return (*_weight(seen), *_rater(seen), *_pair_lines(seen), *_sessions(seen))


def _weight(seen: Circumstances) -> Iterable[Sentence]:
    before, now = seen.weight_before, seen.weight_now
    if before is None or now is None:
        return [Sentence(_("Weight is not known on both days."))]
    values: dict[str, Value] = {"before": f"{before:.1f}", "now": f"{now:.1f}"}
    if not weight_confounds(before, now):
        return [Sentence(_("Weight %(now)s kg, was %(before)s kg."), values)]
    moved = Sentence(
        _(
            "Weight %(now)s kg, was %(before)s kg: weight alone can change the look, "
            "for the better or for the worse."
        ),
        values,
    )
    return [moved]


def _rater(seen: Circumstances) -> Iterable[Sentence]:
    if seen.same_rater is None:
        return [Sentence(_("It is not known who scored the start."))]
    if seen.same_rater:
        return [Sentence(_("The same person scored the start and this review."))]
    return [
        Sentence(
            _("Another person scored the start: 1 or 2 points can come from the change of eyes.")
        )
    ]


PAIRS = {
    Pair.NONE: _("No pair of photographs: there is none of the same view from both days."),
    Pair.WITH_CAVEATS: _("Photographs: comparable with caveats."),
    Pair.COMPARABLE: _("Photographs: nothing recorded stands against comparing."),
    Pair.NOT_COMPARABLE: _("Photographs: not comparable, so nobody grades by them."),
}


def _pair_lines(seen: Circumstances) -> Iterable[Sentence]:
    yield Sentence(PAIRS[seen.pair])
    if seen.pair != Pair.NONE:
        yield from seen.caveats


def _sessions(seen: Circumstances) -> Iterable[Sentence]:
    yield Sentence(
        _("Sessions held: %(sessions)d of %(planned)d."),
        {"sessions": seen.sessions, "planned": seen.planned},
    )
    if seen.missed:
        yield Sentence(_("Sessions missed: %(missed)d."), {"missed": seen.missed})
    if seen.days_since_session is not None:
        yield Sentence(
            _("Days since the last session: %(days)d."), {"days": seen.days_since_session}
        )
