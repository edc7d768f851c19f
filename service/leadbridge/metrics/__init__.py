"""What a process counts of its work: numbers alone, and nothing of a person's. docs/metrics.md lists all of it."""
