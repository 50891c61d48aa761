"""The referral's clocks: overdue answers, expiry, calls, feedback, follow-ups."""

from yilian.foundation.jobs.rules import every

every(1, "yilian.care.referral.services.closing.run_clocks")
# Its own clock: who is told of a late answer does not wait for what closes.
every(1, "yilian.care.referral.services.chasing.run_ladders")
