"""The clinic's own safety lists: drafted, changed, signed, kept as they were, and applied."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from clinic.models import AuditEvent, User
from clinic.refusal import Refused, Stale
from clinic.roles import Role
from patients.actions import (
    add_safety_exclusion,
    add_safety_row,
    change_safety_exclusion,
    change_safety_row,
    decide_screening,
    record_findings,
    sign_safety_list,
    start_safety_draft,
)
from patients.allergies import standing_facts
from patients.evidence import facts_of
from patients.models import (
    SafetyAnswer,
    SafetyListExclusion,
    SafetyListRow,
    SafetyListVersion,
    Screening,
)
from patients.models.safety import current_list
from patients.models.screening import Decision
from patients.rules import DRAFT, Verdict, assess
from patients.rules.safety_changes import differences
from patients.terms import Allergen, SafetyItem
from tests import make

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 24)
TATTOO = {
    "gate": "temporary",
    "question": "Fresh tattoo in the area",
    "sentence": "A fresh tattoo: the skin is healing. Screen again after 6 weeks.",
    "block": "now",
    "is_required": True,
    "each_session": False,
    "holds_days": None,
    "wait_days": 42,
}
OWN_TATTOO = "own_fresh_tattoo_in_the_area"


@pytest.fixture(autouse=True)
def _noon() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 24, 12, 0, tzinfo=UTC), tick=False):
        yield


@pytest.fixture
def lead() -> User:
    return make.user(Role.MEDICAL_LEAD, name="Dr Okafor")


def verdict_of(screening: Screening) -> Verdict:
    lists = current_list()
    return assess(facts_of(screening, TODAY, lists), lists)


def refusal(action: Callable[..., Any], /, **details: Any) -> str:
    with pytest.raises(Refused) as refused, transaction.atomic():
        action(**details)
    return refused.value.message


def sign(draft: SafetyListVersion, by: User, **details: Any) -> SafetyListVersion:
    wanted = {"fingerprint": draft.fingerprint(), "what_changed": "What we do here."} | details
    return sign_safety_list(draft=draft, by=by, **wanted)


# Drafting and signing -----------------------------------------------------------------------------


def test_draft_of_the_product_applies_until_a_list_is_signed(lead: User) -> None:
    assert current_list() is DRAFT
    draft = start_safety_draft(by=lead)
    assert current_list() is DRAFT
    sign(draft, lead)
    assert current_list().version == 1


def test_first_version_copies_the_draft_of_the_product(lead: User) -> None:
    signed = make.safety_list(by=lead)
    assert differences(DRAFT, signed.as_rules()) == ()
    assert differences(DRAFT, current_list()) == ()
    assert (signed.number, signed.signed_by, signed.signed_at) == (1, lead, datetime.now(UTC))


def test_next_version_copies_the_one_in_force(lead: User) -> None:
    make.safety_list(by=lead, changed={"gallstones": {"is_off": True}}, added=[TATTOO])
    draft = start_safety_draft(by=lead)
    assert (draft.number, differences(current_list(), draft.as_rules())) == (2, ())
    assert [row.code for row in draft.rows.filter(is_off=True)] == ["gallstones"]


def test_second_start_returns_the_draft_that_is_open(lead: User) -> None:
    assert start_safety_draft(by=lead) == start_safety_draft(by=lead)
    assert SafetyListVersion.objects.count() == 1


def test_item_that_the_product_brings_later_comes_switched_off(lead: User) -> None:
    make.safety_list(by=lead)
    for final in _final():
        final.remove(connection)
    SafetyListRow.objects.filter(code="gallstones").delete()
    for final in _final():
        final.install(connection)
    draft = start_safety_draft(by=lead)
    assert [row.code for row in draft.rows.filter(is_off=True)] == ["gallstones"]


def _final() -> Any:
    from patients.triggers import LISTS

    return LISTS


def test_only_the_medical_lead_drafts_and_signs(lead: User) -> None:
    sentence = "Only the medical lead changes and signs the safety lists."
    other = make.practitioner()
    assert refusal(start_safety_draft, by=other) == sentence
    draft = start_safety_draft(by=lead)
    assert refusal(sign, draft=draft, by=other) == sentence
    assert refusal(add_safety_row, draft=draft, by=other, **TATTOO) == sentence


def test_signing_needs_a_sentence_of_what_changed(lead: User) -> None:
    draft = start_safety_draft(by=lead)
    assert refusal(sign, draft=draft, by=lead, what_changed=" ") == (
        "Say in a sentence what changed."
    )


def test_signing_what_changed_meanwhile_is_refused(lead: User) -> None:
    draft = start_safety_draft(by=lead)
    seen = draft.fingerprint()
    add_safety_row(draft=draft, by=lead, **TATTOO)
    assert refusal(sign, draft=draft, by=lead, fingerprint=seen) == (
        "The draft has changed since you opened this page. Look at it again."
    )


def test_signing_nothing_new_is_refused(lead: User) -> None:
    make.safety_list(by=lead)
    draft = start_safety_draft(by=lead)
    assert refusal(sign, draft=draft, by=lead) == "Nothing differs from the version in force."


def test_every_step_is_audited_without_clinical_text(lead: User) -> None:
    make.safety_list(
        by=lead, changed={"gallstones": {"question": "Gallstones, ever"}}, added=[TATTOO]
    )
    events = AuditEvent.objects.filter(by=lead).order_by("pk")
    assert [(event.action, event.target) for event in events] == [
        ("safety list drafted", "safety list 1"),
        ("safety item changed", "safety list 1: gallstones"),
        ("safety item added", f"safety list 1: {OWN_TATTOO}"),
        ("safety list signed", "safety list 1"),
    ]


def test_two_who_change_one_item_do_not_overwrite_each_other(lead: User) -> None:
    row = start_safety_draft(by=lead).rows.get(code="smoker")
    change_safety_row(row=row, version=1, by=lead, question="Smokes")
    with pytest.raises(Stale) as stale:
        change_safety_row(row=row, version=1, by=lead, question="Smoking")
    assert (stale.value.version, SafetyListRow.objects.get(pk=row.pk).question) == (2, "Smokes")


@pytest.mark.parametrize(
    ("code", "columns"),
    [
        ("age_under_18", {"gate": "caution"}),
        ("age_under_18", {"is_off": True}),
        ("pregnancy", {"is_off": True}),
        ("pregnancy", {"is_required": False}),
    ],
)
def test_what_is_always_needed_stays_by_action_and_by_database(
    lead: User, code: str, columns: dict[str, Any]
) -> None:
    row = start_safety_draft(by=lead).rows.get(code=code)
    assert refusal(change_safety_row, row=row, version=1, by=lead, **columns) != ""
    with pytest.raises(IntegrityError), transaction.atomic():
        SafetyListRow.objects.filter(pk=row.pk).update(**columns)


def test_required_item_may_move_and_be_reworded(lead: User) -> None:
    make.safety_list(by=lead, changed={"pregnancy": {"gate": "absolute", "question": "Pregnant?"}})
    row = current_list().row("pregnancy")
    assert row is not None
    assert (row.reason_code, row.question, row.is_required) == ("X_PREGNANCY", "Pregnant?", True)


def test_same_question_is_not_added_twice(lead: User) -> None:
    draft = start_safety_draft(by=lead)
    add_safety_row(draft=draft, by=lead, **TATTOO)
    shouted = TATTOO | {"question": "FRESH tattoo in the area"}
    assert refusal(add_safety_row, draft=draft, by=lead, **shouted) == (
        "This version asks that already."
    )


@pytest.mark.parametrize(
    ("words", "code"), [("Прививка", "own_item"), ("Pregnancy", "own_pregnancy")]
)
def test_own_code_never_meets_one_of_the_product(lead: User, words: str, code: str) -> None:
    draft = start_safety_draft(by=lead)
    assert add_safety_row(draft=draft, by=lead, **TATTOO | {"question": words}).code == code


# What is signed stays -----------------------------------------------------------------------------


def test_signed_version_refuses_every_action(lead: User) -> None:
    draft = start_safety_draft(by=lead)
    row = draft.rows.get(code="smoker")
    sign(draft, lead)
    sentence = "This version is signed and no longer changes. Start a new draft."
    assert refusal(change_safety_row, row=row, version=1, by=lead, is_off=True) == sentence
    assert refusal(add_safety_row, draft=draft, by=lead, **TATTOO) == sentence
    assert refusal(sign, draft=draft, by=lead) == sentence


def row_changed(signed: SafetyListVersion) -> None:
    signed.rows.update(is_off=False)


def row_deleted(signed: SafetyListVersion) -> None:
    signed.rows.filter(code="smoker").delete()


def row_added(signed: SafetyListVersion) -> None:
    signed.rows.create(
        place=999, code="own_x", stem="X", gate="caution", question="x", sentence="x"
    )


def agent_changed(signed: SafetyListVersion) -> None:
    signed.exclusions.update(sentence="Nothing.")


def agent_deleted(signed: SafetyListVersion) -> None:
    SafetyListExclusion.objects.filter(code="latex").delete()


def signature_moved(signed: SafetyListVersion) -> None:
    SafetyListVersion.objects.update(signed_by=make.practitioner())


def signature_taken_back(signed: SafetyListVersion) -> None:
    SafetyListVersion.objects.update(signed_by=None, signed_at=None, digest="")


@pytest.mark.parametrize(
    "tamper",
    [
        row_changed,
        row_deleted,
        row_added,
        agent_changed,
        agent_deleted,
        signature_moved,
        signature_taken_back,
    ],
    ids=lambda tamper: tamper.__name__,
)
def test_signed_version_is_kept_by_the_database(
    lead: User, tamper: Callable[[SafetyListVersion], None]
) -> None:
    signed = make.safety_list(by=lead)
    before = signed.fingerprint()
    with pytest.raises(IntegrityError, match="is signed"), transaction.atomic():
        tamper(signed)
    kept = SafetyListVersion.objects.get()
    assert (kept.fingerprint(), kept.digest, kept.signed_by) == (before, before, lead)


def test_draft_may_still_change_beside_a_signed_version(lead: User) -> None:
    make.safety_list(by=lead)
    draft = start_safety_draft(by=lead)
    assert draft.rows.filter(code="smoker").update(is_off=True) == 1


def test_second_draft_is_refused_by_the_database(lead: User) -> None:
    start_safety_draft(by=lead)
    with pytest.raises(IntegrityError), transaction.atomic():
        SafetyListVersion.objects.create(number=2, drafted_by=lead)


@pytest.mark.parametrize(
    "columns",
    [
        {"signed_at": datetime(2026, 11, 24, tzinfo=UTC)},
        {"digest": "x"},
        {"number": 0},
    ],
)
def test_half_a_signature_is_refused_by_the_database(lead: User, columns: dict[str, Any]) -> None:
    start_safety_draft(by=lead)
    with pytest.raises(IntegrityError), transaction.atomic():
        SafetyListVersion.objects.update(**columns)


@pytest.mark.parametrize(
    "columns",
    [{"question": ""}, {"sentence": ""}, {"gate": "maybe"}, {"block": "x"}, {"holds_days": 9999}],
)
def test_row_without_sense_is_refused_by_the_database(lead: User, columns: dict[str, Any]) -> None:
    draft = start_safety_draft(by=lead)
    with pytest.raises(IntegrityError), transaction.atomic():
        draft.rows.filter(code="smoker").update(**columns)


# The list decides ---------------------------------------------------------------------------------


def test_decision_keeps_its_version_after_a_newer_one_is_signed(lead: User) -> None:
    first = make.safety_list(by=lead)
    decided = decide_screening(
        screening=make.screening(areas=make.BUTTOCKS),
        decision=Decision.ACCEPTED,
        areas=make.BUTTOCKS,
        reason="",
        by=make.practitioner(),
    )
    make.safety_list(by=lead, changed={"smoker": {"gate": "absolute"}})
    kept = Screening.objects.get(pk=decided.pk)
    assert (kept.safety_list, kept.verdict_shown["safety_list"]) == (first, 1)


def test_decision_by_the_draft_of_the_product_names_no_version() -> None:
    decided = decide_screening(
        screening=make.screening(areas=make.BUTTOCKS),
        decision=Decision.ACCEPTED,
        areas=make.BUTTOCKS,
        reason="",
        by=make.practitioner(),
    )
    assert (decided.safety_list, decided.verdict_shown["safety_list"]) == (None, 0)


def test_open_screening_is_judged_by_the_newest_version(lead: User) -> None:
    made = make.screening(said=make.answers(smoker="yes"))
    assert verdict_of(made).outcome == "good_candidate"
    make.safety_list(by=lead, changed={"smoker": {"gate": "temporary"}})
    verdict = verdict_of(made)
    assert (verdict.sub_outcome, verdict.safety_list) == ("deferred", 1)
    assert "T_SMOKING" in {reason.code for reason in verdict.reasons}


def test_own_item_is_asked_for_and_defers(lead: User) -> None:
    make.safety_list(by=lead, added=[TATTOO])
    assert [row.field for row in verdict_of(make.screening()).missing] == [OWN_TATTOO]
    made = make.screening(said=make.answers(**{OWN_TATTOO: "yes"}))
    verdict = verdict_of(made)
    assert (verdict.sub_outcome, verdict.missing) == ("deferred", ())
    assert TATTOO["sentence"] in {reason.sentence for reason in verdict.reasons}


def test_own_allergy_leaves_its_agent_out_and_stands_on_the_strip(lead: User) -> None:
    draft = start_safety_draft(by=lead)
    add_safety_exclusion(
        draft=draft,
        by=lead,
        label="Arnica",
        agent="arnica",
        sentence="Arnica is left out.",
        needs_opinion=False,
    )
    sign(draft, lead)
    made = make.screening(said=make.answers(allergies="yes", own_arnica="yes"))
    assert verdict_of(made).excluded_agents == ("arnica",)
    assert standing_facts(made.patient) == [("stop", "Allergy: Arnica")]


def test_allergy_that_the_list_no_longer_has_still_stands_on_the_strip(lead: User) -> None:
    made = make.screening(said=make.answers(allergies="yes", iodine="yes"))
    draft = start_safety_draft(by=lead)
    draft.exclusions.filter(code=Allergen.IODINE).update(is_off=True)
    sign(draft, lead)
    assert standing_facts(made.patient) == [("stop", "Allergy: Iodine")]


@pytest.mark.parametrize("said", [{}, {"allergies": "unknown"}])
def test_allergy_stays_on_the_strip_while_a_new_screening_does_not_know_it(
    said: dict[str, str],
) -> None:
    made = make.screening(said=make.answers(allergies="yes", iodine="yes"))
    newer = make.screening(made.patient, complete=False)
    for item, answer in said.items():
        newer.answers.create(item=item, answer=answer)
    assert standing_facts(made.patient) == [("stop", "Allergy: Iodine")]


def test_condition_is_not_called_an_allergy_on_the_strip() -> None:
    made = make.screening(
        said=make.answers(allergies="yes", iodine="yes", heart_block_or_antiarrhythmic="yes")
    )
    assert standing_facts(made.patient) == [
        ("stop", "Allergy: Iodine"),
        ("stop", "Condition: Heart block, or a medicine for heart rhythm"),
    ]


def test_answer_that_nobody_asks_is_refused() -> None:
    made = make.screening()
    message = refusal(
        record_findings,
        screening=made,
        version=made.version,
        details={},
        answers={"own_colour": "yes"},
        exams={},
        by=make.practitioner(),
    )
    assert message == "Nobody asks this: own_colour."


# Answers age --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("days", "missing"), [(7, []), (8, ["pregnancy"])])
def test_pregnancy_answer_older_than_seven_days_is_missing(days: int, missing: list[str]) -> None:
    made = make.screening()
    made.answers.filter(item=SafetyItem.PREGNANCY).update(answered_on=TODAY - timedelta(days))
    assert [row.field for row in verdict_of(made).missing] == missing


def test_yes_that_is_too_old_is_asked_again_and_does_not_defer() -> None:
    made = make.screening(said=make.answers(sunburn_or_fresh_tan="yes"))
    assert verdict_of(made).sub_outcome == "deferred"
    made.answers.filter(item=SafetyItem.SUNBURN_OR_FRESH_TAN).update(
        answered_on=TODAY - timedelta(8)
    )
    assert [row.field for row in verdict_of(made).missing] == ["sunburn_or_fresh_tan"]


def test_saving_the_findings_confirms_the_answers_of_the_day() -> None:
    made = make.screening()
    SafetyAnswer.objects.update(answered_on=TODAY - timedelta(30))
    record_findings(
        screening=made,
        version=made.version,
        details={},
        answers=make.answers(pregnancy="yes"),
        exams={exam.area: {"css_depth": 1} for exam in made.exams.all()},
        by=make.practitioner(),
    )
    assert set(made.answers.values_list("answered_on", flat=True)) == {TODAY}


# What it costs ------------------------------------------------------------------------------------


def test_list_in_force_costs_one_query_once_it_was_read(lead: User) -> None:
    make.safety_list(by=lead)
    current_list()
    with CaptureQueriesContext(connection) as queries:
        current_list()
    assert len(queries) == 1


def test_allergy_whose_agent_went_from_the_list_is_not_forgotten(lead: User) -> None:
    draft = start_safety_draft(by=lead)
    added = {"label": "Lanolin", "agent": "lanolin cream", "sentence": "Lanolin: left out."}
    row = add_safety_exclusion(draft=draft, by=lead, needs_opinion=False, **added)
    sign_safety_list(draft=draft, fingerprint=draft.fingerprint(), what_changed="New.", by=lead)
    screening = make.screening(said=make.answers(allergies="yes", **{row.code: "yes"}))
    tags = [("stop", "Allergy: Lanolin")]
    assert standing_facts(screening.patient) == tags
    draft = start_safety_draft(by=lead)
    gone = draft.exclusions.get(code=row.code)
    change_safety_exclusion(row=gone, version=gone.version, by=lead, is_off=True)
    sign_safety_list(draft=draft, fingerprint=draft.fingerprint(), what_changed="Off.", by=lead)
    screening.refresh_from_db()
    record_findings(
        screening=screening,
        version=screening.version,
        details={},
        answers=make.answers(allergies="yes"),
        exams={},
        by=screening.started_by,
    )
    assert standing_facts(screening.patient) == tags
