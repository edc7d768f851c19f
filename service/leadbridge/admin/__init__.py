"""What is served on `server.admin_listen`, and never where senders are: metrics and probes."""
