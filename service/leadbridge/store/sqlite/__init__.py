"""The store on SQLite: one machine, one writer thread, many commits in one."""
