"""The version of Hamilton whose names and behaviour these modules have."""

VERSION = (1, 90, 0)
