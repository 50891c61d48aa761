"""The tables: coverage, bills, settlements, decisions, filings, costs, anomalies,
why a bill waits for a person, and sums of days."""

from yilian.insurance.settlement.models_bill import AMOUNTS as AMOUNTS
from yilian.insurance.settlement.models_bill import Bill as Bill
from yilian.insurance.settlement.models_bill import Settlement as Settlement
from yilian.insurance.settlement.models_deciding import Anomaly as Anomaly
from yilian.insurance.settlement.models_deciding import Decision as Decision
from yilian.insurance.settlement.models_deciding import Filing as Filing
from yilian.insurance.settlement.models_deciding import UsualCost as UsualCost
from yilian.insurance.settlement.models_holding import Held as Held
from yilian.insurance.settlement.models_person import Coverage as Coverage
from yilian.insurance.settlement.models_refusing import (
    AnomalyRefusal as AnomalyRefusal,
)
from yilian.insurance.settlement.models_summing import DaySum as DaySum
from yilian.insurance.settlement.models_summing import MonthSum as MonthSum
from yilian.insurance.settlement.models_summing import SummedUntil as SummedUntil
