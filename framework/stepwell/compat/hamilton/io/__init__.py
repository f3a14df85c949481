"""Loading and saving: adapters of formats, and the nodes that use them."""
