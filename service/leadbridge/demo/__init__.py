"""The whole of leadbridge in one process: sandbox CRMs, the service, and submissions as real senders make them."""
