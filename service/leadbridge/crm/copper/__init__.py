"""Copper: leads by `PUT /leads/upsert`, and people by a look and a write."""
