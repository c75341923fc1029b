"""The tables of this floor whose approved or signed rows the database keeps as they are."""

from __future__ import annotations

from clinic.triggers import Final

ALL = ("INSERT", "UPDATE", "DELETE")
FORMULARY_IS_APPROVED = (
    "EXISTS (SELECT 1 FROM treatments_formulary approved"
    " WHERE approved.id = {row}.formulary_id AND approved.approved_at IS NOT NULL)"
)
AGENT_IS_APPROVED = (
    "EXISTS (SELECT 1 FROM treatments_agent agent JOIN treatments_formulary approved"
    " ON approved.id = agent.formulary_id"
    " WHERE agent.id = {row}.agent_id AND approved.approved_at IS NOT NULL)"
)
PROTOCOL_IS_APPROVED = (
    "EXISTS (SELECT 1 FROM treatments_protocolversion approved"
    " WHERE approved.id = {row}.protocol_id AND approved.approved_at IS NOT NULL)"
)

APPROVED = (
    Final("treatments_formulary", "{row}.approved_at IS NOT NULL"),
    Final("treatments_agent", FORMULARY_IS_APPROVED, ALL),
    Final("treatments_ingredient", AGENT_IS_APPROVED, ALL),
    Final("treatments_protocolversion", "{row}.approved_at IS NOT NULL"),
    Final("treatments_protocolproduct", PROTOCOL_IS_APPROVED, ALL),
)

SIGNED = "{row}.signed_at IS NOT NULL"
# Whatever hangs on a visit is read with it, so it closes with it.
VISIT_IS_SIGNED = (
    "(SELECT signed.signed_at FROM treatments_visit signed"
    " WHERE signed.id = {row}.visit_id{lock}) IS NOT NULL"
)
OPINION_IS_SIGNED = (
    "(SELECT signed.signed_at FROM treatments_visit signed WHERE signed.id ="
    " (SELECT asked.visit_id FROM treatments_patientopinion asked"
    " WHERE asked.id = {row}.opinion_id){lock}) IS NOT NULL"
)
# No visit comes into being signed; on SQLite, REPLACE would put one in the place of another.
WRITTEN_OVER = (
    "EXISTS (SELECT 1 FROM treatments_visit signed"
    " WHERE signed.id = {row}.id AND signed.signed_at IS NOT NULL)"
)
PARTS = (
    "visitarea",
    "visitproduct",
    "visitanswer",
    "missingitem",
    "gateoverride",
    "measure",
    "reaction",
    "areascore",
    "patientopinion",
)
VOIDED = ("voided_at", "voided_by_id", "void_reason")
# One that is added late says why, and is struck out rather than removed.
PHOTO = Final("treatments_photo", VISIT_IS_SIGNED, ALL, once=VOIDED, late="{row}.late_reason <> ''")

VISITS = (
    Final(
        "treatments_visit",
        SIGNED,
        ("UPDATE", "DELETE"),
        once=VOIDED,
    ),
    Final("treatments_visit", f"{SIGNED} OR {WRITTEN_OVER}", ("INSERT",)),
)
CLOSED = (
    *VISITS,
    *(Final(f"treatments_{part}", VISIT_IS_SIGNED, ALL) for part in PARTS),
    Final("treatments_areaopinion", OPINION_IS_SIGNED, ALL),
)
ANY_ROW = "{row}.id IS NOT NULL"
# What was said of pictures is not said otherwise later: a setup is put away, a use is ended.
PICTURES = (
    PHOTO,
    Final("treatments_photosetup", ANY_ROW, once=("retired_at", "retired_by_id")),
    Final("treatments_photoexport", ANY_ROW, once=("ended_at", "ended_by_id", "ended_how")),
    Final("treatments_blindrating", ANY_ROW),
)
FINAL = (*APPROVED, *CLOSED, *PICTURES)

STOCK = ("treatments_lotloss", "treatments_recallcontact")
ADDED = ("treatments_reactioncheck", "treatments_addendum")
APPEND_ONLY = (*STOCK, *ADDED)
