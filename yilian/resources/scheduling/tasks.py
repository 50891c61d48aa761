"""What runs by itself: places nobody came for are freed each minute."""

from yilian.foundation.jobs.rules import every

every(1, "yilian.resources.scheduling.services.expire_holds")
