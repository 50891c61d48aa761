"""The referral's clocks: overdue answers, expiry, calls, feedback, follow-ups."""

from yilian.foundation.jobs.rules import every

every(1, "yilian.care.referral.services.closing.run_clocks")
