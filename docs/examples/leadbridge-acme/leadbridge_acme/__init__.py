"""Acme Forms and Acme CRM for leadbridge."""
