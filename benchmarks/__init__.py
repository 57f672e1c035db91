"""Measurements: floor, released peers and pipeline. Nothing on the path imports them."""
