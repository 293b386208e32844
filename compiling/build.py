"""Compile modules in place: ``python build.py MODULE ...`` in the folder of their packages."""

import sys

from mypyc.build import mypycify
from setuptools import setup

if __name__ == "__main__":
    extensions = mypycify(["--config-file", "pyproject.toml", *sys.argv[1:]], opt_level="2", debug_level="0")
    setup(
        name="righting-compiled", packages=[], script_args=["--quiet", "build_ext", "--inplace"], ext_modules=extensions
    )
