"""The ledger: what was decided and done, provable to an outsider and without personal data."""
