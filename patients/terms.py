"""The words of the screening: one enumeration per closed list of answers or results.

Values are the codes of the case format, so a stored answer, a case file and a rule all say the
same word. Labels are for people and are translated when they are shown.
"""

from __future__ import annotations

from typing import Literal

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

Side = Literal["left", "right"]


class Area(TextChoices):
    """A treatable region of the body; left and right are separate areas."""

    BUTTOCK_LEFT = "buttock_left", _("Buttock, left")
    BUTTOCK_RIGHT = "buttock_right", _("Buttock, right")
    THIGH_POSTERIOR_LEFT = "thigh_posterior_left", _("Back of thigh, left")
    THIGH_POSTERIOR_RIGHT = "thigh_posterior_right", _("Back of thigh, right")
    THIGH_LATERAL_LEFT = "thigh_lateral_left", _("Outer thigh, left")
    THIGH_LATERAL_RIGHT = "thigh_lateral_right", _("Outer thigh, right")
    THIGH_ANTERIOR_LEFT = "thigh_anterior_left", _("Front of thigh, left")
    THIGH_ANTERIOR_RIGHT = "thigh_anterior_right", _("Front of thigh, right")
    THIGH_MEDIAL_LEFT = "thigh_medial_left", _("Inner thigh, left")
    THIGH_MEDIAL_RIGHT = "thigh_medial_right", _("Inner thigh, right")
    KNEE_LEFT = "knee_left", _("Knee, left")
    KNEE_RIGHT = "knee_right", _("Knee, right")
    HIP_LEFT = "hip_left", _("Hip, left")
    HIP_RIGHT = "hip_right", _("Hip, right")
    ABDOMEN = "abdomen", _("Abdomen")
    ARM_LEFT = "arm_left", _("Arm, left")
    ARM_RIGHT = "arm_right", _("Arm, right")

    @property
    def side(self) -> Side | None:
        """The side of the body, or None for the abdomen."""
        if self.value.endswith("_left"):
            return "left"
        return "right" if self.value.endswith("_right") else None

    @property
    def base(self) -> str:
        """The region without its side: "thigh_posterior"."""
        return self.value.removesuffix(f"_{self.side}")

    @property
    def is_leg_or_buttock(self) -> bool:
        """Whether a leg disorder (rules D1, D2) overrides the finding here."""
        return self.base in {"buttock", "knee"} or self.base.startswith("thigh_")

    @property
    def mirrored(self) -> Area:
        """The same region on the other side; the abdomen is its own mirror image."""
        if self.side is None:
            return self
        other = "right" if self.side == "left" else "left"
        return Area(f"{self.base}_{other}")


class Answer(TextChoices):
    """An answer to a question that may be asked and not known."""

    YES = "yes", _("Yes")
    NO = "no", _("No")
    UNKNOWN = "unknown", _("Not known")


class Sex(TextChoices):
    """Sex as the scales were validated: all of them in women."""

    FEMALE = "F", _("Female")
    MALE = "M", _("Male")


class LiftTest(TextChoices):
    """What dents do when the skin above them is lifted."""

    PERSIST = "persist", _("Dents stay")
    PARTLY_IMPROVE = "partly_improve", _("Dents partly clear")
    DISAPPEAR = "disappear", _("Dents clear")
    NO_DIMPLES = "no_dimples", _("No dents to test")


class Crepe(TextChoices):
    """Fine crepe-like wrinkling of the skin surface."""

    NONE = "none", _("None")
    SLIGHT = "slight", _("Slight")
    MARKED = "marked", _("Marked")


class Recoil(TextChoices):
    """How fast a pinched fold springs back."""

    IMMEDIATE = "immediate", _("At once (under 1 second)")
    DELAYED = "delayed", _("Delayed (1 to 2 seconds)")
    SLOW = "slow", _("Slow (over 2 seconds)")


class SunSign(TextChoices):
    """A sign of sun damage on the skin of the area."""

    LENTIGINES = "lentigines", _("Sun spots (lentigines)")
    MOTTLED = "mottled", _("Mottled colour")
    TELANGIECTASIA = "telangiectasia", _("Fine vessels")
    CROSSHATCH = "crosshatch", _("Cross-hatched fine wrinkles")


class LipoOnset(TextChoices):
    """Whether the dents began before or after the liposuction."""

    BEFORE = "before", _("Before the liposuction")
    AFTER = "after", _("After the liposuction")


class LipoSign(TextChoices):
    """A trace that liposuction can leave; the rules say which ones are major."""

    ASYMMETRY = "asymmetry", _("Left and right differ")
    TRACK_LINEAR = "track_linear", _("Dents in straight lines or a fan")
    V_SIGN = "v_sign", _("V-sign")
    ADHERENT = "adherent", _("Skin and fat cannot be lifted off the deep layer")
    FIBROSIS = "fibrosis", _("A hard plate is felt")
    PORT_SCAR = "port_scar", _("Small entry scar")
    HOLLOW = "hollow", _("Hollow (pinch under 1 cm)")
    DYSCHROMIA = "dyschromia", _("Change of colour over the treated skin")


class Stemmer(TextChoices):
    """Whether the skin fold over the second toe can be lifted."""

    NEGATIVE = "negative", _("Negative (fold can be lifted)")
    POSITIVE = "positive", _("Positive (fold cannot be lifted)")


class Expectations(TextChoices):
    """What the patient hopes for from the course."""

    REALISTIC = "realistic", _("Realistic")
    PERFECTION = "perfection", _("Perfectly smooth skin")
    FASTER_THAN_COURSE = "faster_than_course", _("A result sooner than the course allows")


class SafetyGate(TextChoices):
    """What a "yes" to a safety item means."""

    ABSOLUTE = "absolute", _("Absolute: no treatment")
    TEMPORARY = "temporary", _("Temporary: screen again later")
    CAUTION = "caution", _("Caution: a prescriber reviews")


class SafetyBlock(TextChoices):
    """Where on the form a safety question is asked."""

    NOW = "now", _("Now")
    ILLNESS = "illness", _("Illness")
    MEDICINES = "medicines", _("Medicines and tendencies")


class SafetyItem(TextChoices):
    """The safety items of the case format: in the product's draft the first block stops, the
    second defers, the third asks a prescriber. Their words stand in the safety list."""

    AGE_UNDER_18 = "age_under_18"
    ACTIVE_CANCER = "active_cancer"
    INSULIN_TREATED_DIABETES = "insulin_treated_diabetes"
    THERAPEUTIC_ANTICOAGULANT = "therapeutic_anticoagulant"
    CLOTTING_DISORDER = "clotting_disorder"
    STROKE_OR_CLOT_HISTORY = "stroke_or_clot_history"
    SERIOUS_HEART_DISEASE = "serious_heart_disease"
    CARDIAC_ARRHYTHMIA = "cardiac_arrhythmia"
    SERIOUS_KIDNEY_DISEASE = "serious_kidney_disease"
    SERIOUS_LIVER_DISEASE = "serious_liver_disease"
    ORGAN_TRANSPLANT = "organ_transplant"
    IMMUNOSUPPRESSION = "immunosuppression"
    UNCONTROLLED_HIV = "uncontrolled_hiv"
    UNAVOIDABLE_COMPONENT_REACTION = "unavoidable_component_reaction"
    PREVIOUS_GRANULOMATOUS_REACTION = "previous_mycobacterial_or_granulomatous_reaction"
    LYMPHOEDEMA_OF_LIMB = "lymphoedema_of_limb"

    PREGNANCY = "pregnancy"
    BREASTFEEDING = "breastfeeding"
    TRYING_TO_CONCEIVE = "trying_to_conceive"
    FEVER_OR_INFECTION = "fever_or_infection"
    AUTOIMMUNE_FLARE = "autoimmune_flare"
    SUNBURN_OR_FRESH_TAN = "sunburn_or_fresh_tan"
    LIPOSUCTION_UNDER_6_MONTHS = "liposuction_under_6_months"
    PROCEDURE_UNDER_4_WEEKS = "procedure_under_4_weeks"
    UNCONTROLLED_BLOOD_PRESSURE = "uncontrolled_blood_pressure"
    UNCONTROLLED_THYROID = "uncontrolled_thyroid"
    UNCONTROLLED_DIABETES = "uncontrolled_diabetes"
    UNHEALED_REACTION = "unhealed_reaction"
    CONSENT_INCOMPLETE = "consent_incomplete"
    VACCINATION_OR_DENTAL_SEPSIS = "vaccination_or_dental_sepsis"

    FITZPATRICK_IV_VI = "fitzpatrick_iv_vi"
    SMOKER = "smoker"
    PREVIOUS_ANAPHYLAXIS = "previous_anaphylaxis"
    CANCER_REMISSION = "cancer_remission_5_years_or_more"
    DIET_OR_TABLET_DIABETES = "diet_or_tablet_diabetes"
    ANTIPLATELET_OR_NSAID = "antiplatelet_or_nsaid"
    AUTOIMMUNE_REMISSION = "autoimmune_remission"
    GALLSTONES = "gallstones"
    PACEMAKER = "pacemaker"
    EPILEPSY = "epilepsy"
    KELOID_TENDENCY = "keloid_tendency"
    VARICOSE_VEINS_OVER_SITE = "varicose_veins_over_site"
    ISOTRETINOIN_UNDER_6_MONTHS = "isotretinoin_under_6_months"
    BMI_UNDER_18_5 = "bmi_under_18_5"
    NEEDLE_FAINT = "needle_faint"
    AGE_OVER_65 = "age_over_65"


class Allergen(TextChoices):
    """Something whose allergy or intolerance removes agents from the choice. Their words stand in
    the safety list."""

    SOYA_ANAPHYLAXIS = "soya_anaphylaxis"
    EGG_LECITHIN = "egg_lecithin"
    BENZYL_ALCOHOL = "benzyl_alcohol"
    HYALURONIDASE = "hyaluronidase"
    BEE_WASP_VENOM = "bee_wasp_venom"
    COLLAGENASE = "collagenase"
    AMIDE_ANAESTHETIC = "amide_anaesthetic"
    ESTER_ANAESTHETIC = "ester_anaesthetic"
    SULFITE = "sulfite"
    PARABENS = "parabens"
    IODINE = "iodine"
    XANTHINE = "xanthine"


class AgentCondition(TextChoices):
    """What else removes agents from the choice; the case format does not know these."""

    HEART_BLOCK = "heart_block_or_antiarrhythmic"
    RECENT_BLEED = "recent_brain_or_retinal_bleed"
    G6PD_OR_OXALATE = "g6pd_deficiency_or_oxalate_stones"
    RAGWEED_OR_BILE_DUCT = "ragweed_or_bile_duct_obstruction"
    LATEX = "latex"
    CHLORHEXIDINE = "chlorhexidine"
    ADHESIVE = "adhesive"


class Cause(TextChoices):
    """Something that shapes the look of an area."""

    CELLULITE = "cellulite", _("Cellulite")
    LAXITY = "laxity", _("Looseness")
    SUN_DAMAGE = "sun_damage", _("Sun damage")
    POST_LIPOSUCTION = "post_liposuction", _("After liposuction")
    ADIPOSITY = "adiposity", _("Excess weight")
    LOCALISED_ADIPOSITY = "localised_adiposity", _("Localised fat")


class Level(TextChoices):
    """How much a cause weighs in an area."""

    DOMINANT = "dominant", _("leads")
    CONTRIBUTING = "contributing", _("contributes")
    PRESENT = "present", _("present")
    NONE = "none", _("none")
    UNKNOWN = "unknown", _("not known yet")


class CssClass(TextChoices):
    """The class of a Cellulite Severity Scale total."""

    NONE = "none", _("None")
    MILD = "mild", _("Mild")
    MODERATE = "moderate", _("Moderate")
    SEVERE = "severe", _("Severe")


class Primary(TextChoices):
    """The main finding of an area."""

    CELLULITE = "cellulite", _("Cellulite leads")
    LAXITY = "laxity", _("Looseness leads")
    SUN_DAMAGE = "sun_damage", _("Sun damage leads")
    POST_LIPOSUCTION = "post_liposuction", _("After-effects of liposuction lead")
    SUSPECTED_LIPOEDEMA = "suspected_lipoedema", _("Lipoedema suspected")
    SUSPECTED_LYMPHOEDEMA = "suspected_lymphoedema", _("Lymphoedema suspected")
    LOCALISED_ADIPOSITY = "localised_adiposity", _("Localised fat")
    NO_SIGNIFICANT_FINDING = "no_significant_finding", _("No significant finding")
    UNDECIDED = "undecided", _("Cannot be decided yet")


class Treatable(TextChoices):
    """Whether a course can be offered for an area."""

    YES = "yes", _("Can be offered")
    REDUCED = "reduced", _("Limits apply")
    NO = "no", _("Not for this course")
    UNKNOWN = "unknown", _("Cannot be decided yet")


class Outcome(TextChoices):
    """The overall suggestion of a screening."""

    GOOD_CANDIDATE = "good_candidate", _("Good candidate")
    REDUCED_EXPECTATIONS = "candidate_reduced_expectations", _("Reduced expectations")
    REFER = "refer_other_treatment", _("Other care may suit better")
    CONTRAINDICATED_OR_DEFERRED = "contraindicated_or_deferred", _("Not suitable now")
    UNDECIDED = "undecided", _("Cannot be decided yet")


class SubOutcome(TextChoices):
    """What the overall suggestion means in practice."""

    GOOD = "good", _("A course can be discussed")
    REDUCED = "reduced", _("A course can be discussed with its limits")
    REDUCED_SOME_AREAS = "reduced_some_areas", _("A course for some of the areas")
    REFER_POST_LIPOSUCTION = "refer_post_liposuction", _("Refer: after-effects of liposuction")
    REFER_SKIN_LAXITY = "refer_skin_laxity", _("Refer: skin looseness")
    REFER_SUN_DAMAGE = "refer_sun_damage", _("Refer: sun damage")
    REFER_SPECIALIST = "refer_specialist", _("Refer: specialist diagnosis of the legs")
    WEIGHT_MANAGEMENT_FIRST = "weight_management_first", _("Weight management first")
    NOT_INDICATED = "not_indicated", _("No treatment needed")
    REFER = "refer", _("Refer: more than one cause, or another cause")
    DEFERRED = "deferred", _("Deferred: screen again later")
    DEFERRED_URGENT_REFERRAL = "deferred_urgent_referral", _("Deferred: urgent medical referral")
    CONTRAINDICATED = "contraindicated", _("Contraindicated")
    MISSING = "missing", _("Answers are missing")


class OnsetSpeed(TextChoices):
    """How the dents came."""

    SLOW = "slow", _("Slowly, over years")
    SUDDEN = "sudden", _("Within weeks or months")


class WorseWith(TextChoices):
    """What the patient saw make the dents worse."""

    PREGNANCY = "pregnancy", _("Pregnancy")
    WEIGHT = "weight", _("Weight change")
    MEDICINE = "medicine", _("A medicine or hormones")


class Menopause(TextChoices):
    """Where a woman stands with the menopause."""

    BEFORE = "before", _("Before")
    DURING = "during", _("In it")
    AFTER = "after", _("After")


class ProcedureKind(TextChoices):
    """A procedure, or an injury, that may have left its trace."""

    LIPOSUCTION = "liposuction", _("Liposuction")
    SUBCISION = "subcision", _("Subcision")
    ENERGY_DEVICE = "energy_device", _("Energy device (laser, radio waves, ultrasound, cold)")
    FILLER = "filler", _("Filler")
    THREAD = "thread", _("Threads")
    INJECTION = "injection", _("Other injections")
    SURGERY = "surgery", _("Surgery, or a scar")
    INJURY = "injury", _("Injury")


class ConditionKind(TextChoices):
    """Which kind of illness a line of the history is about."""

    INFECTION = "infection", _("Infection, long or returning")
    AUTOIMMUNE = "autoimmune", _("Autoimmune disease")
    OTHER = "other", _("Other illness")


class ConditionState(TextChoices):
    """Where an illness stands now."""

    ACTIVE = "active", _("Active now")
    QUIET = "quiet", _("Quiet now")
    OVER = "over", _("Over")


class Purpose(TextChoices):
    """Something that is consented to on its own, in the order in which it is asked."""

    TREATMENT = "treatment", _("Treatment")
    RECORD_PHOTOS = "record_photos", _("Photographs in the record")
    REVIEW = "review", _("Review inside the clinic")
    TEACHING_INSIDE = "teaching_inside", _("Teaching in the clinic")
    TEACHING_OUTSIDE = "teaching_outside", _("Teaching and publication outside")
    MARKETING_WEBSITE = "marketing_website", _("Marketing, website")
    MARKETING_SOCIAL = "marketing_social", _("Marketing, social channels")
    MARKETING_PRINT = "marketing_print", _("Marketing, print")
    RESEARCH = "research", _("Research")

    @property
    def is_marketing(self) -> bool:
        """Whether a yes must say when it ends."""
        return self in MARKETING


MARKETING = (Purpose.MARKETING_WEBSITE, Purpose.MARKETING_SOCIAL, Purpose.MARKETING_PRINT)


class ConsentKind(TextChoices):
    """What happened to a consent."""

    READ = "read", _("Text given to read")
    YES = "yes", _("Yes")
    NO = "no", _("No")
    WITHDRAWN = "withdrawn", _("Withdrawn")
