"""A double of the platforms' HTTP contracts, and the people of the demo. Stands alone, for loopback only."""
