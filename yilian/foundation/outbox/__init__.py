"""Events in the acting transaction, delivered afterwards at least once, 事件发件箱."""
