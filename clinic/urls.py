"""Every address of the product. allauth's routes are mounted one by one: its own urls.py would
open sign-up and two dozen more."""

from allauth.account import views as allauth_views
from django.urls import include, path, re_path

from clinic import views
from clinic.policy import public

SIGN_IN = "People sign in here."
RESET = "Whoever forgot the password is not signed in."

accounts = [
    path("login/", public(SIGN_IN)(allauth_views.login), name="account_login"),
    path(
        "logout/",
        public("Signing out twice does no harm.")(allauth_views.logout),
        name="account_logout",
    ),
    path(
        "inactive/",
        public("Says that an account is off.")(allauth_views.account_inactive),
        name="account_inactive",
    ),
    path(
        "password/reset/",
        public(RESET)(allauth_views.password_reset),
        name="account_reset_password",
    ),
    path(
        "password/reset/done/",
        public(RESET)(allauth_views.password_reset_done),
        name="account_reset_password_done",
    ),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        public(RESET)(allauth_views.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        public(RESET)(allauth_views.password_reset_from_key_done),
        name="account_reset_password_from_key_done",
    ),
]

urlpatterns = [
    path("healthz", views.healthz, name="healthz"),
    path("readyz", views.readyz, name="readyz"),
    path("take-back/", views.take_back, name="take-back"),
    path("gallery/", views.gallery, name="gallery"),
    path("accounts/", include(accounts)),
    path("", include("desk.urls")),
    path("", include("patients.urls")),
    path("", include("treatments.urls")),
    path("", include("appointments.urls")),
]

handler403 = "clinic.views.refused"
