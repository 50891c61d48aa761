"""The plans as they are played."""
from yilian.demo.world.people.cast import COUNTY, TERTIARY, TOWNSHIP, VILLAGE_CLINIC
HOUSES = (VILLAGE_CLINIC, TOWNSHIP, COUNTY, TERTIARY)
def arranged(region):
    return list(region.referrals)
