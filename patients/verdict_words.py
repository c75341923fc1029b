"""What a verdict says in plain sentences that name the areas, and what to do about each of them.

They are worked out of the codes of a verdict and kept with it (`patients.evidence.shown`), so a
decided screening shows the sentences that were read when it was decided.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.text import capfirst, get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from patients.terms import Area, Cause, Outcome, Primary, SubOutcome, Treatable
from patients.wording import region_name

# In a sentence: both sides, and one side.
IN_A_SENTENCE = {
    "buttock": (gettext_lazy("the buttocks"), gettext_lazy("the %(side)s buttock")),
    "thigh_posterior": (
        gettext_lazy("the back of the thighs"),
        gettext_lazy("the back of the %(side)s thigh"),
    ),
    "thigh_lateral": (gettext_lazy("the outer thighs"), gettext_lazy("the outer %(side)s thigh")),
    "thigh_anterior": (
        gettext_lazy("the front of the thighs"),
        gettext_lazy("the front of the %(side)s thigh"),
    ),
    "thigh_medial": (gettext_lazy("the inner thighs"), gettext_lazy("the inner %(side)s thigh")),
    "knee": (gettext_lazy("the knees"), gettext_lazy("the %(side)s knee")),
    "hip": (gettext_lazy("the hips"), gettext_lazy("the %(side)s hip")),
    "abdomen": (gettext_lazy("the abdomen"), gettext_lazy("the abdomen")),
    "arm": (gettext_lazy("the arms"), gettext_lazy("the %(side)s arm")),
}
SIDES = {"left": gettext_lazy("left"), "right": gettext_lazy("right")}

OFFERED = (Treatable.YES, Treatable.REDUCED)

WHY_NOT = {
    Primary.LAXITY: gettext_lazy("looseness leads there, and other care may suit it better"),
    Primary.SUN_DAMAGE: gettext_lazy("sun damage leads there, and other care may suit it better"),
    Primary.POST_LIPOSUCTION: gettext_lazy(
        "after-effects of liposuction lead there, and other care may suit it better"
    ),
    Primary.SUSPECTED_LIPOEDEMA: gettext_lazy("lipoedema is suspected"),
    Primary.SUSPECTED_LYMPHOEDEMA: gettext_lazy("lymphoedema is suspected"),
    Primary.LOCALISED_ADIPOSITY: gettext_lazy("what shows there is fat, and not cellulite"),
    Primary.NO_SIGNIFICANT_FINDING: gettext_lazy("nothing there needs treatment"),
}
OVERALL = {
    SubOutcome.MISSING: gettext_lazy("Answers are missing, so nothing can be suggested yet."),
    SubOutcome.CONTRAINDICATED: gettext_lazy(
        "An absolute contraindication was found. It rules out injections."
    ),
    SubOutcome.DEFERRED_URGENT_REFERRAL: gettext_lazy(
        "Something was found that a doctor must look at soon. No injections before that."
    ),
    SubOutcome.DEFERRED: gettext_lazy(
        "Something that passes stands in the way now. Screen again when it has passed."
    ),
    SubOutcome.REFER_SPECIALIST: gettext_lazy(
        "The legs show signs that ask for a specialist’s diagnosis before anything cosmetic."
    ),
    SubOutcome.WEIGHT_MANAGEMENT_FIRST: gettext_lazy(
        "A course would change little now. Weight management comes first."
    ),
    SubOutcome.NOT_INDICATED: gettext_lazy(
        "Nothing was found that needs treatment. Say so, and offer nothing."
    ),
}

ADVICE_NO = {
    Primary.LAXITY: gettext_lazy("Offer an opinion on skin tightening. No injections here."),
    Primary.SUN_DAMAGE: gettext_lazy(
        "Offer a skin check and advice from dermatology. No injections here."
    ),
    Primary.POST_LIPOSUCTION: gettext_lazy(
        "Offer the opinion of a plastic surgeon. No injections here."
    ),
    Primary.SUSPECTED_LIPOEDEMA: gettext_lazy("Refer for a specialist’s diagnosis first."),
    Primary.SUSPECTED_LYMPHOEDEMA: gettext_lazy("Refer for a specialist’s diagnosis first."),
    Primary.LOCALISED_ADIPOSITY: gettext_lazy(
        "Explain how it differs from cellulite, and discuss other options for it."
    ),
    Primary.NO_SIGNIFICANT_FINDING: gettext_lazy("Say that this area needs no treatment."),
}
ADVICE_REDUCED = {
    Cause.LAXITY: gettext_lazy("Explain that looseness will remain after a course."),
    Cause.SUN_DAMAGE: gettext_lazy(
        "Explain that sun damage will remain after a course, and advise sun protection."
    ),
    Cause.POST_LIPOSUCTION: gettext_lazy(
        "Explain that the traces of liposuction will remain after a course."
    ),
    Cause.ADIPOSITY: gettext_lazy(
        "Offer weight advice alongside, and record the weight at each visit."
    ),
}


def in_a_sentence(areas: Collection[Area]) -> str:
    """Name areas inside a sentence: "the buttocks and the back of the left thigh"."""
    names = []
    for base, (both, one) in IN_A_SENTENCE.items():
        here = [area for area in Area if area in areas and area.base == base]
        if len(here) == 2 or (here and here[0].side is None):
            names.append(str(both))
        elif here and here[0].side:
            names.append(str(one) % {"side": SIDES[here[0].side]})
    return get_text_list(names, _("and")) if names else ""


def proposed(verdict: dict[str, Any]) -> list[Area]:
    """Name the areas that a kept or shown verdict proposes for a course."""
    if verdict["outcome"] not in (Outcome.GOOD_CANDIDATE, Outcome.REDUCED_EXPECTATIONS):
        return []
    return [Area(row["area"]) for row in verdict["areas"] if row["treatable"] in OFFERED]


def lead_of(verdict: dict[str, Any]) -> list[str]:
    """Return the verdict in sentences: what can be offered, with which limits, what is left out."""
    overall = OVERALL.get(SubOutcome(verdict["sub_outcome"]))
    if overall:
        return [str(overall)]
    return [
        *_offered(_where(verdict["areas"], Treatable.YES)),
        *_limited(_where(verdict["areas"], Treatable.REDUCED)),
        *_left_out(_where(verdict["areas"], Treatable.NO)),
    ]


def _where(rows: Sequence[dict[str, Any]], treatable: Treatable) -> list[dict[str, Any]]:
    return [row for row in rows if row["treatable"] == treatable]


def _names(rows: Sequence[dict[str, Any]]) -> str:
    return in_a_sentence([Area(row["area"]) for row in rows])


def _grouped(
    rows: Sequence[dict[str, Any]], key: str
) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Group rows that say the same under `key`, in the order of the first of each."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(str(row[key]), []).append(row)
    return [(found[0], found) for found in groups.values()]


def _offered(rows: Sequence[dict[str, Any]]) -> list[str]:
    return [capfirst(_("%(areas)s can be offered.") % {"areas": _names(rows)})] if rows else []


def _limited(rows: Sequence[dict[str, Any]]) -> list[str]:
    said = []
    for first, group in _grouped(rows, "contributing"):
        causes = [str(Cause(cause).label).lower() for cause in first["contributing"]]
        if causes:
            sentence = ngettext(
                "%(areas)s can be offered with the limits explained: %(causes)s contributes.",
                "%(areas)s can be offered with the limits explained: %(causes)s contribute.",
                len(causes),
            )
        else:
            sentence = _("%(areas)s can be offered with the limits explained.")
        values = {"areas": _names(group), "causes": get_text_list(causes, _("and"))}
        said.append(capfirst(sentence % values))
    return said


def _left_out(rows: Sequence[dict[str, Any]]) -> list[str]:
    return [
        capfirst(
            _("%(areas)s cannot be offered: %(why)s.")
            % {"areas": _names(group), "why": WHY_NOT[Primary(first["primary"])]}
        )
        for first, group in _grouped(rows, "primary")
    ]


def advice_for(row: dict[str, Any], verdict: dict[str, Any]) -> str:
    """Say what to do about one area under this verdict."""
    treatable = Treatable(row["treatable"])
    if treatable == Treatable.NO:
        return str(ADVICE_NO[Primary(row["primary"])])
    if verdict["outcome"] == Outcome.UNDECIDED or treatable == Treatable.UNKNOWN:
        return _("Ask and look at what is missing first.")
    if Area(row["area"]) not in proposed(verdict):
        return _("Nothing now: what stands above comes first.")
    if treatable == Treatable.YES:
        return _("A course can be discussed. Evidence that it improves cellulite is limited.")
    limits = [str(ADVICE_REDUCED[Cause(cause)]) for cause in row["contributing"]
              if cause in ADVICE_REDUCED]  # fmt: skip
    return " ".join(limits) or _("Explain the limits before anything is agreed.")


def with_words(verdict: dict[str, Any]) -> dict[str, Any]:
    """Add to a verdict, as it is shown and kept, its sentences and the advice for each area."""
    return {
        **verdict,
        "lead": lead_of(verdict),
        "areas": [{**row, "advice": advice_for(row, verdict)} for row in verdict["areas"]],
    }


@dataclass(frozen=True, slots=True)
class Finding:
    """What is said of one area, or of both sides of a region where they are alike."""

    name: str
    row: dict[str, Any]
    areas: tuple[Area, ...]


def by_region(rows: Sequence[dict[str, Any]]) -> list[Finding]:
    """Say both sides of a region once where the same was found on them."""
    found: list[Finding] = []
    for row in rows:
        area = Area(row["area"])
        before = found[-1] if found else None
        if (
            before
            and before.areas == (area.mirrored,)
            and {**row, "area": ""} == {**before.row, "area": ""}
        ):
            name = capfirst(_("%(region)s, both") % {"region": region_name(area.base)})
            found[-1] = Finding(name, row, (*before.areas, area))
        else:
            found.append(Finding(str(area.label), row, (area,)))
    return found
