"""Writes docs/rules.md: what the rules are, for the medical lead, from the tables that decide.

Only the order of steps C and D is prose here; every condition, threshold and sentence is read
from its table, so the page cannot say anything that the program does not do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from patients.rules.areas import CSS_ITEMS, PRECEDENCE
from patients.rules.candidacy import CANDIDACY, EXPECTATIONS, RULE_SET, Gate
from patients.rules.causes import CAUSES, LIMITS, MAJOR, MINOR, TELLING
from patients.rules.judge import Rule
from patients.rules.legs import LEGS
from patients.rules.missing import SENTENCES
from patients.rules.safety import (
    ACTINIC_KERATOSIS,
    BDD_POSITIVE,
    DERIVED,
    LOCAL_INFECTION,
    SUSPICIOUS_LESION,
    UNILATERAL_SWELLING,
)
from patients.rules.safety_list import SafetyList, SafetyRow
from patients.terms import (
    Cause,
    Level,
    LipoOnset,
    LipoSign,
    Primary,
    SafetyGate,
    SubOutcome,
    Treatable,
)

LEVELS = {
    Level.DOMINANT: "It leads: it is the main reason for how the area looks.",
    Level.CONTRIBUTING: "It contributes: it adds to the look and will remain after a course.",
    Level.PRESENT: "It is there, and is recorded.",
    Level.NONE: "It plays no part.",
}
# Required outside the safety list (domain notes 2.2, "Incomplete means").
REQUIRED_ELSEWHERE = ("age", "new_unilateral_swelling", "bdd_screen_positive")
REQUIRED_IN_AREA = ("infection_or_inflammation", "suspicious_lesion", "actinic_keratosis")
GATE_TITLES = {
    SafetyGate.ABSOLUTE: ("Absolute (4.1)", "No treatment while this lasts."),
    SafetyGate.TEMPORARY: ("Temporary (4.2)", "No treatment now; screen again later."),
    SafetyGate.CAUTION: (
        "Cautions (4.3)",
        "Candidacy stays as it is; a prescriber looks before session 1.",
    ),
}


def rules_page(lists: SafetyList) -> str:
    """Write the whole page as Markdown, with the rows of this safety list."""
    parts = chain(
        _opening(lists),
        _required(lists),
        _words(),
        _step_a(),
        _step_b(),
        _steps_c_and_d(),
        _step_e(),
        _safety(lists),
    )
    return "\n".join(parts).rstrip() + "\n"


def _opening(lists: SafetyList) -> Iterator[str]:
    origin = f"version {lists.version}" if lists.version else "the product's draft, not signed"
    yield "# The rules"
    yield ""
    yield f"Rule set {RULE_SET}; safety list: {origin}."
    yield ""
    yield "Written by `manage.py write_docs` from the tables in `patients/rules`; do not edit it."
    yield "All thresholds are proposals until the clinic's medical lead has confirmed them."
    yield ""
    yield "- The rules suggest and explain; a clinician decides, and may decide otherwise in writing."
    yield "- Every row is tried, also after a stop, so that all reasons are given at once."
    yield "- An answer that is not there is never taken as normal. While it could change the result,"
    yield "  the result is “cannot be decided yet”, with the answers that are missing."
    yield "- A known stop decides at once, because no missing answer can lift it."
    yield "- History alone (family, pregnancies, liposuction without a trace) changes no result."
    yield ""


def _required(lists: SafetyList) -> Iterator[str]:
    asked = [row.question for row in lists.rows if row.is_required]
    everywhere = [_fact(name) for name in REQUIRED_ELSEWHERE]
    yield "## What must be answered"
    yield ""
    yield "For every patient:"
    yield ""
    yield from _bullets([*everywhere, _fact("allergies"), *asked])
    yield "For every area:"
    yield ""
    yield from _bullets(_fact(name) for name in REQUIRED_IN_AREA)
    yield "For an area with dents, also those seen only on pinching:"
    yield ""
    yield from _bullets(_fact(name) for name in (*CSS_ITEMS, "css_nm", "lift_test"))
    yield "Any other answer is asked for only while it could change the result."
    yield ""


def _words() -> Iterator[str]:
    yield "## Words used in the conditions"
    yield ""
    yield from _table(
        ("Word", "Meaning"),
        [
            (
                "Stage (Nürnberger-Müller)",
                "Worked out from what was seen, never typed. 0: no dents. I: on pinching or "
                "contraction only. II: visible standing. III: visible standing and also lying, "
                "or standing with raised areas.",
            ),
            (
                "CSS (Cellulite Severity Scale)",
                "The sum of five items of 0 to 3: depressions (none, 1 to 4, 5 to 9, 10 or more), "
                "depth, raised areas, laxity, and the stage.",
            ),
            (
                "Minor signs of looseness",
                "Marked crepe-like skin; slow recoil; scalloped folds; large weight loss.",
            ),
            (
                "Major signs after liposuction",
                f"{_signs(MAJOR)}; dents that began {str(LipoOnset.AFTER.label).lower()}.",
            ),
            ("Of these, signs that tell by themselves", f"{_signs(frozenset(TELLING))}."),
            ("Minor signs after liposuction", f"{_signs(MINOR)}."),
        ],
    )


def _signs(signs: frozenset[LipoSign]) -> str:
    return "; ".join(str(sign.label) for sign in LipoSign if sign in signs)


def _step_a() -> Iterator[str]:
    yield "## Step A. What shapes the look of each area"
    yield ""
    yield "Each side of the body is an area of its own. The gravest row that is met sets the level."
    yield ""
    yield from _table(("Level", "Meaning"), [(str(w.label), says) for w, says in LEVELS.items()])
    for cause, table in CAUSES.items():
        yield from _rules(str(Cause(cause).label), table)
    yield from _rules("Limits of a course", LIMITS)


def _step_b() -> Iterator[str]:
    yield "## Step B. The legs as a whole"
    yield ""
    yield "Judged once for each patient. A suspicion replaces the main finding of the buttocks, the"
    yield "thighs and the knees."
    yield ""
    yield from _rule_table(LEGS)


def _steps_c_and_d() -> Iterator[str]:
    leading = [
        f"{Primary(cause.value).label}, when a row says that it leads" for cause in PRECEDENCE
    ]
    strongest = ", ".join(str(cause.label).lower() for cause in PRECEDENCE)
    yield "## Step C. The main finding of each area"
    yield ""
    yield "The first of these that applies; whatever else is there is listed as contributing."
    yield ""
    yield from _numbered(
        [
            str(Primary.SUSPECTED_LYMPHOEDEMA.label),
            str(Primary.SUSPECTED_LIPOEDEMA.label),
            *leading,
            f"{Primary.CELLULITE.label}, when it is present",
            f"The first cause that contributes, in this order: {strongest}",
            str(Primary.LOCALISED_ADIPOSITY.label),
            str(Primary.NO_SIGNIFICANT_FINDING.label),
        ]
    )
    yield "## Step D. Whether a course can be offered for an area"
    yield ""
    yield from _table(
        ("Answer", "When"),
        [
            (
                str(Treatable.YES.label),
                "Cellulite leads, nothing contributes, and no limit is met.",
            ),
            (
                str(Treatable.REDUCED.label),
                "Cellulite leads, and a cause contributes or a limit is met "
                f"({', '.join(rule.id for rule in LIMITS)}).",
            ),
            (str(Treatable.NO.label), "Another finding leads."),
            (str(Treatable.UNKNOWN.label), "A missing answer could still change it."),
        ],
    )


def _step_e() -> Iterator[str]:
    yield "## Step E. The suggestion for the patient"
    yield ""
    yield "The first row that applies."
    yield ""
    yield from _table(
        ("Rule", "Condition", "Suggestion", "In practice"),
        [(gate.id, gate.says, str(gate.outcome.label), _practice(gate)) for gate in CANDIDACY],
    )
    yield "What is said of hopes that a course cannot meet (E8):"
    yield ""
    yield from _bullets(EXPECTATIONS.values())


def _practice(gate: Gate) -> str:
    if isinstance(gate.sub_outcome, SubOutcome):
        return str(gate.sub_outcome.label)
    choices = [word for word in SubOutcome if word.value.startswith("refer")]
    kinds = [word for word in choices if word is not SubOutcome.REFER_SPECIALIST]
    return "; ".join(str(word.label) for word in (*kinds, SubOutcome.NOT_INDICATED))


def _safety(lists: SafetyList) -> Iterator[str]:
    yield "## Safety lists"
    yield ""
    yield "An item marked “follows” also comes from another answer, whether it was declared or not."
    yield ""
    for gate, (title, meaning) in GATE_TITLES.items():
        yield f"### {title}"
        yield ""
        yield meaning
        yield ""
        yield from _table(
            ("Code", "Asked", "What the patient reads", "Required"),
            [
                (f"`{row.reason_code}`", _question(row), row.sentence, _mark(row.is_required))
                for row in lists.at(gate)
            ],
        )
    yield "### Seen or answered elsewhere in the screening"
    yield ""
    yield from _table(
        ("Code", "Rule", "What the patient reads"),
        [
            ("`R_UNILATERAL_SWELLING`", "E2", UNILATERAL_SWELLING),
            ("`R_SUSPICIOUS_LESION`", "E2", SUSPICIOUS_LESION),
            ("`R_SUSPICIOUS_LESION`", "E2", ACTINIC_KERATOSIS),
            ("`T_LOCAL_INFECTION`", "E3", LOCAL_INFECTION),
            ("`T_BDD_SCREEN_POSITIVE`", "E3", BDD_POSITIVE),
        ],
    )
    yield "### Agents left out (4.4)"
    yield ""
    yield "Candidacy stays as it is; the agent leaves the choice, and a prescriber looks first."
    yield ""
    yield from _table(
        ("Code", "Not tolerated, or present", "What the patient reads", "Only with an opinion"),
        [
            (f"`{row.reason_code}`", row.label, row.sentence, _mark(row.needs_opinion))
            for row in lists.exclusions
        ],
    )


def _question(row: SafetyRow) -> str:
    return f"{row.question} (follows)" if row.code in DERIVED or row.block is None else row.question


def _mark(yes: bool) -> str:
    return "yes" if yes else ""


def _fact(name: str) -> str:
    """Name an answer by what is said of it while it is missing."""
    return SENTENCES[name].rpartition(":")[0]


def _rules(title: str, table: Iterable[Rule[Any]]) -> Iterator[str]:
    yield f"### {title}"
    yield ""
    yield from _rule_table(table)


def _rule_table(table: Iterable[Rule[Any]]) -> Iterator[str]:
    yield from _table(
        ("Rule", "Condition", "Level", "Reason"),
        [
            (rule.id, rule.says, str(rule.level.label), f"`{rule.code}`" if rule.code else "")
            for rule in table
        ],
    )


def _bullets(lines: Iterable[str]) -> Iterator[str]:
    yield from (f"- {line}" for line in lines)
    yield ""


def _numbered(lines: Iterable[str]) -> Iterator[str]:
    yield from (f"{place}. {line}" for place, line in enumerate(lines, start=1))
    yield ""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    # A clinic's own words may hold a bar or a line break, which would end the cell.
    for row in rows:
        cells = (" ".join(cell.replace("|", "\\|").split()) for cell in row)
        yield f"| {' | '.join(cells)} |"
    yield ""
