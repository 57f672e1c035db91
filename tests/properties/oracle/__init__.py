"""A slow second opinion: who may be in an audience, written from the rules alone, with the standard library alone.

Nothing here comes from `transforms/`, and no module there may import from here: two answers that share a mistake are one.
"""
