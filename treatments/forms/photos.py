"""One photograph as it is sent: the file, its view, the setup, and what makes comparing harder."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.models import User
from clinic.refusal import Refused
from treatments.actions import obstacle
from treatments.actions.photos import Shown, add_late_photo, add_photo, keep_waiting
from treatments.imaging import check_bytes, prepare
from treatments.models import Course, Photo, PhotoSetup, Visit
from treatments.terms import PhotoMark, View, VisitKind


class PhotoForm(forms.Form):
    """A photograph for a visit, or for one that is not saved yet (`visit` None)."""

    file = forms.FileField(
        error_messages={
            "required": _("No photograph arrived. Take or choose it again."),
            "empty": _("This file is empty. Take or choose the photo again."),
        }
    )
    view = forms.ChoiceField(choices=View, error_messages={"required": _("Say which view it is.")})
    setup = forms.ModelChoiceField(PhotoSetup.objects.none(), required=False)
    marks = forms.MultipleChoiceField(choices=PhotoMark, required=False)
    again = forms.BooleanField(required=False)
    reason = forms.CharField(required=False, max_length=300)

    def __init__(
        self, *args: Any, course: Course, kind: str, visit: Visit | None = None, **kwargs: Any
    ) -> None:
        self.course, self.kind, self.visit = course, VisitKind(kind), visit
        self.photo: Photo | None = None
        super().__init__(*args, **kwargs)
        setups: Any = self.fields["setup"]
        setups.queryset = PhotoSetup.objects.in_force()

    def keep(self, *, by: User) -> bool:
        """Decode and keep the photograph; return whether it is kept."""
        if not self.is_valid():
            return False
        said = self.cleaned_data
        shown = Shown(
            view=View(said["view"]),
            setup=said["setup"],
            marks=[PhotoMark(mark) for mark in said["marks"]],
        )
        try:
            # The handler keeps only the limit's worth of a file, but knows its true size.
            check_bytes(said["file"].size)
            if self.visit is None and (why := obstacle(self._course, self.kind)):
                raise Refused(why)
            prepared = prepare(said["file"].file)
            if self.visit is None:
                self.photo = keep_waiting(
                    course=self.course, kind=self.kind, shown=shown, prepared=prepared, by=by
                )
            elif self.visit.signed_at:
                self.photo = add_late_photo(
                    visit=self.visit, shown=shown, prepared=prepared, reason=said["reason"], by=by
                )
            else:
                self.photo = add_photo(
                    visit=self.visit, shown=shown, prepared=prepared, by=by, again=said["again"]
                )
        except Refused as refused:
            self.add_error(refused.field if refused.field in self.fields else None, refused.message)
            return False
        return True

    @property
    def _course(self) -> Course:
        """The course with what says whether a visit of this kind can still be recorded."""
        return Course.objects.with_sessions().get(pk=self.course.pk)

    @property
    def shown_view(self) -> View | None:
        said = self.data.get("view")
        return View(said) if said in View.values else None

    @property
    def first_error(self) -> str:
        return next((str(error) for errors in self.errors.values() for error in errors), "")
