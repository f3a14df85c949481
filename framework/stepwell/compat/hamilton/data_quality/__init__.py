"""Validators of what steps make."""
