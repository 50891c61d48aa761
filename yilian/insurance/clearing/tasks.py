"""Statements are drawn when a month has ended; who is late is reminded."""

from yilian.foundation.jobs.rules import every

every(60, "yilian.insurance.clearing.services.drawing.draw_due")
every(60, "yilian.insurance.clearing.services.reminding.run_reminders")
