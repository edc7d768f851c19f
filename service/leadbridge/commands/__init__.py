"""What the command line does, a file for each group of commands; `cli` declares their arguments."""
