"""The durable state: one small interface, one behaviour suite, an engine each in its own folder."""
