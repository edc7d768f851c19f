"""leadbridge: a webhook submission becomes the right record in a CRM, once."""

__version__ = "0.1.0"
