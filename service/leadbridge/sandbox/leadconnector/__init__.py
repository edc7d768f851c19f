"""The emulated LeadConnector."""
