"""Nothing is installed with leadbridge whose licence nobody looked at."""

import re

from tests.licences import licences

# May be given away within an image that is under Apache-2.0. What asks for more than its text is named in the page.
ALLOWED = {
    *("Apache-2.0", "Apache 2.0", "Apache Software License"),
    *("BSD-2-Clause", "BSD-3-Clause", "BSD License"),
    *("ISC", "ISC License", "MIT", "MIT-0", "MIT License", "PSF-2.0", "Unlicense", "any-OSI"),
    *("MPL-2.0", "LGPL-2.1-only", "LGPL-2.1-or-later"),  # of files, and of packages: they are installed unchanged
}


def test_every_licence_of_what_is_installed_is_an_allowed_one() -> None:
    found = licences()
    assert {"pycountry", "uvicorn", "httpx"} <= set(found)
    for name, (_, licence) in found.items():
        for one in re.split(r" AND | OR ", licence.replace("(", "").replace(")", "")):
            assert one in ALLOWED, f"{name}: {one}: look at it, and allow it here or do without the package"
