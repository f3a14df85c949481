"""How the items of a fan-out are done."""
