"""Synthetic people: a world of two days, the files it delivers, and who must be a member in the end."""
