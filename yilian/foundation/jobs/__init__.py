"""Procrastinate: work that can wait, kept in the same database, 后台任务."""
