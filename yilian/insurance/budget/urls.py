"""Global budget: pools, clearings, simulation, ledgers."""

from django.urls import path, re_path

from yilian.insurance.budget.views import (
    acting,
    clearings,
    exporting,
    ledgers,
    pools,
    simulating,
    supplementing,
)

app_name = "budget"
urlpatterns = [
    path("", pools.listing, name="list"),
    path("open", acting.open_pool, name="open"),
    path("subsidies", ledgers.subsidies, name="subsidies"),
    path(
        "subsidies/<uuid:entry_id>/take-back",
        ledgers.take_back_subsidy,
        name="take_back_subsidy",
    ),
    path("points", ledgers.points, name="points"),
    path("points/export", ledgers.export_points, name="export_points"),
    path("points/income", ledgers.enter_income, name="enter_income"),
    path("points/give", ledgers.give_points, name="give_points"),
    path(
        "points/income/<uuid:entry_id>/take-back",
        ledgers.take_back_income,
        name="take_back_income",
    ),
    path(
        "points/<uuid:entry_id>/take-back",
        ledgers.take_back_points,
        name="take_back_points",
    ),
    path("revisions/<uuid:revision_id>/release", acting.release, name="release"),
    path("revisions/<uuid:revision_id>/reject", acting.reject, name="reject"),
    path(
        "advances/<uuid:advance_id>/take-back",
        acting.take_back_advance,
        name="take_back_advance",
    ),
    path(
        "refusals/<uuid:refusal_id>/take-back",
        acting.take_back_refusal,
        name="take_back_refusal",
    ),
    path("clearings/<uuid:clearing_id>", clearings.page, name="clearing"),
    path("clearings/<uuid:clearing_id>/paper", clearings.paper, name="paper"),
    path("clearings/<uuid:clearing_id>/export", clearings.export, name="export"),
    path("clearings/<uuid:clearing_id>/confirm", clearings.confirm, name="confirm"),
    path("clearings/<uuid:clearing_id>/return", clearings.send_back, name="return"),
    path(
        "clearings/<uuid:clearing_id>/supplement",
        supplementing.page,
        name="supplement",
    ),
    path(
        "clearings/<uuid:clearing_id>/distribute",
        clearings.distribute,
        name="distribute",
    ),
    path("<uuid:pool_id>", pools.pool, name="pool"),
    path("<uuid:pool_id>/export", exporting.pool, name="export_pool"),
    path("<uuid:pool_id>/houses/<uuid:institution_id>", pools.house, name="house"),
    path("<uuid:pool_id>/outside", pools.outside, name="outside"),
    path("<uuid:pool_id>/simulate", simulating.page, name="simulate"),
    path("<uuid:pool_id>/pre-settle", acting.pre_settle, name="pre_settle"),
    path("<uuid:pool_id>/clear-year", acting.clear_year, name="clear_year"),
    path("<uuid:pool_id>/roll-up", acting.roll_up, name="roll_up"),
    re_path(
        r"^(?P<pool_id>[0-9a-f-]{36})/(?P<what>revise|advance|refuse|score)$",
        acting.act,
        name="act",
    ),
]
