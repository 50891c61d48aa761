"""Settlement's clock: usual costs from the bills of two years, twice a day."""

from yilian.foundation.jobs.rules import every

every(720, "yilian.insurance.settlement.services.costs.refresh_usual_costs")
