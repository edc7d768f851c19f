"""LeadConnector, the API of HighLevel and its white labels: contacts by `POST /contacts/upsert`."""
