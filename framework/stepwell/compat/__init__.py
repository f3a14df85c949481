"""Packages that look like other frameworks of the kind, so that what is written for them runs here.

Nothing else of stepwell imports them.
"""
