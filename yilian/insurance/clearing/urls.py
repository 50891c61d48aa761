"""Addresses of the clearing between institutions."""

from django.urls import path

from yilian.insurance.clearing.views import (
    books,
    overview,
    papers,
    periods,
    slips,
    statements,
)

app_name = "clearing"
urlpatterns = [
    path("", overview.home, name="home"),
    path("count", overview.count, name="count"),
    path("matrix", overview.matrix, name="matrix"),
    path("sums", overview.sums, name="sums"),
    path("slips", slips.listing, name="slips"),
    path("slips/new", slips.new, name="new_slip"),
    path("slips/items", slips.items, name="items"),
    path("slips/acknowledge", slips.acknowledge_many, name="acknowledge_many"),
    path("slips/<uuid:slip_id>", slips.show, name="slip"),
    path("slips/<uuid:slip_id>/<str:name>", slips.take, name="take_slip"),
    path("statements", statements.listing, name="statements"),
    path("statements/draw", statements.draw, name="draw"),
    path("disputes", statements.disputes, name="disputes"),
    path("statements/<uuid:statement_id>", statements.show, name="statement"),
    path("statements/<uuid:statement_id>/print", papers.paper, name="print"),
    path("statements/<uuid:statement_id>/export", papers.export, name="export"),
    path("statements/<uuid:statement_id>/<str:name>", statements.take, name="take"),
    path("periods", periods.listing, name="periods"),
    path("periods/close", periods.close, name="close"),
    path("books", books.page, name="books"),
    path("books/export", books.export, name="books_export"),
    path("books/csv", books.as_csv, name="books_csv"),
]
