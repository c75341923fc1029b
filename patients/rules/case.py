"""Reads a case of the case format into facts, and writes a verdict in its output format.

Strict on purpose: an unknown key, an unknown word or a wrong total is refused by name, because a
misspelt answer that is skipped would count as unknown at best and as normal at worst.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from enum import Enum
from typing import Any, NoReturn, TypeVar

from patients.rules.candidacy import Verdict
from patients.rules.facts import (
    ABSOLUTE,
    ALLERGIES,
    CAUTIONS,
    TEMPORARY,
    AreaFacts,
    LegFacts,
    PatientFacts,
    SafetyFacts,
    ScreeningFacts,
)
from patients.rules.safety_list import DRAFT, OWN, SafetyList
from patients.terms import (
    Allergen,
    Area,
    Crepe,
    Expectations,
    LiftTest,
    LipoOnset,
    LipoSign,
    Recoil,
    SafetyGate,
    Sex,
    Stemmer,
    SunSign,
)

Choice = TypeVar("Choice", bound=Enum)
Parse = Callable[["_Reader", str], Any]


class CaseError(Exception):
    """A case that cannot be read: whose, which field, and one sentence that says why."""

    def __init__(self, case_id: str, field: str, sentence: str) -> None:
        super().__init__(f"{case_id}: {field}: {sentence}" if case_id else f"{field}: {sentence}")
        self.id = case_id
        self.field = field
        self.sentence = sentence


class _Reader:
    """One object of a case, with the path to it; each method reads one key or refuses it."""

    def __init__(self, case_id: str, path: str, data: object, keys: Collection[str]) -> None:
        self.case_id, self.path = case_id, path
        if data is not None and not isinstance(data, Mapping):
            self.refuse("", "Expected an object.")
        self.data: Mapping[str, Any] = data or {}
        for key in self.data:
            if key not in keys:
                self.refuse(_shown(key), f"Unknown key “{_shown(key)}”.")

    def refuse(self, key: str, sentence: str) -> NoReturn:
        field = ".".join(part for part in (self.path, key) if part)
        raise CaseError(self.case_id, field, sentence)

    def inner(self, key: str, keys: Collection[str]) -> _Reader:
        path = f"{self.path}.{key}" if self.path else key
        return _Reader(self.case_id, path, self.data.get(key), keys)

    def text(self, key: str) -> str | None:
        value = self.data.get(key)
        if value is not None and not isinstance(value, str):
            self.refuse(key, "Expected text or null.")
        return value

    def boolean(self, key: str) -> bool | None:
        value = self.data.get(key)
        if value is not None and not isinstance(value, bool):
            self.refuse(key, "Expected true, false or null.")
        return value

    def number(self, key: str, low: float, high: float) -> float | None:
        value = self.data.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.refuse(key, "Expected a number or null.")
        if not low <= value <= high:
            self.refuse(key, f"Expected a number from {low:g} to {high:g}.")
        return value

    def integer(self, key: str, low: int, high: int) -> int | None:
        value = self.number(key, low, high)
        if isinstance(value, float) and not value.is_integer():
            self.refuse(key, "Expected a whole number.")
        return None if value is None else int(value)

    def choice(self, key: str, choices: type[Choice]) -> Choice | None:
        value = self.data.get(key)
        return None if value is None else self.one_of(key, value, choices)

    def one_of(self, key: str, value: object, choices: type[Choice]) -> Choice:
        if not isinstance(value, str) or value not in values_of(choices):
            self.refuse(key, f"Unknown value “{_shown(value)}”.")
        return choices(value)

    def many(self, key: str, allowed: Collection[str]) -> frozenset[str] | None:
        values = self.data.get(key)
        if values is None:
            return None
        if not isinstance(values, list):
            self.refuse(key, "Expected a list or null.")
        for value in values:
            if not isinstance(value, str) or value not in allowed:
                self.refuse(key, f"Unknown code “{_shown(value)}”.")
        return frozenset(values)


def _shown(value: object) -> str:
    """Quote what stood there, or say what it is; a long or nested value would bury the sentence."""
    if not isinstance(value, str | int | float):
        return "a list" if isinstance(value, list) else "an object"
    text = str(value)
    return text if len(text) <= 40 else f"{text[:40]}…"


def _boolean(reader: _Reader, key: str) -> bool | None:
    return reader.boolean(key)


def _number(low: float, high: float) -> Parse:
    return lambda reader, key: reader.number(key, low, high)


def _integer(low: int, high: int) -> Parse:
    return lambda reader, key: reader.integer(key, low, high)


def _choice(choices: type[Enum]) -> Parse:
    return lambda reader, key: reader.choice(key, choices)


def values_of(choices: type[Enum]) -> list[str]:
    """Return the codes of an enumeration."""
    return [each.value for each in choices]


def _signs(choices: type[Enum]) -> Parse:
    def parse(reader: _Reader, key: str) -> frozenset[Enum] | None:
        codes = reader.many(key, values_of(choices))
        return None if codes is None else frozenset(choices(code) for code in codes)

    return parse


# Key of the case format -> how to read it. Keys are the names of the facts unless RENAMED says so.
PATIENT: Mapping[str, Parse] = {
    "age": _integer(0, 130),
    "sex": _choice(Sex),
    "height_cm": _number(50, 260),
    "weight_kg": _number(10, 500),
    "bmi": _number(5, 150),
    "fitzpatrick": _integer(1, 6),
    "glogau": _integer(1, 4),
}
HISTORY: Mapping[str, Parse] = {
    "mother_or_sister_cellulite": _boolean,
    "pregnancies": _integer(0, 50),
    "smoker": _boolean,
    "major_weight_loss": _boolean,
    "weight_stable_3_months": _boolean,
    "bdd_screen_positive": _boolean,
    "expectations": _choice(Expectations),
}
LEGS: Mapping[str, Parse] = {
    "symmetric_disproportion": _boolean,
    "feet_spared": _boolean,
    "cuff_sign": _boolean,
    "easy_bruising": _boolean,
    "pain_on_pressure": _boolean,
    "diet_resistant": _boolean,
    "hormonal_or_family_onset": _boolean,
    "pitting_oedema": _boolean,
    "foot_dorsum_swollen": _boolean,
    "new_unilateral_swelling": _boolean,
    "stemmer": _choice(Stemmer),
}
CSS: Mapping[str, Parse] = {
    "number": _integer(0, 3),
    "depth": _integer(0, 3),
    "morphology": _integer(0, 3),
    "laxity": _integer(0, 3),
    "nm": _integer(0, 3),
}
AREA: Mapping[str, Parse] = {
    "visible_lying": _boolean,
    "visible_standing": _boolean,
    "visible_on_pinch_or_contraction": _boolean,
    "lift_test": _choice(LiftTest),
    "crepey": _choice(Crepe),
    "recoil": _choice(Recoil),
    "scalloped_folds": _boolean,
    "localised_fat": _boolean,
    "infection_or_inflammation": _boolean,
    "sun_grade": _integer(0, 3),
    "sun_signs": _signs(SunSign),
    "sun_border_at_clothing": _boolean,
    "suspicious_lesion": _boolean,
    "actinic_keratosis": _boolean,
    "lipo_here": _boolean,
    "lipo_months_ago": _number(0, 1200),
    "lipo_count": _integer(0, 50),
    "lipo_onset": _choice(LipoOnset),
    "lipo_signs": _signs(LipoSign),
}
SAFETY: Mapping[str, frozenset[str]] = {
    "absolute": frozenset(item.value for item in ABSOLUTE),
    "temporary": frozenset(item.value for item in TEMPORARY),
    "cautions": frozenset(item.value for item in CAUTIONS),
    "allergies": frozenset(Allergen.values),
}
GATES = {
    "absolute": SafetyGate.ABSOLUTE,
    "temporary": SafetyGate.TEMPORARY,
    "cautions": SafetyGate.CAUTION,
}
RENAMED = {"visible_on_pinch_or_contraction": "visible_on_pinch"}
# What to ask for in a case, where the form asks for something else: a case gives item e itself.
ASKED_AS = {fact: key for key, fact in RENAMED.items()} | {"raised_nodules": "css_nm"}
# "expected" is what a vignette says of itself; the rules never look at it.
CASE_KEYS = ("id", "title", "story", "patient", "history", "safety", "areas", "expected")


def _read(reader: _Reader, table: Mapping[str, Parse], prefix: str = "") -> dict[str, Any]:
    return {f"{prefix}{RENAMED.get(k, k)}": parse(reader, k) for k, parse in table.items()}


def _check_total(reader: _Reader, items: Collection[int | None]) -> None:
    """Refuse a total that is not the sum, or that no values of the missing items could make."""
    total = reader.integer("total", 0, 15)
    known = [item for item in items if item is not None]
    least, open_items = sum(known), len(items) - len(known)
    if total is None or least <= total <= least + 3 * open_items:
        return
    if open_items:
        most = least + 3 * open_items
        reader.refuse("total", f"The total is {total} but the items make {least} to {most}.")
    reader.refuse("total", f"The total is {total} but the items add up to {least}.")


def _read_area(case: _Reader, place: int, data: object) -> AreaFacts:
    path = f"areas[{place}]"
    reader = _Reader(case.case_id, path, data, ("area", "css", *AREA))
    area = reader.choice("area", Area)
    if area is None:
        reader.refuse("area", "Say which area this is.")
    css_reader = reader.inner("css", (*CSS, "total"))
    css = _read(css_reader, CSS, prefix="css_")
    _check_total(css_reader, css.values())
    return AreaFacts(area=area, **css, **_read(reader, AREA))


def _read_areas(case: _Reader) -> tuple[AreaFacts, ...]:
    listed = case.data.get("areas")
    if listed is not None and not isinstance(listed, list):
        case.refuse("areas", "Expected a list.")
    areas = tuple(_read_area(case, place, data) for place, data in enumerate(listed or ()))
    names = [area.area for area in areas]
    for place, name in enumerate(names):
        if name in names[:place]:
            case.refuse(f"areas[{place}].area", f"“{name.value}” is listed twice.")
    return areas


def _known_codes(lists: SafetyList) -> Mapping[str, frozenset[str]]:
    """Return the codes that each list of a case may hold: the format's, and the clinic's own."""
    own = {
        key: {row.code for row in lists.at(gate) if row.code.startswith(OWN)}
        for key, gate in GATES.items()
    }
    own[ALLERGIES] = {row.code for row in lists.exclusions if row.code.startswith(OWN)}
    return {key: codes | own[key] for key, codes in SAFETY.items()}


def _read_safety(case: _Reader, lists: SafetyList) -> SafetyFacts:
    """Read the lists of codes answered yes; a list that is absent was not asked."""
    known_codes = _known_codes(lists)
    reader = case.inner("safety", SAFETY)
    listed = {key: reader.many(key, allowed) for key, allowed in known_codes.items()}
    unasked = {key for key, codes in listed.items() if codes is None}
    missing = {code for key in unasked for code in known_codes[key] & lists.required}
    if ALLERGIES in unasked:
        missing.add(ALLERGIES)
    known = {key: codes or frozenset() for key, codes in listed.items()}
    return SafetyFacts(**known, missing=frozenset(missing))


def case_id(data: object) -> str:
    """Read the id of a case, or refuse a case that has none."""
    found = data.get("id") if isinstance(data, Mapping) else None
    if not isinstance(found, str) or not found:
        raise CaseError("", "id", "Every case needs an id.")
    return found


def read_case(data: object, lists: SafetyList = DRAFT) -> ScreeningFacts:
    """Read one case of the case format into facts, with what this safety list requires.

    Raises CaseError with the case's id, the field's path and a sentence; absent and null answers
    are unknown. Source: the case format of `manage.py screen`.
    """
    case = _Reader(case_id(data), "", data, CASE_KEYS)
    for key in ("title", "story"):
        case.text(key)
    history = case.inner("history", (*HISTORY, "legs"))
    return ScreeningFacts(
        patient=PatientFacts(**_read(case.inner("patient", PATIENT), PATIENT)),
        legs=LegFacts(**_read(history.inner("legs", LEGS), LEGS)),
        safety=_read_safety(case, lists),
        areas=_read_areas(case),
        **_read(history, HISTORY),
    )


def write_result(case_id: str, verdict: Verdict) -> dict[str, Any]:
    """Write a verdict in the output format: plain words and lists, ready for JSON."""
    return {
        "id": case_id,
        "areas": [
            {
                "area": found.area.value,
                "primary": found.primary.value,
                "contributing": [cause.value for cause in found.contributing],
                "treatable": found.treatable.value,
            }
            for found in verdict.areas
        ],
        "outcome": verdict.outcome.value,
        "sub_outcome": verdict.sub_outcome.value,
        "reasons": [
            {
                "code": reason.code,
                "sentence": reason.sentence,
                "rule": reason.rule,
                "area": reason.area.value if reason.area else None,
            }
            for reason in verdict.reasons
        ],
        "excluded_agents": list(verdict.excluded_agents),
        "prescriber_review": verdict.prescriber_review,
        "missing": [
            {
                "field": ASKED_AS.get(missing.field, missing.field),
                "area": missing.area.value if missing.area else None,
                "sentence": missing.sentence,
            }
            for missing in verdict.missing
        ],
        "rule_set": verdict.rule_set,
    }
