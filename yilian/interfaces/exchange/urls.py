"""Messages of other systems, the feeds they come by, and what we send out."""

from yilian.interfaces.exchange.intake import urls as intake

app_name = "exchange"
urlpatterns = [*intake.urlpatterns]
