"""The ground floor: accounts, actors, audit, events, jobs, notices, terms."""
