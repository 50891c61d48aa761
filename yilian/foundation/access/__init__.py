"""Who acts, and what everybody must ask before acting, 访问控制.

Start at `actor.py`. `scope.py` holds the two questions every service asks:
`find` (may I see it?) and `require` (may I do it?).
"""
