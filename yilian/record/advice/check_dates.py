"""Within how many days the result of a referral is to be checked, by its rule."""

from yilian.record.advice.loading import shipped


def check_within_days(rule_id: str) -> int | None:
    """Of the newest version that has the rule; None when it sets no day.

    An unknown rule sets none either: its pack may have been taken away since.
    """
    found = [
        (pack.effective_from, rule.check_result_within_days)
        for pack in shipped()
        for rule in pack.rules
        if rule.rule_id == rule_id
    ]
    return max(found, key=lambda version: version[0])[1] if found else None
