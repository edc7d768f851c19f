"""Deliver: one lead to one CRM account, inside its quota, one call at a time for each person."""
