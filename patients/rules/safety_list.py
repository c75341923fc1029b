"""The safety lists as data: what stops, what defers, what asks a prescriber, which agents go.

A clinic's medical lead signs a list of her own; `DRAFT` is what the product proposes until then.
Facts from domain notes, section 4; how long an answer holds and how long to wait are proposals
for the medical lead to confirm.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from django.utils.translation import gettext_noop as _

from patients.terms import AgentCondition, Allergen, SafetyBlock, SafetyGate, SafetyItem, Sex

OWN = "own_"  # how the codes of a clinic's own rows begin
LETTER = {SafetyGate.ABSOLUTE: "X", SafetyGate.TEMPORARY: "T", SafetyGate.CAUTION: "C"}
STOPPING = (SafetyGate.ABSOLUTE, SafetyGate.TEMPORARY)
FEMALE_ONLY = (SafetyItem.PREGNANCY, SafetyItem.BREASTFEEDING, SafetyItem.TRYING_TO_CONCEIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyRow:
    """One item: its gate, its question on the form, and what the patient reads when it is "yes".

    `block` is None for an item that is not asked, because it follows from another answer.
    `holds_days` is how long an answer counts (None: until it is changed), `wait_days` the earliest
    day to screen again after a deferral (None: when the condition has passed).
    """

    code: str
    gate: SafetyGate
    stem: str
    question: str
    sentence: str
    block: SafetyBlock | None = None
    is_required: bool = False
    each_session: bool = False
    holds_days: int | None = None
    wait_days: int | None = None

    @property
    def reason_code(self) -> str:
        """The code that the reason carries at this gate: X_AGE, T_PREGNANCY, C_SMOKING."""
        return f"{LETTER[self.gate]}_{self.stem}"

    @property
    def stops(self) -> bool:
        """Whether a "yes" forbids treatment now."""
        return self.gate in STOPPING


@dataclass(frozen=True, slots=True, kw_only=True)
class ExclusionRow:
    """An allergy or condition, and the agent that it leaves out.

    `needs_opinion`: the agent may come back only with the opinion of an allergy clinic.
    """

    code: str
    label: str
    agent: str
    sentence: str
    needs_opinion: bool = False

    @property
    def reason_code(self) -> str:
        """The code that the reason carries: A_EXCLUDE_LIDOCAINE."""
        return f"A_EXCLUDE_{self.agent.upper()}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyList:
    """One version of the lists. Version 0 is the product's draft; a clinic signs 1, 2, 3.

    The rows stand in the order in which they are asked and in which reasons are given. Raises
    ValueError when a code stands twice, or when age under 18 is not an absolute stop.
    """

    version: int
    rows: tuple[SafetyRow, ...]
    exclusions: tuple[ExclusionRow, ...]
    by_code: Mapping[str, SafetyRow] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_code", {row.code: row for row in self.rows})
        codes = [row.code for row in self.rows] + [row.code for row in self.exclusions]
        if len(codes) != len(set(codes)):
            raise ValueError("A code stands twice in a safety list.")
        age = self.row(SafetyItem.AGE_UNDER_18)
        if age is None or age.gate != SafetyGate.ABSOLUTE:
            raise ValueError("Age under 18 is an absolute stop in every safety list.")

    def row(self, code: str) -> SafetyRow | None:
        """Find an item, or None when this list does not have it."""
        return self.by_code.get(code)

    def at(self, gate: SafetyGate) -> tuple[SafetyRow, ...]:
        """List the items of one gate."""
        return tuple(row for row in self.rows if row.gate == gate)

    @property
    def required(self) -> frozenset[str]:
        """The items without whose answer a screening cannot be decided."""
        return frozenset(row.code for row in self.rows if row.is_required)


def questions(lists: SafetyList, sex: str | None) -> list[tuple[SafetyBlock, list[SafetyRow]]]:
    """List the questions of the form, block by block; a man is not asked about pregnancy."""
    skipped: Collection[str] = FEMALE_ONLY if sex == Sex.MALE else ()
    asked = [row for row in lists.rows if row.code not in skipped]
    blocks = [(block, [row for row in asked if row.block == block]) for block in SafetyBlock]
    return [(block, rows) for block, rows in blocks if rows]


def no_longer_holding(
    answered_on: Mapping[str, date], lists: SafetyList, today: date
) -> frozenset[str]:
    """Name the answers that are too old for a screening; they count as unknown."""
    return frozenset(
        row.code
        for row in lists.rows
        if row.holds_days is not None
        and row.code in answered_on
        and (today - answered_on[row.code]).days > row.holds_days
    )


def to_ask_before_session(
    answered_on: Mapping[str, date], lists: SafetyList, today: date
) -> tuple[SafetyRow, ...]:
    """List what must be asked before a session today: each-session items, and what has aged.

    An answer that was given on the same day is not asked twice.
    """
    aged = no_longer_holding(answered_on, lists, today)
    return tuple(
        row
        for row in lists.rows
        if row.code in aged or (row.each_session and answered_on.get(row.code) != today)
    )


_ASKED = SafetyRow(
    code="",
    gate=SafetyGate.ABSOLUTE,
    stem="",
    question="",
    sentence="",
)
_NOW = replace(
    _ASKED,
    gate=SafetyGate.TEMPORARY,
    block=SafetyBlock.NOW,
    each_session=True,
    holds_days=7,
)
_ILLNESS = replace(_ASKED, block=SafetyBlock.ILLNESS)
_MEDICINE = replace(_ASKED, block=SafetyBlock.MEDICINES, each_session=True, holds_days=28)
_TENDENCY = replace(_ASKED, gate=SafetyGate.CAUTION, block=SafetyBlock.MEDICINES)
_FOLLOWS = replace(_ASKED, gate=SafetyGate.CAUTION)

_NO_PHOSPHATIDYLCHOLINE = _(
    "Soya, egg lecithin or benzyl alcohol is not tolerated: mixes with phosphatidylcholine "
    "could contain it. They are left out."
)
_NO_HYALURONIDASE = _(
    "Hyaluronidase or bee or wasp venom is not tolerated: hyaluronidase could cause a "
    "reaction. It is left out unless an allergy clinic has cleared it."
)


DRAFT = SafetyList(
    version=0,
    rows=(
        replace(
            _FOLLOWS,
            code=SafetyItem.AGE_UNDER_18,
            gate=SafetyGate.ABSOLUTE,
            stem="AGE",
            question=_("Under 18 years old"),
            sentence=_(
                "Under 18 years old: this treatment is for adults. It can be discussed again "
                "from 18."
            ),
        ),
        replace(
            _NOW,
            code=SafetyItem.PREGNANCY,
            stem="PREGNANCY",
            question=_("Pregnant, or possibly pregnant"),
            sentence=_(
                "Pregnancy, or possibly so: no injections now. Screen again after birth and "
                "breastfeeding."
            ),
            is_required=True,
        ),
        replace(
            _NOW,
            code=SafetyItem.BREASTFEEDING,
            stem="BREASTFEEDING",
            question=_("Breastfeeding"),
            sentence=_(
                "Breastfeeding: no injections until it has ended, and weight and skin are "
                "still changing. Screen again afterwards; a later baseline is fairer."
            ),
            is_required=True,
            holds_days=28,
        ),
        replace(
            _NOW,
            code=SafetyItem.TRYING_TO_CONCEIVE,
            stem="CONCEPTION",
            question=_("Trying to conceive"),
            sentence=_(
                "Trying to conceive: a pregnancy could begin during a course. Screen again later."
            ),
            holds_days=28,
        ),
        replace(
            _NOW,
            code=SafetyItem.FEVER_OR_INFECTION,
            stem="INFECTION",
            question=_("Fever or an infection now"),
            sentence=_(
                "Fever or an infection: the body needs to recover first. Screen again when well."
            ),
            is_required=True,
        ),
        replace(
            _NOW,
            code=SafetyItem.AUTOIMMUNE_FLARE,
            stem="AUTOIMMUNE_FLARE",
            question=_("Autoimmune disease, active now"),
            sentence=_(
                "An autoimmune disease is active: injections could irritate it. Screen again "
                "when it is quiet."
            ),
            is_required=True,
        ),
        replace(
            _NOW,
            code=SafetyItem.SUNBURN_OR_FRESH_TAN,
            stem="SUNBURN",
            question=_("Sunburn or fresh tan"),
            sentence=_(
                "Sunburn or a fresh tan: dark marks are more likely. Wait 2 to 4 weeks, "
                "protect the skin, and screen again."
            ),
            wait_days=28,
        ),
        replace(
            _FOLLOWS,
            code=SafetyItem.LIPOSUCTION_UNDER_6_MONTHS,
            gate=SafetyGate.TEMPORARY,
            stem="RECENT_LIPOSUCTION",
            question=_("Liposuction in the area, under 6 months ago"),
            sentence=_(
                "Liposuction in the area under 6 months ago: swelling and firmness are still "
                "settling. Screen again at 6 to 12 months; see the surgeon if worried now."
            ),
        ),
        replace(
            _NOW,
            code=SafetyItem.PROCEDURE_UNDER_4_WEEKS,
            stem="RECENT_PROCEDURE",
            question=_("Another procedure in the area, under 4 weeks ago"),
            sentence=_(
                "Another procedure in the area under 4 weeks ago: the skin is still healing. "
                "Screen again after 4 weeks."
            ),
            wait_days=28,
        ),
        replace(
            _FOLLOWS,
            code=SafetyItem.FITZPATRICK_IV_VI,
            stem="PIGMENT_RISK",
            question=_("Skin phototype IV to VI"),
            sentence=_(
                "Skin phototype IV to VI: dark marks after injections and bruises are more "
                "likely. Explain this; a prescriber reviews before session 1."
            ),
        ),
        replace(
            _TENDENCY,
            code=SafetyItem.SMOKER,
            stem="SMOKING",
            question=_("Smoker"),
            sentence=_(
                "Smoking: healing is slower. Offer help to stop; a prescriber reviews before "
                "session 1."
            ),
        ),
        replace(
            _TENDENCY,
            code=SafetyItem.PREVIOUS_ANAPHYLAXIS,
            stem="PREVIOUS_ANAPHYLAXIS",
            question=_("Anaphylaxis to anything, ever"),
            sentence=_(
                "Anaphylaxis in the past: a severe reaction needs a plan. A prescriber "
                "reviews the agents before session 1."
            ),
        ),
        replace(
            _ILLNESS,
            code=SafetyItem.ACTIVE_CANCER,
            stem="CANCER",
            question=_("Active cancer or cancer treatment"),
            sentence=_(
                "Active cancer or its treatment: no cosmetic injections during this time. Ask "
                "again when the cancer team has ended treatment."
            ),
            is_required=True,
        ),
        replace(
            _ILLNESS,
            code=SafetyItem.CANCER_REMISSION,
            gate=SafetyGate.CAUTION,
            stem="CANCER_HISTORY",
            question=_("Cancer in remission, 5 years or more"),
            sentence=_(
                "Cancer in remission for 5 years or more: usually no obstacle. A prescriber "
                "reviews before session 1."
            ),
        ),
        replace(
            _ILLNESS,
            code=SafetyItem.UNCONTROLLED_BLOOD_PRESSURE,
            gate=SafetyGate.TEMPORARY,
            stem="BLOOD_PRESSURE",
            question=_("Blood pressure that is not controlled"),
            sentence=_(
                "Blood pressure is not controlled: treat it first. Screen again when it is."
            ),
        ),
        replace(
            _ILLNESS,
            code=SafetyItem.UNCONTROLLED_THYROID,
            gate=SafetyGate.TEMPORARY,
            stem="THYROID",
            question=_("Thyroid disease that is not controlled"),
            sentence=_(
                "Thyroid disease is not controlled: treat it first. Screen again when it is."
            ),
        ),
        replace(
            _ILLNESS,
            code=SafetyItem.INSULIN_TREATED_DIABETES,
            stem="INSULIN_DIABETES",
            question=_("Diabetes treated with insulin"),
            sentence=_(
                "Diabetes treated with insulin: healing is slower and infection is more "
                "likely. No injections here; discuss options without needles."
            ),
            is_required=True,
        ),
        replace(
            _ILLNESS,
            code=SafetyItem.UNCONTROLLED_DIABETES,
            gate=SafetyGate.TEMPORARY,
            stem="DIABETES",
            question=_("Diabetes that is not controlled"),
            sentence=_(
                "Diabetes is not controlled: healing is slower and infection is more likely. "
                "Screen again when it is controlled."
            ),
            is_required=True,
        ),
        replace(
            _ILLNESS,
            code=SafetyItem.DIET_OR_TABLET_DIABETES,
            gate=SafetyGate.CAUTION,
            stem="DIABETES",
            question=_("Diabetes treated with diet or tablets"),
            sentence=_(
                "Diabetes with diet or tablets: healing can be slower. A prescriber reviews "
                "the control of it before session 1."
            ),
        ),
        replace(
            _NOW,
            code=SafetyItem.UNHEALED_REACTION,
            stem="REACTION",
            question=_("A reaction that has not healed"),
            sentence=_(
                "A reaction has not healed yet: let it heal and have it looked at. Then "
                "screen again."
            ),
        ),
        replace(
            _FOLLOWS,
            code=SafetyItem.CONSENT_INCOMPLETE,
            gate=SafetyGate.TEMPORARY,
            stem="CONSENT",
            question=_("Consent or reflection time not complete"),
            sentence=_(
                "Consent or reflection time is not complete: no treatment before both are. "
                "Complete them, then continue."
            ),
            each_session=True,
            holds_days=0,
        ),
        replace(
            _NOW,
            code=SafetyItem.VACCINATION_OR_DENTAL_SEPSIS,
            stem="VACCINE_DENTAL",
            question=_("Vaccination or dental infection, under 2 weeks ago"),
            sentence=_(
                "A vaccination or dental infection under 2 weeks ago: the immune system is "
                "busy. Screen again after 2 weeks."
            ),
            wait_days=14,
        ),
        replace(
            _MEDICINE,
            code=SafetyItem.THERAPEUTIC_ANTICOAGULANT,
            stem="ANTICOAGULANT",
            question=_("Anticoagulant medicine"),
            sentence=_(
                "An anticoagulant is taken: many needle punctures risk bleeding. No "
                "injections here, and the medicine must not be stopped for a cosmetic "
                "treatment."
            ),
            is_required=True,
        ),
        replace(
            _MEDICINE,
            code=SafetyItem.ANTIPLATELET_OR_NSAID,
            gate=SafetyGate.CAUTION,
            stem="BRUISING",
            question=_(
                "Aspirin, ibuprofen or another medicine or supplement that favours bruising"
            ),
            sentence=_(
                "A medicine or supplement that makes bruising more likely: expect more "
                "bruises and do not stop it without its prescriber. A prescriber reviews "
                "before session 1."
            ),
        ),
        replace(
            _ILLNESS,
            code=SafetyItem.AUTOIMMUNE_REMISSION,
            gate=SafetyGate.CAUTION,
            stem="AUTOIMMUNE",
            question=_("Autoimmune disease, quiet now"),
            sentence=_(
                "An autoimmune disease that is quiet now: it could wake up. A prescriber "
                "reviews before session 1."
            ),
        ),
        replace(
            _ILLNESS,
            code=SafetyItem.GALLSTONES,
            gate=SafetyGate.CAUTION,
            stem="GALLSTONES",
            question=_("Gallstones"),
            sentence=_(
                "Gallstones: some agents may not suit. A prescriber reviews before session 1."
            ),
        ),
        replace(
            _ILLNESS,
            code=SafetyItem.CLOTTING_DISORDER,
            stem="CLOTTING",
            question=_("Bleeding or clotting disorder"),
            sentence=_(
                "A bleeding or clotting disorder: many needle punctures risk bleeding. No "
                "injections here; discuss options without needles."
            ),
            is_required=True,
        ),
        replace(
            _ILLNESS,
            code=SafetyItem.STROKE_OR_CLOT_HISTORY,
            stem="THROMBOSIS",
            question=_("Stroke or blood clot, ever"),
            sentence=_(
                "A stroke or blood clot in the past: injections and their medicines are not "
                "advised. Discuss options without needles."
            ),
            is_required=True,
        ),
        replace(
            _ILLNESS,
            code=SafetyItem.SERIOUS_HEART_DISEASE,
            stem="CARDIAC",
            question=_("Serious heart disease"),
            sentence=_(
                "Serious heart disease: common agents can strain the heart. No injections "
                "here; discuss options without needles."
            ),
            is_required=True,
        ),
        replace(
            _ILLNESS,
            code=SafetyItem.CARDIAC_ARRHYTHMIA,
            stem="CARDIAC_ARRHYTHMIA",
            question=_("Heart rhythm disorder"),
            sentence=_(
                "A heart rhythm disorder: several common agents can provoke it. No injections "
                "here; discuss options without needles."
            ),
            is_required=True,
        ),
        replace(
            _ILLNESS,
            code=SafetyItem.PACEMAKER,
            gate=SafetyGate.CAUTION,
            stem="PACEMAKER",
            question=_("Pacemaker"),
            sentence=_(
                "A pacemaker: some agents and devices may not suit. A prescriber reviews first."
            ),
        ),
        replace(
            _ILLNESS,
            code=SafetyItem.EPILEPSY,
            gate=SafetyGate.CAUTION,
            stem="EPILEPSY",
            question=_("Epilepsy"),
            sentence=_(
                "Epilepsy: agents such as caffeine and aminophylline may not suit. A "
                "prescriber reviews before session 1."
            ),
        ),
        replace(
            _ILLNESS,
            code=SafetyItem.SERIOUS_KIDNEY_DISEASE,
            stem="KIDNEY",
            question=_("Serious kidney disease"),
            sentence=_(
                "Serious kidney disease: injected medicines may not be cleared as they "
                "should. No injections here; discuss options without needles."
            ),
            is_required=True,
        ),
        replace(
            _ILLNESS,
            code=SafetyItem.SERIOUS_LIVER_DISEASE,
            stem="LIVER",
            question=_("Serious liver disease"),
            sentence=_(
                "Serious liver disease: injected medicines may not be cleared as they should. "
                "No injections here; discuss options without needles."
            ),
            is_required=True,
        ),
        replace(
            _ILLNESS,
            code=SafetyItem.ORGAN_TRANSPLANT,
            stem="TRANSPLANT",
            question=_("Organ transplant"),
            sentence=_(
                "An organ transplant: the medicines that protect it raise the risk of "
                "infection. No injections here; discuss options without needles."
            ),
            is_required=True,
        ),
        replace(
            _ILLNESS,
            code=SafetyItem.IMMUNOSUPPRESSION,
            stem="IMMUNOSUPPRESSION",
            question=_("Weakened or suppressed immune system"),
            sentence=_(
                "A weakened or suppressed immune system: infection is more likely. No "
                "injections here; discuss options without needles."
            ),
            is_required=True,
        ),
        replace(
            _ILLNESS,
            code=SafetyItem.UNCONTROLLED_HIV,
            stem="HIV",
            question=_("HIV that is not controlled"),
            sentence=_(
                "HIV that is not controlled: infection is more likely. No injections now; ask "
                "again when treatment has controlled it."
            ),
            is_required=True,
        ),
        replace(
            _TENDENCY,
            code=SafetyItem.UNAVOIDABLE_COMPONENT_REACTION,
            gate=SafetyGate.ABSOLUTE,
            stem="COMPONENT_REACTION",
            question=_("Severe reaction to a component that cannot be avoided"),
            sentence=_(
                "A severe reaction to a component that cannot be avoided: it could happen "
                "again. No injections with it; discuss other options."
            ),
        ),
        replace(
            _TENDENCY,
            code=SafetyItem.PREVIOUS_GRANULOMATOUS_REACTION,
            gate=SafetyGate.ABSOLUTE,
            stem="GRANULOMA",
            question=_("Mycobacterial infection or granuloma after earlier injections"),
            sentence=_(
                "A mycobacterial infection or granuloma after earlier injections: it could "
                "happen again. No injections here; discuss options without needles."
            ),
        ),
        replace(
            _ILLNESS,
            code=SafetyItem.LYMPHOEDEMA_OF_LIMB,
            stem="LYMPHOEDEMA",
            question=_("Known lymphoedema of a limb"),
            sentence=_(
                "Known lymphoedema of a limb: any puncture can let an infection in. No "
                "injections; continue with the lymphoedema clinic."
            ),
        ),
        replace(
            _TENDENCY,
            code=SafetyItem.KELOID_TENDENCY,
            stem="KELOID",
            question=_("Tendency to keloid scars"),
            sentence=_(
                "A tendency to keloid scars: punctures could leave raised scars. A prescriber "
                "reviews before session 1."
            ),
        ),
        replace(
            _ILLNESS,
            code=SafetyItem.VARICOSE_VEINS_OVER_SITE,
            gate=SafetyGate.CAUTION,
            stem="VARICOSE",
            question=_("Varicose veins over the area"),
            sentence=_(
                "Varicose veins over the area: they must not be punctured. Mark them; a "
                "prescriber reviews before session 1."
            ),
        ),
        replace(
            _MEDICINE,
            code=SafetyItem.ISOTRETINOIN_UNDER_6_MONTHS,
            gate=SafetyGate.CAUTION,
            stem="ISOTRETINOIN",
            question=_("Isotretinoin, under 6 months ago"),
            sentence=_(
                "Isotretinoin in the last 6 months: healing can be poorer. A prescriber "
                "reviews before session 1."
            ),
        ),
        replace(
            _FOLLOWS,
            code=SafetyItem.BMI_UNDER_18_5,
            stem="LOW_BMI",
            question=_("BMI under 18.5"),
            sentence=_(
                "BMI under 18.5: ask kindly about eating and recent weight loss. A prescriber "
                "reviews before session 1."
            ),
        ),
        replace(
            _TENDENCY,
            code=SafetyItem.NEEDLE_FAINT,
            stem="FAINT",
            question=_("Faints with needles"),
            sentence=_(
                "Faints with needles: treat lying down and allow time. A prescriber reviews first."
            ),
        ),
        replace(
            _FOLLOWS,
            code=SafetyItem.AGE_OVER_65,
            stem="AGE",
            question=_("Over 65 years old"),
            sentence=_(
                "Over 65 years old: skin is thinner and medicines are more common. A "
                "prescriber reviews before session 1."
            ),
        ),
    ),
    exclusions=(
        ExclusionRow(
            code=Allergen.SOYA_ANAPHYLAXIS,
            label=_("Soya (anaphylaxis)"),
            agent="phosphatidylcholine",
            sentence=_NO_PHOSPHATIDYLCHOLINE,
        ),
        ExclusionRow(
            code=Allergen.EGG_LECITHIN,
            label=_("Egg or lecithin"),
            agent="phosphatidylcholine",
            sentence=_NO_PHOSPHATIDYLCHOLINE,
        ),
        ExclusionRow(
            code=Allergen.BENZYL_ALCOHOL,
            label=_("Benzyl alcohol"),
            agent="phosphatidylcholine",
            sentence=_NO_PHOSPHATIDYLCHOLINE,
        ),
        ExclusionRow(
            code=Allergen.HYALURONIDASE,
            label=_("Hyaluronidase"),
            agent="hyaluronidase",
            sentence=_NO_HYALURONIDASE,
            needs_opinion=True,
        ),
        ExclusionRow(
            code=Allergen.BEE_WASP_VENOM,
            label=_("Bee or wasp venom"),
            agent="hyaluronidase",
            sentence=_NO_HYALURONIDASE,
            needs_opinion=True,
        ),
        ExclusionRow(
            code=Allergen.COLLAGENASE,
            label=_("Collagenase"),
            agent="collagenase",
            sentence=_("Collagenase is not tolerated: it could cause a reaction. It is left out."),
        ),
        ExclusionRow(
            code=Allergen.AMIDE_ANAESTHETIC,
            label=_("Amide anaesthetic (such as lidocaine)"),
            agent="lidocaine",
            sentence=_(
                "Amide anaesthetics are not tolerated: lidocaine is one of them. It is left out."
            ),
        ),
        ExclusionRow(
            code=Allergen.ESTER_ANAESTHETIC,
            label=_("Ester anaesthetic (such as procaine) or PABA"),
            agent="procaine",
            sentence=_(
                "Ester anaesthetics are not tolerated: procaine is one of them. It is left out."
            ),
        ),
        ExclusionRow(
            code=Allergen.SULFITE,
            label=_("Sulfites"),
            agent="sulfites",
            sentence=_(
                "Sulfites are not tolerated: anaesthetic with adrenaline and some other vials "
                "contain them. These are left out."
            ),
        ),
        ExclusionRow(
            code=Allergen.PARABENS,
            label=_("Parabens"),
            agent="parabens",
            sentence=_(
                "Parabens are not tolerated: some multidose vials contain them. These are left out."
            ),
        ),
        ExclusionRow(
            code=Allergen.IODINE,
            label=_("Iodine"),
            agent="iodine",
            sentence=_(
                "Iodine is not tolerated: some skin preparations and agents contain it. They "
                "are left out."
            ),
        ),
        ExclusionRow(
            code=Allergen.XANTHINE,
            label=_("Xanthines (such as caffeine or theophylline)"),
            agent="xanthines",
            sentence=_(
                "Xanthines are not tolerated: caffeine, aminophylline and pentoxifylline are "
                "among them. They are left out."
            ),
        ),
        ExclusionRow(
            code=AgentCondition.HEART_BLOCK,
            label=_("Heart block, or a medicine for heart rhythm"),
            agent="lidocaine",
            sentence=_(
                "Heart block or a medicine for heart rhythm: lidocaine could slow the heart. "
                "It is left out."
            ),
        ),
        ExclusionRow(
            code=AgentCondition.RECENT_BLEED,
            label=_("Bleeding in the brain or the eye, recently"),
            agent="pentoxifylline",
            sentence=_(
                "A recent bleed in the brain or the eye: pentoxifylline could make it bleed "
                "again. It is left out."
            ),
        ),
        ExclusionRow(
            code=AgentCondition.G6PD_OR_OXALATE,
            label=_("G6PD deficiency or oxalate kidney stones"),
            agent="vitamin_c",
            sentence=_(
                "G6PD deficiency or oxalate stones: vitamin C in high doses could do harm. It "
                "is left out."
            ),
        ),
        ExclusionRow(
            code=AgentCondition.RAGWEED_OR_BILE_DUCT,
            label=_("Ragweed or daisy family allergy, or a blocked bile duct"),
            agent="artichoke",
            sentence=_(
                "Ragweed or daisy plants are not tolerated, or a bile duct is blocked: "
                "artichoke extract does not suit. It is left out."
            ),
        ),
        ExclusionRow(
            code=AgentCondition.LATEX,
            label=_("Latex"),
            agent="latex",
            sentence=_(
                "Latex is not tolerated: some gloves and stoppers contain it. Latex-free ones "
                "are used."
            ),
        ),
        ExclusionRow(
            code=AgentCondition.CHLORHEXIDINE,
            label=_("Chlorhexidine"),
            agent="chlorhexidine",
            sentence=_(
                "Chlorhexidine is not tolerated: many skin preparations contain it. Another "
                "one is used."
            ),
        ),
        ExclusionRow(
            code=AgentCondition.ADHESIVE,
            label=_("Plaster or dressing adhesive"),
            agent="adhesive",
            sentence=_(
                "Plaster adhesive is not tolerated: dressings that stick could irritate the "
                "skin. Another kind is used."
            ),
        ),
    ),
)
