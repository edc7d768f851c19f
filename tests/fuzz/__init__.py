"""Fuzzing: what strangers and operators write, changed by a machine that looks where the code goes.

    python -m tests.fuzz --seconds 900               every harness in turn (`make fuzz`: an hour in all)
    python -m tests.fuzz --seconds 60 --only bodies  one of them

A harness is a function of bytes that fails when a promise is broken, with seeds taken from the presets' samples, the
tests' signatures and the corpus of configurations. An input that breaks one is kept in `findings/NAME/`, where the
quick tests run it from then on.
"""
