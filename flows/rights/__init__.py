"""Answers to a person: what is known about them, who received it, and what they can take along."""
