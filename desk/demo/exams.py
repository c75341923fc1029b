"""What was asked and seen at the demo's screenings. The verdict comes from the real rules.

The findings are those of the project's vignettes: textbook dents, and what is taken for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from patients.models.screening import Decision
from patients.terms import SafetyItem

Seen = dict[str, Any]

# Dents seen standing, gone lying, that stay on lifting; firm skin; nothing else.
DENTS: Seen = {
    "visible_standing": True,
    "visible_lying": False,
    "visible_on_pinch": True,
    "raised_nodules": False,
    "css_number": 2,
    "css_depth": 1,
    "css_morphology": 2,
    "css_laxity": 0,
    "lift_test": "persist",
    "crepey": "none",
    "recoil": "immediate",
    "scalloped_folds": False,
    "localised_fat": False,
    "infection_or_inflammation": False,
    "sun_grade": 0,
    "sun_border_at_clothing": False,
    "suspicious_lesion": False,
    "actinic_keratosis": False,
    "lipo_here": False,
}
DEEPER: Seen = DENTS | {"css_depth": 2}
MILDER: Seen = DENTS | {"css_number": 1, "css_morphology": 1}
SOME_LAXITY: Seen = DENTS | {"css_laxity": 2, "lift_test": "partly_improve", "recoil": "delayed"}
NO_DENTS: Seen = DENTS | {
    "visible_standing": False,
    "visible_on_pinch": False,
    "css_number": 0,
    "css_depth": 0,
    "css_morphology": 0,
    "lift_test": "no_dimples",
}
LOOSE: Seen = NO_DENTS | {
    "visible_on_pinch": True,
    "css_laxity": 3,
    "lift_test": "disappear",
    "crepey": "marked",
    "recoil": "slow",
    "scalloped_folds": True,
}
SUN: Seen = NO_DENTS | {
    "css_laxity": 1,
    "crepey": "marked",
    "sun_grade": 3,
    "sun_signs": ["lentigines", "mottled", "telangiectasia", "crosshatch"],
    "sun_border_at_clothing": True,
}
# `lipo_months` is turned into a date when the exam is written.
LIPO: Seen = DENTS | {
    "css_depth": 3,
    "css_morphology": 0,
    "css_laxity": 1,
    "lipo_here": True,
    "lipo_months": 48,
    "lipo_onset": "after",
    "lipo_signs": ["adherent", "fibrosis", "asymmetry", "track_linear", "port_scar"],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Exam:
    """One kind of screening: what each region showed, and what was decided with which reason.

    A deferral is until `wait_days` after the screening.
    """

    seen: Mapping[str, Seen]
    her_words: str
    yes: tuple[SafetyItem, ...] = ()
    bmi: float = 23.5
    ages: tuple[int, int] = (25, 52)
    phototype: int = 2
    details: Mapping[str, Any] = field(default_factory=dict)
    decision: Decision = Decision.ACCEPTED
    reason: str = ""
    referred_to: str = ""
    wait_days: int = 0


TEXTBOOK = Exam(
    seen={"buttock": DENTS, "thigh_posterior": DENTS},
    her_words="Dents since my twenties. I would like to wear shorts again.",
)
BUTTOCKS = Exam(
    seen={"buttock": DEEPER},
    her_words="Buttocks only. It does not go away with sport.",
    phototype=5,
    yes=(SafetyItem.FITZPATRICK_IV_VI,),
)
THIGHS = Exam(
    seen={"thigh_posterior": DEEPER, "thigh_lateral": MILDER},
    her_words="The thighs, mostly seen in daylight. I know that it may not change much.",
    bmi=25.5,
)
LAX = Exam(
    seen={"thigh_posterior": SOME_LAXITY},
    her_words="After two children the skin is softer, and there are dents.",
    ages=(40, 55),
)
HEAVIER = Exam(
    seen={"buttock": DEEPER | {"css_laxity": 1}},
    her_words="My weight has been steady for a year. The buttocks bother me.",
    bmi=32,
)
SMOKER = Exam(
    seen={"buttock": DENTS, "thigh_lateral": DENTS},
    her_words="A friend had this done and was content.",
    yes=(SafetyItem.SMOKER,),
    bmi=22,
)
MIXED = Exam(
    seen={"buttock": DEEPER, "thigh_lateral": LIPO | {"lipo_months": 36}},
    her_words="Outer thighs are uneven since the liposuction, buttocks always were.",
    ages=(34, 46),
)
LOOSENESS = Exam(
    seen={"thigh_posterior": LOOSE},
    her_words="I lost 34 kg and the backs of my thighs hang.",
    ages=(45, 58),
    bmi=26,
    details={"major_weight_loss": True},
    decision=Decision.REFERRED,
    reason="Looseness leads after large weight loss. Please see her about skin tightening.",
    referred_to="Plastic surgery, St Brigid's Hospital",
)
SUN_DAMAGE = Exam(
    seen={"thigh_anterior": SUN},
    her_words="The front of my thighs looks crinkled. I used to sunbathe a lot.",
    ages=(58, 64),
    decision=Decision.REFERRED,
    reason="Sun damage, no dents. Please check the skin of both legs.",
    referred_to="Dr Achterberg, dermatology",
)
POST_LIPOSUCTION = Exam(
    seen={"thigh_lateral": LIPO},
    her_words="Dents in lines since my second liposuction.",
    ages=(38, 50),
    decision=Decision.REFERRED,
    reason="Adherent dents along the old tracks. Please give your opinion on a correction.",
    referred_to="Mr Delacourt, who operated in 2021",
)
INSULIN = Exam(
    seen={"buttock": DENTS},
    her_words="Type 1 diabetes, on a pump. Otherwise well.",
    yes=(SafetyItem.INSULIN_TREATED_DIABETES,),
    decision=Decision.NOT_SUITABLE,
    reason="Diabetes treated with insulin. Explained, she understands.",
)
BREASTFEEDING = Exam(
    seen={"thigh_posterior": MILDER | {"css_laxity": 1}},
    her_words="Worse since my pregnancy. My baby is four months old.",
    ages=(27, 36),
    yes=(SafetyItem.BREASTFEEDING,),
    decision=Decision.DEFERRED,
    reason="Still breastfeeding. Screen again three months after weaning.",
    wait_days=180,
)
SUNBURNT = Exam(
    seen={"buttock": DENTS, "thigh_posterior": DENTS},
    her_words="Back from two weeks at the sea. I would like to start soon.",
    yes=(SafetyItem.SUNBURN_OR_FRESH_TAN,),
    decision=Decision.DEFERRED,
    reason="Fresh tan on both legs. Sun protection explained, screen again when it has faded.",
    wait_days=28,
)
# Accepted by the medical lead against a stop; a second person has not answered yet.
OLD_CLOT = Exam(
    seen={"thigh_posterior": DENTS},
    her_words="I had a clot in my calf after I broke my leg, twelve years ago.",
    ages=(36, 48),
    yes=(SafetyItem.STROKE_OR_CLOT_HISTORY,),
    decision=Decision.CHANGED,
    reason="One clot after a fracture twelve years ago, no treatment since. Her haematologist "
    "writes that the risk is not raised.",
)
