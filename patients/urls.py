"""Addresses of this floor."""

from django.urls import path

import clinic.converters  # noqa: F401  patient codes in addresses
from patients.views import consents, decisions, patients, safety, screenings

app_name = "patients"
urlpatterns = [
    path("patients/new/", patients.register, name="patient-add"),
    path("patients/<patient:code>/edit/", patients.change, name="patient-change"),
    path("patients/<patient:code>/screenings/new/", screenings.start, name="screening-add"),
    path("screenings/<int:pk>/", decisions.detail, name="screening-detail"),
    path("screenings/<int:pk>/findings/", screenings.findings, name="screening-findings"),
    path("screenings/<int:pk>/reason/", screenings.reason, name="screening-reason"),
    path("screenings/<int:pk>/history/", screenings.history, name="screening-history"),
    path("screenings/<int:pk>/why/", screenings.why, name="screening-why"),
    path("screenings/<int:pk>/draft/", screenings.discard, name="screening-discard"),
    path("screenings/<int:pk>/decision/", decisions.decide, name="screening-decide"),
    path("screenings/<int:pk>/confirmation/", decisions.confirm, name="screening-confirm"),
    path("screenings/<int:pk>/letter.pdf", decisions.letter, name="screening-letter"),
    path("screenings/<int:pk>/reasons.pdf", decisions.reasons, name="screening-reasons"),
    path("setup/safety/", safety.current, name="safety-list"),
    path("setup/safety/draft/", safety.start, name="safety-start"),
    path("setup/safety/<int:number>/", safety.version, name="safety-version"),
    path("setup/safety/<int:number>/sign/", safety.sign, name="safety-sign"),
    path("setup/safety/<int:number>/items/new/", safety.add_item, name="safety-item-add"),
    path("setup/safety/<int:number>/items/<slug:code>/", safety.change_item, name="safety-item"),
    path("setup/safety/<int:number>/agents/new/", safety.add_agent, name="safety-agent-add"),
    path("setup/safety/<int:number>/agents/<slug:code>/", safety.change_agent, name="safety-agent"),
    path("patients/<patient:code>/consents/", consents.sheet, name="consent-list"),
    path("patients/<patient:code>/consents/sign/", consents.sign, name="consent-sign"),
    path("patients/<patient:code>/consents/give/", consents.give, name="consent-give"),
    path("patients/<patient:code>/consents/history/", consents.history, name="consent-history"),
    path(
        "patients/<patient:code>/consents/hand-over/",
        consents.hand_over,
        name="consent-hand-over",
    ),
    path(
        "patients/<patient:code>/consents/withdraw/<slug:purpose>/",
        consents.withdraw,
        name="consent-withdraw",
    ),
    path("consents/<uuid:pk>.pdf", consents.signed_pdf, name="consent-pdf"),
    path("signing/", consents.signing, name="consent-signing"),
    path("setup/consents/", consents.texts, name="consent-texts"),
    path("setup/consents/<slug:purpose>/", consents.write_text, name="consent-text-write"),
]
