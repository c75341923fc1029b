"""The only writers of photographs: keeping one, letting it join its visit, dropping, striking out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic import audit, files
from clinic.models import User
from clinic.refusal import Refused
from clinic.roles import Can
from patients.consents import photo_consent, words_of
from patients.models import Patient
from patients.rules.consent import Standing
from patients.terms import Purpose
from treatments import photo_files
from treatments.actions.signing import add_addendum
from treatments.imaging import Prepared
from treatments.models import Course, Photo, PhotoSetup, Visit
from treatments.models.photo import Size
from treatments.rules.look import Look
from treatments.terms import PhotoMark, View, VisitKind

PER_DAY = 200  # uploads of one person; a whole clinic day of full sets stays far below
TAKEN_AGAIN = "Taken again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What somebody says of a photograph: its view, the setup, what makes comparing harder."""

    view: View
    setup: PhotoSetup | None = None
    marks: Collection[PhotoMark] = ()


@files.following_rows()
@transaction.atomic
def keep_waiting(
    *, course: Course, kind: VisitKind, shown: Shown, prepared: Prepared, by: User
) -> Photo:
    """Keep a photograph for a visit that is still being filled in; a second one of a view replaces
    the first. The same file sent again, after an answer that was lost, is the same photograph."""
    Course.objects.select_for_update().get(pk=course.pk)
    waiting = Photo.objects.waiting().filter(course=course, waiting_for=kind, added_by=by)
    before = waiting.filter(view=shown.view).first()
    if before is not None and before.sha256 == prepared.sha256:
        return before
    check_may_take(course.patient)
    _check_day(by)
    _check_known(course.patient, prepared, but=before)
    if before is not None:
        _remove(before, by)
    return _keep(
        Photo(course=course, waiting_for=kind, **_columns(shown, prepared), added_by=by), prepared
    )


@files.following_rows()
@transaction.atomic
def add_photo(
    *, visit: Visit, shown: Shown, prepared: Prepared, by: User, again: bool = False
) -> Photo:
    """Add a photograph to a visit that is not signed; `again` strikes out the one of this view."""
    Course.objects.select_for_update().get(pk=visit.course_id)
    current = _locked(visit)
    if current.signed_at:
        raise Refused(_("This visit is signed. Add the photograph late, with the reason."))
    before = _standing(current, shown.view)
    if before is not None and before.sha256 == prepared.sha256:
        return before
    check_may_take(current.course.patient)
    _check_day(by)
    if before is not None and not again:
        raise Refused(_("This view is taken already. Take it again to replace it."))
    _check_known(current.course.patient, prepared, but=before)
    if before is not None:
        _strike_out(before, TAKEN_AGAIN, by)
    photo = Photo(course=current.course, visit=current, **_columns(shown, prepared), added_by=by)
    return _keep(photo, prepared)


@files.following_rows()
@transaction.atomic
def add_late_photo(
    *, visit: Visit, shown: Shown, prepared: Prepared, reason: str, by: User
) -> Photo:
    """Add a photograph to a signed visit: an addendum says so, with its fingerprint and the reason."""
    Course.objects.select_for_update().get(pk=visit.course_id)
    current = _locked(visit)
    if not current.signed_at:
        raise Refused(_("This visit is not signed yet. Add the photograph to it as it is."))
    if not reason.strip():
        raise Refused(_("Say why this is added now."), field="reason")
    before = _standing(current, shown.view)
    if before is not None and before.sha256 == prepared.sha256:
        return before
    if before is not None:
        raise Refused(_("This view is taken already, and the visit is signed."))
    check_may_take(current.course.patient)
    _check_day(by)
    _check_known(current.course.patient, prepared)
    photo = Photo(
        course=current.course,
        visit=current,
        late_reason=reason.strip(),
        **_columns(shown, prepared),
        added_by=by,
    )
    _keep(photo, prepared)
    text = _("Photograph added: %(view)s. Its fingerprint (SHA-256): %(digest)s.") % {
        "view": shown.view.label,
        "digest": prepared.sha256,
    }
    add_addendum(visit=current, text=text, reason=reason, by=by)
    return photo


@transaction.atomic
def let_join(*, visit: Visit, by: User) -> None:
    """Let the photographs that a person took for this visit join it, now that it is saved."""
    waiting = Photo.objects.waiting().filter(
        course=visit.course_id, waiting_for=visit.kind, added_by=by
    )
    for photo in waiting.select_for_update(of=("self",)):
        before = _standing(visit, View(photo.view))
        if before is not None:
            _strike_out(before, TAKEN_AGAIN, by)
        photo.visit, photo.waiting_for = visit, ""
        photo.save(update_fields=["visit", "waiting_for"])


@transaction.atomic
def drop_photo(*, photo: Photo, by: User) -> None:
    """Remove a photograph whose visit was never saved; its files go with it."""
    current = Photo.objects.select_for_update(of=("self",)).get(pk=photo.pk)
    if current.visit_id is not None:
        raise Refused(_("It belongs to a visit now. Strike it out instead, with the reason."))
    if current.added_by_id != by.pk:
        raise Refused(_("Only %(name)s, who took it, can drop it.") % {"name": current.added_by})
    _remove(current, by)


@transaction.atomic
def void_photo(*, photo: Photo, reason: str, by: User) -> Photo:
    """Strike a photograph out as taken or filed in error; its files stay, and nobody is shown them.

    Until its visit is signed, whoever took it may; later the medical lead only.
    """
    current = Photo.objects.select_for_update(of=("self",)).get(pk=photo.pk)
    check_may_void(current, by)
    if not reason.strip():
        raise Refused(_("Say what was wrong with it."), field="reason")
    _strike_out(current, reason.strip(), by)
    return current


def check_may_void(photo: Photo, by: User) -> None:
    """Refuse to strike out what is struck out, waits, or is for the medical lead to strike out."""
    if photo.voided_at:
        raise Refused(_("This photograph is struck out already."))
    if photo.visit is None:
        raise Refused(_("Its visit is not saved yet. Drop it instead."))
    is_own = photo.added_by_id == by.pk and not photo.visit.signed_at
    if not is_own and not by.can(Can.VOID_PHOTOS):
        raise Refused(_("Only the medical lead can strike out this photograph."))


def check_may_take(patient: Patient) -> None:
    """Refuse to photograph whoever did not agree to it."""
    if why := why_not(photo_consent(patient, Purpose.RECORD_PHOTOS)):
        raise Refused(why)


def why_not(standing: Standing) -> str:
    """Say why nobody takes a photograph while her consent for the record stands so; "" if it holds."""
    if standing.holds:
        return ""
    return _("No photograph without her consent for the record. It stands at: %(state)s.") % {
        "state": words_of(standing)[1]
    }


def store(visit: Visit, shown: Shown, prepared: Prepared, by: User) -> None:
    """Keep a photograph that comes with the save of its visit."""
    before = _standing(visit, shown.view)
    if before is not None and before.sha256 == prepared.sha256:
        return
    check_may_take(visit.course.patient)
    _check_day(by)
    _check_known(visit.course.patient, prepared, but=before)
    if before is not None:
        raise Refused(_("This view is taken already."), field=f"photo_{shown.view}")
    photo = Photo(course=visit.course, visit=visit, **_columns(shown, prepared), added_by=by)
    _keep(photo, prepared)


def _keep(photo: Photo, prepared: Prepared) -> Photo:
    contents = {
        Size.FULL: prepared.master,
        Size.VIEW: prepared.large,
        Size.THUMB: prepared.small,
    }
    if not photo_files.has_room(sum(map(len, contents.values()))):
        raise Refused(_("The disk is nearly full, so no photograph is taken. Tell the manager."))
    photo_files.keep(photo, contents)
    audit.record(
        "photo added", by=photo.added_by, patient=photo.patient_code, target=f"photo {photo.pk}"
    )
    return photo


def _columns(shown: Shown, prepared: Prepared) -> dict[str, object]:
    taken_at = prepared.taken_at
    return {
        "view": shown.view,
        "setup": shown.setup,
        "marks": [mark.value for mark in PhotoMark if mark in shown.marks],
        "width": prepared.width,
        "height": prepared.height,
        "media_type": prepared.master_type,
        "taken_at_camera": taken_at.isoformat(timespec="seconds") if taken_at else "",
        "sha256": prepared.sha256,
        **{name: getattr(prepared.look, name) for name in Look.__slots__},
    }


def _standing(visit: Visit, view: View) -> Photo | None:
    return Photo.objects.filter(visit=visit, view=view, voided_at=None).first()


def _check_day(by: User) -> None:
    began = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    if Photo.objects.filter(added_by=by, added_at__gte=began).count() >= PER_DAY:
        raise Refused(
            _("%(name)s has added %(count)d photographs today, which is the limit of a day.")
            % {"name": by, "count": PER_DAY}
        )


def _check_known(patient: Patient, prepared: Prepared, *, but: Photo | None = None) -> None:
    """Refuse a file that is stored already: one picture cannot be two views, days or patients."""
    same = Photo.objects.filter(sha256=prepared.sha256, voided_at=None, visit__voided_at=None)
    known = same.exclude(pk=but.pk) if but else same
    found = known.select_related("course", "visit__course").first()
    if found is None:
        return
    if found.course.patient_id != patient.pk:
        raise Refused(
            _(
                "This same file is stored for another patient. Choose the right one, or strike out that one first."
            )
        )
    where = found.visit.title if found.visit else _("the visit that is not saved yet")
    raise Refused(
        _("This same file is stored already: %(view)s, %(where)s.")
        % {"view": found.get_view_display(), "where": where}
    )


def _strike_out(photo: Photo, reason: str, by: User) -> None:
    photo.voided_at, photo.voided_by, photo.void_reason = timezone.now(), by, reason
    photo.save(update_fields=["voided_at", "voided_by", "void_reason"])
    audit.record("photo struck out", by=by, patient=photo.patient_code, target=f"photo {photo.pk}")


def _remove(photo: Photo, by: User) -> None:
    audit.record("photo dropped", by=by, patient=photo.patient_code, target=f"photo {photo.pk}")
    photo_files.remove(photo)


def _locked(visit: Visit) -> Visit:
    rows = Visit.objects.select_related("course__patient").select_for_update(of=("self",))
    current = rows.get(pk=visit.pk)
    if current.voided_at:
        raise Refused(_("This visit is struck out."))
    return current
