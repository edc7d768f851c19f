"""Copper: leads by `PUT /leads/upsert`."""
