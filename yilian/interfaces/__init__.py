"""How people and other systems reach Yilian."""
