"""Stops, deferrals, red flags, cautions and excluded agents (domain notes, section 4).

The tables are data: a code, the reason that it gives, and its sentence. Every row of every table
is tried, so a patient hears all reasons at once and not one at each visit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext_noop as _

from patients.rules.facts import AreaFacts, ScreeningFacts
from patients.rules.judge import Maybe, Reason, within
from patients.terms import Allergen, SafetyItem

ABSOLUTE_RULE, RED_FLAG_RULE, TEMPORARY_RULE = "4.1", "E2", "4.2"
CAUTION_RULE, ALLERGY_RULE = "4.3", "4.4"

Row = tuple[str, str]

ABSOLUTE_REASONS: Mapping[str, Row] = {
    SafetyItem.AGE_UNDER_18: (
        "X_AGE",
        _("Under 18 years old: this treatment is for adults. It can be discussed again from 18."),
    ),
    SafetyItem.ACTIVE_CANCER: (
        "X_CANCER",
        _(
            "Active cancer or its treatment: no cosmetic injections during this time. Ask again "
            "when the cancer team has ended treatment."
        ),
    ),
    SafetyItem.INSULIN_TREATED_DIABETES: (
        "X_INSULIN_DIABETES",
        _(
            "Diabetes treated with insulin: healing is slower and infection is more likely. No "
            "injections here; discuss options without needles."
        ),
    ),
    SafetyItem.THERAPEUTIC_ANTICOAGULANT: (
        "X_ANTICOAGULANT",
        _(
            "An anticoagulant is taken: many needle punctures risk bleeding. No injections here, "
            "and the medicine must not be stopped for a cosmetic treatment."
        ),
    ),
    SafetyItem.CLOTTING_DISORDER: (
        "X_CLOTTING",
        _(
            "A bleeding or clotting disorder: many needle punctures risk bleeding. No injections "
            "here; discuss options without needles."
        ),
    ),
    SafetyItem.STROKE_OR_CLOT_HISTORY: (
        "X_THROMBOSIS",
        _(
            "A stroke or blood clot in the past: injections and their medicines are not advised. "
            "Discuss options without needles."
        ),
    ),
    SafetyItem.SERIOUS_HEART_DISEASE: (
        "X_CARDIAC",
        _(
            "Serious heart disease: common agents can strain the heart. No injections here; "
            "discuss options without needles."
        ),
    ),
    SafetyItem.CARDIAC_ARRHYTHMIA: (
        "X_CARDIAC_ARRHYTHMIA",
        _(
            "A heart rhythm disorder: several common agents can provoke it. No injections here; "
            "discuss options without needles."
        ),
    ),
    SafetyItem.SERIOUS_KIDNEY_DISEASE: (
        "X_KIDNEY",
        _(
            "Serious kidney disease: injected medicines may not be cleared as they should. No "
            "injections here; discuss options without needles."
        ),
    ),
    SafetyItem.SERIOUS_LIVER_DISEASE: (
        "X_LIVER",
        _(
            "Serious liver disease: injected medicines may not be cleared as they should. No "
            "injections here; discuss options without needles."
        ),
    ),
    SafetyItem.ORGAN_TRANSPLANT: (
        "X_TRANSPLANT",
        _(
            "An organ transplant: the medicines that protect it raise the risk of infection. No "
            "injections here; discuss options without needles."
        ),
    ),
    SafetyItem.IMMUNOSUPPRESSION: (
        "X_IMMUNOSUPPRESSION",
        _(
            "A weakened or suppressed immune system: infection is more likely. No injections here; "
            "discuss options without needles."
        ),
    ),
    SafetyItem.UNCONTROLLED_HIV: (
        "X_HIV",
        _(
            "HIV that is not controlled: infection is more likely. No injections now; ask again "
            "when treatment has controlled it."
        ),
    ),
    SafetyItem.UNAVOIDABLE_COMPONENT_REACTION: (
        "X_COMPONENT_REACTION",
        _(
            "A severe reaction to a component that cannot be avoided: it could happen again. No "
            "injections with it; discuss other options."
        ),
    ),
    SafetyItem.PREVIOUS_GRANULOMATOUS_REACTION: (
        "X_GRANULOMA",
        _(
            "A mycobacterial infection or granuloma after earlier injections: it could happen "
            "again. No injections here; discuss options without needles."
        ),
    ),
    SafetyItem.LYMPHOEDEMA_OF_LIMB: (
        "X_LYMPHOEDEMA",
        _(
            "Known lymphoedema of a limb: any puncture can let an infection in. No injections; "
            "continue with the lymphoedema clinic."
        ),
    ),
}

TEMPORARY_REASONS: Mapping[str, Row] = {
    SafetyItem.PREGNANCY: (
        "T_PREGNANCY",
        _(
            "Pregnancy, or possibly so: no injections now. Screen again after birth and "
            "breastfeeding."
        ),
    ),
    SafetyItem.BREASTFEEDING: (
        "T_BREASTFEEDING",
        _(
            "Breastfeeding: no injections until it has ended, and weight and skin are still "
            "changing. Screen again afterwards; a later baseline is fairer."
        ),
    ),
    SafetyItem.TRYING_TO_CONCEIVE: (
        "T_CONCEPTION",
        _("Trying to conceive: a pregnancy could begin during a course. Screen again later."),
    ),
    SafetyItem.FEVER_OR_INFECTION: (
        "T_INFECTION",
        _("Fever or an infection: the body needs to recover first. Screen again when well."),
    ),
    SafetyItem.AUTOIMMUNE_FLARE: (
        "T_AUTOIMMUNE_FLARE",
        _(
            "An autoimmune disease is active: injections could irritate it. Screen again when it "
            "is quiet."
        ),
    ),
    SafetyItem.SUNBURN_OR_FRESH_TAN: (
        "T_SUNBURN",
        _(
            "Sunburn or a fresh tan: dark marks are more likely. Wait 2 to 4 weeks, protect the "
            "skin, and screen again."
        ),
    ),
    SafetyItem.LIPOSUCTION_UNDER_6_MONTHS: (
        "T_RECENT_LIPOSUCTION",
        _(
            "Liposuction in the area under 6 months ago: swelling and firmness are still settling. "
            "Screen again at 6 to 12 months; see the surgeon if worried now."
        ),
    ),
    SafetyItem.PROCEDURE_UNDER_4_WEEKS: (
        "T_RECENT_PROCEDURE",
        _(
            "Another procedure in the area under 4 weeks ago: the skin is still healing. Screen "
            "again after 4 weeks."
        ),
    ),
    SafetyItem.UNCONTROLLED_BLOOD_PRESSURE: (
        "T_BLOOD_PRESSURE",
        _("Blood pressure is not controlled: treat it first. Screen again when it is."),
    ),
    SafetyItem.UNCONTROLLED_THYROID: (
        "T_THYROID",
        _("Thyroid disease is not controlled: treat it first. Screen again when it is."),
    ),
    SafetyItem.UNCONTROLLED_DIABETES: (
        "T_DIABETES",
        _(
            "Diabetes is not controlled: healing is slower and infection is more likely. Screen "
            "again when it is controlled."
        ),
    ),
    SafetyItem.UNHEALED_REACTION: (
        "T_REACTION",
        _("A reaction has not healed yet: let it heal and have it looked at. Then screen again."),
    ),
    SafetyItem.CONSENT_INCOMPLETE: (
        "T_CONSENT",
        _(
            "Consent or reflection time is not complete: no treatment before both are. Complete "
            "them, then continue."
        ),
    ),
    SafetyItem.VACCINATION_OR_DENTAL_SEPSIS: (
        "T_VACCINE_DENTAL",
        _(
            "A vaccination or dental infection under 2 weeks ago: the immune system is busy. "
            "Screen again after 2 weeks."
        ),
    ),
}

CAUTION_REASONS: Mapping[str, Row] = {
    SafetyItem.FITZPATRICK_IV_VI: (
        "C_PIGMENT_RISK",
        _(
            "Skin phototype IV to VI: dark marks after injections and bruises are more likely. "
            "Explain this; a prescriber reviews before session 1."
        ),
    ),
    SafetyItem.SMOKER: (
        "C_SMOKING",
        _("Smoking: healing is slower. Offer help to stop; a prescriber reviews before session 1."),
    ),
    SafetyItem.PREVIOUS_ANAPHYLAXIS: (
        "C_PREVIOUS_ANAPHYLAXIS",
        _(
            "Anaphylaxis in the past: a severe reaction needs a plan. A prescriber reviews the "
            "agents before session 1."
        ),
    ),
    SafetyItem.CANCER_REMISSION: (
        "C_CANCER_HISTORY",
        _(
            "Cancer in remission for 5 years or more: usually no obstacle. A prescriber reviews "
            "before session 1."
        ),
    ),
    SafetyItem.DIET_OR_TABLET_DIABETES: (
        "C_DIABETES",
        _(
            "Diabetes with diet or tablets: healing can be slower. A prescriber reviews the "
            "control of it before session 1."
        ),
    ),
    SafetyItem.ANTIPLATELET_OR_NSAID: (
        "C_BRUISING",
        _(
            "A medicine or supplement that makes bruising more likely: expect more bruises and do "
            "not stop it without its prescriber. A prescriber reviews before session 1."
        ),
    ),
    SafetyItem.AUTOIMMUNE_REMISSION: (
        "C_AUTOIMMUNE",
        _(
            "An autoimmune disease that is quiet now: it could wake up. A prescriber reviews "
            "before session 1."
        ),
    ),
    SafetyItem.GALLSTONES: (
        "C_GALLSTONES",
        _("Gallstones: some agents may not suit. A prescriber reviews before session 1."),
    ),
    SafetyItem.PACEMAKER: (
        "C_PACEMAKER",
        _("A pacemaker: some agents and devices may not suit. A prescriber reviews first."),
    ),
    SafetyItem.EPILEPSY: (
        "C_EPILEPSY",
        _(
            "Epilepsy: agents such as caffeine and aminophylline may not suit. A prescriber "
            "reviews before session 1."
        ),
    ),
    SafetyItem.KELOID_TENDENCY: (
        "C_KELOID",
        _(
            "A tendency to keloid scars: punctures could leave raised scars. A prescriber reviews "
            "before session 1."
        ),
    ),
    SafetyItem.VARICOSE_VEINS_OVER_SITE: (
        "C_VARICOSE",
        _(
            "Varicose veins over the area: they must not be punctured. Mark them; a prescriber "
            "reviews before session 1."
        ),
    ),
    SafetyItem.ISOTRETINOIN_UNDER_6_MONTHS: (
        "C_ISOTRETINOIN",
        _(
            "Isotretinoin in the last 6 months: healing can be poorer. A prescriber reviews "
            "before session 1."
        ),
    ),
    SafetyItem.BMI_UNDER_18_5: (
        "C_LOW_BMI",
        _(
            "BMI under 18.5: ask kindly about eating and recent weight loss. A prescriber reviews "
            "before session 1."
        ),
    ),
    SafetyItem.NEEDLE_FAINT: (
        "C_FAINT",
        _("Faints with needles: treat lying down and allow time. A prescriber reviews first."),
    ),
    SafetyItem.AGE_OVER_65: (
        "C_AGE",
        _(
            "Over 65 years old: skin is thinner and medicines are more common. A prescriber "
            "reviews before session 1."
        ),
    ),
}

_NO_PHOSPHATIDYLCHOLINE = (
    "phosphatidylcholine",
    _(
        "Soya, egg lecithin or benzyl alcohol is not tolerated: mixes with phosphatidylcholine "
        "could contain it. They are left out."
    ),
)
_NO_HYALURONIDASE = (
    "hyaluronidase",
    _(
        "Hyaluronidase or bee or wasp venom is not tolerated: hyaluronidase could cause a "
        "reaction. It is left out unless an allergy clinic has cleared it."
    ),
)
# Allergen -> (agent that is left out, sentence); the reason code follows from the agent.
EXCLUSIONS: Mapping[str, Row] = {
    Allergen.SOYA_ANAPHYLAXIS: _NO_PHOSPHATIDYLCHOLINE,
    Allergen.EGG_LECITHIN: _NO_PHOSPHATIDYLCHOLINE,
    Allergen.BENZYL_ALCOHOL: _NO_PHOSPHATIDYLCHOLINE,
    Allergen.HYALURONIDASE: _NO_HYALURONIDASE,
    Allergen.BEE_WASP_VENOM: _NO_HYALURONIDASE,
    Allergen.COLLAGENASE: (
        "collagenase",
        _("Collagenase is not tolerated: it could cause a reaction. It is left out."),
    ),
    Allergen.AMIDE_ANAESTHETIC: (
        "lidocaine",
        _("Amide anaesthetics are not tolerated: lidocaine is one of them. It is left out."),
    ),
    Allergen.ESTER_ANAESTHETIC: (
        "procaine",
        _("Ester anaesthetics are not tolerated: procaine is one of them. It is left out."),
    ),
    Allergen.SULFITE: (
        "sulfites",
        _(
            "Sulfites are not tolerated: anaesthetic with adrenaline and some other vials contain "
            "them. These are left out."
        ),
    ),
    Allergen.PARABENS: (
        "parabens",
        _("Parabens are not tolerated: some multidose vials contain them. These are left out."),
    ),
    Allergen.IODINE: (
        "iodine",
        _(
            "Iodine is not tolerated: some skin preparations and agents contain it. They are left "
            "out."
        ),
    ),
    Allergen.XANTHINE: (
        "xanthines",
        _(
            "Xanthines are not tolerated: caffeine, aminophylline and pentoxifylline are among "
            "them. They are left out."
        ),
    ),
}

UNILATERAL_SWELLING = _(
    "New swelling of one leg: this can be a blood clot or an infection and needs a doctor the same "
    "day. No injection and no massage; screen again only after it has been explained and treated."
)
SUSPICIOUS_LESION = _(
    "A changing or unusual skin mark in this area: a doctor must look at it soon. No injection "
    "here; screen again after it has been examined."
)
ACTINIC_KERATOSIS = _(
    "A scaly sun-damaged patch in this area: a doctor must look at it soon. No injection here; "
    "screen again after it has been examined."
)
LOCAL_INFECTION = _(
    "Skin infection (cellulitis), inflammation or a wound in this area: it must heal first. Have "
    "it treated, then screen again."
)
BDD_POSITIVE = _(
    "The body-image questions show a heavy burden: support comes before any treatment. Offer an "
    "assessment by a mental-health professional, then screen again."
)
NO_CONTRAINDICATION = _(
    "No contraindication is recorded: all required safety questions are answered. Ask them again "
    "before each session."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyFinding:
    """All reasons of the safety gates, and for each stopping gate whether it can still open."""

    absolute: tuple[Reason, ...]
    red_flags: tuple[Reason, ...]
    temporary: tuple[Reason, ...]
    cautions: tuple[Reason, ...]
    exclusions: tuple[Reason, ...]
    excluded_agents: tuple[str, ...]
    open_fields: tuple[tuple[str, AreaFacts | None], ...]

    @property
    def stops(self) -> tuple[Reason, ...]:
        """Every reason that forbids treatment now."""
        return self.absolute + self.red_flags + self.temporary

    @property
    def is_clear(self) -> bool:
        """Whether nothing stops and no required answer is missing."""
        return not self.stops and not self.open_fields

    @property
    def prescriber_review(self) -> bool:
        """Whether a prescriber must look before session 1; this never changes candidacy."""
        return bool(self.cautions or self.exclusions)


def _listed(table: Mapping[str, Row], codes: Iterable[str], rule: str) -> tuple[Reason, ...]:
    # The order of the table, so that the order of the answers never matters.
    return tuple(
        Reason(code=code, rule=rule, template=template)
        for item, (code, template) in table.items()
        if item in set(codes)
    )


def absolute_reasons(facts: ScreeningFacts) -> tuple[Reason, ...]:
    """List every absolute contraindication (4.1), age under 18 included."""
    codes = set(facts.safety.absolute)
    if within(facts.patient.age, float("-inf"), 18):
        codes.add(SafetyItem.AGE_UNDER_18)
    return _listed(ABSOLUTE_REASONS, codes, ABSOLUTE_RULE)


def red_flags(facts: ScreeningFacts) -> Iterator[Reason]:
    """List every red flag: new one-sided swelling, a suspicious lesion, actinic keratosis."""
    if facts.legs.new_unilateral_swelling:
        yield Reason(code="R_UNILATERAL_SWELLING", rule=RED_FLAG_RULE, template=UNILATERAL_SWELLING)
    for area in facts.areas:
        for seen, text in (
            (area.suspicious_lesion, SUSPICIOUS_LESION),
            (area.actinic_keratosis, ACTINIC_KERATOSIS),
        ):
            if seen:
                yield Reason(
                    code="R_SUSPICIOUS_LESION", rule=RED_FLAG_RULE, template=text, area=area.area
                )


def is_recent_liposuction(area: AreaFacts) -> Maybe:
    """Say whether the area had liposuction under 6 months ago."""
    if area.lipo_here is False:
        return False
    recent = within(area.lipo_months_ago, float("-inf"), 6)
    return recent if area.lipo_here else (None if recent is not False else False)


def temporary_reasons(facts: ScreeningFacts) -> Iterator[Reason]:
    """List every reason to defer (4.2), from the list, the areas and the body-image screen."""
    yield from _listed(TEMPORARY_REASONS, facts.safety.temporary, TEMPORARY_RULE)
    if facts.bdd_screen_positive:
        yield Reason(code="T_BDD_SCREEN_POSITIVE", rule=TEMPORARY_RULE, template=BDD_POSITIVE)
    recent_code, recent = TEMPORARY_REASONS[SafetyItem.LIPOSUCTION_UNDER_6_MONTHS]
    for area in facts.areas:
        if is_recent_liposuction(area):
            yield Reason(code=recent_code, rule=TEMPORARY_RULE, template=recent, area=area.area)
        if area.infection_or_inflammation:
            yield Reason(
                code="T_LOCAL_INFECTION",
                rule=TEMPORARY_RULE,
                template=LOCAL_INFECTION,
                area=area.area,
            )


# A caution may follow from another answer, whether it is listed or not.
DERIVED_CAUTIONS: Mapping[str, Callable[[ScreeningFacts], Maybe]] = {
    SafetyItem.FITZPATRICK_IV_VI: lambda facts: within(facts.patient.fitzpatrick, 4, 7),
    SafetyItem.SMOKER: lambda facts: facts.smoker,
    SafetyItem.BMI_UNDER_18_5: lambda facts: within(facts.patient.bmi, 0, 18.5),
    SafetyItem.AGE_OVER_65: lambda facts: within(facts.patient.age, 66, float("inf")),
}


def caution_reasons(facts: ScreeningFacts) -> tuple[Reason, ...]:
    """List every caution (4.3), declared or following from another answer."""
    derived = {item for item, when in DERIVED_CAUTIONS.items() if when(facts)}
    return _listed(CAUTION_REASONS, derived | facts.safety.cautions, CAUTION_RULE)


def exclusions(allergies: frozenset[str]) -> dict[str, Reason]:
    """Map each agent that an allergy leaves out (4.4) to its reason."""
    left_out = {}
    for allergen, (agent, template) in EXCLUSIONS.items():
        if allergen in allergies:
            code = f"A_EXCLUDE_{agent.upper()}"
            left_out[agent] = Reason(code=code, rule=ALLERGY_RULE, template=template)
    return left_out


def _open_fields(facts: ScreeningFacts) -> Iterator[tuple[str, AreaFacts | None]]:
    """Name every unknown answer that could still stop the treatment."""
    if facts.patient.age is None:
        yield "age", None
    for code in sorted(facts.safety.missing):
        yield code, None
    for name, answer in (
        ("new_unilateral_swelling", facts.legs.new_unilateral_swelling),
        ("bdd_screen_positive", facts.bdd_screen_positive),
    ):
        if answer is None:
            yield name, None
    for area in facts.areas:
        yield from ((name, area) for name in _open_in_area(area))


def _open_in_area(area: AreaFacts) -> Iterator[str]:
    for name in ("infection_or_inflammation", "suspicious_lesion", "actinic_keratosis"):
        if getattr(area, name) is None:
            yield name
    if is_recent_liposuction(area) is None:
        yield "lipo_here" if area.lipo_here is None else "lipo_months_ago"


def check_safety(facts: ScreeningFacts) -> SafetyFinding:
    """Evaluate every safety gate, also after a stop, and keep every reason."""
    left_out = exclusions(facts.safety.allergies)
    return SafetyFinding(
        absolute=absolute_reasons(facts),
        red_flags=tuple(red_flags(facts)),
        temporary=tuple(temporary_reasons(facts)),
        cautions=caution_reasons(facts),
        exclusions=tuple(left_out.values()),
        excluded_agents=tuple(left_out),
        open_fields=tuple(_open_fields(facts)),
    )
