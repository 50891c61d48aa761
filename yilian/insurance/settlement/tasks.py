"""Settlement's clocks: usual costs from the bills of two years, twice a day; what
supervision should look at, every night; bills that did not settle themselves, every
two minutes; days that are over are added up."""

from yilian.foundation.jobs.rules import every

every(720, "yilian.insurance.settlement.services.costs.refresh_usual_costs")
every(60, "yilian.insurance.settlement.services.supervising.find_at_night")
every(2, "yilian.insurance.settlement.services.automatic.settle_due")
every(60, "yilian.insurance.settlement.services.summing.sum_up")
