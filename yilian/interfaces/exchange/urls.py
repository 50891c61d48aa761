"""Messages of other systems, the feeds they come by, and what we send out."""

from yilian.interfaces.exchange.intake import urls as intake
from yilian.interfaces.exchange.outgoing import urls as outgoing

app_name = "exchange"
urlpatterns = [*intake.urlpatterns, *outgoing.urlpatterns]
