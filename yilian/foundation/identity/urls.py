"""The door, and what opens it."""

from django.urls import path

from yilian.foundation.identity.views import door, security

app_name = "identity"
urlpatterns = [
    path("sign-in", door.sign_in, name="sign_in"),
    path("sign-in/code", door.second_step, name="second_step"),
    path("sign-out", door.sign_out, name="sign_out"),
    path("post", door.switch_post, name="switch_post"),
    path("resident", door.resident, name="resident"),
    path("resident/code", door.resident_code, name="resident_code"),
    path("password", security.password, name="password"),
    path("security", security.security, name="security"),
    path(
        "second-factor/begin",
        security.begin_second_factor,
        name="begin_second_factor",
    ),
    path(
        "second-factor/confirm",
        security.confirm_second_factor,
        name="confirm_second_factor",
    ),
    path("second-factor/codes", security.renew_codes, name="renew_codes"),
    path("second-factor/end", security.end_second_factor, name="end_second_factor"),
]
