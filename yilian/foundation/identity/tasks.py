"""What runs by itself: counts that no longer limit anything are thrown away."""

from yilian.foundation.jobs.rules import every

every(60, "yilian.foundation.identity.services.tallies.sweep")
