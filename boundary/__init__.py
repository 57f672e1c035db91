"""What may cross, and what stops the rest."""
