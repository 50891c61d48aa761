"""Parameters of the insurer, and the price catalogue."""

from django.urls import path

from yilian.insurance.policy.views import drafting, parameters, prices

app_name = "policy"
urlpatterns = [
    path("parameters/", parameters.listing, name="parameters"),
    path("parameters/count", parameters.count, name="count"),
    path("parameters/compare", parameters.compare, name="compare"),
    path("parameters/upload", drafting.upload, name="upload"),
    path("parameters/versions/<uuid:version_id>", parameters.version, name="version"),
    path("parameters/versions/<uuid:version_id>/draft", drafting.new, name="new"),
    path(
        "parameters/<uuid:some_id>/file.<slug:ending>",
        parameters.download,
        name="download",
    ),
    path("parameters/drafts/<uuid:draft_id>", parameters.draft, name="draft"),
    path("parameters/drafts/<uuid:draft_id>/edit", drafting.edit, name="edit"),
    path("parameters/drafts/<uuid:draft_id>/file", drafting.replace, name="replace"),
    path("parameters/drafts/<uuid:draft_id>/review", drafting.review, name="review"),
    path("parameters/drafts/<uuid:draft_id>/release", drafting.release, name="release"),
    path("parameters/drafts/<uuid:draft_id>/reject", drafting.reject, name="reject"),
    path("parameters/drafts/<uuid:draft_id>/again", drafting.again, name="again"),
    path("prices/", prices.listing, name="prices"),
    path("prices/new", prices.set_price, name="set_price"),
    path("prices/import", prices.import_prices, name="import_prices"),
    path("prices/file.csv", prices.export, name="export_prices"),
    path("prices/file.xlsx", prices.export_sheet, name="export_price_sheet"),
    path("prices/items/<str:code>", prices.item, name="price"),
    path("prices/items/<str:code>/end", prices.end_price, name="end_price"),
]
