"""Data-quality gates, fed with counters and never with a value."""
