"""What runs by itself: every night the days are rolled up and alarms told."""

from yilian.foundation.jobs.rules import every

every(1440, "yilian.insurance.budget.services.roll_up_all")
every(1440, "yilian.insurance.budget.services.tell_alarms")
