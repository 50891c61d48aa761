"""Notices to people: inbox, live page, SMS port, 消息."""
