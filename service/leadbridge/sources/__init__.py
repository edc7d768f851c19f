"""The senders: one folder each, with its preset, its doc and its samples. See `preset` and `registry`."""
