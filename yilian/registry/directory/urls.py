"""Institutions, their staff and duty, and the accounts of staff."""

from django.urls import path

from yilian.registry.directory.views import accounts, duty, institutions

app_name = "directory"
urlpatterns = [
    path("", institutions.list_page, name="list"),
    path("open", institutions.open_page, name="open"),
    path("<uuid:institution_id>", institutions.detail, name="detail"),
    path("pick", institutions.pick, name="pick"),
    path(
        "<uuid:institution_id>/contact",
        institutions.change_contact,
        name="change_contact",
    ),
    path(
        "<uuid:institution_id>/sign-in-rule",
        institutions.set_sign_in_rule,
        name="set_sign_in_rule",
    ),
    path("<uuid:institution_id>/close", institutions.close, name="close"),
    path(
        "<uuid:institution_id>/departments",
        institutions.departments,
        name="departments",
    ),
    path("<uuid:institution_id>/staff", institutions.staff, name="staff"),
    path("<uuid:institution_id>/duty", duty.roster, name="duty"),
    path("duty/<uuid:shift_id>/cancel", duty.cancel, name="cancel_duty"),
    path("accounts", accounts.accounts, name="accounts"),
    path("accounts/new", accounts.take_on, name="take_on"),
    path("accounts/<uuid:account_id>", accounts.account, name="account"),
    path("accounts/<uuid:account_id>/post", accounts.add_post, name="add_post"),
    path(
        "accounts/<uuid:account_id>/password",
        accounts.reset_password,
        name="reset_password",
    ),
    path(
        "accounts/<uuid:account_id>/second-factor/reset",
        accounts.reset_second_factor,
        name="reset_second_factor",
    ),
    path("accounts/<uuid:account_id>/lock", accounts.lock, name="lock"),
    path("accounts/<uuid:account_id>/unlock", accounts.unlock, name="unlock"),
    path("posts/<uuid:post_id>/leave", accounts.leave, name="leave_post"),
]
