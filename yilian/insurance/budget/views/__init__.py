"""Pages under /insurance/budget: read a request, call one service, show one page."""
