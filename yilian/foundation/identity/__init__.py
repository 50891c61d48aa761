"""Accounts and signing in, 账号. Who a person is at work is a post in the registry."""
