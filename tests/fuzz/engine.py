"""One harness under atheris, in a process of its own, which libFuzzer ends: `python -m tests.fuzz.engine NAME …`.

What follows the name goes to libFuzzer: https://llvm.org/docs/LibFuzzer.html#options.
"""

import logging
import sys
from importlib import import_module
from typing import Final

import atheris

# Their branches guide the search: ours, and those of the libraries that read strangers' words in Python.
INSTRUMENTED: Final = ("leadbridge", "python_multipart", "qs_codec", "email_validator", "nameparser")


def main(name: str, options: list[str]) -> None:
    """Fuzz for as long as the options say; does not return."""
    with atheris.instrument_imports(include=[*INSTRUMENTED]):
        module = import_module(f"tests.fuzz.{name}")
    logging.disable()
    atheris.Setup([name, *options], module.HARNESS.check)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
