"""Keys of a configuration that mean something to the framework."""

ENABLE_POWER_USER_MODE = "hamilton.enable_power_user_mode"
"""Once asked for by `resolve`; here it needs no permission, and the key is taken and left alone."""
