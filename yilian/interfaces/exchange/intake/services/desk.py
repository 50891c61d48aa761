"""The listener's counterpart: called in threads, never raises, leaves nothing open."""

import logging

from django.db import DatabaseError, connection

from yilian.interfaces.exchange.intake.services import receiving
from yilian.interfaces.exchange.intake.services.receiving import Arrival

logger = logging.getLogger(__name__)


class Desk:
    def take(self, message: bytes, origin: str) -> bytes:
        try:
            return receiving.receive(message, Arrival(origin)).text
        except DatabaseError as error:
            logger.warning("message not kept: %s", type(error).__name__)
        except Exception as error:  # its words might name somebody
            logger.error("message not kept: %s", type(error).__name__)
        finally:
            connection.close()
        return receiving.unable(message)

    def refuse_size(self, begun: bytes, origin: str) -> bytes:
        try:
            return receiving.refuse_size(begun, origin)
        except Exception as error:
            logger.error("too large, and not noted: %s", type(error).__name__)
        finally:
            connection.close()
        return receiving.unable(begun)
