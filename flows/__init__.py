"""Prefect flows: they string pure functions and adapters together, and nothing else."""
