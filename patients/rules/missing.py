"""The sentence for each answer that is not there yet, by the name of its fact."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext_noop as _

from patients.rules.facts import ALLERGIES
from patients.rules.judge import Missing, Reason
from patients.rules.safety_list import DRAFT, SafetyList
from patients.terms import Area, SafetyItem

SENTENCES: Mapping[str, str] = {
    "areas": _("No area has been chosen yet."),
    "age": _("Age: not answered yet."),
    "bmi": _("Height and weight: not answered yet."),
    "fitzpatrick": _("Skin phototype: not recorded yet."),
    "smoker": _("Smoking: not answered yet."),
    "height_cm": _("Height: not recorded yet."),
    "weight_kg": _("Weight: not recorded yet."),
    "expectations": _("What is hoped for from the course: not answered yet."),
    "bdd_screen_positive": _("Body-image questions: not answered yet."),
    "major_weight_loss": _("Large weight loss: not answered yet."),
    "symmetric_disproportion": _("Both legs large alike, out of proportion: not answered yet."),
    "feet_spared": _("Feet spared: not answered yet."),
    "cuff_sign": _("Cuff at the ankle: not answered yet."),
    "easy_bruising": _("Legs bruise easily: not answered yet."),
    "pain_on_pressure": _("Legs painful when pressed: not answered yet."),
    "diet_resistant": _("Legs do not respond to diet: not answered yet."),
    "hormonal_or_family_onset": _("Began with hormones or in the family: not answered yet."),
    "pitting_oedema": _("Swelling that keeps a dent: not answered yet."),
    "foot_dorsum_swollen": _("Back of the foot swollen: not answered yet."),
    "new_unilateral_swelling": _("New swelling of one leg: not answered yet."),
    "stemmer": _("Stemmer sign: not recorded yet."),
    "visible_lying": _("Visible lying: not recorded yet."),
    "visible_standing": _("Visible standing: not recorded yet."),
    "visible_on_pinch": _("Visible on pinching or contraction: not recorded yet."),
    "raised_nodules": _("Raised areas, nodules (stage, CSS item e): not recorded yet."),
    "css_number": _("Depressions, how many: not recorded yet."),
    "css_depth": _("Depth of depressions: not recorded yet."),
    "css_morphology": _("Look of raised areas: not recorded yet."),
    "css_laxity": _("Laxity: not recorded yet."),
    "css_nm": _("Stage (CSS item e): not recorded yet."),
    "lift_test": _("Lift test: not recorded yet."),
    "crepey": _("Crepe-like skin: not recorded yet."),
    "recoil": _("Pinch recoil: not recorded yet."),
    "scalloped_folds": _("Scalloped folds: not recorded yet."),
    "localised_fat": _("Localised fat: not recorded yet."),
    "infection_or_inflammation": _(
        "Skin infection (cellulitis), inflammation or wound here: not answered yet."
    ),
    "sun_grade": _("Sun damage: not recorded yet."),
    "sun_border_at_clothing": _("Sun damage stops at the clothing line: not recorded yet."),
    "suspicious_lesion": _("Changing or unusual skin mark here: not answered yet."),
    "actinic_keratosis": _("Scaly sun-damaged patch here: not answered yet."),
    "lipo_here": _("Liposuction here: not answered yet."),
    "lipo_months_ago": _("Liposuction here, how many months ago: not answered yet."),
    "lipo_onset": _("Dents before or after liposuction: not answered yet."),
    "lipo_signs": _("Signs after liposuction: not recorded yet."),
    ALLERGIES: _("Allergies: not answered yet."),
    SafetyItem.AGE_UNDER_18: _("Under 18 years old: not answered yet."),
    SafetyItem.ACTIVE_CANCER: _("Active cancer or cancer treatment: not answered yet."),
    SafetyItem.INSULIN_TREATED_DIABETES: _("Diabetes treated with insulin: not answered yet."),
    SafetyItem.THERAPEUTIC_ANTICOAGULANT: _("Anticoagulant medicine: not answered yet."),
    SafetyItem.CLOTTING_DISORDER: _("Bleeding or clotting disorder: not answered yet."),
    SafetyItem.STROKE_OR_CLOT_HISTORY: _("Stroke or blood clot, ever: not answered yet."),
    SafetyItem.SERIOUS_HEART_DISEASE: _("Serious heart disease: not answered yet."),
    SafetyItem.CARDIAC_ARRHYTHMIA: _("Heart rhythm disorder: not answered yet."),
    SafetyItem.SERIOUS_KIDNEY_DISEASE: _("Serious kidney disease: not answered yet."),
    SafetyItem.SERIOUS_LIVER_DISEASE: _("Serious liver disease: not answered yet."),
    SafetyItem.ORGAN_TRANSPLANT: _("Organ transplant: not answered yet."),
    SafetyItem.IMMUNOSUPPRESSION: _("Weakened or suppressed immune system: not answered yet."),
    SafetyItem.UNCONTROLLED_HIV: _("HIV that is not controlled: not answered yet."),
    SafetyItem.UNAVOIDABLE_COMPONENT_REACTION: _(
        "Severe reaction to a component: not answered yet."
    ),
    SafetyItem.PREVIOUS_GRANULOMATOUS_REACTION: _(
        "Infection or granuloma after earlier injections: not answered yet."
    ),
    SafetyItem.LYMPHOEDEMA_OF_LIMB: _("Known lymphoedema of a limb: not answered yet."),
    SafetyItem.PREGNANCY: _("Pregnancy: not answered yet."),
    SafetyItem.BREASTFEEDING: _("Breastfeeding: not answered yet."),
    SafetyItem.TRYING_TO_CONCEIVE: _("Trying to conceive: not answered yet."),
    SafetyItem.FEVER_OR_INFECTION: _("Fever or an infection now: not answered yet."),
    SafetyItem.AUTOIMMUNE_FLARE: _("Autoimmune disease, active now: not answered yet."),
    SafetyItem.SUNBURN_OR_FRESH_TAN: _("Sunburn or fresh tan: not answered yet."),
    SafetyItem.LIPOSUCTION_UNDER_6_MONTHS: _("Recent liposuction: not answered yet."),
    SafetyItem.PROCEDURE_UNDER_4_WEEKS: _("Another recent procedure: not answered yet."),
    SafetyItem.UNCONTROLLED_BLOOD_PRESSURE: _("Blood pressure control: not answered yet."),
    SafetyItem.UNCONTROLLED_THYROID: _("Thyroid control: not answered yet."),
    SafetyItem.UNCONTROLLED_DIABETES: _("Diabetes control: not answered yet."),
    SafetyItem.UNHEALED_REACTION: _("A reaction that has not healed: not answered yet."),
    SafetyItem.CONSENT_INCOMPLETE: _("Consent and reflection time: not answered yet."),
    SafetyItem.VACCINATION_OR_DENTAL_SEPSIS: _(
        "Recent vaccination or dental infection: not answered yet."
    ),
}

UNLISTED = _("%(field)s: not answered yet.")
CLINICS_OWN = _("“%(question)s”: not answered yet.")


def ask_for(field: str, area: Area | None = None, lists: SafetyList = DRAFT) -> Missing:
    """Word the request for one answer, with the question of the safety list if it is the clinic's.

    A name without a sentence of its own is shown as it is.
    """
    row, drafted = lists.row(field), DRAFT.row(field)
    if row and not (drafted and row.question == drafted.question and field in SENTENCES):
        values = {"question": row.question}
        return Missing(field=field, area=area, template=CLINICS_OWN, values=values)
    template = SENTENCES.get(field)
    if template is None:
        return Missing(field=field, area=area, template=UNLISTED, values={"field": field})
    return Missing(field=field, area=area, template=template)


def reason_for(missing: Missing) -> Reason:
    """Turn a missing answer into the reason M_MISSING."""
    return Reason(
        code="M_MISSING",
        rule="M",
        template=missing.template,
        values=missing.values,
        area=missing.area,
    )
