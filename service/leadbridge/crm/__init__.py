"""The CRMs: one folder each, with its adapter, its doc and its recorded exchanges."""
