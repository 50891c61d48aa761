"""Pages of the referral module: read the request, one service, one fragment."""
