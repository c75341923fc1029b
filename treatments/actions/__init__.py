"""The only writers of this floor."""

from treatments.actions.courses import (
    begin,
    change_course_state,
    change_plan,
    continue_without_change,
    note_missed,
    open_course,
    project_due,
    take_back_missed,
)
from treatments.actions.formulary import (
    add_agent,
    approve_formulary,
    change_agent,
    remove_agent,
    start_formulary_draft,
)
from treatments.actions.protocols import (
    approve_protocol,
    change_protocol,
    offer_protocol,
    start_protocol,
    start_protocol_draft,
)
from treatments.actions.sessions import (
    pass_gate,
    sign_visit,
)
from treatments.actions.signing import (
    add_addendum,
    close_visit,
    void_visit,
)
from treatments.actions.stock import (
    add_product,
    change_product,
    correct_lot,
    log_contact,
    open_lot,
    recall_lot,
    receive_lot,
    receive_more,
    record_export,
    record_loss,
    retire_product,
)
from treatments.actions.visits import (
    change_visit,
    obstacle,
    record_visit,
)

__all__ = [
    "add_addendum",
    "add_agent",
    "add_product",
    "approve_formulary",
    "approve_protocol",
    "begin",
    "change_agent",
    "change_course_state",
    "change_plan",
    "change_product",
    "change_protocol",
    "change_visit",
    "close_visit",
    "continue_without_change",
    "correct_lot",
    "log_contact",
    "note_missed",
    "obstacle",
    "offer_protocol",
    "open_course",
    "open_lot",
    "pass_gate",
    "project_due",
    "recall_lot",
    "receive_lot",
    "receive_more",
    "record_export",
    "record_loss",
    "record_visit",
    "remove_agent",
    "retire_product",
    "sign_visit",
    "start_formulary_draft",
    "start_protocol",
    "start_protocol_draft",
    "take_back_missed",
    "void_visit",
]
