"""A proof on this machine: the real service killed at random moments, and everything it took compared with the CRMs."""
