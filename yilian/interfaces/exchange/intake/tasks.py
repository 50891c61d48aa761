"""Twice a day: texts whose message was never taken, because the process died."""

from yilian.foundation.jobs.rules import every

every(720, "yilian.interfaces.exchange.intake.services.keeping.sweep")
