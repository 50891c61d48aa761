"""Residents: numbers and names never stand in these addresses."""

from django.urls import path

from yilian.registry.population.views import finding, keeping, own

app_name = "population"
urlpatterns = [
    path("", finding.search, name="search"),
    path("register", finding.register, name="register"),
    path("mine", own.mine, name="mine"),
    path("mine/<uuid:person_id>/allow", own.allow, name="allow"),
    path("mine/consents/<uuid:consent_id>/withdraw", own.withdraw, name="own_withdraw"),
    path("mine/proxies/<uuid:proxy_id>/end", own.end_proxy, name="own_end_proxy"),
    path("reviews", finding.reviews, name="reviews"),
    path("reviews/<uuid:break_glass_id>", finding.review, name="review"),
    path("proxies/<uuid:proxy_id>/end", keeping.end_proxy, name="end_proxy"),
    path(
        "consents/<uuid:consent_id>/withdraw",
        keeping.withdraw_consent,
        name="withdraw_consent",
    ),
    path("<uuid:person_id>", finding.person, name="person"),
    path("<uuid:person_id>/reveal", finding.reveal, name="reveal"),
    path("<uuid:person_id>/emergency", finding.break_glass, name="break_glass"),
    path("<uuid:person_id>/correct", keeping.correct, name="correct"),
    path("<uuid:person_id>/numbers", keeping.add_identifier, name="add_identifier"),
    path("<uuid:person_id>/proxies", keeping.appoint_proxy, name="appoint_proxy"),
    path("<uuid:person_id>/groups", keeping.tag, name="tag"),
    path("<uuid:person_id>/groups/end", keeping.untag, name="untag"),
    path("<uuid:person_id>/consents", keeping.consent, name="consent"),
]
